//! Hides keys from a capture. What the box sends to a stick holds them; they must not reach a file.
//!
//! Whole frames are read; in those that carry a key its bytes are zeroed and the checksum mended. Bytes that are sent
//! and cannot be read as frames are zeroed altogether: better a hole in a capture than a key.

use domain::Timestamp;
use zeroize::Zeroize;

use crate::capture::{Direction, Tap};
use crate::v3::commands::is_secret;
use crate::v3::frame::{ApiMode, AtName, Decoder, Frame, Piece, encode};

/// A tap that is shown no key.
pub struct VeiledTap<T: Tap> {
    tap: T,
    veil: Veil,
}

impl<T: Tap> VeiledTap<T> {
    /// In front of that tap.
    pub fn new(tap: T) -> Self {
        VeiledTap { tap, veil: Veil::default() }
    }

    /// Bytes the device sent.
    pub fn heard(&mut self, at: Timestamp, bytes: &[u8]) {
        self.tap.bytes(at, Direction::Heard, bytes);
    }

    /// Bytes the box sent; `framing` is how they are framed, `None` for command mode's text and a transparent line.
    pub fn sent(&mut self, at: Timestamp, framing: Option<ApiMode>, bytes: &[u8]) {
        let veiled = self.veil.push(framing, bytes);
        self.tap.bytes(at, Direction::Sent, &veiled);
    }

    /// The tap itself, when the link is over.
    #[must_use]
    pub fn into_inner(self) -> T {
        self.tap
    }
}

#[derive(Default)]
struct Veil {
    state: State,
}

enum State {
    Text(TextVeil),
    Frames(ApiMode, FrameVeil),
}

impl Default for State {
    fn default() -> Self {
        State::Text(TextVeil::default())
    }
}

impl Veil {
    fn push(&mut self, framing: Option<ApiMode>, bytes: &[u8]) -> Vec<u8> {
        let mut out = Vec::with_capacity(bytes.len());
        let same = match &self.state {
            State::Text(_) => framing.is_none(),
            State::Frames(mode, _) => framing == Some(*mode),
        };
        if !same {
            if let State::Frames(_, frames) = &self.state {
                frames.fill_to(frames.taken, &mut out);
            }
            self.state = match framing {
                None => State::default(),
                Some(mode) => State::Frames(mode, FrameVeil::new(mode)),
            };
        }
        match &mut self.state {
            State::Text(text) => out.extend(bytes.iter().map(|byte| text.veil(*byte))),
            State::Frames(mode, frames) => frames.push(*mode, bytes, &mut out),
        }
        out
    }
}

struct FrameVeil {
    decoder: Decoder,
    /// Bytes that came.
    taken: u64,
    /// Bytes that were passed on.
    passed: u64,
}

impl FrameVeil {
    fn new(mode: ApiMode) -> Self {
        FrameVeil { decoder: Decoder::new(mode), taken: 0, passed: 0 }
    }

    fn push(&mut self, mode: ApiMode, bytes: &[u8], out: &mut Vec<u8>) {
        self.taken = self.taken.saturating_add(bytes.len() as u64);
        for piece in self.decoder.push(bytes) {
            let Piece::Frame { offset, mut frame } = piece else { continue };
            // Its length on the line before a key's bytes, which may need escaping, become zeros.
            let Ok(mut wire) = encode(&frame, mode) else { continue };
            let length = wire.len() as u64;
            if blank(&mut frame) {
                wire.zeroize();
                wire = encode(&frame, mode).unwrap_or_default();
            }
            self.fill_to(offset, out);
            out.extend(wire);
            self.passed = offset.saturating_add(length);
        }
    }

    fn fill_to(&self, offset: u64, out: &mut Vec<u8>) {
        let hidden = usize::try_from(offset.saturating_sub(self.passed)).unwrap_or_default();
        out.resize(out.len() + hidden, 0);
    }
}

/// Whether there was a key in it.
fn blank(frame: &mut Frame) -> bool {
    let bytes = match frame {
        Frame::At(at) | Frame::AtQueued(at) if is_secret(at.name) => &mut at.parameter,
        Frame::RemoteAt(at) if is_secret(at.name) => &mut at.parameter,
        Frame::RegisterDevice(device) => &mut device.key,
        // Nobody knows what a frame of unknown type holds.
        Frame::Unknown { data, .. } => data,
        _ => return false,
    };
    // Not `zeroize`, which would take a vector's length too: a capture keeps it.
    bytes.as_mut_slice().zeroize();
    !bytes.is_empty()
}

/// Command mode: `ATKY0123…` up to the carriage return. One command a line, as this box sends them.
#[derive(Default)]
struct TextVeil {
    before: [u8; 4],
    hiding: bool,
}

