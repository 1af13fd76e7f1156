//! Law 5: a counter that goes back is a rollover only near its known top; else a reset, never negative, never giant.

use std::time::Duration;

use domain::{CounterWidth, EntryKind, Timestamp};
use radio::event::{CyclesHeard, Heard};

use super::plant::{Box, Device};
use crate::plant::AlarmKey;

fn running() -> (Box, Device) {
    let (mut plant, mut device) = (Box::new(), Device::new("V3-1", "M-1"));
    plant.tether(&device);
    device.make(500);
    plant.cycles(device.newest(500));
    plant.commit();
    (plant, device)
}

fn reset(device: &mut Device) {
    device.made.clear();
    device.count = 0;
    device.era = device.era.map(|era| era + 1);
}

#[test]
fn a_reset_is_never_negative_or_giant_and_a_person_confirms_it() {
    let (mut plant, mut device) = running();
    reset(&mut device);
    plant.tether(&device);
    device.make(5);
    plant.cycles(device.newest(3));
    plant.commit();
    assert_eq!(plant.disk.ledger("M-1"), [("delta", 500), ("reset", 0), ("gap", 2), ("delta", 3)]);
    let id = plant.disk.id("M-1");
    assert_eq!(plant.disk.standing().first().map(|a| &a.key), Some(&AlarmKey::ResetUnconfirmed(id, 1)));

    plant.crash();
    assert!(plant.ingest.confirm_reset(id, 0, "Ada", plant.now).is_err());
    plant.ingest.confirm_reset(id, 1, "Ada", plant.now).unwrap();
    assert!(plant.ingest.confirm_reset(id, 1, "Ada", plant.now).is_err(), "once");
    plant.commit();
    assert!(plant.disk.standing().is_empty());
    let last = plant.disk.kinds("M-1").pop();
    assert!(matches!(last, Some(EntryKind::Adjust { by, confirms: Some(1), .. }) if by == "Ada"));
    assert_eq!(plant.disk.counted("M-1"), 505);
}

#[test]
fn frames_from_before_a_reset_change_nothing_but_what_they_still_bring() {
    let (mut plant, mut device) = running();
    let mut before = device.clone();
    before.make(4);
    reset(&mut device);
    plant.tether(&device);
    device.make(2);
    plant.cycles(device.newest(2));
    plant.cycles(before.packet(400, 500));
    plant.hear(Heard::Tethered(before.tether()));
    plant.hear(Heard::Status(before.status(Some(0))));
    plant.pass(30);
    plant.commit();
    assert_eq!(plant.disk.ledger("M-1"), [("delta", 500), ("reset", 0), ("delta", 2)]);
    // The last cycles of the old counting were on their way when it was reset: they were made.
    plant.cycles(before.newest(4));
    plant.cycles(before.newest(4));
    plant.commit();
    assert_eq!(plant.disk.counted("M-1"), 506);
    assert_eq!(plant.disk.unknown("M-1"), 0);
}

#[test]
fn without_an_era_one_odd_reading_counts_nothing() {
    let mut device = Device::new("V3-1", "M-1");
    device.era = None;
    let mut plant = Box::new();
    plant.tether(&device);
    device.make(500);
    let timeless = |packet: CyclesHeard| CyclesHeard { times: None, ..packet };
    plant.cycles(timeless(device.newest(500)));
    for end in [100, 200, 300, 300, 300] {
        plant.cycles(timeless(device.packet(end - 5, end)));
    }
    plant.pass(60);
    device.make(1);
    plant.cycles(timeless(device.newest(1)));
    plant.commit();
    assert_eq!(plant.disk.ledger("M-1"), [("delta", 501)]);
}

#[test]
fn without_an_era_a_counter_that_goes_on_from_below_was_reset() {
    let mut device = Device::new("V3-1", "M-1");
    device.era = None;
    let mut plant = Box::new();
    plant.tether(&device);
    device.make(500);
    let timeless = |packet: CyclesHeard| CyclesHeard { times: None, ..packet };
    plant.cycles(timeless(device.newest(500)));
    reset(&mut device);
    for _ in 0..3 {
        device.make(2);
        plant.pass(40);
        plant.cycles(timeless(device.newest(2)));
    }
    plant.commit();
    assert_eq!(plant.disk.counted("M-1"), 506);
    assert!(plant.disk.kinds("M-1").contains(&EntryKind::Reset));
}

