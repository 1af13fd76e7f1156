//! What is recorded at initialisation, as bytes.

use domain::{CycleTime, Initialisation, MoldName, MoldNameError, Timestamp};

use super::wire::{FieldError, Reader, crc16, push_varint, unzigzag, zigzag};

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
    Fields(#[source] FieldError),
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

    /// Bytes that are a record, checked field by field.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, RecordError> {
        Record::read(bytes).map(|_| Record { bytes: bytes.to_vec() })
    }

    /// As they are on the wire; at most 421.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Proves that it arrived whole, [`crc16`] of all its bytes.
    #[must_use]
    pub fn check(&self) -> u16 {
        crc16(&self.bytes)
    }

    /// What was recorded. A record is only made of bytes that read well.
    pub fn initialisation(&self) -> Result<Initialisation, RecordError> {
        Record::read(&self.bytes)
    }

    pub(crate) fn read(bytes: &[u8]) -> Result<Initialisation, RecordError> {
        let mut reader = Reader::new(bytes);
        let field = RecordError::Fields;
        let flags = reader.u8("flags").map_err(field)?;
        if flags & !(APPROVED | LIFE) != 0 {
            return Err(field(FieldError::Value { field: "flags", value: u64::from(flags) }));
        }
        let approved = match flags & APPROVED {
            0 => None,
            _ => {
                let value = reader.varint("approved cycle time").map_err(field)?;
                let bad = FieldError::Value { field: "approved cycle time", value };
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
