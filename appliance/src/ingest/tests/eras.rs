//! Laws 3 and 5 across a new era: whatever of it arrives first, and wherever it began, no cycle of it is lost.

use proptest::prelude::*;
use radio::event::{CyclesHeard, Heard};

use super::plant::{Box, Device};

/// As near to its top as a counter begins in these tests.
const HIGH: u64 = u32::MAX as u64 - 20;

/// A monitor that counted ten cycles and is told to count anew from `start`; the ten are kept.
fn anew(start: u64) -> (Box, Device) {
    let (mut plant, mut device) = (Box::new(), Device::new("V3-1", "M-1"));
    plant.tether(&device);
    device.make(10);
    plant.cycles(device.newest(10));
    plant.commit();
    device.era = Some(2);
    device.made.clear();
    device.count = start;
    (plant, device)
}

/// Everything it has, twice, from its memory.
fn upload(plant: &mut Box, device: &Device) {
    for from in (0..device.made.len()).step_by(9).chain((0..device.made.len()).step_by(9)) {
        let to = (from + 9).min(device.made.len());
        plant.cycles(CyclesHeard { from_memory: true, ..device.packet(from, to) });
    }
}

#[test]
fn an_eras_first_cycles_are_not_lost_with_its_first_packet() {
    let (mut plant, mut device) = anew(0);
    device.make(1);
    plant.tether(&device);
    device.make(5);
    plant.cycles(device.newest(2));
    plant.commit();
    assert_eq!((plant.disk.counted("M-1"), plant.disk.unknown("M-1")), (16, 4));
    upload(&mut plant, &device);
    plant.commit();
    assert_eq!((plant.disk.counted("M-1"), plant.disk.unknown("M-1")), (16, 0));
}

#[test]
fn an_era_that_began_high_up_is_counted_once_a_status_says_where() {
    let (mut plant, mut device) = anew(HIGH);
    device.make(1);
    plant.tether(&device);
    device.make(1);
    plant.cycles(device.newest(1));
    plant.commit();
    assert_eq!(plant.disk.counted("M-1"), 10, "nobody knows how much was made before");
    assert!(plant.kept.iter().all(|(_, era, _)| *era != Some(2)), "what was not counted is not kept");
    plant.crash();
    // The counter is past its top when it is said.
    device.make(30);
    plant.hear(Heard::Status(device.status(Some(32))));
    plant.commit();
    assert_eq!((plant.disk.counted("M-1"), plant.disk.unknown("M-1")), (42, 32));
    upload(&mut plant, &device);
    plant.commit();
    assert_eq!((plant.disk.counted("M-1"), plant.disk.unknown("M-1")), (42, 0));
    assert_eq!(plant.kept.last(), Some(&("V3-1".to_owned(), Some(2), 11)));
    let ends: Vec<_> = plant.disk.history("M-1").iter().map(|cycle| cycle.ended).collect();
    assert!(ends.is_sorted());
}

#[test]
fn a_new_eras_cycles_are_counted_for_the_mold_of_its_tether_and_for_no_other() {
    let (mut plant, mut device) = anew(0);
    device.mold = "M-2";
    device.make(3);
    plant.cycles(device.newest(3));
    plant.hear(Heard::Status(device.status(Some(3))));
    plant.pass(30);
    plant.commit();
    assert_eq!(plant.disk.counted("M-1"), 10, "its tether was lost: it is not known whose cycles these are");
    plant.tether(&device);
    upload(&mut plant, &device);
    plant.commit();
    assert_eq!((plant.disk.counted("M-1"), plant.disk.counted("M-2")), (10, 3));
}

/// What happens on the way from the device to the box after its tether.
#[derive(Debug, Clone)]
enum Act {
    Make(u64),
    Send(u16, u16),
    Again(u16),
    Tether,
    Status,
    Commit,
    Crash,
    Pass(u64),
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        4 => (1..12u64).prop_map(Act::Make),
        8 => (0..1000u16, 0..200u16).prop_map(|(at, n)| Act::Send(at, n)),
        3 => (0..1000u16).prop_map(Act::Again),
        1 => Just(Act::Tether),
        1 => Just(Act::Status),
        3 => Just(Act::Commit),
        1 => Just(Act::Crash),
        2 => (1..30u64).prop_map(Act::Pass),
    ];
    prop::collection::vec(act, 1..60)
}

/// What a message was, to be said again.
fn again(heard: &Heard) -> Heard {
    match heard {
        Heard::Cycles(heard) => Heard::Cycles(heard.clone()),
        Heard::Status(heard) => Heard::Status(heard.clone()),
        Heard::Tethered(heard) => Heard::Tethered(heard.clone()),
        other => panic!("{other:?} is not sent here"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn a_new_era_is_counted_whole_in_whatever_order_it_is_heard(
        high in any::<bool>(), before in 0..15u64, acts in acts()
    ) {
        let (mut plant, mut device) = anew(if high { HIGH } else { 0 });
        device.make(before);
        let mut sent = vec![Heard::Tethered(device.tether())];
        plant.hear(again(&sent[0]));
        plant.commit();
        let held = |plant: &Box, device: &Device| {
            let kept = plant.kept.iter().filter(|(_, era, _)| *era == Some(2)).map(|(_, _, up_to)| *up_to);
            let start = device.count - device.made.len() as u64;
            // As the device sees it: how far each reading lies from where it began.
            let told = kept.map(|shown| (shown + (1 << 32) - start % (1 << 32)) % (1 << 32));
            device.made.len() as u64 - told.max().unwrap_or(0)
        };
        for act in acts {
            let news = match act {
                Act::Make(cycles) => { device.make(cycles); None }
                Act::Send(at, cycles) if !device.made.is_empty() => {
                    let made = device.made.len();
                    let from = made * usize::from(at) / 1000;
                    let to = (from + 1 + usize::from(cycles) * made / 1000).min(made);
                    Some(Heard::Cycles(device.packet(from, to)))
                }
                Act::Send(..) => None,
                Act::Again(which) => sent.get(sent.len() * usize::from(which) / 1000).map(again),
                Act::Tether => Some(Heard::Tethered(device.tether())),
                Act::Status => {
                    let held = u32::try_from(held(&plant, &device)).unwrap();
                    Some(Heard::Status(device.status(Some(held))))
                }
                Act::Commit => { plant.commit(); None }
                Act::Crash => { plant.crash(); None }
                Act::Pass(seconds) => { plant.pass(seconds); None }
            };
            if let Some(news) = news {
                plant.hear(again(&news));
                sent.push(news);
            }
            prop_assert!(plant.disk.counted("M-1") as u64 <= 10 + device.made.len() as u64);
        }
        plant.tether(&device);
        let held = u32::try_from(held(&plant, &device)).unwrap();
        plant.hear(Heard::Status(device.status(Some(held))));
        upload(&mut plant, &device);
        plant.pass(10);
        plant.commit();
        prop_assert_eq!(plant.disk.counted("M-1") as u64, 10 + device.made.len() as u64);
        prop_assert_eq!(plant.disk.unknown("M-1"), 0);
        let took: Vec<_> = plant.disk.history("M-1").iter().skip(10).map(|c| c.cycle_time.as_millis()).collect();
        let made: Vec<_> = device.made.iter().map(|(_, took)| *took).collect();
        prop_assert_eq!(took, made);
    }
}
