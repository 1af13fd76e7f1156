//! Everything that is kept: the only room that knows redb.
//!
//! One commit is one durable transaction: all of a [`Batch`](crate::plant::Batch) or nothing. Values carry a version,
//! formats have numbered migrations, history has an interface of its own that is narrow on purpose. Everything here
//! blocks; callers that serve others call it from a thread of its own.

mod accounts;
mod backup;
mod chain;
mod check;
mod commit;
mod disk;
mod error;
mod history;
mod layer;
mod ledger;
mod migrations;
mod open;
mod reads;
mod row;
mod seal;
mod secrets;
mod tables;
#[cfg(test)]
pub(crate) mod tests;

pub use accounts::PlantSettings;
pub use backup::{BackUp, Restore, Restored, Written, restore};
pub use chain::{EntryHash, genesis, link};
pub use check::{CheckReport, Finding, check};
pub use error::{Cause, Commit, Damage, LedgerRefusal, OpenStore, Read, Undecodable};
pub use history::{DailyRollup, LONGEST_VALID_MS};
pub use ledger::{ChainedEntry, Counts};
pub use open::{Store, in_use};
pub use seal::SealingKey;

/// The store's file in the data directory.
pub const FILE: &str = "store.redb";
