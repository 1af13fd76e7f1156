//! The laws of the sealed channel.

use domain::{LinkName, Timestamp};
use proptest::collection::vec;
use proptest::prelude::*;

use super::*;
use crate::v4::air::{Doing, Fact, Failure, Way};
use crate::v4::open::Characteristic;
use crate::v4::{Address, Key};

fn key() -> Key {
    Key::new([7; 16])
}

/// Both ends, and what was said to begin.
fn ends(room: usize, most: usize) -> (Channel, Channel) {
    let opening = Opening::new(key(), [1; SALT], room);
    let (monitor, welcome) = answer(&key(), &opening.begin(), [2; SALT], most).unwrap();
    (opening.welcome(&welcome).unwrap(), monitor)
}

fn message(by_box: bool) -> impl Strategy<Value = Message> {
    let whats = if by_box {
        vec![What::Subscribe, What::Read, What::Write, What::Confirm]
    } else {
        vec![What::Done, What::Value, What::Refused, What::Notify, What::Indicate]
    };
    let places = Characteristic::ALL.into_iter().filter(|on| Message::has_place(*on)).collect::<Vec<_>>();
    (prop::sample::select(whats), prop::sample::select(places), vec(any::<u8>(), 0..=512))
        .prop_map(|(what, on, bytes)| Message::with(what, on, bytes))
}

fn hear(channel: &mut Channel, frames: &[Vec<u8>]) -> Vec<Message> {
    frames.iter().filter_map(|frame| channel.open(frame).unwrap()).collect()
}

proptest! {
    #[test]
    fn any_bytes_are_a_frame_or_not_and_a_frame_is_written_as_it_was(bytes in vec(any::<u8>(), 0..260)) {
        if let Ok(frame) = Frame::decode(&bytes) {
            prop_assert_eq!(frame.encode(), bytes);
        }
    }

    #[test]
    fn what_is_sealed_opens_at_the_other_end_in_frames_that_fit_the_way(
        room in LEAST_ROOM..600,
        most in LEAST_ROOM..600,
        by_box in vec(message(true), 0..5),
        by_monitor in vec(message(false), 0..5),
    ) {
        let (mut of_box, mut of_monitor) = ends(room, most);
        for message in by_box {
            let frames = of_box.seal(&message).unwrap();
            prop_assert!(frames.iter().all(|frame| frame.len() <= room.min(MOST_ROOM)));
            prop_assert_eq!(hear(&mut of_monitor, &frames), [message]);
        }
        for message in by_monitor {
            let frames = of_monitor.seal(&message).unwrap();
            prop_assert!(frames.iter().all(|frame| frame.len() <= room.min(most).min(MOST_ROOM)));
            prop_assert_eq!(hear(&mut of_box, &frames), [message]);
        }
    }

    #[test]
    fn a_changed_bit_opens_nothing(message in message(false), place: prop::sample::Index, bit in 0..8u32) {
        let (mut of_box, mut of_monitor) = ends(244, 244);
        let mut frames = of_monitor.seal(&message).unwrap();
        let frame = &mut frames[0];
        *place.get_mut(frame) ^= 1 << bit;
        prop_assert!(of_box.open(frame).is_err());
    }

    #[test]
    fn frames_out_of_their_order_open_nothing(
        messages in vec(message(false), 2..6),
        heard in vec(any::<prop::sample::Index>(), 1..12),
    ) {
        let (mut of_box, mut of_monitor) = ends(244, 244);
        let frames: Vec<_> = messages.iter().flat_map(|message| of_monitor.seal(message).unwrap()).collect();
        for (place, index) in heard.into_iter().enumerate() {
            let chosen = index.index(frames.len());
            let opened = of_box.open(&frames[chosen]);
            if chosen != place {
                prop_assert_eq!(opened.unwrap_err(), ChannelError::Seal);
                break;
            }
            prop_assert!(opened.is_ok());
        }
    }

    #[test]
    fn nothing_of_what_was_said_is_in_the_frames(bytes in vec(any::<u8>(), 12..200)) {
        let (_, mut of_monitor) = ends(244, 244);
        let message = Message::with(What::Notify, Characteristic::Cycles, bytes);
        for frame in of_monitor.seal(&message).unwrap() {
            prop_assert!(message.bytes.windows(8).all(|said| !frame.windows(8).any(|sent| sent == said)));
        }
    }
}

#[test]
fn whoever_does_not_hold_the_key_begins_no_channel() {
    let opening = Opening::new(key(), [1; SALT], 244);
    let (mut forged, welcome) = answer(&Key::new([8; 16]), &opening.begin(), [2; SALT], 244).unwrap();
    assert_eq!(opening.welcome(&welcome).err(), Some(ChannelError::Seal));
    // Nor does the box's first frame prove anything to it.
    let (mut of_box, _) = ends(244, 244);
    let frames = of_box.seal(&Message::of(What::Read, Characteristic::Identity)).unwrap();
    assert_eq!(forged.open(&frames[0]), Err(ChannelError::Seal));
    assert!(!forged.is_proven());
}

