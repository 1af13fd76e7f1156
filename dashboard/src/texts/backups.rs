//! What is said of backups, and how grave it looks.

use domain::Timestamp;

use super::Tone;
use crate::format;
use crate::port::{BackupPlace, BackupTrouble, BackupsView, Copies, CopiesSeen, TestedHow};

/// How the backups stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BackupsStand {
    /// Nobody set any up.
    NotSetUp,
    /// The first one is not made yet.
    FirstDue,
    /// One is being made.
    Making,
    /// One is being made after one that failed.
    TryingAgain(BackupTrouble),
    /// There is one of late, and it was tested.
    InOrder,
    /// There is one of late, and the place where it went is not there now.
    PlaceAway,
    /// There is none of late.
    Overdue,
    /// The last one failed.
    Failed(BackupTrouble),
}

impl BackupsStand {
    /// How they stand when the box's clock shows `now`.
    #[must_use]
    pub fn of(backups: Option<&BackupsView>, now: Timestamp) -> Self {
        let Some(backups) = backups else { return BackupsStand::NotSetUp };
        let overdue = backups.overdue_from.is_some_and(|from| now > from);
        match (backups.making, backups.failure) {
            (Some(_), Some(failed)) => BackupsStand::TryingAgain(failed.trouble),
            (Some(_), None) => BackupsStand::Making,
            (None, Some(failed)) => BackupsStand::Failed(failed.trouble),
            (None, None) if overdue => BackupsStand::Overdue,
            (None, None) if backups.success.is_none() => BackupsStand::FirstDue,
            (None, None) if backups.seen == CopiesSeen::Away => BackupsStand::PlaceAway,
            (None, None) => BackupsStand::InOrder,
        }
    }

    /// In a few words.
    #[must_use]
    pub const fn words(self) -> &'static str {
        match self {
            BackupsStand::NotSetUp => "not set up",
            BackupsStand::FirstDue => "first one due",
            BackupsStand::Making => "being made",
            BackupsStand::TryingAgain(_) => "trying again",
            BackupsStand::InOrder => "made and tested",
            BackupsStand::PlaceAway => "place not there",
            BackupsStand::Overdue => "overdue",
            BackupsStand::Failed(_) => "failed",
        }
    }

    /// How grave it looks.
    #[must_use]
    pub const fn tone(self) -> Tone {
        match self {
            BackupsStand::FirstDue | BackupsStand::Making | BackupsStand::InOrder => Tone::Normal,
            BackupsStand::NotSetUp | BackupsStand::PlaceAway => Tone::Caution,
            BackupsStand::TryingAgain(_) | BackupsStand::Overdue | BackupsStand::Failed(_) => Tone::Bad,
        }
    }

    /// What it means and what to do.
    #[must_use]
    pub const fn told(self) -> &'static str {
        match self {
            BackupsStand::NotSetUp => {
                "This box makes no backups. If its disk fails, every count and every cycle on it is lost."
            }
            BackupsStand::FirstDue => "The first backup is made within a minute of the box's start.",
            BackupsStand::Making => "A backup is being made and then tested. Counting goes on.",
            BackupsStand::InOrder => "The last backup was made and passed its test.",
            BackupsStand::PlaceAway => {
                "The last backup was made and passed its test. The place for the next one is not there now: plug the \
                 disk in, or see to the share."
            }
            BackupsStand::Overdue => {
                "No backup was made for two days. The box's log says why; counting goes on."
            }
            BackupsStand::TryingAgain(trouble) | BackupsStand::Failed(trouble) => trouble_told(trouble),
        }
    }
}

/// What is wrong with a backup and what to do.
const fn trouble_told(trouble: BackupTrouble) -> &'static str {
    match trouble {
        BackupTrouble::PlaceAway => {
            "The disk or share for backups is not there, or not mounted. Plug the disk in, or see to the share."
        }
        BackupTrouble::PlaceUnusable => {
            "The folder for backups cannot be used. See that it exists and that the box's user may write to it."
        }
        BackupTrouble::NotWritten => {
            "The backup could not be written. See that there is room where backups go, and that the box's user may \
             write there."
        }
        BackupTrouble::NotRead => {
            "The box could not read all that belongs into a backup. Run platen check on the box and call for service."
        }
        BackupTrouble::NoRoomToTest => {
            "A backup was made and could not be tested: too little room is free on the box's own disk. Free space on it."
        }
        BackupTrouble::NoIdentity => {
            "A backup was made and could not be tested: the identity that the configuration names cannot be read."
        }
        BackupTrouble::FileAltered => {
            "A backup was made, and its file is not what was written. Do not trust the disk or share that it is on."
        }
        BackupTrouble::TestFailed => {
            "A backup was made and did not pass its test. It counts for nothing; the box's log says why."
        }
        BackupTrouble::NotInOrder => {
            "A backup was made, and what is in it is not in order. Run platen check on the box and call for service."
        }
        BackupTrouble::Other => "The backup could not be made. The box's log says why.",
    }
}

/// Where backups go.
#[must_use]
pub fn place_told(place: &BackupPlace) -> (&'static str, String) {
    match place {
        BackupPlace::Folder { path, must_be_mounted: false } => ("Folder", path.clone()),
        BackupPlace::Folder { path, must_be_mounted: true } => ("Folder of a share or disk", path.clone()),
        BackupPlace::Disk { label, folder } if folder.is_empty() => ("Disk with the label", label.clone()),
        BackupPlace::Disk { label, folder } => {
            ("Disk with the label", format!("{label}, in the folder {folder}"))
        }
    }
}

/// How a backup was tested, and so what is known of it.
#[must_use]
pub const fn tested_told(tested: TestedHow) -> &'static str {
    match tested {
        TestedHow::Restored => "passed: opened, restored and checked",
        TestedHow::ReadBack => {
            "passed: its content restored and checked, the file read back; not opened, for the box has no identity for it"
        }
    }
}

/// Copies by what they stand for.
#[must_use]
pub fn copies_told(copies: Copies) -> String {
    format!(
        "{}, {}, {}",
        format::counted(copies.daily.into(), "day", "days"),
        format::counted(copies.weekly.into(), "week", "weeks"),
        format::counted(copies.monthly.into(), "month", "months")
    )
}

/// What was last seen where backups go.
#[must_use]
pub fn seen_told(seen: CopiesSeen) -> String {
    match seen {
        CopiesSeen::NotLooked => "not looked yet".to_owned(),
        CopiesSeen::Away => "not known: the place is not there".to_owned(),
        CopiesSeen::There { files: 0, .. } => "none".to_owned(),
        CopiesSeen::There { files, copies } => {
            format!(
                "{}: the newest of {}",
                format::counted(files.into(), "file", "files"),
                copies_told(copies)
            )
        }
    }
}

#[cfg(test)]
mod tests;
