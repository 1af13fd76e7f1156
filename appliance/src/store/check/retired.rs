//! What was retired, and the daily sums that are all that is left of it.

use std::collections::BTreeMap;

use domain::MoldId;
use redb::{ReadTransaction, ReadableTable};

use super::{CheckReport, each};
use crate::store::error::Fault;
use crate::store::history::{DailyRollup, Gone};
use crate::store::row;
use crate::store::tables::{Bytes, DAILY, RETIRED};

/// What was retired of a mold, and the sums of days that cycles were retired from.
#[derive(Debug, Default)]
pub(super) struct Retired {
    pub(super) gone: Gone,
    /// By day; none where the row cannot be read.
    pub(super) days: BTreeMap<i64, Option<DailyRollup>>,
}

impl Retired {
    /// Whether cycles that ended on that day may have been retired.
    pub(super) fn covers(&self, day: i64) -> bool {
        self.gone.covers(day)
    }

    /// Cycles in the sums of its days; `None` when one of them cannot be read.
    pub(super) fn summed(&self) -> Option<u64> {
        self.days.values().try_fold(0u64, |sum, day| Some(sum.saturating_add(day.as_ref()?.cycles)))
    }
}

/// Everything that was retired, by mold.
pub(super) fn read(
    txn: &ReadTransaction,
    report: &mut CheckReport,
) -> Result<BTreeMap<MoldId, Retired>, Fault> {
    let mut all: BTreeMap<MoldId, Retired> = BTreeMap::new();
    each::<_, Gone>(&txn.open_table(RETIRED)?, "retired", report, |mold, gone| {
        all.insert(MoldId(mold), Retired { gone, days: BTreeMap::new() });
    })?;
    for retired in all.values() {
        report.retired = report.retired.saturating_add(retired.gone.cycles);
    }
    let Some(last) = all.values().map(|retired| retired.gone.last_day).max() else { return Ok(all) };
    days(&txn.open_table(DAILY)?, last, &mut all, report)?;
    Ok(all)
}

fn days(
    daily: &impl ReadableTable<(i64, u32), Bytes>,
    last: i64,
    all: &mut BTreeMap<MoldId, Retired>,
    report: &mut CheckReport,
) -> Result<(), Fault> {
    for item in daily.range(..=(last, u32::MAX))? {
        let (key, value) = item?;
        let (day, mold) = key.value();
        let Some(retired) = all.get_mut(&MoldId(mold)).filter(|retired| retired.covers(day)) else {
            continue;
        };
        let sum = row::decode::<DailyRollup>("daily", (day, mold), value.value());
        if let Err(error) = &sum {
            report.undecodable(error);
        }
        report.unproven_days = report.unproven_days.saturating_add(1);
        retired.days.insert(day, sum.ok());
    }
    Ok(())
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
