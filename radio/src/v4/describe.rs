//! An advert as JSON, for `platen decode ble`. The form is fixed by docs/decode.md.
//!
//! Bytes are upper-case hexadecimal text, as are types, objects, companies and ids; counts are numbers. A key is never
//! shown.

use std::collections::BTreeMap;

use domain::{CounterWidth, Percent, Temperature};
use serde_json::{Map, Value, json};

use super::advert::{Advert, AdvertError, Company, Opened, Opener, Ours, Sealed, Status, Verdict, Window};
use super::sensors::bthome::{self, Content, Frame};
use super::sensors::{Axis, Contact, Reading, ruuvi};
use super::{Address, Key, Keyring};
use crate::chain::chain;

/// Takes adverts one after the other and says what is in them, as far as it has keys.
pub struct Listener {
    sensors: BTreeMap<Address, (Key, Window)>,
    monitors: BTreeMap<u32, Opener>,
}

impl Listener {
    /// With these keys, and nothing heard so far.
    #[must_use]
    pub fn new(keyring: Keyring) -> Self {
        let Keyring { sensors, monitors } = keyring;
        let opener = |(id, key)| (id, Opener::new(key, id, Window::default()));
        let sensor = |(address, key)| (address, (key, Window::default()));
        Listener {
            sensors: sensors.into_iter().map(sensor).collect(),
            monitors: monitors.into_iter().map(opener).collect(),
        }
    }

    /// One advert; `address` is where it came from, if that is known.
    pub fn hear(&mut self, address: Option<Address>, bytes: &[u8]) -> Map<String, Value> {
        let mut line = Map::new();
        if let Some(address) = address {
            line.insert("address".to_owned(), json!(address.to_string()));
        }
        let advert = match Advert::parse(bytes) {
            Ok(advert) => advert,
            Err(error) => {
                line.insert("damage".to_owned(), json!(damage(&error)));
                line.insert("why".to_owned(), json!(error.to_string()));
                return line;
            }
        };
        line.insert("structures".to_owned(), structures(&advert));
        if let Some(ours) = Ours::find(&advert) {
            let value = match ours {
                Ok(ours) => self.ours(&ours),
                Err(error) => json!({ "damage": "malformed", "why": chain(&error) }),
            };
            line.insert("open".to_owned(), value);
        }
        if let Some((_, data)) = advert.service_data().find(|(uuid, _)| *uuid == bthome::SERVICE) {
            line.insert("bthome".to_owned(), self.bthome(address, data));
        }
        if let Some((_, data)) = advert.manufacturer_data().find(|(company, _)| *company == Company::RUUVI) {
            line.insert("ruuvi".to_owned(), ruuvi(data));
        }
        line
    }

    fn ours(&mut self, ours: &Ours) -> Value {
        match ours {
            Ours::Waiting(waiting) => json!({
                "kind": "waiting",
                "serial": waiting.serial.monitor(),
                "initialised": waiting.initialised,
                "no_passkey": waiting.no_passkey,
                "lost_bond": waiting.lost_bond,
            }),
            Ours::Sealed(sealed) => self.sealed(sealed, "status"),
            Ours::Repeated(repeated) => {
                let mut value = self.sealed(&repeated.sealed, "repeated");
                value["hops"] = json!(repeated.hops());
                value["rssi_dbm"] = json!((repeated.rssi_dbm != 127).then_some(repeated.rssi_dbm));
                value["repeater"] = json!(format!("{:04X}", repeated.repeater.0));
                value
            }
        }
    }

    fn sealed(&mut self, sealed: &Sealed, kind: &str) -> Value {
        let mut value = json!({
            "kind": kind,
            "company": format!("{:04X}", sealed.company.0),
            "id": format!("{:08X}", sealed.id),
            "counter": sealed.counter,
        });
        match self.monitors.get_mut(&sealed.id).map(|opener| opener.open(sealed)) {
            None => {}
            Some(Ok(Opened { status, news })) => {
                value["status"] = open_status(&status);
                value["news"] = json!(news);
            }
            Some(Err(error)) => value["not_opened"] = json!(chain(&error)),
        }
        value
    }

    fn bthome(&mut self, address: Option<Address>, data: &[u8]) -> Value {
        let frame = match Frame::parse(data) {
            Ok(frame) => frame,
            Err(error) => return json!({ "damage": "malformed", "why": chain(&error) }),
        };
        let mut value = json!({ "triggered": frame.triggered() });
        if let Some(own) = frame.address {
            value["address"] = json!(own.to_string());
        }
        let from = frame.address.or(address);
        let known = from.and_then(|from| Some((from, self.sensors.get_mut(&from)?)));
        match (frame.content, known) {
            (Content::Plain(objects), known) => {
                value["encrypted"] = json!(false);
                if known.is_some() {
                    // Whoever has a key expects sealed adverts: an open one may be anybody's.
                    value["expected"] = json!("encrypted");
                }
                objects_into(&mut value, objects);
            }
            (Content::Encrypted { sealed, counter, .. }, known) => {
                value["encrypted"] = json!(true);
                value["counter"] = json!(counter);
                value["sealed"] = json!(upper(sealed));
                if let Some((from, (key, window))) = known {
                    opened_into(&mut value, &frame, from, counter, key, window);
                }
            }
        }
        value
    }
}

