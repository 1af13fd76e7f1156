use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::{
    AdKind, AdStructure, Advert, AdvertError, Company, FAR, LEGACY, MOST_HOPS, OpenError, Opener, Ours,
    Repeated, Repeater, Sealed, Sealer, State, Status, Verdict, Waiting, Window,
};
use crate::open::DeciCelsius;
use crate::v4::Key;
use crate::v4::open::Serial;

const ID: u32 = 0x0A1B_2C3D;

fn key() -> Key {
    Key::new(*b"a key of a test.")
}

fn state() -> impl Strategy<Value = State> {
    prop_oneof![Just(State::Cycling), Just(State::Stopped), Just(State::Asleep), Just(State::Detached)]
}

fn status() -> impl Strategy<Value = Status> {
    let waits = (any::<bool>(), any::<bool>());
    (any::<u32>(), any::<u32>(), option::of(-32767i16..), any::<u8>(), state(), waits).prop_map(
        |(era, count, tenths, battery, state, (alerts_wait, cycles_wait))| {
            let mut status = Status::new(era, count, state);
            status.temperature = tenths.and_then(DeciCelsius::new);
            (status.battery, status.alerts_wait, status.cycles_wait) = (battery, alerts_wait, cycles_wait);
            status
        },
    )
}

/// Any sealed advert, whoever sealed it.
fn sealed() -> impl Strategy<Value = Sealed> {
    (any::<u16>(), any::<u32>(), 1..u32::MAX, any::<[u8; 12]>())
        .prop_map(|(company, id, counter, body)| Sealed { company: Company(company), id, counter, body })
}

fn ours() -> impl Strategy<Value = Ours> {
    prop_oneof![
        (any::<u32>(), any::<[bool; 3]>()).prop_map(|(serial, [initialised, no_passkey, lost_bond])| {
            Ours::Waiting(Waiting { serial: Serial(serial), initialised, no_passkey, lost_bond })
        }),
        sealed().prop_map(Ours::Sealed),
        (sealed(), any::<i8>(), any::<u16>(), 1..=MOST_HOPS).prop_map(|(sealed, rssi, repeater, hops)| {
            let mut repeated = Repeated::first(sealed, rssi, Repeater(repeater));
            while repeated.hops() < hops {
                repeated = repeated.onward().unwrap();
            }
            Ours::Repeated(repeated)
        }),
    ]
}

/// What a monitor seals, and what the box that has its key makes of it.
fn round(status: &Status, next: u32) -> (Sealed, Opener) {
    let sealed = Sealer::new(key(), ID, next).seal(Company::NONE, status).unwrap();
    (sealed, Opener::new(key(), ID, Window::before(next)))
}

