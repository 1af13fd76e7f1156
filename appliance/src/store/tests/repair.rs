//! What a repair saves, and what it says of the rest.

use domain::{Cycle, EntryKind, MoldId, Timestamp};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use redb::ReadableTable;

use super::damage::{alter, look};
use super::plant::*;
use crate::store::tables::{HEADS, HISTORY, MOLDS};
use crate::store::{FILE, JOURNAL, Repair, Store, check, repair};

fn plant(dir: &std::path::Path) {
    let store = open(dir);
    store.commit(&counted(1, 30_000)).unwrap();
    store.commit(&counted(2, 500)).unwrap();
    store.commit(&append(2, 1, EntryKind::Gap, 40)).unwrap();
    store.commit(&append(2, 2, EntryKind::Delta, 0)).unwrap();
    store.put_secret("hall-a", b"link key").unwrap();
    store.checkpoint().unwrap();
    clean(&store);
}

fn repaired(dir: &std::path::Path) -> Repair {
    let repaired = repair(dir, &key(), at(9)).unwrap();
    assert_eq!(repaired.report.findings, []);
    assert!(repaired.old.is_file());
    assert!(!dir.join("repaired").exists());
    repaired
}

fn counts(store: &Store, mold: u32) -> (u64, u64) {
    let counts = store.counts(MoldId(mold)).unwrap().unwrap();
    (counts.displayed, counts.timed)
}

#[test]
fn a_whole_store_loses_nothing_by_a_repair() {
    let dir = tempfile::tempdir().unwrap();
    plant(dir.path());
    let store = open(dir.path());
    store.commit(&more(1, 30_000, 7)).unwrap();
    drop(store);
    let done = repaired(dir.path());
    assert!(done.lost.is_empty() && done.mended.is_empty(), "{done:?}");
    let store = open(dir.path());
    assert_eq!(history(&store, 1), cycles(1..=30_007));
    assert_eq!(counts(&store, 1), (31_007, 30_007));
    assert_eq!(counts(&store, 2), (2_540, 500));
    assert!(store.secret("hall-a").unwrap().is_some());
    store.commit(&more(1, 30_007, 3)).unwrap();
    clean(&store);
}

#[test]
fn a_damaged_chunk_is_lost_alone_and_its_cycles_stay_counted() {
    let dir = tempfile::tempdir().unwrap();
    plant(dir.path());
    let mut range = (0, 0);
    alter(dir.path(), |txn| {
        let mut chunks = txn.open_table(HISTORY).unwrap();
        let keys: Vec<(u32, u64)> = chunks.iter().unwrap().map(|item| item.unwrap().0.value()).collect();
        assert!(keys.len() > 3, "{keys:?}");
        range = (keys[1].1, keys[2].1);
        let mut bytes = chunks.get(keys[1]).unwrap().unwrap().value().to_vec();
        bytes[200] ^= 4;
        chunks.insert(keys[1], bytes.as_slice()).unwrap();
    });
    assert!(look(dir.path()).iter().any(|found| found.contains("history")));
    let (from, to) = range;
    let done = repaired(dir.path());
    let lost: Vec<String> = done.lost.iter().map(ToString::to_string).collect();
    let expected = format!("{} cycles between number {from} and {}", to - from, to - 1);
    assert!(lost.iter().any(|lost| lost.contains(&expected)), "{lost:?}");
    let store = open(dir.path());
    let whole: Vec<Cycle> =
        cycles(1..=30_000).into_iter().filter(|c| !(from..to).contains(&c.ordinal)).collect();
    assert_eq!(history(&store, 1), whole);
    assert_eq!(counts(&store, 1), (31_000, 30_000));
    let days = store.daily(MoldId(1), i64::MIN, i64::MAX).unwrap();
    assert_eq!(days.iter().map(|day| day.cycles).sum::<u64>(), 30_000);
    store.commit(&more(1, 30_000, 3)).unwrap();
    clean(&store);
    drop(store);
    // What was lost is known; a second repair finds nothing new.
    assert!(repair(dir.path(), &key(), at(5_000)).unwrap().lost.is_empty());
    assert_eq!(check(&open(dir.path())).unwrap().lost, to - from);
}

#[test]
fn a_mold_all_of_whose_history_is_lost_keeps_its_count_and_goes_on() {
    let dir = tempfile::tempdir().unwrap();
    plant(dir.path());
    alter(dir.path(), |txn| {
        let mut chunks = txn.open_table(HISTORY).unwrap();
        let mut bytes = chunks.get((2, 1)).unwrap().unwrap().value().to_vec();
        bytes[200] ^= 4;
        chunks.insert((2, 1), bytes.as_slice()).unwrap();
    });
    let done = repaired(dir.path());
    assert_eq!(done.report.lost, 500);
    let store = open(dir.path());
    assert_eq!((counts(&store, 2), history(&store, 2).len()), ((2_540, 500), 0));
    let grown = crate::plant::Batch { cycles: vec![(MoldId(2), cycles(541..=550))], ..grow(2, 2, 10) };
    store.commit(&grown).unwrap();
    assert_eq!((counts(&store, 2), history(&store, 2).len()), ((2_550, 510), 10));
    clean(&store);
}

