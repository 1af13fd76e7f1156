//! One commit: a batch, all of it or nothing.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use domain::{Cycle, Mold, MoldId};
use redb::{ReadTransaction, ReadableTable, ReadableTableMetadata, WriteTransaction};

use super::error::{Commit, Fault, LedgerRefusal};
use super::history::{self, Gone, Now};
use super::ledger::{Head, Standing};
use super::ledgers;
use super::memory::Memory;
use super::open::Store;
use super::row;
use super::tables::{
    self, ALARMS_PAST, ALARMS_STANDING, ALERT_MARKS, ASSIGNMENTS, HEADS, HISTORY, MODULES, MOLDS, MONITORS,
    NETWORKS, PRESSES, RAW, RETIRED, SENSORS, Tables, WATCHED,
};
use crate::plant::{AlarmRecord, Batch, RawRecord};

impl Store {
    /// Keeps a batch; when this returns, it is on the disk.
    ///
    /// After an error nothing of the batch is there, and the same batch may be offered again. When the disk failed at
    /// the very end, it may have been kept nevertheless: then the same batch offered again is told as kept and not
    /// written twice, and another one is answered with [`Commit::KeptAfterAll`].
    ///
    /// # Errors
    /// The disk is full or fails, or the batch is against the rules of a ledger.
    pub fn commit(&self, batch: &Batch) -> Result<(), Commit> {
        if batch.is_empty() {
            return Ok(());
        }
        self.keep(batch, &row::encode(batch)?)
    }
}

/// So many lists stand at the end of a batch that those of earlier formats lack: one of format 3 all, one of
/// format 5 the last.
const NEWER_LISTS: usize = 3;

/// A batch as it lies in the journal. One of an earlier format ends without its last lists, which were empty then: the
/// bytes of empty lists are what it lacks.
pub(super) fn decode(number: u64, bytes: &[u8]) -> Result<Batch, Fault> {
    row::decode("journal", number, bytes).or_else(|why| {
        let mut whole = row::proven(bytes).map_err(|_| why.clone())?.to_vec();
        for _ in 0..NEWER_LISTS {
            whole.push(0);
            if let Ok((batch, [])) = postcard::take_from_bytes::<Batch>(&whole) {
                return Ok(batch);
            }
        }
        Err(why.into())
    })
}

/// What a batch changes in memory.
#[derive(Default)]
pub(super) struct Changes {
    /// New cycles by mold, in order of their ordinals: they wait to be packed.
    pub(super) cycles: BTreeMap<MoldId, Vec<Cycle>>,
    /// Ledgers as they are then, with the entries that it closes.
    pub(super) ledgers: BTreeMap<MoldId, Standing>,
    /// How many came whose place in history was retired.
    retired: BTreeMap<MoldId, u64>,
}

/// What a batch changes that changes nothing in the database; `None` for one that does.
pub(super) fn steady(
    txn: &ReadTransaction,
    batch: &Batch,
    memory: &Memory,
) -> Result<Option<Changes>, Fault> {
    let Batch {
        molds,
        presses,
        monitors,
        modules,
        networks,
        assignments,
        raw,
        alarms,
        alerts,
        watched,
        sensors,
        ledger: _,
        cycles: _,
    } = batch;
    let counts_alone = molds.is_empty()
        && presses.is_empty()
        && monitors.is_empty()
        && modules.is_empty()
        && networks.is_empty()
        && assignments.is_empty()
        && raw.is_empty()
        && alarms.is_empty()
        && alerts.is_empty()
        && watched.is_empty()
        && sensors.is_empty();
    if !counts_alone {
        return Ok(None);
    }
    Ok(Some(counts(txn, batch, memory)?).filter(|changes| changes.retired.is_empty()))
}