#[test]
fn what_was_said_in_one_channel_says_nothing_in_another() {
    let opening = Opening::new(key(), [1; SALT], 244);
    let (mut before, welcome) = answer(&key(), &opening.begin(), [2; SALT], 244).unwrap();
    let said = before.seal(&Message::of(What::Done, Characteristic::Alerts)).unwrap();
    // The box begins another one with another salt, and hears the old answer.
    let again = Opening::new(key(), [3; SALT], 244);
    assert_eq!(again.welcome(&welcome).err(), Some(ChannelError::Seal));
    let (_, fresh) = answer(&key(), &again.begin(), [2; SALT], 244).unwrap();
    assert_eq!(again.welcome(&fresh).unwrap().open(&said[0]), Err(ChannelError::Seal));
    // The monitor draws another salt, and hears what the box said before.
    let mut old_box = opening.welcome(&welcome).unwrap();
    let asked = old_box.seal(&Message::of(What::Read, Characteristic::Identity)).unwrap();
    let (mut monitor, _) = answer(&key(), &opening.begin(), [4; SALT], 244).unwrap();
    assert_eq!(monitor.open(&asked[0]), Err(ChannelError::Seal));
}

#[test]
fn the_room_that_was_told_cannot_be_changed_on_the_way() {
    let opening = Opening::new(key(), [1; SALT], 244);
    let mut begin = opening.begin();
    begin[10] = 40;
    let (_, welcome) = answer(&key(), &begin, [2; SALT], 244).unwrap();
    assert_eq!(opening.welcome(&welcome).err(), Some(ChannelError::Seal));
}

#[test]
fn the_key_has_no_place_in_the_channel_nor_another_kind_of_message() {
    assert!(!Message::has_place(Characteristic::Handover) && !Message::has_place(Characteristic::Sealed));
    let (mut of_box, mut of_monitor) = ends(244, 244);
    let frames = of_box.seal(&Message::with(What::Write, Characteristic::Handover, vec![1])).unwrap();
    assert!(matches!(of_monitor.open(&frames[0]), Err(ChannelError::Message(_))));
    let (mut of_box, mut of_monitor) = ends(244, 244);
    let frames = of_monitor.seal(&Message::of(What::Confirm, Characteristic::Alerts)).unwrap();
    // What the box says with that number a monitor says with another meaning.
    assert_eq!(of_box.open(&frames[0]).unwrap().unwrap().what, What::Notify);
}

fn way() -> Way {
    let address = Address::from_be_bytes([2; 6]);
    Way { adapter: LinkName::repeater([1; 6]), address }
}

fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(0).later_by(std::time::Duration::from_secs(seconds))
}

#[test]
fn the_box_asks_one_thing_after_the_other_and_is_told_as_by_an_adapter() {
    let (mut client, begin) = Client::new(way(), Opening::new(key(), [1; SALT], 244), at(0));
    let (mut monitor, welcome) = answer(&key(), &begin, [2; SALT], 244).unwrap();
    let told = client.take(&welcome, at(1)).unwrap();
    assert_eq!(told.facts, [Fact::Connected { way: way(), mtu: 237 }]);
    let (alerts, cycles) = (Characteristic::Alerts, Characteristic::Cycles);
    let first = client.ask(Doing::Subscribe(alerts), Default::default(), at(1)).unwrap().frames;
    assert!(client.ask(Doing::Read(cycles), Default::default(), at(1)).unwrap().frames.is_empty());
    assert_eq!(hear(&mut monitor, &first), [Message::of(What::Subscribe, alerts)]);
    let alert = monitor.seal(&Message::with(What::Indicate, alerts, vec![1])).unwrap();
    let confirmed = client.take(&alert[0], at(2)).unwrap();
    assert_eq!(confirmed.facts, [Fact::Value { way: way(), characteristic: alerts, bytes: vec![1] }]);
    assert_eq!(hear(&mut monitor, &confirmed.frames), [Message::of(What::Confirm, alerts)]);
    let done = monitor.seal(&Message::of(What::Done, alerts)).unwrap();
    let next = client.take(&done[0], at(3)).unwrap();
    assert_eq!(next.facts, [Fact::Done { way: way(), what: Doing::Subscribe(alerts) }]);
    assert_eq!(hear(&mut monitor, &next.frames), [Message::of(What::Read, cycles)]);
    let refused = monitor.seal(&Message::with(What::Refused, cycles, vec![0x85])).unwrap();
    let why = Failure::Att(0x85);
    let failed = Fact::Failed { way: way(), what: Doing::Read(cycles), why };
    assert_eq!(client.take(&refused[0], at(4)).unwrap().facts, [failed]);
    let unasked = monitor.seal(&Message::of(What::Done, cycles)).unwrap();
    assert!(client.take(&unasked[0], at(5)).is_err(), "nobody asked");
}

#[test]
fn a_channel_that_ended_unheard_is_found() {
    let (mut client, begin) = Client::new(way(), Opening::new(key(), [1; SALT], 244), at(0));
    assert!(client.tick(at(29)).is_ok());
    assert_eq!(client.tick(at(30)).err(), Some(Failure::TimedOut), "no welcome");
    let (_, welcome) = answer(&key(), &begin, [2; SALT], 244).unwrap();
    client.take(&welcome, at(31)).unwrap();
    assert!(client.tick(at(60)).unwrap().frames.is_empty());
    assert_eq!(client.tick(at(76)).unwrap().frames.len(), 1, "it is asked how it is");
    assert!(client.tick(at(105)).unwrap().frames.is_empty());
    assert_eq!(client.tick(at(106)).err(), Some(Failure::TimedOut));
}
