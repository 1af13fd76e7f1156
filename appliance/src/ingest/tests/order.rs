//! Laws 1 to 4: kept is on disk; gaps are counted and fill; nothing is doubled, nothing is invented.

use proptest::prelude::*;
use radio::event::{CyclesHeard, Heard};

use super::plant::{Box, Device};

#[test]
fn steady_counting_is_one_entry_a_mold_and_day() {
    let (mut plant, mut device) = (Box::new(), Device::new("V3-1", "M-1"));
    plant.tether(&device);
    for _ in 0..50 {
        device.make(2);
        plant.cycles(device.newest(2));
        plant.pass(40);
        plant.commit();
    }
    assert_eq!(plant.disk.ledger("M-1"), [("delta", 100)]);
    plant.pass(86_400);
    device.make(1);
    plant.cycles(device.newest(1));
    plant.commit();
    assert_eq!(plant.disk.ledger("M-1"), [("delta", 100), ("delta", 1)]);
    assert_eq!(plant.kept.last(), Some(&("V3-1".to_owned(), Some(1), 101)));
}

#[test]
fn a_gap_is_n_cycles_times_unknown_until_filled() {
    let (mut plant, mut device) = (Box::new(), Device::new("V3-1", "M-1"));
    plant.tether(&device);
    device.make(3);
    plant.cycles(device.newest(3));
    device.make(10);
    plant.pass(200);
    plant.cycles(device.newest(2));
    plant.commit();
    assert_eq!(plant.disk.ledger("M-1"), [("delta", 3), ("gap", 8), ("delta", 2)]);
    assert_eq!((plant.disk.counted("M-1"), plant.disk.unknown("M-1")), (13, 8));
    assert_eq!(plant.kept.last(), Some(&("V3-1".to_owned(), Some(1), 3)), "a gap is not kept");

    plant.pass(3);
    assert_eq!(plant.asked, [("V3-1".to_owned(), Some(1), 3)]);
    plant.cycles(CyclesHeard { from_memory: true, ..device.packet(3, 8) });
    plant.commit();
    assert_eq!((plant.disk.counted("M-1"), plant.disk.unknown("M-1")), (13, 3));
    assert_eq!(plant.kept.last(), Some(&("V3-1".to_owned(), Some(1), 8)));
    plant.cycles(CyclesHeard { from_memory: true, ..device.packet(8, 13) });
    plant.commit();
    assert_eq!((plant.disk.counted("M-1"), plant.disk.unknown("M-1")), (13, 0));
    assert_eq!(plant.kept.last(), Some(&("V3-1".to_owned(), Some(1), 13)));
    assert_eq!(plant.disk.ledger("M-1"), [("delta", 3), ("gap", 8), ("delta", 2), ("fill", 0)]);
    let ends: Vec<_> = plant.disk.history("M-1").iter().map(|cycle| cycle.ended).collect();
    assert!(ends.is_sorted());
}

#[test]
fn a_status_ahead_of_the_cycles_is_a_gap_only_when_they_do_not_come() {
    let (mut plant, mut device) = (Box::new(), Device::new("V3-1", "M-1"));
    plant.tether(&device);
    device.make(4);
    plant.hear(Heard::Status(device.status(None)));
    plant.pass(2);
    plant.cycles(device.newest(4));
    plant.pass(20);
    plant.commit();
    assert_eq!(plant.disk.ledger("M-1"), [("delta", 4)]);
    device.make(5);
    plant.hear(Heard::Status(device.status(None)));
    plant.pass(20);
    plant.commit();
    assert_eq!(plant.disk.ledger("M-1"), [("delta", 4), ("gap", 5)]);
}

#[test]
fn what_was_made_before_the_first_contact_counts_at_once_and_fills_from_memory() {
    let (mut plant, mut device) = (Box::new(), Device::new("V3-1", "M-1"));
    device.make(20_000);
    plant.tether(&device);
    plant.commit();
    assert_eq!((plant.disk.counted("M-1"), plant.disk.unknown("M-1")), (20_000, 20_000));
    for from in (0..20_000).step_by(20) {
        plant.cycles(CyclesHeard { from_memory: true, ..device.packet(from, from + 20) });
        if from % 4_000 == 0 {
            plant.commit();
        }
    }
    plant.commit();
    assert_eq!((plant.disk.counted("M-1"), plant.disk.unknown("M-1")), (20_000, 0));
    assert_eq!(plant.disk.ledger("M-1"), [("gap", 20_000), ("fill", 0)]);
    assert_eq!(plant.kept.last(), Some(&("V3-1".to_owned(), Some(1), 20_000)));
    assert!(plant.disk.history("M-1").iter().all(|cycle| cycle.flags.late));
}

