//! The journal: commits on disk before the database has them.
//!
//! A database commit costs eight scattered pages and a growing file; here it costs one sync of a few blocks that were
//! laid out before. Two segments are filled in turn: while one is packed into the database, commits go to the other.
//! A record counts until the database says that it has packed the commit; nothing is ever erased, it is written over.

mod file;
#[cfg(any(test, fuzzing))]
pub(super) mod fuzzing;
mod reading;
mod record;
mod room;

use std::io;

use redb::StorageBackend;

pub(super) use self::file::JournalFile;
pub(super) use self::reading::{Found, Reading};
use self::record::BLOCK;
use self::room::Room;
use super::error::Fault;
use super::seal::SealingKey;

/// Bytes of a segment. One commit a second fills it in an hour.
pub(super) const SEGMENT: u64 = 16 << 20;

/// A journal that is written to.
pub(super) struct Journal {
    file: Box<dyn StorageBackend>,
    key: SealingKey,
    room: Room,
    segment: u64,
    /// The segment that is being filled, 0 or 1, and how far.
    filling: u64,
    filled: u64,
    /// The other one holds nothing that is still needed.
    other_free: bool,
    /// Its room was given back to the disk.
    given_back: bool,
}

impl Journal {
    /// A journal to go on with after its records were read. A file that is new, or was laid out by half, is laid out
    /// first.
    pub(super) fn resume(
        file: Box<dyn StorageBackend>,
        key: &SealingKey,
        records: &[Found],
        segment: u64,
    ) -> Result<Self, Fault> {
        let length = file.len().map_err(failed)?;
        let is_whole = length == 2 * segment || !records.is_empty();
        let segment = if is_whole && length >= 2 * BLOCK as u64 {
            length / 2
        } else {
            lay_out(file.as_ref(), segment)?
        };
        let mut journal = Journal {
            file,
            key: key.duplicate(),
            room: Room::default(),
            segment,
            filling: 0,
            filled: 0,
            other_free: true,
            given_back: false,
        };
        if let Some(last) = records.last() {
            journal.filling = last.place / segment;
            journal.filled = last.end() - journal.filling * segment;
            journal.other_free = records.iter().all(|found| found.place / segment == journal.filling);
            journal.settle(last)?;
        }
        Ok(journal)
    }

    /// The last record may have been read from memory above a disk that never took it: it is written once more before
    /// anybody builds on it.
    fn settle(&self, last: &Found) -> Result<(), Fault> {
        let mut bytes = vec![0; usize::try_from(last.end() - last.place).unwrap_or(0)];
        self.file.read(last.place, &mut bytes).map_err(failed)?;
        self.file.write(last.place, &bytes).map_err(failed)?;
        self.file.sync_data().map_err(failed)
    }

    /// Puts a commit on the disk; when this returns `true`, it is there. `false`: there is no room, nothing was
    /// written.
    pub(super) fn append(&mut self, number: u64, plain: &[u8]) -> Result<bool, Fault> {
        let mut room = std::mem::take(&mut self.room);
        let bytes = record::encode(&mut room, &self.key, number, plain)
            .ok_or_else(|| Fault::Refused(format!("could not seal commit {number} for the journal")))?;
        let length = bytes.len() as u64;
        if self.given_back {
            lay_out(self.file.as_ref(), self.segment)?;
            self.given_back = false;
        }
        if self.filled.saturating_add(length) > self.segment {
            if !self.other_free || length > self.segment {
                return Ok(false);
            }
            self.turn();
        }
        self.file.write(self.filling * self.segment + self.filled, bytes).map_err(failed)?;
        self.file.sync_data().map_err(failed)?;
        self.filled += length;
        self.room = room;
        Ok(true)
    }

    /// Commits go to the other segment from now on, if it is free.
    pub(super) fn turn(&mut self) {
        if self.other_free {
            self.filling = 1 - self.filling;
            self.other_free = self.filled == 0;
            self.filled = 0;
        }
    }

    /// Everything but what was written since the last turn is in the database for good.
    pub(super) fn free_other(&mut self) {
        self.other_free = true;
    }

    /// Gives its room back to the disk until the next commit. Everything in it is in the database for good.
    pub(super) fn give_back(&mut self) -> Result<(), Fault> {
        self.file.set_len(0).map_err(failed)?;
        self.file.sync_data().map_err(failed)?;
        (self.filling, self.filled, self.other_free, self.given_back) = (0, 0, true, true);
        Ok(())
    }

