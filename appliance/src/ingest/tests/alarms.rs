//! An alarm stands as long as what it is about, and not longer.

use domain::{Eui64, PanId};
use radio::event::{Family, Heard, LinkState, NetworkReport};

use super::plant::{Box, Device, MODULE};
use crate::plant::AlarmKey;

const OTHER: Eui64 = Eui64::from_be_bytes([0, 0x13, 0xA2, 0, 0, 0, 0, 9]);

/// The keys that stand on the disk.
fn standing(plant: &mut Box) -> Vec<AlarmKey> {
    plant.commit();
    plant.disk.standing().iter().map(|alarm| alarm.key.clone()).collect()
}

/// A link that was in order once.
fn up() -> Box {
    let mut plant = Box::new();
    plant.hear(Heard::Link(LinkState::Up));
    plant.hear(Heard::Network(NetworkReport {
        family: Family::Zigbee,
        eui64: MODULE,
        firmware: 0,
        hardware: 0,
        pan: Some(PanId(1)),
        channel: Some(11),
        encrypted: true,
        trouble: None,
        join_open_until: None,
    }));
    plant
}

#[test]
fn a_stick_that_is_back_without_a_network_is_not_missed() {
    let mut plant = up();
    plant.hear(Heard::Link(LinkState::Lost { reason: "gone".to_owned() }));
    assert_eq!(standing(&mut plant), [AlarmKey::LinkLost("hall-a".parse().unwrap())]);
    plant.hear(Heard::Link(LinkState::Probing));
    assert_eq!(standing(&mut plant).len(), 1, "not yet known what is there");
    plant.hear(Heard::Link(LinkState::NoNetwork));
    assert!(standing(&mut plant).is_empty());
}

#[test]
fn a_link_that_was_taken_out_of_the_configuration_has_no_alarm() {
    let (stays, goes) = ("hall-b".parse().unwrap(), "hall-a".parse().unwrap());
    for state in [
        LinkState::Lost { reason: "gone".to_owned() },
        LinkState::Foreign { expected: MODULE, found: OTHER, reason: "another address".to_owned() },
    ] {
        let mut plant = up();
        plant.hear(Heard::Link(state));
        assert_eq!(standing(&mut plant).len(), 1);
        plant.crash();
        plant.ingest.keep_links(|link| [&goes, &stays].contains(&link), plant.now.wall);
        assert_eq!(standing(&mut plant).len(), 1, "it is still configured");
        plant.ingest.keep_links(|link| *link == stays, plant.now.wall);
        assert!(standing(&mut plant).is_empty());
    }
}

#[test]
fn a_monitor_that_is_unplugged_need_not_be_initialised() {
    let (mut plant, device) = (Box::new(), Device::new("V3-1", "M-1"));
    let mut tether = device.tether();
    (tether.initialisation, tether.era, tether.count) = (None, None, 0);
    plant.hear(Heard::Tethered(tether));
    assert_eq!(standing(&mut plant), [AlarmKey::NotInitialised("V3-1".parse().unwrap())]);
    plant.hear(Heard::Untethered { serial: "V3-1".parse().unwrap(), module: OTHER });
    assert_eq!(standing(&mut plant).len(), 1, "that was another plug");
    plant.hear(Heard::Untethered { serial: "V3-1".parse().unwrap(), module: MODULE });
    assert!(standing(&mut plant).is_empty());
}
