//! A device's counter, which wraps and is reset, read as steps of the mold's count.

use serde::{Deserialize, Serialize};

/// How many bits a device's counter has, when its maker tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CounterWidth {
    /// So many bits, 8 to 63.
    Bits(u8),
    /// Nobody knows: a counter that goes back can only be a reset.
    Unknown,
}

/// What a counter's new reading means beside the last one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CounterStep {
    /// The same reading again.
    Same,
    /// So many cycles more.
    Forward(u64),
    /// So many cycles more, past the counter's top.
    Rollover(u64),
    /// It went back: a reset (or an old frame), for the caller to tell apart.
    Back,
}

/// Reads `current` after `previous`.
///
/// A counter that goes back is a rollover only if its width is known, it was within a thousandth of the top (at
/// least 256 cycles) and is now as near to the bottom; anything else is [`CounterStep::Back`] (law 5).
#[must_use]
pub fn step(previous: u64, current: u64, width: CounterWidth) -> CounterStep {
    match current.checked_sub(previous) {
        Some(0) => CounterStep::Same,
        Some(cycles) => CounterStep::Forward(cycles),
        None => rolled_over(previous, current, width).map_or(CounterStep::Back, CounterStep::Rollover),
    }
}

fn rolled_over(previous: u64, current: u64, width: CounterWidth) -> Option<u64> {
    let CounterWidth::Bits(bits @ 8..=63) = width else { return None };
    let modulus = 1u64 << bits;
    // An 8-bit counter has no "near the top" of 256 cycles; half of its range is all it can offer.
    let near = (modulus / 1000).max(256).min(modulus / 4);
    let to_top = modulus.checked_sub(previous)?;
    (to_top <= near && current < near).then(|| to_top + current)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const U32: CounterWidth = CounterWidth::Bits(32);

    #[test]
    fn a_counter_at_its_top_rolls_over() {
        assert_eq!(step(u64::from(u32::MAX), 0, U32), CounterStep::Rollover(1));
        assert_eq!(step(u64::from(u32::MAX) - 2, 4, U32), CounterStep::Rollover(7));
    }

    #[test]
    fn a_counter_of_unknown_width_never_rolls_over() {
        assert_eq!(step(u64::from(u32::MAX), 0, CounterWidth::Unknown), CounterStep::Back);
    }

    #[test]
    fn a_counter_that_falls_from_the_middle_is_back() {
        assert_eq!(step(120_000, 3, U32), CounterStep::Back);
        assert_eq!(step(u64::from(u32::MAX), 1 << 31, U32), CounterStep::Back);
    }

    proptest! {
        #[test]
        fn a_step_is_never_negative_and_a_rollover_never_giant(previous in 0..1u64 << 32, current in 0..1u64 << 32) {
            match step(previous, current, U32) {
                CounterStep::Same => prop_assert_eq!(previous, current),
                CounterStep::Forward(n) => prop_assert_eq!(previous + n, current),
                CounterStep::Rollover(n) => prop_assert!(n > 0 && n < 10_000_000 && current < previous),
                CounterStep::Back => prop_assert!(current < previous),
            }
        }
    }
}
