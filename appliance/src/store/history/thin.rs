//! History with fewer points than cycles: sums over equal stretches of time.

use std::ops::Range;

use domain::{Cycle, CycleTime};

use super::chunk::{Chunk, Plain, Sum, Summary};
use super::rollup::LONGEST_VALID_MS;
use crate::store::error::Damage;

/// The most buckets that are made, whatever is wished for.
pub const MOST_BUCKETS: usize = 10_000;

/// How a history is thinned out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Thinning {
    /// Into so many equal parts, at most [`MOST_BUCKETS`].
    pub parts: usize,
    /// A longer cycle is a stop: it is counted, and its time is no valid one. More than [`LONGEST_VALID_MS`] counts as
    /// that.
    pub longest: CycleTime,
    /// Temperatures are summed up too; without them the sums of temperatures stay empty, and that is quicker.
    pub temperatures: bool,
}

/// A stretch of time and what ended in it. A gap is a bucket without cycles.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bucket {
    /// Its first instant, ms since the Unix epoch.
    pub from: i64,
    /// The first instant behind it, ms since the Unix epoch.
    pub to: i64,
    /// What its cycles come to.
    pub sums: Summary,
}

/// Sums cycles up by time.
#[derive(Debug)]
pub(in crate::store) struct Thinner {
    from: i64,
    to: i64,
    longest_ms: u32,
    temperatures: bool,
    buckets: Vec<Bucket>,
    /// The bucket that the last cycle fell into; the next one most often does so too.
    at: usize,
}

impl Thinner {
    /// Equal buckets from `from` until before `to`, both ms since the Unix epoch: as many as wished, but none shorter
    /// than a millisecond and no more than [`MOST_BUCKETS`].
    pub(in crate::store) fn new((from, to): (i64, i64), how: Thinning) -> Self {
        let span = if from < to { to.abs_diff(from) } else { 0 };
        let count = how.parts.clamp(1, MOST_BUCKETS).min(usize::try_from(span).unwrap_or(usize::MAX));
        let edge = |number: usize| {
            let share = (u128::from(span) * number as u128).div_ceil(count.max(1) as u128);
            from.wrapping_add_unsigned(u64::try_from(share).unwrap_or(span))
        };
        let bucket = |number| Bucket { from: edge(number), to: edge(number + 1), sums: Summary::EMPTY };
        Thinner {
            from,
            to,
            longest_ms: how.longest.as_millis().min(LONGEST_VALID_MS),
            temperatures: how.temperatures,
            buckets: (0..count).map(bucket).collect(),
            at: 0,
        }
    }

    /// Adds a cycle; one that ended outside is passed over.
    pub(in crate::store) fn add(&mut self, cycle: &Cycle) {
        let (longest_ms, temperatures) = (self.longest_ms, self.temperatures);
        if let Some(bucket) = self.bucket(cycle.ended.as_millis()) {
            bucket.sums.add_one(cycle, longest_ms, temperatures);
        }
    }

    /// Adds all cycles of a chunk. It is unpacked only if it has cycles in more than one bucket, or stops that are valid
    /// in its own sums.
    pub(in crate::store) fn add_chunk(&mut self, chunk: &Chunk<'_>) -> Result<(), Damage> {
        let summary = chunk.summary();
        if summary.latest < self.from || summary.earliest >= self.to {
            return Ok(());
        }
        let temperatures = self.temperatures;
        if summary.max_ms <= self.longest_ms
            && let Some(bucket) = self.bucket(summary.earliest)
            && summary.latest < bucket.to
        {
            bucket.sums.merge(&if temperatures { *summary } else { summary.without_temperatures() });
            return Ok(());
        }
        let inside = (self.from, self.to.saturating_sub(1));
        chunk.sum_up(inside, temperatures, self)
    }

    /// The buckets, in order.
    pub(in crate::store) fn finish(self) -> Vec<Bucket> {
        self.buckets
    }

    fn bucket(&mut self, at: i64) -> Option<&mut Bucket> {
        if !self.buckets.get(self.at).is_some_and(|bucket| (bucket.from..bucket.to).contains(&at)) {
            if at < self.from || at >= self.to {
                return None;
            }
            self.at = self.buckets.partition_point(|bucket| bucket.to <= at);
        }
        self.buckets.get_mut(self.at)
    }
}

impl Sum for Thinner {
    fn cycle(&mut self, cycle: &Cycle) {
        self.add(cycle);
    }

    fn plain(&mut self, page: &Plain<'_>) {
        let (mut ended, mut at) = (page.ended_before, 0);
        let mut odd = page.odd.iter().peekable();
        while let Some(time) = page.times.get(at) {
            let next = end_of(ended, *time, page.rest);
            let marks = odd.next_if(|(place, _)| *place == at).map_or(page.marks, |(_, marks)| *marks);
            let until = odd.peek().map_or(page.times.len(), |(place, _)| *place);
            // Ends that may go back are looked at one by one.
            if marks.flags().first || marks != page.marks || page.rest < 0 {
                if let Some(cycle) = page.cycle(at, next, marks) {
                    self.add(&cycle);
                }
                (ended, at) = (next, at + 1);
                continue;
            }
            let Some(to) = self.bucket(next).map(|bucket| bucket.to) else {
                (ended, at) = (next, at + 1);
                continue;
            };
            let begin = at;
            for time in page.times.get(begin..until).unwrap_or_default() {
                let next = end_of(ended, *time, page.rest);
                if next >= to {
                    break;
                }
                (ended, at) = (next, at + 1);
            }
            let part = self.stretch(page, begin..at, (next, ended));
            if let Some(bucket) = self.buckets.get_mut(self.at) {
                bucket.sums.merge(&part);
            }
        }
    }
}

