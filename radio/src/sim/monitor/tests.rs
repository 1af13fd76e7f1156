use domain::{CycleTime, Timestamp};

use super::*;
use crate::sim::dice::Dice;
use crate::usb::codec;
use crate::v3::profile::open::{Message, Tether, Tethering};

fn record() -> Initialisation {
    Initialisation {
        mold: "M-1".parse().unwrap(),
        description: "cap".into(),
        approved: Some(CycleTime::from_millis(20_000)),
        design_life: None,
        baseline: 1_000,
        on: Timestamp::from_millis(0),
    }
}

fn monitor(record: Option<Initialisation>) -> Monitor {
    let process = Some(Process::new(Dice::new(1, "mold", 1), 20_000, Habits::SHIFT));
    Monitor::new(MonitorSpec {
        serial: Serial(7),
        record,
        process,
        era: 3,
        counter: 0,
        clock: 0,
        battery: 80,
    })
}

fn at(seconds: u64) -> Now {
    Now { real_ms: seconds * 1_000, plant_ms: seconds * 1_000 }
}

fn messages(monitor: &mut Monitor, now: Now) -> Vec<Message> {
    std::iter::from_fn(|| monitor.next_message(now)).collect()
}

#[test]
fn an_uninitialised_monitor_says_nothing_but_that_it_is_there() {
    let mut monitor = monitor(None);
    monitor.tether(5, at(0));
    let said = messages(&mut monitor, at(0));
    assert!(matches!(
        said.as_slice(),
        [Message::Tether(Tether { state: Tethering::Uninitialised, plug: 5, .. })]
    ));
    assert_eq!(messages(&mut monitor, at(30)), vec![]);
    assert_eq!(monitor.state(at(30)), State::Uninitialised);
}

#[test]
fn what_was_recorded_is_told_before_the_first_cycle() {
    let mut monitor = monitor(Some(record()));
    monitor.start_working(at(0), Habits::SHIFT, 5_000);
    monitor.make_cycles(100_000);
    assert_eq!(messages(&mut monitor, at(100)), vec![], "nobody hears an untethered monitor");
    monitor.tether(1, at(100));
    let said = messages(&mut monitor, at(100));
    assert!(matches!(said.first(), Some(Message::Tether(_))));
    assert!(said.iter().any(|message| matches!(message, Message::Cycles(_))));
}

#[test]
fn its_state_follows_its_mold() {
    let mut monitor = monitor(Some(record()));
    assert_eq!(monitor.state(at(0)), State::Untethered);
    monitor.tether(1, at(0));
    assert_eq!(monitor.state(at(0)), State::Tethered);
    monitor.start_working(at(0), Habits::SHIFT, 1_000);
    monitor.make_cycles(1_000);
    monitor.stop_working();
    assert_eq!(monitor.state(at(2)), State::Cycling);
    assert_eq!(monitor.state(at(60)), State::Cycling);
    assert_eq!(monitor.state(at(62)), State::Stopped);
    assert_eq!(monitor.state(at(9 * 3_600)), State::Asleep);
    assert!(monitor.status(at(9 * 3_600)).asleep);
    monitor.slow_down(5);
    assert_eq!(monitor.state(at(10)), State::Slow);
}

#[test]
fn a_cycle_stays_until_the_box_says_kept_of_its_own_run() {
    let mut monitor = monitor(Some(record()));
    monitor.tether(1, at(0));
    monitor.start_working(at(0), Habits::SHIFT, 1_000);
    monitor.make_cycles(200_000);
    let made = monitor.list().cycles as u32;
    let kept = |serial, era, up_to| Message::Kept { serial: Serial(serial), era, up_to };
    for other in [kept(8, 3, made), kept(7, 2, made), kept(7, 3, made + 1)] {
        monitor.hear(&other, at(200));
        assert_eq!(monitor.unacknowledged(), u64::from(made));
    }
    monitor.hear(&kept(7, 3, made), at(200));
    assert_eq!(monitor.unacknowledged(), 0);
}

