//! Opening, and the two ways in: one reads, the other writes.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use redb::{Database, Durability, ReadTransaction, ReadableDatabase, TableError, WriteTransaction};

use super::disk::Disk;
use super::error::{Commit, Damage, Fault, OpenStore, Read, Undecodable};
use super::tables::META;
use super::{migrations, row};
use crate::plant::Batch;
use crate::store::SealingKey;

const FORMAT: &str = "format";
const COMMITS: &str = "commits";
const CANARY: &str = "canary";
const CANARY_TEXT: &[u8] = b"the sealing key of this store";
/// Raw payloads kept unless the configuration says otherwise.
const RAW_RING: u64 = 100_000;

/// The store. Cheap to clone; all clones are the same store.
#[derive(Clone)]
pub struct Store {
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) disk: Disk,
    pub(super) seal: Option<SealingKey>,
    pub(super) raw_ring: AtomicU64,
    /// Held by whoever writes.
    writer: Mutex<Writer>,
}

#[derive(Default)]
struct Writer {
    /// A commit that was told as failed and may yet turn out to be on the disk.
    doubtful: Option<Doubtful>,
    /// It did turn out to be there.
    kept_after_all: Option<Batch>,
}

struct Doubtful {
    number: u64,
    batch: Option<Batch>,
}

impl std::fmt::Debug for Store {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Store").field("path", &self.inner.disk.path()).finish_non_exhaustive()
    }
}

impl Store {
    /// Opens the store in a data directory, makes it when there is none and brings it to the current format. Nobody
    /// else can open it meanwhile. One that is there opens on a full or read-only disk too: it is read, and refuses
    /// commits until the disk takes them again.
    ///
    /// # Errors
    /// Directory or file cannot be used, the format is newer than this program, or the key is another one.
    pub fn open(dir: &Path, seal: &SealingKey) -> Result<Store, OpenStore> {
        Store::on_disk(Disk::in_directory(dir)?, Some(seal.duplicate()))
    }

    /// Opens a store that exists to look at it, without its key: everything but secrets can be read, and nothing of
    /// the file is changed. For `check` and `export`.
    ///
    /// # Errors
    /// As [`Store::open`]; also when there is no store.
    pub fn open_without_key(dir: &Path) -> Result<Store, OpenStore> {
        Store::on_disk(Disk::to_look_at(dir)?, None)
    }

    /// Opens a store to look at it with its key: secrets can be read too, and nothing of the file is changed.
    ///
    /// # Errors
    /// As [`Store::open_without_key`]; also when the key is another one.
    pub fn open_to_look(dir: &Path, seal: &SealingKey) -> Result<Store, OpenStore> {
        Store::on_disk(Disk::to_look_at(dir)?, Some(seal.duplicate()))
    }

    /// Opens a store that stands beside the box's own, with little memory: as [`Store::open`], or as
    /// [`Store::open_to_look`].
    pub(crate) fn open_scratch(dir: &Path, seal: &SealingKey, to_look: bool) -> Result<Store, OpenStore> {
        let disk = if to_look { Disk::to_look_at(dir)? } else { Disk::in_directory(dir)? };
        Store::on_disk(disk.small(), Some(seal.duplicate()))
    }

    /// Opens a store on any backend; `open` is called again whenever the backend failed.
    #[cfg(test)]
    pub(super) fn with_backend<B: redb::StorageBackend>(
        open: impl Fn(super::disk::Purpose) -> std::io::Result<B> + Send + Sync + 'static,
        seal: &SealingKey,
    ) -> Result<Store, OpenStore> {
        Store::on_disk(Disk::on(open), Some(seal.duplicate()))
    }

    fn on_disk(disk: Disk, seal: Option<SealingKey>) -> Result<Store, OpenStore> {
        let path = || disk.path().to_owned();
        let failed = |fault: Fault| match fault {
            Fault::Database(error) if matches!(*error, redb::Error::DatabaseAlreadyOpen) => {
                OpenStore::InUse { path: path() }
            }
            Fault::Database(source) => OpenStore::Database { path: path(), source },
            Fault::Undecodable(error) => OpenStore::Database { path: path(), source: error.into() },
            other => OpenStore::Database { path: path(), source: format!("{other:?}").into() },
        };
        let mut database = disk.to_read().map_err(failed)?;
        let found = format(&database).map_err(failed)?;
        if found > migrations::NEWEST {
            return Err(OpenStore::Newer { path: path(), found, known: migrations::NEWEST });
        }
        if found < migrations::NEWEST {
            // Above a shadow the new format would be gone when the disk comes back.
            if !disk.only_looks() {
                drop(database);
                database = disk.to_write().map_err(failed)?;
            }
            migrate(&database, found).map_err(failed)?;
        }
        if let Some(key) = &seal
            && !fits(&database, key).map_err(failed)?
        {
            return Err(OpenStore::WrongKey { path: path() });
        }
        drop(database);
        let raw_ring = AtomicU64::new(RAW_RING);
        Ok(Store { inner: Arc::new(Inner { disk, seal, raw_ring, writer: Mutex::default() }) })
    }

