//! What sessions and whoever drives the adapters say to each other: facts from the air, and acts that are asked for.
//!
//! A driver carries out acts in the order they come, one after the other on each way, and tells how each ended. Facts
//! are hints until they are told: whatever a driver does not tell did not happen.

use std::fmt;

use domain::LinkName;
use zeroize::Zeroizing;

use super::Address;
use super::advert::Ours;
use super::open::Characteristic;
use super::sensors::SensorData;
pub use crate::bluetooth::{Passkey, Strength};

/// A monitor by one of the adapters that hear it: what connections and bonds belong to.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Way {
    /// The box's adapter, or a repeater.
    pub adapter: LinkName,
    /// The monitor's address.
    pub address: Address,
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {}", self.address, self.adapter)
    }
}

/// What was done with a monitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Doing {
    /// Connecting, and finding its services.
    Connect,
    /// Bonding.
    Pair,
    /// Asking for what a characteristic notifies or indicates.
    Subscribe(Characteristic),
    /// Reading a characteristic.
    Read(Characteristic),
    /// Writing to one.
    Write(Characteristic),
}

impl fmt::Display for Doing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Doing::Connect => f.write_str("connect"),
            Doing::Pair => f.write_str("pair"),
            Doing::Subscribe(characteristic) => write!(f, "subscribe {}", characteristic.name()),
            Doing::Read(characteristic) => write!(f, "read {}", characteristic.name()),
            Doing::Write(characteristic) => write!(f, "write {}", characteristic.name()),
        }
    }
}

/// Why it was not done.
#[derive(Debug, Clone, PartialEq, Eq, Hash, thiserror::Error)]
pub enum Failure {
    /// The adapter does something else at this moment.
    #[error("the adapter is busy")]
    Busy,
    /// The link came about and was given up before it was encrypted: so it looks when a monitor lost its bond.
    #[error("the link was given up before it was encrypted")]
    Aborted,
    /// The monitor said no: a wrong passkey, or a bond that it has not.
    #[error("the monitor refused")]
    Refused,
    /// Nothing came in time.
    #[error("it did not answer in time")]
    TimedOut,
    /// It is not there any more: out of reach, or the adapter is gone.
    #[error("it is not there any more")]
    Vanished,
    /// The monitor answered with this error of ATT.
    #[error("it answered with error {0:02X}")]
    Att(u8),
    /// It has no characteristic of that kind.
    #[error("it has no such characteristic")]
    Missing,
    /// Anything else, for people.
    #[error("{0}")]
    Other(String),
}

/// Something that happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// An adapter is there and works: when the box starts, when it is plugged in, and again whenever the system's
    /// Bluetooth service was started anew, which ends every link.
    Came {
        /// Which.
        adapter: LinkName,
        /// Links that it can have at once.
        slots: usize,
    },
    /// An adapter is gone, and every link of it.
    Went {
        /// Which.
        adapter: LinkName,
    },
    /// One of our adverts was heard.
    Advert {
        /// From whom, by which adapter.
        way: Way,
        /// How strong, dBm.
        rssi_dbm: i8,
        /// What it says.
        what: Ours,
    },
    /// A sensor that anyone can buy was heard.
    Sensor {
        /// Which, by which adapter.
        way: Way,
        /// How strong, dBm.
        rssi_dbm: i8,
        /// What it says, as it came.
        what: SensorData,
    },
    /// A link is there.
    Connected {
        /// To whom.
        way: Way,
        /// Its ATT_MTU.
        mtu: usize,
    },
    /// A bond is there.
    Paired {
        /// With whom.
        way: Way,
        /// What the stored key is, as it was found there.
        strength: Strength,
    },
    /// A value was read, notified or indicated.
    Value {
        /// By whom.
        way: Way,
        /// Of which characteristic.
        characteristic: Characteristic,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// Something else that was asked for is done.
    Done {
        /// With whom.
        way: Way,
        /// What.
        what: Doing,
    },
    /// Something that was asked for was not done.
    Failed {
        /// With whom.
        way: Way,
        /// What.
        what: Doing,
        /// Why.
        why: Failure,
    },
    /// A link is gone, for whatever reason.
    Disconnected {
        /// To whom.
        way: Way,
    },
    /// Somebody else made a link with an adapter, or ended it. Told only where others may: at a repeater.
    Guest {
        /// Who, to which adapter.
        way: Way,
        /// It came; else it left.
        there: bool,
    },
}

