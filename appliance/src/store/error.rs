//! What can go wrong with the store, as its callers see it.

use std::path::PathBuf;

use domain::MoldId;

/// What lies under an error; redb's own errors do not leave this room by name.
pub type Cause = Box<dyn std::error::Error + Send + Sync + 'static>;

/// Why the store could not be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenStore {
    /// The directory is missing and could not be made, or cannot be used.
    #[error("could not use the data directory {path}")]
    Directory {
        /// The directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// There is no store in that directory.
    #[error("there is no store at {path}")]
    Missing {
        /// Where it would be.
        path: PathBuf,
    },
    /// Another process has it.
    #[error("the store at {path} is in use by another process")]
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// A later version of this program wrote it.
    #[error(
        "the store at {path} has format {found}; this program knows formats up to {known}: use a newer one"
    )]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its format.
        found: u32,
        /// The newest format known here.
        known: u32,
    },
    /// Its secrets were sealed with another key.
    #[error("the sealing key is not the one that the store at {path} was made with")]
    WrongKey {
        /// The file.
        path: PathBuf,
    },
    /// The file could not be opened, repaired or brought to the current format.
    #[error("could not open the store at {path}")]
    Database {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: Cause,
    },
}

/// Why a read gave nothing.
#[derive(Debug, thiserror::Error)]
pub enum Read {
    /// The database did not give it.
    #[error("could not read the store")]
    Database {
        /// Why.
        #[source]
        source: Cause,
    },
    /// A value is there and cannot be read.
    #[error(transparent)]
    Undecodable(#[from] Undecodable),
    /// A secret is there and does not open with this key.
    #[error("the secret {name:?} does not open: it was sealed with another key, or altered")]
    Sealed {
        /// Its name.
        name: String,
    },
}

/// A value that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("table {table:?}, key {key}: {why}")]
pub struct Undecodable {
    /// The table.
    pub table: &'static str,
    /// The key in it.
    pub key: String,
    /// What is wrong with the value.
    pub why: Damage,
}

/// What is wrong with a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// There is not even a version.
    #[error("the value is empty")]
    Empty,
    /// A version that this program does not know.
    #[error("the value has version {found}, known are versions up to {known}")]
    Version {
        /// The version found.
        found: u8,
        /// The newest version known.
        known: u8,
    },
    /// The bytes do not make sense.
    #[error("the value is damaged: {0}")]
    Bytes(String),
    /// Its checksum is not that of its bytes, or it stands under another key than the one it was written for.
    #[error("the value is damaged: its checksum does not fit")]
    Checksum,
    /// Nothing is wrong with what is there: what should take its place could not be packed.
    #[error("the cycles could not be packed: {0}")]
    Packing(String),
}

/// Why a commit was refused or failed. Nothing of it is in the store then, with the one exception that says so.
#[derive(Debug, thiserror::Error)]
pub enum Commit {
    /// Too little room is left on the disk to write safely.
    #[error("the disk is full: {free} bytes are free, {needed} must stay free")]
    Full {
        /// Bytes free.
        free: u64,
        /// Bytes that must stay free.
        needed: u64,
    },
    /// The database could not write it. The store repairs itself at the next use.
    #[error("could not write to the store")]
    Database {
        /// Why.
        #[source]
        source: Cause,
    },
    /// A ledger would not have been what a ledger is.
    #[error("mold {mold}: {why}")]
    Ledger {
        /// The mold.
        mold: MoldId,
        /// What was against the rules.
        why: LedgerRefusal,
    },
    /// A value that this write builds on cannot be read.
    #[error(transparent)]
    Undecodable(#[from] Undecodable),
    /// The write was against a rule of the store.
    #[error("{0}")]
    Refused(String),
    /// The batch before this one was told as failed and turned out to be on the disk; this one differs from it and
    /// was not written. Read the plant anew, then go on.
    #[error("the former commit was kept although it was told as failed: read the store anew")]
    KeptAfterAll,
}

impl Commit {
    /// The file itself is damaged, which no room on the disk mends.
    #[must_use]
    pub fn is_damage(&self) -> bool {
        matches!(self.database(), Some(redb::Error::Corrupted(_)))
    }

    /// What the disk answered, if it was the disk.
    #[must_use]
    pub fn io_kind(&self) -> Option<std::io::ErrorKind> {
        match self.database() {
            Some(redb::Error::Io(error)) => Some(error.kind()),
            _ => None,
        }
    }

