//! What of the machine is abnormal. Pure: told what was measured, and the time.

use std::time::Duration;

use domain::Timestamp;

use super::machine::Memory;

/// A machine that has less left than this part of its memory, and less than [`SCARCE`], is short of it.
const PART: u64 = 10;
const SCARCE: u64 = 128 << 20;
/// It is in order again when it has so much more: one that stands at the edge does not come and go.
const AGAIN: u64 = 2;

/// A clock that goes so far off within a round was set.
const STEP: Duration = Duration::from_secs(30);
/// So long people are told.
const TELL: Duration = Duration::from_hours(24);

/// Why the machine is short of memory, if it is; `stands`: it was a moment ago.
#[must_use]
pub fn low_memory(memory: &Memory, stands: bool) -> Option<String> {
    let floor = (memory.total / PART).min(SCARCE) * if stands { AGAIN } else { 1 };
    (memory.available < floor)
        .then(|| format!("{} MiB of {} MiB are left", memory.available >> 20, memory.total >> 20))
}

/// The box's clock beside one that nobody sets.
#[derive(Debug, Default)]
pub struct Clocks {
    before: Option<(Timestamp, Duration)>,
    /// What is told, and since when, by the clock that nobody sets.
    stepped: Option<(String, Duration)>,
}

impl Clocks {
    /// Looks at both; why people are told that the clock was set, as long as they are.
    pub fn look(&mut self, wall: Timestamp, steady: Duration) -> Option<String> {
        if let Some((wall_before, steady_before)) = self.before.replace((wall, steady)) {
            let passed = i64::try_from(steady.saturating_sub(steady_before).as_millis()).unwrap_or(i64::MAX);
            let off = wall.as_millis().saturating_sub(wall_before.as_millis()).saturating_sub(passed);
            if u128::from(off.unsigned_abs()) >= STEP.as_millis() {
                let way = if off < 0 { "back" } else { "forward" };
                let why = format!("by {} s {way}", off.unsigned_abs() / 1_000);
                self.stepped = Some((why, steady));
            }
        }
        let told = |(_, since): &&(String, Duration)| steady.saturating_sub(*since) < TELL;
        self.stepped.as_ref().filter(told).map(|(why, _)| why.clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn memory(available: u64, total: u64) -> Memory {
        Memory { resident: 0, available: available << 20, total: total << 20 }
    }

    #[test]
    fn a_machine_short_of_memory_is_told_until_it_has_twice_as_much() {
        assert_eq!(low_memory(&memory(128, 2_048), false), None);
        let why = low_memory(&memory(127, 2_048), false);
        assert_eq!(why.as_deref(), Some("127 MiB of 2048 MiB are left"));
        assert!(low_memory(&memory(255, 2_048), true).is_some());
        assert_eq!(low_memory(&memory(256, 2_048), true), None);
        // A tenth of a small machine.
        assert_eq!(low_memory(&memory(52, 512), false), None);
        assert!(low_memory(&memory(50, 512), false).is_some());
    }

    #[test]
    fn a_clock_that_was_set_is_told_for_a_day_and_one_that_drifts_is_not() {
        let mut clocks = Clocks::default();
        let at = |seconds: i64| Timestamp::from_millis(1_795_000_000_000 + seconds * 1_000);
        let steady = Duration::from_secs;
        assert_eq!(clocks.look(at(0), steady(0)), None);
        assert_eq!(clocks.look(at(61), steady(60)), None, "a second a minute is a bad clock that nobody set");
        assert_eq!(clocks.look(at(60), steady(120)).as_deref(), Some("by 61 s back"));
        assert_eq!(clocks.look(at(120), steady(180)).as_deref(), Some("by 61 s back"));
        assert_eq!(clocks.look(at(3_780), steady(240)).as_deref(), Some("by 3600 s forward"));
        assert_eq!(
            clocks.look(at(3_780 + 86_399), steady(240 + 86_399)).as_deref(),
            Some("by 3600 s forward")
        );
        assert_eq!(clocks.look(at(3_780 + 86_400), steady(240 + 86_400)), None);
    }
}
