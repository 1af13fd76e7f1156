//! Our own service: what a monitor and the box say to each other over a bonded link.
//!
//! The byte tables and rules are in `docs/protocol/open-v4.md`. Both directions are here, because a simulated monitor is
//! the other end. Every message stands alone and carries the counter, not a difference; there is exactly one way to
//! write a message, so that what was decoded encodes to the same bytes.

mod alert;
mod characteristic;
mod from_monitor;
mod handover;
mod identity;
mod refusal;
mod standard;
mod status;
mod thresholds;
mod to_monitor;

pub use alert::{Alert, AlertMoment};
pub use characteristic::{Characteristic, REPEATER_SERVICE, SERVICE};
pub use from_monitor::FromMonitor;
pub use handover::Handover;
pub use identity::{Identity, Initialised};
pub use refusal::Refusal;
pub use standard::{CurrentTime, battery_level, service};
pub use status::LinkStatus;
pub use to_monitor::ToMonitor;

pub use domain::AlertKind;
use domain::MonitorSerial;

use crate::open::wire::Reader;
use crate::open::{FieldError, RecordError};

/// The version these bytes are of.
pub const VERSION: u8 = 1;

/// No message but those with a record is longer: what one packet of a link with data length extension carries.
pub const MAX_MESSAGE: usize = 244;

/// No value of a characteristic is longer (Core, volume 3, part F, 3.2.9).
pub const MAX_VALUE: usize = 512;

/// The least ATT_MTU that a link must have. Messages are at most 3 bytes shorter.
pub const LEAST_MTU: usize = 69;

/// A V4 monitor's number; people read it as `V4-00012345`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Serial(pub u32);

impl Serial {
    /// As people read it.
    #[must_use]
    pub fn monitor(self) -> MonitorSerial {
        MonitorSerial::v4(self.0)
    }

    /// `None` for a monitor that does not speak this protocol.
    #[must_use]
    pub fn of(monitor: &MonitorSerial) -> Option<Self> {
        monitor.v4_number().map(Serial)
    }
}

/// Why bytes are no message. The codes found stay visible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// No message is so short.
    #[error("a message has at least 1 byte")]
    Empty,
    /// No message is so long.
    #[error("a message on {characteristic} has at most {most} bytes, not {found}")]
    TooLong {
        /// Where it came.
        characteristic: &'static str,
        /// Bytes it may have.
        most: usize,
        /// Bytes it has.
        found: usize,
    },
    /// A message of another version of this protocol.
    #[error("version {0} is not known here")]
    Version(u8),
    /// A good message of a kind that is not known here, or of one that has no place on this characteristic.
    #[error("message type {kind:#03x} is not known on {characteristic}")]
    Kind {
        /// Which.
        kind: u8,
        /// Where it came.
        characteristic: &'static str,
    },
    /// Its fields are not what they should be.
    #[error(transparent)]
    Field(#[from] FieldError),
    /// The record in it is none.
    #[error("read the record in it")]
    Record(#[source] RecordError),
}

/// The low half of a message's first byte.
mod kind {
    pub(super) const IDENTITY: u8 = 0x1;
    pub(super) const CYCLES: u8 = 0x2;
    pub(super) const STATUS: u8 = 0x3;
    pub(super) const THRESHOLDS: u8 = 0x4;
    pub(super) const ALERT: u8 = 0x5;
    pub(super) const CLOCK: u8 = 0x6;
    pub(super) const KEPT: u8 = 0x8;
    pub(super) const SEND_FROM: u8 = 0x9;
    pub(super) const TIME: u8 = 0xA;
    pub(super) const IDENTIFY: u8 = 0xB;
    pub(super) const ALERTS_KEPT: u8 = 0xC;
    pub(super) const INITIALISE: u8 = 0xD;
    pub(super) const HANDOVER: u8 = 0xE;
}

/// The kind of a message of this version and its fields.
fn begin(characteristic: Characteristic, bytes: &[u8]) -> Result<(u8, Reader<'_>), MessageError> {
    let most = characteristic.longest();
    if bytes.len() > most {
        let characteristic = characteristic.name();
        return Err(MessageError::TooLong { characteristic, most, found: bytes.len() });
    }
    let [head, fields @ ..] = bytes else { return Err(MessageError::Empty) };
    if head >> 4 != VERSION {
        return Err(MessageError::Version(head >> 4));
    }
    Ok((head & 0x0F, Reader::new(fields)))
}

#[cfg(test)]
mod tests;