#[test]
fn what_the_device_has_lost_is_unknown_for_good_and_the_rest_is_kept() {
    let (mut plant, mut device) = (Box::new(), Device::new("V3-1", "M-1"));
    device.make(100);
    plant.tether(&device);
    for _ in 0..10 {
        plant.pass(60);
        plant.hear(Heard::Status(device.status(Some(10))));
        plant.commit();
    }
    assert!(plant.asked.len() >= 3, "asked before it is believed");
    assert_eq!(plant.disk.unknown("M-1"), 100);
    plant.cycles(CyclesHeard { from_memory: true, ..device.packet(90, 100) });
    plant.commit();
    assert_eq!((plant.disk.counted("M-1"), plant.disk.unknown("M-1")), (100, 90));
    assert_eq!(plant.kept.last(), Some(&("V3-1".to_owned(), Some(1), 100)));
}

#[test]
fn what_was_lost_before_the_monitor_moved_to_another_mold_holds_nothing_back() {
    let (mut plant, mut device) = (Box::new(), Device::new("V3-1", "M-1"));
    plant.tether(&device);
    device.make(10);
    plant.cycles(device.newest(4));
    device.mold = "M-2";
    plant.tether(&device);
    device.make(5);
    plant.cycles(device.newest(5));
    plant.commit();
    assert_eq!(plant.disk.unknown("M-1"), 6);
    for _ in 0..10 {
        plant.pass(60);
        plant.hear(Heard::Status(device.status(Some(9))));
        plant.commit();
    }
    assert_eq!((plant.disk.counted("M-1"), plant.disk.counted("M-2")), (10, 5));
    assert_eq!(plant.kept.last(), Some(&("V3-1".to_owned(), Some(1), 15)));
}

#[test]
fn what_an_earlier_era_lacks_is_not_asked_for_for_ever() {
    let (mut plant, mut device) = (Box::new(), Device::new("V3-1", "M-1"));
    plant.tether(&device);
    device.make(10);
    plant.cycles(device.newest(4));
    device.era = Some(2);
    (device.count, device.made) = (0, Vec::new());
    plant.tether(&device);
    for _ in 0..20 {
        device.make(1);
        plant.cycles(device.newest(1));
        plant.pass(60);
        plant.hear(Heard::Status(device.status(Some(0))));
        plant.commit();
    }
    let asked = plant.asked.len();
    assert!((3..8).contains(&asked), "asked {asked} times");
    plant.pass(3_600);
    assert_eq!(plant.asked.len(), asked);
    assert_eq!((plant.disk.counted("M-1"), plant.disk.unknown("M-1")), (30, 6));
}

#[test]
fn a_monitor_that_was_never_initialised_counts_nothing_and_is_an_alarm() {
    let (mut plant, mut device) = (Box::new(), Device::new("V3-1", "M-1"));
    let mut tether = device.tether();
    (tether.initialisation, tether.era, tether.count) = (None, None, 0);
    plant.hear(Heard::Tethered(tether));
    device.make(3);
    plant.cycles(device.newest(3));
    plant.commit();
    assert!(plant.disk.snapshot.molds.is_empty());
    assert!(plant.kept.is_empty());
    assert_eq!(plant.disk.standing().len(), 1);
    plant.tether(&device);
    plant.commit();
    assert!(plant.disk.standing().is_empty());
    assert_eq!(plant.disk.counted("M-1"), 3);
}

/// What happens on the way from the device to the box.
#[derive(Debug, Clone)]
enum Act {
    Make(u64),
    /// A packet of the cycles made so far: from, how many, in thousandths.
    Send(u16, u16),
    Again(u16),
    Status,
    Tether,
    Commit,
    Crash,
    Pass(u64),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        4 => (1..12u64).prop_map(Act::Make),
        8 => (0..1000u16, 0..200u16).prop_map(|(at, n)| Act::Send(at, n)),
        3 => (0..1000u16).prop_map(Act::Again),
        1 => Just(Act::Status),
        1 => Just(Act::Tether),
        3 => Just(Act::Commit),
        1 => Just(Act::Crash),
        2 => (1..30u64).prop_map(Act::Pass),
    ];
    prop::collection::vec(act, 1..80)
}

