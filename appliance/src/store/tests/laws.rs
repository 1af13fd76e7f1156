//! Counts, ledgers, rings, alarms.

use domain::{EntryKind, Mold, MoldId, displayed_count};

use super::plant::*;
use crate::plant::{AlarmKey, AlarmRecord, Batch, LedgerChange, RawRecord};
use crate::store::tables::{self, RAW};
use crate::store::{Commit, LedgerRefusal, Store, check};

#[test]
fn what_was_committed_is_there_after_the_next_start() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.commit(&counted(1, 300)).unwrap();
    store.commit(&more(1, 300, 5)).unwrap();
    drop(store);
    let store = open(dir.path());
    assert_eq!(store.molds().unwrap(), [mold(1)]);
    assert_eq!(history(&store, 1), cycles(1..=305));
    let counts = store.counts(MoldId(1)).unwrap().unwrap();
    assert_eq!((counts.counted, counts.displayed, counts.timed), (305, 1305, 305));
    assert_eq!(store.counts(MoldId(2)).unwrap(), None);
    clean(&store);
}

#[test]
fn displayed_count_is_baseline_plus_ledger() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.commit(&counted(1, 10)).unwrap();
    store.commit(&append(1, 1, EntryKind::Gap, 7)).unwrap();
    store.commit(&append(1, 2, EntryKind::Fill { filled: 2 }, 0)).unwrap();
    store.commit(&grow(1, 2, 3)).unwrap();
    let adjust = EntryKind::Adjust { by: "Marta".into(), reason: "recount".into(), confirms: None };
    store.commit(&append(1, 3, adjust, -4)).unwrap();
    let mut fill = Batch::default();
    fill.cycles.push((MoldId(1), cycles(11..=15)));
    store.commit(&fill).unwrap();

    let counts = store.counts(MoldId(1)).unwrap().unwrap();
    let entries = store.ledger(MoldId(1), 100).unwrap();
    assert_eq!(counts.displayed, displayed_count(1_000, &entries));
    assert_eq!((counts.counted, counts.displayed, counts.times_unknown), (13, 1_013, 2));
    assert_eq!(entries.iter().map(|entry| entry.number).collect::<Vec<_>>(), [3, 2, 1, 0]);
    let snapshot = store.snapshot().unwrap();
    let stand = &snapshot.molds[0].1;
    assert_eq!((stand.length, stand.counted, stand.adjusted, stand.times_unknown), (4, 13, -4, 2));
    assert_eq!(stand.last, entries.first().cloned());
    clean(&store);
}

#[test]
fn closed_entry_is_never_changed() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.commit(&counted(1, 10)).unwrap();
    store.commit(&append(1, 1, EntryKind::Gap, 7)).unwrap();
    let before = store.ledger_from(MoldId(1), 0, 100).unwrap();
    for number in [0, 1, 2] {
        let refused = store.commit(&grow(1, number, 1)).unwrap_err();
        assert!(
            matches!(refused, Commit::Ledger { why: LedgerRefusal::Closed { number: n }, .. } if n == number),
            "{refused}"
        );
    }
    for number in [0, 1, 3] {
        let refused = store.commit(&append(1, number, EntryKind::Gap, 1)).unwrap_err();
        assert!(matches!(refused, Commit::Ledger { why: LedgerRefusal::Number { expected: 2, .. }, .. }));
    }
    let refused = store.commit(&append(1, 2, EntryKind::Gap, -1)).unwrap_err();
    assert!(matches!(refused, Commit::Ledger { why: LedgerRefusal::Negative { .. }, .. }));
    assert_eq!(store.ledger_from(MoldId(1), 0, 100).unwrap(), before);
    clean(&store);
}

#[test]
fn a_refused_change_takes_the_whole_batch_with_it() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.commit(&counted(1, 10)).unwrap();
    let mut batch = more(1, 10, 5);
    batch.molds.push(mold(2));
    batch.ledger.push((MoldId(2), LedgerChange::Append(entry(9, EntryKind::Gap, 1))));
    assert!(store.commit(&batch).is_err());
    assert_eq!(store.molds().unwrap(), [mold(1)]);
    assert_eq!(history(&store, 1).len(), 10);
    assert_eq!(store.counts(MoldId(1)).unwrap().unwrap().counted, 10);
    store.commit(&more(1, 10, 5)).unwrap();
    clean(&store);
}

#[test]
fn a_baseline_is_never_changed() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.commit(&counted(1, 10)).unwrap();
    let other = |change: fn(&mut Mold)| {
        let mut mold = mold(1);
        change(&mut mold);
        store.commit(&Batch { molds: vec![mold], ..Batch::default() })
    };
    let refused = other(|mold| mold.baseline += 1).unwrap_err();
    assert!(matches!(refused, Commit::Ledger { why: LedgerRefusal::Baseline, .. }), "{refused}");
    other(|mold| mold.description = "another".to_owned()).unwrap();
    assert_eq!(store.molds().unwrap()[0].baseline, mold(1).baseline);
    clean(&store);
}

#[test]
fn the_count_never_leaves_its_range() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.commit(&append(1, 0, EntryKind::Delta, i64::MAX)).unwrap();
    for batch in [grow(1, 0, 1), grow(1, 0, u64::MAX), append(1, 1, EntryKind::Gap, 1)] {
        let refused = store.commit(&batch).unwrap_err();
        assert!(matches!(refused, Commit::Ledger { why: LedgerRefusal::Overflow, .. }), "{refused}");
    }
}

