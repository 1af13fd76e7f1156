//! Limits that people set for a mold, and its monitor watches.

use domain::{AlertKind, CounterWidth, Generation, Initialisation, Limit, MonitorSerial, Thresholds};
use radio::event::{Heard, Tethered};

use super::plant::Box as Plant;

const FIRST: u32 = 40_001;
const SECOND: u32 = 40_002;

fn tether(plant: &mut Plant, monitor: u32) {
    let initialisation = Initialisation {
        mold: "M-4001".parse().unwrap(),
        description: String::new(),
        approved: None,
        design_life: None,
        baseline: 0,
        on: plant.now.wall,
    };
    plant.hear(Heard::Tethered(Tethered {
        serial: MonitorSerial::v4(monitor),
        generation: Generation::V4,
        module: None,
        initialisation: Some(initialisation),
        count: 0,
        width: CounterWidth::Bits(32),
        era: Some(monitor),
    }));
}

fn says(plant: &mut Plant, monitor: u32, thresholds: &Thresholds) {
    let serial = MonitorSerial::v4(monitor);
    plant.hear(Heard::Thresholds { serial, thresholds: thresholds.clone() });
}

fn hot() -> Thresholds {
    let mut hot = Thresholds::default();
    hot.set(AlertKind::Hot, Some(Limit { at: 850, hysteresis: 20 })).unwrap();
    hot
}

fn told(plant: &mut Plant) -> Vec<(String, Thresholds)> {
    std::mem::take(&mut plant.watches)
}

#[test]
fn a_monitor_is_told_until_it_says_that_it_watches_what_was_set() {
    let mut plant = Plant::new();
    tether(&mut plant, FIRST);
    says(&mut plant, FIRST, &Thresholds::default());
    plant.pass(600);
    assert_eq!(told(&mut plant), [], "nobody set anything");
    plant.commit();
    let mold = plant.disk.id("M-4001");
    plant.ingest.watch(mold, hot()).unwrap();
    plant.pass(2);
    assert_eq!(told(&mut plant), [("V4-00040001".to_owned(), hot())]);
    plant.pass(290);
    assert_eq!(told(&mut plant), [], "it may be without a link");
    plant.pass(20);
    assert_eq!(told(&mut plant).len(), 1, "it has not said that it does");
    says(&mut plant, FIRST, &hot());
    plant.pass(600);
    assert_eq!(told(&mut plant), []);
    let news = plant.ingest.news().molds.pop().unwrap();
    assert_eq!((news.wished, news.watches), (Some(hot()), Some(hot())));
}

#[test]
fn what_was_set_is_kept_and_goes_with_the_mold_to_its_next_monitor() {
    let mut plant = Plant::new();
    tether(&mut plant, FIRST);
    plant.commit();
    let mold = plant.disk.id("M-4001");
    plant.ingest.watch(mold, hot()).unwrap();
    plant.commit();
    plant.crash();
    plant.pass(10);
    assert_eq!(told(&mut plant), [], "what it watches it has not said since the start");
    says(&mut plant, FIRST, &hot());
    tether(&mut plant, SECOND);
    says(&mut plant, SECOND, &Thresholds::default());
    plant.pass(2);
    assert_eq!(told(&mut plant), [("V4-00040002".to_owned(), hot())]);
}

#[test]
fn a_mold_that_is_not_known_is_refused() {
    let mut plant = Plant::new();
    plant.ingest.watch(domain::MoldId(7), hot()).unwrap_err();
    assert!(!plant.ingest.is_due());
}
