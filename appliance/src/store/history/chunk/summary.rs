//! What the cycles of a chunk come to together, so that a whole chunk is counted without being unpacked.

use domain::Cycle;

use crate::store::error::Damage;
use crate::store::history::rollup::LONGEST_VALID_MS;
use crate::store::history::varint::damage;
use crate::store::history::varint::{self, Reader};

/// Sums over cycles; what is valid is what `DailyRollup` takes for valid.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Summary {
    /// All cycles.
    pub cycles: u64,
    /// Cycles whose time is a valid cycle time.
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
    /// Lowest temperature, thousandths of a degree Celsius; `i32::MAX` without one.
    pub temperature_min: i32,
    /// Highest temperature, thousandths of a degree Celsius; `i32::MIN` without one.
    pub temperature_max: i32,
    /// End of the earliest cycle, ms since the Unix epoch; `i64::MAX` without one.
    pub earliest: i64,
    /// End of the latest cycle, ms since the Unix epoch; `i64::MIN` without one.
    pub latest: i64,
    /// Lowest ordinal; `u64::MAX` without one.
    pub first_ordinal: u64,
    /// Highest ordinal; 0 without one.
    pub last_ordinal: u64,
}

impl Summary {
    /// No cycle yet.
    pub(in crate::store) const EMPTY: Summary = Summary {
        cycles: 0,
        valid: 0,
        sum_ms: 0,
        min_ms: u32::MAX,
        max_ms: 0,
        late: 0,
        temperatures: 0,
        temperature_sum: 0,
        temperature_min: i32::MAX,
        temperature_max: i32::MIN,
        earliest: i64::MAX,
        latest: i64::MIN,
        first_ordinal: u64::MAX,
        last_ordinal: 0,
    };

    /// What these cycles come to.
    pub(in crate::store) fn of<'c>(cycles: impl IntoIterator<Item = &'c Cycle>) -> Self {
        let mut summary = Self::EMPTY;
        for cycle in cycles {
            summary.add(cycle);
        }
        summary
    }

    /// Adds a cycle.
    pub(in crate::store) fn add(&mut self, cycle: &Cycle) {
        self.add_one(cycle, LONGEST_VALID_MS, true);
    }

    /// Adds a cycle; its time is a valid one only up to `longest_ms`, its temperature is passed over unless wanted.
    pub(in crate::store) fn add_one(&mut self, cycle: &Cycle, longest_ms: u32, temperatures: bool) {
        let (ended, ms) = (cycle.ended.as_millis(), cycle.cycle_time.as_millis());
        self.cycles += 1;
        if !cycle.flags.first && ms <= longest_ms {
            self.valid += 1;
            self.sum_ms = self.sum_ms.saturating_add(u64::from(ms));
            self.min_ms = self.min_ms.min(ms);
            self.max_ms = self.max_ms.max(ms);
        }
        self.late += u64::from(cycle.flags.late);
        if let Some(temperature) = cycle.temperature.filter(|_| temperatures) {
            let milli = temperature.as_milli_celsius();
            self.temperatures += 1;
            self.temperature_sum = self.temperature_sum.saturating_add(i64::from(milli));
            self.temperature_min = self.temperature_min.min(milli);
            self.temperature_max = self.temperature_max.max(milli);
        }
        self.earliest = self.earliest.min(ended);
        self.latest = self.latest.max(ended);
        self.first_ordinal = self.first_ordinal.min(cycle.ordinal);
        self.last_ordinal = self.last_ordinal.max(cycle.ordinal);
    }

    /// Adds what other cycles come to.
    pub(in crate::store) fn merge(&mut self, other: &Summary) {
        self.cycles = self.cycles.saturating_add(other.cycles);
        self.valid = self.valid.saturating_add(other.valid);
        self.sum_ms = self.sum_ms.saturating_add(other.sum_ms);
        self.min_ms = self.min_ms.min(other.min_ms);
        self.max_ms = self.max_ms.max(other.max_ms);
        self.late = self.late.saturating_add(other.late);
        self.temperatures = self.temperatures.saturating_add(other.temperatures);
        self.temperature_sum = self.temperature_sum.saturating_add(other.temperature_sum);
        self.temperature_min = self.temperature_min.min(other.temperature_min);
        self.temperature_max = self.temperature_max.max(other.temperature_max);
        self.earliest = self.earliest.min(other.earliest);
        self.latest = self.latest.max(other.latest);
        self.first_ordinal = self.first_ordinal.min(other.first_ordinal);
        self.last_ordinal = self.last_ordinal.max(other.last_ordinal);
    }

    /// The same without what temperatures come to.
    pub(in crate::store) fn without_temperatures(&self) -> Self {
        Summary {
            temperatures: Self::EMPTY.temperatures,
            temperature_sum: Self::EMPTY.temperature_sum,
            temperature_min: Self::EMPTY.temperature_min,
            temperature_max: Self::EMPTY.temperature_max,
            ..*self
        }
    }

    /// Mean of the valid cycle times, ms.
    #[must_use]
    pub fn mean_ms(&self) -> Option<u32> {
        u32::try_from(self.sum_ms.checked_div(self.valid)?).ok()
    }

    /// Mean of the temperatures, thousandths of a degree Celsius.
    #[must_use]
    pub fn mean_milli_celsius(&self) -> Option<i32> {
        let count = i64::try_from(self.temperatures).ok()?;
        i32::try_from(self.temperature_sum.checked_div(count)?).ok()
    }

    /// Writes what the head of a chunk does not say elsewhere: ends, ordinals and the number of cycles stand there.
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        varint::put(bytes, self.cycles - self.valid);
        if self.valid > 0 {
            varint::put(bytes, self.sum_ms);
            varint::put(bytes, u64::from(self.min_ms));
            varint::put(bytes, u64::from(self.max_ms - self.min_ms));
        }
        varint::put(bytes, self.late);
        varint::put(bytes, self.cycles - self.temperatures);
        if self.temperatures > 0 {
            varint::put_signed(bytes, self.temperature_sum);
            varint::put_signed(bytes, i64::from(self.temperature_min));
            varint::put(bytes, u64::from(self.temperature_max.abs_diff(self.temperature_min)));
        }
    }

    /// Reads what [`Summary::write`] wrote; ends and ordinals are left empty.
    pub(super) fn read(reader: &mut Reader<'_>, cycles: usize) -> Result<Self, Damage> {
        let wrong = || damage("its sums do not fit its number of cycles");
        let mut summary = Summary { cycles: cycles as u64, ..Self::EMPTY };
        summary.valid = (cycles - reader.count(cycles)?) as u64;
        if summary.valid > 0 {
            summary.sum_ms = reader.unsigned()?;
            summary.min_ms = reader.small()?;
            summary.max_ms = summary.min_ms.checked_add(reader.small()?).ok_or_else(wrong)?;
        }
        summary.late = reader.count(cycles)? as u64;
        summary.temperatures = (cycles - reader.count(cycles)?) as u64;
        if summary.temperatures > 0 {
            summary.temperature_sum = reader.signed()?;
            summary.temperature_min = i32::try_from(reader.signed()?).map_err(|_| wrong())?;
            summary.temperature_max =
                summary.temperature_min.checked_add_unsigned(reader.small()?).ok_or_else(wrong)?;
        }
        Ok(summary)
    }
}
