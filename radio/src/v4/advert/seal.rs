//! Sealing a status and opening it again.

use crate::open::FieldError;
use crate::v4::Key;

use super::sealed::{BODY, MARK, TAG};
use super::{Company, Sealed, Status, VERSION, Verdict, Window, kind, status};

/// Ends the nonce, so that a key that was used for something else by mistake gives away nothing.
const PURPOSE: [u8; 5] = *b"PV4-1";

/// Identifier, counter and purpose: 13 bytes, never the same twice for a key because the counter is not.
pub(super) fn nonce(id: u32, counter: u32) -> [u8; 13] {
    let mut nonce = [0; 13];
    let parts = [&id.to_be_bytes()[..], &counter.to_be_bytes(), &PURPOSE];
    for (place, byte) in nonce.iter_mut().zip(parts.concat()) {
        *place = byte;
    }
    nonce
}

/// What everybody can read and nobody may change: mark, head and identifier as the monitor sent them, also when a
/// repeater passed them on.
pub(super) fn clear(id: u32) -> [u8; 7] {
    let ([p, four], [a, b, c, d]) = (MARK, id.to_be_bytes());
    [p, four, VERSION << 4 | kind::STATUS, a, b, c, d]
}

/// A monitor's side.
pub struct Sealer {
    key: Key,
    id: u32,
    next: u32,
}

impl Sealer {
    /// With what the box handed over, and the next counter: one that was never used with this key. A monitor that is
    /// not sure of it, or lost it, must do without a key.
    #[must_use]
    pub fn new(key: Key, id: u32, next: u32) -> Self {
        Sealer { key, id, next: next.max(1) }
    }

    /// The counter of the next status; `u32::MAX` is never used and says that they are used up.
    #[must_use]
    pub const fn next_counter(&self) -> u32 {
        self.next
    }

    /// Seals a status; `None` once the counters are used up and the box must hand over another key.
    pub fn seal(&mut self, company: Company, status: &Status) -> Option<Sealed> {
        let (id, counter) = (self.id, self.next);
        let after = counter.checked_add(1)?;
        let mut body = [0; BODY];
        let (sealed, tag) = body.split_first_chunk_mut::<{ status::LENGTH }>()?;
        *sealed = status.to_bytes();
        let seal = self.key.seal(nonce(id, counter), &clear(id), sealed).ok()?;
        tag.copy_from_slice(&seal);
        self.next = after;
        Some(Sealed { company, id, counter, body })
    }
}

/// Why a sealed advert tells nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OpenError {
    /// It is another monitor's.
    #[error("it is of the monitor {found:08x}, not {expected:08x}")]
    Id {
        /// The key is this one's.
        expected: u32,
        /// The advert is that one's.
        found: u32,
    },
    /// The seal is not of this key: another key, or the bytes were changed.
    #[error("the seal does not fit the key")]
    Seal,
    /// Lower than one that was opened before.
    #[error("counter {0} is older than what was opened before")]
    Old(u32),
    /// Too far ahead to be believed before the monitor said so over the link.
    #[error("counter {0} is too far ahead")]
    TooFarAhead(u32),
    /// The seal is good and what it holds is not: a monitor of a later version, or a broken one.
    #[error("read the sealed status")]
    Status(#[source] FieldError),
}

/// What a sealed advert told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Opened {
    /// The status.
    pub status: Status,
    /// Not heard before. If it was, it is only of use for how strong it was heard.
    pub news: bool,
}

/// The box's side, of one monitor.
pub struct Opener {
    key: Key,
    id: u32,
    window: Window,
}

impl Opener {
    /// With the key that was handed over, and what the store knows of its counters.
    #[must_use]
    pub fn new(key: Key, id: u32, window: Window) -> Self {
        Opener { key, id, window }
    }

    /// The monitor's name in its adverts and their key, for the store.
    #[must_use]
    pub fn seal(&self) -> (u32, &Key) {
        (self.id, &self.key)
    }

    /// For the store.
    #[must_use]
    pub const fn window(&self) -> Window {
        self.window
    }

    /// The monitor told over the link which counter comes next.
    pub fn told_next(&mut self, next: u32) {
        self.window = Window::before(next);
    }

    /// Opens an advert. Only one whose seal is good moves the window.
    pub fn open(&mut self, sealed: &Sealed) -> Result<Opened, OpenError> {
        let Sealed { id: found, counter, body, .. } = *sealed;
        if found != self.id {
            return Err(OpenError::Id { expected: self.id, found });
        }
        let verdict = self.window.judge(counter);
        match verdict {
            Verdict::Old => return Err(OpenError::Old(counter)),
            Verdict::TooFarAhead => return Err(OpenError::TooFarAhead(counter)),
            Verdict::News | Verdict::Again => {}
        }
        let (mut status, tag) = split(body);
        self.key.open(nonce(found, counter), &clear(found), &mut status, tag).map_err(|_| OpenError::Seal)?;
        self.window.note(counter);
        let status = Status::from_bytes(&status).map_err(OpenError::Status)?;
        Ok(Opened { status, news: verdict == Verdict::News })
    }
}

fn split(body: [u8; BODY]) -> ([u8; status::LENGTH], [u8; TAG]) {
    let [a, b, c, d, e, f, g, h, tag @ ..] = body;
    ([a, b, c, d, e, f, g, h], tag)
}
