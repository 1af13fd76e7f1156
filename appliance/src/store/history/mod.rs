//! Cycles of years, small and quick to read: chunks of columns in the database, what is newer beside them in memory,
//! and sums of every day.
//!
//! The interface is narrow on purpose: add cycles, stream a range, read daily sums. How cycles lie on disk is known
//! to this directory alone.

mod block;
mod chunk;
pub(super) mod days;
#[cfg(any(test, fuzzing))]
pub(super) mod fuzzing;
mod pack;
mod piece;
mod recent;
mod retire;
mod rollup;
#[cfg(test)]
mod tests;
mod thin;
mod varint;

use std::ops::ControlFlow;

use domain::{Cycle, MoldId, Timestamp};
use redb::ReadableTable;

pub use chunk::Summary;
pub(super) use recent::{Frozen, Now, OfMold, Unpacked};
pub(super) use retire::{Gone, Retiring, retiring};
pub use rollup::{DailyRollup, LONGEST_VALID_MS};
pub use thin::{Bucket, MOST_BUCKETS, Thinning};

use self::pack::{Packed, Place, pack};
use self::piece::Piece;
use self::thin::Thinner;
use super::error::{Damage, Fault, Undecodable};
use super::tables::Bytes;

type Key = (u32, u64);

/// Any end of a cycle, ms.
const ALWAYS: (i64, i64) = (i64::MIN, i64::MAX);

/// What is known of a history all of which is packed: the last cycle of every mold. Of a mold whose last chunk is
/// damaged nothing is known but that it has a history; who writes to it meets the damage, and nobody else does.
pub(super) fn packed(
    chunks: &impl ReadableTable<Key, Bytes>,
    retired: &impl ReadableTable<u32, Bytes>,
) -> Result<Now, Fault> {
    let mut now = Now::default();
    for item in retired.iter()? {
        now.packed(MoldId(item?.0.value()), None);
    }
    for mold in molds(chunks)? {
        if let Some(item) = chunks.range((mold, 0)..=(mold, u64::MAX))?.next_back() {
            let (key, value) = item?;
            let last = Piece::parse(key.value().1, value.value()).and_then(|piece| piece.last());
            now.packed(MoldId(mold), last.unwrap_or(None));
        }
    }
    Ok(now)
}

/// Molds with packed history.
pub(super) fn molds(chunks: &impl ReadableTable<Key, Bytes>) -> Result<Vec<u32>, Fault> {
    let mut molds = Vec::new();
    let mut next = Some(0);
    while let Some(from) = next {
        let Some(item) = chunks.range((from, 0)..)?.next() else { break };
        let (mold, _) = item?.0.value();
        molds.push(mold);
        next = mold.checked_add(1);
    }
    Ok(molds)
}

/// Whether a value is whole.
pub(super) fn prove(first: u64, bytes: &[u8]) -> Result<(), Damage> {
    audit_piece(first, bytes, &mut None, &mut |_| {})
}

/// Keeps those cycles of a mold, in order of their ordinals, that are not in its history yet and whose place was not
/// retired. Tells how many have a place that was; `gone` says what was retired.
pub(super) fn keep_new<T: ReadableTable<Key, Bytes>>(
    chunks: impl FnOnce() -> Result<T, Fault>,
    now: Option<&OfMold>,
    mold: MoldId,
    cycles: &mut Vec<Cycle>,
    gone: impl FnOnce() -> Result<Option<Gone>, Fault>,
) -> Result<u64, Fault> {
    let (Some(now), Some(first)) = (now, cycles.first()) else { return Ok(0) };
    if now.last().is_some_and(|last| last.ordinal < first.ordinal) {
        return Ok(0);
    }
    let offered = cycles.len();
    if let Some(gone) = gone()? {
        cycles.retain(|cycle| cycle.ordinal > gone.last_ordinal);
    }
    let retired = (offered - cycles.len()) as u64;
    cycles.retain(|cycle| !now.has(cycle.ordinal));
    let (Some(first), Some(last)) = (cycles.first(), cycles.last()) else { return Ok(retired) };
    let chunks = chunks()?;
    let begin = chunk_before(&chunks, mold, first.ordinal)?.map_or(first.ordinal, |(key, _)| key);
    let mut there = Vec::new();
    for item in chunks.range((mold.0, begin)..=(mold.0, last.ordinal))? {
        let (key, value) = item?;
        let from = cycles.partition_point(|cycle| cycle.ordinal < key.value().1);
        let Some(lowest) = cycles.get(from).map(|cycle| cycle.ordinal) else { break };
        let piece = parse(key.value(), value.value())?;
        if lowest <= piece.last_ordinal() {
            let range = piece.range(ALWAYS, (lowest, last.ordinal), &mut there);
            range.map_err(|why| undecodable(key.value(), why))?;
        }
    }
    let is_new = |cycle: &Cycle| there.binary_search_by_key(&cycle.ordinal, |there| there.ordinal).is_err();
    cycles.retain(is_new);
    Ok(retired)
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

fn chunk_after(
    chunks: &impl ReadableTable<Key, Bytes>,
    mold: MoldId,
    ordinal: u64,
) -> Result<Option<(u64, Vec<u8>)>, Fault> {
    let Some(above) = ordinal.checked_add(1) else { return Ok(None) };
    match chunks.range((mold.0, above)..=(mold.0, u64::MAX))?.next() {
        Some(item) => {
            let (key, value) = item?;
            Ok(Some((key.value().1, value.value().to_vec())))
        }
        None => Ok(None),
    }
}

/// A chunk of fewer bytes is small: it fills one page of the database and is cheap to write anew.
const SMALL: usize = 4_000;

/// How the end of a mold's history is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// The last large chunk is left alone until a small one behind it has outgrown its page.
    Loose,
    /// One chunk, so that nothing is wasted.
    Tight,
}

