//! How long things are kept, and the room that was taken day by day.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How long something is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeepFor {
    /// As long as there is a box.
    Ever,
    /// So many of a unit.
    Length(u16, Unit),
}

/// What lengths of time are counted in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Unit {
    /// 24 hours.
    Days,
    /// Seven days.
    Weeks,
    /// 365 days and a quarter.
    Years,
}

impl KeepFor {
    /// In days, a part of a day as a whole one; `None` for ever.
    #[must_use]
    pub fn days(self) -> Option<u32> {
        match self {
            KeepFor::Ever => None,
            KeepFor::Length(count, Unit::Days) => Some(u32::from(count)),
            KeepFor::Length(count, Unit::Weeks) => Some(u32::from(count) * 7),
            KeepFor::Length(count, Unit::Years) => Some((u32::from(count) * 1_461).div_ceil(4)),
        }
    }
}

impl fmt::Display for KeepFor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let KeepFor::Length(count, unit) = self else { return f.write_str("for ever") };
        let unit = match unit {
            Unit::Days => "day",
            Unit::Weeks => "week",
            Unit::Years => "year",
        };
        write!(f, "{count} {unit}{}", if *count == 1 { "" } else { "s" })
    }
}

/// What is kept how long. Counts, ledgers and the sums of days are kept for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Retention {
    /// Every cycle with its times.
    pub cycles: KeepFor,
    /// Payloads as they came by the air.
    pub raw_frames: KeepFor,
    /// Bytes of the disk that are to stay free; below it the oldest raw payloads go.
    pub free: u64,
}

/// The room on one day, as last measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageDay {
    /// The day since the Unix epoch, UTC, as the box's clock had it.
    pub day: i64,
    /// Bytes that the data folder took.
    pub used: u64,
    /// Bytes that were free.
    pub free: u64,
}

/// What a box remembers of its storage. One row of the settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageRecord {
    /// What it was last told to keep.
    pub retention: Retention,
    /// The newest days, in the order in which the box saw them.
    pub days: Vec<StorageDay>,
}
