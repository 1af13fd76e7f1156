//! History: blocks, and the daily sums beside what the cycles make.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Cycle, MoldId};
use redb::ReadTransaction;

use super::retired::{self, Retired};
use super::{CheckReport, one};
use crate::plant::Gap;
use crate::store::error::Fault;
use crate::store::history::{self, DailyRollup, days};
use crate::store::ledger::{self, Head};
use crate::store::memory::Memory;
use crate::store::tables::{DAYS, HEADS, HISTORY, LOST};

/// Checks the history of every mold that has one: what is packed, and what waits to be.
pub(super) fn check(
    txn: &ReadTransaction,
    memory: &Memory,
    missing: &BTreeMap<MoldId, Vec<Gap>>,
    report: &mut CheckReport,
) -> Result<(), Fault> {
    let now = &memory.now;
    let chunks = txn.open_table(HISTORY)?;
    let heads = txn.open_table(HEADS)?;
    let daily = txn.open_table(DAYS)?;
    let losses = txn.open_table(LOST)?;
    let mut retired = retired::read(txn, report)?;
    let (mut summed, mut rows) = (0u64, 0u64);
    let count = |_, _| summed = summed.saturating_add(1);
    days::each(&daily, (i64::MIN, i64::MAX), count, |_, error| {
        report.undecodable(&error);
        Ok(())
    })?;
    let mut molds: BTreeSet<MoldId> = now.molds().map(|(mold, _)| mold).collect();
    molds.extend(retired.keys());
    molds.extend(history::molds(&chunks)?.into_iter().map(MoldId));
    molds.extend(ledger::molds_with_losses(&losses)?);
    for mold in molds {
        let here = format!("history of mold {mold}");
        let gaps = missing.get(&mold).map_or(&[][..], Vec::as_slice);
        let retired = retired.remove(&mold);
        let mut made = Made::default();
        let mut damaged = Vec::new();
        history::audit(&chunks, mold, &mut |cycle| made.add(&cycle, gaps), &mut |error| damaged.push(error))?;
        damaged.iter().for_each(|error| report.undecodable(error));
        let lost = ledger::lost(&losses, mold)?;
        made.lost = lost.iter().map(|lost| lost.cycles).sum();
        report.lost = report.lost.saturating_add(made.lost);
        let mut kept = BTreeMap::new();
        if let (Some((first, _)), Some((last, _))) = (made.sums.first_key_value(), made.sums.last_key_value())
        {
            // What is damaged has been told.
            days::of_mold(&daily, mold, (*first, *last), &mut kept, |_| Ok(()))?;
        }
        let proven = |day: &i64| retired.as_ref().is_none_or(|retired| !retired.covers(*day));
        for (day, made) in made.sums.iter().filter(|(day, _)| proven(day)) {
            rows = rows.saturating_add(1);
            let here = format!("{here}, day {day}");
            match kept.get(day) {
                Some(found) if found == made => {}
                // Its sums know of cycles that a disk took since.
                Some(found) if found.cycles > made.cycles && !lost.is_empty() => {}
                Some(found) => report.find(here, format!("sums {found:?}, cycles make {made:?}")),
                None => report.find(here, "its sums are missing or damaged"),
            }
        }
        if let Some(retired) = &retired {
            rows = rows.saturating_add(retired.days.len() as u64);
            what_is_left(&here, &made, retired, report);
        }
        let waiting = now.mold(mold).map(|of| of.cycles((0, u64::MAX))).unwrap_or_default();
        waiting.iter().for_each(|cycle| made.add(cycle, gaps));
        report.cycles = report.cycles.saturating_add(made.cycles);
        if made.invented > 0 {
            report.find(here.clone(), format!("{} cycles lie in gaps that were never filled", made.invented));
        }
        let head = match memory.ledgers.of(mold) {
            Some(standing) => Some(standing.head.clone()),
            None => one::<_, Head>(&heads, "heads", mold.0, report)?,
        };
        match head {
            None => report.find(here, "it has cycles and no head"),
            Some(head) => against_head(&here, &made, retired.as_ref(), &head, report),
        }
    }
    // Days all of whose cycles are lost keep their sums.
    if summed < rows || (summed > rows && report.lost == 0) {
        report.find("table \"days\"", format!("{summed} days, cycles make {rows}"));
    }
    Ok(())
}

