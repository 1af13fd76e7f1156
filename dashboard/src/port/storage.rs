//! What is kept and where, the room that it takes, and its backups.

use std::time::Duration;

use domain::Timestamp;
use serde::{Deserialize, Serialize};

/// What is kept, the room that it takes, and its backups.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StorageView {
    /// The box's clock when this was made.
    pub now: Timestamp,
    /// Place in the live stream that follows on this view.
    pub cursor: u64,
    /// The room on the disk, if it can be measured.
    pub room: Option<RoomView>,
    /// What the room of the last days tells of the next ones.
    pub outlook: OutlookView,
    /// What is kept how long.
    pub kept: KeptView,
    /// Where the key that opens the store comes from, if the box knows. Never the key.
    pub key: Option<KeySource>,
    /// The backups that the box makes by itself; `None`: nobody set any up.
    pub backups: Option<BackupsView>,
}

/// Bytes of the disk that the store is on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct RoomView {
    /// Taken by the box's data.
    pub used: u64,
    /// Free for it.
    pub free: u64,
    /// The whole disk.
    pub size: u64,
    /// What is to stay free.
    pub floor: u64,
}

/// What the room of the last days tells of the next ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct OutlookView {
    /// When the disk will be full.
    pub full: DiskFull,
    /// Bytes that the data grow a day, if that can be told.
    pub a_day: Option<i64>,
    /// Days that this is told from.
    pub days: u32,
    /// The fewest days that anything is told from.
    pub needed: u32,
}

/// When the disk will be full, if it goes on like this.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum DiskFull {
    /// Too few days were measured.
    TooEarly,
    /// On a day.
    On {
        /// The begin of the day.
        day: Timestamp,
        /// So soon that it is an alarm.
        soon: bool,
    },
    /// Not within ten years.
    NotWithinTenYears,
}

/// What is kept how long.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct KeptView {
    /// Cycles that are kept with their times.
    pub cycles: u64,
    /// Cycles that were retired: the sums of their days are left.
    pub retired: u64,
    /// How long cycles are kept: `10 years`, `for ever`.
    pub cycles_for: String,
    /// How long raw payloads are kept.
    pub raw_for: String,
    /// So many raw payloads at most.
    pub raw_most: u64,
}

/// Where the key that opens the store comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum KeySource {
    /// A key file.
    File(String),
    /// A file with a passphrase.
    Passphrase(String),
    /// A passphrase that is typed at each start.
    Terminal,
    /// A credential that systemd gives the service.
    Credential,
    /// A key file beside the data that it opens.
    Beside(String),
}

/// The backups that a box makes by itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupsView {
    /// Where they go.
    pub place: BackupPlace,
    /// The hour of the day, UTC.
    pub hour: u8,
    /// How many are to stay.
    pub wanted: Copies,
    /// What was last seen where they go.
    pub seen: CopiesSeen,
    /// Since when one is being made, if one is.
    pub making: Option<Timestamp>,
    /// The last one that was made and tested.
    pub success: Option<BackupDone>,
    /// What failed since.
    pub failure: Option<BackupFailed>,
    /// When the next one is due; a time that has passed means at once.
    pub next: Timestamp,
    /// From when on it is an alarm that there is none.
    pub overdue_from: Option<Timestamp>,
}

/// Where backups go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum BackupPlace {
    /// A folder.
    Folder {
        /// Which.
        path: String,
        /// It is of no use while nothing is mounted there.
        must_be_mounted: bool,
    },
    /// A folder on a disk.
    Disk {
        /// The disk's label.
        label: String,
        /// The folder on it; empty for the disk itself.
        folder: String,
    },
}

/// Copies by what they stand for. One file may be the newest of its day, its week and its month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Copies {
    /// Days.
    pub daily: u32,
    /// Weeks.
    pub weekly: u32,
    /// Months.
    pub monthly: u32,
}

/// What was last seen where backups go.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum CopiesSeen {
    /// Nobody has looked yet.
    NotLooked,
    /// The place was not there.
    Away,
    /// These.
    There {
        /// Files, each of them once.
        files: u32,
        /// What they stand for.
        copies: Copies,
    },
}

/// A backup that was made and tested.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupDone {
    /// The store is as of then.
    pub at: Timestamp,
    /// The file's name.
    pub file: String,
    /// Its length.
    pub bytes: u64,
    /// From begin to the end of the test.
    pub took: Duration,
    /// How it was tested.
    pub tested: TestedHow,
}

/// How a backup was tested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TestedHow {
    /// The file was opened, restored and checked.
    Restored,
    /// Its content was restored and checked, and the file read back; it was not opened.
    ReadBack,
}

/// A backup that came to nothing, or to something that did not pass its test.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct BackupFailed {
    /// When it was begun.
    pub at: Timestamp,
    /// What is wrong.
    pub trouble: BackupTrouble,
}

/// Why there is no new backup that can be counted on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum BackupTrouble {
    /// The disk or the share is not there.
    PlaceAway,
    /// The folder cannot be made or used.
    PlaceUnusable,
    /// The file could not be written.
    NotWritten,
    /// The store does not give what belongs into it.
    NotRead,
    /// Too little room is left on the box's own disk to test it.
    NoRoomToTest,
    /// The identity that it is tested with cannot be read.
    NoIdentity,
    /// The file cannot be read back, or is not what was written.
    FileAltered,
    /// It was made and did not pass its test.
    TestFailed,
    /// The store in it is not in order.
    NotInOrder,
    /// Something else.
    Other,
}