#[test]
fn a_giant_step_is_not_counted() {
    let (mut plant, device) = running();
    let mut damaged = device.newest(2);
    damaged.count = 4_000_000_000;
    plant.cycles(damaged);
    plant.pass(60);
    plant.commit();
    assert_eq!(plant.disk.counted("M-1"), 500);
}

#[test]
fn a_step_further_than_a_mold_can_have_come_is_not_counted_on_one_reading() {
    for far in [6_000, 19_900_000] {
        let (mut plant, mut device) = running();
        let mut damaged = device.newest(2);
        damaged.count += far;
        plant.cycles(damaged.clone());
        plant.cycles(damaged.clone());
        plant.hear(Heard::Status(radio::event::StatusHeard {
            count: Some(damaged.count + 1),
            ..device.status(None)
        }));
        plant.pass(60);
        device.make(3);
        plant.cycles(device.newest(3));
        plant.cycles(damaged);
        plant.pass(60);
        plant.commit();
        assert_eq!(plant.disk.counted("M-1"), 503, "{far}");
        assert_eq!(plant.disk.unknown("M-1"), 0);
        assert_eq!(plant.kept.last(), Some(&("V3-1".to_owned(), Some(1), 503)));
    }
}

#[test]
fn a_step_that_a_second_reading_goes_on_from_is_counted() {
    let (mut plant, mut device) = running();
    device.make(6_000);
    plant.cycles(device.newest(1));
    plant.commit();
    assert_eq!(plant.disk.counted("M-1"), 500);
    device.make(1);
    plant.pass(20);
    plant.cycles(device.newest(1));
    plant.commit();
    assert_eq!((plant.disk.counted("M-1"), plant.disk.unknown("M-1")), (6_501, 6_000));
}

#[test]
fn a_monitor_that_was_not_heard_for_long_may_have_come_far() {
    let (mut plant, mut device) = running();
    plant.pass(6_000);
    device.make(6_000);
    plant.crash();
    plant.cycles(device.newest(1));
    plant.commit();
    assert_eq!(plant.disk.counted("M-1"), 6_500);
}

#[test]
fn a_counter_at_its_known_top_rolls_over() {
    let mut device = Device::new("V3-1", "M-1");
    device.width = CounterWidth::Bits(16);
    let mut plant = Box::new();
    device.make(65_530);
    plant.tether(&device);
    device.make(10);
    plant.cycles(device.newest(4));
    plant.cycles(CyclesHeard { from_memory: true, ..device.packet(65_530, 65_538) });
    plant.commit();
    assert_eq!(plant.disk.counted("M-1"), 65_540);
    assert_eq!(plant.disk.unknown("M-1"), 65_530);
    assert!(plant.disk.kinds("M-1").contains(&EntryKind::Rollover));
    assert!(!plant.disk.kinds("M-1").contains(&EntryKind::Reset));
    plant.cycles(CyclesHeard { from_memory: true, ..device.packet(0, 65_530) });
    device.make(1);
    plant.cycles(device.newest(1));
    plant.commit();
    assert_eq!((plant.disk.counted("M-1"), plant.disk.unknown("M-1")), (65_541, 0));
    assert_eq!(plant.kept.last(), Some(&("V3-1".to_owned(), Some(1), 5)), "as the device shows it");
}

#[test]
fn a_reset_is_one_alarm_across_a_restart() {
    let (mut plant, mut device) = running();
    reset(&mut device);
    plant.tether(&device);
    device.make(1);
    plant.cycles(device.newest(1));
    plant.commit();
    let before = plant.disk.standing().to_vec();
    plant.crash();
    plant.now.wall = Timestamp::from_millis(plant.now.wall.as_millis() + 60_000);
    plant.now.steady = Duration::from_secs(1);
    plant.cycles(device.newest(1));
    plant.commit();
    assert_eq!(plant.disk.standing(), before);
}
