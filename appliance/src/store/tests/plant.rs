//! A small plant to write down.

use domain::{
    Cycle, CycleFlags, CycleTime, EntryKind, LedgerEntry, Mold, MoldId, Temperature, TimeSource, Timestamp,
};

use crate::plant::{Batch, Device, Gap, LedgerChange, MonitorRecord};
use crate::store::{Store, StoreKeys, disk};

pub(in crate::store) const DAY: i64 = 86_400_000;
/// 14 November 2023, a while before midnight UTC.
pub(in crate::store) const START: i64 = 1_700_000_000_000;

/// A store that packs every few commits: so many cycles wait at most, and so long is a segment of the journal.
pub(in crate::store) const SMALL: (usize, u64) = (1_000, 64 << 10);

pub(in crate::store) fn key() -> StoreKeys {
    StoreKeys::from_bytes([42; 96])
}

/// The database under the store, for those who alter it behind the store's back.
pub(in crate::store) fn database(dir: &std::path::Path) -> redb::Database {
    disk::database_in(&dir.join(crate::store::FILE), &key().sectors).unwrap()
}

pub(in crate::store) fn open(dir: &std::path::Path) -> Store {
    Store::open(dir, &key()).unwrap()
}

pub(in crate::store) fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(START + millis)
}

pub(in crate::store) fn mold(id: u32) -> Mold {
    Mold {
        id: MoldId(id),
        name: format!("M-{id}").parse().unwrap(),
        description: "lid".to_owned(),
        approved: Some(CycleTime::from_millis(20_000)),
        design_life: Some(1_000_000),
        baseline: 1_000 * u64::from(id),
        registered: at(0),
    }
}

pub(in crate::store) fn cycle(ordinal: u64) -> Cycle {
    let jitter = u32::try_from(ordinal * 7919 % 400).unwrap();
    Cycle {
        ordinal,
        ended: at(i64::try_from(ordinal).unwrap() * 20_000),
        cycle_time: CycleTime::from_millis(19_800 + jitter),
        temperature: Some(Temperature::from_milli_celsius(
            i32::try_from(60_000 + ordinal % 30 * 100).unwrap(),
        )),
        source: TimeSource::Device,
        flags: CycleFlags::default(),
    }
}

pub(in crate::store) fn cycles(ordinals: std::ops::RangeInclusive<u64>) -> Vec<Cycle> {
    ordinals.map(cycle).collect()
}

pub(in crate::store) fn entry(number: u64, kind: EntryKind, cycles: i64) -> LedgerEntry {
    LedgerEntry {
        number,
        at: at(0),
        until: at(0),
        kind,
        cycles,
        monitor: "V3-00000001".parse().ok(),
        device_before: Some(0),
        device_after: u64::try_from(cycles).ok(),
    }
}

pub(in crate::store) fn append(mold: u32, number: u64, kind: EntryKind, cycles: i64) -> Batch {
    let change = LedgerChange::Append(entry(number, kind, cycles));
    Batch { ledger: vec![(MoldId(mold), change)], ..Batch::default() }
}

pub(in crate::store) fn grow(mold: u32, number: u64, cycles: u64) -> Batch {
    let change = LedgerChange::Grow { number, cycles, until: at(1), device_after: Some(cycles) };
    Batch { ledger: vec![(MoldId(mold), change)], ..Batch::default() }
}

/// Steady counting of a mold that is new to the box.
pub(in crate::store) fn counted(id: u32, ordinals: u64) -> Batch {
    let mut batch = append(id, 0, EntryKind::Delta, i64::try_from(ordinals).unwrap());
    batch.molds.push(mold(id));
    batch.cycles.push((MoldId(id), cycles(1..=ordinals)));
    batch
}

/// The next cycles of a mold whose ledger is one run of `so_far` cycles.
pub(in crate::store) fn more(id: u32, so_far: u64, cycles_more: u64) -> Batch {
    let mut batch = grow(id, 0, cycles_more);
    batch.cycles.push((MoldId(id), cycles(so_far + 1..=so_far + cycles_more)));
    batch
}

pub(in crate::store) fn history(store: &Store, mold: u32) -> Vec<Cycle> {
    let mut all = Vec::new();
    store
        .cycles_from(MoldId(mold), 0, |cycle| {
            all.push(cycle);
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    all
}

pub(in crate::store) fn clean(store: &Store) {
    let report = crate::store::check(store).unwrap();
    assert!(report.is_clean(), "{:#?}", report.findings);
}

/// A monitor of mold 1 with a gap that it may still fill.
pub(in crate::store) fn monitor() -> MonitorRecord {
    MonitorRecord {
        serial: "V3-00000001".parse().unwrap(),
        generation: domain::Generation::V3,
        mold: Some(MoldId(1)),
        module: "0013A20040522BAA".parse().ok(),
        link: "hall-a".parse().ok(),
        untethered: false,
        asleep: false,
        device: Some(Device {
            mold: MoldId(1),
            start: 1_000,
            count: 1_305,
            width: domain::CounterWidth::Bits(32),
            era: Some(1),
            kept_up_to: 1_260,
            gaps: vec![Gap {
                after: 1_260,
                cycles: 40,
                first_ordinal: 261,
                not_before: Some(at(5_200_000)),
                not_after: None,
            }],
            last_end: Some(at(6_000_000)),
            last_device_end: Some(77),
            last_cycle: Some(CycleTime::from_millis(20_000)),
            closed: None,
        }),
        past: Vec::new(),
        last_heard: Some(at(6_000_000)),
        battery: domain::Percent::new(80),
        temperature: Some(Temperature::from_milli_celsius(61_500)),
        unacknowledged: Some(3),
    }
}
