//! Opening, and the ways in: one reads, the other writes.

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use redb::{Database, Durability, ReadTransaction, ReadableDatabase, WriteTransaction};

use super::check::Finding;
use super::contents::{self, Contents};
use super::disk::Disk;
use super::error::{Commit, Fault, OpenStore, Read};
use super::handle::{self, CANARY, Handle};
use super::history::End;
use super::memory::Memory;
use super::packing::{self, Bell, Packer};
use super::pulse::Pulse;
use super::tables::META;
use super::{migrations, rekey};
use crate::plant::Batch;
use crate::store::{SealingKey, StoreKeys};

const CANARY_TEXT: &[u8] = b"the sealing key of this store";
/// Raw payloads kept unless the configuration says otherwise.
const RAW_RING: u64 = 100_000;

/// The store. Cheap to clone; all clones are the same store.
#[derive(Clone)]
pub struct Store {
    /// Ends before what it works on.
    packer: Option<Arc<Packer>>,
    pub(super) inner: Arc<Inner>,
}

pub(super) struct Inner {
    pub(super) disk: Disk,
    pub(super) seal: SealingKey,
    pub(super) raw_ring: AtomicU64,
    pub(super) pulse: Pulse,
    /// Held by whoever packs, and taken before `writer`.
    pub(super) packing: Mutex<()>,
    pub(super) bell: Arc<Bell>,
    /// So many cycles wait before they are packed.
    waiting: usize,
    /// Held by whoever writes.
    writer: Mutex<Writer>,
}

#[derive(Default)]
pub(super) struct Writer {
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
    /// Opens the store in a data directory, makes it when there is none and brings it to the current format; a plain
    /// file of earlier days is encrypted. Nobody else can open it meanwhile. One that is there opens on a full or
    /// read-only disk too: it is read, and refuses commits until the disk takes them again.
    ///
    /// # Errors
    /// Directory or file cannot be used, the format is newer than this program, or the keys are others.
    pub fn open(dir: &Path, keys: &StoreKeys) -> Result<Store, OpenStore> {
        match contents::contents(dir, keys)? {
            Contents::Plain => rekey::encrypt(dir, keys)?,
            Contents::Foreign => return Err(OpenStore::Foreign { path: dir.join(super::FILE) }),
            Contents::Nothing => contents::begin_anew(dir, keys)?,
            Contents::Encrypted => {}
        }
        Store::on_disk(Disk::in_directory(dir, keys)?, &keys.sealing, Some(packing::CYCLES))
    }

    /// Opens a store that exists to look at it: nothing of its files is changed. For `check` and `export`.
    ///
    /// # Errors
    /// As [`Store::open`]; also when there is no store.
    pub fn look_at(dir: &Path, keys: &StoreKeys) -> Result<Store, OpenStore> {
        let plain = match contents::contents(dir, keys)? {
            Contents::Foreign => return Err(OpenStore::Foreign { path: dir.join(super::FILE) }),
            contents => contents == Contents::Plain,
        };
        Store::on_disk(Disk::to_look_at(dir, keys, plain)?, &keys.sealing, None)
    }

    /// Opens a store that was copied from a damaged one, and tells what of its journal is lost.
    pub(super) fn open_tolerant(dir: &Path, keys: &StoreKeys) -> Result<(Store, Vec<Finding>), OpenStore> {
        let disk = Disk::in_directory(dir, keys)?;
        let mut refused = Vec::new();
        disk.tolerate(&mut refused)
            .map_err(|fault| OpenStore::Database { path: disk.path().to_owned(), source: fault.cause() })?;
        let store = Store::on_disk(disk, &keys.sealing, None)?;
        let lost = refused.into_iter().map(|what| Finding { place: "journal".to_owned(), what });
        Ok((store, lost.collect()))
    }

