//! The database file and how it comes back after the disk failed.
//!
//! redb gives up a handle at the first failed write or sync; only a new handle repairs the file. The handle is
//! therefore a slot here: whoever meets a broken one takes it out, and the next use opens the file anew. While the file
//! cannot be written, readers get a handle above a shadow (see [`super::layer`]).

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use redb::backends::FileBackend;
use redb::{Database, DatabaseError, StorageBackend};

use super::error::{Fault, OpenStore};
use super::layer::Layer;

/// Enough for the hot end of every table; redb's own default is a gigabyte.
const CACHE: usize = 64 << 20;
/// So much stays free on the disk: a commit that ran out of room half-way would cost a repair of the file.
const MARGIN: u64 = 16 << 20;
/// How long a broken handle is waited for while readers still hold it.
const PATIENCE: u32 = 400;
const PAUSE: Duration = Duration::from_millis(5);

type Opener = Box<dyn Fn() -> Result<Box<dyn StorageBackend>, DatabaseError> + Send + Sync>;

/// Where the database is and the handle to it.
pub(super) struct Disk {
    path: PathBuf,
    opener: Opener,
    /// The directory whose free room is watched; none for a backend that is no file.
    watched: Option<PathBuf>,
    slot: Mutex<Slot>,
}

#[derive(Default)]
struct Slot {
    handle: Option<Arc<Database>>,
    /// The handle stands above a shadow: good for reading only.
    shadowed: bool,
    /// The handle before, as long as somebody holds it: the file is locked until it is gone.
    former: Weak<Database>,
}

impl Disk {
    /// The file in a directory, which is made when it is missing and `create` says so.
    pub(super) fn in_directory(dir: &Path, create: bool) -> Result<Self, OpenStore> {
        let unusable = |source| OpenStore::Directory { path: dir.to_owned(), source };
        let path = dir.join(super::FILE);
        if create {
            DirBuilder::new().recursive(true).mode(0o700).create(dir).map_err(unusable)?;
            open_file(&path, true).and_then(|_| File::open(dir)?.sync_all()).map_err(unusable)?;
        } else if !path.is_file() {
            return Err(OpenStore::Missing { path });
        }
        let file = path.clone();
        let opener: Opener = Box::new(move || Ok(Box::new(FileBackend::new(open_file(&file, false)?)?)));
        Ok(Disk { path, opener, watched: Some(dir.to_owned()), slot: Mutex::default() })
    }

