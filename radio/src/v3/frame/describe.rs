//! A piece of the stream as JSON, for `platen decode xbee`. The form is fixed by docs/decode.md.
//!
//! Bytes are upper-case hexadecimal text, as are addresses, endpoints, clusters, profiles and masks; counts and options
//! are numbers; a status is its code and its text. A key is never shown, only how long it is.

use domain::Eui64;
use serde_json::{Map, Value, json};

use super::super::commands::is_secret;
use super::decoder::{Damage, Piece};
use super::types::{AtCommand, AtName, Frame, IoSample, NodeIdentification, RemoteAtResponse};

/// One line of `platen decode xbee`.
#[must_use]
pub fn describe(piece: &Piece) -> Value {
    match piece {
        Piece::Frame { offset, frame } => json!({
            "offset": offset,
            "type": format!("0x{:02X}", frame.kind()),
            "name": name(frame),
            "fields": fields(frame),
        }),
        Piece::Damage { offset, kind: Damage::Malformed(why) } => json!({
            "offset": offset,
            "damage": Damage::Malformed(*why).to_string(),
            "type": format!("0x{:02X}", why.kind),
            "why": why.to_string(),
        }),
        Piece::Damage { offset, kind } => json!({ "offset": offset, "damage": kind.to_string() }),
    }
}

/// What a frame's type is called.
#[must_use]
pub fn name(frame: &Frame) -> &'static str {
    match frame {
        Frame::At(_) => "AT command",
        Frame::AtQueued(_) => "queued AT command",
        Frame::Tx(_) => "TX request",
        Frame::ExplicitTx(_) => "explicit TX",
        Frame::RemoteAt(_) => "remote AT",
        Frame::CreateSourceRoute(_) => "create source route",
        Frame::RegisterDevice(_) => "register joining device",
        Frame::RawIoSample(_) => "RX 16-bit IO",
        Frame::AtResponse(_) => "AT response",
        Frame::RawTxStatus { .. } => "raw TX status",
        Frame::ModemStatus(_) => "modem status",
        Frame::TxStatus(_) => "TX status",
        Frame::RouteInformation(_) => "route information",
        Frame::Rx(_) => "receive packet",
        Frame::ExplicitRx(_) => "explicit RX",
        Frame::IoSample(_) => "IO sample",
        Frame::SensorRead(_) => "XBee sensor read",
        Frame::NodeIdentification(_) => "node identification",
        Frame::RemoteAtResponse(_) => "remote AT response",
        Frame::ExtendedModemStatus { .. } => "extended modem status",
        Frame::OtaStatus(_) => "OTA firmware update status",
        Frame::RouteRecord(_) => "route record",
        Frame::DeviceAuthenticated(_) => "device authenticated",
        Frame::ManyToOneRequest { .. } => "many-to-one route request",
        Frame::RegisterStatus { .. } => "register device status",
        Frame::JoinNotification(_) => "join notification",
        Frame::FrameError(_) => "frame error",
        Frame::Unknown { .. } => "unknown",
    }
}

/// Builds the object of a frame's fields, in the order of the wire.
#[derive(Default)]
struct Fields(Map<String, Value>);

impl Fields {
    fn put(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.0.insert(key.to_owned(), value.into());
        self
    }

    fn hex8(self, key: &str, value: u8) -> Self {
        self.put(key, format!("{value:02X}"))
    }

    fn hex16(self, key: &str, value: u16) -> Self {
        self.put(key, format!("{value:04X}"))
    }

    /// Bytes, and the text they are if they are one.
    fn bytes(self, key: &str, bytes: &[u8]) -> Self {
        let with_hex = self.put(key, hex::encode_upper(bytes));
        match std::str::from_utf8(bytes) {
            Ok(text) if !bytes.is_empty() && bytes.iter().all(|b| (0x20..0x7F).contains(b)) => {
                with_hex.put(&format!("{key}_ascii"), text)
            }
            _ => with_hex,
        }
    }

    fn at_value(self, name: AtName, key: &str, bytes: &[u8]) -> Self {
        if is_secret(name.to_upper()) {
            self.put(&format!("{key}_length"), bytes.len())
        } else {
            self.bytes(key, bytes)
        }
    }