/// Packs cycles of a mold that are in order and not in any chunk yet. Gives the chunks to write by their first
/// ordinals, and those to remove.
pub(super) fn pack_into(
    chunks: &impl ReadableTable<Key, Bytes>,
    mold: MoldId,
    cycles: &[Cycle],
    end: End,
    write: &mut impl FnMut(u64, Option<Vec<u8>>),
) -> Result<(), Fault> {
    let mut left = cycles;
    while let Some(first) = left.first() {
        // What comes before all chunks goes to the first of them, and its key becomes a lower one.
        let there = match chunk_before(chunks, mold, first.ordinal)? {
            Some(there) => Some(there),
            None => chunk_after(chunks, mold, first.ordinal)?,
        };
        let next = match &there {
            Some((key, _)) => chunk_after(chunks, mold, *key)?.map(|(key, _)| key),
            None => None,
        };
        let fitting = next.map_or(left.len(), |next| left.partition_point(|cycle| cycle.ordinal < next));
        // `first` lies below `next`, so at least one cycle is taken in every round.
        let (part, rest) = left.split_at(fitting.max(1));
        let place = if next.is_some() { Place::Between } else { Place::Last };
        let packed = match &there {
            Some((key, bytes)) if next.is_none() => at_the_end(chunks, mold, (*key, bytes), part, end)?,
            Some((key, bytes)) => {
                Piece::pack(*key, bytes, part, place).map_err(|why| undecodable((mold.0, *key), why))?
            }
            None => pack(&[], part, place).map_err(|why| undecodable((mold.0, first.ordinal), why))?,
        };
        packed.removed.into_iter().for_each(|key| write(key, None));
        packed.chunks.into_iter().for_each(|(key, bytes)| write(key, Some(bytes)));
        left = rest;
    }
    Ok(())
}

/// Joins a small last chunk to the one before it, if there is room.
pub(super) fn tighten(
    chunks: &impl ReadableTable<Key, Bytes>,
    mold: MoldId,
    write: &mut impl FnMut(u64, Option<Vec<u8>>),
) -> Result<(), Fault> {
    let Some((key, bytes)) = chunk_before(chunks, mold, u64::MAX)? else { return Ok(()) };
    if bytes.len() < SMALL
        && is_chunk(&bytes)
        && let Some((before, roomy)) = roomy_before(chunks, mold, key)?
    {
        let packed = pack(&[(before, &roomy), (key, &bytes)], &[], Place::Last);
        let packed = packed.map_err(|why| undecodable((mold.0, before), why))?;
        packed.removed.into_iter().for_each(|key| write(key, None));
        packed.chunks.into_iter().for_each(|(key, bytes)| write(key, Some(bytes)));
    }
    Ok(())
}

/// Packs cycles into the last chunk, or behind it.
fn at_the_end(
    chunks: &impl ReadableTable<Key, Bytes>,
    mold: MoldId,
    (key, bytes): (u64, &[u8]),
    part: &[Cycle],
    end: End,
) -> Result<Packed, Fault> {
    let wrong = |why| undecodable((mold.0, key), why);
    // About what they will take: two bytes a cycle, rounded up.
    let grown = bytes.len().saturating_add(part.len().saturating_mul(2));
    if !is_chunk(bytes) {
        return Piece::pack(key, bytes, part, Place::Last).map_err(wrong);
    }
    if bytes.len() < SMALL {
        if (end == End::Tight || grown > SMALL)
            && let Some((before, roomy)) = roomy_before(chunks, mold, key)?
        {
            return pack(&[(before, &roomy), (key, bytes)], part, Place::Last).map_err(wrong);
        }
    } else if bytes.len() >= pack::FULL || (end == End::Loose && part.len().saturating_mul(2) < SMALL) {
        let last = Piece::parse(key, bytes).map_err(wrong)?.last_ordinal();
        if part.first().is_some_and(|first| first.ordinal > last) {
            return pack(&[], part, Place::Last).map_err(wrong);
        }
    }
    Piece::pack(key, bytes, part, Place::Last).map_err(wrong)
}

