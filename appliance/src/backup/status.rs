//! What became of the last backups: a small file in the data folder, for the box itself and for who asks.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use domain::Timestamp;
use serde::{Deserialize, Serialize};

use super::trouble::Trouble;
use super::{file, schedule};

const FILE: &str = "backup.status";

/// What became of the last backups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// Since when backups are to be made.
    pub since: Timestamp,
    /// The last one that was made and tested.
    pub success: Option<Done>,
    /// What failed since, if anything did.
    pub failure: Option<Failed>,
    /// When one was last begun.
    pub attempt: Option<Timestamp>,
}

/// A backup that was made and tested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Done {
    /// When it was begun: the store is as of then.
    pub at: Timestamp,
    /// The file.
    pub file: PathBuf,
    /// Its length in bytes.
    pub bytes: u64,
    /// Rows of the store in it.
    pub rows: u64,
    /// Milliseconds from begin to end of the test.
    pub took_ms: u64,
    /// How it was tested.
    pub tested: Tested,
}

/// How a backup was tested, which is also what is not known of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Tested {
    /// The file was opened with the box's own identity, restored and checked.
    Restored,
    /// What went into the file was restored and checked on its way there, and the file was read back as it was
    /// written. The box has no identity to open it with.
    ReadBack,
}

impl Tested {
    /// In words.
    #[must_use]
    pub const fn told(self) -> &'static str {
        match self {
            Tested::Restored => "opened with the box's identity, restored into a scratch store, checked",
            Tested::ReadBack => {
                "its content restored and checked before it was sealed, the file read back byte for byte; not opened, \
                 the box has no identity for it"
            }
        }
    }
}

/// A backup that came to nothing, or to something that is not tested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failed {
    /// When it was begun.
    pub at: Timestamp,
    /// Why, with all that lies under it: for the log and for who is at the box.
    pub why: String,
    /// Why, for everybody.
    #[serde(default)]
    pub trouble: Trouble,
}

impl Status {
    /// Nothing has been made yet.
    #[must_use]
    pub fn new(since: Timestamp) -> Self {
        Status { since, success: None, failure: None, attempt: None }
    }

    /// What the file in a data folder says; `None` when there is none or it is no such file.
    ///
    /// # Errors
    /// It cannot be read.
    pub fn load(data: &Path) -> io::Result<Option<Status>> {
        match fs::read(data.join(FILE)) {
            Ok(text) => Ok(serde_json::from_slice(&text).ok()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What people must be told, if anything: that the last one failed, or that there was none for two days.
    #[must_use]
    pub fn complaint(&self, now: Timestamp) -> Option<String> {
        schedule::complaint(self, now)
    }

    /// Takes the file away: nobody wants backups any more, and what was noted grows old.
    pub(super) fn forget(data: &Path) -> io::Result<()> {
        match fs::remove_file(data.join(FILE)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    /// Writes the file, whole or not at all.
    pub(super) fn save(&self, data: &Path) -> io::Result<()> {
        let path = data.join(FILE);
        let part = file::part_of(&path);
        let mut to = File::options().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
        to.write_all(&serde_json::to_vec_pretty(self)?)?;
        to.sync_all()?;
        file::name(&part, &path)
    }
}
