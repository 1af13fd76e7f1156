//! Repeaters: monitors that no adapter of the box reaches are drained past them, whatever they do.

use domain::LinkName;
use proptest::prelude::*;
use radio::sim::air::Tampering;
use radio::v4::Address;
use radio::v4::air::Way;
use radio::v4::conductor::{Settings, Why};
use radio::v4::open::{Characteristic, Serial, ToMonitor};

use super::hall::*;

/// The first is the one that the box hears.
const NEAR: Address = Address::from_be_bytes([0xD0, 0, 0, 0, 0, 1]);
const FAR: Address = Address::from_be_bytes([0xD0, 0, 0, 0, 0, 2]);

fn name(repeater: Address) -> LinkName {
    LinkName::repeater(repeater.to_be_bytes())
}

fn way(repeater: Address, number: u32) -> Way {
    Way { adapter: name(repeater), address: address(number) }
}

/// Monitors that were enrolled beside the box, and were carried then to where no adapter hears them.
fn far_away(monitors: u32, slots: usize) -> Hall {
    let mut hall = Hall::new(1, Settings::default(), Vec::new());
    hall.plug(0, slots);
    for number in 1..=monitors {
        hall.air.bring(monitor(number, Some(PASSKEY)), &[(adapter(0), -60)]);
        assert!(hall.run_until(60, |hall| hall.state(number) == "seen"));
        hall.open_window(number, Some(PASSKEY), 120);
        assert!(hall.run_until(120, |hall| hall.monitor(number).bond(&adapter(0)).is_some()));
        assert!(hall.run_until(120, |hall| !["seen", "enrolling"].contains(&hall.state(number))));
    }
    carry_off(&mut hall, monitors);
    hall
}

fn carry_off(hall: &mut Hall, monitors: u32) {
    for number in 1..=monitors {
        hall.air.reach(&adapter(0), address(number), None, hall.now);
    }
    hall.run(1);
}

fn make(hall: &mut Hall, number: u32, cycles: u32) {
    let now = hall.now;
    (0..cycles).for_each(|_| hall.monitor(number).make_cycle(now, 412));
}

fn one_repeater(hall: &mut Hall, monitors: u32) {
    let hears: Vec<_> = (1..=monitors).map(|number| (address(number), -55)).collect();
    hall.air.bring_repeater(NEAR, &[(adapter(0), -50)], &hears, hall.now);
}

fn two_repeaters(hall: &mut Hall, monitors: u32) {
    let hears: Vec<_> = (1..=monitors).map(|number| (address(number), -55)).collect();
    hall.air.bring_repeater(FAR, &[], &[&hears[..], &[(NEAR, -60)]].concat(), hall.now);
    hall.air.bring_repeater(NEAR, &[(adapter(0), -50)], &[(FAR, -60)], hall.now);
}

fn all_is_kept(hall: &mut Hall) -> bool {
    hall.air.monitors().all(|monitor| monitor.waiting() == 0 && monitor.alerts().0 == monitor.alerts().1)
}

fn counts_are_true(hall: &mut Hall, monitors: u32) {
    for number in 1..=monitors {
        let (count, alerts) = (hall.monitor(number).count(), hall.monitor(number).alerts().0);
        assert_eq!(hall.has[&Serial(number)], Has { count, alerts }, "{number}");
    }
}

/// Nothing of what monitor and box say to each other is in what a repeater saw.
fn saw_nothing(hall: &mut Hall, repeater: Address, number: u32) {
    assert!(hall.air.repeater(repeater).unwrap().seen.len() > 5, "nothing passed");
    let (era, count, now) = (hall.monitor(number).era(), hall.monitor(number).count(), hall.now);
    let kept = ToMonitor::Kept { era, up_to: count }.encode();
    let identity = hall.monitor(number).read(Characteristic::Identity, now).unwrap();
    let serial = number.to_be_bytes();
    for said in [&kept[..5], &identity[5..13], &[&serial[..], &[1]].concat(), &era.to_be_bytes()] {
        assert!(!hall.air.repeater_saw(repeater, said), "{said:02x?}");
    }
}

#[test]
fn a_monitor_that_only_a_repeater_hears_is_drained_and_its_counts_are_equal() {
    let mut hall = far_away(1, 3);
    make(&mut hall, 1, 3_000);
    let now = hall.now;
    hall.monitor(1).raise_alert(now);
    hall.run(100);
    assert_eq!(hall.monitor(1).waiting(), 3_000, "nobody reaches it");
    one_repeater(&mut hall, 1);
    hall.heard.clear();
    assert!(hall.run_until(120, all_is_kept), "{}", hall.state(1));
    assert_eq!(hall.heard[0].1, "alert", "alerts come first");
    counts_are_true(&mut hall, 1);
    assert_eq!(hall.conductor.session(Serial(1)).unwrap().way(), Some(&way(NEAR, 1)));
    saw_nothing(&mut hall, NEAR, 1);
    // It stays live past the repeater, and is told what there is to tell.
    for _ in 0..20 {
        make(&mut hall, 1, 1);
        hall.run(3);
    }
    hall.say(1, ToMonitor::Identify);
    assert!(hall.run_until(30, |hall| hall.monitor(1).blinked() == 1 && all_is_kept(hall)));
    counts_are_true(&mut hall, 1);
    assert_eq!((hall.state(1), hall.pairings[&address(1)]), ("live", 1));
}

