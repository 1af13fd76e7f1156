//! Quantities as they are on the wire.

use domain::{CycleTime, Temperature};

/// A monitor's own clock in hundredths of a second since it first started: 40 bits, 348 years.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticks(u64);

impl Ticks {
    /// The last instant the clock can show.
    pub const MAX: Ticks = Ticks((1 << 40) - 1);

    /// Stops at [`Ticks::MAX`].
    #[must_use]
    pub const fn new(ticks: u64) -> Self {
        if ticks < Ticks::MAX.0 { Ticks(ticks) } else { Ticks::MAX }
    }

    /// Whole hundredths of a second; the rest is dropped.
    #[must_use]
    pub const fn from_millis(millis: u64) -> Self {
        Ticks::new(millis / 10)
    }

    /// In hundredths of a second.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }

    /// In milliseconds.
    #[must_use]
    pub const fn as_millis(self) -> u64 {
        self.0 * 10
    }
}

/// A cycle time in hundredths of a second, at most what [`CycleTime`] holds: 49 days.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CycleTicks(u32);

impl CycleTicks {
    /// The longest.
    pub const MAX: CycleTicks = CycleTicks(u32::MAX / 10);

    /// Stops at [`CycleTicks::MAX`].
    #[must_use]
    pub const fn new(ticks: u64) -> Self {
        // The cast is of a number below CycleTicks::MAX.
        if ticks < CycleTicks::MAX.0 as u64 { CycleTicks(ticks as u32) } else { CycleTicks::MAX }
    }

    /// To the nearest hundredth of a second.
    #[must_use]
    pub const fn from_cycle_time(time: CycleTime) -> Self {
        CycleTicks::new((time.as_millis() as u64 + 5) / 10)
    }

    /// In hundredths of a second.
    #[must_use]
    pub const fn get(self) -> u32 {
        self.0
    }

    /// In the box's unit.
    #[must_use]
    pub const fn cycle_time(self) -> CycleTime {
        CycleTime::from_millis(self.0 * 10)
    }
}

/// A temperature in tenths of a degree Celsius, within 3276.7 of zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DeciCelsius(i16);

impl DeciCelsius {
    /// `None` for the one number that stands for "not known" on the wire.
    #[must_use]
    pub const fn new(tenths: i16) -> Option<Self> {
        if tenths == i16::MIN { None } else { Some(DeciCelsius(tenths)) }
    }

    /// To the nearest tenth of a degree; stops at either end.
    #[must_use]
    pub fn from_temperature(temperature: Temperature) -> Self {
        let milli = i64::from(temperature.as_milli_celsius());
        let tenths = (milli + 50 * milli.signum()) / 100;
        DeciCelsius(
            i16::try_from(tenths.clamp(-i64::from(i16::MAX), i64::from(i16::MAX))).unwrap_or(i16::MAX),
        )
    }

    /// In tenths of a degree Celsius.
    #[must_use]
    pub const fn get(self) -> i16 {
        self.0
    }

    /// Two bytes, 8000 for one that is not known; [`DeciCelsius::new`] reads them back.
    #[must_use]
    pub fn to_wire(temperature: Option<Self>) -> [u8; 2] {
        temperature.map_or(i16::MIN, DeciCelsius::get).to_be_bytes()
    }

    /// In the box's unit.
    #[must_use]
    pub fn temperature(self) -> Temperature {
        Temperature::from_milli_celsius(i32::from(self.0) * 100)
    }
}
