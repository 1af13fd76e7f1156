//! Any bytes as the stream of a store.

use sha2::{Digest, Sha256};

use super::error::Restore;
use super::format::{Header, Reader, Secrets, Writer, encode_secrets};
use super::restore;
use super::shapes::Row;
use crate::store::{Store, check};

type Whole = (Header, Secrets, Vec<Vec<Row>>);

/// A stream, as it is and with its end made right. What is read whole is written again and reads the same.
pub fn backup(input: &[u8]) {
    let _ = read(input);
    let Some(stream) = ended(input) else { return };
    let Ok((header, secrets, tables)) = read(&stream) else { unreachable!("a stream with its end is whole") };
    let (Ok(head), Ok(keys)) = (postcard::to_stdvec(&header), encode_secrets(&secrets)) else {
        unreachable!("what was read is written")
    };
    let write = || {
        let mut again = Vec::new();
        let mut writer = Writer::begin(&mut again, &head, &keys)?;
        for rows in &tables {
            rows.iter().try_for_each(|(key, value)| writer.row(key, value))?;
            writer.end_table()?;
        }
        writer.end()?;
        std::io::Result::Ok(again)
    };
    let Ok(again) = write() else { unreachable!("memory takes bytes") };
    let Ok((header_again, _, tables_again)) = read(&again) else { unreachable!("what was written is read") };
    assert_eq!((header, tables), (header_again, tables_again));
}

/// A stream with its end made right, restored: a store or an error, and a store that can be looked at and checked.
pub fn restored(input: &[u8]) {
    let Some(stream) = ended(input) else { return };
    let Ok(dir) = tempfile::tempdir() else { return };
    let Ok(restored) = restore(dir.path(), stream.as_slice()) else { return };
    let Ok(store) = Store::look_at(dir.path(), &restored.keys) else { return };
    let _ = store.snapshot();
    let _ = check(&store);
}

fn read(stream: &[u8]) -> Result<Whole, Restore> {
    let (mut reader, header) = Reader::begin(stream)?;
    let secrets = reader.secrets()?;
    let mut tables = Vec::new();
    for table in &header.tables {
        let mut rows = Vec::new();
        while let Some(row) = reader.row(table.shape)? {
            rows.push(row);
        }
        tables.push(rows);
    }
    let bytes: usize = tables.iter().flatten().map(|(key, value)| key.len() + value.len()).sum();
    assert!(bytes <= stream.len(), "more than there is");
    reader.end()?;
    Ok((header, secrets, tables))
}

/// The stream as far as its rows go, with the end that belongs there.
fn ended(stream: &[u8]) -> Option<Vec<u8>> {
    let mut left = stream;
    let (mut reader, header) = Reader::begin(&mut left).ok()?;
    reader.secrets().ok()?;
    let mut rows = 0u64;
    for table in &header.tables {
        while reader.row(table.shape).ok()?.is_some() {
            rows += 1;
        }
    }
    let taken = stream.len() - left.len();
    let mut whole = stream.get(..taken)?.to_vec();
    whole.extend_from_slice(&rows.to_le_bytes());
    let hash = Sha256::digest(&whole);
    whole.extend_from_slice(&hash);
    Some(whole)
}

#[cfg(test)]
pub(in crate::store) mod seeds {
    use crate::store::tests::format::write_everything;
    use crate::store::tests::plant::{at, counted, open};

    fn stream(fill: impl FnOnce(&super::Store)) -> Vec<u8> {
        let dir = tempfile::tempdir().unwrap();
        let store = open(dir.path());
        fill(&store);
        let mut bytes = Vec::new();
        store.back_up(at(11), &mut bytes).unwrap();
        bytes
    }

    pub fn backups() -> Vec<Vec<u8>> {
        vec![stream(|_| ()), stream(write_everything)]
    }

    pub fn restores() -> Vec<Vec<u8>> {
        vec![stream(|store| store.commit(&counted(1, 30)).unwrap()), stream(write_everything)]
    }
}
