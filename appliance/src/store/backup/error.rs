//! What can go wrong on the way to a stream and back.

use std::io;

use crate::store::error::{Cause, Commit, Fault, OpenStore, Read};

/// Why there is no whole stream of a store.
#[derive(Debug, thiserror::Error)]
pub enum BackUp {
    /// The store does not give what it keeps.
    #[error(transparent)]
    Read(#[from] Read),
    /// What waits to be written could not be brought to the file first.
    #[error("could not bring what waits to the store's file")]
    Settle(#[source] Commit),
    /// A table that this program cannot read whole.
    #[error("the table {0:?} is of a kind that this program cannot back up")]
    Table(String),
    /// What describes the stream cannot be encoded.
    #[error("could not describe the backup")]
    Describe(#[source] Cause),
    /// Nobody takes the bytes.
    #[error("could not write the backup")]
    Write(#[source] io::Error),
}

/// Why there is no store from a stream.
#[derive(Debug, thiserror::Error)]
pub enum Restore {
    /// Something else.
    #[error("this is no backup of a box")]
    Foreign,
    /// A later version of this program wrote the stream.
    #[error("the backup has form {found}; this program knows forms up to {known}: use a newer one")]
    NewerForm {
        /// The form found.
        found: u16,
        /// The newest form known.
        known: u16,
    },
    /// A later version of this program wrote the store.
    #[error(
        "the backup holds a store of format {found}; this program knows formats up to {known}: use a newer one"
    )]
    NewerStore {
        /// The format found.
        found: u32,
        /// The newest format known.
        known: u32,
    },
    /// It ends before its end.
    #[error("the backup is cut short: it ends in the middle")]
    CutShort,
    /// Something in it is not as it was written.
    #[error("the backup is damaged: {0}")]
    Damaged(String),
    /// The bytes cannot be read.
    #[error("could not read the backup")]
    Read(#[source] io::Error),
    /// The new store's folder cannot be used.
    #[error(transparent)]
    Open(#[from] OpenStore),
    /// The system gives no random bytes for the new store's keys.
    #[error("draw the keys of the restored store")]
    Random(#[source] rand::rand_core::OsError),
    /// The new store's file cannot be made.
    #[error("make the restored store's file")]
    Make(#[source] io::Error),
    /// The new store cannot be written.
    #[error("could not write the restored store")]
    Write(#[source] Cause),
}

impl From<io::Error> for Restore {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::UnexpectedEof => Restore::CutShort,
            _ => Restore::Read(error),
        }
    }
}

/// What goes wrong while a transaction is read: the store's own trouble, or any other.
pub(in crate::store) enum Trouble {
    Fault(Fault),
    Other(BackUp),
}

impl<E: Into<Fault>> From<E> for Trouble {
    fn from(fault: E) -> Self {
        Trouble::Fault(fault.into())
    }
}

impl Trouble {
    pub(super) fn write(error: io::Error) -> Self {
        Trouble::Other(BackUp::Write(error))
    }
}
