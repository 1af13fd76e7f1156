//! Everything that is kept: the only room that knows redb.
//!
//! One commit is one durable transaction: all of a [`Batch`](crate::plant::Batch) or nothing. Values carry a version,
//! formats have numbered migrations, history has an interface of its own that is narrow on purpose. Everything here
//! blocks; callers that serve others call it from a thread of its own.

mod accounts;
mod audit;
mod backup;
mod chain;
mod check;
mod cipher;
mod commit;
mod contents;
mod disk;
mod error;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod handle;
mod history;
mod journal;
mod keys;
mod layer;
mod ledger;
mod ledgers;
mod memory;
mod migrations;
mod open;
mod packing;
mod pulse;
mod reads;
mod rekey;
mod repair;
mod retiring;
mod row;
mod seal;
mod secrets;
mod shrink;
mod storage;
mod tables;
#[cfg(test)]
pub(crate) mod tests;
mod xts;

pub use accounts::PlantSettings;
pub use audit::Chained;
pub use backup::{BackUp, Restore, Restored, Written, restore};
pub use chain::{EntryHash, genesis, link};
pub use check::{CheckReport, Finding, check};
pub use contents::{Contents, contents};
pub use error::{Cause, Commit, Damage, LedgerRefusal, OpenStore, Read, Undecodable};
pub use history::{Bucket, DailyRollup, LONGEST_VALID_MS, MOST_BUCKETS, Summary, Thinning};
pub use keys::StoreKeys;
pub use ledger::{ChainedEntry, Counts};
pub use open::{Store, in_use};
pub use pulse::Commits;
pub use rekey::{Held, hold, rekey};
pub use repair::{Lost, Repair, RepairStore, repair};
pub use retiring::{Retired, Shed};
pub use seal::SealingKey;
pub use storage::{Kept, Room};
pub use xts::SectorKey;

/// The store's file in the data directory.
pub const FILE: &str = "store.redb";
/// The journal beside it.
pub const JOURNAL: &str = "journal";