/// The sums of days that cycles were retired from: no cycle proves them any more, yet together they hold what was
/// retired and what was not, and each of them what was not.
fn what_is_left(here: &str, made: &Made, retired: &Retired, report: &mut CheckReport) {
    let gone = &retired.gone;
    if made.lowest.is_some_and(|lowest| lowest <= gone.last_ordinal) {
        report.find(here, format!("it has cycles up to {}, which were retired", gone.last_ordinal));
    }
    let mut there = 0u64;
    for (day, made) in made.sums.iter().filter(|(day, _)| retired.covers(**day)) {
        there = there.saturating_add(made.cycles);
        let here = format!("{here}, day {day}");
        match retired.days.get(day) {
            Some(sums) if retired::holds(sums, made) => {}
            Some(sums) => report.find(here, format!("sums {sums:?}, a part of its cycles makes {made:?}")),
            None => report.find(here, "its sums are missing or damaged"),
        }
    }
    let expected = there.saturating_add(gone.cycles);
    // Sums may know of cycles that a disk took since.
    let fits = |summed: u64| summed == expected || (summed > expected && made.lost > 0);
    if let Some(summed) = retired.summed().filter(|summed| !fits(*summed)) {
        let what = format!("the sums of days up to {} hold {summed} cycles, not {expected}", gone.last_day);
        report.find(here, what);
    }
}

/// What the cycles of a mold make.
#[derive(Default)]
struct Made {
    sums: BTreeMap<i64, DailyRollup>,
    cycles: u64,
    lowest: Option<u64>,
    highest: u64,
    /// Counted, and taken by a disk.
    lost: u64,
    invented: u64,
}

impl Made {
    fn add(&mut self, cycle: &Cycle, gaps: &[Gap]) {
        let day = cycle.ended.utc_day();
        self.sums.entry(day).or_insert_with(|| DailyRollup::empty(day)).add(cycle);
        self.cycles = self.cycles.saturating_add(1);
        self.lowest = Some(self.lowest.map_or(cycle.ordinal, |lowest| lowest.min(cycle.ordinal)));
        self.highest = self.highest.max(cycle.ordinal);
        let lacking =
            |gap: &Gap| cycle.ordinal.checked_sub(gap.first_ordinal).is_some_and(|n| n < gap.cycles);
        self.invented += u64::from(gaps.iter().any(lacking));
    }
}

fn against_head(here: &str, made: &Made, retired: Option<&Retired>, head: &Head, report: &mut CheckReport) {
    let days = || made.sums.keys().chain(retired.iter().flat_map(|retired| retired.days.keys())).copied();
    let days = days().min().zip(days().max());
    let gone = retired.map_or(0, |retired| retired.gone.all());
    if head.timed != made.cycles.saturating_add(made.lost).saturating_add(gone) {
        let lost = if made.lost > 0 { format!(" and {} lost", made.lost) } else { String::new() };
        let gone = if gone > 0 { format!(" and {gone} retired") } else { String::new() };
        report.find(here, format!("{} cycles{lost}{gone}, the head says {}", made.cycles, head.timed));
    }
    // Of days whose sums are lost, or never had what came too late, only the head knows.
    let knows_more = made.lost > 0 || retired.is_some_and(|retired| retired.gone.too_late > 0);
    if head.days != days && !knows_more {
        report.find(here, format!("days {days:?}, the head says {:?}", head.days));
    }
    let ordinals = head.stand.ordinals();
    if made.highest > ordinals {
        report.find(here, format!("cycle {}, and only {ordinals} were counted", made.highest));
    }
}
