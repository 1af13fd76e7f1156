//! Where a device's reading lies on its run of counting.
//!
//! A run is a line of readings that only grows: past the counter's top it goes on, so that a gap across a rollover
//! is a gap like any other. The device itself knows only the remainder by its counter's width.

use std::time::Duration;

use domain::{CounterStep, CounterWidth, step};

/// More cycles at once than this are no reading but damage: at 5 s a cycle it is three years without a word.
pub const GIANT: u64 = 20_000_000;
/// So many are believed of a monitor that was heard just now: what is wrong by more would be seen in any design life.
const AT_ONCE: u64 = 5_000;
/// No press closes a mold more often than this, ms.
const FASTEST: u128 = 500;

/// Whether a mold can have made so many cycles since its monitor was last heard (law 5).
pub(super) fn plausible(cycles: u64, silence: Duration) -> bool {
    u128::from(cycles) <= u128::from(AT_ONCE).max(silence.as_millis() / FASTEST)
}

/// Where a reading lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// On the run: behind its end it is an old frame, ahead of it new cycles.
    At(u64),
    /// It cannot be on the run: it steps too far ahead, or is more than the counter can show.
    Nowhere,
}

/// How many readings a counter has before it starts over.
pub(super) fn modulus(width: CounterWidth) -> Option<u64> {
    match width {
        CounterWidth::Bits(bits @ 8..=63) => Some(1 << bits),
        CounterWidth::Bits(_) | CounterWidth::Unknown => None,
    }
}

/// What the device shows at this place of its run.
pub(super) fn shown(place: u64, width: CounterWidth) -> u64 {
    modulus(width).map_or(place, |modulus| place % modulus)
}

/// How often the counter went past its top between two places.
pub(super) fn rollovers(before: u64, after: u64, width: CounterWidth) -> u64 {
    modulus(width).map_or(0, |modulus| (after / modulus).saturating_sub(before / modulus))
}

/// Places `reading` on a run counted up to `end`.
///
/// `older`: by the device's own clock the frame is not newer than what was counted already, so that what looks like
/// a rollover is a replay of a very old frame.
pub(super) fn place(end: u64, reading: u64, width: CounterWidth, older: bool) -> Place {
    if modulus(width).is_some_and(|modulus| reading >= modulus) {
        return Place::Nowhere;
    }
    let last = shown(end, width);
    let back = || Place::At(end.saturating_sub(last.saturating_sub(reading)));
    match step(last, reading, width) {
        CounterStep::Same => Place::At(end),
        CounterStep::Rollover(_) if older => back(),
        CounterStep::Forward(cycles) | CounterStep::Rollover(cycles) => {
            // Just past the top, a frame from before it reads as nearly a whole turn ahead.
            if let (true, CounterStep::Rollover(behind)) = (end > last, step(reading, last, width)) {
                return Place::At(end.saturating_sub(behind));
            }
            if cycles > GIANT { Place::Nowhere } else { Place::At(end.saturating_add(cycles)) }
        }
        CounterStep::Back => back(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const U16: CounterWidth = CounterWidth::Bits(16);

    #[test]
    fn a_run_goes_on_past_the_counters_top() {
        assert_eq!(place(65_530, 4, U16, false), Place::At(65_540));
        assert_eq!(shown(65_540, U16), 4);
        assert_eq!(rollovers(65_530, 65_540, U16), 1);
    }

    #[test]
    fn a_frame_from_before_the_top_is_old_after_it() {
        assert_eq!(place(65_540, 65_533, U16, false), Place::At(65_533));
    }

    #[test]
    fn a_very_old_frame_is_no_rollover() {
        assert_eq!(place(65_530, 10, U16, true), Place::At(10));
    }

    #[test]
    fn a_giant_step_is_no_step() {
        assert_eq!(place(5, 4_000_000_000, CounterWidth::Bits(32), false), Place::Nowhere);
        assert_eq!(place(5, 70_000, U16, false), Place::Nowhere);
    }

    proptest! {
        #[test]
        fn a_run_read_in_small_steps_never_loses_its_place(start in 0u64..1 << 33, steps in prop::collection::vec(0u64..200, 1..50)) {
            let width = CounterWidth::Bits(32);
            let mut end = start;
            for by in steps {
                let truth = end + by;
                prop_assert_eq!(place(end, shown(truth, width), width, false), Place::At(truth));
                prop_assert_eq!(place(truth, shown(end, width), width, false), Place::At(end));
                end = truth;
            }
        }
    }
}
