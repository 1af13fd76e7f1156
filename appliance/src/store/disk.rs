//! The database file and how it comes back after the disk failed.
//!
//! redb gives up a handle at the first failed write or sync; only a new handle repairs the file. The handle is
//! therefore a slot here: whoever meets a broken one takes it out, and the next use opens the file anew. While the file
//! cannot be written, readers get a handle above a shadow (see [`super::layer`]); so does always who only looks, and
//! changes nothing by looking.

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
/// For a store beside the box's own, which is filled or looked through once.
const SMALL_CACHE: usize = 8 << 20;
/// So much stays free on the disk: a commit that ran out of room half-way would cost a repair of the file.
const MARGIN: u64 = 16 << 20;
/// How long a broken handle is waited for while readers still hold it.
const PATIENCE: u32 = 400;
const PAUSE: Duration = Duration::from_millis(5);

/// What the file is opened for: a disk that has become read-only refuses writing and can still be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    Read,
    Write,
}

type Opener = Box<dyn Fn(Purpose) -> Result<Box<dyn StorageBackend>, DatabaseError> + Send + Sync>;

/// Where the database is and the handle to it.
pub(super) struct Disk {
    path: PathBuf,
    opener: Opener,
    /// Nothing is ever written.
    looks: bool,
    cache: usize,
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
    /// The file in a directory; both are made when they are missing.
    pub(super) fn in_directory(dir: &Path) -> Result<Self, OpenStore> {
        let path = dir.join(super::FILE);
        if !path.is_file() {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
            let made = made.and_then(|()| {
                File::options().write(true).create(true).truncate(false).mode(0o600).open(&path)?;
                File::open(dir)?.sync_all()
            });
            made.map_err(|source| OpenStore::Directory { path: dir.to_owned(), source })?;
        }
        Ok(Disk::of_file(dir, path, false))
    }

    /// The file in a directory, for who only looks.
    pub(super) fn to_look_at(dir: &Path) -> Result<Self, OpenStore> {
        let path = dir.join(super::FILE);
        if path.is_file() { Ok(Disk::of_file(dir, path, true)) } else { Err(OpenStore::Missing { path }) }
    }

    fn of_file(dir: &Path, path: PathBuf, looks: bool) -> Self {
        let file = path.clone();
        let opener: Opener = Box::new(move |purpose| {
            let file = File::options().read(true).write(purpose == Purpose::Write).open(&file)?;
            Ok(Box::new(FileBackend::new(file)?))
        });
        Disk { path, opener, looks, cache: CACHE, watched: Some(dir.to_owned()), slot: Mutex::default() }
    }

    /// Any backend; `open` is called at every opening.
    #[cfg(test)]
    pub(super) fn on<B: StorageBackend>(
        open: impl Fn(Purpose) -> io::Result<B> + Send + Sync + 'static,
    ) -> Self {
        let opener: Opener = Box::new(move |purpose| Ok(Box::new(open(purpose)?)));
        Disk {
            path: PathBuf::from("(test)"),
            opener,
            looks: false,
            cache: CACHE,
            watched: None,
            slot: Mutex::default(),
        }
    }

    /// The same with little memory.
    pub(super) fn small(self) -> Self {
        Disk { cache: SMALL_CACHE, ..self }
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Nothing is ever written through this one.
    pub(super) fn only_looks(&self) -> bool {
        self.looks
    }

    /// A handle that reads; when the file cannot be opened for writing or repaired for want of room, one above a
    /// shadow.
    pub(super) fn to_read(&self) -> Result<Arc<Database>, Fault> {
        let mut slot = self.lock();
        if let Some(handle) = &slot.handle {
            return Ok(Arc::clone(handle));
        }
        slot.wait();
        if !self.looks {
            match self.through() {
                Ok(handle) => return Ok(slot.put(handle, false)),
                Err(DatabaseError::Storage(_)) => {}
                Err(error) => return Err(error.into()),
            }
        }
        let layer = Layer::above((self.opener)(Purpose::Read)?).map_err(redb::Error::Io)?;
        Ok(slot.put(self.builder().create_with_backend(layer)?, true))
    }

    /// A handle that writes.
    pub(super) fn to_write(&self) -> Result<Arc<Database>, Fault> {
        if self.looks {
            return Err(Fault::Refused("the store was opened only to look at it".to_owned()));
        }
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

    fn builder(&self) -> redb::Builder {
        let mut builder = Database::builder();
        builder.set_cache_size(self.cache);
        builder
    }

    fn through(&self) -> Result<Database, DatabaseError> {
        self.builder().create_with_backend(Layer::through((self.opener)(Purpose::Write)?))
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

    /// Runs redb's own check of every page; `None` when this is not the only one who looks. What it repairs it repairs
    /// in the shadow: the file stays as it was found.
    pub(super) fn check_pages(&self) -> Option<Result<bool, Fault>> {
        let mut slot = self.lock();
        let handle = slot.handle.as_mut().filter(|_| self.looks).and_then(Arc::get_mut)?;
        Some(handle.check_integrity().map_err(Fault::from))
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