#[test]
fn an_ordinal_that_is_there_is_left_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.commit(&counted(1, 100)).unwrap();
    let mut again = cycles(50..=100);
    for cycle in &mut again {
        cycle.ended = at(0);
        cycle.flags.late = true;
    }
    store.commit(&Batch { cycles: vec![(MoldId(1), again)], ..Batch::default() }).unwrap();
    assert_eq!(history(&store, 1), cycles(1..=100));
    clean(&store);
}

fn raw(n: u8) -> RawRecord {
    RawRecord {
        heard_at: at(i64::from(n)),
        link: "hall-a".parse().unwrap(),
        module: "0013A20040522BAA".parse().unwrap(),
        payload: vec![n],
        read_as: Err("no profile".to_owned()),
    }
}

#[test]
fn the_oldest_raw_payloads_go_first() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.set_raw_ring(5);
    for n in 0..4 {
        store.commit(&Batch { raw: vec![raw(2 * n), raw(2 * n + 1)], ..Batch::default() }).unwrap();
    }
    let payloads = || {
        let all: Vec<RawRecord> = store.read(|txn| tables::all(&txn.open_table(RAW)?, "raw")).unwrap();
        all.into_iter().map(|raw| raw.payload[0]).collect::<Vec<_>>()
    };
    assert_eq!(payloads(), [3, 4, 5, 6, 7]);
    store.set_raw_ring(0);
    store.commit(&Batch { raw: vec![raw(9)], ..Batch::default() }).unwrap();
    assert!(payloads().is_empty());
}

#[test]
fn an_alarm_that_stands_across_a_restart_is_the_same_alarm() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    let alarm = AlarmRecord {
        id: 7,
        key: AlarmKey::StoreRefuses,
        raised: at(1),
        cleared: None,
        detail: String::new(),
    };
    store.commit(&Batch { alarms: vec![alarm.clone()], ..Batch::default() }).unwrap();
    drop(store);
    let store = open(dir.path());
    assert_eq!(store.snapshot().unwrap().alarms, std::slice::from_ref(&alarm));
    let cleared = AlarmRecord { cleared: Some(at(2)), ..alarm };
    store.commit(&Batch { alarms: vec![cleared], ..Batch::default() }).unwrap();
    assert!(store.snapshot().unwrap().alarms.is_empty());
    assert_eq!(store.snapshot().unwrap().last_alarm, 7);
    clean(&store);
}

#[test]
fn a_steady_mold_has_one_entry_however_many_commits() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.commit(&counted(1, 1)).unwrap();
    for n in 1..50 {
        store.commit(&more(1, n, 1)).unwrap();
    }
    let entries = store.ledger_from(MoldId(1), 0, 10).unwrap();
    assert_eq!(entries.len(), 1);
    assert!(entries[0].open);
    assert_eq!(entries[0].entry.cycles, 50);
    drop(store);
    let report = check(&Store::look_at(dir.path(), &key()).unwrap()).unwrap();
    assert!(report.is_clean(), "{report:?}");
    assert_eq!((report.molds, report.entries, report.cycles), (1, 1, 50));
    assert!(report.pages_verified);
}

#[test]
fn a_reader_sees_every_cycle_once_while_they_are_packed() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.commit(&counted(1, 50)).unwrap();
    let writer = store.clone();
    let (begun, go) = std::sync::mpsc::channel();
    let work = std::thread::spawn(move || {
        for round in 1..60 {
            writer.commit(&more(1, 50 * round, 50)).unwrap();
            if round % 3 == 0 {
                writer.checkpoint().unwrap();
            }
            let _ = begun.send(());
        }
    });
    go.recv().unwrap();
    let mut seen = 0;
    while !work.is_finished() || seen < 3_000 {
        let there = history(&store, 1);
        assert!(there.len() >= seen, "{} after {seen}", there.len());
        assert_eq!(there, cycles(1..=there.len() as u64));
        let days = store.daily(MoldId(1), i64::MIN, i64::MAX).unwrap();
        let summed: u64 = days.iter().map(|day| day.cycles).sum();
        assert!(summed >= there.len() as u64);
        seen = there.len();
    }
    work.join().unwrap();
    clean(&store);
}

#[test]
fn however_small_the_steps_history_lies_in_few_chunks() {
    use redb::ReadableTableMetadata;
    let disk = super::backends::FakeDisk::new();
    let same = disk.clone();
    let open = move |part, purpose| same.open(part, purpose);
    let store = Store::with_backend(open, &key(), (70, 256 << 10)).unwrap();
    let chunks = |store: &Store| store.read(|txn| Ok(txn.open_table(tables::HISTORY)?.len()?)).unwrap();
    store.commit(&counted(1, 35)).unwrap();
    for step in 1..700 {
        store.commit(&more(1, 35 * step, 35)).unwrap();
    }
    let so_far = chunks(&store);
    assert!(so_far <= 5, "{so_far} chunks");
    store.checkpoint().unwrap();
    let tight = chunks(&store);
    assert!(tight < so_far && tight <= 4, "{tight} chunks, {so_far} before");
    assert_eq!(history(&store, 1), cycles(1..=24_500));
    clean(&store);
}
