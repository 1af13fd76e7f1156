//! The audit trail on the disk: rows that only come to be, each with its hash, and how far they go in a place of its
//! own, so that rows which are missing at the end are missed.

use redb::WriteTransaction;
use serde::{Deserialize, Serialize};

use super::error::{Commit, Fault, Read};
use super::open::Store;
use super::row;
use super::tables::{self, AUDIT, SETTINGS};
use crate::audit::{Entry, Happened, Hash, genesis, link};

/// Where the settings tell how far the trail goes.
pub(super) const TRAIL: &str = "audit";

/// An entry with its hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chained {
    /// The entry.
    pub entry: Entry,
    /// Its hash.
    pub hash: Hash,
}

/// How far the trail goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TrailEnd {
    /// So many entries there are.
    pub(super) length: u64,
    /// The hash of the last one.
    pub(super) hash: Hash,
}

impl Default for TrailEnd {
    fn default() -> Self {
        TrailEnd { length: 0, hash: genesis() }
    }
}

impl Store {
    /// Appends to the audit trail; all of it or nothing.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn write_down(&self, happened: &[Happened]) -> Result<(), Commit> {
        if happened.is_empty() { Ok(()) } else { self.write(|txn| append(txn, happened)) }
    }

    /// Entries of the audit trail, newest first: those before number `before`, or the newest.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn trail(&self, before: Option<u64>, limit: usize) -> Result<Vec<Chained>, Read> {
        self.read(|txn| {
            let table = txn.open_table(AUDIT)?;
            let rows = table.range(..before.unwrap_or(u64::MAX))?.rev().take(limit);
            rows.map(|item| {
                let (key, value) = item?;
                Ok(row::decode("audit", key.value(), value.value())?)
            })
            .collect()
        })
    }
}

/// Writes entries behind the last one.
pub(super) fn append(txn: &WriteTransaction, happened: &[Happened]) -> Result<(), Fault> {
    if happened.is_empty() {
        return Ok(());
    }
    let mut settings = txn.open_table(SETTINGS)?;
    let mut table = txn.open_table(AUDIT)?;
    let mut end: TrailEnd = tables::one(&settings, "settings", TRAIL)?.unwrap_or_default();
    for happened in happened {
        let entry = Entry::new(end.length, happened);
        end = TrailEnd { length: end.length.saturating_add(1), hash: link(&end.hash, &entry) };
        let number = entry.number;
        let row = row::encode(&Chained { entry, hash: end.hash })?;
        if table.insert(number, row.as_slice())?.is_some() {
            return Err(Fault::Refused(format!("entry {number} of the audit trail is there already")));
        }
    }
    settings.insert(TRAIL, row::encode(&end)?.as_slice())?;
    Ok(())
}
