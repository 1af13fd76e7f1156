//! Format 5: limits that people set, sensors that anyone can buy, and lists of both at the end of a commit in the journal; machines
//! that come in by tokens; second factors. Closed with its release; never edit it then.

use redb::{TableDefinition, WriteTransaction};

use crate::store::error::Fault;

type Bytes = &'static [u8];

/// There were none before. Commits that still wait in the journal are read without those lists.
pub(super) fn up(txn: &WriteTransaction) -> Result<(), Fault> {
    txn.open_table(TableDefinition::<u32, Bytes>::new("watched"))?;
    txn.open_table(TableDefinition::<[u8; 6], Bytes>::new("sensors"))?;
    // By SHA-256 of the token.
    txn.open_table(TableDefinition::<[u8; 32], Bytes>::new("machines"))?;
    // By the name of who has them, in small letters.
    txn.open_table(TableDefinition::<&str, Bytes>::new("factors"))?;
    let mut meta = txn.open_table(TableDefinition::<&str, Bytes>::new("meta"))?;
    meta.insert("format", [1u8, 5, 0, 0, 0].as_slice())?;
    Ok(())
}
