//! From one format of the store to the next, forward only, a file each.
//!
//! A migration imports nothing that can change: names, shapes and codes of its time are written out in its own
//! file, and a file that was released is never edited. Each released format has a golden file under `tests/golden`.

mod v1;
mod v2;
mod v3;
mod v4;
mod v5;
mod v6;

use redb::WriteTransaction;

use super::error::Fault;

/// The newest format.
pub(super) const NEWEST: u32 = 6;

/// Brings a store from format `from` (0: empty) to the newest, within one transaction.
pub(super) fn run(txn: &WriteTransaction, from: u32) -> Result<(), Fault> {
    if from < 1 {
        v1::up(txn)?;
    }
    if from < 2 {
        v2::up(txn)?;
    }
    if from < 3 {
        v3::up(txn)?;
    }
    if from < 4 {
        v4::up(txn)?;
    }
    if from < 5 {
        v5::up(txn)?;
    }
    if from < 6 {
        v6::up(txn)?;
    }
    Ok(())
}