proptest! {
    #[test]
    fn any_bytes_are_an_advert_or_not_and_an_advert_is_written_as_it_was(bytes in vec(any::<u8>(), 0..80)) {
        if let Ok(advert) = Advert::parse(&bytes) {
            prop_assert_eq!(&advert.encode().unwrap(), &bytes);
            let _ = Ours::find(&advert);
        }
    }

    #[test]
    fn what_is_put_together_comes_apart_again(pieces in vec((1u8.., vec(any::<u8>(), 0..30)), 0..6), zeros in 0usize..20) {
        let structures = pieces.iter().map(|(kind, data)| AdStructure { kind: AdKind(*kind), data }).collect();
        let advert = Advert { structures, zeros };
        let bytes = advert.encode().unwrap();
        prop_assert_eq!(Advert::parse(&bytes), Ok(advert));
    }

    #[test]
    fn every_advert_of_ours_fits_a_legacy_one_and_reads_back(ours in ours()) {
        let bytes = ours.encode().unwrap();
        prop_assert!(bytes.len() <= LEGACY, "{} bytes", bytes.len());
        let advert = Advert::parse(&bytes).unwrap();
        prop_assert_eq!(Ours::find(&advert), Some(Ok(ours)));
    }

    #[test]
    fn there_is_one_way_to_write_what_is_ours(ours in ours(), place: prop::sample::Index, byte: u8) {
        let mut bytes = ours.encode().unwrap();
        *place.get_mut(&mut bytes) = byte;
        let Ok(advert) = Advert::parse(&bytes) else { return Ok(()) };
        if let Some(Ok(read)) = Ours::find(&advert) {
            let again = read.encode().unwrap();
            let written = Advert::parse(&again).unwrap();
            // Beside the piece that is ours (the flags) others may say what they like.
            prop_assert_eq!(written.structures.last(), advert.structures.last());
        }
    }

    #[test]
    fn a_status_opens_with_its_key_and_says_what_was_sealed(status in status(), next in 1..u32::MAX) {
        let (sealed, mut opener) = round(&status, next);
        prop_assert_eq!(sealed.counter, next);
        let opened = opener.open(&sealed).unwrap();
        prop_assert_eq!((opened.status, opened.news), (status, true));
        prop_assert_eq!(opener.window(), Window::at(next));
    }

    #[test]
    fn a_status_opens_just_so_when_repeaters_passed_it_on(status in status(), next in 1..u32::MAX, hops in 1..=MOST_HOPS) {
        let (sealed, mut opener) = round(&status, next);
        let mut repeated = Repeated::first(sealed, -80, Repeater(7));
        for _ in 1..hops {
            repeated = repeated.onward().unwrap();
        }
        let bytes = Ours::Repeated(repeated).encode().unwrap();
        let Some(Ok(Ours::Repeated(heard))) = Ours::find(&Advert::parse(&bytes).unwrap()) else { panic!("it was one") };
        prop_assert_eq!(heard.hops(), hops);
        prop_assert_eq!(opener.open(&heard.sealed).unwrap().status, status);
    }

    #[test]
    fn a_changed_bit_or_another_key_opens_nothing_and_moves_nothing(
        status in status(),
        next in 1..u32::MAX - 1,
        bit in 0u32..(4 + 4 + 12) * 8,
        other: [u8; 16],
    ) {
        let (sealed, mut opener) = round(&status, next);
        let before = opener.window();
        let mut changed = sealed;
        match bit {
            0..32 => changed.id ^= 1 << bit,
            32..64 => changed.counter ^= 1 << (bit - 32),
            _ => changed.body[(bit as usize - 64) / 8] ^= 1 << (bit % 8),
        }
        prop_assert!(opener.open(&changed).is_err());
        prop_assert!(Opener::new(key(), changed.id, Window::default()).open(&changed).is_err());
        if other != *key().expose() {
            let mut stranger = Opener::new(Key::new(other), ID, before);
            prop_assert_eq!(stranger.open(&sealed), Err(OpenError::Seal));
            prop_assert_eq!(stranger.window(), before);
        }
        prop_assert_eq!(opener.window(), before);
        prop_assert!(opener.open(&sealed).is_ok());
    }

    #[test]
    fn whatever_is_heard_again_or_late_is_no_news(heard in vec(0usize..20, 1..100)) {
        let mut sealer = Sealer::new(key(), ID, 1);
        let said: Vec<Sealed> =
            (0..20).map(|count| sealer.seal(Company::NONE, &Status::new(7, count, State::Cycling)).unwrap()).collect();
        let mut opener = Opener::new(key(), ID, Window::before(1));
        let mut newest = None;
        for place in heard {
            match opener.open(&said[place]) {
                Ok(opened) => {
                    prop_assert_eq!(opened.status.count, place as u32);
                    prop_assert_eq!(opened.news, newest < Some(place));
                    prop_assert!(newest <= Some(place), "never back");
                    newest = Some(place);
                }
                Err(error) => {
                    prop_assert_eq!(error, OpenError::Old(place as u32 + 1));
                    prop_assert!(newest > Some(place));
                }
            }
        }
    }

    #[test]
    fn a_window_never_goes_back_and_only_one_of_two_equal_counters_is_news(counters in vec(any::<u32>(), 0..50)) {
        let mut window = Window::default();
        for counter in counters {
            let (before, verdict) = (window, window.judge(counter));
            window.note(counter);
            prop_assert!(window.highest() >= before.highest());
            prop_assert_eq!(verdict == Verdict::News, window != before);
            prop_assert!(window.judge(counter) != Verdict::News);
        }
    }
}

#[test]
fn a_monitor_never_uses_a_counter_twice_and_stops_at_the_last() {
    let status = Status::new(1, 2, State::Stopped);
    let mut sealer = Sealer::new(key(), ID, u32::MAX - 2);
    let sealed: Vec<_> = std::iter::from_fn(|| sealer.seal(Company::NONE, &status)).take(9).collect();
    let counters: Vec<_> = sealed.iter().map(|sealed| sealed.counter).collect();
    assert_eq!(counters, [u32::MAX - 2, u32::MAX - 1]);
    assert_ne!(sealed[0].body, sealed[1].body, "the same status looks different each time");
    assert_eq!(Sealer::new(key(), ID, 0).next_counter(), 1, "0 is never used");
}