/// Writes a batch to a transaction, and the ledgers that the database lacks; all but its cycles.
pub(super) fn apply(
    txn: &WriteTransaction,
    batch: &Batch,
    raw_ring: u64,
    memory: &Memory,
) -> Result<Changes, Fault> {
    memory.ledgers.write(txn)?;
    records(txn, batch)?;
    let mut changes = counts(txn, batch, memory)?;
    for (mold, came) in std::mem::take(&mut changes.retired) {
        too_late(txn, mold, came, &mut standing(&mut changes.ledgers, txn, memory, mold)?.head)?;
    }
    ledgers::write(txn, changes.ledgers.iter().map(|(mold, standing)| (*mold, standing)))?;
    // They are in the table now.
    changes.ledgers.values_mut().for_each(|standing| standing.closed.clear());
    raw(txn, &batch.raw, raw_ring)?;
    alarms(txn, &batch.alarms)?;
    Ok(changes)
}

/// The cycles of a batch that are not in history yet. The database is not asked for cycles that are behind all others.
pub(super) fn new_cycles(tables: &impl Tables, batch: &Batch, now: &Now) -> Result<Changes, Fault> {
    let mut all: BTreeMap<MoldId, Vec<Cycle>> = BTreeMap::new();
    for (mold, cycles) in &batch.cycles {
        let there = all.entry(*mold).or_default();
        let sorted =
            there.last().zip(cycles.first()).is_none_or(|(last, first)| last.ordinal < first.ordinal)
                && cycles.is_sorted_by(|a, b| a.ordinal < b.ordinal);
        there.extend_from_slice(cycles);
        if !sorted {
            // Of two with the same ordinal the first one stays: the sort is stable.
            there.sort_by_key(|cycle| cycle.ordinal);
            there.dedup_by_key(|cycle| cycle.ordinal);
        }
    }
    let mut retired = BTreeMap::new();
    for (mold, cycles) in &mut all {
        let gone = || tables::one(&tables.table(RETIRED)?, "retired", mold.0);
        let dropped = history::keep_new(|| tables.table(HISTORY), now.mold(*mold), *mold, cycles, gone)?;
        if dropped > 0 {
            retired.insert(*mold, dropped);
        }
    }
    Ok(Changes { cycles: all, retired, ledgers: BTreeMap::new() })
}

/// Writes records into a table that is opened only when there are some.
macro_rules! put {
    ($txn:expr, $table:expr, $records:expr, $key:expr) => {
        if !$records.is_empty() {
            let mut table = $txn.open_table($table)?;
            for record in $records {
                table.insert($key(record), row::encode(record)?.as_slice())?;
            }
        }
    };
}

fn records(txn: &WriteTransaction, batch: &Batch) -> Result<(), Fault> {
    molds(txn, &batch.molds)?;
    put!(txn, PRESSES, &batch.presses, |press: &domain::Press| press.id.0);
    for monitor in &batch.monitors {
        txn.open_table(MONITORS)?.insert(monitor.serial.as_str(), row::encode(monitor)?.as_slice())?;
    }
    put!(txn, MODULES, &batch.modules, |module: &crate::plant::ModuleRecord| module.eui64.to_be_bytes());
    for network in &batch.networks {
        txn.open_table(NETWORKS)?.insert(network.link.as_str(), row::encode(network)?.as_slice())?;
    }
    for mark in &batch.alerts {
        txn.open_table(ALERT_MARKS)?.insert(mark.serial.as_str(), row::encode(mark)?.as_slice())?;
    }
    put!(txn, WATCHED, &batch.watched, |watched: &crate::plant::Watched| watched.mold.0);
    put!(txn, SENSORS, &batch.sensors, |sensor: &crate::plant::SensorRecord| sensor.address.to_be_bytes());
    put!(txn, ASSIGNMENTS, &batch.assignments, |a: &crate::plant::Assignment| (a.mold.0, a.number));
    Ok(())
}

