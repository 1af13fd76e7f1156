//! From a stream to a store.

use std::io::{BufReader, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use domain::Timestamp;
use redb::{Database, Durability};

use super::error::Restore;
use super::format::{Reader, Table};
use super::shapes::{Row, Shape};
use crate::store::StoreKeys;
use crate::store::disk;
use crate::store::error::Fault;
use crate::store::migrations;
use crate::store::seal::SealingKey;

const BUFFER: usize = 64 << 10;
/// So many bytes of rows are written at a time: what a restore takes of the memory.
const AT_ONCE: usize = 8 << 20;

/// What a stream held.
pub struct Restored {
    /// The keys of the restored store: a new one for its file, the former one for its secrets.
    pub keys: StoreKeys,
    /// When the stream was made.
    pub made: Timestamp,
    /// The version of the program that made it.
    pub program: String,
    /// Rows of all tables.
    pub rows: u64,
    /// The SHA-256 that the stream ends with.
    pub sha256: [u8; 32],
}

/// Makes a store in a directory that has none from a stream, read to its end. What stands in the directory is a store
/// only when this returns well; it is of the format that the stream was made of, and opening it migrates it.
///
/// # Errors
/// The stream is none, of a later version, damaged or cut short, or the store cannot be written.
pub fn restore(dir: &Path, from: impl Read) -> Result<Restored, Restore> {
    let (mut reader, header) = Reader::begin(BufReader::with_capacity(BUFFER, from))?;
    if header.store_format > migrations::NEWEST {
        return Err(Restore::NewerStore { found: header.store_format, known: migrations::NEWEST });
    }
    let secrets = reader.secrets()?;
    let sealing = SealingKey::from_stream(&secrets)
        .ok_or_else(|| Restore::Damaged("the key of its secrets is missing".to_owned()))?;
    let keys = StoreKeys::draw().map_err(Restore::Random)?.with_sealing(sealing);
    let path = dir.join(crate::store::FILE);
    std::fs::File::options().write(true).create_new(true).mode(0o600).open(&path).map_err(Restore::Make)?;
    // No journal beside it: everything is in the stream's tables.
    let database = disk::database_in(&path, &keys.sectors).map_err(|fault| Restore::Write(fault.cause()))?;
    for table in &header.tables {
        fill(&database, table, &mut reader)?;
    }
    let (rows, sha256) = reader.end()?;
    Ok(Restored { keys, made: Timestamp::from_millis(header.made), program: header.program, rows, sha256 })
}

fn fill<R: Read>(database: &Database, table: &Table, reader: &mut Reader<R>) -> Result<(), Restore> {
    let (mut rows, mut bytes, mut read) = (Vec::new(), 0usize, 0u64);
    while let Some((key, value)) = reader.row(table.shape)? {
        bytes = bytes.saturating_add(key.len()).saturating_add(value.len());
        rows.push((key, value));
        read = read.saturating_add(1);
        if bytes >= AT_ONCE {
            put(database, table.shape, &table.name, &rows)?;
            rows.clear();
            bytes = 0;
        }
    }
    if read != table.rows {
        let text = format!("the table {:?} has {read} rows instead of {}", table.name, table.rows);
        return Err(Restore::Damaged(text));
    }
    // Without rows too: a table that is not there is not the same as an empty one.
    put(database, table.shape, &table.name, &rows)
}

fn put(database: &Database, shape: Shape, name: &str, rows: &[Row]) -> Result<(), Restore> {
    let write = || -> Result<(), Fault> {
        let mut txn = database.begin_write()?;
        txn.set_durability(Durability::Immediate)?;
        shape.put(&txn, name, rows)?;
        txn.commit()?;
        Ok(())
    };
    write().map_err(|fault| Restore::Write(fault.cause()))
}
