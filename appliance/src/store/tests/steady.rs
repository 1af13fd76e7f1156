//! Counts that go up are in the journal and in memory alone, until something else is written to the database.

use domain::{EntryKind, MoldId};
use proptest::prelude::*;

use super::plant::*;
use crate::plant::{Batch, LedgerStand, RawRecord};
use crate::store::{ChainedEntry, Counts, Kept, Store};

#[derive(Debug, Clone)]
enum Step {
    Grow(u32, u64),
    Append(u32, u8),
    Restart,
    /// What else is written, which differs between the two.
    Else(u8),
}

fn any_step() -> impl Strategy<Value = Step> {
    prop_oneof![
        4 => (1..4u32, 1..5u64).prop_map(|(mold, cycles)| Step::Grow(mold, cycles)),
        3 => (1..4u32, any::<u8>()).prop_map(|(mold, kind)| Step::Append(mold, kind)),
        1 => Just(Step::Restart),
        2 => any::<u8>().prop_map(Step::Else),
    ]
}

/// Everything that is said of ledgers.
#[derive(Debug, PartialEq)]
struct Said {
    ledgers: Vec<OfLedger>,
    stands: Vec<LedgerStand>,
    kept: Kept,
}

#[derive(Debug, PartialEq)]
struct OfLedger {
    whole: Vec<ChainedEntry>,
    part: Vec<ChainedEntry>,
    newest: Vec<domain::LedgerEntry>,
    counts: Counts,
}

fn said(store: &Store) -> Said {
    clean(store);
    let of = |mold: u32| {
        let mold = MoldId(mold);
        let from = |from, limit| store.ledger_from(mold, from, limit).unwrap();
        OfLedger {
            whole: from(0, 100),
            part: from(2, 2),
            newest: store.ledger(mold, 3).unwrap(),
            counts: store.counts(mold).unwrap().unwrap(),
        }
    };
    Said {
        ledgers: (1..4).map(of).collect(),
        stands: store.snapshot().unwrap().molds.into_iter().map(|(_, stand)| stand).collect(),
        kept: store.kept().unwrap(),
    }
}

/// The next batch of a mold's counting.
fn batch(store: &Store, step: &Step) -> Option<Batch> {
    let (mold, cycles) = match step {
        Step::Grow(mold, cycles) => (*mold, *cycles),
        Step::Append(mold, kind) if kind % 3 == 0 => (*mold, 1),
        Step::Append(mold, kind) => {
            let number = store.counts(MoldId(*mold)).unwrap().unwrap().ledger_length;
            let kind = [EntryKind::Gap, EntryKind::Rollover][usize::from(*kind) % 2].clone();
            let missing = if kind == EntryKind::Gap { 2 } else { 0 };
            return Some(append(*mold, number, kind, missing));
        }
        Step::Restart | Step::Else(_) => return None,
    };
    let ledger = store.ledger_from(MoldId(mold), 0, usize::MAX).unwrap();
    let counts = store.counts(MoldId(mold)).unwrap().unwrap();
    let open = ledger.last().filter(|last| last.open).map(|last| last.entry.number);
    let mut batch = match open {
        Some(number) => grow(mold, number, cycles),
        None => append(mold, counts.ledger_length, EntryKind::Delta, i64::try_from(cycles).unwrap()),
    };
    let first = u64::try_from(counts.counted).unwrap() + 1;
    batch.cycles.push((MoldId(mold), super::plant::cycles(first..=first + cycles - 1)));
    Some(batch)
}

fn something_else(store: &Store, which: u8) {
    match which % 3 {
        0 => store.checkpoint().unwrap(),
        1 => store.put_secret("hall-a", &[which]).unwrap(),
        _ => {
            let raw = RawRecord {
                heard_at: at(9),
                link: "hall-a".parse().unwrap(),
                module: "0013A20040522BAA".parse().unwrap(),
                payload: vec![which],
                read_as: Ok("open".into()),
            };
            store.commit(&Batch { raw: vec![raw], ..Batch::default() }).unwrap();
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(if cfg!(debug_assertions) { 24 } else { 200 }))]

    #[test]
    fn a_ledger_reads_alike_before_and_after_the_database_has_it(steps in prop::collection::vec(any_step(), 1..25)) {
        let dirs = [tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap()];
        let mut stores = dirs.each_ref().map(|dir| open(dir.path()));
        for store in &stores {
            (1..4).for_each(|mold| store.commit(&counted(mold, 3)).unwrap());
        }
        for step in &steps {
            if let Some(batch) = batch(&stores[0], step) {
                stores.iter().for_each(|store| store.commit(&batch).unwrap());
            }
            match step {
                Step::Restart => {
                    let [steady, written] = stores;
                    drop(steady);
                    stores = [open(dirs[0].path()), written];
                }
                Step::Else(which) => something_else(&stores[1], *which),
                Step::Grow(..) | Step::Append(..) => {}
            }
            prop_assert_eq!(said(&stores[0]), said(&stores[1]));
        }
    }
}

#[test]
fn a_reader_sees_every_entry_once_while_they_are_written() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path());
    store.commit(&counted(1, 1)).unwrap();
    let writer = store.clone();
    let (begun, go) = std::sync::mpsc::channel();
    let work = std::thread::spawn(move || {
        for number in 1..400 {
            writer.commit(&append(1, number, EntryKind::Gap, 1)).unwrap();
            match number % 7 {
                3 => writer.checkpoint().unwrap(),
                5 => writer.put_secret("hall-a", b"link key").unwrap(),
                _ => {}
            }
            let _ = begun.send(());
        }
    });
    go.recv().unwrap();
    let mut seen = 0;
    while !work.is_finished() || seen < 400 {
        let numbers: Vec<u64> = store
            .ledger_from(MoldId(1), 0, usize::MAX)
            .unwrap()
            .into_iter()
            .map(|chained| chained.entry.number)
            .collect();
        assert!(numbers.len() >= seen, "{} after {seen}", numbers.len());
        assert_eq!(numbers, (0..numbers.len() as u64).collect::<Vec<_>>());
        seen = numbers.len();
    }
    work.join().unwrap();
    clean(&store);
}
