//! Everything that is kept: the only room that knows redb.
//!
//! One commit is one durable transaction: all of a [`Batch`](crate::plant::Batch) or nothing. Values carry a version,
//! formats have numbered migrations, history has an interface of its own that is narrow on purpose. Everything here
//! blocks; callers that serve others call it from a thread of its own.

mod accounts;
mod chain;
mod check;
mod commit;
mod disk;
mod error;
mod handle;
mod history;
mod journal;
mod layer;
mod ledger;
mod migrations;
mod open;
mod packing;
mod reads;
mod row;
mod seal;
mod secrets;
mod tables;
#[cfg(test)]
pub(crate) mod tests;

pub use accounts::PlantSettings;
pub use chain::{EntryHash, genesis, link};
pub use check::{CheckReport, Finding, check};
pub use error::{Cause, Commit, Damage, LedgerRefusal, OpenStore, Read, Undecodable};
pub use history::{Bucket, DailyRollup, LONGEST_VALID_MS, MOST_BUCKETS, Summary};
pub use ledger::{ChainedEntry, Counts};
pub use open::Store;
pub use seal::SealingKey;

/// The store's file in the data directory.
pub const FILE: &str = "store.redb";
/// The journal beside it.
pub const JOURNAL: &str = "journal";
