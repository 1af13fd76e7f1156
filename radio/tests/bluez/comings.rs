//! Adapters and bluetoothd come and go; adverts are heard.

use radio::v4::Address;
use radio::v4::advert::{Company, Ours, Waiting};
use radio::v4::air::{Act, Doing, Fact, Failure, Way};
use radio::v4::open::{Characteristic, SERVICE};

use crate::bench::on_a_bus;
use radio::sim::bluetoothd::Pairing;

use crate::monitor::{Monitor, comes_to};
use crate::world::{ADAPTER, World};

#[test]
fn a_bluetoothd_that_ends_takes_all_along_and_another_one_brings_all_back() {
    on_a_bus(|place| async move {
        let mut world = World::new(&place).await;
        world.act(Act::Scan { adapter: world.adapter.clone(), on: true }).await;
        world.enrol().await;
        world.subscribe(Characteristic::Cycles).await;
        for round in 2..5 {
            world.fake.die().await;
            world.told(&Fact::Disconnected { way: world.way.clone() }).await;
            world.told(&Fact::Went { adapter: world.adapter.clone() }).await;
            world.act(Act::Connect(world.way.clone())).await;
            assert_eq!(world.failed(Doing::Connect).await, Failure::Vanished);

            world.fake.start().await.unwrap();
            world.told(&Fact::Came { adapter: world.adapter.clone(), slots: 3 }).await;
            assert_eq!(world.fake.state().agents, round, "the agent stands before any adapter is told");
            comes_to(&world.fake, "it scans again", |state| state.scanners.len() == 1).await;
            world.connect().await;
            world.subscribe(Characteristic::Cycles).await;
            world.fake.send(&world.path, Characteristic::Cycles.uuid(), b"again").await;
            assert_eq!(world.value(Characteristic::Cycles).await, b"again");
        }
        assert_eq!(world.fake.called("Device1.Pair"), 1, "the bond was enough");
        world.end().await;
    });
}

#[test]
fn an_adapter_that_is_unplugged_went_with_its_links_and_comes_back() {
    on_a_bus(|place| async move {
        let mut world = World::new(&place).await;
        let second = Address::from_be_bytes([0x00, 0x1A, 0x7D, 0xDA, 0x71, 0x14]);
        world.fake.plug("hci1", second).await;
        let other: domain::LinkName = "ble-001a7dda7114".parse().unwrap();
        world.told(&Fact::Came { adapter: other.clone(), slots: 3 }).await;
        world.enrol().await;
        world.fake.unplug("hci0").await;
        world.told(&Fact::Disconnected { way: world.way.clone() }).await;
        world.told(&Fact::Went { adapter: world.adapter.clone() }).await;
        world.act(Act::Connect(world.way.clone())).await;
        assert_eq!(world.failed(Doing::Connect).await, Failure::Vanished);
        assert!(!world.seen.contains(&Fact::Went { adapter: other }), "the other one stayed");

        // In another place on the bus: its name is that of its address.
        let path = world.fake.place("hci2", Monitor::new(world.way.address, Pairing::JustWorks));
        world.fake.plug("hci2", ADAPTER).await;
        world.told(&Fact::Came { adapter: world.adapter.clone(), slots: 3 }).await;
        world.path = path;
        world.connect().await;
        world.end().await;
    });
}

#[test]
fn an_adapter_that_is_off_is_switched_on_before_it_is_told() {
    on_a_bus(|place| async move {
        let mut world = World::new(&place).await;
        let off = std::collections::HashMap::from([("Powered".to_owned(), false.into())]);
        world.fake.change("/org/bluez/hci0", radio::sim::bluetoothd::ADAPTER, off).await;
        world.told(&Fact::Went { adapter: world.adapter.clone() }).await;
        world.told(&Fact::Came { adapter: world.adapter.clone(), slots: 3 }).await;
        world.end().await;
    });
}

#[test]
fn an_advert_is_told_with_its_strength_each_time_it_is_heard() {
    on_a_bus(|place| async move {
        let mut world = World::new(&place).await;
        world.act(Act::Scan { adapter: world.adapter.clone(), on: true }).await;
        comes_to(&world.fake, "it scans, and wants duplicates", |state| {
            state.scanners.len() == 1 && state.duplicates.len() == 1
        })
        .await;
        let serial = 12_345_u32;
        let waiting = [&[0x11_u8][..], &serial.to_be_bytes(), &[1]].concat();
        for rssi in [-60_i16, -61, -61] {
            world.fake.hear(&world.path, rssi, None, Some((SERVICE, &waiting))).await;
            let (way, strength, what) = world
                .find("an advert", |fact| match fact {
                    Fact::Advert { way, rssi_dbm, what } => Some((way.clone(), *rssi_dbm, *what)),
                    _ => None,
                })
                .await;
            assert_eq!((way, i16::from(strength)), (world.way.clone(), rssi));
            assert!(matches!(what, Ours::Waiting(Waiting { .. })), "{what:?}");
        }
        world.fake.hear(&world.path, -62, Some((Company::RUUVI.0, &[5, 0])), None).await;
        world.act(Act::Scan { adapter: world.adapter.clone(), on: false }).await;
        comes_to(&world.fake, "it scans no more", |state| state.scanners.is_empty()).await;
        assert!(!world.seen.iter().any(|it| matches!(it, Fact::Advert { rssi_dbm: -62, .. })));
        world.end().await;
    });
}

#[test]
fn a_monitor_is_another_one_by_another_adapter() {
    on_a_bus(|place| async move {
        let mut world = World::new(&place).await;
        let second = Address::from_be_bytes([0x00, 0x1A, 0x7D, 0xDA, 0x71, 0x14]);
        world.fake.plug("hci1", second).await;
        let path = world.fake.place("hci1", Monitor::new(world.way.address, Pairing::Passkey(7)));
        world.enrol().await;
        world.fake.hear(&path, -50, None, None).await;
        let way = Way { adapter: "ble-001a7dda7114".parse().unwrap(), address: world.way.address };
        world.act(Act::Connect(way.clone())).await;
        world.told(&Fact::Connected { way: way.clone(), mtu: 517 }).await;
        world.act(Act::Subscribe(way.clone(), Characteristic::Cycles)).await;
        let refused = world.failed(Doing::Subscribe(Characteristic::Cycles)).await;
        assert_eq!(refused, Failure::Refused, "a bond belongs to one adapter");
        world.end().await;
    });
}