/// A block of earlier days joins no other: it becomes a chunk first, when something is added to it.
fn is_chunk(bytes: &[u8]) -> bool {
    bytes.first() == Some(&chunk::VERSION)
}

/// The chunk before that one, if it is large and not full.
fn roomy_before(
    chunks: &impl ReadableTable<Key, Bytes>,
    mold: MoldId,
    key: u64,
) -> Result<Option<(u64, Vec<u8>)>, Fault> {
    let Some(below) = key.checked_sub(1) else { return Ok(None) };
    let before = chunk_before(chunks, mold, below)?;
    Ok(before.filter(|(_, bytes)| bytes.len() < pack::FULL && is_chunk(bytes)))
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
    let mut cycles = Vec::new();
    // The chunk that holds `lowest` may begin below it.
    let begin = chunk_before(chunks, mold, lowest)?.map_or(lowest, |(key, _)| key);
    for item in chunks.range((mold.0, begin)..=(mold.0, highest))? {
        let (key, value) = item?;
        let key = key.value();
        let piece = parse(key, value.value())?;
        let (earliest, latest) = piece.span();
        if latest < from.as_millis() || earliest >= to.as_millis() || piece.last_ordinal() < lowest {
            continue;
        }
        let ended = (from.as_millis(), to.as_millis().saturating_sub(1));
        cycles.clear();
        piece.range(ended, ordinals, &mut cycles).map_err(|why| undecodable(key, why))?;
        for cycle in &cycles {
            while let Some(earlier) = waiting.next_if(|waiting| waiting.ordinal < cycle.ordinal) {
                if each(earlier).is_break() {
                    return Ok(());
                }
            }
            if each(*cycle).is_break() {
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

/// Sums of equal parts of a stretch of time; the ordinals are those of the cycles that ended in it, or more.
pub(super) fn trend(
    chunks: &impl ReadableTable<Key, Bytes>,
    now: &Now,
    mold: MoldId,
    (lowest, highest): (u64, u64),
    (from, to): (Timestamp, Timestamp),
    how: Thinning,
) -> Result<Vec<Bucket>, Fault> {
    let mut thinner = Thinner::new((from.as_millis(), to.as_millis()), how);
    if lowest <= highest {
        let begin = chunk_before(chunks, mold, lowest)?.map_or(lowest, |(key, _)| key);
        for item in chunks.range((mold.0, begin)..=(mold.0, highest))? {
            let (key, value) = item?;
            let key = key.value();
            let added = match parse(key, value.value())? {
                Piece::Chunk(chunk) => thinner.add_chunk(&chunk),
                Piece::Block(block) => block.cycles().try_for_each(|cycle| {
                    thinner.add(&cycle?);
                    Ok(())
                }),
            };
            added.map_err(|why| undecodable(key, why))?;
        }
    }
    let waiting = now.mold(mold).map(|of| of.cycles((lowest, highest))).unwrap_or_default();
    waiting.iter().for_each(|cycle| thinner.add(cycle));
    Ok(thinner.finish())
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
        if let Err(why) = audit_piece(key.1, value.value(), &mut last_ordinal, each) {
            wrong(undecodable_inner(key, why));
        }
    }
    Ok(())
}

fn parse(key: Key, bytes: &[u8]) -> Result<Piece<'_>, Fault> {
    Piece::parse(key.1, bytes).map_err(|why| undecodable(key, why))
}

fn audit_piece(
    first: u64,
    bytes: &[u8],
    last_ordinal: &mut Option<u64>,
    each: &mut impl FnMut(Cycle),
) -> Result<(), Damage> {
    let wrong = |what: &str| Damage::Bytes(what.to_owned());
    let piece = Piece::parse(first, bytes)?;
    let mut cycles = Vec::new();
    piece.range(ALWAYS, (0, u64::MAX), &mut cycles)?;
    if cycles.first().is_none_or(|cycle| cycle.ordinal != first) {
        return Err(wrong("its first ordinal is not the one in its key"));
    }
    let above = last_ordinal.is_none_or(|last| first > last);
    if !above || !cycles.is_sorted_by(|a, b| a.ordinal < b.ordinal) {
        return Err(wrong("its ordinals do not rise"));
    }
    if !piece.says(&cycles) {
        return Err(wrong("its head does not say what its cycles say"));
    }
    *last_ordinal = cycles.last().map(|cycle| cycle.ordinal);
    cycles.into_iter().for_each(each);
    Ok(())
}

fn undecodable(key: Key, why: Damage) -> Fault {
    Fault::Undecodable(undecodable_inner(key, why))
}

fn undecodable_inner(key: Key, why: Damage) -> Undecodable {
    Undecodable { table: "history", key: format!("{key:?}"), why }
}
