//! The open protocol for Bluetooth monitors against vectors that another program made from the document's tables.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail like tests")]

use domain::{AlertKind, Initialisation, Percent, Thresholds};
use radio::open::{DeciCelsius, Record, Stretch};
use radio::v4::advert::{Advert, Opener, Ours, Sealed, Status, Window};
use radio::v4::open::{Alert, Characteristic, FromMonitor, Handover, Identity, LinkStatus, ToMonitor};
use radio::v4::{Key, Uuid};
use serde_json::{Value, json};

fn vectors() -> Value {
    serde_json::from_str(include_str!("vectors/open-v4.json")).unwrap()
}

fn list<'a>(vectors: &'a Value, name: &str) -> &'a [Value] {
    vectors[name].as_array().unwrap()
}

fn bytes(hex: &Value) -> Vec<u8> {
    hex::decode(hex.as_str().unwrap()).unwrap()
}

fn key(hex: &Value) -> Key {
    Key::new(bytes(hex).try_into().unwrap())
}

fn number(hex: &Value) -> u32 {
    u32::from_str_radix(hex.as_str().unwrap(), 16).unwrap()
}

fn characteristic(name: &Value) -> Characteristic {
    let name = name.as_str().unwrap();
    Characteristic::ALL.into_iter().find(|characteristic| characteristic.name() == name).unwrap()
}

fn milli_celsius(temperature: Option<DeciCelsius>) -> Option<i32> {
    temperature.map(|temperature| temperature.temperature().as_milli_celsius())
}

fn advert(ours: &Ours) -> Value {
    let sealed = |kind: &str, sealed: &Sealed| {
        json!({
            "kind": kind,
            "company": format!("{:04X}", sealed.company.0),
            "id": format!("{:08X}", sealed.id),
            "counter": sealed.counter,
        })
    };
    match ours {
        Ours::Waiting(waiting) => json!({
            "kind": "waiting",
            "serial": waiting.serial.monitor(),
            "initialised": waiting.initialised,
            "no_passkey": waiting.no_passkey,
            "lost_bond": waiting.lost_bond,
        }),
        Ours::Sealed(status) => sealed("status", status),
        Ours::Repeated(repeated) => {
            let mut value = sealed("repeated", &repeated.sealed);
            value["hops"] = json!(repeated.hops());
            value["rssi_dbm"] = json!((repeated.rssi_dbm != 127).then_some(repeated.rssi_dbm));
            value["repeater"] = json!(format!("{:04X}", repeated.repeater.0));
            value
        }
    }
}

fn status(status: &Status) -> Value {
    json!({
        "count": status.count,
        "temperature_mc": milli_celsius(status.temperature),
        "battery": status.battery().map(Percent::get),
        "state": status.state.name(),
        "alerts_wait": status.alerts_wait,
        "cycles_wait": status.cycles_wait,
        "era_bits": status.era_bits(),
    })
}

fn record(record: &Record) -> Value {
    let Initialisation { mold, description, approved, design_life, baseline, on } =
        record.initialisation().unwrap();
    json!({
        "mold": mold.as_str(),
        "description": description,
        "approved_ms": approved.map(|time| time.as_millis()),
        "design_life": design_life,
        "baseline": baseline,
        "on_ms": on.as_millis(),
    })
}

fn identity(identity: &Identity) -> Value {
    let initialised = identity.initialised.as_ref().map(|initialised| {
        json!({ "era": initialised.era, "count": initialised.count, "record": record(&initialised.record) })
    });
    json!({ "type": "identity", "serial": identity.serial.monitor(), "initialised": initialised })
}

fn cycles(stretch: &Stretch) -> Value {
    let all: Vec<Value> = stretch
        .iter()
        .map(|(time, temperature, first)| {
            let temperature = temperature.map(|temperature| temperature.as_milli_celsius());
            json!({ "cycle_time_ms": time.as_millis(), "temperature_mc": temperature, "first": first })
        })
        .collect();
    json!({
        "type": "cycles",
        "era": stretch.era(),
        "count": stretch.count(),
        "sent_ms": stretch.sent().as_millis(),
        "last_end_ms": stretch.last_end().as_millis(),
        "from_memory": stretch.from_memory(),
        "cycles": all,
    })
}

fn link_status(status: &LinkStatus) -> Value {
    json!({
        "type": "status",
        "era": status.era,
        "count": status.count,
        "state": status.state.name(),
        "temperature_mc": milli_celsius(status.temperature),
        "battery": status.battery,
        "uptime_s": status.uptime,
        "stored": status.stored,
        "unacknowledged": status.unacknowledged,
        "alerts": status.alerts,
        "next_advert": status.next_advert,
    })
}

fn thresholds(thresholds: &Thresholds) -> Value {
    let limit = |kind| json!(thresholds.get(kind).map(|limit| [limit.at, i64::from(limit.hysteresis)]));
    json!({
        "type": "thresholds",
        "hot": limit(AlertKind::Hot),
        "cold": limit(AlertKind::Cold),
        "slow": limit(AlertKind::Slow),
        "fast": limit(AlertKind::Fast),
        "shock": limit(AlertKind::Shock),
        "detached": limit(AlertKind::Detached),
    })
}

