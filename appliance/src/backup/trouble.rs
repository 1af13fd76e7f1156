//! Why there is no new backup, in kinds that a person can do something about. What lies under it is for the log.

use serde::{Deserialize, Serialize};

use super::file::MakeFile;
use super::night::Night;
use super::place::FindPlace;
use crate::store::BackUp;

/// Why there is no new backup that can be counted on.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Trouble {
    /// The disk or the share is not there.
    PlaceAway,
    /// The folder cannot be made or used.
    PlaceUnusable,
    /// The file could not be written.
    NotWritten,
    /// The store does not give what belongs into it.
    NotRead,
    /// Too little room is left in the data folder to test it.
    NoRoomToTest,
    /// The box's identity, which it is tested with, cannot be read.
    NoIdentity,
    /// The file cannot be read back, or is not what was written.
    FileAltered,
    /// It was made and did not pass its test.
    TestFailed,
    /// The store in it is not in order.
    NotInOrder,
    /// Something else: only the log says what.
    #[default]
    Other,
}

impl Trouble {
    /// The kind of a failure.
    pub(super) const fn of(why: &Night) -> Self {
        match why {
            Night::Place(FindPlace::NoDisk(_) | FindPlace::NotMounted(_) | FindPlace::NoMount(_)) => {
                Trouble::PlaceAway
            }
            Night::Place(FindPlace::Folder(..)) => Trouble::PlaceUnusable,
            Night::Make(MakeFile::There(_) | MakeFile::Write(..) | MakeFile::Plain(BackUp::Write(_)))
            | Night::Name(..) => Trouble::NotWritten,
            Night::Make(MakeFile::Plain(_)) => Trouble::NotRead,
            Night::NoRoom { .. } => Trouble::NoRoomToTest,
            Night::Keys(_) => Trouble::NoIdentity,
            Night::ReadBack(_) | Night::Altered => Trouble::FileAltered,
            Night::Open(_) | Night::Prove(_) | Night::Other => Trouble::TestFailed,
            Night::Findings(_) => Trouble::NotInOrder,
            Night::Place(FindPlace::Mounts(_)) | Night::Make(MakeFile::Seal(_)) => Trouble::Other,
        }
    }

    /// In a few words, for everybody who looks at the plant.
    #[must_use]
    pub const fn told(self) -> &'static str {
        match self {
            Trouble::PlaceAway => "the disk or share for backups is not there",
            Trouble::PlaceUnusable => "the folder for backups cannot be used",
            Trouble::NotWritten => "it could not be written",
            Trouble::NotRead => "the store could not be read",
            Trouble::NoRoomToTest => "too little room is free to test it",
            Trouble::NoIdentity => "the identity to test it with cannot be read",
            Trouble::FileAltered => "its file is not what was written",
            Trouble::TestFailed => "it did not pass its test",
            Trouble::NotInOrder => "the store in it is not in order",
            Trouble::Other => "the box's log says why",
        }
    }
}
