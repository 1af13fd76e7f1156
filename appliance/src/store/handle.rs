//! One opening of the store's files: the database, what the journal holds beside it, and what waits to be packed.
//!
//! The database lags behind the journal on disk: commits go into it without a sync, and the journal's records are
//! what survives. Whoever opens the files reads the records that the database does not have and brings it up to date.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{
    CompactionError, Database, Durability, ReadTransaction, ReadableDatabase, StorageBackend, TableError,
    WriteTransaction,
};
use secrecy::ExposeSecret;

use super::commit::{self, Changes};
use super::error::{Damage, Fault, Undecodable};
use super::history::{self, Now, Recent};
use super::journal::{Journal, Reading};
use super::migrations;
use super::row;
use super::seal::SealingKey;
use super::tables::{self, HISTORY, META, RETIRED};
use crate::plant::Batch;

/// Opens with the right key alone.
pub(super) const CANARY: &str = "canary";
const FORMAT: &str = "format";
/// Commits in the database, of any kind.
const COMMITS: &str = "commits";
/// The last commit of the journal that is in the database, but for its cycles.
const JOURNALED: &str = "journaled";
/// The last commit of the journal whose cycles are packed too.
const PACKED: &str = "packed";

/// The files, open.
pub(super) struct Handle {
    pub(super) database: Database,
    recent: Recent,
    journal: Mutex<Option<Journal>>,
    /// What the mark says; nobody else writes this database.
    commits: AtomicU64,
}

/// A commit that is written to the transaction and not yet to the disk.
pub(super) struct Prepared {
    txn: WriteTransaction,
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
            recent: Recent::default(),
            journal: Mutex::new(None),
            commits: AtomicU64::new(0),
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
        let mut now = history::packed(&txn.open_table(HISTORY)?, &txn.open_table(RETIRED)?)?;
        drop(txn);
        let Some(file) = journal else {
            if marks.journaled > marks.packed {
                return Err(Fault::Journal((marks.packed.saturating_add(1)..=marks.journaled).collect()));
            }
            handle.recent = Recent::new(now);
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
        handle.replay(&reading, marks, &mut now, refused)?;
        handle.recent = Recent::new(now);
        if let Some(segment) = writes {
            let records = std::mem::take(&mut { reading }.records);
            handle.journal = Mutex::new(Some(Journal::resume(file, key, &records, segment)?));
        }
        Ok(handle)
    }

    fn replay(
        &self,
        reading: &Reading<'_>,
        marks: Marks,
        now: &mut Now,
        mut refused: Option<&mut Vec<String>>,
    ) -> Result<(), Fault> {
        let mut commits = marks.commits;
        for found in &reading.records {
            let plain = reading.open(found)?.ok_or_else(|| Fault::Journal(vec![found.number]))?;
            let batch: Batch = row::decode("journal", found.number, plain.expose_secret())?;
            let changes = if found.number <= marks.journaled {
                let txn = self.database.begin_read()?;
                let retired = txn.open_table(RETIRED)?;
                let gone = |mold: domain::MoldId| tables::one(&retired, "retired", mold.0);
                commit::new_cycles(|| Ok(txn.open_table(HISTORY)?), gone, &batch, now)
            } else {
                commits = commits.saturating_add(1);
                self.redo(&batch, found.number, commits, now)
            };
            match (changes, refused.as_deref_mut()) {
                (Ok(changes), _) => changes.cycles.iter().for_each(|(mold, new)| now.add(*mold, new)),
                (Err(fault), Some(refused)) if !fault.is_broken_handle() => {
                    refused.push(format!("commit {} does not fit: {}", found.number, fault.cause()));
                    // Nobody reads it again.
                    let mut txn = self.database.begin_write()?;
                    txn.set_durability(Durability::None)?;
                    mark(&txn, JOURNALED, found.number)?;
                    txn.commit()?;
                }
                (Err(fault), _) => return Err(fault),
            }
        }
        Ok(())
    }

