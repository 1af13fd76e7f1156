//! Cycles of years, small and quick to read: blocks of about a thousand, and sums of every day.
//!
//! The interface is narrow on purpose: add cycles, stream a range, read daily sums. How cycles lie on disk is known
//! to this directory alone.

mod block;
mod rollup;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use domain::{Cycle, MoldId, Timestamp};
use redb::{ReadableTable, Table};

pub use rollup::{DailyRollup, LONGEST_VALID_MS};

use self::block::{Block, Writer};
use super::error::{Damage, Fault, Undecodable};
use super::row;
use super::tables::{Bytes, DAILY, HISTORY};

type Key = (u32, u64);

/// What a commit added to one mold's history.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Added {
    /// New cycles; those that were there already are not counted.
    pub(super) cycles: u64,
    /// First and last day they ended on.
    pub(super) days: Option<(i64, i64)>,
}

/// Adds cycles within one transaction and keeps the daily sums until [`Recorder::finish`].
pub(super) struct Recorder<'t> {
    history: Table<'t, Key, Bytes>,
    daily: Table<'t, (i64, u32), Bytes>,
    sums: BTreeMap<(i64, u32), DailyRollup>,
}

impl<'t> Recorder<'t> {
    pub(super) fn new(txn: &'t redb::WriteTransaction) -> Result<Self, Fault> {
        Ok(Recorder {
            history: txn.open_table(HISTORY)?,
            daily: txn.open_table(DAILY)?,
            sums: BTreeMap::new(),
        })
    }

    /// Adds cycles of one mold. An ordinal that is there already is left as it is.
    pub(super) fn add(&mut self, mold: MoldId, cycles: &[Cycle]) -> Result<Added, Fault> {
        let sorted;
        let mut left = cycles;
        if !cycles.is_sorted_by(|a, b| a.ordinal < b.ordinal) {
            let mut copy = cycles.to_vec();
            copy.sort_by_key(|cycle| cycle.ordinal);
            copy.dedup_by_key(|cycle| cycle.ordinal);
            sorted = copy;
            left = &sorted;
        }
        let mut added = Added::default();
        while let Some(first) = left.first() {
            let before = self.block_before(mold, first.ordinal)?;
            let after = self.block_after(mold, first.ordinal)?;
            let fitting = after.map_or(left.len(), |next| left.partition_point(|cycle| cycle.ordinal < next));
            // `first` lies below `next`, so at least one cycle is taken in every round.
            let (part, rest) = left.split_at(fitting.max(1));
            self.put(mold, before, part, &mut added)?;
            left = rest;
        }
        Ok(added)
    }

    fn block_before(&self, mold: MoldId, ordinal: u64) -> Result<Option<(u64, Vec<u8>)>, Fault> {
        match self.history.range((mold.0, 0)..=(mold.0, ordinal))?.next_back() {
            Some(item) => {
                let (key, value) = item?;
                Ok(Some((key.value().1, value.value().to_vec())))
            }
            None => Ok(None),
        }
    }

    fn block_after(&self, mold: MoldId, ordinal: u64) -> Result<Option<u64>, Fault> {
        let Some(above) = ordinal.checked_add(1) else { return Ok(None) };
        match self.history.range((mold.0, above)..=(mold.0, u64::MAX))?.next() {
            Some(item) => Ok(Some(item?.0.value().1)),
            None => Ok(None),
        }
    }

    /// Writes cycles that all lie at or above the block `before` and below the one after it.
    fn put(
        &mut self,
        mold: MoldId,
        before: Option<(u64, Vec<u8>)>,
        cycles: &[Cycle],
        added: &mut Added,
    ) -> Result<(), Fault> {
        let Some(first) = cycles.first() else { return Ok(()) };
        let Some((key, bytes)) = before else {
            self.count(mold, cycles, added);
            return self.write(mold, None, cycles);
        };
        let block = Block::parse(key, &bytes).map_err(|why| undecodable((mold.0, key), why))?;
        if first.ordinal > block.last_ordinal() {
            self.count(mold, cycles, added);
            return self.write(mold, Some(Writer::resume(key, &block)), cycles);
        }
        let there: Vec<Cycle> =
            block.cycles().collect::<Result<_, _>>().map_err(|why| undecodable((mold.0, key), why))?;
        let new: Vec<Cycle> = cycles
            .iter()
            .filter(|cycle| there.binary_search_by_key(&cycle.ordinal, |other| other.ordinal).is_err())
            .copied()
            .collect();
        if new.is_empty() {
            return Ok(());
        }
        self.count(mold, &new, added);
        let mut merged = there;
        merged.extend_from_slice(&new);
        merged.sort_by_key(|cycle| cycle.ordinal);
        // The lowest ordinal is the block's own, so the block is written over in place and nothing is left behind.
        self.write(mold, None, &merged)
    }

    fn write(&mut self, mold: MoldId, mut open: Option<Writer>, cycles: &[Cycle]) -> Result<(), Fault> {
        for cycle in cycles {
            if open.as_mut().is_some_and(|writer| writer.push(cycle)) {
                continue;
            }
            if let Some(full) = open.replace(Writer::begin(cycle)) {
                let (first, bytes) = full.finish();
                self.history.insert((mold.0, first), bytes.as_slice())?;
            }
        }
        if let Some(writer) = open {
            let (first, bytes) = writer.finish();
            self.history.insert((mold.0, first), bytes.as_slice())?;
        }
        Ok(())
    }

