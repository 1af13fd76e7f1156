//! The characteristics of our service.

use crate::v4::Uuid;

use super::{MAX_MESSAGE, MAX_VALUE};

/// Our service. Its number and those of its characteristics are random ones of our own (RFC 9562, version 4), which
/// differ in the last of their first eight digits.
pub const SERVICE: Uuid = uuid(1);

/// The service that a repeater offers to boxes and to other repeaters.
pub const REPEATER_SERVICE: Uuid = uuid(0xA);

const fn uuid(number: u128) -> Uuid {
    Uuid::new(0x3733_0000_1a25_41bb_8887_6544_a633_9737 | number << 96)
}

/// A characteristic of our services. Each of a monitor's needs a link that is encrypted with an authenticated key, but for
/// the one whose frames are sealed themselves.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Characteristic {
    /// Who the monitor is and what it is on; read, write.
    Identity,
    /// Cycles and status as they come; notify, read.
    Cycles,
    /// When an alert is raised and when it ends; read, write.
    Thresholds,
    /// Alerts, before everything else; indicate, write.
    Alerts,
    /// What is kept and what is wanted from memory; write.
    Memory,
    /// Time of day and the monitor's clock; read, write.
    Time,
    /// The key of its adverts; write.
    Handover,
    /// Frames of the sealed channel, for who has no bond of its own with the monitor; write, notify.
    Sealed,
    /// Frames of a repeater's tunnels; write, notify. A repeater's alone.
    Tunnel,
}

impl Characteristic {
    /// All there are.
    pub const ALL: [Characteristic; 9] = [
        Characteristic::Identity,
        Characteristic::Cycles,
        Characteristic::Thresholds,
        Characteristic::Alerts,
        Characteristic::Memory,
        Characteristic::Time,
        Characteristic::Handover,
        Characteristic::Sealed,
        Characteristic::Tunnel,
    ];

    /// Its UUID.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        uuid(self.number() as u128)
    }

    /// The number in its UUID that is its own.
    #[must_use]
    pub const fn number(self) -> u8 {
        match self {
            Characteristic::Identity => 2,
            Characteristic::Cycles => 3,
            Characteristic::Thresholds => 4,
            Characteristic::Alerts => 5,
            Characteristic::Memory => 6,
            Characteristic::Time => 7,
            Characteristic::Handover => 8,
            Characteristic::Sealed => 9,
            Characteristic::Tunnel => 0xB,
        }
    }

    /// The one with that number.
    #[must_use]
    pub fn of(uuid: Uuid) -> Option<Self> {
        Characteristic::ALL.into_iter().find(|characteristic| characteristic.uuid() == uuid)
    }

    /// For people and errors.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Characteristic::Identity => "identity",
            Characteristic::Cycles => "cycles",
            Characteristic::Thresholds => "thresholds",
            Characteristic::Alerts => "alerts",
            Characteristic::Memory => "memory",
            Characteristic::Time => "time",
            Characteristic::Handover => "handover",
            Characteristic::Sealed => "sealed",
            Characteristic::Tunnel => "tunnel",
        }
    }

    /// Bytes of its longest message.
    #[must_use]
    pub const fn longest(self) -> usize {
        match self {
            // It carries a record, by long reads and long writes.
            Characteristic::Identity => MAX_VALUE,
            _ => MAX_MESSAGE,
        }
    }
}
