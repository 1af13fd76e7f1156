//! Cycles for the tests of both generations' open protocols.

use std::ops::Range;

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::{DeciCelsius, Made, Ticks};

/// How cycles usually are, beside those that are anyhow.
pub(crate) struct Usual {
    /// The time of a cycle, ticks, and how often it is so for one that is anyhow.
    pub(crate) steps: (u32, Range<u64>),
    /// Tenths of a degree.
    pub(crate) tenths: Range<i16>,
    /// How often a cycle is a first one, has no cycle before it that is known, or no temperature.
    pub(crate) odd: f64,
    /// So many cycles at most, exclusive.
    pub(crate) most: usize,
}

/// Any cycles at all: steady or wild, with pauses, breaks and lost sensors.
pub(crate) fn made(usual: Usual) -> impl Strategy<Value = Vec<Made>> {
    let Usual { steps: (weight, steps), tenths, odd, most } = usual;
    let steps = prop_oneof![weight => steps, 1 => 0u64..1 << 34];
    let tenths = prop_oneof![9 => tenths, 1 => -32767i16..=32767];
    let cycle =
        (steps, option::weighted(1.0 - odd, tenths), prop::bool::weighted(odd), prop::bool::weighted(odd));
    (0u64..1 << 38, vec(cycle, 1..most)).prop_map(|(start, cycles)| {
        let mut end = start;
        let made = |(step, tenths, first, lost): (u64, Option<i16>, bool, bool)| {
            let previous = (!lost).then_some(Ticks::new(end));
            end += step;
            Made::new(previous, Ticks::new(end), tenths.and_then(DeciCelsius::new), first)
        };
        cycles.into_iter().map(made).collect()
    })
}

/// So many cycles of 15 s, and a little more or less.
pub(crate) fn steady(number: u64, temperature: impl Fn(u64) -> i16) -> Vec<Made> {
    let end = |cycle: u64| Ticks::new(cycle * 1500 + cycle * 37 % 60);
    (1..=number)
        .map(|cycle| Made::new(Some(end(cycle - 1)), end(cycle), DeciCelsius::new(temperature(cycle)), false))
        .collect()
}
