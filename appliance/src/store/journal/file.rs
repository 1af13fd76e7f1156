//! The journal's file. What is written to it goes to the disk at once, past the system's memory: one call instead of two,
//! and nothing stays behind there that a failed sync could leave to be read.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use nix::errno::Errno;
use nix::fcntl::OFlag;
use redb::StorageBackend;
use redb::backends::FileBackend;

use super::record::BLOCK;
use super::room::Room;

/// A file that is written to past the system's memory where the file system allows it.
#[derive(Debug)]
pub(in crate::store) struct JournalFile {
    file: FileBackend,
    /// Writes whole blocks; each is on the disk when the call returns.
    direct: Option<File>,
    /// The file system opened it so, but does not write so.
    refused: AtomicBool,
    /// Something was written through the system's memory.
    behind: AtomicBool,
}

impl JournalFile {
    /// Above a file that is open already. `writes`: it is going to be written to.
    pub(in crate::store) fn over(file: FileBackend, path: &Path, writes: bool) -> Self {
        let flags = OFlag::O_DIRECT | OFlag::O_DSYNC;
        // Some file systems know no such writing.
        let direct = || OpenOptions::new().write(true).custom_flags(flags.bits()).open(path).ok();
        JournalFile {
            file,
            direct: writes.then(direct).flatten(),
            refused: AtomicBool::new(false),
            behind: AtomicBool::new(true),
        }
    }

    /// Whether it was written; not where nothing can be written so.
    fn write_past(&self, offset: u64, data: &[u8]) -> io::Result<bool> {
        let Some(direct) = self.direct.as_ref().filter(|_| !self.refused.load(Ordering::Relaxed)) else {
            return Ok(false);
        };
        match aligned(data, |data| direct.write_all_at(data, offset)) {
            Err(error) if error.raw_os_error() == Some(Errno::EINVAL as i32) => {
                self.refused.store(true, Ordering::Relaxed);
                Ok(false)
            }
            written => written.map(|()| true),
        }
    }
}

impl StorageBackend for JournalFile {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.behind.store(true, Ordering::Relaxed);
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        if self.behind.load(Ordering::Relaxed) {
            self.file.sync_data()?;
            self.behind.store(false, Ordering::Relaxed);
        }
        Ok(())
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if self.write_past(offset, data)? {
            return Ok(());
        }
        self.behind.store(true, Ordering::Relaxed);
        self.file.write(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.file.close()
    }
}

/// The disk takes the bytes from where they lie, which must be the beginning of a block in memory too.
fn aligned<T>(data: &[u8], work: impl FnOnce(&[u8]) -> T) -> T {
    if data.as_ptr().align_offset(BLOCK) == 0 {
        return work(data);
    }
    let mut room = Room::default();
    let place = room.take(data.len());
    place.copy_from_slice(data);
    work(place)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(path: &Path) -> JournalFile {
        let file = OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).unwrap();
        JournalFile::over(FileBackend::new(file).unwrap(), path, true)
    }

    #[test]
    fn what_was_written_is_read_back_wherever_it_lay_in_memory() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("journal");
        let file = open(&path);
        file.set_len(8 * BLOCK as u64).unwrap();
        let bytes: Vec<u8> = (0..2 * BLOCK + 64).map(|at| (at % 251) as u8).collect();
        for shift in [0, 1, 63] {
            let offset = BLOCK as u64 * (shift as u64 % 5);
            file.write(offset, &bytes[shift..shift + 2 * BLOCK]).unwrap();
            file.sync_data().unwrap();
            let mut found = vec![0; 2 * BLOCK];
            file.read(offset, &mut found).unwrap();
            assert_eq!(found, bytes[shift..shift + 2 * BLOCK]);
        }
        drop(file);
        assert_eq!(std::fs::read(&path).unwrap().len(), 8 * BLOCK);
    }

    #[test]
    fn what_cannot_go_past_the_memory_goes_through_it() {
        let dir = tempfile::tempdir().unwrap();
        let file = open(&dir.path().join("journal"));
        // No disk takes a part of a block.
        file.write(0, &[7; 100]).unwrap();
        file.sync_data().unwrap();
        let mut found = [0; 100];
        file.read(0, &mut found).unwrap();
        assert_eq!(found, [7; 100]);
        file.write(BLOCK as u64, &[8; BLOCK]).unwrap();
        file.sync_data().unwrap();
        let mut found = [0; BLOCK];
        file.read(BLOCK as u64, &mut found).unwrap();
        assert_eq!(found, [8; BLOCK]);
    }
}
