//! A disk with some years of cycles on it, and backups of it that are in order; and a box on its first day.

use std::time::Duration;

use dashboard::port::{
    BackupDone, BackupPlace, BackupsView, Copies, CopiesSeen, DiskFull, KeptView, KeySource, OutlookView,
    RoomView, StorageView, TestedHow,
};
use domain::Timestamp;

const DAY: Duration = Duration::from_secs(86_400);
const GIB: u64 = 1 << 30;

/// What is shown of it.
pub fn view(now: Timestamp, first_day: bool) -> StorageView {
    let made = now.earlier_by(Duration::from_secs(12 * 3600));
    let full = DiskFull::On { day: now.later_by(DAY * 1400), soon: false };
    let early = OutlookView { full: DiskFull::TooEarly, a_day: None, days: 1, needed: 3 };
    StorageView {
        now,
        cursor: now.as_millis().unsigned_abs(),
        room: Some(RoomView { used: GIB * 5 / 4, free: 21 * GIB, size: 29 * GIB, floor: GIB }),
        outlook: if first_day {
            early
        } else {
            OutlookView { full, a_day: Some(15 << 20), days: 60, ..early }
        },
        kept: KeptView {
            cycles: if first_day { 0 } else { 640_113_402 },
            retired: if first_day { 0 } else { 1_203_400 },
            cycles_for: "10 years".to_owned(),
            raw_for: "90 days".to_owned(),
            raw_most: 100_000,
        },
        key: Some(KeySource::File("/media/key/platen.key".to_owned())),
        backups: (!first_day).then(|| BackupsView {
            place: BackupPlace::Folder { path: "/mnt/backups".to_owned(), must_be_mounted: true },
            hour: 2,
            wanted: Copies { daily: 7, weekly: 4, monthly: 12 },
            seen: CopiesSeen::There { files: 9, copies: Copies { daily: 7, weekly: 2, monthly: 1 } },
            making: None,
            success: Some(BackupDone {
                at: made,
                file: "hall-20261124T020000Z.platen.age".to_owned(),
                bytes: 900 << 20,
                took: Duration::from_secs(74),
                tested: TestedHow::Restored,
            }),
            failure: None,
            next: made.later_by(DAY),
            overdue_from: Some(made.later_by(DAY * 2)),
        }),
    }
}
