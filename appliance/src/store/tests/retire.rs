//! What is retired and what stays.

use std::cell::Cell;
use std::ops::RangeInclusive;
use std::time::Duration;

use domain::{Cycle, CycleTime, EntryKind, MoldId, Temperature};

use super::backends::{FakeDisk, Mood};
use super::damage::alter;
use super::plant::*;
use crate::plant::{Batch, KeepFor, RawRecord, Retention, StorageRecord};
use crate::store::history::{Gone, days};
use crate::store::tables::{self, DAYS, RAW, RETIRED};
use crate::store::{Commit, DailyRollup, Kept, Retired, Shed, Store, check, repair, row};

/// A cycle that no codec makes small: a chunk has some two thousand of them.
fn noisy(ordinal: u64) -> Cycle {
    let dice = ordinal.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(23);
    let [a, b, c, d, e, f, ..] = dice.wrapping_mul(dice | 1).to_be_bytes();
    Cycle {
        cycle_time: CycleTime::from_millis(u32::from_be_bytes([0, a, b, c])),
        temperature: Some(Temperature::from_milli_celsius(i32::from_be_bytes([0, d, e, f]))),
        ..cycle(ordinal)
    }
}

fn all(ordinals: RangeInclusive<u64>) -> Vec<Cycle> {
    ordinals.map(noisy).collect()
}

/// Steady counting of a mold in its third entry.
fn live(store: &Store, id: u32, ordinals: RangeInclusive<u64>) {
    for from in ordinals.clone().step_by(500) {
        let part = from..=(from + 499).min(*ordinals.end());
        let mut batch = grow(id, 2, part.clone().count() as u64);
        batch.cycles.push((MoldId(id), all(part)));
        store.commit(&batch).unwrap();
    }
}

/// A mold with cycles up to an ordinal, but for the times of 1,001 to 1,100.
fn aged(store: &Store, id: u32, to: u64) {
    let mut batch = append(id, 0, EntryKind::Delta, 1_000);
    batch.molds.push(mold(id));
    batch.cycles.push((MoldId(id), all(1..=1_000)));
    store.commit(&batch).unwrap();
    store.commit(&append(id, 1, EntryKind::Gap, 100)).unwrap();
    let mut batch = append(id, 2, EntryKind::Delta, 500);
    batch.cycles.push((MoldId(id), all(1_101..=1_600)));
    store.commit(&batch).unwrap();
    live(store, id, 1_601..=to);
    store.checkpoint().unwrap();
}

/// The times of the gap arrive.
fn fill(id: u32, ordinals: RangeInclusive<u64>) -> Batch {
    let filled = ordinals.clone().count() as u64;
    let mut batch = append(id, 3, EntryKind::Fill { filled }, 0);
    batch.cycles.push((MoldId(id), all(ordinals)));
    batch
}

/// Retires what ended before the cycle of an ordinal.
fn retire(store: &Store, ordinal: u64) -> Retired {
    store.retire_by(2, cycle(ordinal).ended, || true).unwrap()
}

fn days(store: &Store, id: u32) -> Vec<DailyRollup> {
    store.daily(MoldId(id), i64::MIN, i64::MAX).unwrap()
}

fn gone(store: &Store, id: u32) -> Option<Gone> {
    store.read(|txn| tables::one(&txn.open_table(RETIRED)?, "retired", id)).unwrap()
}

#[test]
fn sums_and_counts_outlive_what_is_retired() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    aged(&store, 1, 30_000);
    aged(&store, 2, 3_000);
    let before = (days(&store, 1), days(&store, 2), store.counts(MoldId(1)).unwrap());
    let retired = retire(&store, 20_000);
    assert!(retired.chunks > 4 && retired.cycles > 10_000, "{retired:?}");
    let after = |store: &Store| {
        assert_eq!((days(store, 1), days(store, 2), store.counts(MoldId(1)).unwrap()), before);
        let left = history(store, 1);
        let first = left[0].ordinal;
        assert!(first <= 20_000 && left == all(first..=30_000), "first is {first}");
        assert!(store.last_cycles().unwrap().contains(&(MoldId(1), noisy(30_000))));
        let kept = store.kept().unwrap();
        assert_eq!(kept.retired, retired.cycles);
        assert_eq!(kept.cycles, history(store, 1).len() as u64 + history(store, 2).len() as u64);
        clean(store);
        let report = check(store).unwrap();
        assert_eq!(report.retired, retired.cycles);
        assert!(report.unproven_days >= 4);
    };
    after(&store);
    drop(store);
    after(&Store::look_at(dir.path(), &key()).unwrap());
    let store = open(dir.path());
    after(&store);
    live(&store, 1, 30_001..=31_000);
    assert_eq!(retire(&store, 20_000), Retired::default());
    clean(&store);
}