#[test]
fn a_counter_far_ahead_waits_for_what_the_link_tells() {
    let status = Status::new(1, 2, State::Stopped);
    let far = 5 + FAR + 1;
    let (sealed, _) = round(&status, far);
    let mut opener = Opener::new(key(), ID, Window::at(5));
    assert_eq!(opener.open(&sealed), Err(OpenError::TooFarAhead(far)));
    assert!(Opener::new(key(), ID, Window::at(6)).open(&sealed).is_ok(), "one less is near enough");
    opener.told_next(far);
    assert!(opener.open(&sealed).unwrap().news);
}

#[test]
fn the_link_sets_the_window_back_too() {
    let status = Status::new(1, 2, State::Stopped);
    let (sealed, _) = round(&status, 10);
    let mut opener = Opener::new(key(), ID, Window::at(1_000_000));
    assert_eq!(opener.open(&sealed), Err(OpenError::Old(10)));
    opener.told_next(10);
    assert!(opener.open(&sealed).unwrap().news);
    assert_eq!(Window::before(0), Window::before(1), "a monitor without a key tells 0");
}

#[test]
fn the_same_advert_twice_is_heard_but_no_news() {
    let (sealed, mut opener) = round(&Status::new(1, 2, State::Stopped), 3);
    assert!(opener.open(&sealed).unwrap().news);
    assert!(!opener.open(&sealed).unwrap().news);
    let mut forged = sealed;
    forged.body[0] ^= 1;
    assert_eq!(opener.open(&forged), Err(OpenError::Seal), "also with a counter that was opened");
}

#[test]
fn a_good_seal_around_what_is_no_status_is_told() {
    let (sealed, mut opener) = round(&Status::new(0, 0, State::Cycling), 3);
    // Its own key may say what it likes: bit 4 of the state, flipped under the cipher, with a seal that fits.
    let mut bytes = [0, 0, 0, 0, 0x80, 0, 0xFF, 0b1_0000];
    let tag = key().seal(super::seal::nonce(ID, 3), &super::seal::clear(ID), &mut bytes).unwrap();
    let mut body = sealed.body;
    body[..8].copy_from_slice(&bytes);
    body[8..].copy_from_slice(&tag);
    let refused = opener.open(&Sealed { body, ..sealed }).unwrap_err();
    assert!(matches!(refused, OpenError::Status(_)), "{refused:?}");
}

#[test]
fn an_advert_goes_no_further_than_three_repeaters() {
    let (sealed, _) = round(&Status::new(1, 2, State::Stopped), 3);
    let second = Repeated::first(sealed, -80, Repeater(7)).onward().unwrap();
    let third = second.onward().unwrap();
    assert_eq!(
        (third.hops(), third.rssi_dbm, third.repeater),
        (3, -80, Repeater(7)),
        "the note is the first one's"
    );
    assert_eq!(third.onward(), None);
}

#[test]
fn a_count_of_another_era_is_mostly_seen_to_be() {
    let status = Status::new(0x1234_5675, 9, State::Cycling);
    assert!(status.may_be_of(0x1234_5675));
    assert!(!status.may_be_of(0x1234_5674));
    assert!(status.may_be_of(0x0000_0005), "one in eight is taken for it");
}

#[test]
fn what_a_structure_claims_must_be_there() {
    for (bytes, error) in [
        (&[5, 9, b'a'][..], AdvertError::Truncated { offset: 0, claimed: 5, left: 2 }),
        (&[2, 1, 6, 3], AdvertError::Truncated { offset: 3, claimed: 3, left: 0 }),
        (&[2, 1, 6, 0, 0, 1], AdvertError::AfterEnd { offset: 3 }),
    ] {
        assert_eq!(Advert::parse(bytes), Err(error));
    }
    let data = [0; 255];
    let long = Advert { structures: vec![AdStructure { kind: AdKind(9), data: &data }], zeros: 0 };
    assert_eq!(long.encode(), Err(AdvertError::TooLong(255)));
}

#[test]
fn an_advert_of_someone_else_is_left_alone() {
    for bytes in
        [&b""[..], &[2, 1, 6], &[5, 0xFF, 0x4C, 0, b'P', b'5'], &[3, 0xFF, 0x4C, 0], &[3, 0x16, 0xD2, 0xFC]]
    {
        assert_eq!(Ours::find(&Advert::parse(bytes).unwrap()), None, "{bytes:02x?}");
    }
}
