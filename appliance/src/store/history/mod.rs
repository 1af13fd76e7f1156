//! Cycles of years, small and quick to read: chunks of columns in the database, what is newer beside them in memory,
//! and sums of every day.
//!
//! The interface is narrow on purpose: add cycles, stream a range, read daily sums. How cycles lie on disk is known
//! to this directory alone.

mod block;
mod recent;
mod rollup;
#[cfg(test)]
mod tests;

use std::ops::ControlFlow;

use domain::{Cycle, MoldId, Timestamp};
use redb::ReadableTable;

pub(super) use recent::{Now, OfMold, Recent, Unpacked};
pub use rollup::{DailyRollup, LONGEST_VALID_MS};

use self::block::{Block, Writer};
use super::error::{Damage, Fault, Undecodable};
use super::tables::Bytes;

type Key = (u32, u64);

/// What is known of a history all of which is packed: the last cycle of every mold. Of a mold whose last chunk is
/// damaged nothing is known but that it has a history; who writes to it meets the damage, and nobody else does.
pub(super) fn packed(chunks: &impl ReadableTable<Key, Bytes>) -> Result<Now, Fault> {
    let mut now = Now::default();
    let mut next = Some(0);
    while let Some(from) = next {
        let Some(item) = chunks.range((from, 0)..)?.next() else { break };
        let (mold, _) = item?.0.value();
        if let Some(item) = chunks.range((mold, 0)..=(mold, u64::MAX))?.next_back() {
            let (key, value) = item?;
            let block = Block::parse(key.value().1, value.value());
            let last = block.and_then(|block| block.cycles().last().transpose());
            now.packed(MoldId(mold), last.unwrap_or(None));
        }
        next = mold.checked_add(1);
    }
    Ok(now)
}

/// Keeps those cycles of a mold, in order of their ordinals, that are not in its history yet.
pub(super) fn keep_new(
    chunks: &impl ReadableTable<Key, Bytes>,
    now: Option<&OfMold>,
    mold: MoldId,
    cycles: &mut Vec<Cycle>,
) -> Result<(), Fault> {
    let (Some(now), Some(first)) = (now, cycles.first()) else { return Ok(()) };
    if now.last().is_some_and(|last| last.ordinal < first.ordinal) {
        return Ok(());
    }
    cycles.retain(|cycle| !now.has(cycle.ordinal));
    let mut there: Vec<u64> = Vec::new();
    let (Some(first), Some(last)) = (cycles.first(), cycles.last()) else { return Ok(()) };
    let begin = chunk_before(chunks, mold, first.ordinal)?.map_or(first.ordinal, |(key, _)| key);
    for item in chunks.range((mold.0, begin)..=(mold.0, last.ordinal))? {
        let (key, value) = item?;
        let block = parse(key.value(), value.value())?;
        let from = cycles.partition_point(|cycle| cycle.ordinal < key.value().1);
        if cycles.get(from).is_some_and(|cycle| cycle.ordinal <= block.last_ordinal()) {
            for cycle in block.cycles() {
                there.push(cycle.map_err(|why| undecodable(key.value(), why))?.ordinal);
            }
        }
    }
    cycles.retain(|cycle| there.binary_search(&cycle.ordinal).is_err());
    Ok(())
}

fn chunk_before(
    chunks: &impl ReadableTable<Key, Bytes>,
    mold: MoldId,
    ordinal: u64,
) -> Result<Option<(u64, Vec<u8>)>, Fault> {
    match chunks.range((mold.0, 0)..=(mold.0, ordinal))?.next_back() {
        Some(item) => {
            let (key, value) = item?;
            Ok(Some((key.value().1, value.value().to_vec())))
        }
        None => Ok(None),
    }
}

fn key_after(
    chunks: &impl ReadableTable<Key, Bytes>,
    mold: MoldId,
    ordinal: u64,
) -> Result<Option<u64>, Fault> {
    let Some(above) = ordinal.checked_add(1) else { return Ok(None) };
    match chunks.range((mold.0, above)..=(mold.0, u64::MAX))?.next() {
        Some(item) => Ok(Some(item?.0.value().1)),
        None => Ok(None),
    }
}

