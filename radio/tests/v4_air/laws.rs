//! Laws, one at a time.

use std::time::Duration;

use domain::{AlertKind, Limit, Thresholds};
use radio::v4::air::{Failure, Strength, Way};
use radio::v4::conductor::{Settings, Why};
use radio::v4::open::{Serial, ToMonitor};
use radio::v4::session::{EnrolmentRefused, Told};

use super::hall::*;

fn hall(monitors: u32, slots: usize) -> Hall {
    let mut hall = Hall::new(1, Settings::default(), Vec::new());
    hall.plug(0, slots);
    for number in 1..=monitors {
        hall.air.bring(monitor(number, Some(PASSKEY)), &[(adapter(0), -60)]);
    }
    hall
}

/// Monitors that are enrolled, one after the other.
fn enrolled(monitors: u32, slots: usize) -> Hall {
    let mut hall = hall(monitors, slots);
    for number in 1..=monitors {
        assert!(hall.run_until(60, |hall| hall.state(number) == "seen"));
        hall.open_window(number, Some(PASSKEY), 120);
        let way = Way { adapter: adapter(0), address: address(number) };
        let told = (Serial(number), Told::Enrolled { way, strength: Strength::Passkey });
        assert!(hall.run_until(120, |hall| hall.told.contains(&told)), "{number}: {:?}", hall.told);
    }
    hall
}

fn refused(hall: &Hall) -> Vec<&EnrolmentRefused> {
    let refused = |(_, told): &'_ (Serial, Told)| matches!(told, Told::NotEnrolled(_));
    let told = hall.told.iter().filter(|told| refused(told));
    told.filter_map(|(_, told)| match told {
        Told::NotEnrolled(why) => Some(why),
        _ => None,
    })
    .collect()
}

#[test]
fn a_monitor_is_left_alone_until_a_person_opens_a_window() {
    let mut hall = hall(1, 3);
    hall.run(300);
    assert_eq!((hall.state(1), hall.pairings.len()), ("seen", 0));
    hall.open_window(1, Some(PASSKEY), 60);
    assert!(hall.run_until(60, |hall| hall.state(1) == "live"));
    assert_eq!(hall.monitor(1).bond(&adapter(0)), Some(Strength::Passkey));
}

#[test]
fn a_wrong_passkey_closes_the_window_and_leaves_no_bond() {
    let mut hall = hall(1, 3);
    hall.run(5);
    hall.open_window(1, Some(PASSKEY + 1), 600);
    hall.run(120);
    assert_eq!(refused(&hall), [&EnrolmentRefused::Pairing(Failure::Refused)]);
    assert_eq!((hall.state(1), hall.monitor(1).bond(&adapter(0))), ("seen", None));
    // It was tried once: a passkey that never changes is not to be guessed.
    assert_eq!(hall.pairings[&address(1)], 1);
}

#[test]
fn a_bond_that_is_weaker_than_the_window_asked_for_is_removed() {
    let mut hall = Hall::new(1, Settings::default(), Vec::new());
    hall.plug(0, 3);
    hall.air.bring(monitor(1, None), &[(adapter(0), -60)]);
    hall.run(5);
    // The monitor has no passkey, and the stack bonds without one.
    hall.open_window(1, Some(PASSKEY), 60);
    hall.run(60);
    let weak = Told::WeakBond { found: Strength::JustWorks, least: Strength::Passkey };
    assert!(hall.told.contains(&(Serial(1), weak)), "{:?}", hall.told);
    assert_eq!((refused(&hall), hall.state(1)), (vec![&EnrolmentRefused::Weak], "seen"));
    // An administrator allowed it, for this window.
    hall.open_window(1, None, 60);
    assert!(hall.run_until(60, |hall| hall.state(1) == "live"));
    assert_eq!(hall.monitor(1).bond(&adapter(0)), Some(Strength::JustWorks));
}

#[test]
fn a_window_closes_by_itself() {
    let mut hall = hall(0, 3);
    hall.open_window(1, Some(PASSKEY), 60);
    hall.run(61);
    assert_eq!(refused(&hall), [&EnrolmentRefused::TooLate]);
}

#[test]
fn what_was_stored_is_drained_and_then_live_cycles_come_as_they_are_made() {
    let mut hall = enrolled(1, 3);
    let now = hall.now;
    for second in 0..10_000 {
        let made = now.earlier_by(Duration::from_secs(10_000 - second));
        hall.monitor(1).make_cycle(made, 412);
    }
    assert!(hall.run_until(120, |hall| hall.monitor(1).waiting() == 0));
    assert_eq!((hall.has[&Serial(1)].count, hall.state(1)), (10_000, "live"));
    for _ in 0..20 {
        let now = hall.now;
        hall.monitor(1).make_cycle(now, 412);
        hall.run(3);
    }
    assert_eq!((hall.has[&Serial(1)].count, hall.monitor(1).waiting()), (10_020, 0));
}

