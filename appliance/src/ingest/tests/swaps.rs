//! Law 6: the count belongs to the mold, whichever monitor counts and wherever it is.

use domain::{Eui64, Generation};
use radio::event::{CyclesHeard, Heard, ModuleReport};

use super::plant::{Box, Device, MODULE};

#[test]
fn a_swapped_monitor_keeps_the_molds_count() {
    let (mut plant, mut old) = (Box::new(), Device::new("V3-1", "M-1"));
    plant.tether(&old);
    old.make(100);
    plant.cycles(old.newest(100));
    plant.commit();
    plant.pass(60);

    let mut new = Device::new("V4-9", "M-1");
    new.era = Some(77);
    let mut tether = new.tether();
    tether.generation = Generation::V4;
    plant.hear(Heard::Tethered(tether));
    new.make(7);
    plant.cycles(new.newest(7));
    plant.commit();
    assert_eq!(plant.disk.ledger("M-1"), [("delta", 100), ("swap", 0), ("delta", 7)]);
    let (mold, _) = &plant.disk.snapshot.molds[0];
    assert_eq!(mold.baseline, 1_000, "the second record's baseline is not counted again");
    assert_eq!(plant.disk.snapshot.molds.len(), 1);
}

#[test]
fn after_a_restart_the_floor_shows_the_present_monitors_last_cycle() {
    let (mut plant, mut old) = (Box::new(), Device::new("V3-1", "M-1"));
    plant.tether(&old);
    old.make(10);
    plant.cycles(old.newest(10));
    plant.pass(60);
    let mut new = Device::new("V3-2", "M-1");
    plant.tether(&new);
    new.make(2);
    plant.pass(60);
    plant.cycles(new.newest(2));
    // The one that was replaced is written last.
    plant.hear(Heard::Status(old.status(Some(0))));
    plant.pass(61);
    plant.hear(Heard::Status(old.status(Some(0))));
    plant.commit();
    let last = |plant: &mut Box| {
        let news = plant.ingest.news().molds.pop().unwrap();
        (news.facts.last_ended, news.facts.last_cycle)
    };
    let before = last(&mut plant);
    for _ in 0..2 {
        plant.disk.snapshot.monitors.reverse();
        plant.crash();
        assert_eq!(last(&mut plant), before);
    }
}

#[test]
fn what_the_replaced_monitor_made_before_still_counts_and_after_does_not() {
    let (mut plant, mut old) = (Box::new(), Device::new("V3-1", "M-1"));
    plant.tether(&old);
    old.make(10);
    plant.cycles(old.newest(10));
    // Two more, not heard in time.
    old.make(2);
    plant.pass(60);
    let mut new = Device::new("V3-2", "M-1");
    plant.tether(&new);
    new.make(1);
    plant.cycles(new.newest(1));
    plant.pass(5);
    old.clock += 5_000;
    plant.cycles(CyclesHeard { from_memory: true, ..old.newest(2) });
    plant.cycles(CyclesHeard { from_memory: true, ..old.newest(2) });
    plant.hear(Heard::Tethered(Device { count: 10, ..old.clone() }.tether()));
    plant.commit();
    assert_eq!(plant.disk.counted("M-1"), 13);
    assert_eq!(plant.disk.ledger("M-1").iter().filter(|(word, _)| *word == "swap").count(), 1);

    // On a shelf it is closed by hand a few times: the mold listens to the other one.
    plant.pass(90);
    new.make(1);
    plant.cycles(new.newest(1));
    old.make(3);
    plant.cycles(old.newest(3));
    plant.commit();
    assert_eq!(plant.disk.counted("M-1"), 14);
}

#[test]
fn a_replaced_monitor_that_goes_on_counting_has_its_mold_back() {
    let (mut plant, mut old) = (Box::new(), Device::new("V3-1", "M-1"));
    plant.tether(&old);
    old.make(10);
    plant.cycles(old.newest(10));
    let new = Device::new("V3-2", "M-1");
    plant.tether(&new);
    plant.hear(Heard::Untethered { serial: "V3-2".parse().unwrap(), module: MODULE });
    plant.pass(100);
    old.make(2);
    plant.tether(&old);
    old.make(3);
    plant.cycles(old.newest(3));
    plant.commit();
    assert_eq!(plant.disk.counted("M-1"), 15);
    let lasting: Vec<_> = plant.disk.assignments.values().filter(|a| a.until.is_none()).collect();
    assert_eq!(lasting.len(), 1);
    assert_eq!(lasting[0].monitor.as_str(), "V3-1");
}

#[test]
fn a_monitor_initialised_for_another_mold_counts_for_that_one() {
    let (mut plant, mut device) = (Box::new(), Device::new("V3-1", "M-1"));
    plant.tether(&device);
    device.make(10);
    plant.cycles(device.newest(4));
    plant.commit();
    let before = device.clone();
    device = Device { era: Some(2), ..Device::new("V3-1", "M-2") };
    plant.tether(&device);
    device.make(5);
    plant.cycles(device.newest(5));
    // What it still has of the former mold belongs there.
    plant.cycles(CyclesHeard { from_memory: true, ..before.packet(0, 6) });
    plant.hear(Heard::Tethered(before.tether()));
    plant.commit();
    assert_eq!((plant.disk.counted("M-1"), plant.disk.counted("M-2")), (10, 5));
    assert_eq!(plant.disk.unknown("M-1"), 0);
    assert_eq!(plant.disk.ledger("M-2"), [("delta", 5)]);
    assert!(plant.disk.standing().is_empty(), "a monitor that moved is no reset");
}

#[test]
fn a_monitor_on_another_press_is_the_same_monitor() {
    let other = Eui64::from_be_bytes([0, 0x13, 0xA2, 0, 0, 0, 0, 2]);
    let (mut plant, mut device) = (Box::new(), Device::new("V3-1", "M-1"));
    for (eui64, name) in [(MODULE, "P-07"), (other, "P-08")] {
        let report = ModuleReport { eui64, short: None, name: Some(name.to_owned()), rssi_dbm: None };
        plant.hear(Heard::Module(report));
    }
    plant.tether(&device);
    device.make(3);
    plant.cycles(device.newest(3));
    let press = |plant: &mut Box| plant.ingest.news().molds.pop().and_then(|mold| mold.press);
    assert_eq!(press(&mut plant).as_deref(), Some("P-07"));
    plant.hear(Heard::Untethered { serial: "V3-1".parse().unwrap(), module: MODULE });
    plant.hear(Heard::Tethered(radio::event::Tethered { module: Some(other), ..device.tether() }));
    device.make(3);
    plant.cycles(CyclesHeard { module: Some(other), ..device.newest(3) });
    // The end of the former tethering, told again, unplugs nothing.
    plant.hear(Heard::Untethered { serial: "V3-1".parse().unwrap(), module: MODULE });
    assert_eq!(press(&mut plant).as_deref(), Some("P-08"));
    plant.commit();
    assert_eq!(plant.disk.ledger("M-1"), [("delta", 6)]);
}
