//! Frames decoded per second, against digi-xbee and zigpy-xbee on the same stream in the same run.
//!
//! `just bench` runs it with PLATEN_PYTHON set; prints rows for docs/benchmarks.md.
#![allow(clippy::expect_used, reason = "a bench that cannot go on says why")]
#![expect(clippy::expect_used, reason = "what fails here ends the benchmark")]

use std::io::Write;
use std::process::Command;
use std::time::Instant;

use domain::Eui64;
use radio::v3::frame::{ApiMode, Decoder, ExplicitRx, Frame, Piece, encode};

const FRAMES: usize = 20_000;
const RUNS: usize = 9;
/// What one read of a serial port gives.
const READ: usize = 256;

fn stream() -> Vec<u8> {
    // xorshift: the same bytes in every run, with their share of bytes to escape.
    let mut state = 0x2545_F491_4F6C_DD1D_u64;
    let mut byte = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_be_bytes()[0]
    };
    let mut stream = Vec::new();
    for _ in 0..FRAMES {
        let frame = Frame::ExplicitRx(ExplicitRx {
            source: Eui64::from_be_bytes([0x00, 0x13, 0xA2, 0x00, 0x41, 0xAE, 0xB5, 0x4E]),
            short: 0x1234,
            source_endpoint: 0xE8,
            dest_endpoint: 0xE8,
            cluster: 0x0011,
            profile: 0xC105,
            options: 0x01,
            data: (0..66).map(|_| byte()).collect(),
        });
        stream.extend(encode(&frame, ApiMode::Escaped).expect("84 bytes fit a frame"));
    }
    stream
}

fn ours(stream: &[u8]) -> f64 {
    let mut runs: Vec<f64> = (0..RUNS)
        .map(|_| {
            let mut decoder = Decoder::new(ApiMode::Escaped);
            let begun = Instant::now();
            let frames = stream
                .chunks(READ)
                .flat_map(|chunk| decoder.push(chunk))
                .filter(|piece| matches!(piece, Piece::Frame { .. }))
                .count();
            assert_eq!(frames, FRAMES);
            FRAMES as f64 / begun.elapsed().as_secs_f64()
        })
        .collect();
    runs.sort_by(f64::total_cmp);
    runs[RUNS / 2]
}

fn main() {
    let stream = stream();
    let ours = ours(&stream);
    let python = std::env::var("PLATEN_PYTHON").expect("PLATEN_PYTHON: run `just bench`, which sets it");
    let mut file = tempfile::NamedTempFile::new().expect("a temporary file");
    file.write_all(&stream).expect("write the stream");
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers.py");
    let output = Command::new(python).arg(script).arg(file.path()).output().expect("run the peers");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let peers: serde_json::Value = serde_json::from_slice(&output.stdout).expect("the peers' line");
    let peer = |name: &str| peers[name].as_f64().expect("a rate");
    println!("| frames/s, AP=2, 0x91 with 66 bytes | {ours:.0} | 1 |");
    for name in ["digi-xbee", "zigpy-xbee"] {
        println!("| the same by {name} | {:.0} | {:.0} times slower |", peer(name), ours / peer(name));
    }
}
