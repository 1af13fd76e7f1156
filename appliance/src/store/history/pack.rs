//! New cycles into packed history: which chunks a chunk becomes when cycles come to it.

use domain::Cycle;

use super::chunk::{BUDGET, Chunk, MOST, encode};
use crate::store::error::Damage;

/// A chunk is aimed a little below its budget, since it is never known beforehand what cycles come to.
const AIM: usize = BUDGET - BUDGET / 500;
/// A chunk of so many bytes is full.
pub(super) const FULL: usize = BUDGET - BUDGET / 150;
/// So often a better number of cycles is looked for. Two are enough for what a plant makes.
const TRIES: usize = 6;
/// Bytes that a cycle takes, in hundredths, as long as nothing better is known.
const USUAL: usize = 155;

/// Where the cycles go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    /// No chunk of the mold follows: all chunks but the last are filled, and the last one stays open.
    Last,
    /// Chunks follow. What outgrows its chunk is shared out evenly, so that each part has room for what comes late
    /// to it as well: filled ones would shed a tiny chunk every time.
    Between,
}

/// What is to be written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Packed {
    /// First ordinal and bytes of each chunk, in order. Empty when nothing was new and nothing was to become one.
    pub(super) chunks: Vec<(u64, Vec<u8>)>,
    /// Keys of chunks that were there and that none of `chunks` has now: they are to be removed.
    pub(super) removed: Vec<u64>,
    /// The cycles that were not there yet, in order.
    pub(super) new: Vec<Cycle>,
}

/// Adds cycles, whose ordinals rise, to the chunks that are `there` (key and bytes of each, neighbours in order; none,
/// one, or small ones that are to become one). An ordinal that is there already is left as it is.
pub(super) fn pack(there: &[(u64, &[u8])], cycles: &[Cycle], place: Place) -> Result<Packed, Damage> {
    if !cycles.is_sorted_by(|a, b| a.ordinal < b.ordinal) {
        return Err(Damage::Packing("their ordinals do not rise".to_owned()));
    }
    let mut all = Vec::new();
    let mut each = USUAL;
    for (key, bytes) in there {
        let chunk = Chunk::parse(*key, bytes)?;
        if all.last().is_some_and(|last: &Cycle| last.ordinal >= *key) {
            return Err(Damage::Packing("the chunks that are there lie over each other".to_owned()));
        }
        let before = all.len();
        chunk.range((i64::MIN, i64::MAX), (0, u64::MAX), &mut all)?;
        each = bytes_of_each(bytes, all.len() - before).unwrap_or(each);
    }
    let new = merge(&mut all, cycles);
    if new.is_empty() && there.len() <= 1 {
        return Ok(Packed { chunks: Vec::new(), removed: Vec::new(), new });
    }
    let mut chunks = Vec::new();
    let mut left = all.as_slice();
    while let Some(first) = left.first() {
        let (count, bytes) = match place {
            Place::Last => fill(left, left.len(), each)?,
            Place::Between => fill(left, share(left.len(), each), each)?,
        };
        let packed = left.get(..count).unwrap_or_default();
        // The journal lets go of them for this: they must read back.
        let mut again = Vec::with_capacity(count);
        Chunk::parse(first.ordinal, &bytes)?.range((i64::MIN, i64::MAX), (0, u64::MAX), &mut again)?;
        if again != packed {
            return Err(Damage::Packing("they do not read back as they were".to_owned()));
        }
        each = bytes_of_each(&bytes, count).unwrap_or(each);
        chunks.push((first.ordinal, bytes));
        left = left.get(count..).unwrap_or_default();
    }
    let is_gone = |key: &u64| !chunks.iter().any(|(first, _)| first == key);
    let removed = there.iter().map(|(key, _)| *key).filter(is_gone).collect();
    Ok(Packed { chunks, removed, new })
}

/// In hundredths. Of a few cycles most bytes are the head's: they tell nothing of the next ones.
fn bytes_of_each(bytes: &[u8], cycles: usize) -> Option<usize> {
    (cycles >= 2_000).then(|| bytes.len() * 100 / cycles)
}

