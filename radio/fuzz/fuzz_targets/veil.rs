//! Any bytes sent to a stick, in any chunks and framings: no panic, never more bytes shown than sent, and no frame that
//! is shown holds a key. The first byte chooses framing and chunks.
#![no_main]

use domain::Timestamp;
use libfuzzer_sys::fuzz_target;
use radio::capture::{Direction, Tap};
use radio::v3::frame::{ApiMode, AtName, Decoder, Frame, Piece};
use radio::v3::veil::VeiledTap;

#[derive(Default)]
struct Shown(Vec<u8>);

impl Tap for Shown {
    fn bytes(&mut self, _: Timestamp, _: Direction, bytes: &[u8]) {
        self.0.extend(bytes);
    }
}

fuzz_target!(|input: &[u8]| {
    let Some((first, stream)) = input.split_first() else { return };
    let framing = match first % 3 {
        0 => None,
        1 => Some(ApiMode::Plain),
        _ => Some(ApiMode::Escaped),
    };
    let mut tap = VeiledTap::new(Shown::default());
    for chunk in stream.chunks(usize::from(first / 3) + 1) {
        tap.sent(Timestamp::default(), framing, chunk);
    }
    // Whatever is left of a frame comes out hidden.
    let other = if framing.is_none() { Some(ApiMode::Escaped) } else { None };
    tap.sent(Timestamp::default(), other, &[]);
    let Shown(shown) = tap.into_inner();
    let Some(mode) = framing else {
        assert_eq!(shown.len(), stream.len());
        return;
    };
    let secret = |name: AtName| matches!(&name.0.map(|byte| byte.to_ascii_uppercase()), b"KY" | b"NK");
    for piece in Decoder::new(mode).push(&shown) {
        let Piece::Frame { frame, .. } = piece else { continue };
        let key = match frame {
            Frame::At(at) | Frame::AtQueued(at) if secret(at.name) => at.parameter,
            Frame::RemoteAt(at) if secret(at.name) => at.parameter,
            Frame::RegisterDevice(device) => device.key,
            _ => continue,
        };
        assert!(key.iter().all(|byte| *byte == 0));
    }
});