impl TextVeil {
    fn veil(&mut self, byte: u8) -> u8 {
        if byte == b'\r' {
            self.hiding = false;
        }
        let shown = if self.hiding { b'0' } else { byte };
        let [_, a, b, c] = self.before;
        self.before = [a, b, c, byte];
        let [a, t, name @ ..] = self.before;
        self.hiding |=
            a.eq_ignore_ascii_case(&b'A') && t.eq_ignore_ascii_case(&b'T') && is_secret(AtName(name));
        shown
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v3::frame::{AtCommand, RegisterDevice, RemoteAtCommand, Tx};
    use domain::Eui64;
    use proptest::collection::vec;
    use proptest::prelude::*;

    /// Needs escaping here and there, and is found nowhere by chance.
    const KEY: [u8; 16] =
        [0x7E, 0x7D, 0x11, 0x13, 0xC3, 0x5A, 0x99, 0x7E, 0xE1, 0x77, 0xB4, 0x13, 0xD2, 0x68, 0x7D, 0xF0];

    fn with_keys(id: u8) -> Vec<Frame> {
        let at = |name: &str| AtCommand { id, name: AtName::of(name), parameter: KEY.to_vec() };
        vec![
            Frame::At(at("KY")),
            Frame::AtQueued(at("NK")),
            Frame::At(at("I?")),
            Frame::At(at("*v")),
            Frame::RemoteAt(RemoteAtCommand {
                id,
                dest: Eui64::BROADCAST,
                short: 0xFFFE,
                options: 2,
                name: AtName::of("ky"),
                parameter: KEY.to_vec(),
            }),
            Frame::RegisterDevice(RegisterDevice {
                id,
                device: Eui64::BROADCAST,
                reserved: 0xFFFE,
                options: 0,
                key: KEY.to_vec(),
            }),
            Frame::Unknown { kind: 0x2E, data: KEY.to_vec() },
        ]
    }

    fn without_keys(id: u8) -> Vec<Frame> {
        let at = |name: &str, parameter: &[u8]| AtCommand {
            id,
            name: AtName::of(name),
            parameter: parameter.to_vec(),
        };
        vec![
            Frame::At(at("NI", b"press 7\x7e")),
            Frame::At(at("KY", b"")),
            Frame::Tx(Tx {
                id,
                dest: Eui64::COORDINATOR,
                short: 0xFFFE,
                radius: 0,
                options: 0,
                data: vec![0x7D, 0x11, 3],
            }),
        ]
    }

    /// Four bytes of the key in a row, escaped or not.
    fn shows_key(bytes: &[u8]) -> bool {
        let escaped: Vec<u8> = KEY
            .iter()
            .flat_map(|byte| match byte {
                0x7E | 0x7D | 0x11 | 0x13 => vec![0x7D, byte ^ 0x20],
                byte => vec![*byte],
            })
            .collect();
        let part_of = |key: &[u8]| key.windows(4).any(|part| bytes.windows(4).any(|here| here == part));
        part_of(&KEY) || part_of(&escaped)
    }

    fn mode() -> impl Strategy<Value = ApiMode> {
        prop_oneof![Just(ApiMode::Plain), Just(ApiMode::Escaped)]
    }

    /// What is passed on of a stream that comes in these chunks.
    fn veiled(framing: Option<ApiMode>, stream: &[u8], cuts: &[usize]) -> Vec<u8> {
        let (mut veil, mut rest, mut out) = (Veil::default(), stream, Vec::new());
        for cut in cuts {
            let (chunk, left) = rest.split_at((*cut).min(rest.len()));
            out.extend(veil.push(framing, chunk));
            rest = left;
        }
        out.extend(veil.push(framing, rest));
        out
    }

    proptest! {
        #[test]
        fn no_key_passes_in_whatever_chunks_it_is_sent(mode in mode(), id: u8, cuts in vec(1usize..20, 0..30)) {
            for frame in with_keys(id) {
                let wire = encode(&frame, mode).unwrap();
                let out = veiled(Some(mode), &wire, &cuts);
                prop_assert!(!shows_key(&out), "{frame:?}");
                let [Piece::Frame { frame: shown, .. }] = &Decoder::new(mode).push(&out)[..] else {
                    return Err(TestCaseError::fail("it is one frame with a good checksum"));
                };
                prop_assert_eq!(shown.kind(), frame.kind());
                prop_assert_eq!(shown.encode().len(), frame.encode().len());
            }
        }

        #[test]
        fn a_frame_without_a_key_passes_unchanged(mode in mode(), id: u8, cuts in vec(1usize..20, 0..30)) {
            let wire: Vec<u8> = without_keys(id).iter().flat_map(|frame| encode(frame, mode).unwrap()).collect();
            prop_assert_eq!(veiled(Some(mode), &wire, &cuts), wire);
        }

        #[test]
        fn a_key_in_a_damaged_or_half_sent_frame_does_not_pass(
            mode in mode(),
            keep in 0usize..60,
            cuts in vec(1usize..20, 0..30),
        ) {
            for frame in with_keys(1) {
                let mut wire = encode(&frame, mode).unwrap();
                wire.truncate(keep);
                if let Some(last) = wire.last_mut() {
                    *last ^= 0x04;
                }
                let next = encode(&without_keys(2)[0], mode).unwrap();
                wire.extend(&next);
                let out = veiled(Some(mode), &wire, &cuts);
                prop_assert!(!shows_key(&out));
                prop_assert!(mode == ApiMode::Plain || out.ends_with(&next));
            }
        }
    }

    #[test]
    fn a_key_sent_as_text_does_not_pass_and_other_text_does() {
        let sent = b"+++ATNIpress 7\rATKY0123456789ABCDEF\ratnk FEDC\rATWR\r";
        let shown = veiled(None, sent, &[4, 9, 1, 1, 1]);
        assert_eq!(shown, b"+++ATNIpress 7\rATKY0000000000000000\ratnk00000\rATWR\r");
    }

    #[test]
    fn bytes_left_in_a_frame_when_the_framing_changes_are_hidden() {
        let wire = encode(&with_keys(1)[0], ApiMode::Escaped).unwrap();
        let mut veil = Veil::default();
        let half = wire.len() - 3;
        assert!(veil.push(Some(ApiMode::Escaped), &wire[..half]).is_empty());
        assert_eq!(veil.push(None, b"+++"), [&vec![0; half][..], b"+++"].concat());
    }
}