/// Adds those cycles to `all` that are not there, and says which.
fn merge(all: &mut Vec<Cycle>, cycles: &[Cycle]) -> Vec<Cycle> {
    let behind = |last: &Cycle| cycles.first().is_some_and(|first| first.ordinal > last.ordinal);
    if all.last().is_none_or(behind) {
        all.extend_from_slice(cycles);
        return cycles.to_vec();
    }
    let is_new = |cycle: &&Cycle| all.binary_search_by_key(&cycle.ordinal, |there| there.ordinal).is_err();
    let new: Vec<Cycle> = cycles.iter().filter(is_new).copied().collect();
    all.extend_from_slice(&new);
    all.sort_by_key(|cycle| cycle.ordinal);
    new
}

/// How many of `count` cycles go to the next chunk when all chunks get the same.
fn share(count: usize, each: usize) -> usize {
    let by_bytes = (count * each / 100).div_ceil(AIM);
    count.div_ceil(by_bytes.max(count.div_ceil(MOST)).max(1))
}

/// Packs as many of the first `wanted` cycles as fit, at least one, and says how many.
fn fill(cycles: &[Cycle], wanted: usize, each: usize) -> Result<(usize, Vec<u8>), Damage> {
    let most = wanted.clamp(1, MOST).min(cycles.len());
    let (mut kept, mut too_many) = ((0, Vec::new()), most + 1);
    let mut guess = (AIM * 100 / each.max(1)).clamp(1, most);
    for tried in 1.. {
        let bytes = encode(cycles.get(..guess).unwrap_or(cycles))?;
        let length = bytes.len();
        if length <= BUDGET {
            kept = (guess, bytes);
        } else {
            too_many = guess;
        }
        let (fits, is_found) = (kept.0, kept.0 > 0);
        let is_good = is_found && (fits == most || kept.1.len() >= FULL || tried >= TRIES);
        if is_good || too_many <= fits + 1 {
            break;
        }
        // One cycle alone always fits, so halving ends.
        let next = if tried < TRIES { guess * AIM / length } else { guess / 2 };
        guess = next.clamp(fits + 1, too_many - 1);
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::super::chunk::Summary;
    use super::super::chunk::samples::{Dice, in_order, lived, odd, regular};
    use super::*;

    /// A mold's chunks, written as the store writes them.
    #[derive(Default)]
    struct History {
        chunks: BTreeMap<u64, Vec<u8>>,
    }

    impl History {
        /// Adds cycles and answers those that were new.
        fn add(&mut self, cycles: Vec<Cycle>) -> Vec<Cycle> {
            let cycles = in_order(cycles);
            let (mut left, mut new) = (cycles.as_slice(), Vec::new());
            while let Some(first) = left.first() {
                let there =
                    self.chunks.range(..=first.ordinal).next_back().or_else(|| self.chunks.first_key_value());
                let there = there.map(|(key, bytes)| (*key, bytes.clone()));
                let above = there.as_ref().and_then(|(key, _)| key.checked_add(1));
                let next = above.and_then(|above| self.chunks.range(above..).next());
                let fitting =
                    next.map_or(left.len(), |(next, _)| left.partition_point(|cycle| cycle.ordinal < *next));
                let place = if next.is_some() { Place::Between } else { Place::Last };
                let there: Vec<_> = there.iter().map(|(key, bytes)| (*key, bytes.as_slice())).collect();
                let packed = pack(&there, &left[..fitting], place).unwrap();
                for key in packed.removed {
                    self.chunks.remove(&key).unwrap();
                }
                self.chunks.extend(packed.chunks);
                new.extend(packed.new);
                left = &left[fitting..];
            }
            new
        }

        fn cycles(&self) -> Vec<Cycle> {
            let mut cycles: Vec<Cycle> = Vec::new();
            for (key, bytes) in &self.chunks {
                assert!(bytes.len() <= BUDGET);
                let chunk = Chunk::parse(*key, bytes).unwrap();
                let of_chunk = chunk.cycles().unwrap();
                assert_eq!(of_chunk[0].ordinal, *key);
                assert_eq!(chunk.summary(), &Summary::of(&of_chunk));
                assert!(cycles.last().is_none_or(|last| last.ordinal < *key));
                cycles.extend(of_chunk);
            }
            cycles
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn in_whatever_order_and_grouping_cycles_come_each_is_there_once(
            cycles in prop_oneof![odd(), lived()],
            seed: u64,
        ) {
            let mut dice = Dice::new(seed);
            let mut groups: Vec<Vec<Cycle>> = vec![Vec::new(); 1 + (dice.next() % 8) as usize];
            let run = 1 + dice.next() % 200;
            let (mut group, mut length) = (0, groups.len() as u64);
            for cycle in &cycles {
                if dice.next().is_multiple_of(run) {
                    group = (dice.next() % length) as usize;
                }
                groups[group].push(*cycle);
            }
            // What came once comes again, with another story: the first one stands.
            let mut again = groups[0].clone();
            again.iter_mut().for_each(|cycle| cycle.flags.late = !cycle.flags.late);
            groups.push(again);
            length = 0;
            let mut history = History::default();
            for group in groups {
                length += history.add(group).len() as u64;
            }
            prop_assert_eq!(length, cycles.len() as u64);
            prop_assert_eq!(history.cycles(), cycles);
        }
    }

    #[test]
    fn chunks_but_the_last_are_full_of_what_a_plant_makes() {
        for mold in 0..6 {
            let cycles = regular(mold, 33_000);
            let mut history = History::default();
            for part in cycles.chunks(if mold % 2 == 0 { 700 } else { 33_000 }) {
                history.add(part.to_vec());
            }
            assert_eq!(history.cycles(), cycles);
            let lengths: Vec<usize> = history.chunks.values().map(Vec::len).collect();
            let (_, full) = lengths.split_last().unwrap();
            assert!(full.len() >= 2);
            assert!(full.iter().all(|length| *length >= BUDGET * 98 / 100), "{lengths:?}");
        }
    }

    #[test]
    fn late_cycles_into_full_chunks_leave_no_tiny_ones() {
        let cycles = regular(3, 33_000);
        let (late, early): (Vec<Cycle>, Vec<Cycle>) =
            cycles.iter().partition(|cycle| cycle.ordinal % 500 == 0 && cycle.ordinal < 23_000);
        let mut history = History::default();
        history.add(early);
        for cycle in late {
            assert_eq!(history.add(vec![cycle]), [cycle]);
        }
        assert_eq!(history.cycles(), cycles);
        assert!(history.chunks.len() <= 7, "{} chunks", history.chunks.len());
        assert!(history.chunks.values().all(|bytes| bytes.len() > BUDGET / 4));
    }

    #[test]
    fn what_is_there_already_writes_nothing() {
        let cycles = regular(1, 100);
        let bytes = encode(&cycles).unwrap();
        let there = [(cycles[0].ordinal, bytes.as_slice())];
        let packed = pack(&there, &cycles[20..60], Place::Last).unwrap();
        assert_eq!(packed, Packed { chunks: Vec::new(), removed: Vec::new(), new: Vec::new() });
    }

    #[test]
    fn small_neighbours_become_one() {
        let cycles = regular(1, 900);
        let parts = [&cycles[..300], &cycles[300..500], &cycles[500..800]].map(|part| encode(part).unwrap());
        let at = |from: usize, part: usize| (cycles[from].ordinal, parts[part].as_slice());
        let packed = pack(&[at(0, 0), at(300, 1), at(500, 2)], &cycles[800..], Place::Last).unwrap();
        assert_eq!(packed.removed, [cycles[300].ordinal, cycles[500].ordinal]);
        assert_eq!(packed.chunks.len(), 1);
        let (key, bytes) = &packed.chunks[0];
        assert_eq!(Chunk::parse(*key, bytes).unwrap().cycles().unwrap(), cycles);
        assert!(pack(&[at(300, 1), at(0, 0)], &[], Place::Last).is_err());
    }

    #[test]
    fn a_lower_ordinal_moves_the_key_and_the_old_one_is_removed() {
        let cycles = regular(1, 100);
        let bytes = encode(&cycles[10..]).unwrap();
        let there = [(cycles[10].ordinal, bytes.as_slice())];
        let packed = pack(&there, &cycles[..10], Place::Last).unwrap();
        assert_eq!(packed.removed, [cycles[10].ordinal]);
        assert_eq!(packed.new, cycles[..10]);
        assert_eq!(packed.chunks.len(), 1);
        assert_eq!(packed.chunks[0].0, cycles[0].ordinal);
    }

    #[test]
    fn a_damaged_chunk_takes_nothing_in() {
        let cycles = regular(1, 100);
        let mut bytes = encode(&cycles[..50]).unwrap();
        bytes[40] ^= 1;
        assert!(pack(&[(cycles[0].ordinal, &bytes)], &cycles[50..], Place::Last).is_err());
        assert!(pack(&[], &[cycles[1], cycles[0]], Place::Last).is_err());
    }
}