#[test]
fn the_way_by_a_repeater_is_told_with_its_reason() {
    let mut hall = far_away(1, 3);
    two_repeaters(&mut hall, 1);
    assert!(hall.run_until(200, |hall| hall.state(1) == "live"));
    let report = hall.conductor.report(hall.now);
    let (by, why) = report.monitors[0].by.clone().unwrap();
    assert_eq!(by, name(NEAR));
    assert_eq!(why, "the one before is not heard any more; 2 repeaters in a row, the last heard by hci0");
    assert_eq!(report.monitors[0].rssi_dbm, Some(-55), "as strong as its weakest part that is known");
}

#[test]
fn two_in_a_row_work() {
    let mut hall = far_away(2, 3);
    (1..=2).for_each(|number| make(&mut hall, number, 2_000));
    two_repeaters(&mut hall, 2);
    assert!(hall.run_until(200, all_is_kept), "{} {}", hall.state(1), hall.state(2));
    counts_are_true(&mut hall, 2);
    saw_nothing(&mut hall, NEAR, 1);
    saw_nothing(&mut hall, FAR, 2);
}

#[test]
fn more_monitors_than_a_repeater_has_tunnels_take_turns_beside_those_that_are_near() {
    let mut hall = far_away(9, 2);
    // Three of them are carried back.
    (7..=9).for_each(|number| hall.air.reach(&adapter(0), address(number), Some(-60), hall.now));
    (1..=9).for_each(|number| make(&mut hall, number, 5_000));
    one_repeater(&mut hall, 6);
    assert!(
        hall.run_until(900, all_is_kept),
        "{:?}",
        (1..=9).map(|number| hall.state(number)).collect::<Vec<_>>()
    );
    counts_are_true(&mut hall, 9);
}

#[test]
fn a_repeater_that_dies_while_it_drains_costs_no_cycle_and_counts_none_twice() {
    for dying in [NEAR, FAR] {
        let mut hall = far_away(1, 3);
        make(&mut hall, 1, 20_000);
        two_repeaters(&mut hall, 1);
        let some = |hall: &mut Hall| hall.has.get(&Serial(1)).is_some_and(|has| has.count > 2_000);
        // In the midst of it, at an instant between two frames.
        assert!(hall.run_until(100, some));
        let waiting = hall.monitor(1).waiting();
        hall.air.switch_repeater(dying, false, hall.now);
        make(&mut hall, 1, 50);
        hall.run(400);
        assert!(waiting > 0 && hall.monitor(1).waiting() > 50, "it was in the midst of it");
        hall.air.switch_repeater(dying, true, hall.now);
        assert!(hall.run_until(900, all_is_kept), "{}", hall.state(1));
        counts_are_true(&mut hall, 1);
    }
}

#[test]
fn a_dishonest_repeater_changes_no_count_and_learns_nothing() {
    for tampering in [Tampering::Changes, Tampering::Replays, Tampering::Reorders, Tampering::Drops] {
        let mut hall = far_away(1, 3);
        make(&mut hall, 1, 3_000);
        one_repeater(&mut hall, 1);
        hall.air.tamper(NEAR, Some((tampering, 17)));
        for _ in 0..60 {
            make(&mut hall, 1, 1);
            hall.run(60);
            let (count, has) = (hall.monitor(1).count(), hall.has.get(&Serial(1)).map_or(0, |has| has.count));
            assert!(has <= count, "{tampering:?}: the monitor made {count}, the box has {has}");
        }
        saw_nothing(&mut hall, NEAR, 1);
        let lost = hall.told.iter().filter(|(_, told)| format!("{told:?}").contains("LinkLost")).count();
        assert!(lost > 1, "{tampering:?} was noticed {lost} times");
        assert_ne!(hall.state(1), "lost bond");
        hall.air.tamper(NEAR, None);
        assert!(hall.run_until(900, all_is_kept), "{tampering:?}: {}", hall.state(1));
        counts_are_true(&mut hall, 1);
    }
}

#[test]
fn a_repeater_that_swallows_all_is_left_for_a_way_that_works() {
    let mut hall = far_away(1, 3);
    one_repeater(&mut hall, 1);
    hall.air.tamper(NEAR, Some((Tampering::Swallows, 1)));
    make(&mut hall, 1, 500);
    hall.run(300);
    assert_eq!(hall.monitor(1).waiting(), 500);
    assert_ne!(hall.state(1), "lost bond", "what a repeater does says nothing of the bond");
    // Heard weakly by an adapter, it goes by that.
    hall.air.reach(&adapter(0), address(1), Some(-90), hall.now);
    assert!(hall.run_until(400, all_is_kept), "{}", hall.state(1));
    counts_are_true(&mut hall, 1);
}

