//! The key of a monitor's adverts on its way over the bonded link.

use zeroize::Zeroizing;

use crate::v4::Key;

use super::{Characteristic, MessageError, VERSION, begin, kind};

/// What the box gives a monitor to seal its adverts with. Nothing prints it, and nothing reads it back.
pub struct Handover {
    /// The monitor's name in its adverts, drawn by the box.
    pub id: u32,
    /// For this monitor alone.
    pub key: Key,
}

impl Handover {
    /// Reads a message that is exactly these bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, MessageError> {
        let characteristic = Characteristic::Handover;
        let (kind, mut reader) = begin(characteristic, bytes)?;
        if kind != kind::HANDOVER {
            return Err(MessageError::Kind { kind, characteristic: characteristic.name() });
        }
        let id = reader.u32("id")?;
        let key = Key::new(reader.array("key")?);
        reader.end()?;
        Ok(Handover { id, key })
    }

    /// The one way to write it.
    #[must_use]
    pub fn encode(&self) -> Zeroizing<Vec<u8>> {
        let head = [VERSION << 4 | kind::HANDOVER];
        // In one piece: a vector that grows leaves the key behind where it was.
        Zeroizing::new([&head[..], &self.id.to_be_bytes(), self.key.expose()].concat())
    }
}
