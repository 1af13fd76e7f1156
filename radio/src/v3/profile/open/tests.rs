use std::time::Duration;

use domain::{CycleTime, Eui64, Initialisation, MonitorSerial, Temperature, Timestamp};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::{
    Assembly, CycleTicks, Cycles, CyclesHead, DeciCelsius, DecodeError, MAX_MESSAGE, Made, Message,
    OpenProfile, Record, RecordError, Refusal, Serial, Status, Tether, Tethering, Ticks, crc16,
};
use crate::command::Ask;
use crate::event::Heard;
use crate::open::samples::{self, Usual, steady};
use crate::v3::profile::{Payload, PayloadKind, PayloadProfile, ProfileError, Registry};

const MODULE: Eui64 = Eui64::from_be_bytes([0, 0x13, 0xA2, 0, 0x40, 0x52, 0x2B, 0xAA]);
const NOW: Timestamp = Timestamp::from_millis(1_800_000_000_000);

fn initialisation() -> impl Strategy<Value = Initialisation> {
    let mold = prop_oneof!["[A-Z]-[0-9]{4}", "[!-~\u{4e00}-\u{4e40}\u{1f600}-\u{1f640}]{1,32}"];
    let description = "[ -~\u{e4}]{0,120}";
    let approved = option::of(any::<u32>().prop_map(CycleTime::from_millis));
    (mold, description, approved, option::of(any::<u64>()), any::<u64>(), any::<i64>()).prop_map(
        |(mold, description, approved, design_life, baseline, on)| Initialisation {
            mold: mold.parse().unwrap(),
            description,
            approved,
            design_life,
            baseline,
            on: Timestamp::from_millis(on),
        },
    )
}

fn made() -> impl Strategy<Value = Vec<Made>> {
    samples::made(Usual { steps: (3, 1400..1600), tenths: 640..650, odd: 0.05, most: 90 })
}

fn head() -> impl Strategy<Value = CyclesHead> {
    (any::<u32>(), any::<u32>(), any::<u32>(), 0u64..1 << 40, any::<bool>()).prop_map(
        |(serial, era, before, sent, from_memory)| CyclesHead {
            serial: Serial(serial),
            era,
            before,
            sent: Ticks::new(sent),
            from_memory,
        },
    )
}

fn message() -> impl Strategy<Value = Message> {
    let serial = any::<u32>().prop_map(Serial);
    let part = || {
        (initialisation(), any::<prop::sample::Index>()).prop_map(|(initialisation, index)| {
            let parts = Record::new(&initialisation).unwrap().parts();
            index.get(&parts).clone()
        })
    };
    prop_oneof![
        (serial.clone(), any::<u16>()).prop_map(|(serial, plug)| Message::Tether(Tether {
            serial,
            plug,
            state: Tethering::Uninitialised
        })),
        (serial.clone(), any::<u16>(), any::<u32>(), any::<u32>(), part()).prop_map(
            |(serial, plug, era, count, part)| Message::Tether(Tether {
                serial,
                plug,
                state: Tethering::Initialised { era, count, part }
            })
        ),
        (head(), made()).prop_map(|(head, made)| Message::Cycles(Cycles::pack(&head, &made).unwrap().cycles)),
        (
            (serial.clone(), any::<u32>(), any::<u32>(), any::<bool>()),
            (any::<i16>(), any::<u8>(), any::<u32>(), any::<u32>(), any::<u32>())
        )
            .prop_map(
                |((serial, era, count, asleep), (tenths, battery, uptime, stored, unacknowledged))| {
                    let temperature = DeciCelsius::new(tenths);
                    Message::Status(Status {
                        serial,
                        era,
                        count,
                        asleep,
                        temperature,
                        battery,
                        uptime,
                        stored,
                        unacknowledged,
                    })
                }
            ),
        (serial.clone(), any::<u16>()).prop_map(|(serial, plug)| Message::Untether { serial, plug }),
        (serial.clone(), any::<u8>())
            .prop_map(|(serial, why)| Message::Refused { serial, why: Refusal::from(why) }),
        (serial.clone(), any::<u32>(), any::<u32>()).prop_map(|(serial, era, up_to)| Message::Kept {
            serial,
            era,
            up_to
        }),
        (serial.clone(), any::<u32>(), any::<u32>()).prop_map(|(serial, era, after)| Message::SendFrom {
            serial,
            era,
            after
        }),
        (serial.clone(), any::<i64>())
            .prop_map(|(serial, now)| Message::Time { serial, now: Timestamp::from_millis(now) }),
        serial.prop_map(|serial| Message::Identify { serial }),
        Just(Message::Show),
        part().prop_map(Message::Initialise),
    ]
}

