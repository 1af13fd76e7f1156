//! What a person gets to see, from a real store.

use std::sync::Arc;
use std::time::Duration;

use dashboard::port::{Handle, Person, Refusal, Viewer};
use domain::{
    Cycle, CycleFlags, CycleTime, EntryKind, LedgerEntry, Mold, MoldId, Role, Temperature, TimeSource,
    Timestamp,
};

use super::{Desk, Keeping};
use crate::audit::Trail;
use crate::clock::Clock;
use crate::ingest::{Driver, RadioLinks, Settings};
use crate::live::Live;
use crate::plant::{Batch, LedgerChange};
use crate::store::{Store, StoreKeys};

const START: i64 = 1_764_000_000_000;

struct Standing(Timestamp);

impl Clock for Standing {
    fn now(&self) -> Timestamp {
        self.0
    }
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(START).later_by(Duration::from_secs(seconds))
}

/// A mold that made a cycle every 20 s, with a pause of an hour in the middle.
fn plant(cycles: u64) -> (tempfile::TempDir, Arc<dyn Viewer>) {
    looked_at(desk_of(cycles, |ordinal| if ordinal == cycles / 2 { (3_600, true) } else { (20, false) }))
}

/// The same for a mold whose cycles took other times.
fn plant_of(cycles: u64, time: impl Fn(u64) -> (u64, bool)) -> (tempfile::TempDir, Arc<dyn Viewer>) {
    looked_at(desk_of(cycles, time))
}

/// A mold whose cycles took so many seconds each; a first one follows a pause.
fn desk_of(cycles: u64, time: impl Fn(u64) -> (u64, bool)) -> (tempfile::TempDir, Desk) {
    let dir = tempfile::tempdir().unwrap();
    let store = Store::open(dir.path(), &StoreKeys::from_bytes([7; 96])).unwrap();
    let mut ended = 0;
    let made = (1..=cycles).map(|ordinal| {
        let (seconds, first) = time(ordinal);
        ended += seconds;
        Cycle {
            ordinal,
            ended: at(ended),
            cycle_time: CycleTime::from_millis(u32::try_from(seconds).unwrap() * 1_000),
            temperature: Some(Temperature::from_milli_celsius(60_000)),
            source: TimeSource::Device,
            flags: CycleFlags { late: false, first },
        }
    });
    let mut batch = Batch {
        molds: vec![Mold {
            id: MoldId(1),
            name: "M-1".parse().unwrap(),
            description: "lid".to_owned(),
            approved: Some(CycleTime::from_millis(20_000)),
            design_life: Some(1_000_000),
            baseline: 5,
            registered: at(0),
        }],
        ..Batch::default()
    };
    batch.cycles.push((MoldId(1), made.collect()));
    let entry = LedgerEntry {
        number: 0,
        at: at(0),
        until: at(ended),
        kind: EntryKind::Delta,
        cycles: i64::try_from(cycles).unwrap(),
        monitor: None,
        device_before: None,
        device_after: None,
    };
    batch.ledger.push((MoldId(1), LedgerChange::Append(entry)));
    store.commit(&batch).unwrap();
    store.checkpoint().unwrap();
    let clock: Arc<dyn Clock> = Arc::new(Standing(at(ended)));
    let live = Arc::new(Live::new(Vec::new(), false, clock.now()));
    let snapshot = store.snapshot().unwrap();
    let settings = Settings::default();
    let (_, handle) = Driver::new(
        snapshot,
        store.clone(),
        Arc::clone(&live),
        Arc::clone(&clock),
        RadioLinks::default(),
        settings,
    );
    let trail = Arc::new(Trail::new(store.clone(), Arc::clone(&clock)));
    let desk = Desk::new(live, store, handle, clock, trail, Keeping::unsaid(at(0)));
    (dir, desk)
}

/// The plant in the hands of whoever may only look.
fn looked_at((dir, desk): (tempfile::TempDir, Desk)) -> (tempfile::TempDir, Arc<dyn Viewer>) {
    (dir, desk.admit(ada(Role::Viewer), None).viewer())
}

fn ada(role: Role) -> Person {
    Person { name: "Ada".to_owned(), role }
}

#[test]
fn the_displayed_count_is_baseline_and_ledger() {
    let (_dir, plant) = plant(1_000);
    let mold = plant.mold(MoldId(1)).unwrap();
    assert_eq!((mold.baseline, mold.counted, mold.tile.count), (5, 1_000, 1_005));
    assert_eq!((mold.ledger_length, mold.ledger.len()), (1, 1));
    assert_eq!(plant.floor().unwrap().molds, [mold.tile]);
    assert!(matches!(plant.mold(MoldId(2)), Err(Refusal::NotFound(_))));
}