#[test]
fn the_last_chunk_of_a_mold_stays_however_old_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    aged(&store, 1, 10_000);
    retire(&store, 1_000_000);
    let left = history(&store, 1);
    assert!(!left.is_empty() && left.len() < 4_000);
    assert_eq!(left.last(), Some(&noisy(10_000)));
    clean(&store);
    drop(store);
    let store = open(dir.path());
    assert_eq!(store.last_cycles().unwrap(), [(MoldId(1), noisy(10_000))]);
}

#[test]
fn a_late_fill_of_what_was_retired_is_counted_and_changes_no_history() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    aged(&store, 1, 20_000);
    retire(&store, 15_000);
    let before = (history(&store, 1), days(&store, 1));
    let last = gone(&store, 1).unwrap().last_ordinal;
    // What was there before it was retired, said again.
    let again = Batch { cycles: vec![(MoldId(1), all(1..=900))], ..Batch::default() };
    store.commit(&again).unwrap();
    assert_eq!(gone(&store, 1).unwrap().too_late, 0);
    store.commit(&fill(1, 1_001..=1_060)).unwrap();
    store.commit(&again).unwrap();
    let mut rest = grow(1, 3, 40);
    rest.cycles.push((MoldId(1), all(1_001..=1_100)));
    store.commit(&rest).unwrap();
    let after = |store: &Store| {
        assert!((history(store, 1), days(store, 1)) == before);
        let gone = gone(store, 1).unwrap();
        assert_eq!((gone.too_late, gone.last_ordinal), (100, last));
        let counts = store.counts(MoldId(1)).unwrap().unwrap();
        assert_eq!((counts.counted, counts.times_unknown, counts.timed), (20_000, 0, 20_000));
        clean(store);
    };
    after(&store);
    drop(store);
    // The journal says it all once more.
    let store = open(dir.path());
    after(&store);
    store.checkpoint().unwrap();
    after(&store);
}

#[test]
fn what_waits_to_be_packed_keeps_what_lies_above_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    aged(&store, 1, 20_000);
    let filled = Cell::new(false);
    // Between the choice and the writing, as a commit may come.
    let commits = || {
        if !filled.replace(true) {
            store.commit(&fill(1, 1_001..=1_100)).unwrap();
        }
        true
    };
    store.retire_by(2, cycle(15_000).ended, commits).unwrap();
    assert!(history(&store, 1) == all(1..=20_000));
    clean(&store);
    let before = days(&store, 1);
    assert!(retire(&store, 15_000).cycles > 5_000);
    assert_eq!(days(&store, 1), before);
    clean(&store);
}

fn on(disk: &FakeDisk) -> Store {
    let disk = disk.clone();
    Store::with_backend(move |part, purpose| disk.open(part, purpose), &key(), SMALL).unwrap()
}

#[test]
fn a_power_cut_while_history_is_retired_leaves_a_clean_store() {
    let disk = FakeDisk::new();
    let store = on(&disk);
    aged(&store, 1, 14_000);
    aged(&store, 2, 14_000);
    let (before, counts) = (days(&store, 1), store.counts(MoldId(1)).unwrap());
    drop(store);
    let mut part_way = 0;
    for writes in 0..100 {
        {
            let survive = writes % 4;
            let disk = disk.after_power_cut(|| true);
            let store = on(&disk);
            disk.set(Mood::DiesIn(writes));
            let retired = store.retire_by(2, cycle(10_000).ended, || true);
            drop(store);
            let mut sector = 0;
            let disk = disk.after_power_cut(|| {
                sector += 1;
                survive == 3 || sector % 3 < survive
            });
            let store = on(&disk);
            for id in [1, 2] {
                let left = history(&store, id);
                let expected: Vec<Cycle> = all(left[0].ordinal..=14_000)
                    .into_iter()
                    .filter(|c| !(1_001..=1_100).contains(&c.ordinal))
                    .collect();
                assert!(left == expected, "after {writes} writes");
            }
            assert_eq!((days(&store, 1), store.counts(MoldId(1)).unwrap()), (before.clone(), counts.clone()));
            clean(&store);
            let Kept { retired: gone, .. } = store.kept().unwrap();
            if let Ok(retired) = retired {
                assert_eq!(gone, retired.cycles, "after {writes} writes");
            } else if gone > 0 {
                part_way += 1;
            }
        }
    }
    assert!(part_way > 0, "no cut fell between two transactions");
}

#[test]
fn room_that_was_retired_is_used_again() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    aged(&store, 1, 40_000);
    let length = || std::fs::metadata(dir.path().join("store.redb")).unwrap().len();
    let mut after = Vec::new();
    for round in 0..12 {
        let last = 40_000 + round * 10_000;
        live(&store, 1, last + 1..=last + 10_000);
        store.checkpoint().unwrap();
        retire(&store, last - 30_000);
        after.push(length());
    }
    let kept = store.kept().unwrap();
    assert!(kept.cycles < 60_000 && kept.retired > 90_000, "{kept:?}");
    assert_eq!(after[3], after[11], "{after:?}");
    clean(&store);
}

