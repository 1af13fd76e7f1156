//! AP=2: a raw 7E always begins a frame, so damage never reaches beyond the next one.

use super::super::codec::{DELIMITER, ESCAPE, ESCAPE_XOR, MAX_LENGTH, checksum};
use super::super::types::Frame;
use super::{Damage, Report};

#[derive(Debug, Default)]
pub(super) struct Escaped {
    /// Length, data and checksum of the frame that has begun, unescaped.
    unescaped: Vec<u8>,
    /// Where the frame that has begun has its 7E; `None` between frames.
    begun: Option<u64>,
    /// An escape came and waits for its byte.
    escaping: bool,
    /// Bytes seen so far.
    offset: u64,
}

impl Escaped {
    pub(super) fn push(&mut self, bytes: &[u8], report: &mut Report) {
        for &byte in bytes {
            let here = self.offset;
            self.offset += 1;
            match (byte, self.begun) {
                (DELIMITER, begun) => {
                    self.cut_short(begun, here, Damage::Garbage, report);
                    self.begun = Some(here);
                }
                (_, None) => report.damage(here, here + 1, Damage::Garbage),
                (ESCAPE, Some(_)) if !self.escaping => self.escaping = true,
                (byte, Some(begun)) => {
                    let escaped = std::mem::take(&mut self.escaping);
                    self.unescaped.push(if escaped { byte ^ ESCAPE_XOR } else { byte });
                    self.advance(begun, report);
                }
            }
        }
    }

    pub(super) fn idle(&mut self, report: &mut Report) {
        self.cut_short(self.begun, self.offset, Damage::Truncated, report);
        self.begun = None;
    }

    pub(super) fn is_pending(&self) -> bool {
        self.begun.is_some()
    }

    /// Another frame begins, or nothing more comes. A delimiter with nothing behind it may be less than a frame that
    /// went wrong: the caller says what it is.
    fn cut_short(&mut self, begun: Option<u64>, end: u64, bare: Damage, report: &mut Report) {
        if let Some(begun) = begun {
            let kind = match (self.escaping, self.unescaped.is_empty()) {
                (true, _) => Damage::DanglingEscape,
                (false, false) => Damage::Truncated,
                (false, true) => bare,
            };
            report.damage(begun, end, kind);
        }
        self.unescaped.clear();
        self.escaping = false;
    }

    fn advance(&mut self, begun: u64, report: &mut Report) {
        let [high, low, rest @ ..] = self.unescaped.as_slice() else {
            return;
        };
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let wrong = match length {
            0 => Some(Damage::Empty),
            length if length > MAX_LENGTH => Some(Damage::TooLarge),
            _ => match (rest.get(..length), rest.get(length)) {
                (Some(data), Some(sum)) if checksum(data) == *sum => match Frame::parse(data) {
                    Ok(frame) => {
                        report.frame(begun, frame);
                        None
                    }
                    Err(why) => Some(Damage::Malformed(why)),
                },
                (Some(_), Some(_)) => Some(Damage::BadChecksum),
                _ => return,
            },
        };
        if let Some(kind) = wrong {
            report.damage(begun, self.offset, kind);
        }
        self.begun = None;
        self.unescaped.clear();
    }
}
