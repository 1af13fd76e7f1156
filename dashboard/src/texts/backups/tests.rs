//! What is shown for which state of the backups.

use std::time::Duration;

use super::*;
use crate::port::{BackupDone, BackupFailed};

const DAY_S: u64 = 86_400;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(1_795_486_500_000).later_by(Duration::from_secs(seconds))
}

/// One was made and tested at 0.
fn made() -> BackupsView {
    BackupsView {
        place: BackupPlace::Disk { label: "PLATEN".to_owned(), folder: String::new() },
        hour: 2,
        wanted: Copies { daily: 7, weekly: 4, monthly: 12 },
        seen: CopiesSeen::There { files: 1, copies: Copies { daily: 1, weekly: 1, monthly: 1 } },
        making: None,
        success: Some(BackupDone {
            at: at(0),
            file: "hall-20261124T021500Z.platen.age".to_owned(),
            bytes: 1 << 20,
            took: Duration::from_secs(3),
            tested: TestedHow::Restored,
        }),
        failure: None,
        next: at(DAY_S),
        overdue_from: Some(at(2 * DAY_S)),
    }
}

fn failed() -> BackupsView {
    let trouble = BackupTrouble::PlaceAway;
    BackupsView { failure: Some(BackupFailed { at: at(60), trouble }), ..made() }
}

fn stand(backups: &BackupsView, seconds: u64) -> BackupsStand {
    BackupsStand::of(Some(backups), at(seconds))
}

const ALL_TROUBLE: [BackupTrouble; 10] = [
    BackupTrouble::PlaceAway,
    BackupTrouble::PlaceUnusable,
    BackupTrouble::NotWritten,
    BackupTrouble::NotRead,
    BackupTrouble::NoRoomToTest,
    BackupTrouble::NoIdentity,
    BackupTrouble::FileAltered,
    BackupTrouble::TestFailed,
    BackupTrouble::NotInOrder,
    BackupTrouble::Other,
];

#[test]
fn a_box_without_backups_does_not_look_normal() {
    let stand = BackupsStand::of(None, at(0));
    assert_eq!(stand, BackupsStand::NotSetUp);
    assert_ne!(stand.tone(), Tone::Normal);
}

#[test]
fn only_a_backup_of_late_that_was_tested_is_in_order() {
    assert_eq!(stand(&made(), 60), BackupsStand::InOrder);
    assert_eq!(stand(&made(), 2 * DAY_S), BackupsStand::InOrder);
    assert_eq!(stand(&made(), 2 * DAY_S + 1), BackupsStand::Overdue);
    let never = BackupsView { success: None, ..made() };
    assert_eq!(stand(&never, 60), BackupsStand::FirstDue);
    assert_eq!(stand(&never, 2 * DAY_S + 1), BackupsStand::Overdue);
    let away = BackupsView { seen: CopiesSeen::Away, ..made() };
    assert_eq!(stand(&away, 60), BackupsStand::PlaceAway);
}

#[test]
fn a_failure_looks_bad_until_one_is_made_whatever_is_under_way() {
    assert_eq!(stand(&failed(), 90), BackupsStand::Failed(BackupTrouble::PlaceAway));
    let again = BackupsView { making: Some(at(90)), ..failed() };
    assert_eq!(stand(&again, 90), BackupsStand::TryingAgain(BackupTrouble::PlaceAway));
    assert_eq!(stand(&again, 90).tone(), Tone::Bad);
    let making = BackupsView { making: Some(at(90)), ..made() };
    assert_eq!((stand(&making, 90), stand(&making, 90).tone()), (BackupsStand::Making, Tone::Normal));
}

#[test]
fn every_trouble_is_told_in_a_sentence_of_its_own() {
    let told: std::collections::BTreeSet<&str> =
        ALL_TROUBLE.into_iter().map(|trouble| BackupsStand::Failed(trouble).told()).collect();
    assert_eq!(told.len(), ALL_TROUBLE.len());
    assert!(told.iter().all(|told| told.ends_with('.') && !told.contains("  ")), "{told:?}");
}

#[test]
fn a_file_that_was_not_opened_is_not_said_to_have_been() {
    assert!(tested_told(TestedHow::Restored).contains("opened, restored"));
    assert!(tested_told(TestedHow::ReadBack).contains("not opened"));
}

#[test]
fn copies_are_told_by_kind() {
    assert_eq!(copies_told(made().wanted), "7 days, 4 weeks, 12 months");
    assert_eq!(seen_told(made().seen), "1 file: the newest of 1 day, 1 week, 1 month");
    let none = CopiesSeen::There { files: 0, copies: Copies { daily: 0, weekly: 0, monthly: 0 } };
    assert_eq!(seen_told(none), "none");
    assert!(seen_told(CopiesSeen::Away).contains("not there"));
}