    fn redo(&self, batch: &Batch, number: u64, commits: u64, now: &Now) -> Result<Changes, Fault> {
        let (txn, changes) = self.write_batch(batch, u64::MAX, now)?;
        mark(&txn, COMMITS, commits)?;
        mark(&txn, JOURNALED, number)?;
        txn.commit()?;
        self.commits.store(commits, Ordering::Relaxed);
        Ok(changes)
    }

    fn write_batch(
        &self,
        batch: &Batch,
        raw_ring: u64,
        now: &Now,
    ) -> Result<(WriteTransaction, Changes), Fault> {
        let mut txn = self.database.begin_write()?;
        txn.set_durability(Durability::None)?;
        let changes = commit::apply(&txn, batch, raw_ring, now)?;
        Ok((txn, changes))
    }

    /// Commits in the database, of any kind.
    pub(super) fn commits(&self) -> u64 {
        self.commits.load(Ordering::Relaxed)
    }

    /// A transaction to read in, and what waits to be packed, as of the same instant.
    pub(super) fn look(&self) -> Result<(ReadTransaction, Arc<Now>), Fault> {
        let held = self.recent.lock();
        let txn = self.database.begin_read()?;
        Ok((txn, held.look()))
    }

    /// Writes a batch to a transaction, as commit `number`. Nothing is kept yet.
    pub(super) fn prepare(&self, batch: &Batch, number: u64, raw_ring: u64) -> Result<Prepared, Fault> {
        let now = self.recent.lock().look();
        let (txn, changes) = self.write_batch(batch, raw_ring, &now)?;
        let mut meta = txn.open_table(META)?;
        let journaled = tables::one::<_, u64>(&meta, "meta", JOURNALED)?.unwrap_or(0).saturating_add(1);
        meta.insert(COMMITS, row::encode(&number)?.as_slice())?;
        meta.insert(JOURNALED, row::encode(&journaled)?.as_slice())?;
        drop(meta);
        Ok(Prepared { txn, changes, number, journaled })
    }

    /// Puts a prepared commit on the disk, then where readers see it. `false`: the journal has no room for it until
    /// it was packed, nothing was kept.
    pub(super) fn keep(&self, prepared: Prepared, plain: &[u8]) -> Result<bool, Fault> {
        let Prepared { txn, changes, number, journaled } = prepared;
        match self.journal().as_mut() {
            Some(journal) => {
                if !journal.append(journaled, plain)? {
                    return Ok(false);
                }
            }
            None => return Err(Fault::Refused("the store was opened only to look at it".to_owned())),
        }
        let mut held = self.recent.lock();
        txn.commit()?;
        let now = held.change();
        changes.cycles.iter().for_each(|(mold, new)| now.add(*mold, new));
        self.commits.store(number, Ordering::Relaxed);
        Ok(true)
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
            || self.recent.lock().look().fresh() >= cycles
    }

    /// Whether so many cycles wait, beside those that are being packed.
    pub(super) fn is_crowded(&self, cycles: usize) -> bool {
        self.recent.lock().look().fresh() >= cycles
    }

    /// Sets aside what waits to be packed. The number is that of the last commit among it. Nobody commits meanwhile.
    pub(super) fn freeze(&self) -> Result<(u64, history::Frozen), Fault> {
        let number = read_mark(&self.database.begin_read()?, JOURNALED)?;
        if let Some(journal) = self.journal().as_mut() {
            journal.turn();
        }
        Ok(self.recent.lock().change().freeze(number))
    }

    /// Writes what was packed, and forgets what was set aside. Nobody commits meanwhile.
    pub(super) fn thaw(
        &self,
        packed: u64,
        work: impl FnOnce(&WriteTransaction) -> Result<(), Fault>,
    ) -> Result<(), Fault> {
        let mut txn = self.database.begin_write()?;
        txn.set_durability(Durability::None)?;
        work(&txn)?;
        {
            let mut held = self.recent.lock();
            txn.commit()?;
            held.change().forget_frozen();
        }
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
        work(&txn)?;
        mark(&txn, COMMITS, number)?;
        txn.commit()?;
        self.commits.store(number, Ordering::Relaxed);
        Ok(())
    }

    fn journal(&self) -> MutexGuard<'_, Option<Journal>> {
        self.journal.lock().unwrap_or_else(PoisonError::into_inner)
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
