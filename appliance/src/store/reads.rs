//! What can be asked of the plant.

use std::ops::ControlFlow;
use std::sync::Arc;

use domain::{Cycle, LedgerEntry, Mold, MoldId, Timestamp};
use redb::{ReadTransaction, ReadableTable};

use super::error::{Fault, Read};
use super::history::{self, Bucket, DailyRollup, Thinning, days};
use super::ledger::{self, ChainedEntry, Counts, Head, Standing};
use super::memory::Memory;
use super::open::Store;
use super::row;
use super::tables::{
    self, ALARMS_PAST, ALARMS_STANDING, ALERT_MARKS, ASSIGNMENTS, DAYS, HEADS, HISTORY, LEDGER, MODULES,
    MOLDS, MONITORS, NETWORKS, PRESSES, SENSORS, WATCHED,
};
use crate::plant::Snapshot;

impl Store {
    /// Everything but history, as of one instant.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn snapshot(&self) -> Result<Snapshot, Read> {
        self.look(|txn, memory| {
            let assignments = txn.open_table(ASSIGNMENTS)?;
            let mut snapshot = Snapshot {
                presses: tables::all(&txn.open_table(PRESSES)?, "presses")?,
                monitors: tables::all(&txn.open_table(MONITORS)?, "monitors")?,
                modules: tables::all(&txn.open_table(MODULES)?, "modules")?,
                networks: tables::all(&txn.open_table(NETWORKS)?, "networks")?,
                alarms: tables::all(&txn.open_table(ALARMS_STANDING)?, "alarms_standing")?,
                alerts: tables::all(&txn.open_table(ALERT_MARKS)?, "alert_marks")?,
                watched: tables::all(&txn.open_table(WATCHED)?, "watched")?,
                sensors: tables::all(&txn.open_table(SENSORS)?, "sensors")?,
                last_alarm: last_alarm(txn)?,
                ..Snapshot::default()
            };
            for mold in tables::all::<_, Mold>(&txn.open_table(MOLDS)?, "molds")? {
                let id = mold.id;
                let stand = ledger_of(txn, memory, id)?.map(|ledger| ledger.head.stand.clone());
                snapshot.molds.push((mold, stand.unwrap_or_default()));
                if let Some(item) = assignments.range((id.0, 0)..=(id.0, u32::MAX))?.next_back() {
                    let (key, value) = item?;
                    snapshot.assignments.push(row::decode("assignments", key.value(), value.value())?);
                }
            }
            Ok(snapshot)
        })
    }

    /// Every mold, by id.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn molds(&self) -> Result<Vec<Mold>, Read> {
        self.read(|txn| tables::all(&txn.open_table(MOLDS)?, "molds"))
    }

    /// The newest entries of a mold's ledger, newest first.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn ledger(&self, mold: MoldId, newest: usize) -> Result<Vec<LedgerEntry>, Read> {
        self.look(|txn, memory| {
            let Some(standing) = ledger_of(txn, memory, mold)? else { return Ok(Vec::new()) };
            let from = standing.head.stand.length.saturating_sub(newest as u64);
            let entries = ledger::entries(&txn.open_table(LEDGER)?, Some(&standing), mold, from, newest)?;
            Ok(entries.into_iter().rev().map(|chained| chained.entry).collect())
        })
    }

    /// Entries of a mold's ledger from number `from` on, at most `limit`, oldest first, with their hashes.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn ledger_from(&self, mold: MoldId, from: u64, limit: usize) -> Result<Vec<ChainedEntry>, Read> {
        self.look(|txn, memory| {
            let standing = ledger_of(txn, memory, mold)?;
            ledger::entries(&txn.open_table(LEDGER)?, standing.as_deref(), mold, from, limit)
        })
    }

    /// A mold's counts; `None` when there is no such mold.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn counts(&self, mold: MoldId) -> Result<Option<Counts>, Read> {
        self.look(|txn, memory| {
            let Some(record) = tables::one::<_, Mold>(&txn.open_table(MOLDS)?, "molds", mold.0)? else {
                return Ok(None);
            };
            let counts = |head: &Head| Counts::new(record.baseline, head);
            Ok(Some(match ledger_of(txn, memory, mold)? {
                Some(standing) => counts(&standing.head),
                None => counts(&Head::new(mold, record.baseline)),
            }))
        })
    }

    /// Gives a mold's cycles that ended at `from` or later and before `to`, in order of their ordinals, until told to
    /// stop. Commits go on meanwhile and are not seen.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn cycles(
        &self,
        mold: MoldId,
        from: Timestamp,
        to: Timestamp,
        mut each: impl FnMut(Cycle) -> ControlFlow<()>,
    ) -> Result<(), Read> {
        self.look(|txn, memory| {
            let now = &memory.now;
            let ordinals = ordinals(txn, memory, mold, from, to)?;
            history::stream(&txn.open_table(HISTORY)?, now, mold, ordinals, (from, to), &mut each)
        })
    }

    /// A mold's cycles from an ordinal on, whenever they ended, in order of their ordinals, until told to stop.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn cycles_from(
        &self,
        mold: MoldId,
        ordinal: u64,
        mut each: impl FnMut(Cycle) -> ControlFlow<()>,
    ) -> Result<(), Read> {
        let always = (Timestamp::from_millis(i64::MIN), Timestamp::from_millis(i64::MAX));
        self.look(|txn, memory| {
            history::stream(
                &txn.open_table(HISTORY)?,
                &memory.now,
                mold,
                (ordinal, u64::MAX),
                always,
                &mut each,
            )
        })
    }

    /// As [`Store::cycles`], from an ordinal on and at most `limit`: for whoever takes years of cycles slowly.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn cycles_page(
        &self,
        mold: MoldId,
        ordinal: u64,
        (from, to): (Timestamp, Timestamp),
        limit: usize,
    ) -> Result<Vec<Cycle>, Read> {
        let mut page = Vec::new();
        if limit == 0 {
            return Ok(page);
        }
        self.look(|txn, memory| {
            let now = &memory.now;
            let (lowest, highest) = ordinals(txn, memory, mold, from, to)?;
            let ordinals = (lowest.max(ordinal), highest);
            history::stream(&txn.open_table(HISTORY)?, now, mold, ordinals, (from, to), &mut |cycle| {
                page.push(cycle);
                if page.len() < limit { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })
        })?;
        Ok(page)
    }

    /// A stretch of a mold's history in equal parts: sums of the cycles that ended in each, from chunks' own sums
    /// wherever a whole chunk lies in one part.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn trend(
        &self,
        mold: MoldId,
        (from, to): (Timestamp, Timestamp),
        how: Thinning,
    ) -> Result<Vec<Bucket>, Read> {
        self.look(|txn, memory| {
            let now = &memory.now;
            let ordinals = ordinals(txn, memory, mold, from, to)?;
            history::trend(&txn.open_table(HISTORY)?, now, mold, ordinals, (from, to), how)
        })
    }

    /// The last cycle of every mold that has one, from memory.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn last_cycles(&self) -> Result<Vec<(MoldId, Cycle)>, Read> {
        self.look(|_, memory| {
            Ok(memory.now.molds().filter_map(|(mold, of)| Some((mold, *of.last()?))).collect())
        })
    }

    /// Gives the sums of every mold's days, both days included, 32 days after the other, in each by mold and day.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn daily_of_all(
        &self,
        from_day: i64,
        to_day: i64,
        each: impl FnMut(MoldId, &DailyRollup),
    ) -> Result<(), Read> {
        self.look(|txn, memory| {
            let mut waiting = days::Waiting::new();
            for (mold, of) in memory.now.molds() {
                days::wait(&mut waiting, mold, of.days(from_day, to_day).into_values());
            }
            days::of_all(&txn.open_table(DAYS)?, (from_day, to_day), waiting, each)
        })
    }

    /// Sums of a mold's days, both days included; days without a cycle are left out.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn daily(&self, mold: MoldId, from_day: i64, to_day: i64) -> Result<Vec<DailyRollup>, Read> {
        self.look(|txn, memory| daily(txn, memory, mold, from_day, to_day))
    }
}

