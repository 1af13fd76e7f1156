//! The messages as fields.

use domain::Timestamp;

use super::{Cycles, DeciCelsius, RecordPart, Serial};

/// One message. The first five come from a monitor through its Press Module, the others from the box.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Message {
    /// A monitor was wired to the module.
    Tether(Tether),
    /// Cycles, live or from memory.
    Cycles(Cycles),
    /// How the monitor is.
    Status(Status),
    /// The monitor was unplugged from the module; sent by the module.
    Untether {
        /// Which monitor.
        serial: Serial,
        /// Which tethering ended, see [`Tether::plug`].
        plug: u16,
    },
    /// The monitor does not do what it was asked.
    Refused {
        /// Which monitor.
        serial: Serial,
        /// Why.
        why: Refusal,
    },
    /// The box has everything up to this count on its disk.
    Kept {
        /// Which monitor.
        serial: Serial,
        /// Which run of counting; a monitor in another one ignores the message.
        era: u32,
        /// The monitor's counter.
        up_to: u32,
    },
    /// Send the cycles after this count from memory, oldest first.
    SendFrom {
        /// Which monitor.
        serial: Serial,
        /// Which run of counting; a monitor in another one ignores the message.
        era: u32,
        /// The monitor's counter; the first cycle wanted is the next.
        after: u32,
    },
    /// The time of day. The clock that cycles are timed with is not touched by it.
    Time {
        /// Which monitor.
        serial: Serial,
        /// The box's clock.
        now: Timestamp,
    },
    /// Blink, so that a person finds it.
    Identify {
        /// Which monitor.
        serial: Serial,
    },
    /// Say who you are; only over USB, answered with tether and status.
    Show,
    /// A part of a record to be written; only over USB, answered like [`Message::Show`] after the last part.
    Initialise(RecordPart),
}

impl Message {
    /// Its name in logs and in the document.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Message::Tether(_) => "tether",
            Message::Cycles(_) => "cycles",
            Message::Status(_) => "status",
            Message::Untether { .. } => "untether",
            Message::Refused { .. } => "refused",
            Message::Kept { .. } => "kept",
            Message::SendFrom { .. } => "send-from",
            Message::Time { .. } => "time",
            Message::Identify { .. } => "identify",
            Message::Show => "show",
            Message::Initialise(_) => "initialise",
        }
    }
}

/// A monitor was wired to a Press Module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tether {
    /// Which monitor.
    pub serial: Serial,
    /// Which tethering: drawn at random when the module starts, one more each time something is plugged in. All parts
    /// and repetitions of one tethering, and the untether that ends it, have the same number.
    pub plug: u16,
    /// What it is.
    pub state: Tethering,
}

/// What was wired to a Press Module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Tethering {
    /// A monitor that was never initialised: it transmits nothing, the module only says that it is there.
    Uninitialised,
    /// A monitor with a record.
    Initialised {
        /// Which run of counting.
        era: u32,
        /// The monitor's counter now.
        count: u32,
        /// A part of the record; each part is a message of its own.
        part: RecordPart,
    },
}

/// How a monitor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Status {
    /// Which monitor.
    pub serial: Serial,
    /// Which run of counting.
    pub era: u32,
    /// The monitor's counter now.
    pub count: u32,
    /// No cycle for long: it sleeps.
    pub asleep: bool,
    /// Mold temperature.
    pub temperature: Option<DeciCelsius>,
    /// Battery charge, percent; above 100 it is not known.
    pub battery: u8,
    /// Seconds since the monitor started.
    pub uptime: u32,
    /// Cycles in its memory.
    pub stored: u32,
    /// Those of them the box did not say it kept.
    pub unacknowledged: u32,
}

/// Why a monitor does not do what it was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// 01: the parts make no record.
    BadRecord,
    /// 02: it could not write its memory.
    Memory,
    /// 03: it holds cycles the box has not kept, which a new record would drop.
    Unacknowledged,
    /// 04: it counts at this moment.
    Cycling,
    /// Any other.
    Unknown(u8),
}

impl From<u8> for Refusal {
    fn from(code: u8) -> Self {
        match code {
            1 => Refusal::BadRecord,
            2 => Refusal::Memory,
            3 => Refusal::Unacknowledged,
            4 => Refusal::Cycling,
            other => Refusal::Unknown(other),
        }
    }
}

impl From<Refusal> for u8 {
    fn from(refusal: Refusal) -> u8 {
        match refusal {
            Refusal::BadRecord => 1,
            Refusal::Memory => 2,
            Refusal::Unacknowledged => 3,
            Refusal::Cycling => 4,
            Refusal::Unknown(code) => code,
        }
    }
}

impl std::fmt::Display for Refusal {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Refusal::BadRecord => f.write_str("the record did not arrive whole"),
            Refusal::Memory => f.write_str("it could not write its memory"),
            Refusal::Unacknowledged => f.write_str("it holds cycles that no box has kept yet"),
            Refusal::Cycling => f.write_str("it is counting at this moment"),
            Refusal::Unknown(code) => write!(f, "reason {code:#04x}"),
        }
    }
}
