//! Messages on a line that only passes bytes: stuffed between zeros as on the USB port of a monitor, or, where nobody
//! stuffs, whatever stands between two pauses.

use std::time::Duration;

use crate::usb::codec::unstuff;

/// Bytes that belong together have no such pause within.
const PAUSE: Duration = Duration::from_millis(50);
/// What never pauses is cut here.
const LONGEST: usize = 1024;

#[derive(Debug, Default)]
pub(super) struct Messages {
    pending: Vec<u8>,
    /// Somebody stuffs here: then a message ends with a zero and not with a pause.
    stuffed: bool,
}

impl Messages {
    pub(super) fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut found = Vec::new();
        for byte in bytes {
            if *byte == 0 {
                found.extend(self.close());
            } else {
                self.pending.push(*byte);
            }
            if self.pending.len() >= LONGEST {
                found.push(std::mem::take(&mut self.pending));
            }
        }
        found
    }

    fn close(&mut self) -> Option<Vec<u8>> {
        let frame = std::mem::take(&mut self.pending);
        if frame.is_empty() {
            return None;
        }
        match unstuff(&frame) {
            Some(message) => {
                self.stuffed = true;
                Some(message)
            }
            None => Some(frame),
        }
    }

    pub(super) fn patience(&self) -> Option<Duration> {
        (!self.stuffed && !self.pending.is_empty()).then_some(PAUSE)
    }

    pub(super) fn pause(&mut self) -> Vec<Vec<u8>> {
        if self.stuffed || self.pending.is_empty() {
            return Vec::new();
        }
        vec![std::mem::take(&mut self.pending)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::usb::codec::stuff;

    #[test]
    fn stuffed_messages_come_out_whole_whatever_the_chunks_and_pauses() {
        let sent: [&[u8]; 3] = [&[1, 0, 2], &[0], &[7; 60]];
        let line: Vec<u8> = sent.iter().flat_map(|message| stuff(message)).collect();
        for size in 1..line.len() {
            let mut messages = Messages::default();
            let mut found = messages.push(&stuff(&[9]));
            for chunk in line.chunks(size) {
                found.extend(messages.push(chunk));
                found.extend(messages.pause());
            }
            assert_eq!(found[1..], sent, "chunks of {size}");
        }
    }

    #[test]
    fn where_nobody_stuffs_a_pause_ends_a_message() {
        let mut messages = Messages::default();
        assert!(messages.push(b"press 7: ").is_empty() && messages.push(b"42").is_empty());
        assert!(messages.patience().is_some());
        assert_eq!(messages.pause(), [b"press 7: 42"]);
        assert_eq!(messages.patience(), None);
        assert_eq!(messages.push(&[0xFF; 1500]), [vec![0xFF; LONGEST]]);
    }
}
