//! From the store to a stream.

use std::io::{BufWriter, Write};

use domain::Timestamp;
use redb::{ReadTransaction, TableHandle};
use secrecy::SecretSlice;

use super::error::{BackUp, Trouble};
use super::format::{self, Header, Secrets, Table, Writer};
use super::shapes::Shape;
use super::{LEFT_BEHIND, SEALING};
use crate::store::migrations;
use crate::store::open::Store;
use crate::store::seal::SealingKey;

const BUFFER: usize = 64 << 10;

/// What went into a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Written {
    /// Rows of all tables.
    pub rows: u64,
    /// Bytes of the stream.
    pub bytes: u64,
    /// The SHA-256 that the stream ends with.
    pub sha256: [u8; 32],
}

impl Store {
    /// Writes the whole store as of one instant, with the key that opens its secrets. Commits go on meanwhile and are
    /// not seen. The bytes lie open: seal them before they are kept anywhere.
    ///
    /// `to` is read from no faster than it takes the bytes, and until then the store's file cannot reuse the room of
    /// what is replaced: take them within hours, not days.
    ///
    /// # Errors
    /// The store cannot be read or was opened without its key, or nobody takes the bytes.
    pub fn back_up(&self, now: Timestamp, to: &mut dyn Write) -> Result<Written, BackUp> {
        let secrets = vec![(SEALING.to_owned(), SecretSlice::from(self.inner.seal.expose().to_vec()))];
        // What waits in the journal belongs into the stream too.
        let (handle, txn) = self.inner.settled().map_err(BackUp::Settle)?;
        match write(&txn, migrations::NEWEST, &secrets, now, to) {
            Ok(written) => Ok(written),
            Err(Trouble::Fault(fault)) => {
                if fault.is_broken_handle() {
                    self.inner.disk.retire(handle);
                }
                Err(BackUp::Read(fault.into()))
            }
            Err(Trouble::Other(error)) => Err(error),
        }
    }
}

/// Writes everything that a transaction sees.
fn write(
    txn: &ReadTransaction,
    store_format: u32,
    secrets: &Secrets,
    now: Timestamp,
    to: &mut dyn Write,
) -> Result<Written, Trouble> {
    let header = Header {
        store_format,
        made: now.as_millis(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        tables: tables(txn)?,
    };
    let described = |error: postcard::Error| Trouble::Other(BackUp::Describe(error.into()));
    let head = postcard::to_stdvec(&header).map_err(described)?;
    let keys = format::encode_secrets(secrets).map_err(described)?;
    let mut writer =
        Writer::begin(BufWriter::with_capacity(BUFFER, to), &head, &keys).map_err(Trouble::write)?;
    for table in &header.tables {
        if !LEFT_BEHIND.contains(&table.name.as_str()) {
            table
                .shape
                .rows(txn, &table.name, &mut |key, value| writer.row(key, value).map_err(Trouble::write))?;
        }
        writer.end_table().map_err(Trouble::write)?;
    }
    let (rows, bytes, sha256) = writer.end().map_err(Trouble::write)?;
    Ok(Written { rows, bytes, sha256 })
}

/// Every table of the file, whatever this program knows of it.
fn tables(txn: &ReadTransaction) -> Result<Vec<Table>, Trouble> {
    if let Some(other) = txn.list_multimap_tables()?.next() {
        return Err(Trouble::Other(BackUp::Table(redb::MultimapTableHandle::name(&other).to_owned())));
    }
    let mut tables = Vec::new();
    for handle in txn.list_tables()? {
        let name = handle.name().to_owned();
        let Some((shape, rows)) = Shape::of(txn, &name)? else {
            return Err(Trouble::Other(BackUp::Table(name)));
        };
        let rows = if LEFT_BEHIND.contains(&name.as_str()) { 0 } else { rows };
        tables.push(Table { name, shape, rows });
    }
    Ok(tables)
}

impl SealingKey {
    /// The key read back from a stream; `None` when it is none.
    pub(super) fn from_stream(secrets: &Secrets) -> Option<SealingKey> {
        use secrecy::ExposeSecret;
        let (_, secret) = secrets.iter().find(|(name, _)| name == SEALING)?;
        let bytes = zeroize::Zeroizing::new(<[u8; 32]>::try_from(secret.expose_secret()).ok()?);
        Some(SealingKey::from_bytes(*bytes))
    }
}