#[test]
fn a_pause_is_no_cycle_time_on_any_screen() {
    let (_dir, plant) = plant(1_000);
    let mold = plant.mold(MoldId(1)).unwrap();
    assert_eq!(mold.recent_average, Some(CycleTime::from_millis(20_000)));
    assert_eq!(mold.long_term_average, Some(CycleTime::from_millis(20_000)));
    let chart = plant.cycles(MoldId(1), at(0), at(30_000), 5_000).unwrap();
    assert_eq!(chart.points.len(), 999);
    assert!(chart.points.iter().all(|point| point.max.as_millis() == 20_000));
}

#[test]
fn a_chart_has_no_more_points_than_asked_for_and_loses_no_cycle() {
    let (_dir, plant) = plant(1_000);
    for points in [1, 7, 300, 999] {
        let chart = plant.cycles(MoldId(1), at(0), at(30_000), points).unwrap();
        assert!(chart.points.len() <= points, "{points}");
        assert_eq!(chart.points.iter().map(|point| point.cycles).sum::<u32>(), 999);
        assert!(chart.points.is_sorted_by_key(|point| point.at));
        assert!(chart.points.iter().all(|point| point.temperature.is_some()));
    }
    let years = plant.cycles(MoldId(1), at(0).earlier_by(Duration::from_secs(400 * 86_400)), at(30_000), 50);
    assert_eq!(years.unwrap().points.iter().map(|point| point.cycles).sum::<u32>(), 999);
    assert!(matches!(plant.cycles(MoldId(1), at(5), at(5), 10), Err(Refusal::Invalid(_))));
}

#[test]
fn a_stop_is_no_point_of_a_chart_however_few_points_there_are() {
    // Three times approved is 60 s.
    let times = |ordinal: u64| match ordinal % 50 {
        7 => (61, false),
        31 => (60, false),
        _ => (20, false),
    };
    let (_dir, plant) = plant_of(5_000, times);
    for points in [1, 40, 4_899, 5_000] {
        let chart = plant.cycles(MoldId(1), at(0), at(200_000), points).unwrap();
        assert_eq!(chart.points.iter().map(|point| point.cycles).sum::<u32>(), 4_900, "{points}");
        assert_eq!(chart.points.iter().map(|point| point.max.as_millis()).max(), Some(60_000));
    }
}

#[tokio::test]
async fn a_join_window_has_limits() {
    let (_dir, desk) = desk_of(10, |_| (20, false));
    let Handle::Administrator(plant) = desk.admit(ada(Role::Administrator), None) else {
        panic!("an administrator holds less than the plant")
    };
    let link: domain::LinkName = "hall-a".parse().unwrap();
    for seconds in [0, 255] {
        let answer = plant.open_join(link.clone(), Duration::from_secs(seconds)).await;
        assert!(matches!(answer, Err(Refusal::Invalid(_))), "{seconds}");
    }
}

#[test]
fn nothing_a_person_asks_for_takes_longer_than_the_longest() {
    for patience in [super::PATIENCE, super::DISCOVERY, super::FORMING] {
        assert!(patience <= super::LONGEST);
    }
}

#[test]
fn a_person_holds_what_their_role_may_and_no_more() {
    let (_dir, desk) = desk_of(10, |_| (20, false));
    let held = |role| desk.admit(ada(role), None);
    assert!(matches!(held(Role::Viewer), Handle::Viewer(_)));
    assert!(matches!(held(Role::Technician), Handle::Technician(_)));
    assert!(matches!(held(Role::ToolingManager), Handle::Technician(_)));
    assert!(matches!(held(Role::Administrator), Handle::Administrator(_)));
}

#[tokio::test]
async fn what_a_radio_is_told_is_written_down_and_so_is_what_it_did_not_do() {
    let (_dir, desk) = desk_of(10, |_| (20, false));
    let Handle::Administrator(plant) = desk.admit(ada(Role::Administrator), "192.0.2.7".parse().ok()) else {
        panic!("an administrator holds less than the plant")
    };
    plant.close_join("hall-a".parse().unwrap()).await.unwrap_err();
    let trail = desk.store.trail(None, 9).unwrap();
    let told: Vec<_> = trail
        .iter()
        .map(|kept| (kept.entry.who.as_str(), kept.entry.from.as_str(), kept.entry.after.as_deref().unwrap()))
        .collect();
    assert_eq!(told[1], ("Ada", "192.0.2.7", "close the join window"));
    assert_eq!(told[0], ("Ada", "192.0.2.7", "not done: the box could not do this; its log says why"));
}
