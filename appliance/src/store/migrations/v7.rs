//! Format 7: machines that come in by tokens, second factors. Closed with its release; never edit it then.

use redb::{TableDefinition, WriteTransaction};

use crate::store::error::Fault;

type Bytes = &'static [u8];

/// There were none before.
pub(super) fn up(txn: &WriteTransaction) -> Result<(), Fault> {
    // By SHA-256 of the token.
    txn.open_table(TableDefinition::<[u8; 32], Bytes>::new("machines"))?;
    // By the name of who has them, in small letters.
    txn.open_table(TableDefinition::<&str, Bytes>::new("factors"))?;
    let mut meta = txn.open_table(TableDefinition::<&str, Bytes>::new("meta"))?;
    meta.insert("format", [1u8, 7, 0, 0, 0].as_slice())?;
    Ok(())
}
