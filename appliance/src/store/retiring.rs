//! What is given up on purpose: old history whole chunks at a time, and raw payloads. Counts, ledgers and the sums of days
//! stay for ever.
//!
//! What is given up frees pages of the file, which the store uses again; the file does not become shorter.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::sync::PoisonError;
use std::time::Duration;

use domain::{MoldId, Timestamp};
use redb::{ReadTransaction, ReadableTable, ReadableTableMetadata, WriteTransaction};

use super::error::{Commit, Fault};
use super::history::{self, Gone, Now, OfMold, Retiring};
use super::open::Store;
use super::row;
use super::tables::{self, HISTORY, RAW, RETIRED};
use crate::plant::RawRecord;

/// Chunks that one transaction retires: it holds commits off for a few milliseconds.
const CHUNKS: usize = 256;
/// Raw payloads that one transaction drops.
const PAYLOADS: u64 = 4_096;

/// What was retired.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Retired {
    /// Cycles.
    pub cycles: u64,
    /// Chunks that they lay in.
    pub chunks: u64,
}

/// Which raw payloads are dropped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shed {
    /// Those that were heard so long before the newest one.
    Older(Duration),
    /// The oldest quarter.
    Quarter,
}

impl Store {
    /// Retires history that ended before an instant: whole chunks, oldest first, up to the first one of a mold that must
    /// stay; the last one of each mold always does. Counts, ledgers and the sums of days stay as they are. Commits and
    /// readers go on meanwhile. `go_on` is asked between two transactions.
    ///
    /// # Errors
    /// The disk fails or is full; what was retired until then is, and the rest is there.
    pub fn retire(&self, before: Timestamp, go_on: impl Fn() -> bool) -> Result<Retired, Commit> {
        self.retire_by(CHUNKS, before, go_on)
    }

    pub(super) fn retire_by(
        &self,
        at_once: usize,
        before: Timestamp,
        go_on: impl Fn() -> bool,
    ) -> Result<Retired, Commit> {
        let mut all = Retired::default();
        let mut from = MoldId(0);
        let nobody_waits = Now::default();
        let there = self.look_ahead(|txn, _| {
            history::retiring(&txn.open_table(HISTORY)?, &nobody_waits, before, from, 1)
        })?;
        if there.is_empty() {
            return Ok(all);
        }
        // What waits for its sync is written now, while nobody is held off.
        self.checkpoint()?;
        while go_on() {
            let packing = self.inner.packing.lock().unwrap_or_else(PoisonError::into_inner);
            let chunks = self.retiring(before, from, at_once)?;
            let Some(last) = chunks.last() else { break };
            from = last.mold;
            let mut done = Retired::default();
            self.write(|txn| {
                // Nobody commits any more: what waits below a chunk that was chosen came meanwhile.
                let (_, memory) = self.inner.disk.to_read()?.look()?;
                done = retire(txn, &memory.now, &chunks)?;
                Ok(())
            })?;
            drop(packing);
            all.cycles = all.cycles.saturating_add(done.cycles);
            all.chunks = all.chunks.saturating_add(done.chunks);
        }
        Ok(all)
    }

    fn retiring(&self, before: Timestamp, from: MoldId, most: usize) -> Result<Vec<Retiring>, Commit> {
        self.look_ahead(|txn, now| history::retiring(&txn.open_table(HISTORY)?, now, before, from, most))
    }

    /// Reads what is about to be written; what goes wrong is told as the write that does not come about.
    fn look_ahead<T>(
        &self,
        work: impl FnOnce(&ReadTransaction, &Now) -> Result<T, Fault>,
    ) -> Result<T, Commit> {
        let handle = self.inner.disk.to_read()?;
        handle.look().and_then(|(txn, memory)| work(&txn, &memory.now)).map_err(|fault| {
            if fault.is_broken_handle() {
                self.inner.disk.retire(handle);
            }
            fault.into()
        })
    }

