//! The database file and how it comes back after the disk failed.
//!
//! redb gives up a handle at the first failed write or sync; only a new handle repairs the file. The handle is
//! therefore a slot here: whoever meets a broken one takes it out, and the next use opens the file anew. While the file
//! cannot be written, readers get a handle above a shadow (see [`super::layer`]); so does always who only looks, and
//! changes nothing by looking.

use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::time::Duration;

use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
use redb::backends::FileBackend;
use redb::{Database, DatabaseError, StorageBackend};

use super::cipher::Cipher;
use super::error::{Fault, OpenStore};
use super::handle::Handle;
use super::journal::{self, JournalFile};
use super::keys::StoreKeys;
use super::layer::Layer;
use super::seal::SealingKey;
use super::xts::{SectorKey, Sectors};

/// Enough for the hot end of every table: a tail of history for each of some hundred molds. redb's own default is a gigabyte.
const CACHE: usize = 14 << 20;
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
    /// To write, after the file failed: what the system's memory holds above the disk may be what a failed sync left
    /// there and no later one writes. It is forgotten first, so that what is read is what the disk has.
    WriteAgain,
}

impl Purpose {
    fn writes(self) -> bool {
        self != Purpose::Read
    }
}

/// Which of the store's files.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Database,
    Journal,
}

/// Gives a file; none when it is missing and would only be read.
type Opener = Box<dyn Fn(Part, Purpose) -> io::Result<Option<Box<dyn StorageBackend>>> + Send + Sync>;

/// Where the store is and the handle to it.
pub(super) struct Disk {
    path: PathBuf,
    opener: Opener,
    key: SealingKey,
    /// Bytes of a segment of a journal that is made.
    segment: u64,
    /// Nothing is ever written.
    looks: bool,
    /// The directory whose free room is watched; none for a backend that is no file.
    watched: Option<PathBuf>,
    /// A handle broke since the files were opened.
    failed: AtomicBool,
    slot: Mutex<Slot>,
}

#[derive(Default)]
struct Slot {
    handle: Option<Arc<Handle>>,
    /// The handle stands above a shadow: good for reading only.
    shadowed: bool,
    /// The handle before, as long as somebody holds it: the file is locked until it is gone.
    former: Weak<Handle>,
}

impl Disk {
    /// The file in a directory; both are made when they are missing.
    pub(super) fn in_directory(dir: &Path, keys: &StoreKeys) -> Result<Self, OpenStore> {
        let path = dir.join(super::FILE);
        if !path.is_file() {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(dir);
            let made = made.and_then(|()| {
                File::options().write(true).create(true).truncate(false).mode(0o600).open(&path)?;
                File::open(dir)?.sync_all()
            });
            made.map_err(|source| OpenStore::Directory { path: dir.to_owned(), source })?;
        }
        Ok(Disk::of_file(dir, path, &keys.sealing, Some(&keys.sectors), false))
    }

    /// The file in a directory, for who only looks; it may be a plain one of earlier days.
    pub(super) fn to_look_at(dir: &Path, keys: &StoreKeys, plain: bool) -> Result<Self, OpenStore> {
        let path = dir.join(super::FILE);
        if path.is_file() {
            let sectors = (!plain).then_some(&keys.sectors);
            Ok(Disk::of_file(dir, path, &keys.sealing, sectors, true))
        } else {
            Err(OpenStore::Missing { path })
        }
    }

    fn of_file(
        dir: &Path,
        path: PathBuf,
        key: &SealingKey,
        sectors: Option<&SectorKey>,
        looks: bool,
    ) -> Self {
        let sectors = sectors.map(SectorKey::duplicate);
        let (folder, database, journal) = (dir.to_owned(), path.clone(), dir.join(super::JOURNAL));
        let opener: Opener = Box::new(move |part, purpose| {
            let mut how = OpenOptions::new();
            how.read(true).write(purpose.writes());
            let file = match part {
                Part::Database => how.open(&database)?,
                Part::Journal => match how.open(&journal) {
                    Err(error) if error.kind() == ErrorKind::NotFound && purpose == Purpose::Read => {
                        return Ok(None);
                    }
                    Err(error) if error.kind() == ErrorKind::NotFound => {
                        let file = how.create_new(true).mode(0o600).open(&journal)?;
                        // What is told as kept in it must not lose its name.
                        File::open(&folder)?.sync_all()?;
                        file
                    }
                    opened => opened?,
                },
            };
            if purpose == Purpose::WriteAgain {
                posix_fadvise(&file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED)?;
            }
            let file = FileBackend::new(file).map_err(|error| match error {
                DatabaseError::Storage(redb::StorageError::Io(error)) => error,
                other => io::Error::other(other),
            })?;
            Ok(Some(match (part, &sectors) {
                (Part::Database, Some(key)) => Box::new(Cipher::over(Box::new(file), Sectors::new(key))?),
                (Part::Database, None) => Box::new(file),
                // What stands in the journal is sealed, record by record.
                (Part::Journal, _) => Box::new(JournalFile::over(file, &journal, purpose.writes())),
            }))
        });
        Disk {
            path,
            opener,
            key: key.duplicate(),
            segment: journal::SEGMENT,
            looks,
            watched: Some(dir.to_owned()),
            failed: AtomicBool::new(false),
            slot: Mutex::default(),
        }
    }

