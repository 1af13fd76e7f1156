//! Files that somebody or something altered.

use domain::{EntryKind, Mold, MoldId};
use redb::{ReadableDatabase, ReadableTable, TableHandle};

use super::plant::*;
use crate::store::error::Damage;
use crate::store::history::days;
use crate::store::ledger::{Closed, Head};
use crate::store::tables::{DAYS, HEADS, HISTORY, LEDGER, MOLDS};
use crate::store::xts::Sectors;
use crate::store::{Read, Store, check, row};

fn plant(dir: &std::path::Path) {
    let store = open(dir);
    store.commit(&counted(1, 3_000)).unwrap();
    store.commit(&append(1, 1, EntryKind::Gap, 5)).unwrap();
    store.commit(&append(1, 2, EntryKind::Delta, 1)).unwrap();
    store.commit(&append(1, 3, EntryKind::Rollover, 0)).unwrap();
    let late = crate::plant::Batch { cycles: vec![(MoldId(1), vec![cycle(3_006)])], ..Default::default() };
    store.commit(&late).unwrap();
    clean(&store);
    // What is altered is the database; the journal stands for nothing any more.
    store.checkpoint().unwrap();
    clean(&store);
}

/// Alters the file behind the store's back and tells what `check` finds.
fn found_after(change: impl FnOnce(&redb::WriteTransaction)) -> Vec<String> {
    let dir = tempfile::tempdir().unwrap();
    plant(dir.path());
    alter(dir.path(), change);
    look(dir.path())
}

pub(super) fn alter(dir: &std::path::Path, change: impl FnOnce(&redb::WriteTransaction)) {
    let database = database(dir);
    let txn = database.begin_write().unwrap();
    change(&txn);
    txn.commit().unwrap();
}

pub(super) fn look(dir: &std::path::Path) -> Vec<String> {
    let report = check(&Store::look_at(dir, &key()).unwrap()).unwrap();
    report.findings.iter().map(ToString::to_string).collect()
}

fn altered<T, K>(
    txn: &redb::WriteTransaction,
    table: redb::TableDefinition<K, &'static [u8]>,
    key: K,
    change: impl FnOnce(&mut T),
) where
    K: redb::Key + for<'a> redb::Value<SelfType<'a> = K> + Clone + std::fmt::Debug + 'static,
    T: serde::Serialize + serde::de::DeserializeOwned,
{
    let mut table = txn.open_table(table).unwrap();
    let bytes = table.get(key.clone()).unwrap().unwrap().value().to_vec();
    let mut value: T = row::decode("altered", &key, &bytes).unwrap();
    change(&mut value);
    table.insert(key, row::encode(&value).unwrap().as_slice()).unwrap();
}

#[test]
fn tampered_entry_breaks_the_chain() {
    let found = found_after(|txn| altered::<Closed, _>(txn, LEDGER, (1, 0), |row| row.entry.cycles += 1));
    assert!(
        found
            .iter()
            .any(|f| f == "ledger of mold 1: entry 0 or the baseline was altered: its hash is another one"),
        "{found:?}"
    );
    assert!(found.iter().any(|f| f.contains("baseline and entries make")), "{found:?}");

    // Whoever also writes the right hash beside it is betrayed by the next entry.
    let found = found_after(|txn| {
        altered::<Closed, _>(txn, LEDGER, (1, 1), |row| row.entry.until = at(77));
        let before = txn.open_table(LEDGER).unwrap().get((1, 0)).unwrap().unwrap().value().to_vec();
        let before: Closed = row::decode("ledger", (1, 0), &before).unwrap();
        altered::<Closed, _>(txn, LEDGER, (1, 1), |row| {
            row.hash = crate::store::link(&before.hash, &row.entry);
        });
    });
    assert_eq!(found, ["ledger of mold 1: entry 2 was altered: its hash is another one"]);
}

#[test]
fn a_changed_baseline_is_found() {
    let found = found_after(|txn| altered::<Mold, _>(txn, MOLDS, 1, |mold| mold.baseline += 1));
    assert_eq!(found, ["ledger of mold 1: entry 0 or the baseline was altered: its hash is another one"]);

    // Also while the first run is still open, whose hash nothing holds yet.
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).commit(&counted(1, 10)).unwrap();
    alter(dir.path(), |txn| altered::<Mold, _>(txn, MOLDS, 1, |mold| mold.baseline += 1));
    let found = look(dir.path());
    assert_eq!(found, ["ledger of mold 1: the baseline was altered: the hash chain begins with another one"]);
}

