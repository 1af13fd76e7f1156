//! History against a plain map, with all that happens to a clock and a radio.

use std::collections::BTreeMap;
use std::ops::ControlFlow;

use domain::{Cycle, CycleFlags, CycleTime, MoldId, Temperature, TimeSource, Timestamp};
use proptest::prelude::*;

use super::chunk::{encode, samples};
use super::piece::Piece;
use super::{ALWAYS, End, pack_into, tighten};
use crate::plant::Batch;
use crate::store::{DailyRollup, Store, StoreKeys};

const START: i64 = 1_700_000_000_000;

fn open(dir: &tempfile::TempDir) -> Store {
    Store::open(dir.path(), &StoreKeys::from_bytes([1; 96])).unwrap()
}

/// A cycle of a plant where clocks step, machines pause for months and monitors are swapped.
fn any_cycle() -> impl Strategy<Value = Cycle> {
    let ended = prop_oneof![
        8 => (0..90 * 86_400_000i64).prop_map(|ms| START + ms),
        1 => 0..86_400_000i64,
        1 => any::<i64>(),
    ];
    let time = prop_oneof![8 => 15_000..25_000u32, 1 => any::<u32>()];
    let temperature = prop_oneof![6 => (50_000..70_000i32).prop_map(Some), 1 => Just(None), 1 => any::<i32>().prop_map(Some)];
    let source =
        prop_oneof![Just(TimeSource::Device), Just(TimeSource::Received), Just(TimeSource::Estimated)];
    (1..2_000u64, ended, time, temperature, source, any::<bool>(), any::<bool>()).prop_map(
        |(ordinal, ended, time, temperature, source, late, first)| Cycle {
            ordinal,
            ended: Timestamp::from_millis(ended),
            cycle_time: CycleTime::from_millis(time),
            temperature: temperature.map(Temperature::from_milli_celsius),
            source,
            flags: CycleFlags { late, first },
        },
    )
}

/// Batches for two molds, in any order of ordinals: gaps, late fills, repetitions.
fn any_batches() -> impl Strategy<Value = Vec<(u32, Vec<Cycle>)>> {
    prop::collection::vec((1..3u32, prop::collection::vec(any_cycle(), 1..120)), 1..12)
}

/// A plain run: what most batches look like.
fn run(first: u64, count: u64, begin: i64) -> Vec<Cycle> {
    (0..count)
        .map(|n| Cycle {
            ordinal: first + n,
            ended: Timestamp::from_millis(begin + i64::try_from(n).unwrap() * 20_000),
            cycle_time: CycleTime::from_millis(20_000),
            temperature: Some(Temperature::from_milli_celsius(60_000)),
            source: TimeSource::Device,
            flags: CycleFlags::default(),
        })
        .collect()
}

fn commit(store: &Store, mold: u32, cycles: Vec<Cycle>) {
    store.commit(&Batch { cycles: vec![(MoldId(mold), cycles)], ..Batch::default() }).unwrap();
}

fn between(store: &Store, mold: u32, from: i64, to: i64) -> Vec<Cycle> {
    let mut found = Vec::new();
    store
        .cycles(MoldId(mold), Timestamp::from_millis(from), Timestamp::from_millis(to), |cycle| {
            found.push(cycle);
            ControlFlow::Continue(())
        })
        .unwrap();
    found
}

fn everything(store: &Store, mold: u32) -> Vec<Cycle> {
    let mut found = Vec::new();
    store
        .cycles_from(MoldId(mold), 0, |cycle| {
            found.push(cycle);
            ControlFlow::Continue(())
        })
        .unwrap();
    found
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn rollups_equal_raw(batches in any_batches(), from in -5i64..95, days in 0i64..95, ms in 0..86_400_000i64) {
        let dir = tempfile::tempdir().unwrap();
        let store = open(&dir);
        let mut model: BTreeMap<u32, BTreeMap<u64, Cycle>> = BTreeMap::new();
        for (mold, cycles) in batches {
            let there = model.entry(mold).or_default();
            // The first of two cycles with the same ordinal in one batch is as good as the one on disk.
            let mut sorted = cycles.clone();
            sorted.sort_by_key(|cycle| cycle.ordinal);
            for cycle in sorted {
                there.entry(cycle.ordinal).or_insert(cycle);
            }
            commit(&store, mold, cycles);
            if mold % 2 == 0 {
                store.checkpoint().unwrap();
            }
        }
        for (mold, cycles) in &model {
            let all: Vec<Cycle> = cycles.values().copied().collect();
            prop_assert_eq!(&everything(&store, *mold), &all);

            let mut sums: BTreeMap<i64, DailyRollup> = BTreeMap::new();
            for cycle in &all {
                let day = cycle.ended.utc_day();
                sums.entry(day).or_insert_with(|| DailyRollup::empty(day)).add(cycle);
            }
            let daily = store.daily(MoldId(*mold), i64::MIN, i64::MAX).unwrap();
            prop_assert_eq!(&daily, &sums.values().copied().collect::<Vec<_>>());

            let (from, to) = (START + from * 86_400_000 + ms, START + (from + days) * 86_400_000);
            let wanted = all.iter().filter(|c| (from..to).contains(&c.ended.as_millis())).copied();
            prop_assert_eq!(between(&store, *mold, from, to), wanted.collect::<Vec<_>>());
            let latest = all.iter().filter(|c| c.ended.as_millis() < i64::MAX).copied().collect::<Vec<_>>();
            prop_assert_eq!(between(&store, *mold, i64::MIN, i64::MAX), latest);
        }
        let window = (START / 86_400_000 + from, START / 86_400_000 + from + days);
        let mut of_all = Vec::new();
        store.daily_of_all(window.0, window.1, |mold, day| of_all.push((mold, *day))).unwrap();
        let of_each = |mold: &u32| {
            let days = store.daily(MoldId(*mold), window.0, window.1).unwrap();
            days.into_iter().map(|day| (MoldId(*mold), day)).collect::<Vec<_>>()
        };
        let mut expected: Vec<_> = model.keys().flat_map(of_each).collect();
        expected.sort_by_key(|(mold, day)| (day.day.div_euclid(32), *mold, day.day));
        prop_assert_eq!(of_all, expected);
        // The ledger of these molds is empty; history itself is sound.
        let report = crate::store::check(&store).unwrap();
        let unsound = report.findings.iter().filter(|f| f.place.contains("day") || f.place.contains("table"));
        prop_assert_eq!(unsound.count(), 0);
    }
}