#[test]
fn alerts_come_before_everything_else_and_wait_for_the_disk() {
    let mut hall = enrolled(1, 1);
    hall.heard.clear();
    // It leaves, and much happens meanwhile.
    hall.air.unplug(&adapter(0), hall.now);
    hall.run(2);
    let now = hall.now;
    (0..3_000).for_each(|_| hall.monitor(1).make_cycle(now, 412));
    hall.monitor(1).raise_alert(now);
    hall.monitor(1).raise_alert(now);
    assert!(hall.run_until(200, |hall| hall.monitor(1).waiting() == 0));
    let order: Vec<&str> = hall.heard.iter().map(|(_, what)| *what).collect();
    assert_eq!(order[..2], ["alert", "alert"]);
    assert!(order[2..].iter().all(|what| *what == "cycles"));
    assert!(hall.run_until(10, |hall| hall.monitor(1).alerts() == (2, 2)));
}

#[test]
fn a_monitor_that_lost_its_bond_is_told_and_never_paired_again_by_itself() {
    let mut hall = enrolled(1, 3);
    hall.air.unplug(&adapter(0), hall.now);
    hall.run(1);
    hall.monitor(1).lose_bonds();
    hall.run(900);
    let lost = hall.told.iter().filter(|(_, told)| matches!(told, Told::NeedsRepairing)).count();
    assert_eq!((lost, hall.state(1), hall.pairings[&address(1)]), (1, "lost bond", 1));
    hall.open_window(1, Some(PASSKEY), 60);
    assert!(hall.run_until(60, |hall| hall.state(1) == "live"), "{:?}", hall.told);
    assert_eq!(hall.pairings[&address(1)], 2);
}

#[test]
fn more_monitors_than_slots_take_turns_and_all_are_drained() {
    let mut hall = enrolled(20, 3);
    for _ in 0..60 {
        let now = hall.now;
        (1..=20).for_each(|number| hall.monitor(number).make_cycle(now, 412));
        hall.run(10);
    }
    assert!(hall.run_until(300, |hall| hall.air.monitors().all(|monitor| monitor.waiting() == 0)));
    assert!((1..=20).all(|number| hall.has[&Serial(number)].count == 60));
    // Those without a link were live by their adverts.
    assert!(hall.adverts.len() == 20 && hall.adverts.values().all(|count| *count > 40), "{:?}", hall.adverts);
}

#[test]
fn an_alert_overtakes_a_hall_that_drains() {
    let mut hall = enrolled(12, 2);
    hall.air.unplug(&adapter(0), hall.now);
    let now = hall.now;
    for number in 1..=11 {
        (0..10_000).for_each(|_| hall.monitor(number).make_cycle(now, 412));
    }
    assert!(hall.run_until(60, |hall| (1..=11).any(|number| hall.state(number) == "draining")));
    hall.heard.clear();
    hall.monitor(12).raise_alert(now);
    assert!(hall.run_until(60, |hall| hall.monitor(12).alerts() == (1, 1)), "{:?}", hall.state(12));
    let waiting = (1..=11).filter(|number| hall.monitor(*number).waiting() > 0).count();
    assert!(waiting > 3, "only {waiting} still waited");
}

#[test]
fn an_adapter_that_comes_back_is_asked_only_for_whom_it_heard() {
    let mut hall = enrolled(2, 3);
    hall.air.unplug(&adapter(0), hall.now);
    let gone = hall.now;
    // Nobody is heard any more when it is back.
    for number in 1..=2 {
        hall.air.carry_off(address(number), gone);
    }
    hall.run(80);
    assert_eq!(hall.calls.iter().filter(|(at, _)| *at > gone).count(), 0, "{:?}", hall.calls);
}

#[test]
fn what_is_to_be_said_waits_for_the_next_link() {
    let mut hall = enrolled(3, 1);
    let resting = (1..=3).find(|number| hall.state(*number) == "resting").unwrap();
    hall.say(resting, ToMonitor::Identify);
    assert!(hall.run_until(90, |hall| hall.state(resting) == "live"));
}

#[test]
fn limits_are_told_by_the_monitor_on_its_first_link_and_again_once_they_are_set() {
    let mut hall = enrolled(1, 1);
    let told = |hall: &Hall| -> Vec<Thresholds> {
        let all = hall.told.iter().filter_map(|(_, told)| match told {
            Told::Thresholds(thresholds) => Some(thresholds.clone()),
            _ => None,
        });
        all.collect()
    };
    assert!(hall.run_until(60, |hall| told(hall) == [Thresholds::default()]));
    let mut limits = Thresholds::default();
    limits.set(AlertKind::Hot, Some(Limit { at: 300, hysteresis: 20 })).unwrap();
    hall.say(1, ToMonitor::Thresholds(limits.clone()));
    assert!(hall.run_until(120, |hall| told(hall) == [Thresholds::default(), limits.clone()]));
    let now = hall.now;
    hall.monitor(1).make_cycle(now, 412);
    assert!(hall.run_until(120, |hall| hall.heard.contains(&(Serial(1), "alert"))), "it is beyond the limit");
    hall.run(600);
    assert_eq!(told(&hall).len(), 2, "they are read once, not on every link");
}