/// Something to do.
pub enum Act {
    /// Listen for adverts, or stop it.
    Scan {
        /// Which adapter.
        adapter: LinkName,
        /// Listen.
        on: bool,
    },
    /// Connect; ends as [`Fact::Connected`] or [`Fact::Failed`].
    Connect(Way),
    /// Bond over a link that is there; ends as [`Fact::Paired`] or [`Fact::Failed`].
    Pair {
        /// With whom.
        way: Way,
        /// What the label says; none where bonding without one was allowed.
        passkey: Option<Passkey>,
    },
    /// Ask for what a characteristic notifies or indicates.
    Subscribe(Way, Characteristic),
    /// Read a characteristic; ends as [`Fact::Value`] or [`Fact::Failed`].
    Read(Way, Characteristic),
    /// Write to a characteristic and wait for the answer.
    Write(Way, Characteristic, Zeroizing<Vec<u8>>),
    /// End the link; [`Fact::Disconnected`] follows.
    Disconnect(Way),
    /// Remove the bond, and everything that is known of the monitor by this way. A link ends with it.
    Forget(Way),
}

impl fmt::Debug for Act {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Act::Scan { adapter, on } => write!(f, "scan {adapter} {on}"),
            Act::Connect(way) => write!(f, "connect {way}"),
            // The passkey is nobody's.
            Act::Pair { way, passkey } => write!(f, "pair {way}, passkey {}", passkey.is_some()),
            Act::Subscribe(way, characteristic) => write!(f, "subscribe {} of {way}", characteristic.name()),
            Act::Read(way, characteristic) => write!(f, "read {} of {way}", characteristic.name()),
            Act::Write(way, characteristic, _) => write!(f, "write {} of {way}", characteristic.name()),
            Act::Disconnect(way) => write!(f, "disconnect {way}"),
            Act::Forget(way) => write!(f, "forget {way}"),
        }
    }
}

impl Act {
    /// Whom it is about; none when it is about a whole adapter.
    #[must_use]
    pub const fn way(&self) -> Option<&Way> {
        match self {
            Act::Scan { .. } => None,
            Act::Connect(way)
            | Act::Pair { way, .. }
            | Act::Subscribe(way, _)
            | Act::Read(way, _)
            | Act::Write(way, ..)
            | Act::Disconnect(way)
            | Act::Forget(way) => Some(way),
        }
    }
}

impl Fact {
    /// It is an advert: one that finds no room is dropped, for there are more.
    #[must_use]
    pub const fn is_advert(&self) -> bool {
        matches!(self, Fact::Advert { .. } | Fact::Sensor { .. })
    }

    /// Whom it is about; none when it is about a whole adapter.
    #[must_use]
    pub const fn way(&self) -> Option<&Way> {
        match self {
            Fact::Came { .. } | Fact::Went { .. } => None,
            Fact::Advert { way, .. }
            | Fact::Sensor { way, .. }
            | Fact::Connected { way, .. }
            | Fact::Paired { way, .. }
            | Fact::Value { way, .. }
            | Fact::Done { way, .. }
            | Fact::Failed { way, .. }
            | Fact::Disconnected { way }
            | Fact::Guest { way, .. } => Some(way),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_prints_a_passkey_or_what_is_written() {
        let way = Way { adapter: "hci0".parse().unwrap(), address: Address::from_be_bytes([1; 6]) };
        let acts = [
            Act::Pair { way: way.clone(), passkey: "736251".parse().ok().as_ref().map(Passkey::from) },
            Act::Write(way, Characteristic::Handover, Zeroizing::new(vec![0x73, 0x62, 0x51])),
        ];
        let printed = format!("{acts:?}");
        assert!(
            !printed.contains("736251") && !printed.contains("73, 62") && !printed.contains("115"),
            "{printed}"
        );
    }
}
