//! Cycles for tests: of a plant as it is, and of no plant at all.

use domain::{Cycle, CycleFlags, CycleTime, Temperature, TimeSource, Timestamp};
use proptest::prelude::*;

/// Numbers that follow from a seed (SplitMix64).
pub(in crate::store::history) struct Dice(u64);

impl Dice {
    pub(in crate::store::history) fn new(seed: u64) -> Self {
        Dice(seed)
    }

    pub(in crate::store::history) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// From 0 up to 1.
    fn share(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 53) as f64
    }

    fn gauss(&mut self) -> f64 {
        let (a, b) = (self.share().max(1e-300), self.share());
        (-2.0 * a.ln()).sqrt() * (std::f64::consts::TAU * b).cos()
    }
}

/// What a mold of a plant makes: 8 to 60 s with 1 to 2 % of noise, 2 stops in 1,000 cycles, a pause in 20,000, a
/// temperature that wanders by 0.1 degC, a late cycle now and then.
pub(in crate::store::history) fn regular(mold: u64, cycles: usize) -> Vec<Cycle> {
    let mut dice = Dice::new(0xC0_FFEE ^ (mold << 32));
    let usual = 8_000.0 + 52_000.0 * ((mold * 37 % 100) as f64 / 99.0);
    let noise = 0.01 + 0.01 * dice.share();
    let middle = 200 + (dice.next() % 1_000) as i32;
    let (mut tenths, mut ended) = (middle, 1_788_220_800_000 + (dice.next() % 8_000) as i64);
    let mut cycle = |ordinal| {
        let mut flags = CycleFlags::default();
        let mut time = usual * (1.0 + noise * dice.gauss());
        match dice.share() {
            0.0..0.000_05 => {
                time = 600e3 + dice.share() * 28_200e3;
                flags.first = true;
            }
            0.000_05..0.002_05 => time *= 3.0 + 17.0 * dice.share(),
            0.002_05..0.002_15 => flags.late = true,
            _ => {}
        }
        match dice.share() {
            0.0..0.15 if tenths < middle + 150 => tenths += 1,
            0.85..1.0 if tenths > middle - 150 => tenths -= 1,
            _ => {}
        }
        let time = time.max(1_000.0) as u32;
        ended += i64::from(time);
        Cycle {
            ordinal,
            ended: Timestamp::from_millis(ended),
            cycle_time: CycleTime::from_millis(time),
            temperature: Some(Temperature::from_milli_celsius(tenths * 100)),
            source: TimeSource::Device,
            flags,
        }
    };
    (1_000 * mold + 1..).take(cycles).map(&mut cycle).collect()
}

fn any_cycle() -> impl Strategy<Value = Cycle> {
    let source =
        prop_oneof![Just(TimeSource::Device), Just(TimeSource::Received), Just(TimeSource::Estimated)];
    let flags = (any::<bool>(), any::<bool>()).prop_map(|(late, first)| CycleFlags { late, first });
    let ordinal = prop_oneof![any::<u64>(), 0..200u64, Just(u64::MAX)];
    let ended = prop_oneof![any::<i64>(), Just(i64::MIN), Just(i64::MAX), 0..1_000_000i64];
    let time = prop_oneof![any::<u32>(), Just(0), Just(u32::MAX), 1_000..9_000u32];
    let milli = prop_oneof![
        any::<i32>(),
        Just(i32::MIN),
        Just(i32::MAX),
        (0..900i32).prop_map(|tenths| tenths * 100)
    ];
    (ordinal, ended, time, proptest::option::of(milli), source, flags).prop_map(
        |(ordinal, ended, time, milli, source, flags)| Cycle {
            ordinal,
            ended: Timestamp::from_millis(ended),
            cycle_time: CycleTime::from_millis(time),
            temperature: milli.map(Temperature::from_milli_celsius),
            source,
            flags,
        },
    )
}

/// Sorted, and each ordinal once.
pub(in crate::store::history) fn in_order(mut cycles: Vec<Cycle>) -> Vec<Cycle> {
    cycles.sort_by_key(|cycle| cycle.ordinal);
    cycles.dedup_by_key(|cycle| cycle.ordinal);
    cycles
}

/// What no plant makes.
pub(in crate::store::history) fn odd() -> impl Strategy<Value = Vec<Cycle>> {
    prop::collection::vec(any_cycle(), 1..80).prop_map(in_order)
}

/// What a plant makes with what happens to it: gaps, clock steps, clocks that tremble, odd cycles, a coarse tick,
/// a sensor that fails or is not there, cycles that were late or estimated.
pub(in crate::store::history) fn lived() -> impl Strategy<Value = Vec<Cycle>> {
    let what = (
        0..300u64,
        1..5_000usize,
        0..64u32,
        prop::collection::vec((any::<prop::sample::Index>(), any_cycle()), 0..6),
    );
    what.prop_map(|(mold, count, happens, odd)| {
        let mut cycles = regular(mold, count);
        let mut dice = Dice::new(mold);
        let (mut step, mut skipped) = (0i64, 0u64);
        for cycle in &mut cycles {
            let (mut ended, mut time) = (cycle.ended.as_millis(), cycle.cycle_time.as_millis());
            if happens & 1 != 0 && dice.next().is_multiple_of(100) {
                skipped += dice.next() % 50;
            }
            if happens & 2 != 0 && dice.next().is_multiple_of(500) {
                step = (dice.next() % 10_000_000_000) as i64 - 5_000_000_000;
            }
            if happens & 4 != 0 {
                ended += (dice.next() % 21) as i64 - 10;
            }
            if happens & 8 != 0 {
                time = time / 10 * 10;
            }
            if happens & 16 != 0 && dice.next().is_multiple_of(3) {
                cycle.temperature = None;
            }
            if happens & 32 != 0 {
                cycle.flags.late = ended % 1_000_000 < 300_000;
                cycle.source =
                    if dice.next().is_multiple_of(9) { TimeSource::Estimated } else { TimeSource::Received };
            }
            cycle.ordinal += skipped;
            cycle.ended = Timestamp::from_millis(ended + step);
            cycle.cycle_time = CycleTime::from_millis(time);
        }
        for (at, odd) in odd {
            let at = at.index(cycles.len());
            cycles[at] = Cycle { ordinal: cycles[at].ordinal, ..odd };
        }
        cycles
    })
}