    /// Opens a store on any backend; `open` is called again whenever the backend failed. It packs in the middle of
    /// commits, at so many cycles and with a journal of such segments, so that what happens is the same at every run.
    #[cfg(test)]
    pub(super) fn with_backend<B: redb::StorageBackend>(
        open: impl Fn(super::disk::Part, super::disk::Purpose) -> std::io::Result<B> + Send + Sync + 'static,
        keys: &StoreKeys,
        (waiting, segment): (usize, u64),
    ) -> Result<Store, OpenStore> {
        let mut store = Store::on_disk(Disk::on(open, keys, segment), &keys.sealing, None)?;
        if let Some(inner) = Arc::get_mut(&mut store.inner) {
            inner.waiting = waiting;
        }
        Ok(store)
    }

    fn on_disk(disk: Disk, seal: &SealingKey, beside: Option<usize>) -> Result<Store, OpenStore> {
        let path = || disk.path().to_owned();
        let failed = |fault: Fault| match fault {
            Fault::Database(error) if matches!(*error, redb::Error::DatabaseAlreadyOpen) => {
                OpenStore::InUse { path: path() }
            }
            Fault::WrongKey => OpenStore::WrongKey { path: path() },
            other => OpenStore::Database { path: path(), source: other.cause() },
        };
        let mut opened = disk.to_read().map_err(failed)?;
        let found = handle::format(&opened.database).map_err(failed)?;
        if found > migrations::NEWEST {
            return Err(OpenStore::Newer { path: path(), found, known: migrations::NEWEST });
        }
        if found < migrations::NEWEST {
            // Above a shadow the new format would be gone when the disk comes back.
            if !disk.only_looks() {
                drop(opened);
                opened = disk.to_write().map_err(failed)?;
            }
            if found > 0 && !disk.only_looks() {
                disk.keep_former(found)
                    .map_err(|error| OpenStore::Database { path: path(), source: error.into() })?;
            }
            migrate(&opened.database, found).map_err(failed)?;
            if !disk.only_looks() {
                disk.retire(opened);
                opened = disk.to_write().map_err(failed)?;
            }
        }
        if !disk.only_looks() {
            put_canary(&opened.database, seal).map_err(failed)?;
        }
        drop(opened);
        let inner = Arc::new(Inner {
            disk,
            seal: seal.duplicate(),
            raw_ring: AtomicU64::new(RAW_RING),
            pulse: Pulse::default(),
            packing: Mutex::default(),
            bell: Arc::default(),
            waiting: beside.unwrap_or(packing::CYCLES),
            writer: Mutex::default(),
        });
        let packer = beside.map(|_| Packer::start(&inner)).transpose();
        let packer = packer.map_err(|source| OpenStore::Database {
            path: inner.disk.path().to_owned(),
            source: source.into(),
        })?;
        Ok(Store { packer: packer.map(Arc::new), inner })
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
        self.look(|txn, _| work(txn))
    }

    /// Reads the database and what is known beside it, as of the same instant.
    pub(super) fn look<T>(
        &self,
        work: impl FnOnce(&ReadTransaction, &Memory) -> Result<T, Fault>,
    ) -> Result<T, Read> {
        let handle = self.inner.disk.to_read()?;
        handle.look().and_then(|(txn, memory)| work(&txn, &memory)).map_err(|fault| {
            if fault.is_broken_handle() {
                self.inner.disk.retire(handle);
            }
            Read::from(fault)
        })
    }

    /// Keeps a batch through the journal. `plain` is what the journal takes of it.
    pub(super) fn keep(&self, batch: &Batch, plain: &[u8]) -> Result<(), Commit> {
        let inner = &self.inner;
        loop {
            let mut writer = inner.writer();
            let handle = inner.ready()?;
            handle.takes(plain.len())?;
            let number = Inner::settle(&mut writer, &handle);
            if let Some(kept) = writer.kept_after_all.take() {
                return if kept == *batch { Ok(()) } else { Err(Commit::KeptAfterAll) };
            }
            let number = number.saturating_add(1);
            let ring = inner.raw_ring.load(Ordering::Relaxed);
            let kept = handle.prepare(batch, number, ring).and_then(|ready| handle.keep(ready, plain));
            match kept {
                Ok(true) => {
                    let full = handle.wants_packing(inner.waiting);
                    // Whoever brings more than can be packed waits for it: memory has its bounds.
                    let crowded = handle.is_crowded(inner.waiting.saturating_mul(packing::CROWD));
                    drop(writer);
                    if full {
                        self.pack_soon(crowded);
                    }
                    return Ok(());
                }
                Ok(false) => {
                    drop(writer);
                    inner.pack(End::Loose)?;
                }
                Err(fault) => return inner.failed(&mut writer, handle, fault, number, Some(batch)),
            }
        }
    }

