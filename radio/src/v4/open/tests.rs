use domain::{CycleTime, Initialisation, Limit, Thresholds, Timestamp};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::{
    Alert, AlertKind, AlertMoment, Characteristic, CurrentTime, FromMonitor, Handover, Identity, Initialised,
    LEAST_MTU, LinkStatus, MAX_MESSAGE, MAX_VALUE, MessageError, Refusal, Serial, ToMonitor, battery_level,
};
use crate::open::samples::{self, Usual, steady};
use crate::open::{DeciCelsius, FieldError, Made, Record, StretchHead, Ticks};
use crate::v4::Key;
use crate::v4::advert::State;

fn record() -> impl Strategy<Value = Record> {
    let mold = prop_oneof!["[A-Z]-[0-9]{4}", "[!-~\u{4e00}-\u{4e40}\u{1f600}-\u{1f640}]{1,32}"];
    let approved = option::of(any::<u32>().prop_map(CycleTime::from_millis));
    (mold, "[ -~]{0,255}", approved, option::of(any::<u64>()), any::<u64>(), any::<i64>()).prop_map(
        |(mold, description, approved, design_life, baseline, on)| {
            let on = Timestamp::from_millis(on);
            let mold = mold.parse().unwrap();
            Record::new(&Initialisation { mold, description, approved, design_life, baseline, on }).unwrap()
        },
    )
}

fn made() -> impl Strategy<Value = Vec<Made>> {
    samples::made(Usual { steps: (9, 1440..1460), tenths: 640..645, odd: 0.02, most: 300 })
}

fn head() -> impl Strategy<Value = StretchHead> {
    (any::<u32>(), any::<u32>(), 0u64..1 << 40, any::<bool>()).prop_map(|(era, before, sent, from_memory)| {
        StretchHead { era, before, sent: Ticks::new(sent), from_memory }
    })
}

fn thresholds() -> impl Strategy<Value = Thresholds> {
    let limit = option::of((any::<u32>(), any::<u32>()));
    proptest::array::uniform6(limit).prop_map(|limits| {
        let mut thresholds = Thresholds::default();
        for (kind, limit) in Thresholds::KINDS.into_iter().zip(limits) {
            let at = |any: u32| match kind {
                AlertKind::Hot | AlertKind::Cold => i64::from(any % 65_535) - 32_767,
                AlertKind::Slow | AlertKind::Fast => i64::from(any / 10),
                _ => i64::from(any),
            };
            let limit = limit.map(|(any, hysteresis)| Limit { at: at(any), hysteresis });
            thresholds.set(kind, limit).unwrap();
        }
        thresholds
    })
}

fn alert() -> impl Strategy<Value = Alert> {
    let moment = (0u64..1 << 40, 0u64..1 << 40)
        .prop_map(|(sent, happened)| AlertMoment::new(Ticks::new(sent), Ticks::new(happened)));
    let fields = (any::<u8>(), any::<bool>(), any::<i64>(), any::<i64>());
    (any::<u32>(), 1u32.., moment, any::<u32>(), fields).prop_map(
        |(era, number, moment, count, (kind, begins, value, limit))| Alert {
            era,
            number,
            moment,
            count,
            kind: AlertKind::from(kind),
            begins,
            value,
            limit,
        },
    )
}

fn status() -> impl Strategy<Value = LinkStatus> {
    (any::<[u32; 7]>(), 0u8..4, -32767i16.., any::<u8>()).prop_map(
        |([era, count, uptime, stored, unacknowledged, alerts, next_advert], state, tenths, battery)| {
            LinkStatus {
                era,
                count,
                state: State::of(state),
                temperature: DeciCelsius::new(tenths),
                battery,
                uptime,
                stored,
                unacknowledged,
                alerts,
                next_advert,
            }
        },
    )
}

fn from_monitor() -> impl Strategy<Value = FromMonitor> {
    let initialised = (any::<u32>(), any::<u32>(), record()).prop_map(|(era, count, record)| Initialised {
        era,
        count,
        record,
    });
    prop_oneof![
        (any::<u32>(), option::of(initialised)).prop_map(|(serial, initialised)| {
            FromMonitor::Identity(Identity { serial: Serial(serial), initialised })
        }),
        (head(), made()).prop_map(|(head, made)| {
            FromMonitor::Cycles(FromMonitor::pack(&head, &made, 517).unwrap().stretch)
        }),
        status().prop_map(FromMonitor::Status),
        thresholds().prop_map(FromMonitor::Thresholds),
        alert().prop_map(FromMonitor::Alert),
        (0u64..1 << 40, option::of(any::<i64>())).prop_map(|(clock, time)| FromMonitor::Clock {
            clock: Ticks::new(clock),
            time: time.map(Timestamp::from_millis)
        }),
    ]
}

