//! Bytes as a message.

use domain::Timestamp;

use super::encode::kind;
use super::{
    Cycles, DeciCelsius, FieldError, MAX_MESSAGE, Message, RecordPart, Refusal, Serial, Status, Tether,
    Tethering, VERSION, crc16,
};
use crate::open::wire::Reader;

/// Why bytes are no message. The codes found stay visible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DecodeError {
    /// No message is so short.
    #[error("a message has at least 3 bytes, not {0}")]
    TooShort(usize),
    /// No message is so long.
    #[error("a message has at most {MAX_MESSAGE} bytes, not {0}")]
    TooLong(usize),
    /// The bytes were changed on the way, or are no message of this protocol at all.
    #[error("the check is {found:04x}, the bytes give {expected:04x}")]
    Check {
        /// What the bytes give.
        expected: u16,
        /// What stands at the end.
        found: u16,
    },
    /// A message of another version of this protocol.
    #[error("version {0} is not known here")]
    Version(u8),
    /// A good message of a kind that is not known here.
    #[error("message type {0:#03x} is not known here")]
    Kind(u8),
    /// Its fields are not what they should be.
    #[error(transparent)]
    Field(#[from] FieldError),
}

impl Message {
    /// Reads a message that is exactly these bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        if bytes.len() > MAX_MESSAGE {
            return Err(DecodeError::TooLong(bytes.len()));
        }
        let Some((body, check)) = bytes.split_last_chunk().filter(|(body, _)| !body.is_empty()) else {
            return Err(DecodeError::TooShort(bytes.len()));
        };
        let (expected, found) = (crc16(body), u16::from_be_bytes(*check));
        if expected != found {
            return Err(DecodeError::Check { expected, found });
        }
        let mut reader = Reader::new(body);
        let header = reader.u8("header")?;
        if header >> 4 != VERSION {
            return Err(DecodeError::Version(header >> 4));
        }
        let message = read(header & 0x0F, &mut reader)?;
        reader.end()?;
        Ok(message)
    }
}

fn read(kind: u8, reader: &mut Reader<'_>) -> Result<Message, DecodeError> {
    Ok(match kind {
        kind::TETHER => Message::Tether(read_tether(reader)?),
        kind::CYCLES => Message::Cycles(Cycles::read(reader)?),
        kind::STATUS => Message::Status(read_status(reader)?),
        kind::UNTETHER => Message::Untether { serial: serial(reader)?, plug: reader.u16("plug")? },
        kind::REFUSED => {
            Message::Refused { serial: serial(reader)?, why: Refusal::from(reader.u8("reason")?) }
        }
        kind::KEPT => {
            Message::Kept { serial: serial(reader)?, era: reader.u32("era")?, up_to: reader.u32("count")? }
        }
        kind::SEND_FROM => Message::SendFrom {
            serial: serial(reader)?,
            era: reader.u32("era")?,
            after: reader.u32("count")?,
        },
        kind::TIME => {
            Message::Time { serial: serial(reader)?, now: Timestamp::from_millis(reader.i64("time")?) }
        }
        kind::IDENTIFY => Message::Identify { serial: serial(reader)? },
        kind::SHOW => Message::Show,
        kind::INITIALISE => {
            let place = reader.u8("part")?;
            Message::Initialise(RecordPart::read(place, reader)?)
        }
        other => return Err(DecodeError::Kind(other)),
    })
}

fn serial(reader: &mut Reader<'_>) -> Result<Serial, FieldError> {
    reader.u32("serial").map(Serial)
}

fn read_tether(reader: &mut Reader<'_>) -> Result<Tether, FieldError> {
    let serial = serial(reader)?;
    let plug = reader.u16("plug")?;
    let state = match reader.u8("part")? {
        0 => Tethering::Uninitialised,
        place => Tethering::Initialised {
            era: reader.u32("era")?,
            count: reader.u32("count")?,
            part: RecordPart::read(place, reader)?,
        },
    };
    Ok(Tether { serial, plug, state })
}

fn read_status(reader: &mut Reader<'_>) -> Result<Status, FieldError> {
    Ok(Status {
        serial: serial(reader)?,
        era: reader.u32("era")?,
        count: reader.u32("count")?,
        asleep: match reader.u8("flags")? {
            0 => false,
            1 => true,
            other => return Err(FieldError::Value { field: "flags", value: u64::from(other) }),
        },
        temperature: DeciCelsius::new(reader.i16("temperature")?),
        battery: reader.u8("battery")?,
        uptime: reader.u32("uptime")?,
        stored: reader.u32("stored")?,
        unacknowledged: reader.u32("unacknowledged")?,
    })
}
