//! One commit: a batch, all of it or nothing.

use std::collections::BTreeMap;

use domain::{Cycle, Mold, MoldId};
use redb::{ReadableTable, ReadableTableMetadata, WriteTransaction};

use super::error::{Commit, Fault, LedgerRefusal};
use super::history::{self, Gone, Now};
use super::ledger::{Head, Ledgers};
use super::open::Store;
use super::row;
use super::tables::{
    self, ALARMS_PAST, ALARMS_STANDING, ASSIGNMENTS, Bytes, HISTORY, MODULES, MOLDS, MONITORS, NETWORKS,
    PRESSES, RAW, RETIRED,
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

/// What a batch changes beside the database.
#[derive(Default)]
pub(super) struct Changes {
    /// New cycles by mold, in order of their ordinals.
    pub(super) cycles: BTreeMap<MoldId, Vec<Cycle>>,
    /// How many came whose place in history was retired.
    retired: BTreeMap<MoldId, u64>,
}

/// Writes a batch to a transaction, all but its cycles: they wait to be packed.
pub(super) fn apply(
    txn: &WriteTransaction,
    batch: &Batch,
    raw_ring: u64,
    now: &Now,
) -> Result<Changes, Fault> {
    records(txn, batch)?;
    let changes = counts(txn, batch, now)?;
    raw(txn, &batch.raw, raw_ring)?;
    alarms(txn, &batch.alarms)?;
    Ok(changes)
}

/// The cycles of a batch that are not in history yet; `gone` says what was retired of a mold's.
/// Neither is asked for cycles that are behind all others.
pub(super) fn new_cycles<T: ReadableTable<(u32, u64), Bytes>>(
    chunks: impl Fn() -> Result<T, Fault>,
    gone: impl Fn(MoldId) -> Result<Option<Gone>, Fault>,
    batch: &Batch,
    now: &Now,
) -> Result<Changes, Fault> {
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
        let dropped = history::keep_new(&chunks, now.mold(*mold), *mold, cycles, || gone(*mold))?;
        if dropped > 0 {
            retired.insert(*mold, dropped);
        }
    }
    Ok(Changes { cycles: all, retired })
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

fn counts(txn: &WriteTransaction, batch: &Batch, now: &Now) -> Result<Changes, Fault> {
    let gone = |mold: MoldId| tables::one(&txn.open_table(RETIRED)?, "retired", mold.0);
    let changes = new_cycles(|| Ok(txn.open_table(HISTORY)?), gone, batch, now)?;
    if batch.ledger.is_empty() && changes.cycles.is_empty() {
        return Ok(changes);
    }
    let mut ledgers = Ledgers::new(txn)?;
    let mut heads: BTreeMap<MoldId, Head> = BTreeMap::new();
    for (mold, change) in &batch.ledger {
        let head = head(&mut heads, &ledgers, *mold)?;
        ledgers.change(*mold, head, change)?;
    }
    for (mold, new) in changes.cycles.iter().filter(|(_, new)| !new.is_empty()) {
        head(&mut heads, &ledgers, *mold)?.learn(new);
    }
    for (mold, came) in &changes.retired {
        too_late(txn, *mold, *came, head(&mut heads, &ledgers, *mold)?)?;
    }
    heads.iter().try_for_each(|(mold, head)| ledgers.put_head(*mold, head))?;
    Ok(changes)
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
