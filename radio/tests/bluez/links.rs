//! Links: made, used, lost, made again.

use std::time::{Duration, Instant};

use radio::v4::air::{Act, Doing, Fact, Failure};
use radio::v4::open::Characteristic;
use zeroize::Zeroizing;

use crate::bench::on_a_bus;
use crate::monitor::{Fake, comes_to};
use crate::world::{World, settings};

/// Match rules that the bus holds for this process.
async fn rules() -> u32 {
    let bus = zbus::Connection::system().await.unwrap();
    let own = bus.unique_name().unwrap().to_string();
    let daemon = Some("org.freedesktop.DBus");
    let ask = async |interface: &str, method: &str, name: &str| {
        bus.call_method(daemon, "/org/freedesktop/DBus", Some(interface), method, &name).await
    };
    let names = bus.call_method(daemon, "/org/freedesktop/DBus", daemon, "ListNames", &()).await.unwrap();
    let names: Vec<String> = names.body().deserialize().unwrap();
    let mut rules = 0;
    for name in names.iter().filter(|name| name.starts_with(':') && **name != own) {
        let Ok(answer) = ask("org.freedesktop.DBus.Debug.Stats", "GetConnectionStats", name).await else {
            continue;
        };
        let stats: std::collections::HashMap<String, zbus::zvariant::OwnedValue> =
            answer.body().deserialize().unwrap();
        rules += u32::try_from(&stats["MatchRules"]).unwrap();
    }
    rules
}

#[test]
fn what_a_monitor_notifies_and_indicates_is_told_in_order() {
    on_a_bus(|place| async move {
        let mut world = World::new(&place).await;
        world.enrol().await;
        world.subscribe(Characteristic::Alerts).await;
        world.subscribe(Characteristic::Cycles).await;
        for n in 0..50_u8 {
            let of = if n % 5 == 0 { Characteristic::Alerts } else { Characteristic::Cycles };
            world.fake.send(&world.path, of.uuid(), &[n]).await;
        }
        for n in 0..50_u8 {
            let of = if n % 5 == 0 { Characteristic::Alerts } else { Characteristic::Cycles };
            let next = world.find("a value", |fact| match fact {
                Fact::Value { characteristic, bytes, .. } => Some((*characteristic, bytes.clone())),
                _ => None,
            });
            assert_eq!(next.await, (of, vec![n]));
        }
        let written = &world.fake.state().monitors[&world.path].written.clone();
        assert!(written.is_empty(), "only the box says that an alert is kept, never the driver: {written:?}");
        world.end().await;
    });
}

#[test]
fn what_is_read_and_written_is_what_the_monitor_has_and_gets() {
    on_a_bus(|place| async move {
        let mut world = World::new(&place).await;
        world.enrol().await;
        let path = world.path.clone();
        let way = world.way.clone();
        let (identity, memory) = (Characteristic::Identity, Characteristic::Memory);
        world.fake.state().monitors.get_mut(&path).unwrap().values.insert(identity.uuid(), vec![7; 512]);
        world.act(Act::Read(way.clone(), identity)).await;
        assert_eq!(world.value(identity).await, vec![7; 512]);

        for n in 0..20 {
            world.act(Act::Write(way.clone(), memory, Zeroizing::new(vec![n]))).await;
        }
        for _ in 0..20 {
            world.told(&Fact::Done { way: way.clone(), what: Doing::Write(memory) }).await;
        }
        let written = world.fake.state().monitors[&path].written.clone();
        let wanted: Vec<_> = (0..20).map(|n| (memory.uuid(), vec![n])).collect();
        assert_eq!(written, wanted, "in the order in which it was asked for");

        world.fake.state().monitors.get_mut(&path).unwrap().refuses = Some(0x84);
        world.act(Act::Write(way, memory, Zeroizing::new(vec![0]))).await;
        assert_eq!(world.failed(Doing::Write(memory)).await, Failure::Att(0x84));
        world.end().await;
    });
}

#[test]
fn sixty_reconnections_with_the_bond_leave_the_match_rules_where_they_were() {
    on_a_bus(|place| async move {
        let mut world = World::new(&place).await;
        world.enrol().await;
        world.subscribe(Characteristic::Cycles).await;
        let before = rules().await;
        for n in 0..60_u8 {
            if n % 2 == 0 {
                world.disconnect().await;
            } else {
                world.fake.lose(&world.path).await;
                world.told(&Fact::Disconnected { way: world.way.clone() }).await;
            }
            world.connect().await;
            world.subscribe(Characteristic::Cycles).await;
            world.fake.send(&world.path, Characteristic::Cycles.uuid(), &[n]).await;
            assert_eq!(world.value(Characteristic::Cycles).await, [n], "and what comes comes once");
        }
        assert_eq!(rules().await, before);
        assert_eq!(world.fake.called("Device1.Pair"), 1, "the bond was enough");
        world.end().await;
    });
}