    /// What the store takes of its disk, in bytes; 0 when that cannot be told.
    #[must_use]
    pub fn bytes_on_disk(&self) -> u64 {
        std::fs::metadata(self.inner.disk.path()).map_or(0, |file| file.len())
    }

    /// Keeps at most so many raw payloads from the next commit on.
    pub fn set_raw_ring(&self, payloads: u64) {
        self.inner.raw_ring.store(payloads, Ordering::Relaxed);
    }

    pub(super) fn read<T>(&self, work: impl FnOnce(&ReadTransaction) -> Result<T, Fault>) -> Result<T, Read> {
        let database = self.inner.disk.to_read()?;
        let result = database.begin_read().map_err(Fault::from).and_then(|txn| work(&txn));
        result.map_err(|fault| {
            if fault.is_broken_handle() {
                self.inner.disk.retire(database);
            }
            Read::from(fault)
        })
    }

    /// One durable transaction. `batch` is what the caller would offer again after a failure.
    pub(super) fn write(
        &self,
        batch: Option<&Batch>,
        work: impl FnOnce(&WriteTransaction) -> Result<(), Fault>,
    ) -> Result<(), Commit> {
        let mut writer = self.inner.writer.lock().unwrap_or_else(PoisonError::into_inner);
        let database = self.ready()?;
        let number = self.settle(&mut writer, &database)?;
        if let Some(batch) = batch
            && let Some(kept) = writer.kept_after_all.take()
        {
            return if kept == *batch { Ok(()) } else { Err(Commit::KeptAfterAll) };
        }
        let number = number.saturating_add(1);
        let fault = match transact(&database, number, work) {
            Ok(()) => return Ok(()),
            Err(fault) => fault,
        };
        if !fault.is_broken_handle() {
            return Err(fault.into());
        }
        // The file tells whether the commit reached it before the disk failed.
        self.inner.disk.retire(database);
        match self.inner.disk.to_write().and_then(|database| commits(&database)) {
            Ok(there) if there == number => Ok(()),
            Ok(_) => Err(fault.into()),
            Err(_) => {
                writer.doubtful = Some(Doubtful { number, batch: batch.cloned() });
                Err(fault.into())
            }
        }
    }

    /// Why a commit would be refused now, as far as that can be told before trying.
    #[must_use]
    pub fn refusal(&self) -> Option<Commit> {
        self.ready().err()
    }

    fn ready(&self) -> Result<Arc<Database>, Commit> {
        match self.inner.disk.shortage() {
            Some((free, needed)) => Err(Commit::Full { free, needed }),
            None => Ok(self.inner.disk.to_write()?),
        }
    }

    /// The number of the last commit on disk, and what became of a doubtful one.
    fn settle(&self, writer: &mut Writer, database: &Arc<Database>) -> Result<u64, Fault> {
        let there = commits(database).inspect_err(|fault| {
            if fault.is_broken_handle() {
                self.inner.disk.retire(Arc::clone(database));
            }
        })?;
        if let Some(doubtful) = writer.doubtful.take()
            && doubtful.number == there
        {
            writer.kept_after_all = doubtful.batch;
        }
        Ok(there)
    }
}

/// Whether somebody has the store in this directory open for writing.
#[must_use]
pub fn in_use(dir: &Path) -> bool {
    matches!(Store::open_without_key(dir), Err(OpenStore::InUse { .. }))
}

fn transact(
    database: &Database,
    number: u64,
    work: impl FnOnce(&WriteTransaction) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut txn = database.begin_write()?;
    txn.set_durability(Durability::Immediate)?;
    work(&txn)?;
    txn.open_table(META)?.insert(COMMITS, row::encode(&number)?.as_slice())?;
    txn.commit()?;
    Ok(())
}

fn commits(database: &Database) -> Result<u64, Fault> {
    let meta = database.begin_read()?.open_table(META)?;
    Ok(super::tables::one(&meta, "meta", COMMITS)?.unwrap_or(0))
}

/// The format on disk, 0 for an empty file. A fixed shape for all formats: a byte 1 and 32 bits, little end first.
fn format(database: &Database) -> Result<u32, Fault> {
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

fn migrate(database: &Database, from: u32) -> Result<(), Fault> {
    let mut txn = database.begin_write()?;
    txn.set_durability(Durability::Immediate)?;
    migrations::run(&txn, from)?;
    txn.commit()?;
    Ok(())
}

/// Whether the canary opens with this key; a store without one gets it.
fn fits(database: &Database, key: &SealingKey) -> Result<bool, Fault> {
    let meta = database.begin_read()?.open_table(META)?;
    if let Some(canary) = meta.get(CANARY)? {
        let body = row::body(canary.value()).map_err(|why| Undecodable {
            table: "meta",
            key: format!("{CANARY:?}"),
            why,
        })?;
        return Ok(key.open(CANARY, body).is_some());
    }
    let sealed = key.seal(CANARY, CANARY_TEXT).ok_or_else(|| Fault::Sealed(CANARY.to_owned()))?;
    let mut txn = database.begin_write()?;
    txn.set_durability(Durability::Immediate)?;
    txn.open_table(META)?.insert(CANARY, sealed.as_slice())?;
    txn.commit()?;
    Ok(true)
}
