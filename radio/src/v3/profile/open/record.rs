//! A record's way through messages that are too small for it.

use domain::Initialisation;

use super::{FieldError, MAX_MESSAGE, Record, RecordError, crc16};
use crate::open::wire::Reader;

/// Header, serial, plug, part, record's check, era, count before, the message's check after the bytes of a part.
const PART_MAX: usize = MAX_MESSAGE - (1 + 4 + 2 + 1 + 2 + 4 + 4 + 2);
const MOST_PARTS: u8 = 15;

impl Record {
    /// The parts, each for a message of its own; usually one.
    #[must_use]
    pub fn parts(&self) -> Vec<RecordPart> {
        let chunks = self.bytes().chunks(PART_MAX);
        let (of, check) = (chunks.len() as u8, self.check());
        chunks.zip(0..).map(|(bytes, index)| RecordPart { index, of, check, bytes: bytes.to_vec() }).collect()
    }
}

/// A part of a record. All but the last part are full.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordPart {
    /// From 0.
    index: u8,
    /// At least 1.
    of: u8,
    /// The whole record's, so that parts of two records are never mixed.
    check: u16,
    bytes: Vec<u8>,
}

impl RecordPart {
    /// Which part, from 0.
    #[must_use]
    pub const fn index(&self) -> u8 {
        self.index
    }

    /// Of how many.
    #[must_use]
    pub const fn of(&self) -> u8 {
        self.of
    }

    /// No other part follows.
    #[must_use]
    pub const fn is_last(&self) -> bool {
        self.index + 1 == self.of
    }

    /// Index in the high half, number in the low.
    pub(super) const fn place(&self) -> u8 {
        self.index << 4 | self.of
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.check.to_be_bytes());
        bytes.extend(&self.bytes);
    }

    /// Reads what [`RecordPart::write`] wrote; the part takes all that is left.
    pub(super) fn read(place: u8, reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        let (index, of) = (place >> 4, place & 0x0F);
        if index >= of {
            return Err(FieldError::Value { field: "part", value: u64::from(place) });
        }
        let check = reader.u16("record's check")?;
        let bytes = reader.rest().to_vec();
        let full = bytes.len() == PART_MAX;
        let last = index + 1 == of;
        if bytes.is_empty() || bytes.len() > PART_MAX || !(full || last) {
            return Err(FieldError::Value { field: "part's length", value: bytes.len() as u64 });
        }
        Ok(RecordPart { index, of, check, bytes })
    }
}

/// Puts a record together from its parts, in whatever order and however often they come.
#[derive(Debug, Default)]
pub struct Assembly {
    check: u16,
    parts: Vec<Option<Vec<u8>>>,
}

impl Assembly {
    /// The record, once this part made it whole. A part of another record starts anew.
    pub fn add(&mut self, part: &RecordPart) -> Result<Option<Initialisation>, RecordError> {
        if self.check != part.check || self.parts.len() != usize::from(part.of) {
            self.check = part.check;
            self.parts = vec![None; usize::from(part.of.min(MOST_PARTS))];
        }
        if let Some(place) = self.parts.get_mut(usize::from(part.index)) {
            *place = Some(part.bytes.clone());
        }
        let Some(parts) = self.parts.iter().map(Option::as_deref).collect::<Option<Vec<&[u8]>>>() else {
            return Ok(None);
        };
        let bytes = parts.concat();
        self.parts.clear();
        let found = crc16(&bytes);
        if found != part.check {
            return Err(RecordError::Check { expected: part.check, found });
        }
        Record::read(&bytes).map(Some)
    }
}
