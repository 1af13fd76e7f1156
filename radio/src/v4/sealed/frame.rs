//! Frames of the sealed channel as they travel.

use crate::open::FieldError;
use crate::open::wire::Reader;
use crate::v4::key::LONG_TAG;
use crate::v4::open::{MAX_MESSAGE, VERSION};

/// Bytes of a salt.
pub const SALT: usize = 8;
/// What each side draws for a channel.
pub type Salt = [u8; SALT];
/// The longest frame there is: one packet.
pub const MOST_ROOM: usize = MAX_MESSAGE;
/// Whoever has room for less than this is no way for a sealed channel.
pub const LEAST_ROOM: usize = 32;

/// Head, one byte of what and where, the seal: what a frame needs beside its message.
pub(super) const OVERHEAD: usize = 2 + LONG_TAG;

pub(super) const BEGIN: u8 = VERSION << 4 | 1;
pub(super) const WELCOME: u8 = VERSION << 4 | 2;
pub(super) const SEALED: u8 = VERSION << 4 | 3;

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame {
    /// The box begins a channel.
    Begin {
        /// Drawn by the box.
        salt: Salt,
        /// Bytes of the longest frame that reaches it.
        room: u16,
    },
    /// The monitor takes part, and proves that it holds the key.
    Welcome {
        /// Drawn by the monitor.
        salt: Salt,
        /// Over both beginnings.
        seal: [u8; LONG_TAG],
    },
    /// Something sealed, and its seal.
    Sealed(Vec<u8>),
}

impl Frame {
    /// Reads a frame that is exactly these bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, FieldError> {
        if bytes.len() > MOST_ROOM {
            return Err(FieldError::Trailing(bytes.len() - MOST_ROOM));
        }
        let mut reader = Reader::new(bytes);
        let frame = match reader.u8("head")? {
            BEGIN => {
                let (salt, room) = (reader.array("salt")?, reader.u16("room")?);
                if usize::from(room) < LEAST_ROOM {
                    return Err(FieldError::Value { field: "room", value: u64::from(room) });
                }
                Frame::Begin { salt, room }
            }
            WELCOME => Frame::Welcome { salt: reader.array("salt")?, seal: reader.array("seal")? },
            SEALED => {
                let sealed = reader.rest();
                if sealed.len() <= LONG_TAG {
                    return Err(FieldError::Truncated { field: "sealed message" });
                }
                Frame::Sealed(sealed.to_vec())
            }
            other => return Err(FieldError::Value { field: "head", value: u64::from(other) }),
        };
        reader.end()?;
        Ok(frame)
    }

    /// The one way to write it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        match self {
            Frame::Begin { salt, room } => [&[BEGIN][..], salt, &room.to_be_bytes()].concat(),
            Frame::Welcome { salt, seal } => [&[WELCOME][..], salt, seal].concat(),
            Frame::Sealed(sealed) => [&[SEALED][..], sealed].concat(),
        }
    }
}
