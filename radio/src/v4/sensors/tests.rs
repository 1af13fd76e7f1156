use domain::{CounterStep, CounterWidth, Temperature, step};
use proptest::collection::vec;
use proptest::prelude::*;

use super::bthome::{BthomeError, Content, Frame, Object, readings};
use super::{Contact, Reading, ruuvi};
use crate::open::FieldError;
use crate::v4::{Address, Key};

const ADDRESS: Address = Address::from_be_bytes([0x54, 0x48, 0xE6, 0x8F, 0x80, 0xA5]);
/// The example of bthome.io/encryption: 25.06 degrees, 50.55 % humidity.
const SEALED: [u8; 15] =
    [0x41, 0xA4, 0x72, 0x66, 0xC9, 0x5F, 0x73, 0x00, 0x11, 0x22, 0x33, 0x78, 0x23, 0x72, 0x14];

fn key() -> Key {
    Key::new([0x23, 0x1D, 0x39, 0xC1, 0xD7, 0xCC, 0x1A, 0xB1, 0xAE, 0xE2, 0x24, 0xCD, 0x09, 0x6D, 0xB9, 0x32])
}

proptest! {
    #[test]
    fn any_bytes_are_service_data_or_not_and_nothing_of_them_is_lost(bytes in vec(any::<u8>(), 0..40)) {
        if let Ok(frame) = Frame::parse(&bytes) {
            let _ = frame.open(&key(), ADDRESS);
        }
        if let Ok(objects) = Object::parse(&bytes) {
            let mut again = Vec::new();
            for object in objects {
                let _ = object.reading();
                object.write(&mut again);
            }
            prop_assert_eq!(again, bytes);
        }
    }

    #[test]
    fn any_bytes_are_ruuvis_or_not(format in prop_oneof![Just(5u8), Just(6), Just(0xE1), any::<u8>()], bytes in vec(any::<u8>(), 0..45)) {
        let _ = ruuvi::readings(&bytes);
        let _ = ruuvi::readings(&[vec![format], bytes].concat());
    }

    #[test]
    fn a_changed_bit_of_a_sealed_advert_is_noticed(bit in 8usize..15 * 8) {
        let mut bytes = SEALED;
        bytes[bit / 8] ^= 1 << (bit % 8);
        prop_assert_eq!(Frame::parse(&bytes).unwrap().open(&key(), ADDRESS), Err(BthomeError::Seal));
    }
}

#[test]
fn the_example_of_the_document_opens() {
    let frame = Frame::parse(&SEALED).unwrap();
    assert!(matches!(frame.content, Content::Encrypted { counter: 0x3322_1100, .. }));
    let objects = frame.open(&key(), ADDRESS).unwrap();
    let said = readings(&objects).unwrap();
    assert_eq!(said[0], Reading::Temperature(Temperature::from_milli_celsius(25_060)));
    let humidity = Reading::Other { object: 3, name: "humidity", data: vec![0xBF, 0x13] };
    assert_eq!(said[1], humidity);
    let elsewhere = Address::from_be_bytes([0; 6]);
    assert_eq!(frame.open(&key(), elsewhere), Err(BthomeError::Seal), "the address is part of the nonce");
}

#[test]
fn an_advert_with_its_own_address_opens_wherever_it_is_heard() {
    // From the tests of bthome-ble.
    let bytes = hex::decode("43a5808fe64854f196c06ffb4900112233f08ecbde").unwrap();
    let frame = Frame::parse(&bytes).unwrap();
    assert_eq!(frame.address, Some(ADDRESS));
    assert!(frame.open(&key(), Address::from_be_bytes([0; 6])).is_ok());
}

#[test]
fn an_object_that_nobody_knows_stays_visible_with_all_behind_it() {
    let said = readings(&[0x09, 0x60, 0xFE, 0x01, 0x02]).unwrap();
    assert_eq!(said[0], Reading::Count { count: 96, width: CounterWidth::Bits(8) });
    assert_eq!(said[1], Reading::Unknown { object: 0xFE, data: vec![1, 2] });
}

#[test]
fn what_no_value_can_be_stays_visible_as_it_was_sent() {
    for (bytes, name) in [
        (&[0x2D, 2][..], "window"),
        (&[0x01, 101], "battery"),
        (&[0x53, 2, b'o', b'k'], "text"),
        (&[0x3B, 0x21, 3, 9], "command"),
    ] {
        let said = readings(bytes).unwrap();
        let [Reading::Other { name: told, .. }] = &said[..] else { panic!("{said:?}") };
        assert_eq!(*told, name);
    }
}

#[test]
fn an_object_cut_short_is_an_error_that_names_it() {
    for (bytes, field) in [
        (&[0x02, 1][..], "temperature"),
        (&[0x53], "text"),
        (&[0x53, 3, b'a'], "text"),
        (&[0x3B], "command"),
        (&[0x3B, 1, 1], "command"),
    ] {
        assert_eq!(readings(bytes), Err(FieldError::Truncated { field }), "{bytes:02x?}");
    }
}

#[test]
fn other_versions_and_damage_are_told() {
    assert_eq!(
        Frame::parse(&[]).err(),
        Some(BthomeError::Field(FieldError::Truncated { field: "device information" }))
    );
    assert_eq!(Frame::parse(&[0x60]).err(), Some(BthomeError::Version(3)));
    assert_eq!(
        Frame::parse(&[0x42, 1]).err(),
        Some(BthomeError::Field(FieldError::Truncated { field: "address" }))
    );
    assert_eq!(
        Frame::parse(&[0x41, 1, 2, 3]).err(),
        Some(BthomeError::Field(FieldError::Truncated { field: "seal" }))
    );
    assert_eq!(
        Frame::parse(&SEALED[..8]).err(),
        Some(BthomeError::Field(FieldError::Truncated { field: "counter" }))
    );
    assert_eq!(ruuvi::readings(&[3, 1]), Err(ruuvi::RuuviError::Format(3)));
    assert!(matches!(ruuvi::readings(&[]), Err(ruuvi::RuuviError::Data(_))));
    assert!(matches!(ruuvi::readings(&[5, 1]), Err(ruuvi::RuuviError::Data(_))));
}

#[test]
fn the_steps_of_a_counter_are_cycles_also_past_its_top() {
    let reading = |bytes: &[u8]| match readings(bytes).unwrap()[..] {
        [Reading::Count { count, width }] => (count, width),
        ref other => panic!("{other:?}"),
    };
    let ((before, width), (now, _)) = (reading(&[0x3D, 0xFE, 0xFF]), reading(&[0x3D, 0x02, 0x00]));
    assert_eq!(step(before, now, width), CounterStep::Rollover(4));
}

#[test]
fn a_contact_opens_and_closes() {
    for object in [0x11, 0x1A, 0x1B, 0x2D] {
        assert_eq!(readings(&[object, 1]).unwrap(), [Reading::Contact(Contact::Open)]);
        assert_eq!(readings(&[object, 0]).unwrap(), [Reading::Contact(Contact::Closed)]);
    }
}