    /// Drops raw payloads, oldest first, and tells how many. `go_on` is asked between two transactions.
    ///
    /// # Errors
    /// The disk fails or is full; what was dropped until then is.
    pub fn shed_raw(&self, which: Shed, go_on: impl Fn() -> bool) -> Result<u64, Commit> {
        let (length, newest) = self.look_ahead(|txn, _| {
            let table = txn.open_table(RAW)?;
            let newest = match table.last()? {
                Some((key, value)) => {
                    Some(row::decode::<RawRecord>("raw", key.value(), value.value())?.heard_at)
                }
                None => None,
            };
            Ok((table.len()?, newest))
        })?;
        let Some(newest) = newest else { return Ok(0) };
        let (most, heard_before) = match which {
            Shed::Older(age) => {
                let age = i64::try_from(age.as_millis()).unwrap_or(i64::MAX);
                (u64::MAX, newest.as_millis().saturating_sub(age))
            }
            Shed::Quarter => (length.div_ceil(4), i64::MAX),
        };
        let mut all = 0u64;
        while all < most && go_on() {
            let at_once = PAYLOADS.min(most - all);
            // Most often there is nothing to drop, and then nothing is to be written.
            if !self.look_ahead(|txn, _| is_first_older(&txn.open_table(RAW)?, heard_before))? {
                break;
            }
            let mut dropped = 0;
            self.write(|txn| {
                dropped = drop_raw(txn, at_once, heard_before)?;
                Ok(())
            })?;
            all = all.saturating_add(dropped);
            if dropped < at_once {
                break;
            }
        }
        Ok(all)
    }
}

fn retire(txn: &WriteTransaction, now: &Now, chunks: &[Retiring]) -> Result<Retired, Fault> {
    let mut done = Retired::default();
    let mut by_mold: BTreeMap<MoldId, Gone> = BTreeMap::new();
    let mut history = txn.open_table(HISTORY)?;
    let mut table = txn.open_table(RETIRED)?;
    for chunk in chunks {
        let waiting = now.mold(chunk.mold).and_then(OfMold::first_waiting);
        if waiting.is_some_and(|waiting| waiting <= chunk.last_ordinal) {
            continue;
        }
        let gone = match by_mold.entry(chunk.mold) {
            Entry::Occupied(entry) => entry.into_mut(),
            Entry::Vacant(entry) => {
                let there = tables::one::<_, Gone>(&table, "retired", chunk.mold.0)?;
                entry.insert(there.unwrap_or_default())
            }
        };
        if history.remove((chunk.mold.0, chunk.first_ordinal))?.is_none() {
            return Err(Fault::Refused(format!("chunk {chunk:?} is not there")));
        }
        gone.add(chunk);
        done.cycles = done.cycles.saturating_add(chunk.cycles);
        done.chunks = done.chunks.saturating_add(1);
    }
    for (mold, gone) in &by_mold {
        table.insert(mold.0, row::encode(gone)?.as_slice())?;
    }
    Ok(done)
}

fn is_first_older(table: &impl ReadableTable<u64, tables::Bytes>, heard_before: i64) -> Result<bool, Fault> {
    Ok(match table.first()? {
        Some((_, value)) => is_older(value.value(), heard_before),
        None => false,
    })
}

/// One that cannot be read is of no use to anybody.
fn is_older(bytes: &[u8], heard_before: i64) -> bool {
    let record = row::decode::<RawRecord>("raw", "the oldest", bytes);
    record.map_or(true, |record| record.heard_at.as_millis() < heard_before)
}

fn drop_raw(txn: &WriteTransaction, most: u64, heard_before: i64) -> Result<u64, Fault> {
    let mut table = txn.open_table(RAW)?;
    let mut dropped = 0;
    while dropped < most && is_first_older(&table, heard_before)? {
        table.pop_first()?;
        dropped += 1;
    }
    Ok(dropped)
}
