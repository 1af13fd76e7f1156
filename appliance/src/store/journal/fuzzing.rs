//! Any bytes as a journal.

use redb::StorageBackend;
use redb::backends::InMemoryBackend;

use super::record::BLOCK;
use super::{Found, Journal, Reading};
use crate::store::seal::SealingKey;

/// So many bytes of the input are the beginning of a block, zeros its rest: a block that says something is short.
const BEGINNING: usize = 128;
/// Blocks of a file.
const MOST: usize = 64;

/// Two bytes say how far the database is; the rest is the file. Every record that stands in it is found once, what is
/// told as missing is, and the journal goes on behind what was found.
pub fn journal(input: &[u8]) {
    let Some(([packed, journaled], blocks)) = input.split_first_chunk() else { return };
    let marks = (u64::from(*packed), u64::from(*journaled));
    let (file, key) = (file(blocks), key());
    let records = read(&file, &key, marks);
    let last = records.last().map_or(0, |found| found.number).max(marks.0).max(marks.1);
    let Ok(length) = file.len() else { unreachable!("memory has a length") };
    let Ok(mut journal) = Journal::resume(Box::new(file), &key, &records, length / 2) else {
        unreachable!("memory is written")
    };
    let Ok(kept) = journal.append(last + 1, b"the next commit") else { unreachable!("memory is written") };
    let after = read(journal.file.as_ref(), &key, marks);
    if kept {
        assert_eq!(after.last().map(|found| found.number), Some(last + 1));
    }
    // A file whose records stand in another order than they were written in is not ours; it is read all the same.
    if records.is_sorted_by_key(|found| found.place) {
        assert!(records.iter().all(|found| after.contains(found)), "a record was written over");
    }
}

fn read(file: &dyn StorageBackend, key: &SealingKey, marks: (u64, u64)) -> Vec<Found> {
    let Ok(reading) = Reading::after(file, key, marks) else { unreachable!("memory is read") };
    let Reading { records, missing, .. } = &reading;
    assert!(records.is_sorted_by(|a, b| a.number < b.number), "a commit is there twice");
    assert!(records.iter().all(|found| found.number > marks.0));
    assert!(records.iter().all(|found| matches!(reading.open(found), Ok(Some(_)))));
    assert!(missing.iter().all(|number| records.iter().all(|found| found.number != *number)));
    records.clone()
}

fn file(blocks: &[u8]) -> InMemoryBackend {
    let file = InMemoryBackend::new();
    let blocks = blocks.chunks(BEGINNING).take(MOST);
    let length = blocks.len().max(1).next_multiple_of(2) * BLOCK;
    assert!(file.set_len(length as u64).is_ok());
    for (place, block) in blocks.enumerate() {
        assert!(file.write((place * BLOCK) as u64, block).is_ok());
    }
    file
}

fn key() -> SealingKey {
    SealingKey::from_bytes([5; 32])
}

#[cfg(test)]
pub(in crate::store) mod seeds {
    use super::super::record::encode;
    use super::super::room::Room;
    use super::*;

    pub fn journals() -> Vec<Vec<u8>> {
        let whole = |packed: u8, numbers: &[u64]| {
            let mut bytes = vec![packed, packed];
            for number in numbers {
                let mut room = Room::default();
                bytes.extend(&encode(&mut room, &key(), *number, b"a commit").unwrap()[..BEGINNING]);
            }
            bytes
        };
        // The second is a turned one: the older half of it is packed.
        vec![whole(0, &[1, 2, 3]), whole(4, &[5, 6, 7, 4, 1, 2, 3, 4])]
    }
}
