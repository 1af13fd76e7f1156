//! Sums of a mold's day. They hold only what the cycles themselves say, so that they can be made again from them.

use domain::Cycle;

/// A cycle longer than this is a stop on any machine: it is no valid cycle time, whatever is approved for the mold.
pub const LONGEST_VALID_MS: u32 = 30 * 60 * 1000;

/// What a mold made on one UTC day. A cycle belongs to the day it ended on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DailyRollup {
    /// Days since the Unix epoch, UTC.
    pub day: i64,
    /// Cycles with their times.
    pub cycles: u64,
    /// Of those, cycles whose time is a valid cycle time: not the first after a pause, not longer than
    /// [`LONGEST_VALID_MS`]. What is slow or a stop beside the approved time is for KPIs to say.
    pub valid: u64,
    /// Sum of the valid cycle times, ms.
    pub sum_ms: u64,
    /// Shortest valid cycle time, ms; `u32::MAX` without one.
    pub min_ms: u32,
    /// Longest valid cycle time, ms; 0 without one.
    pub max_ms: u32,
    /// Cycles read from the device's memory after the fact.
    pub late: u64,
    /// Cycles with a temperature.
    pub temperatures: u64,
    /// Sum of the temperatures, thousandths of a degree Celsius.
    pub temperature_sum: i64,
    /// End of the earliest cycle, ms since the Unix epoch.
    pub first_ended: i64,
    /// End of the latest cycle, ms since the Unix epoch.
    pub last_ended: i64,
    /// Lowest ordinal: where history of the day begins.
    pub first_ordinal: u64,
    /// Highest ordinal: where history of the day ends.
    pub last_ordinal: u64,
}

impl DailyRollup {
    /// A day without cycles.
    #[must_use]
    pub const fn empty(day: i64) -> Self {
        DailyRollup {
            day,
            cycles: 0,
            valid: 0,
            sum_ms: 0,
            min_ms: u32::MAX,
            max_ms: 0,
            late: 0,
            temperatures: 0,
            temperature_sum: 0,
            first_ended: i64::MAX,
            last_ended: i64::MIN,
            first_ordinal: u64::MAX,
            last_ordinal: 0,
        }
    }

    /// Adds a cycle.
    pub fn add(&mut self, cycle: &Cycle) {
        let ended = cycle.ended.as_millis();
        let ms = cycle.cycle_time.as_millis();
        self.cycles += 1;
        if !cycle.flags.first && ms <= LONGEST_VALID_MS {
            self.valid += 1;
            self.sum_ms = self.sum_ms.saturating_add(u64::from(ms));
            self.min_ms = self.min_ms.min(ms);
            self.max_ms = self.max_ms.max(ms);
        }
        self.late += u64::from(cycle.flags.late);
        if let Some(temperature) = cycle.temperature {
            self.temperatures += 1;
            self.temperature_sum += i64::from(temperature.as_milli_celsius());
        }
        self.first_ended = self.first_ended.min(ended);
        self.last_ended = self.last_ended.max(ended);
        self.first_ordinal = self.first_ordinal.min(cycle.ordinal);
        self.last_ordinal = self.last_ordinal.max(cycle.ordinal);
    }

    /// Adds what another rollup of the day holds; the two have no cycle in common.
    pub fn merge(&mut self, other: &DailyRollup) {
        self.cycles = self.cycles.saturating_add(other.cycles);
        self.valid = self.valid.saturating_add(other.valid);
        self.sum_ms = self.sum_ms.saturating_add(other.sum_ms);
        self.min_ms = self.min_ms.min(other.min_ms);
        self.max_ms = self.max_ms.max(other.max_ms);
        self.late = self.late.saturating_add(other.late);
        self.temperatures = self.temperatures.saturating_add(other.temperatures);
        self.temperature_sum = self.temperature_sum.saturating_add(other.temperature_sum);
        self.first_ended = self.first_ended.min(other.first_ended);
        self.last_ended = self.last_ended.max(other.last_ended);
        self.first_ordinal = self.first_ordinal.min(other.first_ordinal);
        self.last_ordinal = self.last_ordinal.max(other.last_ordinal);
    }

    /// Mean of the valid cycle times, ms.
    #[must_use]
    pub fn mean_ms(&self) -> Option<u32> {
        let mean = self.sum_ms.checked_div(self.valid)?;
        u32::try_from(mean).ok()
    }
}