#[test]
fn what_is_not_kept_is_sent_again_and_again_ever_more_slowly() {
    let mut monitor = monitor(Some(record()));
    monitor.tether(1, at(0));
    monitor.start_working(at(0), Habits::SHIFT, 1_000);
    monitor.make_cycles(2_000);
    monitor.stop_working();
    let mut sent_at = Vec::new();
    for second in 2..400 {
        let said = messages(&mut monitor, at(second));
        if said.iter().any(|message| matches!(message, Message::Cycles(_))) {
            sent_at.push(second);
        }
    }
    let pauses: Vec<u64> = sent_at.windows(2).map(|two| two[1] - two[0]).collect();
    assert!(pauses.len() >= 4, "{sent_at:?}");
    assert!(pauses.is_sorted() && pauses.iter().all(|pause| *pause <= 60), "{pauses:?}");
}

#[test]
fn the_box_gets_from_memory_what_it_asks_for() {
    let mut monitor = monitor(Some(record()));
    monitor.tether(1, at(0));
    monitor.start_working(at(0), Habits::SHIFT, 1_000);
    monitor.make_cycles(1_000_000);
    messages(&mut monitor, at(1_000));
    monitor.hear(&Message::SendFrom { serial: Serial(7), era: 3, after: 4 }, at(1_001));
    let said = messages(&mut monitor, at(1_001));
    match said.first() {
        Some(Message::Cycles(cycles)) => {
            let stretch = &cycles.stretch;
            assert_eq!(u64::from(stretch.count()), 4 + stretch.len() as u64);
            assert!(stretch.from_memory());
        }
        other => panic!("{other:?}"),
    }
}

#[test]
fn after_a_reset_the_old_run_is_told_first_and_the_new_one_with_a_tethering_of_its_own() {
    let mut monitor = monitor(Some(record()));
    monitor.tether(1, at(0));
    monitor.start_working(at(0), Habits::SHIFT, 1_000);
    monitor.make_cycles(100_000);
    let made = monitor.list().cycles as u32;
    monitor.reset_counter(0);
    monitor.make_cycles(200_000);
    let eras = |said: &[Message]| -> Vec<u32> {
        let era = |message: &Message| match message {
            Message::Cycles(cycles) => Some(cycles.stretch.era()),
            Message::Tether(Tether { state: Tethering::Initialised { era, .. }, .. }) => Some(*era),
            _ => None,
        };
        said.iter().filter_map(era).collect()
    };
    assert!(eras(&messages(&mut monitor, at(200))).iter().all(|era| *era == 3));
    monitor.hear(&Message::Kept { serial: Serial(7), era: 3, up_to: made }, at(201));
    let said = messages(&mut monitor, at(201));
    assert!(matches!(said.first(), Some(Message::Tether(_))));
    assert!(eras(&said).iter().all(|era| *era == 4));
}

#[test]
fn over_usb_it_is_shown_and_initialised_but_never_while_it_holds_cycles() {
    let mut fresh = monitor(None);
    let answer =
        |bytes: &[u8]| codec::Decoder::new().push(bytes).into_iter().map(Result::unwrap).collect::<Vec<_>>();
    let shown = answer(&fresh.obey_usb(&Request::Show, at(0)));
    assert!(matches!(shown.first(), Some(Message::Tether(Tether { state: Tethering::Uninitialised, .. }))));
    fresh.obey_usb(&Request::Initialise(record()), at(1));
    assert_eq!(fresh.record(), Some(&record()));
    let mut busy = monitor(Some(record()));
    busy.start_working(at(0), Habits::SHIFT, 1_000);
    busy.make_cycles(50_000);
    let refused = answer(&busy.obey_usb(&Request::Initialise(record()), at(50)));
    assert!(matches!(refused.as_slice(), [Message::Refused { why: Refusal::Unacknowledged, .. }]));
}
