//! One opening of the store's files: the database, what the journal holds beside it, and what waits to be packed.
//!
//! The database lags behind the journal on disk: what a commit changes is in memory, or goes into the database without a
//! sync, and the journal's records are what survives. Whoever opens the files reads the records that the database does
//! not have and brings it up to date.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{
    CompactionError, Database, Durability, ReadTransaction, ReadableDatabase, StorageBackend, TableError,
    WriteTransaction,
};
use secrecy::ExposeSecret;

use super::commit::{self, Changes};
use super::error::{Damage, Fault, Undecodable};
use super::history;
use super::journal::{Journal, Reading};
use super::memory::{Memory, Shared};
use super::migrations;
use super::row;
use super::seal::SealingKey;
use super::tables::{self, HISTORY, META, RETIRED};
use crate::plant::Batch;

/// Opens with the right key alone.
pub(super) const CANARY: &str = "canary";
const FORMAT: &str = "format";
/// Commits of any kind up to the last one of the journal that is in the database.
const COMMITS: &str = "commits";
/// The last commit of the journal that is in the database, but for its cycles.
const JOURNALED: &str = "journaled";
/// The last commit of the journal whose cycles are packed too.
const PACKED: &str = "packed";

/// The files, open.
pub(super) struct Handle {
    pub(super) database: Database,
    memory: Shared,
    journal: Mutex<Option<Journal>>,
    /// Commits of any kind, with those that the database does not know of.
    commits: AtomicU64,
    /// The last one in the journal.
    journaled: AtomicU64,
}

/// A commit that is not yet on the disk, and where nobody sees it.
pub(super) struct Prepared {
    /// None where nothing but memory changes.
    txn: Option<WriteTransaction>,
    changes: Changes,
    /// Its number, and the one in the journal.
    number: u64,
    journaled: u64,
}

/// How far the database is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Marks {
    commits: u64,
    journaled: u64,
    packed: u64,
}

impl Handle {
    /// Brings a database up to date from its journal. `journal` is none when the file is not there; it is written to
    /// only if `writes`, and then laid out in segments of that size if it is new. What of it is missing or does not
    /// fit is an error, unless there is a place for it in `refused`.
    pub(super) fn open(
        database: Database,
        journal: Option<Box<dyn StorageBackend>>,
        key: &SealingKey,
        writes: Option<u64>,
        mut refused: Option<&mut Vec<String>>,
    ) -> Result<Self, Fault> {
        let mut handle = Handle {
            database,
            memory: Shared::default(),
            journal: Mutex::new(None),
            commits: AtomicU64::new(0),
            journaled: AtomicU64::new(0),
        };
        if format(&handle.database)? != migrations::NEWEST {
            // Older formats had no journal, newer ones are not ours to read.
            return Ok(handle);
        }
        let txn = handle.database.begin_read()?;
        if !fits(&txn, key)? {
            return Err(Fault::WrongKey);
        }
        let marks = marks(&txn)?;
        handle.commits = AtomicU64::new(marks.commits);
        handle.journaled = AtomicU64::new(marks.journaled);
        let now = history::packed(&txn.open_table(HISTORY)?, &txn.open_table(RETIRED)?)?;
        handle.memory = Shared::new(Memory { now, ..Memory::default() });
        drop(txn);
        let Some(file) = journal else {
            if marks.journaled > marks.packed {
                return Err(Fault::Journal((marks.packed.saturating_add(1)..=marks.journaled).collect()));
            }
            return Ok(handle);
        };
        let reading = Reading::after(file.as_ref(), key, (marks.packed, marks.journaled))?;
        match refused.as_deref_mut() {
            None if !reading.missing.is_empty() => return Err(Fault::Journal(reading.missing)),
            None => {}
            Some(refused) => {
                let gone =
                    reading.missing.iter().map(|number| format!("commit {number} is missing or damaged"));
                refused.extend(gone);
            }
        }
        handle.replay(&reading, marks.journaled, refused)?;
        if let Some(segment) = writes {
            let records = std::mem::take(&mut { reading }.records);
            handle.journal = Mutex::new(Some(Journal::resume(file, key, &records, segment)?));
        }
        Ok(handle)
    }

    /// Commits after `journaled` are not in the database; of the others only cycles are not.
    fn replay(
        &self,
        reading: &Reading<'_>,
        journaled: u64,
        mut refused: Option<&mut Vec<String>>,
    ) -> Result<(), Fault> {
        for found in &reading.records {
            let plain = reading.open(found)?.ok_or_else(|| Fault::Journal(vec![found.number]))?;
            let batch = commit::decode(found.number, plain.expose_secret())?;
            let redone = if found.number <= journaled {
                self.recall(&batch)
            } else {
                let number = self.commits().saturating_add(1);
                self.prepare_as(&batch, number, found.number, u64::MAX).and_then(|ready| self.publish(ready))
            };
            match (redone, refused.as_deref_mut()) {
                (Ok(()), _) => {}
                (Err(fault), Some(refused)) if !fault.is_broken_handle() => {
                    refused.push(format!("commit {} does not fit: {}", found.number, fault.cause()));
                    // Nobody reads it again.
                    self.journaled.store(found.number, Ordering::Relaxed);
                    self.write_out()?;
                }
                (Err(fault), _) => return Err(fault),
            }
        }
        Ok(())
    }

