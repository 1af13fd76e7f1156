//! Format 2: a journal before the database, and history that is retired. Closed; never edit.

use redb::{TableDefinition, WriteTransaction};

use crate::store::error::Fault;

type Bytes = &'static [u8];

/// From now on commits may be in the journal alone. Until the first one there is nothing in it, and nothing to change.
pub(super) fn up(txn: &WriteTransaction) -> Result<(), Fault> {
    // By mold and first ordinal: what a damaged disk took.
    txn.open_table(TableDefinition::<(u32, u64), Bytes>::new("lost"))?;
    txn.open_table(TableDefinition::<u32, Bytes>::new("retired"))?;
    let mut meta = txn.open_table(TableDefinition::<&str, Bytes>::new("meta"))?;
    meta.insert("format", [1u8, 2, 0, 0, 0].as_slice())?;
    Ok(())
}