fn end_of(before: i64, time: u32, rest: i64) -> i64 {
    before.wrapping_add(i64::from(time)).wrapping_add(rest)
}

impl Thinner {
    /// What cycles of a page come to that are marked alike and are no first ones; there is at least one.
    fn stretch(&self, page: &Plain<'_>, places: Range<usize>, (earliest, latest): (i64, i64)) -> Summary {
        let times = page.times.get(places.clone()).unwrap_or_default();
        let mut sums = Summary {
            cycles: times.len() as u64,
            earliest,
            latest,
            late: if page.marks.flags().late { times.len() as u64 } else { 0 },
            first_ordinal: page.ordinal(places.start),
            last_ordinal: page.ordinal(places.end.saturating_sub(1)),
            ..Summary::EMPTY
        };
        let longest = times.iter().copied().max().unwrap_or(0);
        if longest <= self.longest_ms {
            sums.valid = times.len() as u64;
            sums.sum_ms = times.iter().map(|time| u64::from(*time)).sum();
            sums.min_ms = times.iter().copied().min().unwrap_or(u32::MAX);
            sums.max_ms = longest;
        } else {
            for time in times.iter().filter(|time| **time <= self.longest_ms) {
                sums.valid += 1;
                sums.sum_ms = sums.sum_ms.saturating_add(u64::from(*time));
                sums.min_ms = sums.min_ms.min(*time);
                sums.max_ms = sums.max_ms.max(*time);
            }
        }
        if page.marks.has_temperature() {
            let temperatures = page.temperatures.get(places).unwrap_or_default();
            sums.temperatures = temperatures.len() as u64;
            for milli in temperatures {
                sums.temperature_sum = sums.temperature_sum.saturating_add(i64::from(*milli));
                sums.temperature_min = sums.temperature_min.min(*milli);
                sums.temperature_max = sums.temperature_max.max(*milli);
            }
        }
        sums
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::chunk::encode;
    use super::super::chunk::samples::{lived, odd, regular};
    use super::*;

    fn wished(parts: usize) -> Thinning {
        Thinning { parts, longest: CycleTime::from_millis(LONGEST_VALID_MS), temperatures: true }
    }

    fn naive(buckets: &[Bucket], cycles: &[Cycle], how: Thinning) -> Vec<Summary> {
        let sums = |bucket: &Bucket| {
            let mut sums = Summary::EMPTY;
            let inside = |cycle: &&Cycle| (bucket.from..bucket.to).contains(&cycle.ended.as_millis());
            for cycle in cycles.iter().filter(inside) {
                let mut cycle = *cycle;
                // A first cycle's time is no valid one either.
                cycle.flags.first |= cycle.cycle_time > how.longest;
                cycle.temperature = cycle.temperature.filter(|_| how.temperatures);
                sums.add(&cycle);
            }
            sums
        };
        buckets.iter().map(sums).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn buckets_hold_what_ended_in_them(
            cycles in prop_oneof![odd(), lived()],
            ends in any::<[prop::sample::Index; 2]>(),
            parts in 0..80usize,
            longest in prop_oneof![Just(u32::MAX), 0..200_000u32],
            temperatures: bool,
            everything: bool,
        ) {
            let how = Thinning { parts, longest: CycleTime::from_millis(longest), temperatures };
            let end = |which: usize| cycles[ends[which].index(cycles.len())].ended.as_millis();
            let (from, to) = if everything { (i64::MIN, i64::MAX) } else { (end(0), end(1)) };
            let (mut by_cycle, mut by_chunk) = (Thinner::new((from, to), how), Thinner::new((from, to), how));
            cycles.iter().for_each(|cycle| by_cycle.add(cycle));
            for part in cycles.chunks(700) {
                let bytes = encode(part).unwrap();
                by_chunk.add_chunk(&Chunk::parse(part[0].ordinal, &bytes).unwrap()).unwrap();
            }
            let buckets = by_cycle.finish();
            let sums: Vec<Summary> = buckets.iter().map(|bucket| bucket.sums).collect();
            prop_assert_eq!(naive(&buckets, &cycles, how), sums);
            prop_assert_eq!(by_chunk.finish(), buckets);
        }

        #[test]
        fn buckets_follow_each_other_and_cover_the_time_evenly(from: i64, to: i64, parts in 0..20_000usize) {
            let buckets = Thinner::new((from, to), wished(parts)).finish();
            prop_assert!(buckets.len() <= MOST_BUCKETS);
            if from >= to {
                prop_assert!(buckets.is_empty());
            } else {
                prop_assert_eq!(buckets[0].from, from);
                prop_assert_eq!(buckets[buckets.len() - 1].to, to);
                prop_assert!(buckets.windows(2).all(|pair| pair[0].to == pair[1].from));
                let lengths = || buckets.iter().map(|bucket| bucket.to.abs_diff(bucket.from));
                let (longest, shortest) = (lengths().max().unwrap(), lengths().min().unwrap());
                prop_assert!(shortest > 0 && longest - shortest <= 1);
            }
        }
    }

    #[test]
    fn a_gap_is_a_bucket_without_cycles() {
        let mut cycles = regular(2, 200);
        cycles.drain(50..150);
        let (from, to) = (cycles[0].ended.as_millis(), cycles[99].ended.as_millis() + 1);
        let mut thinner = Thinner::new((from, to), wished(20));
        cycles.iter().for_each(|cycle| thinner.add(cycle));
        let buckets = thinner.finish();
        assert!(buckets[0].sums.cycles > 0 && buckets[19].sums.cycles > 0);
        assert_eq!(buckets[10].sums, Summary::EMPTY);
        assert_eq!(buckets[10].sums.mean_ms(), None);
    }
}
