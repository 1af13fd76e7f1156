//! The open protocol against vectors that another program made from the document's byte tables.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail like tests")]

use domain::{Initialisation, Temperature};
use radio::v3::profile::open::{Assembly, Cycles, Message, RecordPart, Status, Tether, Tethering};
use serde_json::{Value, json};

fn vectors() -> Value {
    serde_json::from_str(include_str!("vectors/open-v1.json")).unwrap()
}

fn list<'a>(vectors: &'a Value, name: &str) -> &'a [Value] {
    vectors[name].as_array().unwrap()
}

fn bytes(hex: &Value) -> Vec<u8> {
    hex::decode(hex.as_str().unwrap()).unwrap()
}

fn record(initialisation: &Initialisation) -> Value {
    json!({
        "mold": initialisation.mold.as_str(),
        "description": initialisation.description,
        "approved_ms": initialisation.approved.map(|time| time.as_millis()),
        "design_life": initialisation.design_life,
        "baseline": initialisation.baseline,
        "on_ms": initialisation.on.as_millis(),
    })
}

fn with_part(mut fields: Value, part: &RecordPart) -> Value {
    fields["part"] = json!(part.index());
    fields["of"] = json!(part.of());
    if let Some(whole) = Assembly::default().add(part).unwrap() {
        fields["record"] = record(&whole);
    }
    fields
}

fn milli_celsius(temperature: Option<Temperature>) -> Option<i32> {
    temperature.map(Temperature::as_milli_celsius)
}

fn tether(tether: &Tether) -> Value {
    let fields = json!({ "type": "tether", "serial": tether.serial.monitor(), "plug": tether.plug });
    let with = |mut fields: Value, name: &str, value: Value| {
        fields[name] = value;
        fields
    };
    match &tether.state {
        Tethering::Uninitialised => with(fields, "initialised", json!(false)),
        Tethering::Initialised { era, count, part } => {
            let fields = with(fields, "initialised", json!(true));
            let fields = with(with(fields, "era", json!(era)), "count", json!(count));
            with_part(fields, part)
        }
    }
}

fn cycles(cycles: &Cycles) -> Value {
    let Cycles { serial, stretch } = cycles;
    let all: Vec<Value> = stretch
        .iter()
        .map(|(time, temperature, first)| {
            let temperature = milli_celsius(temperature);
            json!({ "cycle_time_ms": time.as_millis(), "temperature_mc": temperature, "first": first })
        })
        .collect();
    json!({
        "type": "cycles",
        "serial": serial.monitor(),
        "era": stretch.era(),
        "count": stretch.count(),
        "sent_ms": stretch.sent().as_millis(),
        "last_end_ms": stretch.last_end().as_millis(),
        "from_memory": stretch.from_memory(),
        "cycles": all,
    })
}

fn status(status: &Status) -> Value {
    json!({
        "type": "status",
        "serial": status.serial.monitor(),
        "era": status.era,
        "count": status.count,
        "asleep": status.asleep,
        "temperature_mc": milli_celsius(status.temperature.map(|temperature| temperature.temperature())),
        "battery": status.battery,
        "uptime_s": status.uptime,
        "stored": status.stored,
        "unacknowledged": status.unacknowledged,
    })
}

fn fields(message: &Message) -> Value {
    let kind = message.name();
    match message {
        Message::Tether(message) => tether(message),
        Message::Cycles(message) => cycles(message),
        Message::Status(message) => status(message),
        Message::Untether { serial, plug } => {
            json!({ "type": kind, "serial": serial.monitor(), "plug": plug })
        }
        Message::Refused { serial, why } => {
            json!({ "type": kind, "serial": serial.monitor(), "reason": u8::from(*why) })
        }
        Message::Kept { serial, era, up_to: count } | Message::SendFrom { serial, era, after: count } => {
            json!({ "type": kind, "serial": serial.monitor(), "era": era, "count": count })
        }
        Message::Time { serial, now } => {
            json!({ "type": kind, "serial": serial.monitor(), "now_ms": now.as_millis() })
        }
        Message::Identify { serial } => json!({ "type": kind, "serial": serial.monitor() }),
        Message::Show => json!({ "type": kind }),
        Message::Initialise(part) => with_part(json!({ "type": kind }), part),
    }
}

#[test]
fn every_vector_decodes_to_its_fields_and_encodes_to_its_bytes() {
    let vectors = vectors();
    let messages = list(&vectors, "messages");
    assert!(messages.len() > 20);
    for vector in messages {
        let bytes = bytes(&vector["hex"]);
        let message = Message::decode(&bytes).unwrap_or_else(|error| panic!("{}: {error}", vector["name"]));
        assert_eq!(fields(&message), vector["message"], "{}", vector["name"]);
        assert_eq!(message.encode(), bytes, "{}", vector["name"]);
    }
}

#[test]
fn every_record_comes_together_from_its_parts_backwards() {
    let vectors = vectors();
    for vector in list(&vectors, "records") {
        let mut assembly = Assembly::default();
        let mut whole = None;
        for hex in list(vector, "hex").iter().rev() {
            let Ok(Message::Tether(Tether { state: Tethering::Initialised { part, .. }, .. })) =
                Message::decode(&bytes(hex))
            else {
                panic!("{}: each is a tether", vector["name"]);
            };
            assert!(whole.is_none(), "whole before its last part");
            whole = assembly.add(&part).unwrap();
        }
        assert_eq!(whole.as_ref().map(record), Some(vector["record"].clone()), "{}", vector["name"]);
    }
}

#[test]
fn what_is_no_message_is_refused_for_the_reason_given() {
    let vectors = vectors();
    for vector in list(&vectors, "refused") {
        let refused = Message::decode(&bytes(&vector["hex"])).map_err(|error| error.to_string());
        let reason = vector["error"].as_str().unwrap().to_owned();
        assert_eq!(refused, Err(reason), "{}", vector["name"]);
    }
}
