//! What lies between redb and the disk: everything that is written is encrypted, everything that is read decrypted.
//!
//! Bytes keep their places and the file its length. A block of sixteen bytes hangs on no other, so that a write that a
//! power cut tore leaves each block as it was or as it was to be: no worse than without the cipher. Nothing is
//! authenticated here: pages and rows have their own checksums.

use std::io::{self, ErrorKind};
use std::ops::Bound;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};

use redb::{BackendError, StorageBackend};

use super::xts::{BLOCK, Sectors};

/// Most bytes that are copied at a time to be encrypted.
const PIECE: usize = 256 << 10;

/// An encrypted backend above any other. Its length is always whole blocks; redb's pages are.
#[derive(Debug)]
pub(super) struct Cipher {
    under: Box<dyn StorageBackend>,
    sectors: Sectors,
    /// Held alone while a part of a block is changed: the rest of the block must not change, nor be read, meanwhile.
    edges: RwLock<()>,
    /// The file ends within a block, which can only be damage: that part is not seen, and cut off before the file grows.
    ragged: AtomicBool,
}

impl Cipher {
    /// A cipher above a backend.
    pub(super) fn over(under: Box<dyn StorageBackend>, sectors: Sectors) -> io::Result<Self> {
        let ragged = AtomicBool::new(!is_whole(under.len()?));
        Ok(Cipher { under, sectors, edges: RwLock::new(()), ragged })
    }

    fn whole_length(&self) -> io::Result<u64> {
        let length = self.under.len()?;
        Ok(length - length % BLOCK as u64)
    }

    fn cut_off_what_is_ragged(&self) -> io::Result<()> {
        if self.ragged.load(Ordering::Acquire) {
            self.under.set_len(self.whole_length()?)?;
            self.ragged.store(false, Ordering::Release);
        }
        Ok(())
    }

    fn read_blocks(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.under.read(offset, out)?;
        self.sectors.decrypt(offset / BLOCK as u64, out);
        Ok(())
    }

    fn write_blocks(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let mut buffer = Vec::with_capacity(data.len().min(PIECE));
        let mut at = offset;
        for piece in data.chunks(PIECE) {
            buffer.clear();
            buffer.extend_from_slice(piece);
            self.sectors.encrypt(at / BLOCK as u64, &mut buffer);
            self.under.write(at, &buffer)?;
            at = at.saturating_add(piece.len() as u64);
        }
        Ok(())
    }

    /// Writes from or up to somewhere within a block.
    fn write_parts(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        let _alone = self.edges.write().unwrap_or_else(PoisonError::into_inner);
        let length = self.whole_length()?;
        let around = Around::of(offset, data.len())?;
        let mut buffer = vec![0; around.length];
        let last = around.length - BLOCK;
        let edges = [(0, around.before > 0), (last, around.after > 0 && (last > 0 || around.before == 0))];
        for (place, _) in edges.into_iter().filter(|(_, partly)| *partly) {
            let at = around.begin.saturating_add(place as u64);
            // Behind the end there are zeros.
            if let Some(block) = buffer.get_mut(place..place + BLOCK).filter(|_| at < length) {
                self.read_blocks(at, block)?;
            }
        }
        if let Some(place) = buffer.get_mut(around.before..around.before + data.len()) {
            place.copy_from_slice(data);
        }
        self.write_blocks(around.begin, &buffer)
    }
}

/// The blocks that a range of bytes touches.
struct Around {
    begin: u64,
    length: usize,
    /// So much lies before the range in its first block, and so much behind it in its last.
    before: usize,
    after: usize,
}

impl Around {
    fn of(offset: u64, length: usize) -> io::Result<Self> {
        let before = usize::try_from(offset % BLOCK as u64).unwrap_or(0);
        let behind = before.checked_add(length).filter(|_| offset.checked_add(length as u64).is_some());
        let whole = behind.and_then(|behind| behind.checked_next_multiple_of(BLOCK));
        let (Some(behind), Some(whole)) = (behind, whole) else {
            return Err(io::Error::new(ErrorKind::InvalidInput, "a range beyond all files"));
        };
        Ok(Around { begin: offset - before as u64, length: whole, before, after: whole - behind })
    }
}

fn is_whole(bytes: u64) -> bool {
    bytes.is_multiple_of(BLOCK as u64)
}

fn not_whole() -> io::Error {
    io::Error::new(ErrorKind::InvalidInput, "an encrypted file ends with a whole block of 16 bytes")
}

impl StorageBackend for Cipher {
    fn len(&self) -> io::Result<u64> {
        self.whole_length()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if out.is_empty() {
            return Ok(());
        }
        let _together = self.edges.read().unwrap_or_else(PoisonError::into_inner);
        if is_whole(offset) && is_whole(out.len() as u64) {
            return self.read_blocks(offset, out);
        }
        let around = Around::of(offset, out.len())?;
        let mut buffer = vec![0; around.length];
        self.read_blocks(around.begin, &mut buffer)?;
        if let Some(bytes) = buffer.get(around.before..around.before + out.len()) {
            out.copy_from_slice(bytes);
        }
        Ok(())
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        if !is_whole(len) {
            return Err(not_whole());
        }
        self.cut_off_what_is_ragged()?;
        self.under.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.under.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        if data.is_empty() {
            return Ok(());
        }
        self.cut_off_what_is_ragged()?;
        if is_whole(offset) && is_whole(data.len() as u64) {
            return self.write_blocks(offset, data);
        }
        let end = offset.saturating_add(data.len() as u64);
        if !is_whole(end) && end > self.whole_length()? {
            return Err(not_whole());
        }
        self.write_parts(offset, data)
    }

    fn close(&self) -> io::Result<()> {
        self.under.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.under.try_lock_range(start, end)
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.under.try_lock_shared_range(start, end)
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.under.lock_range(start, end)
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.under.lock_shared_range(start, end)
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        self.under.unlock_range(start, end)
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.under.query_lock_range(start, end)
    }
}

#[cfg(test)]
mod tests;
