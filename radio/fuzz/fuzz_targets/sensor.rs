//! Any bytes as adverts of any maker, with keys at hand: no panic, and nothing of a BTHome advert's objects is lost.
#![no_main]

use libfuzzer_sys::fuzz_target;
use domain::Timestamp;
use radio::bluetooth::SensorInUse;
use radio::v4::sensors::bthome::Object;
use radio::v4::sensors::{Ear, SensorData};
use radio::v4::{Address, Keyring, Listener};

const KEYS: &str =
    "54:48:E6:8F:80:A5 231d39c1d7cc1ab1aee224cd096db932\n0a1b2c3d 0f1e2d3c4b5a69788796a5b4c3d2e1f0";

fuzz_target!(|bytes: &[u8]| {
    let mut listener = Listener::new(Keyring::parse(KEYS).expect("two keys"));
    let address = Address::from_be_bytes([0x54, 0x48, 0xE6, 0x8F, 0x80, 0xA5]);
    for _ in 0..2 {
        let line = listener.hear(Some(address), bytes);
        let _ = serde_json::Value::from(line).to_string();
    }
    let mut ear = Ear::new([SensorInUse { address, key: None, counter: None }]);
    for (second, data) in (0..).zip([SensorData::Bthome(bytes.to_vec()), SensorData::Ruuvi(bytes.to_vec())]) {
        let _ = ear.hear(address, -60, &data, Timestamp::from_millis(second * 20_000));
    }
    if let Ok(objects) = Object::parse(bytes) {
        let mut again = Vec::new();
        for object in objects {
            let _ = object.reading();
            object.write(&mut again);
        }
        assert_eq!(again, bytes);
    }
});