    /// A node's name; its bytes too where they are no text, for a letter that was replaced is gone.
    fn node_name(self, name: &[u8]) -> Self {
        let f = self.put("ni", String::from_utf8_lossy(name));
        if std::str::from_utf8(name).is_ok() { f } else { f.put("ni_hex", hex::encode_upper(name)) }
    }

    /// Who answered a discovery. What stands behind the name differs between families and firmware: see `value`.
    fn node_found(self, name: AtName, value: &[u8]) -> Self {
        if name.to_upper() != AtName::of("ND") {
            return self;
        }
        let Some((short, rest)) = value.split_first_chunk() else { return self };
        let Some((address, rest)) = rest.split_first_chunk() else { return self };
        let name = rest.split(|byte| *byte == 0).next().unwrap_or_default();
        self.hex16("node16", u16::from_be_bytes(*short))
            .put("node64", Eui64::from_be_bytes(*address).to_string())
            .node_name(name)
    }

    /// What a stick appends to a node's identification where it is told to (NO).
    fn appended(self, rest: &[u8]) -> Self {
        match *rest {
            [] => self,
            [rssi] => self.hex8("rssi", rssi),
            [a, b, c, d] => self.put("dd", hex::encode_upper([a, b, c, d])),
            [a, b, c, d, rssi] => self.put("dd", hex::encode_upper([a, b, c, d])).hex8("rssi", rssi),
            _ => self.bytes("rest", rest),
        }
    }

    fn hops(self, hops: &[u16]) -> Self {
        self.put("hops", hops.iter().map(|hop| format!("{hop:04X}")).collect::<Vec<_>>())
    }
}

fn status(code: u8, text: impl ToString) -> Value {
    json!({ "code": code, "text": text.to_string() })
}

fn remote_status(at: &RemoteAtResponse) -> Value {
    let mut status = status(at.raw_status, at.status());
    let flags: Vec<_> = at.flags().collect();
    if let (Value::Object(status), false) = (&mut status, flags.is_empty()) {
        status.insert("flags".to_owned(), flags.into());
    }
    status
}