    /// Takes the cycles of a commit whose rest is in the database.
    fn recall(&self, batch: &Batch) -> Result<(), Fault> {
        let memory = self.memory.lock().look();
        let changes = commit::new_cycles(&self.database.begin_read()?, batch, &memory.now)?;
        drop(memory);
        self.memory.lock().change().take(changes);
        Ok(())
    }

    /// Commits of any kind.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// A transaction to read in, and what is known beside it, as of the same instant.
    pub(super) fn look(&self) -> Result<(ReadTransaction, Arc<Memory>), Fault> {
        let held = self.memory.lock();
        let txn = self.database.begin_read()?;
        Ok((txn, held.look()))
    }

    /// Makes commit `number` of a batch. Nothing is kept yet.
    pub(super) fn prepare(&self, batch: &Batch, number: u64, raw_ring: u64) -> Result<Prepared, Fault> {
        let journaled = self.journaled.load(Ordering::Relaxed).saturating_add(1);
        self.prepare_as(batch, number, journaled, raw_ring)
    }

    fn prepare_as(
        &self,
        batch: &Batch,
        number: u64,
        journaled: u64,
        raw_ring: u64,
    ) -> Result<Prepared, Fault> {
        let memory = self.memory.lock().look();
        if let Some(changes) = commit::steady(&self.database.begin_read()?, batch, &memory)? {
            return Ok(Prepared { txn: None, changes, number, journaled });
        }
        let mut txn = self.database.begin_write()?;
        txn.set_durability(Durability::None)?;
        let changes = commit::apply(&txn, batch, raw_ring, &memory)?;
        mark(&txn, COMMITS, number)?;
        mark(&txn, JOURNALED, journaled)?;
        Ok(Prepared { txn: Some(txn), changes, number, journaled })
    }

    /// Puts a prepared commit on the disk, then where readers see it. `false`: the journal has no room for it until
    /// it was packed, nothing was kept.
    pub(super) fn keep(&self, prepared: Prepared, plain: &[u8]) -> Result<bool, Fault> {
        match self.journal().as_mut() {
            Some(journal) => {
                if !journal.append(prepared.journaled, plain)? {
                    return Ok(false);
                }
            }
            None => return Err(Fault::Refused("the store was opened only to look at it".to_owned())),
        }
        self.publish(prepared)?;
        Ok(true)
    }

    fn publish(&self, Prepared { txn, changes, number, journaled }: Prepared) -> Result<(), Fault> {
        let mut held = self.memory.lock();
        let written = txn.is_some();
        if let Some(txn) = txn {
            txn.commit()?;
        }
        let memory = held.change();
        memory.take(changes);
        if written {
            memory.ledgers.written();
        }
        self.commits.store(number, Ordering::Relaxed);
        self.journaled.store(journaled, Ordering::Relaxed);
        Ok(())
    }

    /// Whether a commit of so many bytes can ever be kept.
    pub(super) fn takes(&self, plain: usize) -> Result<(), Fault> {
        match self.journal().as_ref() {
            Some(journal) if !journal.takes(plain) => {
                Err(Fault::Refused(format!("the commit is too large for the journal: {plain} bytes")))
            }
            _ => Ok(()),
        }
    }

    /// Whether it is time to pack, at so many cycles.
    pub(super) fn wants_packing(&self, cycles: usize) -> bool {
        self.journal().as_ref().is_some_and(Journal::is_nearly_full)
            || self.memory.lock().look().now.fresh() >= cycles
    }

    /// Whether so many cycles wait, beside those that are being packed.
    pub(super) fn is_crowded(&self, cycles: usize) -> bool {
        self.memory.lock().look().now.fresh() >= cycles
    }

    /// Sets aside what waits to be packed. The number is that of the last commit among it. Nobody commits meanwhile.
    pub(super) fn freeze(&self) -> Result<(u64, history::Frozen), Fault> {
        let number = self.journaled.load(Ordering::Relaxed);
        if let Some(journal) = self.journal().as_mut() {
            journal.turn();
        }
        Ok(self.memory.lock().change().now.freeze(number))
    }

    /// Writes what was packed, and forgets what was set aside. Nobody commits meanwhile.
    pub(super) fn thaw(
        &self,
        packed: u64,
        work: impl FnOnce(&WriteTransaction) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        self.write_out_with(work, |memory| memory.now.forget_frozen())?;
        // Readers do not wait for this one.
        let mut txn = self.database.begin_write()?;
        txn.set_durability(Durability::Immediate)?;
        mark(&txn, PACKED, packed)?;
        txn.commit()?;
        if let Some(journal) = self.journal().as_mut() {
            journal.free_other();
        }
        Ok(())
    }

    /// Brings the database up to the last commit, but for cycles and without a sync. Nobody commits meanwhile.
    fn write_out(&self) -> Result<(), Fault> {
        self.write_out_with(|_| Ok(()), |_| ())
    }