    fn database(&self) -> Option<&redb::Error> {
        match self {
            Commit::Database { source } => source.downcast_ref(),
            _ => None,
        }
    }
}

/// What was against the rules of a ledger.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LedgerRefusal {
    /// A new entry must have the next number.
    #[error("the next entry of the ledger is number {expected}, not {found}")]
    Number {
        /// The next free number.
        expected: u64,
        /// The number offered.
        found: u64,
    },
    /// Only the open run at the end grows.
    #[error("entry {number} is closed: a closed entry is never changed")]
    Closed {
        /// The entry.
        number: u64,
    },
    /// The count of a mold hangs on its baseline.
    #[error("the baseline of a mold is never changed")]
    Baseline,
    /// The sum went out of range.
    #[error("the sum of the ledger would leave the range of a count")]
    Overflow,
    /// Only an adjustment takes away.
    #[error("entry {number} takes cycles away and is no adjustment")]
    Negative {
        /// The entry.
        number: u64,
    },
}

/// What goes wrong inside this room.
#[derive(Debug)]
pub(super) enum Fault {
    /// redb.
    Database(Box<redb::Error>),
    /// A value.
    Undecodable(Undecodable),
    /// A ledger's rule.
    Ledger(MoldId, LedgerRefusal),
    /// Another rule.
    Refused(String),
    /// A secret.
    Sealed(String),
    /// The files were made with another key.
    WrongKey,
    /// Commits that were told as kept are not in the journal.
    Journal(Vec<u64>),
}

const WRONG_KEY: &str = "the key is not the one that the store was made with";

/// What an error of the journal says.
fn journal_says(missing: &[u64]) -> String {
    let first = missing.first().copied().unwrap_or_default();
    format!(
        "the journal is damaged: commit {first} and {} more are missing or do not open; with the box stopped, \
         `platen check --repair` saves all that is whole",
        missing.len().saturating_sub(1)
    )
}

macro_rules! from_redb {
    ($($error:ty),*) => {
        $(impl From<$error> for Fault {
            fn from(error: $error) -> Self {
                Fault::Database(Box::new(error.into()))
            }
        })*
    };
}

from_redb!(
    redb::Error,
    redb::TableError,
    redb::StorageError,
    redb::TransactionError,
    redb::CommitError,
    redb::DatabaseError,
    redb::SetDurabilityError
);

impl From<Undecodable> for Fault {
    fn from(error: Undecodable) -> Self {
        Fault::Undecodable(error)
    }
}

impl Fault {
    /// For who opens a store.
    pub(super) fn cause(self) -> Cause {
        match self {
            Fault::Database(source) => source,
            Fault::Undecodable(error) => error.into(),
            Fault::Journal(missing) => journal_says(&missing).into(),
            Fault::Ledger(mold, why) => format!("mold {mold}: {why}").into(),
            Fault::Refused(why) => why.into(),
            Fault::Sealed(name) => format!("the secret {name:?} does not open").into(),
            Fault::WrongKey => WRONG_KEY.into(),
        }
    }

    /// The handle is of no use any more and must be opened anew.
    pub(super) fn is_broken_handle(&self) -> bool {
        match self {
            Fault::Database(error) => matches!(
                **error,
                redb::Error::Io(_)
                    | redb::Error::Backend(_)
                    | redb::Error::PreviousIo
                    | redb::Error::DatabaseClosed
                    | redb::Error::Corrupted(_)
                    | redb::Error::LockPoisoned(_)
            ),
            _ => false,
        }
    }
}

impl From<Fault> for Read {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Database(error) => Read::Database { source: error },
            Fault::Undecodable(error) => Read::Undecodable(error),
            Fault::Ledger(mold, why) => Read::Database { source: format!("mold {mold}: {why}").into() },
            Fault::Refused(why) => Read::Database { source: why.into() },
            Fault::Sealed(name) => Read::Sealed { name },
            Fault::WrongKey => Read::Database { source: WRONG_KEY.into() },
            Fault::Journal(missing) => Read::Database { source: journal_says(&missing).into() },
        }
    }
}

impl From<Fault> for Commit {
    fn from(fault: Fault) -> Self {
        match fault {
            Fault::Database(error) => Commit::Database { source: error },
            Fault::Undecodable(error) => Commit::Undecodable(error),
            Fault::Ledger(mold, why) => Commit::Ledger { mold, why },
            Fault::Refused(why) => Commit::Refused(why),
            Fault::Sealed(name) => Commit::Refused(format!("the secret {name:?} could not be sealed")),
            Fault::WrongKey => Commit::Database { source: WRONG_KEY.into() },
            Fault::Journal(missing) => Commit::Database { source: journal_says(&missing).into() },
        }
    }
}
