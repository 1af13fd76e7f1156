//! Power cuts at any instant, against a model of what must be there.

use std::collections::BTreeMap;

use domain::{Cycle, EntryKind, MoldId};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};

use super::backends::{FakeDisk, Mood};
use super::plant::*;
use crate::plant::{Batch, LedgerChange};
use crate::store::Store;

/// What must be there.
#[derive(Debug, Clone, Default, PartialEq)]
struct Model {
    molds: BTreeMap<u32, (u64, i64, BTreeMap<u64, Cycle>)>,
}

impl Model {
    fn apply(&mut self, batch: &Batch) {
        for (mold, change) in &batch.ledger {
            let (entries, counted, _) = self.molds.entry(mold.0).or_default();
            match change {
                LedgerChange::Append(entry) => {
                    *entries += 1;
                    *counted += entry.cycles;
                }
                LedgerChange::Grow { cycles, .. } => *counted += i64::try_from(*cycles).unwrap(),
            }
        }
        for (mold, cycles) in &batch.cycles {
            let there = &mut self.molds.entry(mold.0).or_default().2;
            for cycle in cycles {
                there.entry(cycle.ordinal).or_insert(*cycle);
            }
        }
    }

    fn of(store: &Store) -> Self {
        let mut model = Model::default();
        for mold in store.molds().unwrap() {
            let counts = store.counts(mold.id).unwrap().unwrap();
            let cycles = history(store, mold.id.0).into_iter().map(|cycle| (cycle.ordinal, cycle)).collect();
            model.molds.insert(mold.id.0, (counts.ledger_length, counts.counted, cycles));
        }
        model
    }
}

/// Steady counting, gaps and what fills them, of a few molds.
fn any_batch(rng: &mut StdRng, model: &Model) -> Batch {
    let mut batch = Batch::default();
    for id in 1..=3 {
        if rng.random_bool(0.4) {
            continue;
        }
        let (entries, counted, there) = model.molds.get(&id).cloned().unwrap_or_default();
        let next = u64::try_from(counted).unwrap() + 1;
        if entries == 0 {
            batch.molds.push(mold(id));
        }
        let count = rng.random_range(1..400);
        let missing = (1..next).find(|ordinal| !there.contains_key(ordinal));
        match missing {
            Some(first) if rng.random_bool(0.5) => {
                let last = (first..next).take_while(|ordinal| !there.contains_key(ordinal)).last().unwrap();
                let fill = EntryKind::Fill { filled: last - first + 1 };
                batch.ledger.push((MoldId(id), LedgerChange::Append(entry(entries, fill, 0))));
                batch.cycles.push((MoldId(id), cycles(first..=last)));
            }
            _ => {
                let gap = rng.random_bool(0.2);
                let kind = if gap { EntryKind::Gap } else { EntryKind::Delta };
                let change = LedgerChange::Append(entry(entries, kind, i64::try_from(count).unwrap()));
                batch.ledger.push((MoldId(id), change));
                if !gap {
                    batch.cycles.push((MoldId(id), cycles(next..=next + count - 1)));
                }
            }
        }
    }
    batch
}

fn on(disk: &FakeDisk) -> Store {
    let disk = disk.clone();
    Store::with_backend(move |part, purpose| disk.open(part, purpose), &key(), SMALL).unwrap()
}

fn cut_power(seed: u64) {
    let mut rng = StdRng::seed_from_u64(seed);
    let mut disk = FakeDisk::new();
    let mut model = Model::default();
    for _ in 0..3 {
        let store = on(&disk);
        assert_eq!(Model::of(&store), model, "seed {seed}");
        for _ in 0..rng.random_range(0..4) {
            let batch = any_batch(&mut rng, &model);
            store.commit(&batch).unwrap();
            model.apply(&batch);
            if rng.random_bool(0.2) {
                store.checkpoint().unwrap();
                assert_eq!(Model::of(&store), model, "seed {seed}");
            }
            if rng.random_bool(0.05) {
                assert!(store.shrink().unwrap());
                assert_eq!(Model::of(&store), model, "seed {seed}");
            }
        }
        disk.set(Mood::DiesIn(rng.random_range(0..30)));
        let mut in_doubt = model.clone();
        while !disk.is_dead() {
            let batch = any_batch(&mut rng, &model);
            in_doubt = model.clone();
            if rng.random_bool(0.1) && store.shrink().is_err() {
                break;
            }
            in_doubt.apply(&batch);
            match store.commit(&batch) {
                Ok(()) => model = in_doubt.clone(),
                Err(_) => break,
            }
        }
        drop(store);
        let share = rng.random_range(0.0..1.0);
        disk = disk.after_power_cut(|| rng.random_bool(share));
        // The power fails again while what the first cut left is being put right.
        for _ in 0..rng.random_range(0..3) {
            disk.set(Mood::DiesIn(rng.random_range(0..12)));
            let same = disk.clone();
            let open = move |part, purpose| same.open(part, purpose);
            if let Ok(store) = Store::with_backend(open, &key(), SMALL) {
                let found = Model::of(&store);
                assert!(found == model || found == in_doubt, "seed {seed}: recovery lost what was kept");
            }
            let share = rng.random_range(0.0..1.0);
            disk = disk.after_power_cut(|| rng.random_bool(share));
        }
        let store = on(&disk);
        let found = Model::of(&store);
        assert!(found == model || found == in_doubt, "seed {seed}: what was told as kept is not there");
        model = found;
        clean(&store);
    }
}

#[test]
fn a_power_cut_at_any_instant_takes_nothing_that_was_told_as_kept() {
    for seed in 0..150 {
        cut_power(seed);
    }
}

/// `just soak` runs it.
#[test]
#[ignore = "takes minutes"]
fn a_power_cut_takes_nothing_in_thousands_of_runs() {
    for seed in 1_000..6_000 {
        cut_power(seed);
    }
}
