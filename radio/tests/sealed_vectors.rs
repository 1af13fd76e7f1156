//! The sealed channel and tunnels against vectors that another program made from the document's tables.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail like tests")]

use radio::v4::Key;
use radio::v4::open::Characteristic;
use radio::v4::repeater::TunnelFrame;
use radio::v4::sealed::{Frame, Message, Opening, What, answer};
use serde_json::{Value, json};

fn vectors() -> Value {
    serde_json::from_str(include_str!("vectors/open-v4.json")).unwrap()
}

fn bytes(hex: &Value) -> Vec<u8> {
    hex::decode(hex.as_str().unwrap()).unwrap()
}

fn message(said: &Value) -> Message {
    let whats = [
        What::Subscribe,
        What::Read,
        What::Write,
        What::Confirm,
        What::Done,
        What::Value,
        What::Refused,
        What::Notify,
        What::Indicate,
    ];
    let what = whats.into_iter().find(|what| what.name() == said["what"].as_str().unwrap()).unwrap();
    let on = Characteristic::ALL.into_iter().find(|on| on.name() == said["on"].as_str().unwrap()).unwrap();
    Message::with(what, on, bytes(&said["hex"]))
}

#[test]
fn every_conversation_is_sealed_into_its_frames_and_opened_again() {
    let vectors = vectors();
    let channels = vectors["channels"].as_array().unwrap();
    assert!(channels.len() > 2);
    for vector in channels {
        let name = &vector["name"];
        let key = || Key::new(bytes(&vector["key"]).try_into().unwrap());
        let salt = |of: &str| bytes(&vector[of]).try_into().unwrap();
        let number = |of: &str| usize::try_from(vector[of].as_u64().unwrap()).unwrap();
        let opening = Opening::new(key(), salt("salt_of_box"), number("room"));
        assert_eq!(opening.begin(), bytes(&vector["begin"]), "{name}");
        let most = number("monitor_room");
        let (mut monitor, welcome) = answer(&key(), &opening.begin(), salt("salt_of_monitor"), most).unwrap();
        assert_eq!(welcome, bytes(&vector["welcome"]), "{name}");
        let mut of_box = opening.welcome(&welcome).unwrap();
        for said in vector["said"].as_array().unwrap() {
            let message = message(said);
            let (from, to) =
                if said["from"] == "box" { (&mut of_box, &mut monitor) } else { (&mut monitor, &mut of_box) };
            let frames = from.seal(&message).unwrap();
            let wanted: Vec<Vec<u8>> = said["frames"].as_array().unwrap().iter().map(bytes).collect();
            assert_eq!(frames, wanted, "{name}: {said}");
            let heard: Vec<Message> = frames.iter().filter_map(|frame| to.open(frame).unwrap()).collect();
            assert_eq!(heard, [message], "{name}");
        }
    }
}

fn tunnel(frame: &TunnelFrame) -> Value {
    let tunnel = format!("{:08X}", frame.tunnel());
    match frame {
        TunnelFrame::Open { id, hops, origin, .. } => json!({
            "type": "open", "tunnel": tunnel, "id": format!("{id:08X}"), "hops": hops, "origin": format!("{origin:04X}"),
        }),
        TunnelFrame::Opened { room, hops, .. } => {
            json!({ "type": "opened", "tunnel": tunnel, "room": room, "hops": hops })
        }
        TunnelFrame::Passed { frame, .. } => {
            json!({ "type": "passed", "tunnel": tunnel, "frame": hex::encode(frame) })
        }
        TunnelFrame::Closed { why, .. } => {
            json!({ "type": "closed", "tunnel": tunnel, "why": why.to_string() })
        }
    }
}

#[test]
fn every_frame_of_a_tunnel_reads_to_its_fields_and_is_written_as_its_bytes() {
    let vectors = vectors();
    let frames = vectors["tunnels"].as_array().unwrap();
    assert!(frames.len() > 10);
    for vector in frames {
        let (name, bytes) = (&vector["name"], bytes(&vector["hex"]));
        let frame = TunnelFrame::decode(&bytes).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(tunnel(&frame), vector["frame"], "{name}");
        assert_eq!(frame.encode(), bytes, "{name}");
    }
}

#[test]
fn what_is_no_frame_is_refused_for_the_reason_given() {
    let vectors = vectors();
    for vector in vectors["no_frames"].as_array().unwrap() {
        let bytes = bytes(&vector["hex"]);
        let refused = if vector["of"] == "sealed" {
            Frame::decode(&bytes).err()
        } else {
            TunnelFrame::decode(&bytes).err()
        };
        let refused = refused.map(|error| error.to_string());
        assert_eq!(refused.as_deref(), vector["error"].as_str(), "{}", vector["name"]);
    }
}
