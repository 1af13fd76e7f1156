//! A stream of bytes to frames. However the bytes are cut into chunks, the pieces are the same.
//!
//! After damage the search goes on at the very next byte that can begin a frame, so that only the frames that were
//! themselves damaged are lost. Both reference hosts lose good frames after a truncated one or a huge length.

mod escaped;
mod plain;

use super::ApiMode;
use super::codec::Malformed;
use super::types::Frame;

/// What a stream consists of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Piece {
    /// A whole frame with a good checksum.
    Frame {
        /// Where its 7E stands in the stream.
        offset: u64,
        /// The frame.
        frame: Frame,
    },
    /// Bytes that are no frame. Bytes that follow without a whole frame between belong to the same piece, unless they
    /// look like another frame that was damaged.
    Damage {
        /// Where the first of them stands in the stream.
        offset: u64,
        /// What is wrong.
        kind: Damage,
    },
}

/// What is wrong with bytes that are no frame.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// Bytes outside any frame.
    #[error("garbage")]
    Garbage,
    /// The checksum does not fit.
    #[error("bad checksum")]
    BadChecksum,
    /// Another frame, or silence, came before the frame's end.
    #[error("truncated")]
    Truncated,
    /// No stick sends frames that long.
    #[error("length too large")]
    TooLarge,
    /// A length of 0: not even a type.
    #[error("empty frame")]
    Empty,
    /// AP=2: an escape with nothing to escape.
    #[error("dangling escape")]
    DanglingEscape,
    /// The checksum fits, the fields do not.
    #[error("malformed")]
    Malformed(#[source] Malformed),
}

impl Damage {
    /// Whether this looks like a frame of its own that went wrong, rather than more of the damage before it.
    fn is_a_frame_gone_wrong(self) -> bool {
        match self {
            Damage::BadChecksum | Damage::Truncated | Damage::DanglingEscape | Damage::Malformed(_) => true,
            Damage::Garbage | Damage::TooLarge | Damage::Empty => false,
        }
    }
}

/// Collects pieces and keeps consecutive damage together.
#[derive(Debug, Default)]
struct Report {
    pieces: Vec<Piece>,
    /// Damage was reported and no whole frame came since; it reaches at least to this offset.
    damaged_to: Option<u64>,
}

impl Report {
    fn frame(&mut self, offset: u64, frame: Frame) {
        self.damaged_to = None;
        self.pieces.push(Piece::Frame { offset, frame });
    }

    fn damage(&mut self, offset: u64, end: u64, kind: Damage) {
        let new = match self.damaged_to {
            None => true,
            Some(to) => kind.is_a_frame_gone_wrong() && offset >= to,
        };
        if new {
            self.damaged_to = Some(end);
            self.pieces.push(Piece::Damage { offset, kind });
        }
    }

    fn take(&mut self) -> Vec<Piece> {
        std::mem::take(&mut self.pieces)
    }
}

#[derive(Debug)]
enum Inner {
    Plain(plain::Plain),
    Escaped(escaped::Escaped),
}

/// Bytes in, frames and damage out.
#[derive(Debug)]
pub struct Decoder {
    inner: Inner,
    report: Report,
}

impl Decoder {
    /// For a stick in the given mode.
    #[must_use]
    pub fn new(mode: ApiMode) -> Self {
        let inner = match mode {
            ApiMode::Plain => Inner::Plain(plain::Plain::default()),
            ApiMode::Escaped => Inner::Escaped(escaped::Escaped::default()),
        };
        Decoder { inner, report: Report::default() }
    }

    /// The next bytes of the stream.
    #[must_use]
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Piece> {
        match &mut self.inner {
            Inner::Plain(plain) => plain.push(bytes, &mut self.report),
            Inner::Escaped(escaped) => escaped.push(bytes, &mut self.report),
        }
        self.report.take()
    }

    /// Silence for longer than a frame may pause, or the stream's end: what is pending is damage, and whole frames
    /// inside it still count.
    #[must_use]
    pub fn idle(&mut self) -> Vec<Piece> {
        match &mut self.inner {
            Inner::Plain(plain) => plain.idle(&mut self.report),
            Inner::Escaped(escaped) => escaped.idle(&mut self.report),
        }
        self.report.damaged_to = None;
        self.report.take()
    }

    /// Whether a frame has begun and not ended: only then is [`Decoder::idle`] of use.
    #[must_use]
    pub fn is_pending(&self) -> bool {
        match &self.inner {
            Inner::Plain(plain) => plain.is_pending(),
            Inner::Escaped(escaped) => escaped.is_pending(),
        }
    }
}

#[cfg(test)]
mod tests;
