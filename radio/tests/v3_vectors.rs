//! Frames from Digi's manuals and from other people's tests: read as their sources say, and written again byte for byte.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails here fails the test")]

use radio::v3::frame::{ApiMode, Decoder, Frame, Piece, describe, encode};
use serde::Deserialize;
use serde_json::Value;

#[derive(Deserialize)]
struct Vector {
    hex: String,
    api_mode: u8,
    decoded: serde_json::Map<String, Value>,
    valid: bool,
}

fn vectors() -> Vec<Vector> {
    serde_json::from_str(include_str!("vectors/xbee.json")).unwrap()
}

fn mode(vector: &Vector) -> ApiMode {
    match vector.api_mode {
        1 => ApiMode::Plain,
        2 => ApiMode::Escaped,
        other => panic!("API mode {other}"),
    }
}

fn pieces(mode: ApiMode, stream: &[u8]) -> Vec<Piece> {
    let mut decoder = Decoder::new(mode);
    let mut pieces = decoder.push(stream);
    pieces.extend(decoder.idle());
    pieces
}

#[test]
fn every_vector_decodes_and_encodes_to_the_same_bytes() {
    for vector in vectors().iter().filter(|vector| vector.valid) {
        let wire = hex::decode(&vector.hex).unwrap();
        let pieces = pieces(mode(vector), &wire);
        let [Piece::Frame { offset: 0, frame }] = pieces.as_slice() else {
            panic!("{} is {pieces:?}", vector.hex);
        };
        assert!(!matches!(frame, Frame::Unknown { .. }), "{}", vector.hex);
        assert_eq!(encode(frame, mode(vector)).unwrap(), wire, "{}", vector.hex);
    }
}

/// Statuses stand in the sources as `02 route discovery`, in our lines as code and text; notes in brackets are theirs.
fn agrees(theirs: &Value, ours: &Value) -> bool {
    match (theirs, ours) {
        (Value::String(theirs), Value::String(ours)) => {
            theirs == ours
                || theirs.split_whitespace().next() == Some(ours)
                || (theirs.starts_with('(') && ours.is_empty())
        }
        (Value::String(theirs), Value::Number(ours)) => {
            let code = theirs.split_whitespace().next().and_then(|code| u64::from_str_radix(code, 16).ok());
            code == ours.as_u64()
        }
        (Value::String(theirs), Value::Object(ours)) => {
            let code = theirs.split_whitespace().next().and_then(|code| u64::from_str_radix(code, 16).ok());
            ours.get("text") == Some(&Value::from(theirs.as_str()))
                || code == ours.get("code").and_then(Value::as_u64)
        }
        (Value::Number(_), Value::Object(ours)) => ours.get("code") == Some(theirs),
        _ => theirs == ours,
    }
}

#[test]
fn every_vector_reads_as_its_source_says() {
    // What the sources say beyond the fields of the frame: its name, and notes for people.
    const NOT_FIELDS: [&str; 3] = ["type", "meaning", "escaped"];
    let mut compared = 0;
    for vector in vectors().iter().filter(|vector| vector.valid) {
        let pieces = pieces(mode(vector), &hex::decode(&vector.hex).unwrap());
        let line = describe(&pieces[0]);
        let kind = line["type"].as_str().unwrap();
        let theirs = vector.decoded["type"].as_str().unwrap();
        assert_eq!(theirs.split_whitespace().next(), Some(kind), "{}", vector.hex);
        assert!(theirs.contains(line["name"].as_str().unwrap()), "{theirs} is called {}", line["name"]);
        for (key, theirs) in vector.decoded.iter().filter(|(key, _)| !NOT_FIELDS.contains(&key.as_str())) {
            if key == "key" {
                // Never printed, but how long it is can be held against theirs.
                let bytes = theirs.as_str().and_then(|theirs| hex::decode(theirs).ok()).unwrap_or_default();
                assert_eq!(line["fields"]["key_length"], bytes.len(), "{}", vector.hex);
                compared += 1;
                continue;
            }
            let ours =
                line["fields"].get(key).unwrap_or_else(|| panic!("{} has no {key}: {line}", vector.hex));
            assert!(agrees(theirs, ours), "{}: {key} is {ours} and should be {theirs}", vector.hex);
            compared += 1;
        }
    }
    assert!(compared > 150, "only {compared} fields compared");
}

#[test]
fn damaged_vectors_are_dropped_and_the_frame_behind_them_is_kept() {
    for vector in vectors().iter().filter(|vector| !vector.valid) {
        let damaged = hex::decode(&vector.hex).unwrap();
        let mut stream = damaged.clone();
        stream.extend(hex::decode("7E00028A066F").unwrap());
        let pieces = pieces(mode(vector), &stream);
        let frames: Vec<_> = pieces.iter().filter(|piece| matches!(piece, Piece::Frame { .. })).collect();
        let [Piece::Frame { offset, .. }] = frames.as_slice() else {
            panic!("{}: {pieces:?}", vector.hex);
        };
        assert_eq!(*offset, damaged.len() as u64);
        assert!(matches!(pieces[0], Piece::Damage { offset: 0, .. }));
    }
}

#[test]
fn all_vectors_in_one_stream_come_out_in_order_whatever_the_chunks() {
    for (number, mode) in [(1, ApiMode::Plain), (2, ApiMode::Escaped)] {
        let all: Vec<Vec<u8>> = vectors()
            .iter()
            .filter(|vector| vector.valid && vector.api_mode == number)
            .map(|vector| hex::decode(&vector.hex).unwrap())
            .collect();
        let stream = all.concat();
        for size in 1..40 {
            let mut decoder = Decoder::new(mode);
            let mut heard: Vec<Vec<u8>> = Vec::new();
            for chunk in stream.chunks(size) {
                for piece in decoder.push(chunk) {
                    let Piece::Frame { frame, .. } = piece else { panic!("{piece:?} in chunks of {size}") };
                    heard.push(encode(&frame, mode).unwrap());
                }
            }
            assert_eq!(heard, all, "chunks of {size}");
            assert!(!decoder.is_pending());
        }
    }
}
