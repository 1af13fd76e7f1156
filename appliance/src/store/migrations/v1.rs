//! Format 1: the first one. Closed; never edit.

use redb::{TableDefinition, WriteTransaction};

use crate::store::error::Fault;

type Bytes = &'static [u8];

/// Makes the tables of format 1 in an empty database.
pub(super) fn up(txn: &WriteTransaction) -> Result<(), Fault> {
    for name in ["monitors", "networks", "settings", "users", "secrets"] {
        txn.open_table(TableDefinition::<&str, Bytes>::new(name))?;
    }
    for name in ["molds", "presses", "heads"] {
        txn.open_table(TableDefinition::<u32, Bytes>::new(name))?;
    }
    for name in ["raw", "alarms_standing", "alarms_past"] {
        txn.open_table(TableDefinition::<u64, Bytes>::new(name))?;
    }
    for name in ["ledger", "history"] {
        txn.open_table(TableDefinition::<(u32, u64), Bytes>::new(name))?;
    }
    txn.open_table(TableDefinition::<[u8; 8], Bytes>::new("modules"))?;
    txn.open_table(TableDefinition::<[u8; 32], Bytes>::new("sessions"))?;
    txn.open_table(TableDefinition::<(u32, u32), Bytes>::new("assignments"))?;
    txn.open_table(TableDefinition::<(i64, u32), Bytes>::new("daily"))?;
    // Version 1 of the value, then the format as 32 bits, little end first.
    let mut meta = txn.open_table(TableDefinition::<&str, Bytes>::new("meta"))?;
    meta.insert("format", [1u8, 1, 0, 0, 0].as_slice())?;
    Ok(())
}