#[test]
fn with_too_many_stray_rules_the_session_is_made_anew_and_nothing_is_missed() {
    on_a_bus(|place| async move {
        let mut settings = settings(&place);
        settings.stray_rules = 0;
        settings.count_rules_every = Duration::from_millis(50);
        let mut world =
            World::with(&place, radio::sim::bluetoothd::Pairing::Passkey(crate::world::LABEL), settings)
                .await;
        world.act(Act::Scan { adapter: world.adapter.clone(), on: true }).await;
        comes_to(&world.fake, "it scans", |state| state.scanners.len() == 1).await;
        let scanner = world.fake.state().scanners.first().unwrap().0.clone();
        world.enrol().await;
        world.subscribe(Characteristic::Cycles).await;

        // A rule that is nobody's, as the library below leaves them.
        let stray = zbus::Connection::system().await.unwrap();
        let daemon = Some("org.freedesktop.DBus");
        stray
            .call_method(daemon, "/org/freedesktop/DBus", daemon, "AddMatch", &"type='signal'")
            .await
            .unwrap();
        let path = world.path.clone();
        comes_to(&world.fake, "another client scans and listens", |state| {
            !state.scanners.is_empty()
                && state.scanners.iter().all(|(client, _)| *client != scanner)
                && Fake::listens(state, &path, Characteristic::Cycles.uuid())
                && state.listeners.iter().all(|(client, _)| *client != scanner)
        })
        .await;
        stray.close().await.unwrap();
        world.fake.send(&world.path, Characteristic::Cycles.uuid(), b"still").await;
        assert_eq!(world.value(Characteristic::Cycles).await, b"still");
        let end = Fact::Disconnected { way: world.way.clone() };
        assert!(!world.seen.contains(&end), "the link stood");
        world.end().await;
    });
}

#[test]
fn a_device_that_vanishes_at_connecting_is_told_and_found_again() {
    on_a_bus(|place| async move {
        let mut world = World::new(&place).await;
        world.fake.hear(&world.path, -60, None, None).await;
        world.fake.state().faults.vanish_at_connect = 1;
        world.act(Act::Connect(world.way.clone())).await;
        assert_eq!(world.failed(Doing::Connect).await, Failure::Vanished);
        world.act(Act::Connect(world.way.clone())).await;
        assert_eq!(world.failed(Doing::Connect).await, Failure::Vanished, "it was not heard since");
        world.connect().await;
        world.end().await;
    });
}

#[test]
fn a_busy_adapter_and_an_aborted_link_are_told_apart() {
    on_a_bus(|place| async move {
        let mut world = World::new(&place).await;
        world.fake.hear(&world.path, -60, None, None).await;
        world.fake.state().faults.in_progress = 1;
        world.act(Act::Connect(world.way.clone())).await;
        assert_eq!(world.failed(Doing::Connect).await, Failure::Busy);
        world.fake.state().faults.abort_by_local = 3;
        for _ in 0..3 {
            world.act(Act::Connect(world.way.clone())).await;
            assert_eq!(world.failed(Doing::Connect).await, Failure::Aborted);
        }
        world.connect().await;
        world.end().await;
    });
}

#[test]
fn a_call_that_nobody_answers_ends_by_our_own_limit() {
    on_a_bus(|place| async move {
        let mut settings = settings(&place);
        settings.limits.connect = Duration::from_millis(200);
        settings.limits.call = Duration::from_secs(2);
        let mut world =
            World::with(&place, radio::sim::bluetoothd::Pairing::Passkey(crate::world::LABEL), settings)
                .await;
        world.fake.hear(&world.path, -60, None, None).await;
        world.fake.state().faults.slow = Some(Duration::from_secs(3_600));
        let began = Instant::now();
        world.act(Act::Connect(world.way.clone())).await;
        assert_eq!(world.failed(Doing::Connect).await, Failure::TimedOut);
        assert!(began.elapsed() < Duration::from_secs(15), "sooner than any library would have given up");
        world.end().await;
    });
}

#[test]
fn an_act_that_ends_the_link_overtakes_what_hangs() {
    on_a_bus(|place| async move {
        let mut world = World::new(&place).await;
        world.fake.hear(&world.path, -60, None, None).await;
        world.fake.state().faults.slow = Some(Duration::from_secs(3_600));
        world.act(Act::Connect(world.way.clone())).await;
        comes_to(&world.fake, "it connects", |state| state.calls.iter().any(|it| it == "Device1.Connect"))
            .await;
        world.fake.state().faults.slow = None;
        world.act(Act::Disconnect(world.way.clone())).await;
        let why = world.failed(Doing::Connect).await;
        assert!(matches!(why, Failure::Other(_)), "that is not the monitor's doing: {why:?}");
        world.told(&Fact::Disconnected { way: world.way.clone() }).await;
        world.end().await;
    });
}