#[test]
fn sums_that_no_cycle_proves_are_still_held_against_what_was_retired() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    aged(&store, 1, 20_000);
    retire(&store, 15_000);
    let alter = |what: &dyn Fn(&mut Gone, &mut DailyRollup)| {
        let work = |txn: &redb::WriteTransaction| {
            let day = at(0).utc_day();
            let mut retired = txn.open_table(RETIRED)?;
            let mut daily = txn.open_table(DAYS)?;
            let mut gone: Gone = tables::one(&retired, "retired", 1)?.unwrap();
            let mut there = std::collections::BTreeMap::new();
            days::of_mold(&daily, MoldId(1), (day, day), &mut there, |error| Err(error.into()))?;
            let mut sum: DailyRollup = there[&day];
            what(&mut gone, &mut sum);
            retired.insert(1, row::encode(&gone)?.as_slice())?;
            days::replace(&mut daily, MoldId(1), [&sum])
        };
        store.write(work).unwrap();
        check(&store).unwrap().findings.len()
    };
    assert_eq!(alter(&|_, _| {}), 0);
    assert!(alter(&|_, sum| sum.cycles += 1) > 0);
    assert_eq!(alter(&|_, sum| sum.cycles -= 1), 0);
    assert!(alter(&|gone, _| gone.cycles -= 1) > 0);
    assert_eq!(alter(&|gone, _| gone.cycles += 1), 0);
    assert!(alter(&|gone, _| gone.last_ordinal = 19_000) > 0);
}

fn raw(n: i64) -> RawRecord {
    RawRecord {
        heard_at: at(n * DAY),
        link: "hall-a".parse().unwrap(),
        module: "0013A20040522BAA".parse().unwrap(),
        payload: vec![1, 2, 3],
        read_as: Err("no profile".to_owned()),
    }
}

#[test]
fn raw_payloads_go_by_age_and_by_quarters() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.commit(&Batch { raw: (0..100).map(raw).collect(), ..Batch::default() }).unwrap();
    let first = || {
        let all: Vec<RawRecord> = store.read(|txn| tables::all(&txn.open_table(RAW)?, "raw")).unwrap();
        (all.first().map(|raw| raw.heard_at), all.len())
    };
    let days = |count: u64| Shed::Older(Duration::from_secs(count * 86_400));
    assert_eq!(store.shed_raw(days(100), || true).unwrap(), 0);
    assert_eq!(store.shed_raw(days(79), || true).unwrap(), 20);
    assert_eq!(first(), (Some(at(20 * DAY)), 80));
    assert_eq!(store.shed_raw(Shed::Quarter, || true).unwrap(), 20);
    assert_eq!(first(), (Some(at(40 * DAY)), 60));
    assert_eq!(store.shed_raw(Shed::Quarter, || false).unwrap(), 0);
    while store.shed_raw(Shed::Quarter, || true).unwrap() > 0 {}
    assert_eq!(first(), (None, 0));
    clean(&store);
}

#[test]
fn a_disk_that_takes_nothing_loses_nothing_that_was_to_be_retired() {
    let disk = FakeDisk::new();
    let store = on(&disk);
    aged(&store, 1, 14_000);
    store.checkpoint().unwrap();
    let before = history(&store, 1);
    disk.set(Mood::Full);
    let refused = store.retire_by(2, cycle(10_000).ended, || true).unwrap_err();
    assert!(matches!(refused, Commit::Database { .. }), "{refused}");
    assert!(history(&store, 1) == before);
    disk.set(Mood::Works);
    assert!(retire(&store, 10_000).cycles > 0);
    clean(&store);
}

#[test]
fn a_repair_takes_nothing_that_was_retired_for_lost() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    aged(&store, 1, 20_000);
    retire(&store, 15_000);
    let record = StorageRecord {
        retention: Retention { cycles: KeepFor::Ever, raw_frames: KeepFor::Ever, free: 0 },
        days: Vec::new(),
    };
    store.put_storage(&record).unwrap();
    let before = (history(&store, 1), days(&store, 1), gone(&store, 1), store.kept().unwrap());
    drop(store);
    let done = repair(dir.path(), &key(), at(9)).unwrap();
    assert!(done.lost.is_empty() && done.mended.is_empty(), "{done:?}");
    assert_eq!(done.report.findings, []);
    let store = open(dir.path());
    assert!((history(&store, 1), days(&store, 1), gone(&store, 1), store.kept().unwrap()) == before);
    assert_eq!(store.storage().unwrap(), Some(record));
    drop(store);
    // Sums that no cycle can make again.
    alter(dir.path(), |txn| {
        txn.open_table(DAYS).unwrap().remove((at(0).utc_day().div_euclid(32), 1)).unwrap();
    });
    let done = repair(dir.path(), &key(), at(5_000)).unwrap();
    assert_eq!(done.report.findings, []);
    assert!(done.lost.is_empty(), "{done:?}");
    let store = open(dir.path());
    assert!(history(&store, 1) == before.0 && store.kept().unwrap() == before.3);
    clean(&store);
}
