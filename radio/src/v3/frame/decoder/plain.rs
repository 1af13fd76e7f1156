//! AP=1: 7E may stand inside a frame, so only length and checksum tell where frames are.

use super::super::codec::{DELIMITER, MAX_LENGTH, checksum};
use super::super::types::Frame;
use super::{Damage, Report};

/// Delimiter and length.
const HEAD: usize = 3;

#[derive(Debug, Default)]
pub(super) struct Plain {
    /// From the first byte whose fate is open.
    buffer: Vec<u8>,
    /// Where the buffer begins in the stream.
    offset: u64,
}

/// What stands at a position that begins with 7E.
enum Candidate {
    Whole { frame: Frame, length: usize },
    Wrong { kind: Damage, length: usize },
    Incomplete,
}

impl Plain {
    pub(super) fn push(&mut self, bytes: &[u8], report: &mut Report) {
        self.buffer.extend_from_slice(bytes);
        self.scan(false, report);
    }

    pub(super) fn idle(&mut self, report: &mut Report) {
        self.scan(true, report);
    }

    pub(super) fn is_pending(&self) -> bool {
        !self.buffer.is_empty()
    }

    /// Each position is tried once as the beginning of a frame and costs at most [`MAX_LENGTH`], whatever the bytes.
    fn scan(&mut self, at_end: bool, report: &mut Report) {
        let mut at = 0;
        while let Some(rest) = self.buffer.get(at..).filter(|rest| !rest.is_empty()) {
            let here = self.offset + at as u64;
            let noise = rest.iter().position(|byte| *byte == DELIMITER).unwrap_or(rest.len());
            if noise > 0 {
                report.damage(here, here + noise as u64, Damage::Garbage);
                at += noise;
                continue;
            }
            match candidate(rest) {
                Candidate::Whole { frame, length } => {
                    report.frame(here, frame);
                    at += length;
                }
                Candidate::Wrong { kind, length } => {
                    report.damage(here, here + length as u64, kind);
                    at += 1;
                }
                Candidate::Incomplete if at_end => {
                    report.damage(here, here + rest.len() as u64, Damage::Truncated);
                    at += 1;
                }
                Candidate::Incomplete => break,
            }
        }
        self.buffer.drain(..at);
        self.offset += at as u64;
    }
}

fn candidate(bytes: &[u8]) -> Candidate {
    let &[_, high, low, ref rest @ ..] = bytes else {
        return Candidate::Incomplete;
    };
    let length = usize::from(u16::from_be_bytes([high, low]));
    if length == 0 {
        return Candidate::Wrong { kind: Damage::Empty, length: HEAD };
    }
    if length > MAX_LENGTH {
        return Candidate::Wrong { kind: Damage::TooLarge, length: HEAD };
    }
    let (Some(data), Some(sum)) = (rest.get(..length), rest.get(length)) else {
        return Candidate::Incomplete;
    };
    let whole = HEAD + length + 1;
    if checksum(data) != *sum {
        return Candidate::Wrong { kind: Damage::BadChecksum, length: whole };
    }
    match Frame::parse(data) {
        Ok(frame) => Candidate::Whole { frame, length: whole },
        Err(why) => Candidate::Wrong { kind: Damage::Malformed(why), length: whole },
    }
}