#[test]
fn an_entry_that_counts_what_its_kind_may_not_is_found() {
    for (kind, cycles) in [(EntryKind::Reset, 1), (EntryKind::Rollover, -1), (EntryKind::Gap, -1)] {
        let word = kind.word();
        let found = found_after(|txn| {
            altered::<Closed, _>(txn, LEDGER, (1, 1), |row| {
                row.entry.kind = kind;
                row.entry.cycles = cycles;
            });
        });
        let expected = format!("ledger of mold 1: entry 1, a {word}, counts {cycles} cycles");
        assert!(found.contains(&expected), "{found:?}");
    }
}

#[test]
fn a_monitor_told_as_kept_what_is_not_is_found() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let mut batch = counted(1, 10);
    let mut monitor = monitor();
    let device = monitor.device.as_mut().unwrap();
    (device.start, device.count, device.kept_up_to) = (0, 10, 11);
    device.gaps.clear();
    batch.monitors.push(monitor);
    store.commit(&batch).unwrap();
    drop(store);
    assert_eq!(look(dir.path()), ["monitor V3-00000001: is told that 11 are kept, and only 10 are"]);
}

#[test]
fn looking_at_a_damaged_file_alters_nothing() {
    let dir = tempfile::tempdir().unwrap();
    plant(dir.path());
    let path = dir.path().join("store.redb");
    let mut bytes = std::fs::read(&path).unwrap();
    let mut plain = bytes.clone();
    Sectors::new(&key().sectors).decrypt(0, &mut plain);
    let place = plain.windows(4).position(|part| part == b"\x03lid").unwrap();
    bytes[place + 1] ^= 1;
    std::fs::write(&path, &bytes).unwrap();
    let look = || check(&Store::look_at(dir.path(), &key()).unwrap()).map(|report| report.findings);
    let first = look();
    assert_eq!(format!("{first:?}"), format!("{:?}", look()));
    assert!(first.is_err() || first.is_ok_and(|found| !found.is_empty()));
    assert!(std::fs::read(&path).unwrap() == bytes);
}

#[test]
fn a_missing_entry_is_found() {
    let found = found_after(|txn| {
        txn.open_table(LEDGER).unwrap().remove((1, 1)).unwrap();
    });
    assert!(found.iter().any(|f| f == "ledger of mold 1: entry 1 is missing"), "{found:?}");
    let found = found_after(|txn| {
        txn.open_table(LEDGER).unwrap().remove((1, 3)).unwrap();
    });
    assert!(found.iter().any(|f| f.contains("3 closed entries, the head says 4")), "{found:?}");
}

#[test]
fn a_summary_that_is_not_the_ledger_is_found() {
    let found = found_after(|txn| altered::<Head, _>(txn, HEADS, 1, |head| head.stand.counted += 1));
    assert!(
        found.iter().any(|f| f.contains("counted: the head says 3007, the entries make 3006")),
        "{found:?}"
    );
    let found = found_after(|txn| altered::<Head, _>(txn, HEADS, 1, |head| head.chain[0] ^= 1));
    assert_eq!(found.len(), 1, "{found:?}");
    let found = found_after(|txn| {
        txn.open_table(HEADS).unwrap().remove(1).unwrap();
    });
    assert!(found.iter().any(|f| f == "ledger of mold 1: it has entries and no head"), "{found:?}");
}

#[test]
fn cycles_that_nobody_counted_are_found() {
    let found = found_after(|txn| {
        let mut history = txn.open_table(HISTORY).unwrap();
        let (key, value) = history.last().unwrap().map(|(k, v)| (k.value(), v.value().to_vec())).unwrap();
        history.insert((key.0, 9_000_000), value.as_slice()).unwrap();
    });
    assert!(found.iter().any(|f| f.contains("table \"history\", key (1, 9000000)")), "{found:?}");
}

