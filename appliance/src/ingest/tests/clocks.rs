//! Laws 7 and 8: the box's clock may do what it wants; late data is late.

use domain::{TimeSource, Timestamp};
use proptest::prelude::*;
use radio::event::CyclesHeard;

use super::plant::{Box, Device};

proptest! {
    #[test]
    fn clock_steps_lose_and_reorder_nothing(steps in prop::collection::vec((-90_000i64..90_000, 1..6u64, 0..3u64), 1..40)) {
        let (mut plant, mut device) = (Box::new(), Device::new("V3-1", "M-1"));
        plant.tether(&device);
        for (step, cycles, lost) in steps {
            device.make(lost);
            device.make(cycles);
            plant.pass(20 * (lost + cycles));
            plant.now.wall = Timestamp::from_millis(plant.now.wall.as_millis() + step * 1000);
            plant.cycles(device.newest(usize::try_from(cycles).unwrap()));
            plant.commit();
        }
        for from in (0..device.made.len()).step_by(5) {
            let to = (from + 5).min(device.made.len());
            plant.cycles(CyclesHeard { from_memory: true, ..device.packet(from, to) });
        }
        plant.commit();
        prop_assert_eq!(plant.disk.counted("M-1") as u64, device.count);
        let history = plant.disk.history("M-1");
        prop_assert_eq!(history.len(), device.made.len());
        let times: Vec<_> = history.iter().map(|cycle| cycle.cycle_time.as_millis()).collect();
        let made: Vec<_> = device.made.iter().map(|(_, took)| *took).collect();
        prop_assert_eq!(times, made, "every cycle has its own place");
        prop_assert!(history.is_sorted_by(|a, b| a.ended <= b.ended));
    }
}

#[test]
fn a_forward_step_of_the_clock_gives_a_shelved_monitor_no_mold() {
    let (mut plant, mut old) = (Box::new(), Device::new("V3-1", "M-1"));
    plant.tether(&old);
    old.make(10);
    plant.cycles(old.newest(10));
    plant.pass(60);
    let mut new = Device::new("V3-2", "M-1");
    plant.tether(&new);
    new.make(1);
    plant.cycles(new.newest(1));
    plant.now.wall = Timestamp::from_millis(plant.now.wall.as_millis() + 86_400_000);
    old.make(3);
    plant.cycles(old.newest(3));
    plant.commit();
    assert_eq!(plant.disk.counted("M-1"), 11);
    let lasting = plant.disk.assignments.values().find(|assignment| assignment.until.is_none());
    assert_eq!(lasting.map(|assignment| assignment.monitor.as_str()), Some("V3-2"));
}

#[test]
fn a_cycle_ends_when_the_device_says_it_did() {
    let (mut plant, mut device) = (Box::new(), Device::new("V3-1", "M-1"));
    plant.tether(&device);
    device.make(3);
    // Sent 7 s after its end.
    device.clock += 7_000;
    plant.pass(70);
    plant.cycles(device.newest(3));
    plant.commit();
    let history = plant.disk.history("M-1");
    let ages: Vec<_> = history.iter().map(|cycle| plant.now.wall.since(cycle.ended).as_millis()).collect();
    assert_eq!(ages, [7_000 + 20_010 + 20_020, 7_000 + 20_020, 7_000]);
    assert!(history.iter().all(|cycle| cycle.source == TimeSource::Device && !cycle.flags.late));
}

#[test]
fn late_data_fills_history_and_raises_no_stale_notification() {
    let (mut plant, mut device) = (Box::new(), Device::new("V3-1", "M-1"));
    plant.tether(&device);
    device.make(1);
    plant.cycles(device.newest(1));
    plant.commit();
    device.make(400);
    plant.pass(8_000);
    device.make(1);
    plant.pass(20);
    plant.cycles(device.newest(1));
    plant.commit();
    plant.ingest.news();
    for from in (1..401).step_by(20) {
        plant.cycles(CyclesHeard { from_memory: true, ..device.packet(from, from + 20) });
    }
    plant.commit();
    let history = plant.disk.history("M-1");
    assert_eq!(history.iter().filter(|cycle| cycle.flags.late).count(), 400);
    assert!(history.iter().filter(|cycle| !cycle.flags.late).count() == 2);
    let news = plant.ingest.news();
    let mold = news.molds.first().unwrap();
    assert_eq!(
        mold.facts.last_ended,
        history.last().map(|cycle| cycle.ended),
        "the floor shows the newest cycle"
    );
    assert!(news.alarms.is_none());
    assert!(plant.disk.standing().is_empty());
}

#[test]
fn a_device_without_a_clock_is_timed_by_what_the_box_heard() {
    let (mut plant, mut device) = (Box::new(), Device::new("V3-1", "M-1"));
    plant.tether(&device);
    device.make(2);
    plant.pass(45);
    plant.cycles(CyclesHeard { times: None, ..device.newest(2) });
    plant.commit();
    let sources: Vec<_> = plant.disk.history("M-1").iter().map(|cycle| cycle.source).collect();
    assert_eq!(sources, [TimeSource::Estimated, TimeSource::Received]);
    let last = plant.disk.history("M-1").last().map(|cycle| cycle.ended);
    assert_eq!(last, Some(plant.now.wall));
}

#[test]
fn a_monitor_is_told_the_time_when_it_is_plugged_in_and_once_a_day() {
    let (mut plant, device) = (Box::new(), Device::new("V3-1", "M-1"));
    plant.pass(10);
    assert_eq!(plant.times, []);
    plant.tether(&device);
    plant.pass(1);
    assert_eq!(plant.times, [("V3-1".to_owned(), plant.now.wall)]);
    // It tethers again and again until it hears that it is kept.
    plant.tether(&device);
    plant.pass(86_000);
    assert_eq!(plant.times.len(), 1);
    plant.pass(1_000);
    assert_eq!(plant.times.len(), 2);
}

#[test]
fn after_a_start_the_monitors_are_told_the_time_a_few_at_once() {
    let mut plant = Box::new();
    for serial in ["V3-1", "V3-2", "V3-3", "V3-4", "V3-5", "V3-6"] {
        plant.tether(&Device::new(serial, serial));
    }
    plant.pass(1);
    assert_eq!(plant.times.len(), 4);
    plant.pass(1);
    assert_eq!(plant.times.len(), 6);
}