/// Lets everything happen, then has the device's whole memory read twice. Gives the plant and the device.
fn run(acts: &[Act], era: Option<u32>) -> (Box, Device) {
    let (mut plant, mut device) = (Box::new(), Device::new("V3-1", "M-1"));
    device.era = era;
    let first = device.tether();
    plant.hear(Heard::Tethered(first.clone()));
    plant.commit();
    let mut sent: Vec<Heard> = Vec::new();
    let again = |heard: &Heard| match heard {
        Heard::Cycles(heard) => Heard::Cycles(heard.clone()),
        Heard::Status(heard) => Heard::Status(heard.clone()),
        Heard::Tethered(heard) => Heard::Tethered(heard.clone()),
        other => panic!("{other:?} is not sent here"),
    };
    for act in acts {
        match act {
            Act::Make(cycles) => device.make(*cycles),
            Act::Send(at, cycles) => {
                let made = device.made.len();
                let from = made * usize::from(*at) / 1000;
                let to = (from + 1 + usize::from(*cycles) * made / 1000).min(made);
                if from < to {
                    sent.push(Heard::Cycles(device.packet(from, to)));
                }
            }
            Act::Again(which) => {
                let heard = sent.get(sent.len() * usize::from(*which) / 1000).map(&again);
                sent.extend(heard);
            }
            Act::Status => sent.push(Heard::Status(device.status(None))),
            Act::Tether => sent.push(Heard::Tethered(device.tether())),
            Act::Commit => plant.commit(),
            Act::Crash => plant.crash(),
            Act::Pass(seconds) => plant.pass(*seconds),
        }
        if let (Act::Send(..) | Act::Again(_) | Act::Status | Act::Tether, Some(heard)) = (act, sent.last()) {
            plant.hear(again(heard));
        }
        // Law 3: never more than the device made.
        assert!(plant.disk.counted("M-1") as u64 <= device.count);
        // Law 1: what it was told as kept is on the disk, times and all.
        let kept = plant.kept.iter().map(|(_, _, up_to)| *up_to).max().unwrap_or(0);
        let history = plant.disk.history.values().next();
        assert!((1..=kept).all(|ordinal| history.is_some_and(|cycles| cycles.contains_key(&ordinal))));
    }
    for _ in 0..2 {
        for from in (0..device.made.len()).step_by(9) {
            let to = (from + 9).min(device.made.len());
            plant.cycles(CyclesHeard { from_memory: true, ..device.packet(from, to) });
        }
        plant.hear(Heard::Status(device.status(Some(0))));
        plant.hear(Heard::Tethered(first.clone()));
        plant.commit();
    }
    (plant, device)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_cycle_told_as_kept_is_on_disk_and_nothing_is_invented(acts in acts()) {
        let (plant, device) = run(&acts, Some(1));
        prop_assert_eq!(plant.disk.counted("M-1") as u64, device.count);
        prop_assert!(plant.disk.standing().is_empty());
    }

    #[test]
    fn duplicated_reordered_replayed_frames_change_nothing(acts in acts()) {
        let (plant, device) = run(&acts, Some(1));
        let history = plant.disk.history("M-1");
        prop_assert_eq!(history.len(), device.made.len());
        for (cycle, (place, (_, took))) in history.iter().zip(device.made.iter().enumerate()) {
            prop_assert_eq!(cycle.ordinal, place as u64 + 1);
            prop_assert_eq!(cycle.cycle_time.as_millis(), *took);
        }
        prop_assert!(history.is_sorted_by(|a, b| a.ended <= b.ended));
        prop_assert_eq!(plant.disk.unknown("M-1"), 0);

        // Everything once more, from the oldest on: not a line more.
        let (before, mut plant) = (plant.disk.clone(), plant);
        for end in 1..=device.made.len() {
            plant.cycles(device.packet(end.saturating_sub(3), end));
            plant.pass(1);
        }
        plant.commit();
        prop_assert_eq!(before.ledgers, plant.disk.ledgers);
        prop_assert_eq!(before.history, plant.disk.history);
    }

    #[test]
    fn a_device_without_eras_but_with_a_clock_is_counted_the_same(acts in acts()) {
        let (plant, device) = run(&acts, None);
        prop_assert_eq!(plant.disk.counted("M-1") as u64, device.count);
        prop_assert!(plant.disk.kinds("M-1").iter().all(|kind| *kind != domain::EntryKind::Reset));
    }
}
