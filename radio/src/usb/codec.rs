//! Messages on a byte stream: consistent overhead byte stuffing between zero bytes.
//!
//! `00 | COBS(message) | 00`, after Cheshire and Baker, "Consistent Overhead Byte Stuffing" (1999): within a frame no
//! byte is zero, so that a receiver is back in step at the next zero whatever happened before. The check is the one
//! every message ends with.

use crate::v3::profile::open::{DecodeError, MAX_MESSAGE, Message};

/// A message and the one byte that stuffing adds to anything below 255 bytes.
const MAX_FRAME: usize = MAX_MESSAGE + 1;

/// Why bytes between two zeros are no message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    /// More bytes without a zero than a message takes.
    #[error("a frame has at most {MAX_FRAME} bytes between zeros")]
    TooLong,
    /// The stuffing leads past the frame's end.
    #[error("the stuffing is broken")]
    Stuffing,
    /// The stuffing is right, the message is not.
    #[error("read the frame's message")]
    Message(#[source] DecodeError),
}

/// A message as a frame, with a zero before and after.
#[must_use]
pub fn encode(message: &Message) -> Vec<u8> {
    stuff(&message.encode())
}

/// A message's bytes, fewer than 254 of them, as a frame.
pub(crate) fn stuff(bytes: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(MAX_FRAME + 2);
    frame.push(0);
    for run in bytes.split(|byte| *byte == 0) {
        // A message is too short for a run of 254 bytes, which stuffing would have to cut.
        frame.push(run.len() as u8 + 1);
        frame.extend(run);
    }
    frame.push(0);
    frame
}

/// Finds the messages of a byte stream, however it is cut up.
#[derive(Debug, Default)]
pub struct Decoder {
    frame: Vec<u8>,
    overrun: bool,
}

impl Decoder {
    /// Waits for the first frame.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes more bytes and tells what they complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Result<Message, FrameError>> {
        let mut found = Vec::new();
        for byte in bytes {
            match *byte {
                0 => found.extend(self.close()),
                _ if self.frame.len() >= MAX_FRAME => self.overrun = true,
                byte => self.frame.push(byte),
            }
        }
        found
    }

    fn close(&mut self) -> Option<Result<Message, FrameError>> {
        let frame = std::mem::take(&mut self.frame);
        if std::mem::take(&mut self.overrun) {
            return Some(Err(FrameError::TooLong));
        }
        if frame.is_empty() {
            return None;
        }
        let message = unstuff(&frame).ok_or(FrameError::Stuffing);
        Some(message.and_then(|bytes| Message::decode(&bytes).map_err(FrameError::Message)))
    }
}

/// The message's bytes inside a frame without its zeros.
pub(crate) fn unstuff(mut frame: &[u8]) -> Option<Vec<u8>> {
    let mut bytes = Vec::with_capacity(frame.len());
    while let Some((code, rest)) = frame.split_first() {
        let (run, rest) = rest.split_at_checked(usize::from(code.checked_sub(1)?))?;
        bytes.extend(run);
        if !rest.is_empty() {
            bytes.push(0);
        }
        frame = rest;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v3::profile::open::Serial;
    use domain::Timestamp;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn message() -> impl Strategy<Value = Message> {
        prop_oneof![
            Just(Message::Show),
            any::<u32>().prop_map(|serial| Message::Identify { serial: Serial(serial) }),
            (0u32..3, -2i64..1 << 40).prop_map(|(serial, now)| Message::Time {
                serial: Serial(serial),
                now: Timestamp::from_millis(now)
            }),
        ]
    }

    proptest! {
        #[test]
        fn any_chunking_gives_the_same_messages(
            messages in vec(message(), 0..8),
            noise in vec(1u8..=255, 0..90),
            cuts in vec(1usize..30, 0..60),
        ) {
            let frames: Vec<u8> = messages.iter().flat_map(encode).collect();
            let stream = [noise.clone(), frames].concat();
            let whole = Decoder::new().push(&stream);
            let (mut decoder, mut rest, mut cut) = (Decoder::new(), &stream[..], Vec::new());
            for length in cuts {
                let (chunk, left) = rest.split_at(length.min(rest.len()));
                cut.extend(decoder.push(chunk));
                rest = left;
            }
            cut.extend(decoder.push(rest));
            prop_assert_eq!(&cut, &whole);
            // Noise before the first zero costs itself and nothing else.
            let good: Vec<_> = whole.into_iter().filter_map(Result::ok).collect();
            prop_assert!(good.ends_with(&messages));
        }

        #[test]
        fn a_damaged_frame_costs_itself_only(messages in vec(message(), 3..6), place: prop::sample::Index, byte: u8) {
            let mut frames: Vec<Vec<u8>> = messages.iter().map(encode).collect();
            *place.get_mut(&mut frames[1]) = byte;
            let found = Decoder::new().push(&frames.concat());
            let good: Vec<Message> = found.into_iter().filter_map(Result::ok).collect();
            prop_assert_eq!(good.first(), messages.first());
            prop_assert!(good.ends_with(&messages[2..]));
        }

        #[test]
        fn no_bytes_at_all_make_it_panic_or_grow(bytes in vec(any::<u8>(), 0..400)) {
            let mut decoder = Decoder::new();
            decoder.push(&bytes);
            prop_assert!(decoder.frame.capacity() <= 2 * MAX_FRAME);
        }
    }

    #[test]
    fn a_frame_holds_no_zero_but_at_its_ends() {
        let frame = encode(&Message::Time { serial: Serial(0), now: Timestamp::from_millis(0) });
        let (last, rest) = frame.split_last().unwrap();
        assert_eq!((rest[0], *last), (0, 0));
        assert!(!rest[1..].contains(&0));
    }

    #[test]
    fn a_flood_without_a_zero_is_one_error_and_the_next_frame_is_read() {
        let mut decoder = Decoder::new();
        assert_eq!(decoder.push(&[7; 100_000]), []);
        assert_eq!(decoder.push(&encode(&Message::Show)), [Err(FrameError::TooLong), Ok(Message::Show)]);
    }
}
