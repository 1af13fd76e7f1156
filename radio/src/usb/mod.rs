//! A monitor on a USB serial port: read it, and initialise it for its mold.
//!
//! The reference system has a program of its own for this. Here it is the open protocol's messages, each in a
//! byte-stuffed frame ([`codec`]): [`show`] and [`initialise`] are the box's side over any byte stream, [`device`] is
//! the monitor's.

pub mod codec;
pub mod device;
mod port;
mod session;

pub use port::{PortError, initialise, show};
pub use session::{Progress, Session, SessionError};

use domain::{Initialisation, MonitorSerial};

use crate::v3::profile::open::{Refusal, Status};

/// What a monitor on a USB port is asked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Request {
    /// Say who you are.
    Show,
    /// Count for this mold from now on.
    Initialise(Initialisation),
}

/// What it answers; both requests have the same answer, so that what was written is read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reply {
    /// Who it is now.
    Shown(Shown),
    /// It does not do it.
    Refused {
        /// Which monitor.
        serial: MonitorSerial,
        /// Why.
        why: Refusal,
    },
}

/// Who a monitor is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Which monitor.
    pub serial: MonitorSerial,
    /// What was recorded; `None` if it was never initialised.
    pub initialisation: Option<Initialisation>,
    /// How it is. Its era and count are zero if it was never initialised.
    pub status: Status,
}

#[cfg(test)]
mod tests;
