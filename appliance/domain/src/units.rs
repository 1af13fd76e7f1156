//! Quantities with their unit in the type.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// An instant: milliseconds since the Unix epoch, UTC.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Timestamp(i64);

impl Timestamp {
    /// From milliseconds since the Unix epoch.
    #[must_use]
    pub const fn from_millis(millis: i64) -> Self {
        Timestamp(millis)
    }

    /// Milliseconds since the Unix epoch.
    #[must_use]
    pub const fn as_millis(self) -> i64 {
        self.0
    }

    /// The instant so much earlier; stops at the earliest one.
    #[must_use]
    pub fn earlier_by(self, by: Duration) -> Self {
        Timestamp(self.0.saturating_sub(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// The instant so much later; stops at the last one.
    #[must_use]
    pub fn later_by(self, by: Duration) -> Self {
        Timestamp(self.0.saturating_add(i64::try_from(by.as_millis()).unwrap_or(i64::MAX)))
    }

    /// Time since `earlier`; zero when that is later than this (a clock was set back).
    #[must_use]
    pub fn since(self, earlier: Timestamp) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Whole days since the Unix epoch, UTC; the key of daily rollups.
    #[must_use]
    pub const fn utc_day(self) -> i64 {
        self.0.div_euclid(86_400_000)
    }
}

/// From one closing of a mold to the next, in milliseconds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct CycleTime(u32);

impl CycleTime {
    /// From milliseconds.
    #[must_use]
    pub const fn from_millis(millis: u32) -> Self {
        CycleTime(millis)
    }

    /// In milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> u32 {
        self.0
    }

    /// As a length of time.
    #[must_use]
    pub const fn as_duration(self) -> Duration {
        Duration::from_millis(self.0 as u64)
    }

    /// In seconds.
    #[must_use]
    pub fn as_secs(self) -> f64 {
        f64::from(self.0) / 1000.0
    }
}

impl fmt::Display for CycleTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.1} s", self.as_secs())
    }
}

/// A temperature in thousandths of a degree Celsius.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Temperature(i32);

impl Temperature {
    /// From thousandths of a degree Celsius.
    #[must_use]
    pub const fn from_milli_celsius(milli: i32) -> Self {
        Temperature(milli)
    }

    /// In thousandths of a degree Celsius.
    #[must_use]
    pub const fn as_milli_celsius(self) -> i32 {
        self.0
    }

    /// In degrees Celsius.
    #[must_use]
    pub fn as_celsius(self) -> f64 {
        f64::from(self.0) / 1000.0
    }
}

/// A share of a hundred, 0 to 100.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Percent(u8);

impl Percent {
    /// `None` above 100: a monitor that says so does not know its battery.
    #[must_use]
    pub const fn new(percent: u8) -> Option<Self> {
        if percent <= 100 { Some(Percent(percent)) } else { None }
    }

    /// 0 to 100.
    #[must_use]
    pub const fn get(self) -> u8 {
        self.0
    }
}