#[test]
fn daily_sums_that_are_not_the_cycles_are_found() {
    let found = found_after(|txn| {
        let mut table = txn.open_table(DAYS).unwrap();
        let (day, mut there) = (at(20_000).utc_day(), std::collections::BTreeMap::new());
        days::of_mold(&table, MoldId(1), (day, day), &mut there, |error| Err(error.into())).unwrap();
        there.get_mut(&day).unwrap().sum_ms += 1;
        days::replace(&mut table, MoldId(1), there.values()).unwrap();
    });
    assert_eq!(found.len(), 1, "{found:?}");
    assert!(found[0].starts_with("history of mold 1, day"), "{found:?}");
    let found = found_after(|txn| {
        txn.open_table(DAYS).unwrap().remove((at(20_000).utc_day().div_euclid(32), 1)).unwrap();
    });
    assert!(found.iter().any(|f| f.contains("missing")), "{found:?}");
}

#[test]
fn a_value_of_an_unknown_version_is_named_and_stops_nothing_else() {
    let dir = tempfile::tempdir().unwrap();
    plant(dir.path());
    let database = database(dir.path());
    let txn = database.begin_write().unwrap();
    txn.open_table(MOLDS).unwrap().insert(2, [77u8, 1, 2].as_slice()).unwrap();
    txn.commit().unwrap();
    drop(database);
    let store = open(dir.path());
    match store.molds() {
        Err(Read::Undecodable(error)) => {
            assert_eq!((error.table, error.key.as_str()), ("molds", "2"));
            assert_eq!(error.why, Damage::Version { found: 77, known: 2 });
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(store.counts(MoldId(1)).unwrap().unwrap().baseline, mold(1).baseline);
    assert_eq!(check(&store).unwrap().findings.len(), 1);
}

/// Whatever a value holds, reading it is an answer or an error.
#[test]
fn no_value_makes_a_reader_panic() {
    let dir = tempfile::tempdir().unwrap();
    plant(dir.path());
    let path = dir.path().join("store.redb");
    for round in 0..60u8 {
        let copy = tempfile::tempdir().unwrap();
        std::fs::copy(&path, copy.path().join("store.redb")).unwrap();
        let database = database(copy.path());
        let names: Vec<String> =
            database.begin_read().unwrap().list_tables().unwrap().map(|t| t.name().to_owned()).collect();
        assert!(names.iter().any(|name| name == "history"));
        let txn = database.begin_write().unwrap();
        scramble(&txn, HISTORY, round, false);
        scramble(&txn, LEDGER, round, true);
        scramble(&txn, HEADS, round, true);
        scramble(&txn, DAYS, round, true);
        txn.commit().unwrap();
        drop(database);
        let store = open(copy.path());
        let _ = store.cycles_from(MoldId(1), 0, |_| std::ops::ControlFlow::Continue(()));
        let _ = (store.counts(MoldId(1)), store.snapshot(), store.daily(MoldId(1), i64::MIN, i64::MAX));
        let _ = store.ledger(MoldId(1), 10);
        let _ = store.commit(&more(1, 3_000, 10));
        check(&store).unwrap();
    }
}

fn scramble<K: redb::Key + 'static>(
    txn: &redb::WriteTransaction,
    table: redb::TableDefinition<K, &'static [u8]>,
    round: u8,
    guarded: bool,
) {
    let mut table = txn.open_table(table).unwrap();
    let mut values = Vec::new();
    for item in table.iter().unwrap() {
        values.push(item.unwrap().1.value().to_vec());
    }
    let mut place = usize::from(round);
    let mut values = values.into_iter();
    table.retain(|_, _| true).unwrap();
    let mut guard = table.first().unwrap().map(|(key, _)| K::as_bytes(&key.value()).as_ref().to_vec());
    while let (Some(key), Some(mut value)) = (guard.take(), values.next()) {
        place = place * 31 % value.len().max(1);
        // Without its checksum, as format 1 had it, and the version stays: or nothing behind them would be read.
        if guarded && value.first() == Some(&2) {
            value.splice(0..5, [1]);
        }
        let last = value.len() - 1;
        value[place.clamp(1, last)] ^= 1 << (round % 8);
        if round.is_multiple_of(5) {
            value.truncate(place.max(1));
        }
        table.insert(K::from_bytes(&key), value.as_slice()).unwrap();
    }
}