fn opened_into(
    value: &mut Value,
    frame: &Frame<'_>,
    from: Address,
    counter: u32,
    key: &Key,
    window: &mut Window,
) {
    let verdict = window.judge(counter);
    match (frame.open(key, from), verdict) {
        (Err(error), _) => value["not_opened"] = json!(error.to_string()),
        (Ok(_), Verdict::Old) => value["not_opened"] = json!("its counter is older than one before"),
        // A counter far ahead is nothing to wonder at when adverts are decoded from a file.
        (Ok(objects), Verdict::News | Verdict::Again | Verdict::TooFarAhead) => {
            *window = Window::at(counter);
            value["news"] = json!(verdict != Verdict::Again);
            objects_into(value, &objects);
        }
    }
}

fn damage(error: &AdvertError) -> &'static str {
    match error {
        AdvertError::Truncated { .. } => "truncated",
        AdvertError::AfterEnd { .. } => "after the end",
        AdvertError::TooLong(_) => "too long",
    }
}

fn structures(advert: &Advert<'_>) -> Value {
    let all = advert.structures.iter().map(|structure| {
        json!({
            "type": format!("0x{:02X}", structure.kind.0),
            "name": structure.kind.name().unwrap_or("unknown"),
            "data": upper(structure.data),
        })
    });
    all.collect()
}

fn open_status(status: &Status) -> Value {
    json!({
        "count": status.count,
        "temperature_mc": status.temperature.map(|temperature| temperature.temperature().as_milli_celsius()),
        "battery": status.battery().map(Percent::get),
        "state": status.state.name(),
        "alerts_wait": status.alerts_wait,
        "cycles_wait": status.cycles_wait,
        "era_bits": status.era_bits(),
    })
}

fn objects_into(value: &mut Value, objects: &[u8]) {
    match bthome::readings(objects) {
        Ok(readings) => value["readings"] = readings.iter().map(reading).collect(),
        Err(error) => {
            value["damage"] = json!("malformed");
            value["why"] = json!(error.to_string());
        }
    }
}

fn ruuvi(data: &[u8]) -> Value {
    match ruuvi::readings(data) {
        Ok(readings) => {
            let format = data.first().map(|format| format!("0x{format:02X}"));
            json!({ "format": format, "readings": readings.iter().map(reading).collect::<Value>() })
        }
        Err(error) => json!({ "damage": "malformed", "why": chain(&error) }),
    }
}

fn reading(reading: &Reading) -> Value {
    match reading {
        Reading::Count { count, width } => json!({ "count": count, "bits": bits(*width) }),
        Reading::Contact(Contact::Open) => json!({ "contact": "open" }),
        Reading::Contact(Contact::Closed) => json!({ "contact": "closed" }),
        Reading::Temperature(temperature) => {
            json!({ "temperature_mc": Temperature::as_milli_celsius(*temperature) })
        }
        Reading::Battery(percent) => json!({ "battery": percent.get() }),
        Reading::BatteryMillivolts(millivolts) => json!({ "battery_mv": millivolts }),
        Reading::BatteryLow(low) => json!({ "battery_low": low }),
        Reading::Vibration(vibrates) => json!({ "vibration": vibrates }),
        Reading::Moving(moves) => json!({ "moving": moves }),
        Reading::Movements { count, width } => json!({ "movements": count, "bits": bits(*width) }),
        Reading::Acceleration { axis, milli_g } => {
            let axis = match axis {
                Axis::X => Some("x"),
                Axis::Y => Some("y"),
                Axis::Z => Some("z"),
                Axis::Unknown => None,
            };
            json!({ "acceleration_mg": milli_g, "axis": axis })
        }
        Reading::Sequence(sequence) => json!({ "sequence": sequence }),
        Reading::Other { object, name, data } => {
            json!({ "object": format!("0x{object:02X}"), "name": name, "data": upper(data) })
        }
        Reading::Unknown { object, data } => {
            json!({ "object": format!("0x{object:02X}"), "name": "unknown", "data": upper(data) })
        }
    }
}

const fn bits(width: CounterWidth) -> Option<u8> {
    match width {
        CounterWidth::Bits(bits) => Some(bits),
        CounterWidth::Unknown => None,
    }
}

fn upper(bytes: &[u8]) -> String {
    hex::encode_upper(bytes)
}
