//! The sums of a repaired store, made to close again: heads and days from what is whole, and what is lost written down.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Cycle, EntryKind, LedgerEntry, Mold, MoldId, Timestamp};
use redb::{ReadTransaction, WriteTransaction};

use super::{Lost, RepairStore};
use crate::store::check::Finding;
use crate::store::error::Fault;
use crate::store::history::{self, DailyRollup, Gone, days};
use crate::store::ledger::{self, Head};
use crate::store::open::Store;
use crate::store::row;
use crate::store::tables::{self, DAYS, HEADS, HISTORY, LEDGER, LOST, MOLDS, RETIRED};

/// What history has of a mold.
#[derive(Default)]
struct There {
    cycles: u64,
    highest: u64,
    last_ended: Option<Timestamp>,
    days: BTreeMap<i64, DailyRollup>,
    /// Ordinals before, between and after chunks that nothing is known of.
    holes: Vec<(u64, u64)>,
}

impl There {
    fn add(&mut self, cycle: &Cycle) {
        if cycle.ordinal > self.highest.saturating_add(1) {
            self.holes.push((self.highest.saturating_add(1), cycle.ordinal - 1));
        }
        self.cycles = self.cycles.saturating_add(1);
        self.highest = cycle.ordinal;
        self.last_ended = Some(cycle.ended);
        let day = cycle.ended.utc_day();
        self.days.entry(day).or_insert_with(|| DailyRollup::empty(day)).add(cycle);
    }
}

/// What is to be written of a mold.
struct Change {
    head: Head,
    lost: Option<Lost>,
    retired: Option<Gone>,
    days: Vec<DailyRollup>,
}

/// Makes heads and days fit what is there, and tells what was mended.
pub(super) fn recount(
    store: &Store,
    now: Timestamp,
    lost: &mut Vec<Finding>,
) -> Result<Vec<Finding>, RepairStore> {
    let mut mended = Vec::new();
    let read = store.read(|txn| {
        let mut molds: BTreeSet<u32> = BTreeSet::new();
        for mold in tables::all::<_, Mold>(&txn.open_table(MOLDS)?, "molds")? {
            molds.insert(mold.id.0);
        }
        molds.extend(history::molds(&txn.open_table(HISTORY)?)?);
        let mut changes = BTreeMap::new();
        for mold in molds {
            if let Some(change) = of_mold(txn, MoldId(mold), now, lost, &mut mended)? {
                changes.insert(mold, change);
            }
        }
        Ok(changes)
    });
    for (mold, change) in &read.map_err(RepairStore::Read)? {
        store.write(|txn| write(txn, *mold, change)).map_err(RepairStore::Write)?;
    }
    Ok(mended)
}

fn of_mold(
    txn: &ReadTransaction,
    mold: MoldId,
    now: Timestamp,
    lost: &mut Vec<Finding>,
    mended: &mut Vec<Finding>,
) -> Result<Option<Change>, Fault> {
    let retired = tables::one::<_, Gone>(&txn.open_table(RETIRED)?, "retired", mold.0)?;
    // What was retired is no hole.
    let mut there = There { highest: retired.map_or(0, |gone| gone.last_ordinal), ..There::default() };
    history::audit(&txn.open_table(HISTORY)?, mold, &mut |cycle| there.add(&cycle), &mut |_| {})?;
    let kept = tables::one::<_, Head>(&txn.open_table(HEADS)?, "heads", mold.0)?;
    let before: u64 = ledger::lost(&txn.open_table(LOST)?, mold)?.iter().map(|lost| lost.cycles).sum();
    let is_gone = kept.is_none();
    let mut head = match kept {
        Some(head) => head,
        None => remade(txn, mold)?,
    };
    if is_gone && (head.stand.length > 0 || there.cycles > 0) {
        let missing = there.highest.saturating_sub(head.stand.ordinals());
        // A run is closed by the entry after it: where a closed run is the last one, an open entry was lost.
        let was_open = missing > 0 || head.stand.open().is_some();
        let what =
            if was_open { run_again(&mut head, missing, now, there.last_ended) } else { String::new() };
        let place = format!("head of mold {mold}");
        mended.push(Finding { place, what: format!("made again from ledger and history{what}") });
    }
    let expected = head.expected_timed();
    let before_and_retired = retired.map_or(before, |retired| before.saturating_add(retired.all()));
    let gone = expected.saturating_sub(there.cycles).saturating_sub(before_and_retired);
    let of_ordinals = head.stand.ordinals();
    if there.highest < of_ordinals {
        there.holes.push((there.highest.saturating_add(1), of_ordinals));
    }
    let loss = (gone > 0).then(|| Lost {
        first_ordinal: there.holes.first().map_or(1, |hole| hole.0),
        last_ordinal: there.holes.last().map_or(of_ordinals, |hole| hole.1),
        cycles: gone,
        found: now,
    });
    if let Some(loss) = &loss {
        lost.push(Finding {
            place: format!("history of mold {mold}"),
            what: format!(
                "{} cycles between number {} and {}: they stay counted, their times are lost",
                loss.cycles, loss.first_ordinal, loss.last_ordinal
            ),
        });
    }
    head.timed = expected;
    let known = |day: i64| loss.is_some() || before > 0 || retired.is_some_and(|gone| gone.covers(day));
    let days = remade_days(txn, mold, &there, known, mended)?;
    let retired = retired.map(|gone| summed(txn, mold, &there, &days, gone)).transpose()?;
    let (first, last) = (there.days.keys().next(), there.days.keys().next_back());
    if let (Some(first), Some(last)) = (first, last) {
        let (known_first, known_last) = head.days.unwrap_or((*first, *last));
        head.days = Some((known_first.min(*first), known_last.max(*last)));
    }
    if head.stand.length == 0 && there.cycles == 0 {
        return Ok(None);
    }
    Ok(Some(Change { head, lost: loss, retired, days }))
}

