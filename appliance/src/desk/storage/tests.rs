//! What is told of a real store and of the backups that are noted beside it.

use std::fs;
use std::sync::Arc;
use std::time::Duration;

use dashboard::port::{Handle, Person, Plant, Refusal};
use domain::Role;
use tempfile::TempDir;

use super::*;
use crate::audit::Trail;
use crate::backup::{Keep, new_identity};
use crate::clock::Clock;
use crate::ingest::{self, RadioLinks, Settings};
use crate::live::Live;
use crate::plant::{StorageDay, StorageRecord, Unit};
use crate::store::{Store, StoreKeys};

/// 24 November 2026, 02:15 UTC.
const NOW: i64 = 1_795_486_500_000;
const GIB: u64 = 1 << 30;

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(NOW).later_by(Duration::from_secs(seconds))
}

struct Standing;

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        at(0)
    }
}

/// A box that keeps its backups in a folder beside its data, with what is noted of them.
fn a_box(noted: Option<&str>) -> (TempDir, Store, Arc<dyn Plant>) {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let store = Store::open(&data, &StoreKeys::from_bytes([7; 96])).unwrap();
    if let Some(noted) = noted {
        fs::write(data.join("backup.status"), noted).unwrap();
    }
    let plan = noted.map(|_| Nightly {
        place: Place::Folder { path: dir.path().join("backups"), must_be_mounted: false },
        series: "box".parse().unwrap(),
        recipients: vec![new_identity(&dir.path().join("identity")).unwrap()],
        identity: None,
        hour: 2,
        keep: Keep::default(),
    });
    let keeping = Keeping {
        retention: Retention {
            cycles: KeepFor::Length(10, Unit::Years),
            raw_frames: KeepFor::Length(90, Unit::Days),
            free: GIB,
        },
        raw_ring: 100_000,
        key: Some(Source::File("/media/key/platen.key".into())),
        backups: Driver::new(plan, data, at(0)).1,
    };
    let (clock, live) = (Arc::new(Standing), Arc::new(Live::new(Vec::new(), false, at(0))));
    let (_, handle) = ingest::Driver::new(
        store.snapshot().unwrap(),
        store.clone(),
        Arc::clone(&live),
        clock.clone(),
        RadioLinks::default(),
        Settings::default(),
    );
    let trail = Arc::new(Trail::new(store.clone(), clock.clone()));
    let desk = Desk::new(live, store.clone(), handle, clock, trail, keeping);
    let ada = Person { name: "Ada".to_owned(), role: Role::Administrator };
    let Handle::Administrator(plant) = desk.admit(ada, None) else { panic!("an administrator holds less") };
    (dir, store, plant)
}

fn remember(store: &Store, days: i64, a_day: u64) {
    let today = at(0).utc_day();
    let day =
        |n: i64| StorageDay { day: today - days + 1 + n, used: a_day * n.unsigned_abs(), free: 10 * GIB };
    let retention = Retention { cycles: KeepFor::Ever, raw_frames: KeepFor::Ever, free: 0 };
    store.put_storage(&StorageRecord { retention, days: (0..days).map(day).collect() }).unwrap();
}

#[test]
fn the_page_tells_what_the_box_measured_and_was_told() {
    let (_dir, store, plant) = a_box(None);
    let view = plant.storage().unwrap();
    assert_eq!(view.outlook.full, DiskFull::TooEarly);
    remember(&store, 30, GIB);
    let view = plant.storage().unwrap();
    let room = view.room.unwrap();
    assert!(0 < room.used && room.used < room.size && room.floor <= GIB, "{room:?}");
    assert_eq!((view.outlook.a_day, view.outlook.days), (Some(1 << 30), 30));
    let day = Timestamp::from_millis((at(0).utc_day() + 9) * DAY_MS);
    assert_eq!(view.outlook.full, DiskFull::On { day, soon: true });
    remember(&store, 30, GIB / 10);
    assert!(matches!(plant.storage().unwrap().outlook.full, DiskFull::On { soon: false, .. }));
    assert_eq!((view.kept.cycles_for.as_str(), view.kept.raw_for.as_str()), ("10 years", "90 days"));
    assert_eq!((view.kept.cycles, view.kept.retired, view.kept.raw_most), (0, 0, 100_000));
    assert_eq!(view.key, Some(KeySource::File("/media/key/platen.key".to_owned())));
    assert_eq!(view.backups, None);
}

#[test]
fn a_backup_that_was_made_is_told_with_its_test_and_the_next_one() {
    let made = NOW - 900_000;
    let (_dir, _, plant) = a_box(Some(&format!(
        r#"{{"since":{made},"attempt":{made},"failure":null,"success":{{"at":{made},"file":"/secret/where/box.age",
            "bytes":7,"rows":3,"took_ms":1500,"tested":"Restored"}}}}"#
    )));
    let backups = plant.storage().unwrap().backups.unwrap();
    let done = backups.success.unwrap();
    assert_eq!((done.file.as_str(), done.bytes, done.tested), ("box.age", 7, TestedHow::Restored));
    assert_eq!((backups.failure, backups.making), (None, None));
    assert_eq!(backups.next, Timestamp::from_millis(NOW - 900_000 + DAY_MS), "tomorrow at its hour");
    assert_eq!(backups.overdue_from, Some(Timestamp::from_millis(made + 2 * DAY_MS)));
}

#[test]
fn why_a_backup_failed_is_told_in_kinds_and_never_in_the_words_of_the_system() {
    let failed = |more: &str| {
        let (_dir, _, plant) = a_box(Some(&format!(
            r#"{{"since":{NOW},"attempt":{NOW},"success":null,"failure":{{"at":{NOW},"why":"open /x: os error 13"{more}}}}}"#
        )));
        let view = plant.storage().unwrap();
        assert!(!serde_json::to_string(&view).unwrap().contains("os error"));
        view.backups.unwrap().failure.unwrap().trouble
    };
    assert_eq!(failed(r#","trouble":"NotWritten""#), BackupTrouble::NotWritten);
    // As a box noted it that knew no kinds.
    assert_eq!(failed(""), BackupTrouble::Other);
}

#[tokio::test]
async fn a_backup_is_asked_for_only_where_there_is_a_place_for_it() {
    let (_dir, _, plant) = a_box(None);
    assert!(matches!(plant.back_up().await, Err(Refusal::Invalid(why)) if why.contains("[backup]")));
}