    /// Encrypted on any backend; `open` is called at every opening.
    #[cfg(test)]
    pub(super) fn on<B: StorageBackend>(
        open: impl Fn(Part, Purpose) -> io::Result<B> + Send + Sync + 'static,
        keys: &StoreKeys,
        segment: u64,
    ) -> Self {
        let (key, sectors) = (&keys.sealing, keys.sectors.duplicate());
        let opener: Opener = Box::new(move |part, purpose| {
            let file = Box::new(open(part, purpose)?);
            Ok(Some(match part {
                Part::Database => Box::new(Cipher::over(file, Sectors::new(&sectors))?),
                Part::Journal => file,
            }))
        });
        let path = PathBuf::from("(test)");
        Disk {
            path,
            opener,
            key: key.duplicate(),
            segment,
            looks: false,
            watched: None,
            failed: AtomicBool::new(false),
            slot: Mutex::default(),
        }
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
    pub(super) fn to_read(&self) -> Result<Arc<Handle>, Fault> {
        let mut slot = self.lock();
        if let Some(handle) = &slot.handle {
            return Ok(Arc::clone(handle));
        }
        slot.wait();
        if !self.looks {
            match self.through(None) {
                Ok(handle) => return Ok(slot.put(handle, false)),
                Err(fault) if fault.is_broken_handle() => {}
                Err(fault) => return Err(fault),
            }
        }
        let database = Layer::above(self.database(Purpose::Read)?).map_err(io_fault)?;
        let database = builder().create_with_backend(database)?;
        let journal = (self.opener)(Part::Journal, Purpose::Read).map_err(io_fault)?;
        Ok(slot.put(Handle::open(database, journal, &self.key, None, None)?, true))
    }

    /// A handle that writes.
    pub(super) fn to_write(&self) -> Result<Arc<Handle>, Fault> {
        if self.looks {
            return Err(Fault::Refused("the store was opened only to look at it".to_owned()));
        }
        let mut slot = self.lock();
        if let Some(handle) = slot.handle.as_ref().filter(|_| !slot.shadowed) {
            return Ok(Arc::clone(handle));
        }
        if slot.shadowed {
            self.probe().map_err(io_fault)?;
            slot.clear();
        }
        slot.wait();
        let handle = self.through(None)?;
        Ok(slot.put(handle, false))
    }

    /// Opens the files for the first time and puts up with a damaged journal, whose losses are told.
    pub(super) fn tolerate(&self, refused: &mut Vec<String>) -> Result<(), Fault> {
        let handle = self.through(Some(refused))?;
        self.lock().put(handle, false);
        Ok(())
    }

    /// The database alone, as it lies there, for who holds its file; what is written goes nowhere.
    pub(super) fn bare(&self) -> Result<Database, Fault> {
        let layer = Layer::above_held(self.database(Purpose::Read)?).map_err(io_fault)?;
        Ok(builder().create_with_backend(layer)?)
    }

    fn through(&self, refused: Option<&mut Vec<String>>) -> Result<Handle, Fault> {
        let purpose = if self.failed.load(Ordering::Relaxed) { Purpose::WriteAgain } else { Purpose::Write };
        let database = Layer::through(self.database(purpose)?);
        let database = builder().create_with_backend(database)?;
        let journal = (self.opener)(Part::Journal, purpose).map_err(io_fault)?;
        let handle = Handle::open(database, journal, &self.key, Some(self.segment), refused)?;
        // An opening that failed may have left as much in memory as the failure before it.
        self.failed.store(false, Ordering::Relaxed);
        Ok(handle)
    }

    fn database(&self, purpose: Purpose) -> Result<Box<dyn StorageBackend>, Fault> {
        let missing = || io_fault(ErrorKind::NotFound.into());
        (self.opener)(Part::Database, purpose).map_err(io_fault)?.ok_or_else(missing)
    }

    /// Copies the file as it is, before it is brought from a former format to another: the way back. The copy is
    /// encrypted like the file.
    pub(super) fn keep_former(&self, format: u32) -> io::Result<()> {
        let Some(dir) = &self.watched else { return Ok(()) };
        let kept = dir.join(format!("{}.format-{format}", super::FILE));
        if kept.exists() {
            // A migration before was cut short: the first copy is the true one.
            return Ok(());
        }
        let part = kept.with_extension("part");
        std::fs::copy(&self.path, &part)?;
        File::open(&part)?.sync_all()?;
        std::fs::rename(&part, &kept)?;
        File::open(dir)?.sync_all()
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
    pub(super) fn retire(&self, broken: Arc<Handle>) {
        let mut slot = self.lock();
        self.failed.store(true, Ordering::Relaxed);
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
        if !self.looks {
            return None;
        }
        self.alone(|handle| handle.database.check_integrity().map_err(Fault::from))
    }

    /// Works on a handle that nobody else holds; `None` when somebody does.
    pub(super) fn alone<T>(&self, work: impl FnOnce(&mut Handle) -> T) -> Option<T> {
        let mut slot = self.lock();
        slot.handle.as_mut().and_then(Arc::get_mut).map(work)
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
    fn put(&mut self, handle: Handle, shadowed: bool) -> Arc<Handle> {
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

/// The database in an encrypted file, as it lies there.
pub(super) fn database_in(path: &Path, key: &SectorKey) -> Result<Database, Fault> {
    let file = File::options().read(true).write(true).open(path).map_err(io_fault)?;
    let file = Cipher::over(Box::new(FileBackend::new(file)?), Sectors::new(key)).map_err(io_fault)?;
    Ok(builder().create_with_backend(file)?)
}

fn io_fault(error: io::Error) -> Fault {
    Fault::Database(Box::new(redb::Error::Io(error)))
}

fn builder() -> redb::Builder {
    let mut builder = Database::builder();
    builder.set_cache_size(CACHE);
    builder
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