/// Packs cycles of a mold that are in order and not in any chunk yet: gives the chunks to write, by their first
/// ordinals.
pub(super) fn pack_into(
    chunks: &impl ReadableTable<Key, Bytes>,
    mold: MoldId,
    cycles: &[Cycle],
    write: &mut impl FnMut(u64, Vec<u8>),
) -> Result<(), Fault> {
    let mut left = cycles;
    while let Some(first) = left.first() {
        let before = chunk_before(chunks, mold, first.ordinal)?;
        let after = key_after(chunks, mold, first.ordinal)?;
        let fitting = after.map_or(left.len(), |next| left.partition_point(|cycle| cycle.ordinal < next));
        // `first` lies below `next`, so at least one cycle is taken in every round.
        let (part, rest) = left.split_at(fitting.max(1));
        put(mold, before, part, write)?;
        left = rest;
    }
    Ok(())
}

/// Packs cycles that all lie at or above the chunk `before` and below the one after it.
fn put(
    mold: MoldId,
    before: Option<(u64, Vec<u8>)>,
    cycles: &[Cycle],
    write: &mut impl FnMut(u64, Vec<u8>),
) -> Result<(), Fault> {
    let mut all = Vec::new();
    if let Some((key, bytes)) = &before {
        let block = parse((mold.0, *key), bytes)?;
        for cycle in block.cycles() {
            all.push(cycle.map_err(|why| undecodable((mold.0, *key), why))?);
        }
    }
    all.extend_from_slice(cycles);
    all.sort_by_key(|cycle| cycle.ordinal);
    let mut open: Option<Writer> = None;
    for cycle in &all {
        if open.as_mut().is_some_and(|writer| writer.push(cycle)) {
            continue;
        }
        if let Some(full) = open.replace(Writer::begin(cycle)) {
            let (first, bytes) = full.finish();
            write(first, bytes);
        }
    }
    if let Some(writer) = open {
        let (first, bytes) = writer.finish();
        write(first, bytes);
    }
    Ok(())
}

/// Gives every cycle of a mold whose ordinal lies between the two and that ended at `from` or later and before `to`,
/// in order of the ordinals, until told to stop.
pub(super) fn stream(
    chunks: &impl ReadableTable<Key, Bytes>,
    now: &Now,
    mold: MoldId,
    ordinals: (u64, u64),
    (from, to): (Timestamp, Timestamp),
    each: &mut impl FnMut(Cycle) -> ControlFlow<()>,
) -> Result<(), Fault> {
    let (lowest, highest) = ordinals;
    let Some(of) = now.mold(mold) else { return Ok(()) };
    if lowest > highest || from >= to {
        return Ok(());
    }
    let mut waiting = of.cycles(ordinals);
    waiting.retain(|cycle| cycle.ended >= from && cycle.ended < to);
    let mut waiting = waiting.into_iter().peekable();
    // The chunk that holds `lowest` may begin below it.
    let begin = chunk_before(chunks, mold, lowest)?.map_or(lowest, |(key, _)| key);
    for item in chunks.range((mold.0, begin)..=(mold.0, highest))? {
        let (key, value) = item?;
        let key = key.value();
        let block = parse(key, value.value())?;
        let (earliest, latest) = block.span();
        if latest < from.as_millis() || earliest >= to.as_millis() || block.last_ordinal() < lowest {
            continue;
        }
        for cycle in block.cycles() {
            let cycle = cycle.map_err(|why| undecodable(key, why))?;
            if cycle.ordinal > highest {
                break;
            }
            if cycle.ordinal < lowest || cycle.ended < from || cycle.ended >= to {
                continue;
            }
            while let Some(earlier) = waiting.next_if(|waiting| waiting.ordinal < cycle.ordinal) {
                if each(earlier).is_break() {
                    return Ok(());
                }
            }
            if each(cycle).is_break() {
                return Ok(());
            }
        }
    }
    for cycle in waiting {
        if each(cycle).is_break() {
            return Ok(());
        }
    }
    Ok(())
}

/// Checks the chunks of a mold against each other and gives every cycle in them; what is wrong goes to `wrong`.
pub(super) fn audit(
    chunks: &impl ReadableTable<Key, Bytes>,
    mold: MoldId,
    each: &mut impl FnMut(Cycle),
    wrong: &mut impl FnMut(Undecodable),
) -> Result<(), Fault> {
    let mut last_ordinal = None;
    for item in chunks.range((mold.0, 0)..=(mold.0, u64::MAX))? {
        let (key, value) = item?;
        let key = key.value();
        if let Err(why) = audit_block(key.1, value.value(), &mut last_ordinal, each) {
            wrong(undecodable_inner(key, why));
        }
    }
    Ok(())
}

fn parse(key: Key, bytes: &[u8]) -> Result<Block<'_>, Fault> {
    Block::parse(key.1, bytes).map_err(|why| undecodable(key, why))
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