#[test]
fn one_that_is_not_heard_is_gone_and_its_first_sealed_advert_brings_it_back() {
    let mut hall = enrolled(1, 1);
    let away = hall.air.carry_off(address(1), hall.now).unwrap();
    hall.run(700);
    assert!(hall.told.contains(&(Serial(1), Told::Gone)));
    assert_eq!(hall.state(1), "gone");
    hall.air.bring(away, &[(adapter(0), -60)]);
    assert!(hall.run_until(60, |hall| hall.state(1) == "live"));
    assert!(hall.told.contains(&(Serial(1), Told::Back)));
}

#[test]
fn links_go_by_the_strongest_way_that_has_a_bond() {
    let mut hall = Hall::new(1, Settings::default(), Vec::new());
    hall.plug(0, 3);
    hall.plug(1, 3);
    hall.air.bring(monitor(1, Some(PASSKEY)), &[(adapter(0), -80), (adapter(1), -50)]);
    hall.run(5);
    hall.open_window(1, Some(PASSKEY), 60);
    assert!(hall.run_until(60, |hall| hall.state(1) == "live"));
    assert_eq!(hall.monitor(1).bond(&adapter(0)), None);
    let way = Way { adapter: adapter(1), address: address(1) };
    assert_eq!(hall.conductor.session(Serial(1)).unwrap().way(), Some(&way));
    // The only one with a bond is gone: the other one hears it and is not asked.
    hall.air.unplug(&adapter(1), hall.now);
    hall.run(15);
    assert_eq!(hall.state(1), "resting");
    assert!(hall.run_until(60, |hall| hall.state(1) == "live"));
    let choice = hall.conductor.choice(Serial(1)).unwrap();
    assert_eq!((&choice.way, choice.why), (&way, Why::Only));
}

#[test]
fn a_window_for_a_monitor_that_has_a_link_is_taken_when_that_ends() {
    let mut hall = enrolled(1, 3);
    assert!(hall.run_until(60, |hall| hall.state(1) == "live"));
    hall.open_window(1, Some(PASSKEY), 120);
    let enrolled = |hall: &mut Hall| {
        let told = |told: &&(Serial, Told)| matches!(told, (Serial(1), Told::Enrolled { .. }));
        hall.told.iter().filter(told).count() == 2
    };
    assert!(hall.run_until(60, enrolled), "{:?}", hall.told);
    assert!(hall.run_until(60, |hall| hall.state(1) == "live"));
}

#[test]
fn a_hundred_monitors_with_ten_thousand_cycles_each_are_drained() {
    let mut hall = enrolled(100, 5);
    hall.air.unplug(&adapter(0), hall.now);
    let now = hall.now;
    for number in 1..=100 {
        (0..10_000).for_each(|_| hall.monitor(number).make_cycle(now, 412));
    }
    let begun = hall.now;
    assert!(hall.run_until(3_600, |hall| hall.air.monitors().all(|monitor| monitor.waiting() == 0)));
    assert!((1..=100).all(|number| hall.has[&Serial(number)].count == 10_000));
    // Of simulated time, which says what the turns cost and nothing of any radio.
    let took = hall.now.since(begun);
    assert!(took < Duration::from_secs(900), "{took:?}");
}

#[test]
fn what_a_broken_link_left_unsaid_is_said_on_the_next_one() {
    let mut hall = enrolled(1, 1);
    assert!(hall.run_until(60, |hall| hall.state(1) == "live"));
    hall.air.mishaps.link = 1.0;
    let now = hall.now;
    // The link breaks while the time is written; that it is to blink waits behind it.
    hall.say(1, ToMonitor::Time(now));
    hall.say(1, ToMonitor::Identify);
    hall.run(1);
    assert_eq!((hall.state(1), hall.monitor(1).blinked()), ("resting", 0));
    hall.air.mishaps.link = 0.0;
    assert!(hall.run_until(60, |hall| hall.monitor(1).blinked() == 1));
    hall.run(60);
    assert_eq!(hall.monitor(1).blinked(), 1);
}

#[test]
fn where_all_want_all_of_the_time_each_has_its_turn() {
    let mut hall = enrolled(6, 1);
    for _ in 0..600 {
        let now = hall.now;
        (1..=6).for_each(|number| hall.monitor(number).make_cycle(now, 412));
        hall.run(1);
    }
    let count = |number| hall.has.get(&Serial(number)).map_or(0, |has| has.count);
    let has: Vec<u32> = (1..=6).map(count).collect();
    assert!(has.iter().all(|count| *count > 250), "{has:?}");
}

#[test]
fn a_monitor_whose_link_fails_is_called_ever_more_rarely() {
    let mut hall = enrolled(1, 1);
    hall.air.unplug(&adapter(0), hall.now);
    hall.air.mishaps.connect = 1.0;
    hall.calls.clear();
    hall.run(500);
    let pauses = hall.calls.windows(2).map(|calls| calls[1].0.since(calls[0].0));
    let expected = [1, 2, 4, 8, 16].map(Duration::from_secs);
    for (pause, least) in pauses.zip(expected) {
        // An attempt that times out takes ten seconds itself.
        assert!(pause >= least + Duration::from_secs(10), "{:?}", hall.calls);
    }
    assert!(hall.calls.len() > 5);
}
