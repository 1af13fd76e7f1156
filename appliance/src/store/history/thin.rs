//! History with fewer points than cycles: sums over equal stretches of time.

use domain::Cycle;

use super::chunk::{Chunk, Summary};
use crate::store::error::Damage;

/// The most buckets that are made, whatever is wished for.
pub const MOST_BUCKETS: usize = 10_000;

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
    buckets: Vec<Bucket>,
    /// The bucket that the last cycle fell into; the next one most often does so too.
    at: usize,
}

impl Thinner {
    /// Equal buckets from `from` until before `to`, both ms since the Unix epoch: as many as wished, but none shorter
    /// than a millisecond and no more than [`MOST_BUCKETS`].
    pub(in crate::store) fn new(from: i64, to: i64, wished: usize) -> Self {
        let span = if from < to { to.abs_diff(from) } else { 0 };
        let count = wished.clamp(1, MOST_BUCKETS).min(usize::try_from(span).unwrap_or(usize::MAX));
        let edge = |number: usize| {
            let share = (u128::from(span) * number as u128).div_ceil(count.max(1) as u128);
            from.wrapping_add_unsigned(u64::try_from(share).unwrap_or(span))
        };
        let bucket = |number| Bucket { from: edge(number), to: edge(number + 1), sums: Summary::EMPTY };
        Thinner { from, to, buckets: (0..count).map(bucket).collect(), at: 0 }
    }

    /// Adds a cycle; one that ended outside is passed over.
    pub(in crate::store) fn add(&mut self, cycle: &Cycle) {
        if let Some(bucket) = self.bucket(cycle.ended.as_millis()) {
            bucket.sums.add(cycle);
        }
    }

    /// Adds all cycles of a chunk. It is unpacked only if it has cycles in more than one bucket.
    pub(in crate::store) fn add_chunk(&mut self, chunk: &Chunk<'_>) -> Result<(), Damage> {
        let summary = chunk.summary();
        if summary.latest < self.from || summary.earliest >= self.to {
            return Ok(());
        }
        if let Some(bucket) = self.bucket(summary.earliest)
            && summary.latest < bucket.to
        {
            bucket.sums.merge(summary);
            return Ok(());
        }
        let inside = (self.from, self.to.saturating_sub(1));
        chunk.each(inside, (0, u64::MAX), |cycle| self.add(&cycle))
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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::chunk::encode;
    use super::super::chunk::samples::{lived, odd, regular};
    use super::*;

    fn naive(buckets: &[Bucket], cycles: &[Cycle]) -> Vec<Summary> {
        let inside =
            |bucket: &Bucket, cycle: &Cycle| (bucket.from..bucket.to).contains(&cycle.ended.as_millis());
        let sums = |bucket: &Bucket| Summary::of(cycles.iter().filter(|cycle| inside(bucket, cycle)));
        buckets.iter().map(sums).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]

        #[test]
        fn buckets_hold_what_ended_in_them(
            cycles in prop_oneof![odd(), lived()],
            ends in any::<[prop::sample::Index; 2]>(),
            wished in 0..80usize,
            everything: bool,
        ) {
            let end = |which: usize| cycles[ends[which].index(cycles.len())].ended.as_millis();
            let (from, to) = if everything { (i64::MIN, i64::MAX) } else { (end(0), end(1)) };
            let (mut by_cycle, mut by_chunk) = (Thinner::new(from, to, wished), Thinner::new(from, to, wished));
            cycles.iter().for_each(|cycle| by_cycle.add(cycle));
            for part in cycles.chunks(700) {
                let bytes = encode(part).unwrap();
                by_chunk.add_chunk(&Chunk::parse(part[0].ordinal, &bytes).unwrap()).unwrap();
            }
            let buckets = by_cycle.finish();
            let sums: Vec<Summary> = buckets.iter().map(|bucket| bucket.sums).collect();
            prop_assert_eq!(naive(&buckets, &cycles), sums);
            prop_assert_eq!(by_chunk.finish(), buckets);
        }

        #[test]
        fn buckets_follow_each_other_and_cover_the_time_evenly(from: i64, to: i64, wished in 0..20_000usize) {
            let buckets = Thinner::new(from, to, wished).finish();
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
        let mut thinner = Thinner::new(from, to, 20);
        cycles.iter().for_each(|cycle| thinner.add(cycle));
        let buckets = thinner.finish();
        assert!(buckets[0].sums.cycles > 0 && buckets[19].sums.cycles > 0);
        assert_eq!(buckets[10].sums, Summary::EMPTY);
        assert_eq!(buckets[10].sums.mean_ms(), None);
    }
}