fn alert(alert: &Alert) -> Value {
    json!({
        "type": "alert",
        "era": alert.era,
        "number": alert.number,
        "sent_ms": alert.moment.sent().as_millis(),
        "happened_ms": alert.moment.happened().as_millis(),
        "count": alert.count,
        "kind": u8::from(alert.kind),
        "begins": alert.begins,
        "value": alert.value,
        "limit": alert.limit,
    })
}

fn from_monitor(message: &FromMonitor) -> Value {
    match message {
        FromMonitor::Identity(message) => identity(message),
        FromMonitor::Cycles(message) => cycles(message),
        FromMonitor::Status(message) => link_status(message),
        FromMonitor::Thresholds(message) => thresholds(message),
        FromMonitor::Alert(message) => alert(message),
        FromMonitor::Clock { clock, time } => json!({
            "type": "clock",
            "clock_ms": clock.as_millis(),
            "time_ms": time.map(|time| time.as_millis()),
        }),
    }
}

fn to_monitor(message: &ToMonitor) -> Value {
    let kind = message.name();
    match message {
        ToMonitor::Initialise(message) => json!({ "type": kind, "record": record(message) }),
        ToMonitor::Identify => json!({ "type": kind }),
        ToMonitor::Thresholds(message) => thresholds(message),
        ToMonitor::AlertsKept { era, up_to } => json!({ "type": kind, "era": era, "number": up_to }),
        ToMonitor::Kept { era, up_to: count } | ToMonitor::SendFrom { era, after: count } => {
            json!({ "type": kind, "era": era, "count": count })
        }
        ToMonitor::Time(now) => json!({ "type": kind, "now_ms": now.as_millis() }),
    }
}

#[test]
fn every_advert_reads_to_its_fields_and_is_written_as_its_bytes() {
    let vectors = vectors();
    let mut opened = 0;
    for vector in list(&vectors, "adverts") {
        let (name, bytes) = (&vector["name"], bytes(&vector["hex"]));
        let parsed = Advert::parse(&bytes).unwrap();
        let ours = Ours::find(&parsed).unwrap_or_else(|| panic!("{name} is not ours")).unwrap();
        assert_eq!(advert(&ours), vector["advert"], "{name}");
        assert_eq!(ours.encode().unwrap(), bytes, "{name}");
        let sealed = match ours {
            Ours::Waiting(_) => continue,
            Ours::Sealed(sealed) => sealed,
            Ours::Repeated(repeated) => repeated.sealed,
        };
        let (key, id) = (key(&vector["key"]), number(&vector["id"]));
        let mut opener = Opener::new(key, id, Window::default());
        assert_eq!(status(&opener.open(&sealed).unwrap().status), vector["status"], "{name}");
        opened += 1;
    }
    assert!(opened > 5);
}

#[test]
fn every_message_decodes_to_its_fields_and_encodes_to_its_bytes() {
    let vectors = vectors();
    assert!(list(&vectors, "messages").len() > 20);
    for vector in list(&vectors, "messages") {
        let (name, bytes) = (&vector["name"], bytes(&vector["hex"]));
        let characteristic = characteristic(&vector["on"]);
        let (fields, again, place) = if vector["from"] == "monitor" {
            let message =
                FromMonitor::decode(characteristic, &bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
            (from_monitor(&message), message.encode(), message.characteristic())
        } else {
            let message =
                ToMonitor::decode(characteristic, &bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
            (to_monitor(&message), message.encode(), message.characteristic())
        };
        assert_eq!(fields, vector["message"], "{name}");
        assert_eq!(again, bytes, "{name}");
        assert_eq!(place, characteristic, "{name}");
    }
}

#[test]
fn the_handover_is_read_and_written() {
    let vectors = vectors();
    let vector = &vectors["handover"];
    let handover = Handover::decode(&bytes(&vector["hex"])).ok().unwrap();
    assert_eq!(handover.id, number(&vector["id"]));
    assert_eq!(handover.key.expose(), key(&vector["key"]).expose());
    assert_eq!(handover.encode().to_vec(), bytes(&vector["hex"]));
}

#[test]
fn what_is_no_message_is_refused_for_the_reason_given() {
    let vectors = vectors();
    for vector in list(&vectors, "refused") {
        let (characteristic, bytes) = (characteristic(&vector["on"]), bytes(&vector["hex"]));
        let refused = if vector["from"] == "monitor" {
            FromMonitor::decode(characteristic, &bytes).err()
        } else {
            ToMonitor::decode(characteristic, &bytes).err()
        };
        let refused = refused.map(|error| error.to_string());
        assert_eq!(refused.as_deref(), vector["error"].as_str(), "{}", vector["name"]);
    }
}

#[test]
fn what_is_no_advert_of_ours_is_refused_for_the_reason_given() {
    let vectors = vectors();
    for vector in list(&vectors, "broken") {
        let bytes = bytes(&vector["hex"]);
        let parsed = Advert::parse(&bytes).unwrap();
        let refused = Ours::find(&parsed).and_then(Result::err).map(|error| error.to_string());
        assert_eq!(refused.as_deref(), vector["error"].as_str(), "{}", vector["name"]);
    }
}

#[test]
fn the_service_has_the_number_that_the_document_gives_it() {
    let uuid: Uuid = "37330001-1a25-41bb-8887-6544a6339737".parse().unwrap();
    assert_eq!(radio::v4::open::SERVICE, uuid);
}