/// The link by the adapter breaks, and another one is made: by the way that is chosen then.
fn cut(hall: &mut Hall) -> Way {
    hall.air.reach(&adapter(0), address(1), None, hall.now);
    hall.run(1);
    hall.air.reach(&adapter(0), address(1), Some(-70), hall.now);
    hall.run(30);
    hall.conductor.choice(Serial(1)).unwrap().way.clone()
}

#[test]
fn an_adapter_is_left_for_a_repeater_only_when_that_is_much_better_for_long() {
    let mut hall = far_away(1, 3);
    let direct = Way { adapter: adapter(0), address: address(1) };
    assert_eq!(cut(&mut hall), direct);
    // 5 dB better: whatever happens to the link, it stays with the adapter.
    hall.air.bring_repeater(NEAR, &[(adapter(0), -40)], &[(address(1), -65)], hall.now);
    for _ in 0..20 {
        assert_eq!(cut(&mut hall), direct);
    }
    // 20 dB better, for a minute at least, and after its dwell.
    hall.air.repeater_reach(NEAR, address(1), Some(-50));
    assert_eq!(cut(&mut hall), direct);
    assert_eq!(cut(&mut hall), direct);
    let moved = (0..30).any(|_| cut(&mut hall) == way(NEAR, 1));
    let choice = hall.conductor.choice(Serial(1)).unwrap();
    assert!(moved && matches!(choice.why, Why::Stronger(by) if by >= 8.0), "{choice:?}");
    make(&mut hall, 1, 10);
    assert!(hall.run_until(60, all_is_kept));
    counts_are_true(&mut hall, 1);
}

#[test]
fn a_monitor_without_a_sealed_channel_is_shown_and_has_no_way_by_repeaters() {
    let mut hall = far_away(1, 3);
    hall.monitor(1).speaks_sealed = false;
    make(&mut hall, 1, 10);
    one_repeater(&mut hall, 1);
    assert!(hall.run_until(60, |hall| hall.adverts.get(&Serial(1)) == Some(&10)), "its adverts are");
    hall.run(1_800);
    assert_eq!(hall.monitor(1).waiting(), 10);
    let calls = hall.calls.iter().filter(|(_, called)| *called == NEAR).count();
    assert_eq!(calls, 1, "it was tried once: {:?}", hall.calls);
    hall.air.reach(&adapter(0), address(1), Some(-80), hall.now);
    assert!(hall.run_until(60, all_is_kept));
}

#[test]
fn nobody_is_enrolled_past_a_repeater() {
    let mut hall = Hall::new(1, Settings::default(), Vec::new());
    hall.plug(0, 3);
    hall.air.bring(monitor(1, Some(PASSKEY)), &[]);
    one_repeater(&mut hall, 1);
    hall.run(60);
    assert_eq!(hall.state(1), "nobody", "what it says to anyone is not passed on");
    hall.open_window(1, Some(PASSKEY), 120);
    hall.run(130);
    assert_eq!((hall.calls.len(), hall.pairings.len()), (0, 0));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]

    #[test]
    fn whatever_repeaters_do_all_that_was_made_is_kept_once(
        monitors in 1..5u32,
        slots in 1..4usize,
        row in any::<bool>(),
        kind in 0..4usize,
        every in 5..60u32,
        switched in prop::collection::vec((any::<bool>(), any::<bool>()), 30),
    ) {
        let mut hall = far_away(monitors, slots);
        if row { two_repeaters(&mut hall, monitors) } else { one_repeater(&mut hall, monitors) }
        let kinds = [Tampering::Changes, Tampering::Replays, Tampering::Reorders, Tampering::Drops];
        hall.air.tamper(NEAR, Some((kinds[kind], every)));
        for (round, (near, far)) in (0..).zip(switched) {
            let now = hall.now;
            for number in 1..=monitors {
                make(&mut hall, number, round % 7);
                if (round + number) % 11 == 0 {
                    hall.monitor(number).raise_alert(now);
                }
            }
            hall.air.switch_repeater(NEAR, near || round % 3 > 0, now);
            hall.air.switch_repeater(FAR, far || round % 3 > 0, now);
            hall.run(20);
        }
        hall.air.tamper(NEAR, None);
        hall.air.switch_repeater(NEAR, true, hall.now);
        hall.air.switch_repeater(FAR, true, hall.now);
        let done = hall.run_until(4_000, all_is_kept);
        let states: Vec<_> = (1..=monitors).map(|number| (hall.state(number), hall.monitor(number).waiting())).collect();
        prop_assert!(done, "{:?}", states);
        counts_are_true(&mut hall, monitors);
    }
}