    /// Whether a commit of so many bytes fits a segment at all.
    pub(super) fn takes(&self, plain: usize) -> bool {
        (plain as u64).saturating_add(record::OVERHEAD) <= self.segment
    }

    /// Whether it is time to pack: what is left of the segment takes the commits that come before packing begins, and
    /// every packing writes the end of each mold's history anew.
    pub(super) fn is_nearly_full(&self) -> bool {
        self.filled >= self.segment - self.segment / 8
    }
}

/// Writes zeros: a file that only was given a length would have its blocks mapped at each first write.
fn lay_out(file: &dyn StorageBackend, segment: u64) -> Result<u64, Fault> {
    const PIECE: u64 = 1 << 20;
    let segment = segment.next_multiple_of(BLOCK as u64).max(BLOCK as u64);
    file.set_len(0).map_err(failed)?;
    let zeros = vec![0; usize::try_from(PIECE.min(2 * segment)).unwrap_or(BLOCK)];
    let mut done = 0;
    while done < 2 * segment {
        let piece = zeros.get(..usize::try_from(2 * segment - done).unwrap_or(usize::MAX)).unwrap_or(&zeros);
        file.write(done, piece).map_err(failed)?;
        done += piece.len() as u64;
    }
    file.sync_data().map_err(failed)?;
    Ok(segment)
}