/// A box of earlier days: something late made a chunk of a block, and the last block stayed what it was.
#[test]
fn a_block_of_earlier_days_behind_a_chunk_takes_what_comes() {
    let cycles = samples::regular(1, 150);
    let memory = redb::backends::InMemoryBackend::new();
    let database = redb::Builder::new().create_with_backend(memory).unwrap();
    let txn = database.begin_write().unwrap();
    let mut table = txn.open_table(crate::store::tables::HISTORY).unwrap();
    let (key, block) = super::block::tests::written(&cycles[100..140]);
    table.insert((1, cycles[0].ordinal), encode(&cycles[..100]).unwrap().as_slice()).unwrap();
    table.insert((1, key), block.as_slice()).unwrap();
    for (end, new) in [(End::Tight, &cycles[140..]), (End::Loose, &cycles[140..]), (End::Tight, &[])] {
        let mut all: BTreeMap<u64, Option<Vec<u8>>> = BTreeMap::from([
            (cycles[0].ordinal, Some(encode(&cycles[..100]).unwrap())),
            (key, Some(block.clone())),
        ]);
        let mut write = |key, bytes| drop(all.insert(key, bytes));
        match new {
            [] => tighten(&table, MoldId(1), &mut write).unwrap(),
            new => pack_into(&table, MoldId(1), new, end, &mut write).unwrap(),
        }
        let mut found = Vec::new();
        for (key, bytes) in all.iter().filter_map(|(key, bytes)| Some((key, bytes.as_ref()?))) {
            Piece::parse(*key, bytes).unwrap().range(ALWAYS, (0, u64::MAX), &mut found).unwrap();
        }
        assert_eq!(found, cycles[..140 + new.len()]);
    }
}

#[test]
fn a_late_fill_lands_between_its_neighbours() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let all = run(1, 20_000, START);
    commit(&store, 1, all[..5_000].to_vec());
    commit(&store, 1, all[9_000..20_000].to_vec());
    for piece in all[5_000..9_000].chunks(37).rev() {
        commit(&store, 1, piece.to_vec());
    }
    assert_eq!(everything(&store, 1), all);
    let day: Vec<Cycle> =
        all.iter().filter(|c| c.ended.utc_day() == START / 86_400_000 + 1).copied().collect();
    let begin = (START / 86_400_000 + 1) * 86_400_000;
    assert_eq!(between(&store, 1, begin, begin + 86_400_000), day);
}

#[test]
fn a_reader_that_has_enough_is_given_no_more() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    commit(&store, 1, run(1, 5_000, START));
    let mut seen = 0;
    store
        .cycles_from(MoldId(1), 4_000, |cycle| {
            assert_eq!(cycle.ordinal, 4_000 + seen);
            seen += 1;
            if seen == 10 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        })
        .unwrap();
    assert_eq!(seen, 10);
}

#[test]
fn a_clock_that_stood_in_1970_costs_nothing_later() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    commit(&store, 1, run(1, 1, i64::MIN));
    commit(&store, 1, run(2, 3, START));
    commit(&store, 1, run(5, 1, i64::MAX - 1));
    let days = store.daily(MoldId(1), i64::MIN, i64::MAX).unwrap();
    assert_eq!(days.iter().map(|day| day.cycles).collect::<Vec<_>>(), [1, 3, 1]);
    assert_eq!(between(&store, 1, START, START + 1).len(), 1);
}

#[test]
fn a_cycle_costs_less_than_eight_bytes() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    let mut n = 0;
    for _ in 0..100 {
        let mut batch = Batch::default();
        for mold in 1..=10u32 {
            let mut cycles = run(n + 1, 100, START + i64::try_from(n).unwrap() * 20_000);
            for cycle in &mut cycles {
                let jitter = u32::try_from(cycle.ordinal * 7_919 % 800).unwrap();
                cycle.cycle_time = CycleTime::from_millis(19_600 + jitter);
                let degrees = i32::try_from(cycle.ordinal * 31 % 7).unwrap();
                cycle.temperature = Some(Temperature::from_milli_celsius(60_000 + 100 * degrees));
            }
            batch.cycles.push((MoldId(mold), cycles));
        }
        n += 100;
        store.commit(&batch).unwrap();
    }
    let stored = store.read(|txn| {
        use redb::ReadableTableMetadata;
        let stats = txn.open_table(crate::store::tables::HISTORY)?.stats()?;
        Ok(stats.stored_bytes() + stats.metadata_bytes() + stats.fragmented_bytes())
    });
    let bytes = stored.unwrap() as f64 / 100_000.0;
    assert!(bytes < 8.0, "{bytes} bytes a cycle");
}
