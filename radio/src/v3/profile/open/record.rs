//! What is recorded at initialisation, and its way through messages that are too small for it.

use domain::{CycleTime, Initialisation, MoldName, MoldNameError, Timestamp};

use super::wire::{Reader, crc16, push_varint, unzigzag, zigzag};
use super::{DecodeError, MAX_MESSAGE};

/// Header, serial, plug, part, record's check, era, count before, the message's check after the bytes of a part.
const PART_MAX: usize = MAX_MESSAGE - (1 + 4 + 2 + 1 + 2 + 4 + 4 + 2);
const MOST_PARTS: u8 = 15;
const DESCRIPTION_MAX: usize = 255;

const APPROVED: u8 = 0b01;
const LIFE: u8 = 0b10;

/// Why there is no record.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// The description must be shortened by a person, not by the wire.
    #[error("a description takes at most {DESCRIPTION_MAX} bytes, not {0}")]
    Description(usize),
    /// The parts came whole, but do not belong together.
    #[error("the record's check is {found:04x}, its parts say {expected:04x}")]
    Check {
        /// What the parts say.
        expected: u16,
        /// What their bytes give.
        found: u16,
    },
    /// A field is not what it should be.
    #[error("read the record's fields")]
    Fields(#[source] DecodeError),
    /// A text is no UTF-8.
    #[error("the record's {0} is no text")]
    Text(&'static str),
    /// The mold's number is none.
    #[error("read the record's mold number")]
    Mold(#[source] MoldNameError),
}

/// An initialisation that fits the wire.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    bytes: Vec<u8>,
}

impl Record {
    /// Any mold number fits; a description of more than 255 bytes is refused, never cut.
    pub fn new(initialisation: &Initialisation) -> Result<Self, RecordError> {
        let Initialisation { mold, description, approved, design_life, baseline, on } = initialisation;
        let description_length =
            u8::try_from(description.len()).map_err(|_| RecordError::Description(description.len()))?;
        let mut bytes = Vec::new();
        bytes.push(approved.map_or(0, |_| APPROVED) | design_life.map_or(0, |_| LIFE));
        if let Some(approved) = approved {
            push_varint(&mut bytes, u64::from(approved.as_millis()));
        }
        if let Some(life) = design_life {
            push_varint(&mut bytes, *life);
        }
        push_varint(&mut bytes, *baseline);
        push_varint(&mut bytes, zigzag(on.as_millis()));
        // A mold's number has at most 32 characters of at most four bytes.
        bytes.push(mold.as_str().len() as u8);
        bytes.extend(mold.as_str().bytes());
        bytes.push(description_length);
        bytes.extend(description.bytes());
        Ok(Record { bytes })
    }

    /// The parts, each for a message of its own; usually one.
    #[must_use]
    pub fn parts(&self) -> Vec<RecordPart> {
        let chunks = self.bytes.chunks(PART_MAX);
        let (of, check) = (chunks.len() as u8, crc16(&self.bytes));
        chunks.zip(0..).map(|(bytes, index)| RecordPart { index, of, check, bytes: bytes.to_vec() }).collect()
    }

    fn read(bytes: &[u8]) -> Result<Initialisation, RecordError> {
        let mut reader = Reader::new(bytes);
        let field = RecordError::Fields;
        let flags = reader.u8("flags").map_err(field)?;
        if flags & !(APPROVED | LIFE) != 0 {
            return Err(field(DecodeError::Value { field: "flags", value: u64::from(flags) }));
        }
        let approved = match flags & APPROVED {
            0 => None,
            _ => {
                let value = reader.varint("approved cycle time").map_err(field)?;
                let bad = DecodeError::Value { field: "approved cycle time", value };
                Some(CycleTime::from_millis(u32::try_from(value).map_err(|_| field(bad))?))
            }
        };
        let design_life = match flags & LIFE {
            0 => None,
            _ => Some(reader.varint("design life").map_err(field)?),
        };
        let baseline = reader.varint("baseline").map_err(field)?;
        let on = Timestamp::from_millis(unzigzag(reader.varint("date").map_err(field)?));
        let mold = text(&mut reader, "mold number")?.parse().map_err(RecordError::Mold)?;
        let mold: MoldName = mold;
        let description = text(&mut reader, "description")?;
        reader.end().map_err(field)?;
        Ok(Initialisation { mold, description, approved, design_life, baseline, on })
    }
}

fn text(reader: &mut Reader<'_>, name: &'static str) -> Result<String, RecordError> {
    let length = reader.u8(name).map_err(RecordError::Fields)?;
    let bytes = reader.take(usize::from(length), name).map_err(RecordError::Fields)?;
    std::str::from_utf8(bytes).map(str::to_owned).map_err(|_| RecordError::Text(name))
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
    pub(super) fn read(place: u8, reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let (index, of) = (place >> 4, place & 0x0F);
        if index >= of {
            return Err(DecodeError::Value { field: "part", value: u64::from(place) });
        }
        let check = reader.u16("record's check")?;
        let bytes = reader.rest().to_vec();
        let full = bytes.len() == PART_MAX;
        let last = index + 1 == of;
        if bytes.is_empty() || bytes.len() > PART_MAX || !(full || last) {
            return Err(DecodeError::Value { field: "part's length", value: bytes.len() as u64 });
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
