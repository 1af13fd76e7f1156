//! What was retired, and the daily sums that are all that is left of it.

use std::collections::BTreeMap;

use domain::MoldId;
use redb::ReadTransaction;

use super::{CheckReport, each};
use crate::store::error::Fault;
use crate::store::history::{DailyRollup, Gone, days};
use crate::store::tables::{DAYS, RETIRED};

/// What was retired of a mold, and the sums of days that cycles were retired from.
#[derive(Debug, Default)]
pub(super) struct Retired {
    pub(super) gone: Gone,
    /// By day.
    pub(super) days: BTreeMap<i64, DailyRollup>,
    /// Some days cannot be read.
    unreadable: bool,
}

impl Retired {
    /// Whether cycles that ended on that day may have been retired.
    pub(super) fn covers(&self, day: i64) -> bool {
        self.gone.covers(day)
    }

    /// Cycles in the sums of its days; `None` when one of them cannot be read.
    pub(super) fn summed(&self) -> Option<u64> {
        let sum = self.days.values().fold(0u64, |sum, day| sum.saturating_add(day.cycles));
        (!self.unreadable).then_some(sum)
    }
}

/// Everything that was retired, by mold.
pub(super) fn read(
    txn: &ReadTransaction,
    report: &mut CheckReport,
) -> Result<BTreeMap<MoldId, Retired>, Fault> {
    let mut all: BTreeMap<MoldId, Retired> = BTreeMap::new();
    each::<_, Gone>(&txn.open_table(RETIRED)?, "retired", report, |mold, gone| {
        all.insert(MoldId(mold), Retired { gone, ..Retired::default() });
    })?;
    for retired in all.values() {
        report.retired = report.retired.saturating_add(retired.gone.cycles);
    }
    let Some(last) = all.values().map(|retired| retired.gone.last_day).max() else { return Ok(all) };
    let mut damaged = Vec::new();
    let keep = |mold: MoldId, sum: DailyRollup| {
        if let Some(retired) = all.get_mut(&mold).filter(|retired| retired.covers(sum.day)) {
            report.unproven_days = report.unproven_days.saturating_add(1);
            retired.days.insert(sum.day, sum);
        }
    };
    // What is damaged is told elsewhere.
    days::each(&txn.open_table(DAYS)?, (i64::MIN, last), keep, |mold, _| {
        damaged.push(mold);
        Ok(())
    })?;
    for mold in damaged {
        if let Some(retired) = all.get_mut(&mold) {
            retired.unreadable = true;
        }
    }
    Ok(all)
}

/// Whether sums hold what a part of their cycles makes.
pub(super) fn holds(sums: &DailyRollup, part: &DailyRollup) -> bool {
    sums.day == part.day
        && sums.cycles >= part.cycles
        && sums.valid >= part.valid
        && sums.sum_ms >= part.sum_ms
        && sums.min_ms <= part.min_ms
        && sums.max_ms >= part.max_ms
        && sums.late >= part.late
        && sums.temperatures >= part.temperatures
        && sums.first_ended <= part.first_ended
        && sums.last_ended >= part.last_ended
        && sums.first_ordinal <= part.first_ordinal
        && sums.last_ordinal >= part.last_ordinal
}
