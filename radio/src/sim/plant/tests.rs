use std::time::Duration;

use domain::Timestamp;
use proptest::prelude::*;

use super::receiver::Receiver;
use super::*;
use crate::v3::frame::ApiMode;
use crate::v3::profile::open::Message;

const STARTED: Timestamp = Timestamp::from_millis(1_700_000_000_000);

fn small() -> PlantSpec {
    PlantSpec {
        sticks: 1,
        presses: 3,
        molds: 4,
        history_days: 0.3,
        speed: 60.0,
        started: STARTED,
        ..PlantSpec::default()
    }
}

/// A plant with a small box on each of its lines, and a clock that the test moves.
struct Hall {
    plant: Plant,
    boxes: Vec<Receiver>,
    real_ms: u64,
}

impl Hall {
    fn new(spec: PlantSpec) -> Self {
        let plant = Plant::new(spec);
        let mode = |pan: &Pan| if pan.stick().spec().api == 2 { ApiMode::Escaped } else { ApiMode::Plain };
        let boxes = plant.pans().iter().map(|pan| Receiver::new(mode(pan))).collect();
        Hall { plant, boxes, real_ms: 0 }
    }

    fn step(&mut self, ms: u64) {
        self.real_ms += ms;
        let now = self.plant.now(self.real_ms);
        let clock = STARTED.later_by(Duration::from_millis(self.real_ms));
        self.plant.advance(now);
        for (index, receiver) in self.boxes.iter_mut().enumerate() {
            self.plant.fill(index, now, 16 * 1024);
            let Some(pan) = self.plant.pan_mut(index) else { continue };
            let bytes = std::mem::take(pan.stick_mut().output());
            receiver.hear(&bytes, clock);
            let answer = receiver.answer(clock);
            self.plant.receive(index, &answer, now);
        }
    }

    fn run(&mut self, for_ms: u64) {
        let end = self.real_ms + for_ms;
        while self.real_ms < end {
            self.step(50);
        }
    }

    /// No more cycles, no more faults; then until everything is kept.
    fn drain(&mut self) {
        self.plant.set_fault_rate(0.0);
        let now = self.plant.now(self.real_ms);
        self.plant.pause(true, now);
        let patience = self.real_ms + 3_600_000;
        while self.plant.unacknowledged() > 0 {
            assert!(self.real_ms < patience, "{} cycles are never kept", self.plant.unacknowledged());
            self.step(50);
        }
    }

    fn compare(&self) {
        let truth = self.plant.truth(self.plant.now(self.real_ms));
        assert_eq!(truth.unacknowledged, 0);
        for mold in &truth.molds {
            let monitors: Vec<_> = mold.former.iter().chain([&mold.monitor]).cloned().collect();
            let heard = self.boxes.iter().map(|receiver| receiver.list(&monitors));
            let heard: Vec<_> = heard.filter(|list| list.cycles > 0).collect();
            assert_eq!(heard, [mold.list], "{}", mold.mold);
            assert_eq!(mold.count, mold.baseline + mold.list.cycles);
        }
        for receiver in &self.boxes {
            assert_eq!(receiver.contradictions, Vec::<String>::new());
        }
    }
}

#[test]
fn the_same_seed_is_the_same_truth_and_another_is_another() {
    let truth = |seed| {
        let mut hall = Hall::new(PlantSpec { seed, ..small() });
        hall.run(20_000);
        hall.plant.truth(hall.plant.now(hall.real_ms))
    };
    assert_eq!(truth(5), truth(5));
    assert_ne!(truth(5).molds, truth(6).molds);
}

#[test]
fn what_happened_before_is_told_the_same_way_as_what_happens_now() {
    let mut hall = Hall::new(small());
    let before = hall.plant.cycles();
    assert!(before > 500, "{before}");
    hall.run(30_000);
    assert!(hall.plant.cycles() > before + 50);
    hall.drain();
    hall.compare();
}

#[test]
fn without_faults_nothing_is_sent_twice() {
    let mut hall = Hall::new(PlantSpec { history_days: 5.0, presses: 1, molds: 1, ..small() });
    hall.drain();
    hall.compare();
    let cycles = hall.plant.cycles();
    // About twenty cycles a message.
    assert!(hall.boxes[0].payloads < cycles / 10, "{} for {cycles}", hall.boxes[0].payloads);
}

#[test]
fn a_reset_a_rollover_and_another_monitor_lose_nothing() {
    let mut hall = Hall::new(small());
    hall.run(5_000);
    let now = hall.plant.now(hall.real_ms);
    for (mold, make) in [
        ("M-1001", Fault::CounterReset { mold: Some("M-1001".into()) }),
        ("M-1002", Fault::Rollover { mold: Some("M-1002".into()) }),
        ("M-1003", Fault::SwapMonitor { mold: Some("M-1003".into()) }),
    ] {
        hall.plant.fault(&make, now).expect(mold);
    }
    hall.run(150_000);
    let truth = hall.plant.truth(hall.plant.now(hall.real_ms));
    assert_eq!(truth.molds[0].resets, 1);
    assert_eq!(truth.molds[1].rollovers, 1);
    assert_eq!(truth.molds[2].former.len(), 1);
    hall.drain();
    hall.compare();
}

