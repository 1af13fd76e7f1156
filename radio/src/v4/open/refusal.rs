//! Why a monitor does not do what was written to it.

use std::fmt;

/// Application errors of ATT, 80 to 9F (Core, volume 3, part F, 3.4.1.1), that ours give a meaning. The reasons below 86
/// are those of V3's refusals, with 80 added.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// 81: the bytes make no record.
    BadRecord,
    /// 82: it could not write its memory.
    Memory,
    /// 83: it holds cycles the box has not kept, which a new record would drop.
    Unacknowledged,
    /// 84: it counts at this moment.
    Cycling,
    /// 85: it is not initialised and has no era.
    Uninitialised,
    /// 86: the message is none that it knows.
    Message,
    /// 87: there is no sealed channel, or the frame is none that it goes on with.
    Channel,
    /// Any other of the range.
    Unknown(u8),
}

impl Refusal {
    /// Of an ATT error; `None` for one that the stack gives or another profile owns.
    #[must_use]
    pub const fn of(code: u8) -> Option<Self> {
        Some(match code {
            0x81 => Refusal::BadRecord,
            0x82 => Refusal::Memory,
            0x83 => Refusal::Unacknowledged,
            0x84 => Refusal::Cycling,
            0x85 => Refusal::Uninitialised,
            0x86 => Refusal::Message,
            0x87 => Refusal::Channel,
            0x80..=0x9F => Refusal::Unknown(code),
            _ => return None,
        })
    }

    /// As an ATT error.
    #[must_use]
    pub const fn code(self) -> u8 {
        match self {
            Refusal::BadRecord => 0x81,
            Refusal::Memory => 0x82,
            Refusal::Unacknowledged => 0x83,
            Refusal::Cycling => 0x84,
            Refusal::Uninitialised => 0x85,
            Refusal::Message => 0x86,
            Refusal::Channel => 0x87,
            Refusal::Unknown(code) => code,
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::BadRecord => f.write_str("the record did not arrive whole"),
            Refusal::Memory => f.write_str("it could not write its memory"),
            Refusal::Unacknowledged => f.write_str("it holds cycles that no box has kept yet"),
            Refusal::Cycling => f.write_str("it is counting at this moment"),
            Refusal::Uninitialised => f.write_str("it was never initialised"),
            Refusal::Message => f.write_str("it does not know this message"),
            Refusal::Channel => f.write_str("there is no sealed channel that this goes on with"),
            Refusal::Unknown(code) => write!(f, "reason {code:#04x}"),
        }
    }
}
