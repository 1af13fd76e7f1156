//! Sums of a mold's day. They hold only what the cycles themselves say, so that they can be made again from them.

use domain::Cycle;
use serde::{Deserialize, Serialize};

use super::varint::Reader;

/// A cycle longer than this is a stop on any machine: it is no valid cycle time, whatever is approved for the mold.
pub const LONGEST_VALID_MS: u32 = 30 * 60 * 1000;

/// What a mold made on one UTC day. A cycle belongs to the day it ended on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
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

    /// Reads what serde's form of it in postcard says, which is one varint after the other: days are read by the
    /// thousand. `None`: it says something else.
    pub(in crate::store) fn read(bytes: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(bytes);
        let mut sum = DailyRollup::empty(reader.signed().ok()?);
        sum.cycles = reader.unsigned().ok()?;
        sum.valid = reader.unsigned().ok()?;
        sum.sum_ms = reader.unsigned().ok()?;
        sum.min_ms = reader.small().ok()?;
        sum.max_ms = reader.small().ok()?;
        sum.late = reader.unsigned().ok()?;
        sum.temperatures = reader.unsigned().ok()?;
        sum.temperature_sum = reader.signed().ok()?;
        sum.first_ended = reader.signed().ok()?;
        sum.last_ended = reader.signed().ok()?;
        sum.first_ordinal = reader.unsigned().ok()?;
        sum.last_ordinal = reader.unsigned().ok()?;
        reader.is_empty().then_some(sum)
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

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn any_sum() -> impl Strategy<Value = DailyRollup> {
        (any::<[i64; 4]>(), any::<[u64; 7]>(), any::<[u32; 2]>(), 0..64u32).prop_map(|(i, u, s, shift)| {
            DailyRollup {
                day: i[0] >> shift,
                cycles: u[0] >> shift,
                valid: u[1] >> shift,
                sum_ms: u[2] >> shift,
                min_ms: s[0],
                max_ms: s[1] >> (shift / 2),
                late: u[3] >> shift,
                temperatures: u[4] >> shift,
                temperature_sum: i[1] >> shift,
                first_ended: i[2] >> shift,
                last_ended: i[3],
                first_ordinal: u[5] >> shift,
                last_ordinal: u[6],
            }
        })
    }

    proptest! {
        #[test]
        fn the_quick_way_reads_what_was_written_and_nothing_else(sum in any_sum(), cut in any::<prop::sample::Index>()) {
            let bytes = postcard::to_allocvec(&sum).unwrap();
            prop_assert_eq!(DailyRollup::read(&bytes), Some(sum));
            prop_assert_eq!(DailyRollup::read(&bytes[..cut.index(bytes.len())]), None);
            let longer: Vec<u8> = bytes.iter().copied().chain([0]).collect();
            prop_assert_eq!(DailyRollup::read(&longer), None);
        }

        #[test]
        fn what_serde_reads_the_quick_way_reads_alike(bytes in prop::collection::vec(any::<u8>(), 0..80)) {
            let quick = DailyRollup::read(&bytes);
            if let Ok((sum, [])) = postcard::take_from_bytes::<DailyRollup>(&bytes) {
                prop_assert_eq!(quick, Some(sum));
            }
        }
    }
}
