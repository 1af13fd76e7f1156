//! Cycles that are kept in the journal and not packed yet, and what is always at hand: last cycles, sums of open days.
//!
//! They come in order of arrival and are held by mold. Packing takes them in two steps: [`Now::freeze`] sets aside
//! what there is, and when the database has it, [`Now::forget_frozen`] drops it; readers see it in one place or
//! the other, never in both and never in none.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{Cycle, MoldId};

use super::rollup::DailyRollup;

/// Cycles of one mold, in order of their ordinals, and the sums of their days.
#[derive(Debug, Clone, Default, PartialEq)]
pub(in crate::store) struct Unpacked {
    cycles: Vec<Cycle>,
    days: BTreeMap<i64, DailyRollup>,
}

impl Unpacked {
    /// In order of their ordinals.
    pub(in crate::store) fn cycles(&self) -> &[Cycle] {
        &self.cycles
    }

    /// Sums of their days.
    pub(in crate::store) fn days(&self) -> &BTreeMap<i64, DailyRollup> {
        &self.days
    }

    fn has(&self, ordinal: u64) -> bool {
        self.cycles.binary_search_by_key(&ordinal, |cycle| cycle.ordinal).is_ok()
    }

    /// Adds cycles that are in order and not there yet.
    fn add(&mut self, new: &[Cycle]) {
        for cycle in new {
            let day = cycle.ended.utc_day();
            self.days.entry(day).or_insert_with(|| DailyRollup::empty(day)).add(cycle);
        }
        let sorted =
            self.cycles.last().zip(new.first()).is_none_or(|(last, first)| last.ordinal < first.ordinal);
        self.cycles.extend_from_slice(new);
        if !sorted {
            self.cycles.sort_by_key(|cycle| cycle.ordinal);
        }
    }
}

/// Cycles that were set aside to be packed, by mold.
pub(in crate::store) type Frozen = Vec<(MoldId, Arc<Unpacked>)>;

/// What is known of one mold's history without the database.
#[derive(Debug, Clone, Default)]
pub(in crate::store) struct OfMold {
    fresh: Unpacked,
    frozen: Arc<Unpacked>,
    /// The cycle with the highest ordinal, packed or not.
    last: Option<Cycle>,
}

impl OfMold {
    /// Whether a cycle waits to be packed.
    pub(in crate::store) fn has(&self, ordinal: u64) -> bool {
        self.fresh.has(ordinal) || self.frozen.has(ordinal)
    }

    /// The cycle with the highest ordinal, packed or not.
    pub(in crate::store) fn last(&self) -> Option<&Cycle> {
        self.last.as_ref()
    }

    /// Cycles with these ordinals that wait to be packed, in order.
    pub(in crate::store) fn cycles(&self, (lowest, highest): (u64, u64)) -> Vec<Cycle> {
        let part = |unpacked: &Unpacked| {
            let from = unpacked.cycles.partition_point(|cycle| cycle.ordinal < lowest);
            let to = unpacked.cycles.partition_point(|cycle| cycle.ordinal <= highest);
            unpacked.cycles.get(from..to).map(<[Cycle]>::to_vec).unwrap_or_default()
        };
        let (mut cycles, fresh) = (part(&self.frozen), part(&self.fresh));
        let sorted =
            cycles.last().zip(fresh.first()).is_none_or(|(last, first)| last.ordinal < first.ordinal);
        cycles.extend(fresh);
        if !sorted {
            cycles.sort_by_key(|cycle| cycle.ordinal);
        }
        cycles
    }

    /// The lowest ordinal that waits to be packed.
    pub(in crate::store) fn first_waiting(&self) -> Option<u64> {
        let first = |unpacked: &Unpacked| unpacked.cycles.first().map(|cycle| cycle.ordinal);
        first(&self.frozen).into_iter().chain(first(&self.fresh)).min()
    }

    /// What they add to the sums of the days between the two, both included.
    pub(in crate::store) fn days(&self, from: i64, to: i64) -> BTreeMap<i64, DailyRollup> {
        let mut days = BTreeMap::new();
        if from <= to {
            for (day, sum) in self.frozen.days.range(from..=to).chain(self.fresh.days.range(from..=to)) {
                days.entry(*day).or_insert_with(|| DailyRollup::empty(*day)).merge(sum);
            }
        }
        days
    }
}

/// What is known of every mold's history, as of one instant.
#[derive(Debug, Clone, Default)]
pub(in crate::store) struct Now {
    molds: BTreeMap<MoldId, Arc<OfMold>>,
    /// Cycles that are not frozen.
    fresh: usize,
    /// The last commit of the journal among what was set aside.
    frozen_to: u64,
}

impl Now {
    /// One mold; `None` when it has no history.
    pub(in crate::store) fn mold(&self, mold: MoldId) -> Option<&OfMold> {
        self.molds.get(&mold).map(AsRef::as_ref)
    }

    /// Every mold with a history.
    pub(in crate::store) fn molds(&self) -> impl Iterator<Item = (MoldId, &OfMold)> {
        self.molds.iter().map(|(mold, of)| (*mold, of.as_ref()))
    }