#[test]
fn a_damaged_head_is_made_again_from_ledger_and_history() {
    let dir = tempfile::tempdir().unwrap();
    plant(dir.path());
    alter(dir.path(), |txn| {
        let mut heads = txn.open_table(HEADS).unwrap();
        for mold in [1, 2] {
            heads.insert(mold, [2u8, 0, 0].as_slice()).unwrap();
        }
    });
    let done = repaired(dir.path());
    assert_eq!(done.mended.len(), 2, "{:?}", done.mended);
    let store = open(dir.path());
    assert_eq!(counts(&store, 1), (31_000, 30_000));
    assert_eq!(counts(&store, 2), (2_540, 500));
    clean(&store);
}

#[test]
fn a_damaged_record_of_the_journal_takes_no_other_along() {
    let dir = tempfile::tempdir().unwrap();
    plant(dir.path());
    let store = open(dir.path());
    for round in 0..4 {
        store.commit(&more(1, 30_000 + 10 * round, 10)).unwrap();
    }
    store.commit(&counted(3, 25)).unwrap();
    drop(store);
    let path = dir.path().join(JOURNAL);
    let mut journal = std::fs::read(&path).unwrap();
    // Records of what was packed lie first or in the other half; the second of the five is the one that is altered.
    let numbers: Vec<(usize, u64)> = (0..journal.len() / 4096)
        .filter(|block| journal[block * 4096..].starts_with(b"PLJ1"))
        .map(|block| {
            (block, u64::from_le_bytes(journal[block * 4096 + 8..block * 4096 + 16].try_into().unwrap()))
        })
        .collect();
    let newest = numbers.iter().map(|(_, number)| *number).max().unwrap();
    let (block, _) = numbers.iter().find(|(_, number)| *number == newest - 3).unwrap();
    journal[block * 4096 + 100] ^= 1;
    std::fs::write(&path, journal).unwrap();
    let refused = Store::open(dir.path(), &key()).unwrap_err();
    let why = std::error::Error::source(&refused).unwrap().to_string();
    assert!(why.contains("check --repair"), "{why}");
    let done = repaired(dir.path());
    assert!(done.lost.iter().any(|lost| lost.to_string().contains("missing or damaged")), "{:?}", done.lost);
    let store = open(dir.path());
    // Ten of forty are gone, with what was told as kept of them; all else is there.
    assert_eq!(counts(&store, 3).1, 25);
    let there = history(&store, 1);
    assert!(there.iter().all(|there| *there == cycle(there.ordinal)));
    assert_eq!(there.len(), 30_030);
}

#[test]
fn whatever_bytes_are_damaged_a_repair_invents_nothing() {
    let mut saved = 0;
    for seed in 0..40 {
        let mut rng = StdRng::seed_from_u64(seed);
        let dir = tempfile::tempdir().unwrap();
        plant(dir.path());
        let path = dir.path().join(FILE);
        let mut bytes = std::fs::read(&path).unwrap();
        let places = rng.random_range(1..4);
        for _ in 0..places {
            // The beginning of the file has no second copy: without it there is nothing to save.
            let place = rng.random_range(4096..bytes.len());
            bytes[place] ^= 1 << rng.random_range(0..8);
        }
        std::fs::write(&path, &bytes).unwrap();
        match repair(dir.path(), &key(), at(9)) {
            Err(_) => {
                assert!(std::fs::read(&path).unwrap() == bytes, "seed {seed}: changed and not repaired")
            }
            Ok(done) => {
                saved += 1;
                let store = open(dir.path());
                for mold in store.molds().unwrap() {
                    let whole = history(&store, mold.id.0);
                    assert!(whole.iter().all(|there| *there == cycle(there.ordinal)), "seed {seed}");
                    assert!(whole.is_sorted_by(|a, b| a.ordinal < b.ordinal), "seed {seed}");
                    let most = if mold.id.0 == 1 { 31_000 } else { 2_540 };
                    assert!(counts(&store, mold.id.0).0 <= most, "seed {seed}");
                }
                drop(done);
            }
        }
    }
    assert!(saved > 20, "{saved} of 40 were saved at all");
}

#[test]
fn a_repair_that_cannot_be_done_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    assert!(repair(dir.path(), &key(), at(9)).is_err());
    assert_eq!(std::fs::read_dir(dir.path()).unwrap().count(), 0);
    plant(dir.path());
    let store = open(dir.path());
    assert!(repair(dir.path(), &key(), Timestamp::from_millis(1)).is_err());
    assert_eq!(history(&store, 1).len(), 30_000);
    drop(store);
    alter(dir.path(), |txn| drop(txn.open_table(MOLDS).unwrap()));
    clean(&open(dir.path()));
}