fn fields(frame: &Frame) -> Value {
    let f = Fields::default();
    let f = match frame {
        Frame::At(AtCommand { id, name, parameter }) | Frame::AtQueued(AtCommand { id, name, parameter }) => {
            f.put("frame_id", *id).put("command", name.to_string()).at_value(*name, "parameter", parameter)
        }
        Frame::Tx(tx) => f
            .put("frame_id", tx.id)
            .put("dest64", tx.dest.to_string())
            .hex16("dest16", tx.short)
            .put("radius", tx.radius)
            .put("options", tx.options)
            .bytes("data", &tx.data),
        Frame::ExplicitTx(tx) => f
            .put("frame_id", tx.id)
            .put("dest64", tx.dest.to_string())
            .hex16("dest16", tx.short)
            .hex8("src_ep", tx.source_endpoint)
            .hex8("dst_ep", tx.dest_endpoint)
            .hex16("cluster", tx.cluster)
            .hex16("profile", tx.profile)
            .put("radius", tx.radius)
            .put("options", tx.options)
            .bytes("data", &tx.data),
        Frame::RemoteAt(at) => f
            .put("frame_id", at.id)
            .put("dest64", at.dest.to_string())
            .hex16("dest16", at.short)
            .put("options", at.options)
            .put("command", at.name.to_string())
            .at_value(at.name, "parameter", &at.parameter),
        Frame::CreateSourceRoute(route) => f
            .put("frame_id", route.id)
            .put("dest64", route.dest.to_string())
            .hex16("dest16", route.short)
            .put("options", route.options)
            .hops(&route.hops),
        Frame::RegisterDevice(device) => f
            .put("frame_id", device.id)
            .put("eui64", device.device.to_string())
            .hex16("reserved", device.reserved)
            .put("options", device.options)
            .put("key_length", device.key.len()),
        Frame::RawIoSample(io) => raw_io(f, io),
        Frame::AtResponse(at) => f
            .put("frame_id", at.id)
            .put("command", at.name.to_string())
            .put("status", status(at.status.code(), at.status))
            .at_value(at.name, "value", &at.value)
            .node_found(at.name, &at.value),
        Frame::RawTxStatus { id, status: s } => f.put("frame_id", *id).put("status", status(s.code(), s)),
        Frame::ModemStatus(s) => f.put("status", status(s.code(), s)),
        Frame::TxStatus(tx) => f
            .put("frame_id", tx.id)
            .hex16("dest16", tx.short)
            .put("retries", tx.retries)
            .put("delivery", status(tx.delivery.code(), tx.delivery))
            .put("discovery", status(tx.discovery.code(), tx.discovery)),
        Frame::RouteInformation(route) => f
            .put("event", route.event)
            .put("length", route.length)
            .put("timestamp", route.timestamp)
            .put("ack_timeouts", route.ack_timeouts)
            .put("tx_blocked", route.blocked)
            .put("reserved", route.reserved)
            .put("dest64", route.dest.to_string())
            .put("src64", route.source.to_string())
            .put("responder64", route.responder.to_string())
            .put("receiver64", route.receiver.to_string()),
        Frame::Rx(rx) => f
            .put("src64", rx.source.to_string())
            .hex16("src16", rx.short)
            .put("options", rx.options)
            .bytes("data", &rx.data),
        Frame::ExplicitRx(rx) => f
            .put("src64", rx.source.to_string())
            .hex16("src16", rx.short)
            .hex8("src_ep", rx.source_endpoint)
            .hex8("dst_ep", rx.dest_endpoint)
            .hex16("cluster", rx.cluster)
            .hex16("profile", rx.profile)
            .put("options", rx.options)
            .bytes("data", &rx.data),
        Frame::IoSample(io) => io_sample(f, io),
        Frame::SensorRead(read) => {
            let [a, b, c, d] = read.values;
            f.put("src64", read.source.to_string())
                .hex16("src16", read.short)
                .put("options", read.options)
                .hex8("sensors", read.sensors)
                .hex16("a", a)
                .hex16("b", b)
                .hex16("c", c)
                .hex16("d", d)
                .hex16("temp", read.temperature)
        }
        Frame::NodeIdentification(node) => node_identification(f, node),
        Frame::RemoteAtResponse(at) => f
            .put("frame_id", at.id)
            .put("src64", at.source.to_string())
            .hex16("src16", at.short)
            .put("command", at.name.to_string())
            .put("status", remote_status(at))
            .at_value(at.name, "value", &at.value),
        Frame::ExtendedModemStatus { status: s, data } => {
            f.put("status", status(s.code(), s)).bytes("data", data)
        }
        Frame::RouteRecord(route) => f
            .put("src64", route.source.to_string())
            .hex16("src16", route.short)
            .put("options", route.options)
            .hops(&route.hops),
        Frame::ManyToOneRequest { source, short, reserved } => {
            f.put("src64", source.to_string()).hex16("src16", *short).put("reserved", *reserved)
        }
        Frame::RegisterStatus { id, status: s } => f.put("frame_id", *id).put("status", status(s.code(), s)),
        Frame::FrameError(code) => f.put("status", status(*code, frame_error(*code))),
        Frame::OtaStatus(data)
        | Frame::DeviceAuthenticated(data)
        | Frame::JoinNotification(data)
        | Frame::Unknown { data, .. } => f.bytes("data", data),
    };
    Value::Object(f.0)
}

fn io_sample(f: Fields, io: &IoSample) -> Fields {
    let mut f = f
        .put("src64", io.source.to_string())
        .hex16("src16", io.short)
        .put("options", io.options)
        .put("samples", io.sets)
        .hex16("digital_mask", io.digital_mask)
        .hex8("analog_mask", io.analog_mask);
    if let Some(digital) = io.digital {
        f = f.hex16("digital", digital);
    }
    let sampled = (0..8).filter(|bit| io.analog_mask >> bit & 1 == 1);
    for (bit, value) in sampled.zip(&io.analog) {
        f = match bit {
            7 => f.hex16("supply", *value),
            bit => f.hex16(&format!("ad{bit}"), *value),
        };
    }
    f
}