/// Bytes with a good check, so that they get past it.
fn sealed(mut bytes: Vec<u8>) -> Vec<u8> {
    let check = crc16(&bytes);
    bytes.extend(check.to_be_bytes());
    bytes
}

proptest! {
    #[test]
    fn every_message_fits_an_unfragmented_packet_and_reads_back(message in message()) {
        let bytes = message.encode();
        prop_assert!(bytes.len() <= MAX_MESSAGE);
        prop_assert_eq!(Message::decode(&bytes), Ok(message));
    }

    #[test]
    fn there_is_one_way_to_write_a_message(header in 0x10u8..0x20, body in vec(any::<u8>(), 0..66)) {
        let bytes = sealed([vec![header], body].concat());
        if let Ok(message) = Message::decode(&bytes) {
            prop_assert_eq!(message.encode(), bytes);
        }
    }

    #[test]
    fn a_mended_message_is_still_written_in_one_way(message in message(), place: prop::sample::Index, byte: u8) {
        let mut bytes = message.encode();
        bytes.truncate(bytes.len() - 2);
        *place.get_mut(&mut bytes) = byte;
        let bytes = sealed(bytes);
        if let Ok(message) = Message::decode(&bytes) {
            prop_assert_eq!(message.encode(), bytes);
        }
    }

    #[test]
    fn no_bytes_at_all_make_it_panic(bytes in vec(any::<u8>(), 0..100)) {
        let _ = Message::decode(&bytes);
        let mut profile = OpenProfile::new();
        let _ = profile.read(&Payload { source: MODULE, kind: PayloadKind::Bytes(&bytes) }, NOW);
    }

    #[test]
    fn up_to_three_wrong_bits_are_always_noticed(message in message(), places in vec(any::<prop::sample::Index>(), 1..4)) {
        let good = message.encode();
        let mut bytes = good.clone();
        for place in places {
            let bit = place.index(bytes.len() * 8);
            bytes[bit / 8] ^= 1 << (bit % 8);
        }
        if bytes != good {
            let noticed = matches!(Message::decode(&bytes), Err(DecodeError::Check { .. }));
            prop_assert!(noticed);
        }
    }

    #[test]
    fn packing_leaves_no_cycle_out_and_changes_none(mut head in head(), made in made()) {
        head.sent = Ticks::MAX;
        let (mut rest, mut ends) = (&made[..], Vec::new());
        let first_count = head.before;
        while let Some(packed) = Cycles::pack(&head, rest) {
            let Ok(Message::Cycles(cycles)) = Message::decode(&Message::Cycles(packed.cycles).encode()) else {
                panic!("does not read back");
            };
            let stretch = cycles.stretch;
            prop_assert_eq!(stretch.len(), packed.taken);
            let (taken, left) = rest.split_at(packed.taken);
            let told: Vec<_> = taken.iter().map(|made| (made.cycle_time(), made.temperature(), made.first())).collect();
            prop_assert_eq!(stretch.iter().collect::<Vec<_>>(), told);
            // The end of every cycle can be worked out from that of the last.
            let mut end = stretch.last_end().as_millis();
            let backwards: Vec<_> = stretch.iter().map(|(time, ..)| u64::from(time.as_millis())).collect();
            for (time, made) in backwards.iter().zip(taken).rev() {
                prop_assert_eq!(end, made.end().as_millis());
                end = end.saturating_sub(*time);
                ends.push(made.end());
            }
            head.before = stretch.count();
            rest = left;
        }
        prop_assert_eq!(ends.len(), made.len());
        prop_assert_eq!(head.before, first_count.wrapping_add(made.len() as u32));
    }

    #[test]
    fn a_record_comes_together_from_parts_in_any_order(
        initialisation in initialisation(),
        shuffle in Just((0..12usize).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let parts = Record::new(&initialisation).unwrap().parts();
        let mut assembly = Assembly::default();
        let order: Vec<_> = shuffle.into_iter().filter_map(|place| parts.get(place)).collect();
        let (last, before) = order.split_last().unwrap();
        for part in before {
            prop_assert_eq!(assembly.add(part), Ok(None));
            prop_assert_eq!(assembly.add(part), Ok(None), "the same part again changes nothing");
        }
        prop_assert_eq!(assembly.add(last), Ok(Some(initialisation)));
    }

    #[test]
    fn quantities_round_to_the_nearest_and_never_wrap(millis: u32, milli_celsius: i32) {
        let time = CycleTicks::from_cycle_time(CycleTime::from_millis(millis)).cycle_time();
        prop_assert!(time.as_millis().abs_diff(millis) <= 5);
        let near = DeciCelsius::from_temperature(Temperature::from_milli_celsius(milli_celsius));
        let near = near.temperature().as_milli_celsius();
        if milli_celsius.abs() <= 3_276_700 {
            prop_assert!(near.abs_diff(milli_celsius) <= 50);
        } else {
            prop_assert_eq!(near, 3_276_700 * milli_celsius.signum());
        }
    }
}

const HEAD: CyclesHead = CyclesHead {
    serial: Serial(12_345),
    era: 0xDEAD_BEEF,
    before: 1_000_000,
    // 90 days and a bit after the cycles.
    sent: Ticks::new(800_000_000),
    from_memory: true,
};

#[test]
fn a_backfill_packs_twenty_cycles_of_a_steady_mold_and_more() {
    let all = Cycles::pack(&HEAD, &steady(100, |cycle| 645 + (cycle * 7 % 5) as i16)).unwrap();
    assert!(all.taken >= 23, "{} with a temperature each", all.taken);
    let same = Cycles::pack(&HEAD, &steady(100, |_| 645)).unwrap();
    assert!(same.taken >= 35, "{} with one temperature", same.taken);
}

#[test]
fn a_counter_at_its_top_goes_on_at_zero() {
    let head = CyclesHead { before: u32::MAX - 1, ..HEAD };
    assert_eq!(Cycles::pack(&head, &steady(3, |_| 0)).unwrap().cycles.stretch.count(), 1);
}

#[test]
fn other_versions_and_unknown_types_stay_visible() {
    assert_eq!(Message::decode(&sealed(vec![0x21, 1, 2])), Err(DecodeError::Version(2)));
    assert_eq!(Message::decode(&sealed(vec![0x1F])), Err(DecodeError::Kind(0xF)));
    let mut registry = Registry::new(vec![Box::new(OpenProfile::new())]);
    let read = read(&mut registry, &sealed(vec![0x1F]));
    assert_eq!(
        read.raw.read_as,
        Err("open: read an open message: message type 0xf is not known here".to_owned())
    );
    assert_eq!(read.raw.payload, sealed(vec![0x1F]));
}

#[test]
fn a_payload_of_someone_else_is_left_to_other_profiles() {
    let mut profile = OpenProfile::new();
    for bytes in [&b""[..], b"ab", b"hello press", &[0x92; 20], &[0x12; 80]] {
        let payload = Payload { source: MODULE, kind: PayloadKind::Bytes(bytes) };
        assert!(profile.read(&payload, NOW).is_none(), "{bytes:02x?}");
    }
}

#[test]
fn a_module_that_speaks_as_the_box_is_an_error_that_names_the_message() {
    let mut profile = OpenProfile::new();
    let bytes = Message::Kept { serial: Serial(1), era: 1, up_to: 1 }.encode();
    let read = profile.read(&Payload { source: MODULE, kind: PayloadKind::Bytes(&bytes) }, NOW);
    assert!(matches!(read, Some(Err(ProfileError::WrongWay("kept")))));
}

#[test]
fn a_description_too_long_is_refused_not_cut() {
    let mut initialisation = plain();
    initialisation.description = "x".repeat(256);
    assert_eq!(Record::new(&initialisation), Err(RecordError::Description(256)));
    initialisation.description.pop();
    assert!(Record::new(&initialisation).is_ok());
}

#[test]
fn an_ordinary_record_takes_one_message() {
    assert_eq!(Record::new(&plain()).unwrap().parts().len(), 1);
}

fn plain() -> Initialisation {
    Initialisation {
        mold: "M-1042".parse().unwrap(),
        description: "cap 28 mm, 8 cavities".to_owned(),
        approved: Some(CycleTime::from_millis(14_500)),
        design_life: Some(1_000_000),
        baseline: 250_000,
        on: Timestamp::from_millis(1_790_000_000_000),
    }
}

fn long() -> Initialisation {
    Initialisation { description: "a lid, ".repeat(20), ..plain() }
}

fn read(registry: &mut Registry, bytes: &[u8]) -> crate::v3::profile::Read {
    registry.read(&Payload { source: MODULE, kind: PayloadKind::Bytes(bytes) }, NOW)
}

fn tethers(serial: u32, plug: u16, initialisation: &Initialisation) -> Vec<Vec<u8>> {
    let message = |part| {
        let state = Tethering::Initialised { era: 7, count: 42, part };
        Message::Tether(Tether { serial: Serial(serial), plug, state }).encode()
    };
    Record::new(initialisation).unwrap().parts().into_iter().map(message).collect()
}

/// What the box hears of some payloads at one instant.
fn heard(profile: &mut OpenProfile, payloads: &[Vec<u8>], now: Timestamp) -> Vec<Heard> {
    let read = |bytes: &Vec<u8>| {
        profile.read(&Payload { source: MODULE, kind: PayloadKind::Bytes(bytes) }, now).unwrap().unwrap()
    };
    payloads.iter().flat_map(read).collect()
}

#[test]
fn a_tether_in_parts_is_told_once_it_is_whole() {
    let mut parts = tethers(12_345, 9, &long());
    assert!(parts.len() > 2, "the test wants parts");
    parts.reverse();
    let mut profile = OpenProfile::new();
    let last = parts.split_off(parts.len() - 1);
    assert!(heard(&mut profile, &parts, NOW).is_empty());
    assert!(heard(&mut profile, &parts, NOW).is_empty(), "a repetition is no other part");
    let heard = heard(&mut profile, &last, NOW);
    let [Heard::Tethered(tethered)] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!(tethered.initialisation, Some(long()));
    assert_eq!(tethered.serial.as_str(), "V3-00012345");
    assert_eq!((tethered.count, tethered.era), (42, Some(7)));
}

#[test]
fn parts_of_two_records_are_never_mixed() {
    let other = Initialisation { baseline: 1, ..long() };
    let (first, second) = (tethers(1, 9, &long()), tethers(1, 10, &other));
    let mut profile = OpenProfile::new();
    assert!(heard(&mut profile, &first[..first.len() - 1], NOW).is_empty());
    let heard = heard(&mut profile, &second, NOW);
    let [Heard::Tethered(tethered)] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!(tethered.initialisation, Some(other));
}

#[test]
fn the_last_part_of_another_record_completes_nothing() {
    let other = Initialisation { baseline: 1, ..long() };
    let (first, second) = (Record::new(&long()).unwrap().parts(), Record::new(&other).unwrap().parts());
    assert_eq!(first.len(), second.len());
    let mut assembly = Assembly::default();
    for part in first.iter().filter(|part| !part.is_last()).chain(second.last()) {
        assert_eq!(assembly.add(part), Ok(None));
    }
    let all = first.iter().map(|part| assembly.add(part)).collect::<Vec<_>>();
    assert_eq!(all.last(), Some(&Ok(Some(long()))));
}

#[test]
fn an_uninitialised_monitor_is_told_without_a_count() {
    let state = Tethering::Uninitialised;
    let bytes = Message::Tether(Tether { serial: Serial(3), plug: 0, state }).encode();
    let heard = heard(&mut OpenProfile::new(), &[bytes], NOW);
    let [Heard::Tethered(tethered)] = &heard[..] else { panic!("{heard:?}") };
    assert_eq!((tethered.era, tethered.count, &tethered.initialisation), (None, 0, &None));
}

#[test]
fn an_untether_that_comes_after_the_next_tether_ends_nothing() {
    let untether = Message::Untether { serial: Serial(1), plug: 1 }.encode();
    let mut profile = OpenProfile::new();
    heard(&mut profile, &tethers(1, 1, &plain()), NOW);
    heard(&mut profile, &tethers(1, 2, &plain()), NOW);
    assert!(heard(&mut profile, std::slice::from_ref(&untether), NOW).is_empty());
    let ends = Message::Untether { serial: Serial(1), plug: 2 }.encode();
    assert!(matches!(&heard(&mut profile, &[ends], NOW)[..], [Heard::Untethered { .. }]));
}

#[test]
fn a_tether_that_straggles_in_after_its_untether_tethers_nothing() {
    let untether = Message::Untether { serial: Serial(1), plug: 1 }.encode();
    let mut profile = OpenProfile::new();
    assert_eq!(heard(&mut profile, &tethers(1, 1, &plain()), NOW).len(), 1);
    assert_eq!(heard(&mut profile, &[untether], NOW).len(), 1);
    assert!(heard(&mut profile, &tethers(1, 1, &plain()), NOW).is_empty());
    // A module that drew the same number again after a restart is heard a little later.
    let later = NOW.later_by(Duration::from_secs(61));
    assert_eq!(heard(&mut profile, &tethers(1, 1, &plain()), later).len(), 1);
}

#[test]
fn what_the_box_wants_goes_to_v3_monitors_only() {
    let profile = OpenProfile::new();
    let serial = MonitorSerial::v3(12_345);
    let kept = |serial: &MonitorSerial, era, up_to| {
        profile.write(&Ask::Kept { module: Some(MODULE), serial: serial.clone(), era, up_to }, NOW)
    };
    let out = kept(&serial, Some(7), 99).unwrap();
    assert_eq!(out.module, MODULE);
    let kept_message = Message::Kept { serial: Serial(12_345), era: 7, up_to: 99 };
    assert_eq!(Message::decode(&out.bytes), Ok(kept_message));
    assert_eq!(kept(&serial, None, 99), None, "without an era no monitor would heed it");
    assert_eq!(kept(&serial, Some(7), 1 << 32), None, "never a count that is not the monitor's");
    assert_eq!(kept(&MonitorSerial::switch(MODULE), Some(7), 99), None);
    for ask in [
        Ask::SendFrom { module: Some(MODULE), serial: serial.clone(), era: Some(7), after: 3 },
        Ask::SetTime { module: Some(MODULE), serial: serial.clone(), now: NOW },
        Ask::Identify { module: Some(MODULE), serial },
    ] {
        assert!(profile.write(&ask, NOW).is_some(), "{ask:?}");
    }
    assert_eq!(profile.write(&Ask::CloseJoin, NOW), None);
}