    /// Adds new cycles of a mold, in order of their ordinals.
    pub(in crate::store) fn add(&mut self, mold: MoldId, new: &[Cycle]) {
        let Some(newest) = new.last() else { return };
        let of = Arc::make_mut(self.molds.entry(mold).or_default());
        of.fresh.add(new);
        if of.last.is_none_or(|last| last.ordinal < newest.ordinal) {
            of.last = Some(*newest);
        }
        self.fresh += new.len();
    }

    /// A mold whose history is packed, with its last cycle if that can be read.
    pub(in crate::store) fn packed(&mut self, mold: MoldId, last: Option<Cycle>) {
        Arc::make_mut(self.molds.entry(mold).or_default()).last = last;
    }

    /// Cycles that are not frozen.
    pub(in crate::store) fn fresh(&self) -> usize {
        self.fresh
    }

    /// Sets aside what there is up to commit `number` of the journal, to be packed. What was set aside before and not
    /// packed is given again with the number of then, and nothing else.
    pub(in crate::store) fn freeze(&mut self, number: u64) -> (u64, Frozen) {
        let frozen = self.frozen();
        if !frozen.is_empty() {
            return (self.frozen_to, frozen);
        }
        for of in self.molds.values_mut().filter(|of| !of.fresh.cycles.is_empty()) {
            let of = Arc::make_mut(of);
            of.frozen = Arc::new(std::mem::take(&mut of.fresh));
        }
        self.fresh = 0;
        self.frozen_to = number;
        (number, self.frozen())
    }

    fn frozen(&self) -> Frozen {
        let frozen = self.molds.iter().filter(|(_, of)| !of.frozen.cycles.is_empty());
        frozen.map(|(mold, of)| (*mold, Arc::clone(&of.frozen))).collect()
    }

    /// What was set aside is in the database now.
    pub(in crate::store) fn forget_frozen(&mut self) {
        for of in self.molds.values_mut().filter(|of| !of.frozen.cycles.is_empty()) {
            Arc::make_mut(of).frozen = Arc::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{CycleFlags, CycleTime, TimeSource, Timestamp};
    use proptest::prelude::*;

    fn cycle(ordinal: u64) -> Cycle {
        Cycle {
            ordinal,
            ended: Timestamp::from_millis(i64::try_from(ordinal).unwrap() * 3_600_000),
            cycle_time: CycleTime::from_millis(20_000),
            temperature: None,
            source: TimeSource::Device,
            flags: CycleFlags::default(),
        }
    }

    #[derive(Debug, Clone)]
    enum Step {
        Add(u64, u64),
        Freeze,
        Forget,
    }

    fn any_step() -> impl Strategy<Value = Step> {
        prop_oneof![
            4 => (1..300u64, 1..20u64).prop_map(|(first, count)| Step::Add(first, count)),
            1 => Just(Step::Freeze),
            1 => Just(Step::Forget),
        ]
    }

    proptest! {
        #[test]
        fn every_cycle_is_held_once_until_it_is_packed(steps in prop::collection::vec(any_step(), 1..40)) {
            let mold = MoldId(1);
            let mut now = Now::default();
            let mut waiting: BTreeMap<u64, bool> = BTreeMap::new();
            let mut packed = std::collections::BTreeSet::new();
            let mut set_aside = 0;
            for (number, step) in (1u64..).zip(steps) {
                match step {
                    Step::Add(first, count) => {
                        let new: Vec<Cycle> = (first..first + count)
                            .filter(|n| !waiting.contains_key(n) && !packed.contains(n))
                            .map(cycle)
                            .collect();
                        waiting.extend(new.iter().map(|cycle| (cycle.ordinal, false)));
                        now.add(mold, &new);
                    }
                    Step::Freeze => {
                        let (to, given) = now.freeze(number);
                        if waiting.values().all(|frozen| !frozen) {
                            waiting.values_mut().for_each(|frozen| *frozen = true);
                            set_aside = number;
                        }
                        // What came after the first freezing is not packed with the second.
                        prop_assert_eq!(to, set_aside);
                        let given: Vec<u64> =
                            given.iter().flat_map(|(_, of)| of.cycles().iter().map(|c| c.ordinal)).collect();
                        let wanted: Vec<u64> =
                            waiting.iter().filter(|(_, frozen)| **frozen).map(|(n, _)| *n).collect();
                        prop_assert_eq!(given, wanted);
                    }
                    Step::Forget => {
                        now.forget_frozen();
                        packed.extend(waiting.iter().filter(|(_, frozen)| **frozen).map(|(n, _)| *n));
                        waiting.retain(|_, frozen| !*frozen);
                    }
                }
                let there = now.mold(mold).map(|of| of.cycles((0, u64::MAX))).unwrap_or_default();
                let all: Vec<u64> = waiting.keys().copied().collect();
                prop_assert_eq!(there.iter().map(|c| c.ordinal).collect::<Vec<_>>(), all.clone());
                prop_assert_eq!(now.fresh(), waiting.values().filter(|frozen| !**frozen).count());
                let days = now.mold(mold).map(|of| of.days(i64::MIN, i64::MAX)).unwrap_or_default();
                prop_assert_eq!(days.values().map(|day| day.cycles).sum::<u64>(), all.len() as u64);
                let last = waiting.keys().chain(&packed).max().copied();
                prop_assert_eq!(now.mold(mold).and_then(|of| of.last()).map(|c| c.ordinal), last);
            }
        }
    }
}