fn failed(error: io::Error) -> Fault {
    Fault::Database(Box::new(redb::Error::Io(error)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use redb::backends::InMemoryBackend;
    use secrecy::ExposeSecret;
    use std::sync::Arc;

    #[derive(Debug, Clone)]
    struct Shared(Arc<InMemoryBackend>);

    impl StorageBackend for Shared {
        fn len(&self) -> io::Result<u64> {
            self.0.len()
        }
        fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
            self.0.read(offset, out)
        }
        fn set_len(&self, len: u64) -> io::Result<()> {
            self.0.set_len(len)
        }
        fn sync_data(&self) -> io::Result<()> {
            Ok(())
        }
        fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
            let end = offset + data.len() as u64;
            if self.0.len()? < end {
                self.0.set_len(end)?;
            }
            self.0.write(offset, data)
        }
    }

    fn key() -> SealingKey {
        SealingKey::from_bytes([5; 32])
    }

    fn file() -> Shared {
        Shared(Arc::new(InMemoryBackend::new()))
    }

    fn journal(file: &Shared, packed: u64) -> Journal {
        let records = Reading::after(file, &key(), (packed, packed)).unwrap().records;
        Journal::resume(Box::new(file.clone()), &key(), &records, 4 * BLOCK as u64).unwrap()
    }

    fn numbers(file: &Shared, packed: u64) -> Vec<u64> {
        let key = key();
        let reading = Reading::after(file, &key, (packed, packed)).unwrap();
        for found in &reading.records {
            let plain = reading.open(found).unwrap().unwrap();
            assert_eq!(plain.expose_secret(), format!("commit {}", found.number).as_bytes());
        }
        reading.records.iter().map(|found| found.number).collect()
    }

    fn append(journal: &mut Journal, number: u64) -> bool {
        journal.append(number, format!("commit {number}").as_bytes()).unwrap()
    }

    #[test]
    fn what_was_appended_is_found_again_and_gone_on_with() {
        let file = file();
        for number in 1..=6 {
            assert!(append(&mut journal(&file, 0), number));
        }
        assert_eq!(numbers(&file, 0), [1, 2, 3, 4, 5, 6]);
        assert_eq!(numbers(&file, 4), [5, 6]);
    }

    #[test]
    fn no_record_is_written_over_before_it_was_packed() {
        let file = file();
        let mut journal = journal(&file, 0);
        let mut written = 0;
        while append(&mut journal, written + 1) {
            written += 1;
        }
        assert_eq!(written, 8);
        assert_eq!(numbers(&file, 0), (1..=8).collect::<Vec<_>>());
        // The first four are packed now.
        journal.free_other();
        assert!(append(&mut journal, 9));
        assert_eq!(numbers(&file, 4), [5, 6, 7, 8, 9]);
    }

    #[test]
    fn a_torn_last_record_is_none_and_a_damaged_one_before_others_is_told() {
        let file = file();
        let mut journal = journal(&file, 0);
        (1..=3).for_each(|number| assert!(append(&mut journal, number)));
        let mut byte = [0];
        let place = 2 * BLOCK as u64 + 60;
        file.read(place, &mut byte).unwrap();
        file.write(place, &[byte[0] ^ 1]).unwrap();
        assert_eq!(numbers(&file, 0), [1, 2]);
        assert!(Reading::after(&file, &key(), (0, 0)).unwrap().missing.is_empty());
        file.write(place, &byte).unwrap();
        let place = BLOCK as u64 + 60;
        file.read(place, &mut byte).unwrap();
        file.write(place, &[byte[0] ^ 1]).unwrap();
        assert_eq!(Reading::after(&file, &key(), (0, 0)).unwrap().missing, [2]);
        assert_eq!(Reading::after(&file, &key(), (0, 4)).unwrap().missing, [2, 4]);
    }

    #[test]
    fn a_record_that_lies_there_twice_counts_once() {
        let file = file();
        let mut journal = journal(&file, 0);
        (1..=2).for_each(|number| assert!(append(&mut journal, number)));
        let mut block = [0; BLOCK];
        for from in [1, 0] {
            file.read(from * BLOCK as u64, &mut block).unwrap();
            file.write((5 + from) * BLOCK as u64, &block).unwrap();
            assert_eq!(numbers(&file, 0), [1, 2]);
            assert!(Reading::after(&file, &key(), (0, 0)).unwrap().missing.is_empty());
        }
    }

    #[test]
    fn two_records_of_one_commit_that_differ_are_none() {
        let file = file();
        let mut journal = journal(&file, 0);
        (1..=2).for_each(|number| assert!(append(&mut journal, number)));
        assert!(journal.append(1, b"another commit").unwrap());
        assert_eq!(numbers(&file, 0), [2]);
        assert_eq!(Reading::after(&file, &key(), (0, 0)).unwrap().missing, [1]);
    }

    #[test]
    fn a_damaged_head_of_what_is_packed_hides_nothing_that_is_not() {
        let file = file();
        let mut journal = journal(&file, 0);
        (1..=3).for_each(|number| assert!(append(&mut journal, number)));
        file.write(4, &(3 * BLOCK as u32 - 16).to_le_bytes()).unwrap();
        assert_eq!(numbers(&file, 1), [2, 3]);
    }

    #[test]
    fn a_failed_commit_is_written_over_by_the_next_of_its_number() {
        let file = file();
        let mut journal = journal(&file, 0);
        assert!(journal.append(1, &[7; 2 * BLOCK]).unwrap());
        // As if that had been told as failed: the same number again, and shorter.
        journal.filled = 0;
        assert!(append(&mut journal, 1));
        assert!(append(&mut journal, 2));
        assert_eq!(numbers(&file, 0), [1, 2]);
    }

    #[test]
    fn room_that_was_given_back_is_taken_again_by_the_next_commit() {
        let file = file();
        let mut journal = journal(&file, 0);
        (1..=6).for_each(|number| assert!(append(&mut journal, number)));
        journal.give_back().unwrap();
        assert_eq!(file.len().unwrap(), 0);
        assert_eq!(numbers(&file, 6), [0u64; 0]);
        assert!(append(&mut journal, 7));
        assert_eq!(file.len().unwrap(), 8 * BLOCK as u64);
        assert_eq!(numbers(&file, 6), [7]);
    }

    #[test]
    fn a_file_that_was_laid_out_by_half_is_laid_out_again_unless_something_is_in_it() {
        let file = file();
        file.set_len(2 * BLOCK as u64).unwrap();
        assert!(append(&mut journal(&file, 0), 1));
        assert_eq!(file.len().unwrap(), 8 * BLOCK as u64);
        file.set_len(4 * BLOCK as u64).unwrap();
        assert!(append(&mut journal(&file, 0), 2));
        assert_eq!((file.len().unwrap(), numbers(&file, 0)), (4 * BLOCK as u64, vec![1, 2]));
    }

    #[test]
    fn a_commit_longer_than_a_segment_is_not_taken() {
        let file = file();
        let mut journal = journal(&file, 0);
        assert!(!journal.append(1, &[7; 5 * BLOCK]).unwrap());
        assert!(append(&mut journal, 1));
        assert_eq!(numbers(&file, 0), [1]);
    }
}
