//! Format 6: sensors that anyone can buy, and a list of them at the end of a commit in the journal. Closed with its release;
//! never edit it then.

use redb::{TableDefinition, WriteTransaction};

use crate::store::error::Fault;

type Bytes = &'static [u8];

/// There were none before. Commits that still wait in the journal are read without that list.
pub(super) fn up(txn: &WriteTransaction) -> Result<(), Fault> {
    txn.open_table(TableDefinition::<[u8; 6], Bytes>::new("sensors"))?;
    let mut meta = txn.open_table(TableDefinition::<&str, Bytes>::new("meta"))?;
    meta.insert("format", [1u8, 6, 0, 0, 0].as_slice())?;
    Ok(())
}
