//! What is in a sealed frame: something of the open protocol, and what was done with it.

use zeroize::Zeroizing;

use crate::open::FieldError;
use crate::v4::open::Characteristic;

/// More of the same message follows in the next frame.
const MORE: u8 = 0x80;

/// What is done, or was done, with a characteristic.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum What {
    /// The box asks for what it notifies or indicates.
    Subscribe,
    /// The box reads it.
    Read,
    /// The box writes to it.
    Write,
    /// The box has an indication.
    Confirm,
    /// The monitor did what was asked.
    Done,
    /// The monitor says what was read.
    Value,
    /// The monitor does not do it: one byte, the error of ATT that it would answer with.
    Refused,
    /// The monitor says something by itself.
    Notify,
    /// The same, and waits until the box has it.
    Indicate,
}

impl What {
    const BOX: [(What, u8); 4] =
        [(What::Subscribe, 1), (What::Read, 2), (What::Write, 3), (What::Confirm, 4)];
    const MONITOR: [(What, u8); 5] =
        [(What::Done, 1), (What::Value, 2), (What::Refused, 3), (What::Notify, 4), (What::Indicate, 5)];

    /// Its name in the document.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            What::Subscribe => "subscribe",
            What::Read => "read",
            What::Write => "write",
            What::Confirm => "confirm",
            What::Done => "done",
            What::Value => "value",
            What::Refused => "refused",
            What::Notify => "notify",
            What::Indicate => "indicate",
        }
    }

    fn code(self) -> u8 {
        let all = What::BOX.into_iter().chain(What::MONITOR);
        all.into_iter().find(|(what, _)| *what == self).map_or(0, |(_, code)| code)
    }

    fn of(by_box: bool, code: u8) -> Option<Self> {
        let mut all: &[(What, u8)] = if by_box { &What::BOX } else { &What::MONITOR };
        while let [(what, its), rest @ ..] = all {
            if *its == code {
                return Some(*what);
            }
            all = rest;
        }
        None
    }
}

/// A message, whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// What is done.
    pub what: What,
    /// With which.
    pub on: Characteristic,
    /// The message of the open protocol, or the error.
    pub bytes: Zeroizing<Vec<u8>>,
}

impl Message {
    /// Without any bytes.
    #[must_use]
    pub fn of(what: What, on: Characteristic) -> Self {
        Message::with(what, on, Vec::new())
    }

    /// With these.
    #[must_use]
    pub fn with(what: What, on: Characteristic, bytes: Vec<u8>) -> Self {
        Message { what, on, bytes: Zeroizing::new(bytes) }
    }

    /// Characteristics that have a place in the channel: not the key's own, nor the channel itself.
    #[must_use]
    pub fn has_place(on: Characteristic) -> bool {
        !matches!(on, Characteristic::Handover | Characteristic::Sealed | Characteristic::Tunnel)
    }

    /// In as many parts as are needed, each of so many bytes at most.
    pub(super) fn parts(&self, most: usize) -> impl Iterator<Item = Vec<u8>> {
        let room = most.saturating_sub(1).max(1);
        let head = self.what.code() << 4 | self.on.number();
        let count = self.bytes.len().div_ceil(room).max(1);
        (0..count).map(move |place| {
            let from = place * room;
            let part = self.bytes.get(from..self.bytes.len().min(from + room)).unwrap_or_default();
            let more = if place + 1 < count { MORE } else { 0 };
            [&[head | more][..], part].concat()
        })
    }
}

/// A part as it was opened: what and where, whether more follows, its bytes.
pub(super) fn read_part(
    by_box: bool,
    part: &[u8],
) -> Result<(What, Characteristic, bool, &[u8]), FieldError> {
    let (head, bytes) = part.split_first().ok_or(FieldError::Truncated { field: "head" })?;
    let refuse = || FieldError::Value { field: "head", value: u64::from(*head) };
    let what = What::of(by_box, head >> 4 & 0x7).ok_or_else(refuse)?;
    let on = Characteristic::ALL.into_iter().find(|on| on.number() == head & 0xF && Message::has_place(*on));
    Ok((what, on.ok_or_else(refuse)?, head & MORE != 0, bytes))
}