/// The first sample is shown by its fields and all of them as bytes.
fn raw_io(f: Fields, io: &super::RawIoSample) -> Fields {
    let mut f = f
        .hex16("src16", io.short)
        .hex8("rssi", io.rssi)
        .put("options", io.options)
        .put("samples", io.samples)
        .hex16("channel_mask", io.channels)
        .put("data", hex::encode_upper(&io.data));
    let mut words = io.data.chunks_exact(2).map(hex::encode_upper);
    if io.channels & 0x01FF != 0
        && let Some(digital) = words.next()
    {
        f = f.put("digital", digital);
    }
    let inputs = (io.channels >> 9).count_ones() as usize;
    f.put("adc", words.take(inputs).collect::<Vec<_>>())
}

fn node_identification(f: Fields, node: &NodeIdentification) -> Fields {
    let device_type = match node.device_type {
        0 => "coordinator",
        1 => "router",
        2 => "end device",
        _ => "unknown",
    };
    let event = match node.event {
        0 => "none",
        1 => "button",
        2 => "joined",
        3 => "power cycle",
        _ => "unknown",
    };
    f.put("sender64", node.sender.to_string())
        .hex16("sender16", node.sender_short)
        .put("options", node.options)
        .hex16("remote16", node.remote_short)
        .put("remote64", node.remote.to_string())
        .node_name(&node.name)
        .hex16("parent16", node.parent)
        .put("device_type", status(node.device_type, device_type))
        .put("source_event", status(node.event, event))
        .hex16("profile", node.profile)
        .hex16("manufacturer", node.manufacturer)
        .appended(&node.rest)
}

fn frame_error(code: u8) -> &'static str {
    match code {
        0x02 => "invalid frame type",
        0x03 => "invalid frame length",
        0x04 => "erroneous checksum",
        0x05 => "frame larger than the buffer",
        0x06 => "out of space",
        _ => "unknown",
    }
}

#[cfg(test)]
mod tests {
    use super::super::{ApiMode, Decoder};
    use super::*;

    fn first(mode: ApiMode, wire: &str) -> Value {
        let mut decoder = Decoder::new(mode);
        let mut pieces = decoder.push(&hex::decode(wire).unwrap());
        pieces.extend(decoder.idle());
        describe(pieces.first().unwrap())
    }

    #[test]
    fn a_received_packet_reads_as_documented() {
        let line = first(ApiMode::Plain, "7E0012900013A20041AEB54EFFFEC1547844617461C4");
        let expected = json!({
            "offset": 0, "type": "0x90", "name": "receive packet",
            "fields": {
                "src64": "0013A20041AEB54E", "src16": "FFFE", "options": 0xC1,
                "data": "547844617461", "data_ascii": "TxData",
            },
        });
        assert_eq!(line, expected);
    }

    #[test]
    fn no_key_is_ever_shown() {
        let key = "5A5B5C5D5E5F60616263646566676869";
        let device = Eui64::COORDINATOR;
        let key_bytes = hex::decode(key).unwrap();
        let frames = [
            Frame::RegisterDevice(super::super::RegisterDevice {
                id: 1,
                device,
                reserved: 0xFFFE,
                options: 0,
                key: key_bytes.clone(),
            }),
            Frame::AtQueued(AtCommand { id: 1, name: AtName::of("KY"), parameter: key_bytes.clone() }),
            Frame::At(AtCommand { id: 1, name: AtName::of("NK"), parameter: key_bytes.clone() }),
            Frame::At(AtCommand { id: 1, name: AtName::of("ky"), parameter: key_bytes.clone() }),
            Frame::RemoteAt(super::super::RemoteAtCommand {
                id: 1,
                dest: device,
                short: 0,
                options: 0,
                name: AtName::of("Ky"),
                parameter: key_bytes,
            }),
        ];
        for frame in frames {
            let shown = format!("{frame:?}");
            let line = describe(&Piece::Frame { offset: 0, frame }).to_string();
            assert!(!line.contains("5A5B") && !line.contains("Z["), "{line}");
            assert!(line.contains("_length\":16"), "{line}");
            assert!(!shown.contains("90, 91"), "{shown}");
        }
    }

    #[test]
    fn a_status_is_its_code_and_its_text_and_an_unknown_one_stays_visible() {
        let line = first(ApiMode::Plain, "7E00028A066F");
        assert_eq!(line["fields"]["status"], json!({ "code": 6, "text": "coordinator started" }));
        let line = first(ApiMode::Plain, "7E00028A5521");
        assert_eq!(line["damage"], "bad checksum");
        let line = first(ApiMode::Plain, "7E00028A5520");
        assert_eq!(line["fields"]["status"], json!({ "code": 0x55, "text": "unknown code 55" }));
        let line = first(ApiMode::Plain, "7E00028A81F4");
        assert_eq!(line["fields"]["status"], json!({ "code": 0x81, "text": "stack error" }));
    }

