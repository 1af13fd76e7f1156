//! What Bluetooth monitors alert of, and what their adverts show.

use std::time::Duration;

use domain::{AlertKind, CounterWidth, CycleTime, Generation, Initialisation, MonitorSerial, mold_state};
use radio::command::Ask;
use radio::event::{AlertHeard, Heard, Shown, Tethered};

use super::plant::Box as Plant;
use crate::plant::AlarmKey;

fn serial() -> MonitorSerial {
    MonitorSerial::v4(40_001)
}

/// A V4 monitor on a mold.
fn plant() -> Plant {
    let mut plant = Plant::new();
    let initialisation = Initialisation {
        mold: "M-4001".parse().unwrap(),
        description: String::new(),
        approved: Some(CycleTime::from_millis(20_000)),
        design_life: None,
        baseline: 0,
        on: plant.now.wall,
    };
    plant.hear(Heard::Tethered(Tethered {
        serial: serial(),
        generation: Generation::V4,
        module: None,
        initialisation: Some(initialisation),
        count: 0,
        width: CounterWidth::Bits(32),
        era: Some(7),
    }));
    plant
}

fn alert(plant: &Plant, number: u32, begins: bool, age: Duration) -> AlertHeard {
    AlertHeard {
        serial: serial(),
        era: 7,
        number,
        happened: plant.now.wall.earlier_by(age),
        kind: AlertKind::Hot,
        begins,
        value: 912,
        limit: 850,
    }
}

fn kept(plant: &mut Plant) -> Vec<u32> {
    let now = plant.now;
    let taken = plant.ingest.take(now);
    let kept = taken.acknowledgements.iter().filter_map(|(_, command)| match command.what {
        Ask::AlertsKept { up_to, .. } => Some(up_to),
        _ => None,
    });
    let kept: Vec<u32> = kept.collect();
    let marks: Vec<u32> = taken.batch.alerts.iter().map(|mark| mark.number).collect();
    assert_eq!(kept, marks, "what is told as kept is in the same commit");
    kept
}

fn stands(plant: &Plant) -> Option<String> {
    let key = AlarmKey::Alert(serial(), AlertKind::Hot);
    plant.ingest.alarms.standing().find(|alarm| alarm.key == key).map(|alarm| alarm.detail.clone())
}

#[test]
fn an_alert_is_an_alarm_until_the_monitor_says_that_it_is_over() {
    let mut plant = plant();
    plant.hear(Heard::Alert(alert(&plant, 1, true, Duration::ZERO)));
    assert_eq!(stands(&plant).as_deref(), Some("91.2 °C, limit 85.0 °C"));
    assert_eq!(kept(&mut plant), [1]);
    plant.hear(Heard::Alert(alert(&plant, 2, false, Duration::ZERO)));
    assert_eq!(stands(&plant), None);
    assert_eq!(kept(&mut plant), [2]);
}

#[test]
fn an_alert_that_is_told_again_changes_nothing_and_is_told_as_kept_again() {
    let mut plant = plant();
    plant.hear(Heard::Alert(alert(&plant, 1, true, Duration::ZERO)));
    plant.hear(Heard::Alert(alert(&plant, 2, false, Duration::ZERO)));
    assert_eq!(kept(&mut plant), [2]);
    plant.hear(Heard::Alert(alert(&plant, 1, true, Duration::ZERO)));
    assert_eq!(stands(&plant), None, "it is over");
    let now = plant.now;
    assert!(plant.ingest.take(now).batch.alarms.is_empty());
    plant.hear(Heard::Alert(alert(&plant, 1, true, Duration::ZERO)));
    assert_eq!(kept(&mut plant), [2]);
}

#[test]
fn an_alert_from_memory_is_an_alarm_that_says_it_is_late() {
    let mut plant = plant();
    plant.hear(Heard::Alert(alert(&plant, 1, true, Duration::from_secs(7_200))));
    let detail = stands(&plant).unwrap();
    assert!(detail.ends_with("told late, from the monitor's memory"), "{detail}");
    let happened = plant.now.wall.earlier_by(Duration::from_secs(7_200));
    assert!(plant.ingest.alarms.standing().any(|alarm| alarm.raised == happened));
}

#[test]
fn a_lost_bond_is_an_alarm_on_the_monitors_mold() {
    let mut plant = plant();
    plant.hear(Heard::BondLost { serial: serial() });
    let news = plant.ingest.news();
    let alarms = news.alarms.unwrap();
    assert!(alarms.iter().any(|alarm| alarm.mold.is_some() && alarm.text.contains("needs re-pairing")));
}

#[test]
fn an_advert_keeps_the_floor_live_and_counts_nothing() {
    let mut plant = plant();
    let shown = |count| Shown {
        serial: serial(),
        count,
        cycling: true,
        asleep: false,
        detached: false,
        temperature: None,
        battery: None,
    };
    plant.hear(Heard::Shown(shown(11)));
    plant.hear(Heard::Shown(shown(12)));
    let now = plant.now;
    let news = plant.ingest.news().molds.pop().unwrap();
    assert_eq!(news.count, 0, "cycles are counted when they come over a link");
    assert_eq!(mold_state(&news.facts, now.wall), domain::MoldState::Cycling);
    let taken = plant.ingest.take(now);
    assert!(taken.batch.cycles.is_empty() && taken.batch.ledger.is_empty());
}
