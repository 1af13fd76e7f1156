//! Format 4: how far monitors' alerts were taken notice of, and a list of that at the end of a commit in the journal.

use redb::{TableDefinition, WriteTransaction};

use crate::store::error::Fault;

type Bytes = &'static [u8];

/// Nobody alerted before. Commits that still wait in the journal are read without that list.
pub(super) fn up(txn: &WriteTransaction) -> Result<(), Fault> {
    txn.open_table(TableDefinition::<&str, Bytes>::new("alert_marks"))?;
    let mut meta = txn.open_table(TableDefinition::<&str, Bytes>::new("meta"))?;
    meta.insert("format", [1u8, 4, 0, 0, 0].as_slice())?;
    Ok(())
}
