use domain::{Channel, Contact, Measure};
use proptest::collection::vec;
use proptest::prelude::*;
use secrecy::SecretBox;

use super::*;

const DOOR: Address = Address::from_be_bytes([0x54, 0x48, 0xE6, 0x8F, 0x80, 0xA5]);
const KEY: [u8; 16] =
    [0x23, 0x1D, 0x39, 0xC1, 0xD7, 0xCC, 0x1A, 0xB1, 0xAE, 0xE2, 0x24, 0xCD, 0x09, 0x6D, 0xB9, 0x32];
/// The example of bthome.io/encryption.
const SEALED: [u8; 15] =
    [0x41, 0xA4, 0x72, 0x66, 0xC9, 0x5F, 0x73, 0x00, 0x11, 0x22, 0x33, 0x78, 0x23, 0x72, 0x14];

fn at(seconds: i64) -> Timestamp {
    Timestamp::from_millis(seconds * 1000)
}

fn in_use(key: Option<[u8; 16]>, counter: Option<u32>) -> SensorInUse {
    SensorInUse { address: DOOR, key: key.map(|key| SecretBox::new(Box::new(key))), counter }
}

/// A door with the number of its packet, or without.
fn door(open: bool, packet: Option<u8>) -> SensorData {
    let packet = packet.map(|packet| vec![0x00, packet]).unwrap_or_default();
    SensorData::Bthome([&[0x44][..], &packet, &[0x1A, u8::from(open)]].concat())
}

fn says(heard: Option<SensorHeard>) -> Option<bool> {
    heard?.said.unwrap().iter().find_map(|said| match said.what {
        Measure::Contact(contact) => Some(contact == Contact::Open),
        _ => None,
    })
}

#[test]
fn an_advert_with_a_number_is_told_once_by_whatever_adapter_and_in_whatever_order() {
    let mut ear = Ear::new([in_use(None, None)]);
    assert_eq!(says(ear.hear(DOOR, -60, &door(true, Some(1)), at(0))), Some(true));
    assert_eq!(ear.hear(DOOR, -61, &door(true, Some(1)), at(1)), None);
    assert_eq!(says(ear.hear(DOOR, -60, &door(false, Some(2)), at(2))), Some(false));
    assert_eq!(ear.hear(DOOR, -61, &door(true, Some(1)), at(60)), None, "late, by another adapter");
    assert_eq!(says(ear.hear(DOOR, -60, &door(true, Some(3)), at(61))), Some(true));
}

#[test]
fn an_advert_without_a_number_is_news_when_it_differs() {
    let mut ear = Ear::new([in_use(None, None)]);
    let opens_and_closes = [true, false, true, false];
    for (second, open) in (0..).zip(opens_and_closes) {
        assert_eq!(says(ear.hear(DOOR, -60, &door(open, None), at(second))), Some(open));
        assert_eq!(ear.hear(DOOR, -60, &door(open, None), at(second)), None);
    }
}

#[test]
fn a_sensor_that_says_the_same_is_told_now_and_then() {
    let mut ear = Ear::new([in_use(None, None)]);
    let told = (0..60).filter(|second| ear.hear(DOOR, -60, &door(true, Some(1)), at(*second)).is_some());
    assert_eq!(told.collect::<Vec<_>>(), [0, 10, 20, 30, 40, 50]);
    assert!(ear.hear(DOOR, -60, &door(true, Some(1)), at(-900)).is_some(), "a clock that was set back");
}

#[test]
fn strangers_are_few_and_told_seldom() {
    let mut ear = Ear::default();
    let stranger = |number: u8| Address::from_be_bytes([0xC0, 0, 0, 0, 0, number]);
    let mut told = 0;
    for second in 0..60 {
        for number in 0..=u8::MAX {
            let packet = u8::try_from(second).unwrap();
            told +=
                usize::from(ear.hear(stranger(number), -60, &door(true, Some(packet)), at(second)).is_some());
        }
    }
    assert_eq!(told, MOST_STRANGERS * 12);
    ear.attend(in_use(None, None));
    assert!(ear.hear(DOOR, -60, &door(true, None), at(60)).is_some(), "there is always room for one in use");
    assert!(ear.hear(stranger(200), -60, &door(true, None), at(60)).is_none());
    assert!(ear.hear(stranger(200), -60, &door(true, None), at(900)).is_some(), "the others are gone");
}

#[test]
fn a_sealed_sensor_is_read_with_its_key_and_nothing_else_is_believed_in_its_name() {
    let sealed = SensorData::Bthome(SEALED.to_vec());
    let why = |ear: &mut Ear, data: &SensorData, second| ear.hear(DOOR, -60, data, at(second)).unwrap().said;
    let mut ear = Ear::new([in_use(None, None)]);
    assert_eq!(why(&mut ear, &sealed, 0), Err(Unread::NoKey));
    ear.attend(in_use(Some([7; 16]), None));
    assert_eq!(why(&mut ear, &sealed, 10), Err(Unread::WrongKey));
    ear.attend(in_use(Some(KEY), None));
    let heard = ear.hear(DOOR, -60, &sealed, at(20)).unwrap();
    assert_eq!((heard.counter, heard.sealed), (Some(0x3322_1100), true));
    assert_eq!(heard.said.unwrap()[0].channel, Channel::new(2, 1));
    assert_eq!(why(&mut ear, &door(true, None), 30), Err(Unread::NotSealed), "open, in its name");
    ear.attend(in_use(Some(KEY), Some(0x3322_1101)));
    assert_eq!(why(&mut ear, &sealed, 40), Err(Unread::OldCounter), "recorded and sent again");
    ear.attend(in_use(Some(KEY), None));
    assert!(why(&mut ear, &sealed, 50).is_ok(), "a person saved it again");
}

#[test]
fn nonsense_in_a_sensors_name_is_told_seldom_and_takes_nothing_from_it() {
    let mut ear = Ear::new([in_use(None, None)]);
    let mut told = 0;
    for number in 0..50 {
        let nonsense = SensorData::Bthome(vec![0x60, number]);
        told += usize::from(ear.hear(DOOR, -60, &nonsense, at(0)).is_some());
    }
    assert_eq!(told, 1);
    assert_eq!(says(ear.hear(DOOR, -60, &door(true, Some(1)), at(1))), Some(true));
}

proptest! {
    #[test]
    fn any_bytes_are_told_or_not(address in any::<[u8; 6]>(), adverts in vec((any::<bool>(), vec(any::<u8>(), 0..40)), 0..20)) {
        let mut ear = Ear::new([in_use(Some(KEY), None)]);
        for (second, (bthome, bytes)) in (0..).zip(adverts) {
            let data = if bthome { SensorData::Bthome(bytes) } else { SensorData::Ruuvi(bytes) };
            let _ = ear.hear(Address::from_be_bytes(address), -60, &data, at(second));
            let _ = ear.hear(DOOR, -60, &data, at(second));
        }
    }
}