    fn described(data: &[u8]) -> Value {
        let frame = Frame::parse(data).unwrap();
        describe(&Piece::Frame { offset: 0, frame })["fields"].clone()
    }

    #[test]
    fn flags_stand_beside_a_remote_status_and_hide_no_unknown_code() {
        let status = |raw: u8| {
            let mut data = hex::decode("97270013A20012345678FFFE5450002F").unwrap();
            let place = data.len() - 2;
            data[place] = raw;
            described(&data)["status"].clone()
        };
        assert_eq!(status(0x00), json!({ "code": 0, "text": "OK" }));
        assert_eq!(
            status(0x44),
            json!({ "code": 0x44, "text": "transmission failed", "flags": ["RSSI invalid"] })
        );
        assert_eq!(status(0xC0), json!({ "code": 0xC0, "text": "OK", "flags": ["RSSI invalid", "remote"] }));
        assert_eq!(status(0x10), json!({ "code": 0x10, "text": "unknown code 10" }));
        assert_eq!(status(0xA0), json!({ "code": 0xA0, "text": "unknown code A0", "flags": ["remote"] }));
    }

    #[test]
    fn what_a_stick_appends_to_an_identification_is_read_and_anything_else_kept_as_bytes() {
        let appended = |tail: &str| {
            let node = "950013A20040522BAA7D84027D840013A20040522BAA2000FFFE0101C105101E";
            let fields = described(&hex::decode(format!("{node}{tail}")).unwrap());
            [fields["dd"].clone(), fields["rssi"].clone(), fields["rest"].clone()]
        };
        let no = Value::Null;
        assert_eq!(appended(""), [no.clone(), no.clone(), no.clone()]);
        assert_eq!(appended("2B"), [no.clone(), json!("2B"), no.clone()]);
        assert_eq!(appended("000A0005"), [json!("000A0005"), no.clone(), no.clone()]);
        assert_eq!(appended("000A00052B"), [json!("000A0005"), json!("2B"), no.clone()]);
        assert_eq!(appended("0A05"), [no.clone(), no.clone(), json!("0A05")]);
    }

    #[test]
    fn an_answer_to_a_discovery_says_who_answered_and_its_end_does_not() {
        let found = described(&hex::decode("88014E4400FFFE0013A20040D814A8346400").unwrap());
        assert_eq!(found["node16"], "FFFE");
        assert_eq!(found["node64"], "0013A20040D814A8");
        assert_eq!(found["ni"], "4d");
        assert_eq!(found["value"], "FFFE0013A20040D814A8346400");
        for end in ["88014E4400", "88014E4400FFFE0013A20040D814", "8801534C00FFFE0013A20040D814A8346400"] {
            assert!(described(&hex::decode(end).unwrap()).get("node64").is_none(), "{end}");
        }
    }

    #[test]
    fn a_name_that_is_no_text_keeps_its_bytes() {
        let found = described(&hex::decode("88014E4400FFFE0013A20040D814A8507265FF00").unwrap());
        assert_eq!(found["ni"], "Pre\u{FFFD}");
        assert_eq!(found["ni_hex"], "507265FF");
        let node = "950013A20040522BAA7D84027D840013A20040522BAAB0FF00FFFE0101C105101E";
        assert_eq!(described(&hex::decode(node).unwrap())["ni_hex"], "B0FF");
    }

    #[test]
    fn an_unknown_type_keeps_its_bytes() {
        let line = first(ApiMode::Plain, "7E0003C0FF0040");
        assert_eq!(
            line,
            json!({ "offset": 0, "type": "0xC0", "name": "unknown", "fields": { "data": "FF00" } })
        );
    }

    #[test]
    fn malformed_data_says_what_is_missing() {
        let line = first(ApiMode::Escaped, "7E00018A75");
        assert_eq!(line["damage"], "malformed");
        assert_eq!(line["why"], "frame type 8A ends before its status");
    }
}
