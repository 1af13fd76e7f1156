//! The characteristics of our service.

use crate::v4::Uuid;

use super::{MAX_MESSAGE, MAX_VALUE};

/// Our service. Its number and those of its characteristics are random ones of our own (RFC 9562, version 4), which
/// differ in the last of their first eight digits.
pub const SERVICE: Uuid = uuid(1);

const fn uuid(number: u128) -> Uuid {
    Uuid::new(0x3733_0000_1a25_41bb_8887_6544_a633_9737 | number << 96)
}

/// A characteristic of our service. Each needs a link that is encrypted with an authenticated key.
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
}

impl Characteristic {
    /// All there are.
    pub const ALL: [Characteristic; 7] = [
        Characteristic::Identity,
        Characteristic::Cycles,
        Characteristic::Thresholds,
        Characteristic::Alerts,
        Characteristic::Memory,
        Characteristic::Time,
        Characteristic::Handover,
    ];

    /// Its number.
    #[must_use]
    pub const fn uuid(self) -> Uuid {
        uuid(match self {
            Characteristic::Identity => 2,
            Characteristic::Cycles => 3,
            Characteristic::Thresholds => 4,
            Characteristic::Alerts => 5,
            Characteristic::Memory => 6,
            Characteristic::Time => 7,
            Characteristic::Handover => 8,
        })
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
