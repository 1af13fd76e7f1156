//! One commit: a batch, all of it or nothing.

use std::collections::BTreeMap;
use std::sync::atomic::Ordering;

use domain::{Mold, MoldId};
use redb::{ReadableTable, ReadableTableMetadata, WriteTransaction};

use super::error::{Commit, Fault, LedgerRefusal};
use super::history::Recorder;
use super::ledger::{Head, Ledgers};
use super::open::Store;
use super::row;
use super::tables::{
    self, ALARMS_PAST, ALARMS_STANDING, ASSIGNMENTS, MODULES, MOLDS, MONITORS, NETWORKS, PRESSES, RAW,
};
use crate::plant::{AlarmRecord, Batch, RawRecord};

impl Store {
    /// Writes a batch; when this returns, it is on the disk.
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
        let ring = self.inner.raw_ring.load(Ordering::Relaxed);
        self.write(Some(batch), |txn| {
            records(txn, batch)?;
            counts(txn, batch)?;
            raw(txn, &batch.raw, ring)?;
            alarms(txn, &batch.alarms)
        })
    }
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

fn counts(txn: &WriteTransaction, batch: &Batch) -> Result<(), Fault> {
    if batch.ledger.is_empty() && batch.cycles.is_empty() {
        return Ok(());
    }
    let mut ledgers = Ledgers::new(txn)?;
    let mut heads: BTreeMap<MoldId, Head> = BTreeMap::new();
    for (mold, change) in &batch.ledger {
        let head = head(&mut heads, &ledgers, *mold)?;
        ledgers.change(*mold, head, change)?;
    }
    if !batch.cycles.is_empty() {
        let mut recorder = Recorder::new(txn)?;
        for (mold, cycles) in &batch.cycles {
            let added = recorder.add(*mold, cycles)?;
            head(&mut heads, &ledgers, *mold)?.learn(&added);
        }
        recorder.finish()?;
    }
    heads.iter().try_for_each(|(mold, head)| ledgers.put_head(*mold, head))
}

fn head<'a>(
    heads: &'a mut BTreeMap<MoldId, Head>,
    ledgers: &Ledgers<'_>,
    mold: MoldId,
) -> Result<&'a mut Head, Fault> {
    use std::collections::btree_map::Entry;
    match heads.entry(mold) {
        Entry::Occupied(entry) => Ok(entry.into_mut()),
        Entry::Vacant(entry) => Ok(entry.insert(ledgers.head(mold)?)),
    }
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