/// What was retired, as the sums that are there know it: the rest is of days whose sums are lost.
fn summed(
    txn: &ReadTransaction,
    mold: MoldId,
    there: &There,
    remade: &[DailyRollup],
    gone: Gone,
) -> Result<Gone, Fault> {
    let mut known = 0u64;
    for (day, sum) in kept_days(txn, mold, (i64::MIN, gone.last_day))? {
        if remade.iter().all(|sum| sum.day != day) {
            let made = there.days.get(&day).map_or(0, |made| made.cycles);
            known = known.saturating_add(sum.cycles.saturating_sub(made));
        }
    }
    let cycles = gone.cycles.min(known);
    Ok(Gone { cycles, too_late: gone.all().saturating_sub(cycles), ..gone })
}

/// The sums that are there of a mold's days between the two, both included.
fn kept_days(
    txn: &ReadTransaction,
    mold: MoldId,
    between: (i64, i64),
) -> Result<BTreeMap<i64, DailyRollup>, Fault> {
    let mut kept = BTreeMap::new();
    days::of_mold(&txn.open_table(DAYS)?, mold, between, &mut kept, |error| Err(error.into()))?;
    Ok(kept)
}

/// A head from the closed entries: the run that was open is lost with the head.
fn remade(txn: &ReadTransaction, mold: MoldId) -> Result<Head, Fault> {
    let baseline =
        tables::one::<_, Mold>(&txn.open_table(MOLDS)?, "molds", mold.0)?.map_or(0, |m| m.baseline);
    let mut head = Head::new(mold, baseline);
    for chained in ledger::entries(&txn.open_table(LEDGER)?, None, mold, 0, usize::MAX)? {
        head.stand.append(&chained.entry);
        head.chain = chained.hash;
    }
    Ok(head)
}

/// The run that was lost, as far as history shows it: closed, so that it is never taken for the living one.
fn run_again(head: &mut Head, cycles: u64, now: Timestamp, last: Option<Timestamp>) -> String {
    let entry = LedgerEntry {
        number: head.stand.length,
        at: now,
        until: last.unwrap_or(now),
        kind: EntryKind::Delta,
        cycles: i64::try_from(cycles).unwrap_or(i64::MAX),
        monitor: None,
        device_before: None,
        device_after: None,
    };
    head.stand.append(&entry);
    format!("; its open run was lost, and {cycles} cycles of it are known from history")
}

/// Days whose sums are missing, or fewer than the cycles that are there. Sums of more stay where they may know of more:
/// of cycles that were lost or retired.
fn remade_days(
    txn: &ReadTransaction,
    mold: MoldId,
    there: &There,
    knows_more: impl Fn(i64) -> bool,
    mended: &mut Vec<Finding>,
) -> Result<Vec<DailyRollup>, Fault> {
    let (first, last) = (there.days.keys().next(), there.days.keys().next_back());
    let (Some(first), Some(last)) = (first, last) else { return Ok(Vec::new()) };
    let kept = kept_days(txn, mold, (*first, *last))?;
    let mut days = Vec::new();
    for (day, made) in &there.days {
        let found = kept.get(day);
        let stands =
            found.is_some_and(|found| found == made || (knows_more(*day) && found.cycles > made.cycles));
        if !stands {
            days.push(*made);
            let place = format!("history of mold {mold}, day {day}");
            mended.push(Finding { place, what: "its sums were made again from the cycles".to_owned() });
        }
    }
    Ok(days)
}

fn write(txn: &WriteTransaction, mold: u32, change: &Change) -> Result<(), Fault> {
    txn.open_table(HEADS)?.insert(mold, row::encode(&change.head)?.as_slice())?;
    if let Some(lost) = &change.lost {
        txn.open_table(LOST)?.insert((mold, lost.first_ordinal), row::encode(lost)?.as_slice())?;
    }
    if let Some(retired) = &change.retired {
        txn.open_table(RETIRED)?.insert(mold, row::encode(retired)?.as_slice())?;
    }
    days::replace(&mut txn.open_table(DAYS)?, MoldId(mold), &change.days)
}