    fn count(&mut self, mold: MoldId, cycles: &[Cycle], added: &mut Added) {
        for of_a_day in cycles.chunk_by(|a, b| a.ended.utc_day() == b.ended.utc_day()) {
            let Some(day) = of_a_day.first().map(|cycle| cycle.ended.utc_day()) else { continue };
            let sum = self.sums.entry((day, mold.0)).or_insert_with(|| DailyRollup::empty(day));
            of_a_day.iter().for_each(|cycle| sum.add(cycle));
            let (from, to) = added.days.unwrap_or((day, day));
            added.days = Some((from.min(day), to.max(day)));
        }
        added.cycles = added.cycles.saturating_add(cycles.len() as u64);
    }

    /// Writes the daily sums.
    pub(super) fn finish(mut self) -> Result<(), Fault> {
        for (key, mut sum) in std::mem::take(&mut self.sums) {
            if let Some(there) = super::tables::one::<_, DailyRollup>(&self.daily, "daily", key)? {
                sum.merge(&there);
            }
            self.daily.insert(key, row::encode(&sum)?.as_slice())?;
        }
        Ok(())
    }
}

/// Gives every cycle of a mold whose ordinal lies between the two and that ended at `from` or later and before `to`,
/// in order of the ordinals, until told to stop.
pub(super) fn stream(
    history: &impl ReadableTable<Key, Bytes>,
    mold: MoldId,
    ordinals: (u64, u64),
    (from, to): (Timestamp, Timestamp),
    each: &mut impl FnMut(Cycle) -> ControlFlow<()>,
) -> Result<(), Fault> {
    let (lowest, highest) = ordinals;
    if lowest > highest || from >= to {
        return Ok(());
    }
    // The block that holds `lowest` may begin below it.
    let begin = match history.range((mold.0, 0)..=(mold.0, lowest))?.next_back() {
        Some(item) => item?.0.value().1,
        None => lowest,
    };
    for item in history.range((mold.0, begin)..=(mold.0, highest))? {
        let (key, value) = item?;
        let key = key.value();
        let block = Block::parse(key.1, value.value()).map_err(|why| undecodable(key, why))?;
        let (earliest, latest) = block.span();
        if latest < from.as_millis() || earliest >= to.as_millis() || block.last_ordinal() < lowest {
            continue;
        }
        for cycle in block.cycles() {
            let cycle = cycle.map_err(|why| undecodable(key, why))?;
            if cycle.ordinal > highest {
                break;
            }
            let wanted = cycle.ordinal >= lowest && cycle.ended >= from && cycle.ended < to;
            if wanted && each(cycle).is_break() {
                return Ok(());
            }
        }
    }
    Ok(())
}

/// Checks the blocks of a mold against each other and gives every cycle; what is wrong goes to `wrong`.
pub(super) fn audit(
    history: &impl ReadableTable<Key, Bytes>,
    mold: MoldId,
    each: &mut impl FnMut(Cycle),
    wrong: &mut impl FnMut(Undecodable),
) -> Result<(), Fault> {
    let mut last_ordinal = None;
    for item in history.range((mold.0, 0)..=(mold.0, u64::MAX))? {
        let (key, value) = item?;
        let key = key.value();
        if let Err(why) = audit_block(key.1, value.value(), &mut last_ordinal, each) {
            wrong(undecodable_inner(key, why));
        }
    }
    Ok(())
}

fn audit_block(
    first: u64,
    bytes: &[u8],
    last_ordinal: &mut Option<u64>,
    each: &mut impl FnMut(Cycle),
) -> Result<(), Damage> {
    let wrong = |what: &str| Damage::Bytes(what.to_owned());
    let block = Block::parse(first, bytes)?;
    let (mut earliest, mut latest, mut count) = (i64::MAX, i64::MIN, 0u32);
    let mut previous = *last_ordinal;
    for cycle in block.cycles() {
        let cycle = cycle?;
        if count == 0 && cycle.ordinal != first {
            return Err(wrong("its first ordinal is not the one in its key"));
        }
        if previous.is_some_and(|previous| cycle.ordinal <= previous) {
            return Err(wrong("its ordinals do not rise"));
        }
        previous = Some(cycle.ordinal);
        earliest = earliest.min(cycle.ended.as_millis());
        latest = latest.max(cycle.ended.as_millis());
        count = count.saturating_add(1);
        each(cycle);
    }
    if count != block.count() || previous != Some(block.last_ordinal()) || (earliest, latest) != block.span()
    {
        return Err(wrong("its head does not say what its cycles say"));
    }
    *last_ordinal = previous;
    Ok(())
}

fn undecodable(key: Key, why: Damage) -> Fault {
    Fault::Undecodable(undecodable_inner(key, why))
}

fn undecodable_inner(key: Key, why: Damage) -> Undecodable {
    Undecodable { table: "history", key: format!("{key:?}"), why }
}
