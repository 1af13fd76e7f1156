//! History: blocks, and the daily sums beside what the cycles make.

use std::collections::BTreeMap;

use domain::MoldId;
use redb::ReadTransaction;

use super::{CheckReport, length, one};
use crate::plant::Gap;
use crate::store::error::Fault;
use crate::store::history::{self, DailyRollup};
use crate::store::ledger::Head;
use crate::store::tables::{DAILY, HEADS, HISTORY};

/// Checks the history of every mold that has one.
pub(super) fn check(
    txn: &ReadTransaction,
    missing: &BTreeMap<MoldId, Vec<Gap>>,
    report: &mut CheckReport,
) -> Result<(), Fault> {
    let table = txn.open_table(HISTORY)?;
    let heads = txn.open_table(HEADS)?;
    let daily = txn.open_table(DAILY)?;
    let mut expected_rows = 0u64;
    let mut next = Some(0);
    let mut with_history = Vec::new();
    while let Some(from) = next {
        let Some(item) = table.range((from, 0)..)?.next() else { break };
        let (mold, _) = item?.0.value();
        with_history.push(mold);
        next = mold.checked_add(1);
    }
    for &id in &with_history {
        let mold = MoldId(id);
        let here = format!("history of mold {mold}");
        let mut sums: BTreeMap<i64, DailyRollup> = BTreeMap::new();
        let mut cycles = 0u64;
        let mut highest = 0;
        let mut invented = 0u64;
        let gaps = missing.get(&mold).map_or(&[][..], Vec::as_slice);
        let mut damaged = Vec::new();
        history::audit(
            &table,
            mold,
            &mut |cycle| {
                let day = cycle.ended.utc_day();
                sums.entry(day).or_insert_with(|| DailyRollup::empty(day)).add(&cycle);
                cycles = cycles.saturating_add(1);
                highest = cycle.ordinal;
                let lacking =
                    |gap: &Gap| cycle.ordinal.checked_sub(gap.first_ordinal).is_some_and(|n| n < gap.cycles);
                invented += u64::from(gaps.iter().any(lacking));
            },
            &mut |error| damaged.push(error),
        )?;
        damaged.iter().for_each(|error| report.undecodable(error));
        report.cycles = report.cycles.saturating_add(cycles);
        if invented > 0 {
            report.find(here.clone(), format!("{invented} cycles lie in gaps that were never filled"));
        }
        expected_rows = expected_rows.saturating_add(sums.len() as u64);
        match one::<_, Head>(&heads, "heads", id, report)? {
            None => report.find(here.clone(), "it has cycles and no head"),
            Some(head) => {
                let days = sums.keys().next().copied().zip(sums.keys().next_back().copied());
                if head.timed != cycles {
                    report.find(here.clone(), format!("{cycles} cycles, the head says {}", head.timed));
                }
                if head.days != days {
                    report.find(here.clone(), format!("days {days:?}, the head says {:?}", head.days));
                }
                let ordinals = head.stand.ordinals();
                if highest > ordinals {
                    report.find(here.clone(), format!("cycle {highest}, and only {ordinals} were counted"));
                }
            }
        }
        for (day, made) in sums {
            match one::<_, DailyRollup>(&daily, "daily", (day, id), report)? {
                Some(found) if found == made => {}
                Some(found) => {
                    report
                        .find(format!("{here}, day {day}"), format!("sums {found:?}, cycles make {made:?}"));
                }
                None => report.find(format!("{here}, day {day}"), "its sums are missing or damaged"),
            }
        }
    }
    if length(&daily)? != expected_rows {
        report.find("table \"daily\"", format!("{} rows, cycles make {expected_rows}", length(&daily)?));
    }
    Ok(())
}
