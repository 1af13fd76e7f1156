//! A disk that is full or fails.

use domain::MoldId;

use super::backends::{FakeDisk, Mood};
use super::plant::*;
use crate::store::{Commit, OpenStore, Store};

fn on(disk: &FakeDisk) -> Store {
    let disk = disk.clone();
    Store::with_backend(move |part, purpose| disk.open(part, purpose), &key(), SMALL).unwrap()
}

#[test]
fn full_disk_loses_nothing_and_recovers() {
    let disk = FakeDisk::new();
    let store = on(&disk);
    store.commit(&counted(1, 100)).unwrap();
    for round in 0..3 {
        let so_far = 100 + 10 * round;
        disk.set(Mood::Full);
        for _ in 0..2 {
            let refused = store.commit(&more(1, so_far, 10)).unwrap_err();
            assert!(matches!(refused, Commit::Database { .. }), "{refused}");
        }
        disk.set(Mood::Works);
        assert_eq!(history(&store, 1), cycles(1..=so_far));
        assert_eq!(store.counts(MoldId(1)).unwrap().unwrap().counted, i64::try_from(so_far).unwrap());
        store.commit(&more(1, so_far, 10)).unwrap();
    }
    assert_eq!(history(&store, 1), cycles(1..=130));
    clean(&store);
}

#[test]
fn what_was_kept_is_read_while_the_disk_is_full() {
    let disk = FakeDisk::new();
    let store = on(&disk);
    store.commit(&counted(1, 100)).unwrap();
    disk.set(Mood::Full);
    store.commit(&more(1, 100, 10)).unwrap_err();
    assert_eq!(history(&store, 1), cycles(1..=100));
    assert_eq!(store.molds().unwrap(), [mold(1)]);
    store.commit(&more(1, 100, 10)).unwrap_err();
    assert_eq!(history(&store, 1), cycles(1..=100));
    disk.set(Mood::Works);
    store.commit(&more(1, 100, 10)).unwrap();
    drop(store);
    assert_eq!(history(&on(&disk), 1), cycles(1..=110));
}

#[test]
fn what_was_kept_is_read_when_the_disk_has_become_read_only() {
    let disk = FakeDisk::new();
    let store = on(&disk);
    store.commit(&counted(1, 100)).unwrap();
    disk.set(Mood::ReadOnly);
    for _ in 0..2 {
        store.commit(&more(1, 100, 10)).unwrap_err();
        assert_eq!(history(&store, 1), cycles(1..=100));
        assert_eq!(store.molds().unwrap(), [mold(1)]);
    }
    disk.set(Mood::Works);
    store.commit(&more(1, 100, 10)).unwrap();
    drop(store);
    assert_eq!(history(&on(&disk), 1), cycles(1..=110));
}

#[test]
fn a_store_opens_on_a_disk_that_takes_nothing_and_goes_on_when_it_does_again() {
    for mood in [Mood::Full, Mood::ReadOnly] {
        let disk = FakeDisk::new();
        on(&disk).commit(&counted(1, 100)).unwrap();
        // As after a power cut: the file wants to be repaired.
        let disk = disk.after_power_cut(|| true);
        disk.set(mood);
        let store = on(&disk);
        assert_eq!(history(&store, 1), cycles(1..=100));
        store.refusal().unwrap();
        store.commit(&more(1, 100, 10)).unwrap_err();
        disk.set(Mood::Works);
        store.commit(&more(1, 100, 10)).unwrap();
        assert!(store.refusal().is_none());
        assert_eq!(history(&store, 1), cycles(1..=110));
        clean(&store);
    }
}

#[test]
fn a_store_is_not_made_on_a_disk_that_takes_nothing() {
    for mood in [Mood::Full, Mood::ReadOnly] {
        let disk = FakeDisk::new();
        disk.set(mood);
        let there = disk.clone();
        let refused =
            Store::with_backend(move |part, purpose| there.open(part, purpose), &key(), SMALL).unwrap_err();
        assert!(matches!(refused, OpenStore::Database { .. }), "{refused}");
    }
}

#[test]
fn a_commit_whose_sync_failed_is_told_as_failed_and_never_counted_twice() {
    let disk = FakeDisk::new();
    let store = on(&disk);
    store.commit(&counted(1, 100)).unwrap();
    disk.set(Mood::CannotSync);
    for _ in 0..3 {
        store.commit(&more(1, 100, 10)).unwrap_err();
    }
    disk.set(Mood::Works);
    store.commit(&more(1, 100, 10)).unwrap();
    assert_eq!(history(&store, 1), cycles(1..=110));
    assert_eq!(store.counts(MoldId(1)).unwrap().unwrap().counted, 110);
    store.commit(&more(1, 110, 10)).unwrap();
    assert_eq!(store.counts(MoldId(1)).unwrap().unwrap().counted, 120);
    clean(&store);
}

#[test]
fn what_a_failed_sync_left_in_memory_alone_is_never_taken_for_kept() {
    for fails in 0..4 {
        let disk = FakeDisk::new();
        let store = on(&disk);
        store.commit(&counted(1, 100)).unwrap();
        disk.set(Mood::Forgets);
        for fail in 0..=fails {
            if fail % 2 == 0 {
                store.commit(&more(1, 100, 10)).unwrap_err();
            } else {
                store.checkpoint().unwrap_err();
            }
        }
        disk.set(Mood::Works);
        store.commit(&more(1, 100, 10)).unwrap();
        if fails > 1 {
            store.checkpoint().unwrap();
        }
        // Enough for every record of the journal to be written over.
        for round in 0..60 {
            store.commit(&more(1, 110 + 30 * round, 30)).unwrap();
        }
        let disk = disk.after_power_cut(|| false);
        drop(store);
        assert_eq!(history(&on(&disk), 1), cycles(1..=1_910), "after {fails} more failures");
    }
}

#[test]
fn another_batch_after_a_failed_one_that_was_kept_is_refused_once() {
    let disk = FakeDisk::new();
    let store = on(&disk);
    store.commit(&counted(1, 100)).unwrap();
    disk.set(Mood::CannotSync);
    store.commit(&more(1, 100, 10)).unwrap_err();
    disk.set(Mood::Works);
    let there = store.counts(MoldId(1)).unwrap().unwrap().counted;
    let answer = store.commit(&more(1, 100, 20));
    if there == 110 {
        assert!(matches!(answer, Err(Commit::KeptAfterAll)), "{answer:?}");
        store.commit(&more(1, 110, 10)).unwrap();
    } else {
        answer.unwrap();
    }
    assert_eq!(history(&store, 1), cycles(1..=120));
    assert_eq!(store.counts(MoldId(1)).unwrap().unwrap().counted, 120);
    clean(&store);
}

#[test]
fn a_disk_that_fails_anywhere_in_a_commit_loses_nothing() {
    for operations in 0..40 {
        let disk = FakeDisk::new();
        let store = on(&disk);
        store.commit(&counted(1, 100)).unwrap();
        disk.set(Mood::DiesIn(operations));
        let answer = store.commit(&more(1, 100, 2_000));
        disk.set(Mood::Works);
        let counted = store.counts(MoldId(1)).unwrap().unwrap().counted;
        assert!(counted == 100 || counted == 2_100, "{counted}");
        if answer.is_ok() {
            assert_eq!(counted, 2_100);
        } else {
            store.commit(&more(1, 100, 2_000)).unwrap();
        }
        assert_eq!(store.counts(MoldId(1)).unwrap().unwrap().counted, 2_100);
        assert_eq!(history(&store, 1), cycles(1..=2_100));
        clean(&store);
    }
}