    fn write_out_with(
        &self,
        work: impl FnOnce(&WriteTransaction) -> Result<(), Fault>,
        then: impl FnOnce(&mut Memory),
    ) -> Result<(), Fault> {
        let mut txn = self.database.begin_write()?;
        txn.set_durability(Durability::None)?;
        self.catch_up(&txn, self.commits())?;
        work(&txn)?;
        let mut held = self.memory.lock();
        txn.commit()?;
        let memory = held.change();
        memory.ledgers.written();
        then(memory);
        Ok(())
    }

    /// Writes to a transaction what the database lacks of ledgers, and how far it is then.
    fn catch_up(&self, txn: &WriteTransaction, commits: u64) -> Result<(), Fault> {
        self.memory.lock().look().ledgers.write(txn)?;
        mark(txn, COMMITS, commits)?;
        mark(txn, JOURNALED, self.journaled.load(Ordering::Relaxed))
    }

    /// Gives back what neither database nor journal needs. `false`: something waits to be packed, or somebody reads.
    pub(super) fn shrink(&mut self) -> Result<bool, Fault> {
        let (packed, journaled) = progress(&self.database)?;
        if packed < journaled {
            return Ok(false);
        }
        loop {
            match self.database.compact() {
                Ok(true) => {}
                Ok(false) => break,
                Err(CompactionError::Storage(error)) => return Err(error.into()),
                Err(_) => return Ok(false),
            }
        }
        if let Some(journal) = self.journal().as_mut() {
            journal.give_back()?;
        }
        Ok(true)
    }

    /// One transaction that is on the disk when this returns, as commit `number`.
    pub(super) fn transact(
        &self,
        number: u64,
        work: impl FnOnce(&WriteTransaction) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut txn = self.database.begin_write()?;
        txn.set_durability(Durability::Immediate)?;
        self.catch_up(&txn, number)?;
        work(&txn)?;
        txn.commit()?;
        // Whatever it changed: from now on the database is asked.
        self.memory.lock().change().ledgers.forget();
        self.commits.store(number, Ordering::Relaxed);
        Ok(())
    }

    fn journal(&self) -> MutexGuard<'_, Option<Journal>> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Handle {
    /// The next opening has less to do, and knows how far the journal must reach.
    fn drop(&mut self) {
        if !self.memory.lock().look().ledgers.is_written() {
            // Everything is in the journal. Who closes a file that failed can do nothing about it.
            let _ = self.write_out();
        }
    }
}

/// Whether that is one of the numbers that say how far the database is.
pub(super) fn is_mark(name: &str) -> bool {
    [COMMITS, JOURNALED, PACKED].contains(&name)
}

/// The format on disk, 0 for an empty file. A fixed shape for all formats: a byte 1 and 32 bits, little end first.
pub(super) fn format(database: &Database) -> Result<u32, Fault> {
    let meta = match database.begin_read()?.open_table(META) {
        Ok(meta) => meta,
        Err(TableError::TableDoesNotExist(_)) => return Ok(0),
        Err(error) => return Err(error.into()),
    };
    let Some(value) = meta.get(FORMAT)? else { return Ok(0) };
    match value.value() {
        [1, format @ ..] => {
            let format = <[u8; 4]>::try_from(format).ok().map(u32::from_le_bytes);
            format.ok_or_else(|| unreadable(Damage::Bytes("it is not 32 bits".to_owned())))
        }
        [] => Err(unreadable(Damage::Empty)),
        [found, ..] => Err(unreadable(Damage::Version { found: *found, known: 1 })),
    }
}

fn unreadable(why: Damage) -> Fault {
    Fault::Undecodable(Undecodable { table: "meta", key: format!("{FORMAT:?}"), why })
}

/// Whether the canary, if there is one, opens with this key.
fn fits(txn: &ReadTransaction, key: &SealingKey) -> Result<bool, Fault> {
    let meta = txn.open_table(META)?;
    let Some(canary) = meta.get(CANARY)? else { return Ok(true) };
    let body = row::body(canary.value()).map_err(|why| Undecodable {
        table: "meta",
        key: format!("{CANARY:?}"),
        why,
    })?;
    Ok(key.open(CANARY, body).is_some())
}

fn marks(txn: &ReadTransaction) -> Result<Marks, Fault> {
    Ok(Marks {
        commits: read_mark(txn, COMMITS)?,
        journaled: read_mark(txn, JOURNALED)?,
        packed: read_mark(txn, PACKED)?,
    })
}

/// The last commit of the journal that is in the database as a whole, and the last that is there but for its cycles.
pub(super) fn progress(database: &Database) -> Result<(u64, u64), Fault> {
    let marks = marks(&database.begin_read()?)?;
    Ok((marks.packed, marks.journaled))
}

fn read_mark(txn: &ReadTransaction, name: &str) -> Result<u64, Fault> {
    Ok(tables::one(&txn.open_table(META)?, "meta", name)?.unwrap_or(0))
}

fn mark(txn: &WriteTransaction, name: &str, number: u64) -> Result<(), Fault> {
    txn.open_table(META)?.insert(name, row::encode(&number)?.as_slice())?;
    Ok(())
}
