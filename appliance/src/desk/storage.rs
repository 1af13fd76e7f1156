//! What is kept and where, the room that it takes, and its backups, as a person sees them.

use std::path::{Path, PathBuf};

use dashboard::port::{
    BackupDone, BackupFailed, BackupPlace, BackupTrouble, BackupsView, Copies, CopiesSeen, DiskFull,
    KeptView, KeySource, OutlookView, RoomView, StorageView, TestedHow,
};
use domain::Timestamp;

use super::Desk;
use crate::backup::{Backups, Driver, Nightly, Place, Seen, Tested, Trouble};
use crate::keys::Source;
use crate::plant::{KeepFor, Retention};
use crate::store::{Kept, Read, Room};
use crate::telemetry::Chain;
use crate::upkeep::{FEWEST_DAYS, Forecast, Outlook, floor, is_soon, outlook};

const DAY_MS: i64 = 86_400_000;

/// What the box was told about keeping things.
#[derive(Debug, Clone)]
pub struct Keeping {
    /// What is kept how long.
    pub retention: Retention,
    /// So many raw payloads at most.
    pub raw_ring: u64,
    /// Where the key that opens the store comes from.
    pub key: Option<Source>,
    /// The backups that the box makes by itself.
    pub backups: Backups,
}

impl Keeping {
    /// Of a box that was told nothing: it keeps everything for ever and makes no backups.
    #[must_use]
    pub fn unsaid(now: Timestamp) -> Self {
        let retention = Retention { cycles: KeepFor::Ever, raw_frames: KeepFor::Ever, free: 0 };
        let (_, backups) = Driver::new(None, PathBuf::new(), now);
        Keeping { retention, raw_ring: 0, key: None, backups }
    }
}

/// The storage page, as of now.
pub(super) fn view(desk: &Desk, now: Timestamp) -> Result<StorageView, Read> {
    // Before all else: what changes while it is read is told once more.
    let cursor = desk.live.cursor();
    let keeping = &desk.keeping;
    let room = desk.store.room().inspect_err(|error| {
        tracing::warn!(error = %Chain(error), "the room on the disk cannot be measured");
    });
    let days = desk.store.storage()?.map(|record| record.days).unwrap_or_default();
    Ok(StorageView {
        now,
        cursor,
        room: room.ok().map(|room| told_room(&room, &keeping.retention)),
        outlook: told_outlook(outlook(&days), now),
        kept: told_kept(keeping, desk.store.kept()?),
        key: keeping.key.as_ref().map(told_key),
        backups: keeping.backups.plan().map(|plan| told_backups(plan, &keeping.backups, now)),
    })
}

fn told_room(room: &Room, retention: &Retention) -> RoomView {
    RoomView { used: room.used, free: room.free, size: room.size, floor: floor(retention, room) }
}

fn told_outlook(outlook: Outlook, now: Timestamp) -> OutlookView {
    let full = match outlook.forecast {
        Forecast::TooEarly => DiskFull::TooEarly,
        Forecast::NotWithinTenYears => DiskFull::NotWithinTenYears,
        soon @ Forecast::FullOn(day) => DiskFull::On {
            day: Timestamp::from_millis(day.saturating_mul(DAY_MS)),
            soon: is_soon(soon, now.utc_day()),
        },
    };
    let count = |days: usize| u32::try_from(days).unwrap_or(u32::MAX);
    OutlookView { full, a_day: outlook.a_day, days: count(outlook.days), needed: count(FEWEST_DAYS) }
}

fn told_kept(keeping: &Keeping, kept: Kept) -> KeptView {
    KeptView {
        cycles: kept.cycles,
        retired: kept.retired,
        cycles_for: keeping.retention.cycles.to_string(),
        raw_for: keeping.retention.raw_frames.to_string(),
        raw_most: keeping.raw_ring,
    }
}

fn told_key(source: &Source) -> KeySource {
    match source {
        Source::File(path) => KeySource::File(text(path)),
        Source::Passphrase(path) => KeySource::Passphrase(text(path)),
        Source::Terminal => KeySource::Terminal,
        Source::KeyCredential(_) | Source::PassphraseCredential(_) => KeySource::Credential,
        Source::Beside(path) => KeySource::Beside(text(path)),
    }
}

fn told_backups(plan: &Nightly, backups: &Backups, now: Timestamp) -> BackupsView {
    let standing = backups.standing();
    let status = &standing.status;
    BackupsView {
        place: match &plan.place {
            Place::Folder { path, must_be_mounted } => {
                BackupPlace::Folder { path: text(path), must_be_mounted: *must_be_mounted }
            }
            Place::Disk { label, folder } => BackupPlace::Disk { label: label.clone(), folder: text(folder) },
        },
        hour: plan.hour,
        wanted: Copies { daily: plan.keep.daily, weekly: plan.keep.weekly, monthly: plan.keep.monthly },
        seen: match standing.seen {
            Seen::Nothing => CopiesSeen::NotLooked,
            Seen::Away => CopiesSeen::Away,
            Seen::There(kept) => CopiesSeen::There {
                files: kept.files,
                copies: Copies { daily: kept.daily, weekly: kept.weekly, monthly: kept.monthly },
            },
        },
        making: standing.making,
        success: status.success.as_ref().map(|done| BackupDone {
            at: done.at,
            file: done.file.file_name().map(|name| text(Path::new(name))).unwrap_or_default(),
            bytes: done.bytes,
            took: std::time::Duration::from_millis(done.took_ms),
            tested: match done.tested {
                Tested::Restored => TestedHow::Restored,
                Tested::ReadBack => TestedHow::ReadBack,
            },
        }),
        failure: status
            .failure
            .as_ref()
            .map(|failed| BackupFailed { at: failed.at, trouble: told_trouble(failed.trouble) }),
        next: standing.next(plan.hour, now),
        overdue_from: standing.overdue_from(now),
    }
}

const fn told_trouble(trouble: Trouble) -> BackupTrouble {
    match trouble {
        Trouble::PlaceAway => BackupTrouble::PlaceAway,
        Trouble::PlaceUnusable => BackupTrouble::PlaceUnusable,
        Trouble::NotWritten => BackupTrouble::NotWritten,
        Trouble::NotRead => BackupTrouble::NotRead,
        Trouble::NoRoomToTest => BackupTrouble::NoRoomToTest,
        Trouble::NoIdentity => BackupTrouble::NoIdentity,
        Trouble::FileAltered => BackupTrouble::FileAltered,
        Trouble::TestFailed => BackupTrouble::TestFailed,
        Trouble::NotInOrder => BackupTrouble::NotInOrder,
        Trouble::Other => BackupTrouble::Other,
    }
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests;
