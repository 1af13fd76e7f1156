//! The room that the store takes, and what is remembered of it day by day.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use domain::MoldId;
use redb::ReadableTable;

use super::error::{Commit, Fault, Read};
use super::history::Gone;
use super::ledger::Head;
use super::open::Store;
use super::row;
use super::tables::{self, HEADS, RETIRED, SETTINGS};
use crate::plant::StorageRecord;

/// The key of what is remembered.
pub(super) const STORAGE: &str = "storage";
/// Bytes of what the system calls a block, whatever the disk's own blocks are.
const BLOCK: u64 = 512;

/// Bytes of the disk that the data folder is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Room {
    /// Taken by everything in the folder, as blocks on the disk.
    pub used: u64,
    /// Free for whoever runs the box.
    pub free: u64,
    /// The whole disk.
    pub size: u64,
}

/// Cycles and what became of them.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    /// Cycles with their times.
    pub cycles: u64,
    /// Cycles of which only the sums of their days and their place in the count are left.
    pub retired: u64,
}

impl Store {
    /// Measures the data folder and its disk.
    ///
    /// # Errors
    /// The folder cannot be read.
    pub fn room(&self) -> io::Result<Room> {
        let folder = self.inner.disk.path().parent().unwrap_or(Path::new("."));
        let space = nix::sys::statvfs::statvfs(folder)?;
        let bytes = |blocks: u64| blocks.saturating_mul(space.fragment_size());
        Ok(Room { used: used(folder)?, free: bytes(space.blocks_available()), size: bytes(space.blocks()) })
    }

    /// Counts the cycles of all molds.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn kept(&self) -> Result<Kept, Read> {
        self.look(|txn, memory| {
            let mut timed = memory.ledgers.all().fold(0u64, |sum, (_, of)| sum.saturating_add(of.head.timed));
            for item in txn.open_table(HEADS)?.iter()? {
                let (mold, value) = item?;
                if memory.ledgers.of(MoldId(mold.value())).is_none() {
                    let head: Head = row::decode("heads", mold.value(), value.value())?;
                    timed = timed.saturating_add(head.timed);
                }
            }
            let gone: Vec<Gone> = tables::all(&txn.open_table(RETIRED)?, "retired")?;
            let retired = gone.iter().fold(0u64, |sum, gone| sum.saturating_add(gone.all()));
            Ok(Kept { cycles: timed.saturating_sub(retired), retired })
        })
    }

    /// What is remembered of the room that was taken; none before a box has run for the first time.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn storage(&self) -> Result<Option<StorageRecord>, Read> {
        self.read(|txn| storage(&txn.open_table(SETTINGS)?))
    }

    /// Remembers the room that is taken.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn put_storage(&self, record: &StorageRecord) -> Result<(), Commit> {
        self.write(|txn| {
            txn.open_table(SETTINGS)?.insert(STORAGE, row::encode(record)?.as_slice())?;
            Ok(())
        })
    }
}

fn storage(table: &impl ReadableTable<&'static str, tables::Bytes>) -> Result<Option<StorageRecord>, Fault> {
    tables::one(table, "settings", STORAGE)
}

/// What lies on the disk of a folder: a file may be longer than what is written of it, and another disk that is mounted
/// inside is not this one.
fn used(folder: &Path) -> io::Result<u64> {
    let mut all = 0u64;
    let disk = folder.symlink_metadata()?.dev();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = match folder.read_dir() {
            // Files come and go while they are counted.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            entries => entries?,
        };
        for entry in entries {
            let entry = entry?;
            let about = match entry.metadata() {
                Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
                about => about?,
            };
            if about.dev() != disk {
                continue;
            }
            all = all.saturating_add(about.blocks().saturating_mul(BLOCK));
            if about.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    Ok(all)
}