#[test]
fn counters_that_leave_the_factory_near_the_top_go_past_it_in_their_first_run() {
    let mut hall = Hall::new(PlantSpec { near_top: 2, ..small() });
    let rollovers = |hall: &Hall| -> Vec<(u32, u32)> {
        let truth = hall.plant.truth(hall.plant.now(hall.real_ms));
        truth.molds.iter().map(|mold| (mold.resets, mold.rollovers)).collect()
    };
    hall.run(60_000);
    assert_eq!(rollovers(&hall)[..2], [(0, 0); 2], "no box has answered them yet");
    for (index, monitor) in [0, 1].map(|index| (index, hall.plant.monitors()[index].serial())) {
        let now = hall.plant.now(hall.real_ms);
        let time = Message::Time { serial: monitor, now: STARTED };
        hall.plant.monitors[index].hear(&time, now);
    }
    hall.run(60_000);
    assert_eq!(rollovers(&hall), [(0, 1), (0, 1), (0, 0), (0, 0)]);
    hall.drain();
    hall.compare();
}

#[test]
fn an_unplugged_stick_loses_nothing() {
    let mut hall = Hall::new(small());
    hall.run(2_000);
    let now = hall.plant.now(hall.real_ms);
    hall.plant.fault(&Fault::Unplug { stick: Some("a".into()), for_s: Some(5.0) }, now).unwrap();
    assert!(!hall.plant.is_plugged(0));
    hall.run(4_000);
    assert!(!hall.plant.is_plugged(0));
    hall.run(2_000);
    assert!(hall.plant.is_plugged(0));
    hall.drain();
    hall.compare();
}

#[test]
fn a_mold_waits_on_the_shelf_until_its_turn_and_is_told_whole() {
    let spec = PlantSpec { presses: 1, molds: 4, change_every_ms: 20_000, history_days: 0.05, ..small() };
    let mut hall = Hall::new(spec);
    assert!(
        hall.plant.truth(hall.plant.now(0)).molds.iter().filter(|mold| mold.module.is_none()).count() == 2
    );
    hall.run(300_000);
    // Those that were taken off had all of theirs kept; those on the press are kept now.
    hall.drain();
    hall.compare();
}

#[test]
fn forty_molds_are_all_on_a_press_and_all_move_within_a_minute() {
    let mut hall = Hall::new(PlantSpec { history_days: 0.01, started: STARTED, ..PlantSpec::default() });
    let counts = |hall: &Hall| -> Vec<u64> {
        hall.plant.truth(hall.plant.now(hall.real_ms)).molds.iter().map(|mold| mold.count).collect()
    };
    let before = counts(&hall);
    hall.run(75_000);
    let still = before.iter().zip(counts(&hall)).filter(|(before, after)| **before == *after).count();
    // A mold may just have stopped for a moment.
    assert!(still <= 2, "{still} molds stand still");
    assert_eq!(before.len(), 40);
}

#[test]
fn a_fresh_module_joins_when_its_label_was_entered() {
    let spec = PlantSpec { fresh: true, forming_ms: 100, ..small() };
    let mut hall = Hall::new(spec);
    hall.run(2_000);
    // A new stick forms a network of its own that anybody may join.
    let joined = |hall: &Hall| hall.plant.pans()[0].modules().iter().filter(|m| m.is_joined()).count();
    assert_eq!(joined(&hall), 4);
}

fn faults() -> impl Strategy<Value = Fault> {
    let spell = (0.2..4.0, 0.05..0.9).prop_map(|(for_s, odds)| Spell {
        stick: None,
        for_s: Some(for_s),
        odds: Some(odds),
    });
    prop_oneof![
        spell.clone().prop_map(Fault::Drop),
        spell.clone().prop_map(Fault::Duplicate),
        spell.clone().prop_map(Fault::Reorder),
        spell.prop_map(Fault::Corrupt),
        (1_usize..2_000).prop_map(|bytes| Fault::Noise { stick: None, bytes: Some(bytes) }),
        (any::<bool>(), 0.1..5.0).prop_map(|(one, for_s)| Fault::Silence {
            stick: None,
            module: one.then(String::new),
            for_s: Some(for_s)
        }),
        (0.1..5.0).prop_map(|for_s| Fault::Unplug { stick: None, for_s: Some(for_s) }),
        Just(Fault::CounterReset { mold: None }),
        Just(Fault::SwapMonitor { mold: None }),
        Just(Fault::Slow { mold: None, cycles: None }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, max_shrink_iters: 200, ..ProptestConfig::default() })]
    #[test]
    fn whatever_goes_wrong_every_cycle_arrives_in_the_end_exactly_once(
        seed in 0_u64..1_000,
        schedule in prop::collection::vec((50_u64..4_000, faults()), 0..25),
    ) {
        let mut hall = Hall::new(PlantSpec { seed, sticks: 2, history_days: 0.1, ..small() });
        for (after, fault) in schedule {
            hall.run(after);
            let now = hall.plant.now(hall.real_ms);
            hall.plant.fault(&fault, now).unwrap();
        }
        hall.run(1_000);
        hall.drain();
        hall.compare();
    }
}
