//! Sensors that anyone can buy: adverts that other decoders (bthome-ble, ruuvitag-ble) and the makers' documents explain.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail like tests")]

use radio::v4::{Keyring, Listener};
use serde_json::Value;

fn vectors() -> Value {
    serde_json::from_str(include_str!("vectors/sensors.json")).unwrap()
}

fn heard(vector: &Value, keyring: Keyring) -> serde_json::Map<String, Value> {
    let bytes = hex::decode(vector["hex"].as_str().unwrap()).unwrap();
    let address = vector["address"].as_str().map(|address| address.parse().unwrap());
    Listener::new(keyring).hear(address, &bytes)
}

#[test]
fn every_advert_of_bthome_reads_as_another_decoder_reads_it() {
    let vectors = vectors();
    let all = vectors["bthome"].as_array().unwrap();
    assert!(all.len() > 50);
    for vector in all {
        let text = vector["key"].as_str().map(|key| format!("{} {key}", vector["address"].as_str().unwrap()));
        let line = heard(vector, Keyring::parse(text.as_deref().unwrap_or_default()).unwrap());
        assert_eq!(line["bthome"]["readings"], vector["readings"], "{}: {line:?}", vector["name"]);
        assert_eq!(line["bthome"]["encrypted"], text.is_some(), "{}", vector["name"]);
        if text.is_some() {
            assert_eq!(line["bthome"]["counter"], vector["counter"], "{}", vector["name"]);
            let closed = heard(vector, Keyring::default());
            assert_eq!(closed["bthome"].get("readings"), None, "without the key there is nothing to read");
        }
    }
}

#[test]
fn every_advert_of_ruuvi_reads_as_its_maker_says() {
    let vectors = vectors();
    let all = vectors["ruuvi"].as_array().unwrap();
    assert!(all.len() > 30);
    for vector in all {
        let line = heard(vector, Keyring::default());
        assert_eq!(line["ruuvi"]["readings"], vector["readings"], "{}: {line:?}", vector["name"]);
    }
}

#[test]
fn an_encrypted_sensor_heard_again_is_no_news_and_an_older_one_is_not_opened() {
    let vectors = vectors();
    let sealed: Vec<&Value> =
        vectors["bthome"].as_array().unwrap().iter().filter(|vector| vector.get("key").is_some()).collect();
    let newest = sealed.iter().max_by_key(|vector| vector["counter"].as_u64()).unwrap();
    let oldest = sealed.iter().min_by_key(|vector| vector["counter"].as_u64()).unwrap();
    let address = newest["address"].as_str().unwrap();
    let keyring = Keyring::parse(&format!("{address} {}", newest["key"].as_str().unwrap())).unwrap();
    let mut listener = Listener::new(keyring);
    let mut hear = |vector: &Value| {
        let bytes = hex::decode(vector["hex"].as_str().unwrap()).unwrap();
        listener.hear(Some(address.parse().unwrap()), &bytes)["bthome"].clone()
    };
    assert_eq!(hear(newest)["news"], true);
    assert_eq!(hear(newest)["news"], false);
    let old = hear(oldest);
    assert_eq!(old["not_opened"], "its counter is older than one before");
    assert_eq!(old.get("readings"), None);
}