    fn pack_soon(&self, now: bool) {
        if self.packer.is_some() && !now {
            self.inner.bell.ring();
        } else if let Err(error) = self.inner.pack(End::Loose) {
            // The commit is kept; who comes next meets the disk as it is.
            tracing::warn!(error = &error as &dyn std::error::Error, "could not pack history");
        }
    }

    /// One durable transaction beside the journal.
    pub(super) fn write(
        &self,
        work: impl FnOnce(&WriteTransaction) -> Result<(), Fault>,
    ) -> Result<(), Commit> {
        let mut writer = self.inner.writer();
        let handle = self.inner.ready()?;
        let number = Inner::settle(&mut writer, &handle).saturating_add(1);
        match handle.transact(number, work) {
            Ok(()) => Ok(()),
            Err(fault) => self.inner.failed(&mut writer, handle, fault, number, None),
        }
    }

    /// Why a commit would be refused now, as far as that can be told before trying.
    #[must_use]
    pub fn refusal(&self) -> Option<Commit> {
        self.inner.ready().err()
    }
}

impl Inner {
    pub(super) fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn ready(&self) -> Result<Arc<Handle>, Commit> {
        match self.disk.shortage() {
            Some((free, needed)) => Err(Commit::Full { free, needed }),
            None => Ok(self.disk.to_write()?),
        }
    }

    /// The number of the last commit on disk, and what became of a doubtful one.
    fn settle(writer: &mut Writer, handle: &Handle) -> u64 {
        let there = handle.commits();
        if let Some(doubtful) = writer.doubtful.take()
            && doubtful.number == there
        {
            writer.kept_after_all = doubtful.batch;
        }
        there
    }

    /// What became of a commit that failed: the files tell whether it reached them before the disk failed.
    fn failed(
        &self,
        writer: &mut Writer,
        handle: Arc<Handle>,
        fault: Fault,
        number: u64,
        batch: Option<&Batch>,
    ) -> Result<(), Commit> {
        if !fault.is_broken_handle() {
            return Err(fault.into());
        }
        self.disk.retire(handle);
        match self.disk.to_write().map(|handle| handle.commits()) {
            Ok(there) if there == number => Ok(()),
            Ok(_) => Err(fault.into()),
            Err(_) => {
                writer.doubtful = Some(Doubtful { number, batch: batch.cloned() });
                Err(fault.into())
            }
        }
    }
}

fn migrate(database: &Database, from: u32) -> Result<(), Fault> {
    let mut txn = database.begin_write()?;
    txn.set_durability(Durability::Immediate)?;
    migrations::run(&txn, from)?;
    txn.commit()?;
    Ok(())
}

/// A store without a canary gets one: it tells the right key from a wrong one.
fn put_canary(database: &Database, key: &SealingKey) -> Result<(), Fault> {
    if database.begin_read()?.open_table(META)?.get(CANARY)?.is_some() {
        return Ok(());
    }
    let mut txn = database.begin_write()?;
    txn.set_durability(Durability::Immediate)?;
    write_canary(&txn, key)?;
    txn.commit()?;
    Ok(())
}

/// Leaves what only this key opens.
pub(super) fn write_canary(txn: &WriteTransaction, key: &SealingKey) -> Result<(), Fault> {
    let sealed = key.seal(CANARY, CANARY_TEXT).ok_or_else(|| Fault::Sealed(CANARY.to_owned()))?;
    txn.open_table(META)?.insert(CANARY, sealed.as_slice())?;
    Ok(())
}

/// Whether somebody has the store in this directory open.
#[must_use]
pub fn in_use(dir: &Path) -> bool {
    matches!(rekey::hold(dir), Err(OpenStore::InUse { .. }))
}