fn to_monitor() -> impl Strategy<Value = ToMonitor> {
    let numbers = || (any::<u32>(), any::<u32>());
    prop_oneof![
        record().prop_map(ToMonitor::Initialise),
        Just(ToMonitor::Identify),
        thresholds().prop_map(ToMonitor::Thresholds),
        numbers().prop_map(|(era, up_to)| ToMonitor::AlertsKept { era, up_to }),
        numbers().prop_map(|(era, up_to)| ToMonitor::Kept { era, up_to }),
        numbers().prop_map(|(era, after)| ToMonitor::SendFrom { era, after }),
        any::<i64>().prop_map(|now| ToMonitor::Time(Timestamp::from_millis(now))),
    ]
}

fn characteristic() -> impl Strategy<Value = Characteristic> {
    prop::sample::select(Characteristic::ALL.to_vec())
}

proptest! {
    #[test]
    fn what_a_monitor_says_fits_its_characteristic_and_reads_back(message in from_monitor()) {
        let (bytes, characteristic) = (message.encode(), message.characteristic());
        prop_assert!(bytes.len() <= characteristic.longest());
        prop_assert_eq!(FromMonitor::decode(characteristic, &bytes), Ok(message));
    }

    #[test]
    fn what_the_box_says_fits_its_characteristic_and_reads_back(message in to_monitor()) {
        let (bytes, characteristic) = (message.encode(), message.characteristic());
        prop_assert!(bytes.len() <= characteristic.longest());
        prop_assert_eq!(ToMonitor::decode(characteristic, &bytes), Ok(message));
    }

    #[test]
    fn any_bytes_are_a_message_or_not_and_a_message_is_written_as_it_was(
        characteristic in characteristic(),
        head in 0x10u8..0x20,
        fields in vec(any::<u8>(), 0..60),
    ) {
        let bytes = [vec![head], fields].concat();
        if let Ok(message) = FromMonitor::decode(characteristic, &bytes) {
            prop_assert_eq!(message.encode(), bytes.clone());
        }
        if let Ok(message) = ToMonitor::decode(characteristic, &bytes) {
            prop_assert_eq!(message.encode(), bytes.clone());
        }
        if let Ok(handover) = Handover::decode(&bytes) {
            prop_assert_eq!(handover.encode().to_vec(), bytes);
        }
    }

    #[test]
    fn a_changed_byte_gives_another_message_or_none(message in from_monitor(), place: prop::sample::Index, byte: u8) {
        let mut bytes = message.encode();
        let characteristic = message.characteristic();
        let before = std::mem::replace(place.get_mut(&mut bytes), byte);
        if let Ok(read) = FromMonitor::decode(characteristic, &bytes) {
            prop_assert_eq!(read == message, before == byte);
            prop_assert_eq!(read.encode(), bytes);
        }
    }

    #[test]
    fn packing_leaves_no_cycle_out_whatever_the_link_takes(mut head in head(), made in made(), mtu in LEAST_MTU..600) {
        head.sent = Ticks::MAX;
        let (first, mut rest) = (head.before, &made[..]);
        while let Some(packed) = FromMonitor::pack(&head, rest, mtu) {
            let bytes = FromMonitor::Cycles(packed.stretch).encode();
            prop_assert!(bytes.len() <= (mtu - 3).min(MAX_MESSAGE));
            let Ok(FromMonitor::Cycles(stretch)) = FromMonitor::decode(Characteristic::Cycles, &bytes) else {
                panic!("does not read back");
            };
            let (taken, left) = rest.split_at(packed.taken);
            let told: Vec<_> = taken.iter().map(|made| (made.cycle_time(), made.temperature(), made.first())).collect();
            prop_assert_eq!(stretch.iter().collect::<Vec<_>>(), told);
            head.before = stretch.count();
            rest = left;
        }
        prop_assert!(rest.is_empty());
        prop_assert_eq!(head.before, first.wrapping_add(made.len() as u32));
    }

    #[test]
    fn any_bytes_are_the_current_time_or_not(bytes in vec(any::<u8>(), 0..12)) {
        if let Ok(time) = CurrentTime::decode(&bytes) {
            prop_assert_eq!(&time.encode()[..], &bytes);
        }
        let _ = battery_level(&bytes);
    }
}