    /// Any backend; `open` is called at every opening.
    #[cfg(test)]
    pub(super) fn on<B: StorageBackend>(open: impl Fn() -> io::Result<B> + Send + Sync + 'static) -> Self {
        let opener: Opener = Box::new(move || Ok(Box::new(open()?)));
        Disk { path: PathBuf::from("(test)"), opener, watched: None, slot: Mutex::default() }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The first opening, with errors for people.
    pub(super) fn open(&self) -> Result<Arc<Database>, OpenStore> {
        let path = self.path.clone();
        self.to_write().map_err(|fault| match fault {
            Fault::Database(error) if matches!(*error, redb::Error::DatabaseAlreadyOpen) => {
                OpenStore::InUse { path }
            }
            Fault::Database(error) => OpenStore::Database { path, source: error },
            other => OpenStore::Database { path, source: format!("{other:?}").into() },
        })
    }

    /// A handle that reads; when the file cannot be repaired for want of room, one above a shadow.
    pub(super) fn to_read(&self) -> Result<Arc<Database>, Fault> {
        let mut slot = self.lock();
        if let Some(handle) = &slot.handle {
            return Ok(Arc::clone(handle));
        }
        slot.wait();
        match self.through() {
            Ok(handle) => Ok(slot.put(handle, false)),
            Err(DatabaseError::Storage(_)) => {
                let layer = Layer::above((self.opener)()?).map_err(redb::Error::Io)?;
                Ok(slot.put(builder().create_with_backend(layer)?, true))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A handle that writes.
    pub(super) fn to_write(&self) -> Result<Arc<Database>, Fault> {
        let mut slot = self.lock();
        if let Some(handle) = slot.handle.as_ref().filter(|_| !slot.shadowed) {
            return Ok(Arc::clone(handle));
        }
        if slot.shadowed {
            self.probe().map_err(redb::Error::Io)?;
            slot.clear();
        }
        slot.wait();
        let handle = self.through()?;
        Ok(slot.put(handle, false))
    }

    fn through(&self) -> Result<Database, DatabaseError> {
        builder().create_with_backend(Layer::through((self.opener)()?))
    }

    /// Tries a small write where the file is, before a shadow that serves readers is given up.
    fn probe(&self) -> io::Result<()> {
        let Some(dir) = &self.watched else { return Ok(()) };
        let path = dir.join("probe");
        let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&path)?;
        let written = file.write_all(&[0; 64 << 10]).and_then(|()| file.sync_all());
        std::fs::remove_file(&path)?;
        written
    }

    /// Takes a broken handle out of the slot.
    pub(super) fn retire(&self, broken: Arc<Database>) {
        let mut slot = self.lock();
        if slot.handle.as_ref().is_some_and(|handle| Arc::ptr_eq(handle, &broken)) {
            slot.clear();
        }
        // The lock on the file goes with the last holder; it must be gone before the slot is looked at again.
        drop(broken);
        drop(slot);
    }

    /// Runs redb's own check of every page, when nobody else holds the handle; `None` when somebody does.
    pub(super) fn check_pages(&self) -> Option<Result<bool, Fault>> {
        let mut slot = self.lock();
        if slot.shadowed {
            return None;
        }
        let handle = slot.handle.as_mut().and_then(Arc::get_mut)?;
        Some(handle.check_integrity().map_err(Fault::from))
    }

    /// Whether the last attempt to write failed, or the next one would for want of room.
    pub(super) fn refuses(&self) -> bool {
        self.lock().shadowed || self.shortage().is_some()
    }

    /// Free bytes and how many must stay free, when that is too few.
    pub(super) fn shortage(&self) -> Option<(u64, u64)> {
        let space = nix::sys::statvfs::statvfs(self.watched.as_ref()?).ok()?;
        let bytes = |blocks: u64| blocks.saturating_mul(space.fragment_size());
        short_of(bytes(space.blocks_available()), bytes(space.blocks()))
    }

    fn lock(&self) -> MutexGuard<'_, Slot> {
        self.slot.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Slot {
    fn put(&mut self, handle: Database, shadowed: bool) -> Arc<Database> {
        let handle = Arc::new(handle);
        self.handle = Some(Arc::clone(&handle));
        self.shadowed = shadowed;
        handle
    }

    fn clear(&mut self) {
        if let Some(handle) = self.handle.take() {
            self.former = Arc::downgrade(&handle);
        }
        self.shadowed = false;
    }

    /// Waits until the former handle and with it the lock on the file is gone. Readers of a broken handle meet an
    /// error and let go; should one hold on, opening tells that the file is in use, and is tried again at the next use.
    fn wait(&self) {
        for _ in 0..PATIENCE {
            if self.former.strong_count() == 0 {
                return;
            }
            std::thread::sleep(PAUSE);
        }
    }
}

/// On a small disk a twentieth of it stays free, or nothing could ever be written.
fn short_of(free: u64, size: u64) -> Option<(u64, u64)> {
    let needed = MARGIN.min(size / 20);
    (free < needed).then_some((free, needed))
}

fn builder() -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE);
    builder
}

/// Readable and writable by nobody else.
fn open_file(path: &Path, create: bool) -> io::Result<File> {
    OpenOptions::new().read(true).write(true).create(create).truncate(false).mode(0o600).open(path)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_disk_is_full_before_it_is_full() {
        const GIB: u64 = 1 << 30;
        assert_eq!(short_of(GIB, 100 * GIB), None);
        assert_eq!(short_of(MARGIN, 100 * GIB), None);
        assert_eq!(short_of(MARGIN - 1, 100 * GIB), Some((MARGIN - 1, MARGIN)));
        assert_eq!(short_of(0, 100 * GIB), Some((0, MARGIN)));
        assert_eq!(short_of(1 << 20, 10 << 20), None);
        assert_eq!(short_of(0, 10 << 20), Some((0, 1 << 19)));
    }
}
