//! Bonding: what is taken, what is refused, what is told of a key.

use radio::v4::air::{Act, Doing, Failure, Strength};
use radio::v4::open::Characteristic;

use crate::bench::on_a_bus;
use radio::sim::bluetoothd::{DEVICE, Pairing};

use crate::monitor::comes_to;
use crate::world::{World, settings};

#[test]
fn a_monitor_enrols_by_the_passkey_on_its_label() {
    on_a_bus(|place| async move {
        let mut world = World::new(&place).await;
        world.enrol().await;
        assert!(world.fake.state().tree.is(&world.path, DEVICE, "Trusted"), "a good bond is trusted");
        let agent = world.fake.state().agent.clone().unwrap();
        assert_eq!((agent.capability.as_str(), agent.default), ("KeyboardDisplay", true));
        world.end().await;
    });
}

#[test]
fn a_wrong_passkey_is_refused_and_leaves_nothing() {
    on_a_bus(|place| async move {
        let mut world = World::new(&place).await;
        world.connect().await;
        world.pair(Some("654321")).await;
        assert_eq!(world.failed(Doing::Pair).await, Failure::Refused);
        let path = world.path.clone();
        assert!(!world.fake.state().tree.is(&path, DEVICE, "Paired"));
        assert!(!world.fake.info(&path).exists());
        world.end().await;
    });
}

#[test]
fn a_bond_without_a_passkey_is_told_as_such_and_trusted_only_where_that_was_asked_for() {
    on_a_bus(|place| async move {
        let mut world = World::with(&place, Pairing::JustWorks, settings(&place)).await;
        world.connect().await;
        world.pair(Some("123456")).await;
        assert_eq!(world.strength().await, Strength::JustWorks, "nobody asked for the passkey");
        assert!(!world.fake.state().tree.is(&world.path, DEVICE, "Trusted"));
        world.act(Act::Forget(world.way.clone())).await;
        let path = world.path.clone();
        comes_to(&world.fake, "the bond is removed", |state| !state.tree.has(&path)).await;
        assert!(!world.fake.info(&path).exists());

        world.connect().await;
        world.pair(None).await;
        assert_eq!(world.strength().await, Strength::JustWorks);
        assert!(world.fake.state().tree.is(&path, DEVICE, "Trusted"), "an administrator allowed it");
        world.end().await;
    });
}

#[test]
fn a_key_that_is_weaker_than_the_passkey_promised_is_told_and_never_trusted() {
    on_a_bus(|place| async move {
        let mut world = World::new(&place).await;
        world.fake.state().faults.weak_key = true;
        world.connect().await;
        world.pair(Some("123456")).await;
        assert_eq!(world.strength().await, Strength::JustWorks, "the agent answered, and still");
        assert!(!world.fake.state().tree.is(&world.path, DEVICE, "Trusted"));
        world.end().await;
    });
}

#[test]
fn a_legacy_key_is_told_as_the_weakest() {
    on_a_bus(|place| async move {
        let mut world = World::with(&place, Pairing::Legacy, settings(&place)).await;
        world.connect().await;
        world.pair(None).await;
        assert_eq!(world.strength().await, Strength::Legacy);
        assert!(!world.fake.state().tree.is(&world.path, DEVICE, "Trusted"));
        world.end().await;
    });
}

#[test]
fn nobody_pairs_from_outside() {
    on_a_bus(|place| async move {
        let mut world = World::new(&place).await;
        let refused = world.fake.stranger_pairs(&world.path).await.unwrap_err();
        assert!(refused.contains("Rejected"), "{refused}");
        world.enrol().await;
        assert!(world.fake.stranger_pairs(&world.path).await.is_err(), "the door closes with the pairing");
        world.end().await;
    });
}

#[test]
fn three_connections_to_a_monitor_that_lost_its_bond_end_as_aborted() {
    on_a_bus(|place| async move {
        let mut world = World::new(&place).await;
        world.enrol().await;
        world.disconnect().await;
        let path = world.path.clone();
        world.fake.state().monitors.get_mut(&path).unwrap().bonds.clear();
        for _ in 0..3 {
            world.act(Act::Connect(world.way.clone())).await;
            assert_eq!(world.failed(Doing::Connect).await, Failure::Aborted);
        }
        assert!(world.fake.state().tree.is(&path, DEVICE, "Bonded"), "nothing is healed silently");
        assert_eq!(world.fake.called("Device1.Pair"), 1);

        // A person opens a window again: remove, hear, pair.
        world.act(Act::Forget(world.way.clone())).await;
        comes_to(&world.fake, "the bond is removed", |state| !state.tree.has(&path)).await;
        world.enrol().await;
        world.subscribe(Characteristic::Cycles).await;
        world.end().await;
    });
}