#[test]
fn a_full_message_takes_as_many_cycles_of_a_steady_mold_as_the_document_says() {
    let head = StretchHead { era: 1, before: 0, sent: Ticks::new(800_000_000), from_memory: true };
    let taken = |made: &[Made]| FromMonitor::pack(&head, made, 247).unwrap().taken;
    assert!(taken(&steady(300, |_| 645)) >= 210);
    assert!(taken(&steady(300, |cycle| 645 + (cycle * 7 % 5) as i16)) >= 140);
}

#[test]
fn the_longest_record_fits_a_value() {
    let longest = Initialisation {
        mold: "\u{1f600}".repeat(32).parse().unwrap(),
        description: "d".repeat(255),
        approved: Some(CycleTime::from_millis(u32::MAX)),
        design_life: Some(u64::MAX),
        baseline: u64::MAX,
        on: Timestamp::from_millis(i64::MIN),
    };
    let record = Record::new(&longest).unwrap();
    assert_eq!(record.bytes().len(), 421, "as the document says");
    let identity =
        Identity { serial: Serial(1), initialised: Some(Initialised { era: 1, count: 1, record }) };
    assert!(FromMonitor::Identity(identity).encode().len() <= MAX_VALUE);
}

#[test]
fn a_record_put_together_from_two_reads_is_noticed() {
    let record = |description: &str| {
        let mold = "M-1".parse().unwrap();
        let on = Timestamp::from_millis(0);
        let description = description.to_owned();
        Record::new(&Initialisation { mold, description, approved: None, design_life: None, baseline: 0, on })
            .unwrap()
    };
    let [first, second] = ["a lid", "a cap"].map(|text| ToMonitor::Initialise(record(text)).encode());
    let mixed = [&first[..12], &second[12..]].concat();
    assert!(matches!(ToMonitor::decode(Characteristic::Identity, &mixed), Err(MessageError::Record(_))));
}

#[test]
fn a_key_is_handed_over_as_it_is() {
    let handover = Handover { id: 7, key: Key::new([9; 16]) };
    let bytes = handover.encode();
    assert_eq!(bytes.len(), 21);
    let read = Handover::decode(&bytes).ok().unwrap();
    assert_eq!((read.id, read.key.expose()), (7, &[9; 16]));
    assert_eq!(
        Handover::decode(&bytes[..20]).err(),
        Some(MessageError::Field(FieldError::Truncated { field: "key" }))
    );
    // A key has no place among the messages that can be shown.
    assert!(ToMonitor::decode(Characteristic::Handover, &bytes).is_err());
    assert!(FromMonitor::decode(Characteristic::Handover, &bytes).is_err());
}

#[test]
fn every_characteristic_is_found_by_its_number() {
    for characteristic in Characteristic::ALL {
        assert_eq!(Characteristic::of(characteristic.uuid()), Some(characteristic));
    }
    assert_eq!(Characteristic::of(super::SERVICE), None);
    assert_eq!(Characteristic::Handover.uuid().to_string(), "37330008-1a25-41bb-8887-6544a6339737");
}

#[test]
fn a_refusal_is_one_of_ours_or_not() {
    for code in 0..=u8::MAX {
        match Refusal::of(code) {
            Some(refusal) => {
                assert_eq!(refusal.code(), code);
                assert!((0x80..=0x9F).contains(&code));
            }
            None => assert!(!(0x80..=0x9F).contains(&code)),
        }
    }
    assert_eq!(Refusal::of(0x83), Some(Refusal::Unacknowledged));
    assert_eq!(Refusal::of(0x05), None, "insufficient authentication is the stack's");
}

#[test]
fn the_current_time_of_the_specification_reads() {
    // Friday, 27 November 2026, 16:05:09 and a half, set by hand.
    let bytes = [0xEA, 0x07, 11, 27, 16, 5, 9, 5, 128, 1];
    let time = CurrentTime::decode(&bytes).unwrap();
    assert_eq!((time.year, time.month, time.day, time.weekday), (2026, 11, 27, 5));
    for (place, value, field) in [(2, 13, "month"), (4, 24, "hour"), (9, 16, "reason")] {
        let mut wrong = bytes;
        wrong[place] = value;
        assert_eq!(CurrentTime::decode(&wrong), Err(FieldError::Value { field, value: u64::from(value) }));
    }
    assert!(battery_level(&[100]).is_ok());
    assert!(battery_level(&[101]).is_err() && battery_level(&[]).is_err() && battery_level(&[1, 2]).is_err());
}