fn molds(txn: &WriteTransaction, molds: &[Mold]) -> Result<(), Fault> {
    if molds.is_empty() {
        return Ok(());
    }
    let mut table = txn.open_table(MOLDS)?;
    for mold in molds {
        let before = tables::one::<_, Mold>(&table, "molds", mold.id.0)?;
        if before.is_some_and(|before| before.baseline != mold.baseline) {
            return Err(Fault::Ledger(mold.id, LedgerRefusal::Baseline));
        }
        table.insert(mold.id.0, row::encode(mold)?.as_slice())?;
    }
    Ok(())
}

fn counts(tables: &impl Tables, batch: &Batch, memory: &Memory) -> Result<Changes, Fault> {
    let mut changes = new_cycles(tables, batch, &memory.now)?;
    for (mold, change) in &batch.ledger {
        standing(&mut changes.ledgers, tables, memory, *mold)?.change(*mold, change)?;
    }
    for (mold, new) in changes.cycles.iter().filter(|(_, new)| !new.is_empty()) {
        standing(&mut changes.ledgers, tables, memory, *mold)?.head.learn(new);
    }
    Ok(changes)
}

/// A mold's ledger as the batch leaves it, with the entries that the batch closes.
fn standing<'a>(
    changed: &'a mut BTreeMap<MoldId, Standing>,
    tables: &impl Tables,
    memory: &Memory,
    mold: MoldId,
) -> Result<&'a mut Standing, Fault> {
    let entry = match changed.entry(mold) {
        Entry::Occupied(entry) => return Ok(entry.into_mut()),
        Entry::Vacant(entry) => entry,
    };
    let head = match memory.ledgers.of(mold) {
        Some(standing) => standing.head.clone(),
        None => match tables::one(&tables.table(HEADS)?, "heads", mold.0)? {
            Some(head) => head,
            None => {
                let record = tables::one::<_, Mold>(&tables.table(MOLDS)?, "molds", mold.0)?;
                Head::new(mold, record.map_or(0, |record| record.baseline))
            }
        },
    };
    Ok(entry.insert(Standing::new(head)))
}

/// Of cycles whose place was retired, those that fill a gap were never there: only the ledger, which has been told of
/// them by now, knows how many they are. The others were, and change nothing.
fn too_late(txn: &WriteTransaction, mold: MoldId, came: u64, head: &mut Head) -> Result<(), Fault> {
    let filled = head.expected_timed().saturating_sub(head.timed).min(came);
    if filled == 0 {
        return Ok(());
    }
    let mut table = txn.open_table(RETIRED)?;
    let mut gone = tables::one::<_, Gone>(&table, "retired", mold.0)?.unwrap_or_default();
    gone.too_late = gone.too_late.saturating_add(filled);
    head.timed = head.timed.saturating_add(filled);
    table.insert(mold.0, row::encode(&gone)?.as_slice())?;
    Ok(())
}

fn raw(txn: &WriteTransaction, records: &[RawRecord], ring: u64) -> Result<(), Fault> {
    if records.is_empty() {
        return Ok(());
    }
    let mut table = txn.open_table(RAW)?;
    let mut number = table.last()?.map_or(0, |(key, _)| key.value().saturating_add(1));
    for record in records {
        table.insert(number, row::encode(record)?.as_slice())?;
        number = number.saturating_add(1);
    }
    while table.len()? > ring {
        table.pop_first()?;
    }
    Ok(())
}

fn alarms(txn: &WriteTransaction, alarms: &[AlarmRecord]) -> Result<(), Fault> {
    if alarms.is_empty() {
        return Ok(());
    }
    let mut standing = txn.open_table(ALARMS_STANDING)?;
    let mut past = txn.open_table(ALARMS_PAST)?;
    for alarm in alarms {
        let bytes = row::encode(alarm)?;
        if alarm.cleared.is_some() {
            standing.remove(alarm.id)?;
            past.insert(alarm.id, bytes.as_slice())?;
        } else {
            past.remove(alarm.id)?;
            standing.insert(alarm.id, bytes.as_slice())?;
        }
    }
    Ok(())
}