fn last_alarm(txn: &ReadTransaction) -> Result<u64, Fault> {
    let standing = txn.open_table(ALARMS_STANDING)?.last()?.map_or(0, |(key, _)| key.value());
    let past = txn.open_table(ALARMS_PAST)?.last()?.map_or(0, |(key, _)| key.value());
    Ok(standing.max(past))
}

/// A mold's ledger, from memory if it is there.
fn ledger_of(txn: &ReadTransaction, memory: &Memory, mold: MoldId) -> Result<Option<Arc<Standing>>, Fault> {
    if let Some(standing) = memory.ledgers.of(mold) {
        return Ok(Some(Arc::clone(standing)));
    }
    let head = tables::one(&txn.open_table(HEADS)?, "heads", mold.0)?;
    Ok(head.map(|head| Arc::new(Standing::new(head))))
}

/// First and last day that a mold has cycles of.
fn days_of(txn: &ReadTransaction, memory: &Memory, mold: MoldId) -> Result<Option<(i64, i64)>, Fault> {
    Ok(ledger_of(txn, memory, mold)?.and_then(|standing| standing.head.days))
}

fn daily(
    txn: &ReadTransaction,
    memory: &Memory,
    mold: MoldId,
    from: i64,
    to: i64,
) -> Result<Vec<DailyRollup>, Fault> {
    let Some((first, last)) = days_of(txn, memory, mold)? else { return Ok(Vec::new()) };
    let (from, to) = (from.max(first), to.min(last));
    let mut days = memory.now.mold(mold).map(|of| of.days(from, to)).unwrap_or_default();
    let table = txn.open_table(DAYS)?;
    days::of_mold(&table, mold, (from, to), &mut days, |error| Err(error.into()))?;
    Ok(days.into_values().collect())
}

/// Between which ordinals lie the cycles that ended between two instants, told by the daily sums.
fn ordinals(
    txn: &ReadTransaction,
    memory: &Memory,
    mold: MoldId,
    from: Timestamp,
    to: Timestamp,
) -> Result<(u64, u64), Fault> {
    let Some((first, last)) = days_of(txn, memory, mold)? else { return Ok((1, 0)) };
    if from >= to {
        return Ok((1, 0));
    }
    if from.utc_day() <= first && to.utc_day() >= last {
        return Ok((0, u64::MAX));
    }
    let days = daily(txn, memory, mold, from.utc_day(), to.utc_day())?;
    let lowest = days.iter().map(|day| day.first_ordinal).min().unwrap_or(1);
    let highest = days.iter().map(|day| day.last_ordinal).max().unwrap_or(0);
    Ok((lowest, highest))
}
