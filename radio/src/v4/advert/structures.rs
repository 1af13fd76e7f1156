//! AD structures: the pieces that every advert is made of (Core, volume 3, part C, 11; CSS, part A).

use crate::v4::Uuid;

/// What a piece of an advert is (Assigned Numbers, 2.3, "Common Data Types"). Those that nobody here knows keep their
/// number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct AdKind(pub u8);

impl AdKind {
    /// Whether it can be found, whether it speaks classic Bluetooth.
    pub const FLAGS: AdKind = AdKind(0x01);
    /// Data of a service with a 16-bit UUID.
    pub const SERVICE_DATA_16: AdKind = AdKind(0x16);
    /// Data of a service with a 128-bit UUID.
    pub const SERVICE_DATA_128: AdKind = AdKind(0x21);
    /// Data of a maker's own.
    pub const MANUFACTURER: AdKind = AdKind(0xFF);

    /// As Assigned Numbers call it, `None` for one that is not known here.
    #[must_use]
    pub const fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            0x01 => "flags",
            0x02 => "incomplete list of 16-bit service UUIDs",
            0x03 => "complete list of 16-bit service UUIDs",
            0x04 => "incomplete list of 32-bit service UUIDs",
            0x05 => "complete list of 32-bit service UUIDs",
            0x06 => "incomplete list of 128-bit service UUIDs",
            0x07 => "complete list of 128-bit service UUIDs",
            0x08 => "shortened local name",
            0x09 => "complete local name",
            0x0A => "TX power level",
            0x12 => "peripheral connection interval range",
            0x14 => "list of 16-bit service solicitation UUIDs",
            0x15 => "list of 128-bit service solicitation UUIDs",
            0x16 => "service data, 16-bit UUID",
            0x17 => "public target address",
            0x18 => "random target address",
            0x19 => "appearance",
            0x1A => "advertising interval",
            0x1B => "LE Bluetooth device address",
            0x1C => "LE role",
            0x20 => "service data, 32-bit UUID",
            0x21 => "service data, 128-bit UUID",
            0x24 => "URI",
            0x27 => "LE supported features",
            0x2F => "advertising interval, long",
            0x31 => "encrypted advertising data",
            0xFF => "manufacturer specific data",
            _ => return None,
        })
    }
}

/// A maker's number (Assigned Numbers, 7.1, "Company Identifiers").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Company(pub u16);

impl Company {
    /// No maker's: for tests before a maker has a number of its own. Not for devices that are sold.
    pub const NONE: Company = Company(0xFFFF);
    /// Ruuvi Innovations.
    pub const RUUVI: Company = Company(0x0499);
}

/// Why bytes are no advert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AdvertError {
    /// A structure claims more bytes than there are.
    #[error("the structure at byte {offset} claims {claimed} bytes, and {left} are left")]
    Truncated {
        /// Where the structure begins.
        offset: usize,
        /// Bytes after its length byte that it claims.
        claimed: usize,
        /// Bytes that are there.
        left: usize,
    },
    /// After the byte that ends an advert early there is something else than zeros.
    #[error("the advert ends at byte {offset}, and what follows is not all zeros")]
    AfterEnd {
        /// Where the end is.
        offset: usize,
    },
    /// More than a structure can hold.
    #[error("a structure holds at most 254 bytes, not {0}")]
    TooLong(usize),
}

/// One piece of an advert.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AdStructure<'a> {
    /// What it is.
    pub kind: AdKind,
    /// Its bytes.
    pub data: &'a [u8],
}

/// An advert, legacy or extended, in its pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Advert<'a> {
    /// In their order.
    pub structures: Vec<AdStructure<'a>>,
    /// Zeros at its end, which mean nothing.
    pub zeros: usize,
}

impl<'a> Advert<'a> {
    /// Takes an advert apart. A length of 0 ends it early, and only zeros may follow (Core, volume 3, part C, 11).
    pub fn parse(bytes: &'a [u8]) -> Result<Self, AdvertError> {
        let mut structures = Vec::new();
        let mut rest = bytes;
        while let [length, after @ ..] = rest {
            let offset = bytes.len() - rest.len();
            let claimed = usize::from(*length);
            let Some((body, next)) = after.split_at_checked(claimed) else {
                return Err(AdvertError::Truncated { offset, claimed, left: after.len() });
            };
            let [kind, data @ ..] = body else {
                return match after.iter().all(|byte| *byte == 0) {
                    true => Ok(Advert { structures, zeros: rest.len() }),
                    false => Err(AdvertError::AfterEnd { offset }),
                };
            };
            structures.push(AdStructure { kind: AdKind(*kind), data });
            rest = next;
        }
        Ok(Advert { structures, zeros: 0 })
    }

    /// As bytes; what was parsed gives the same ones.
    pub fn encode(&self) -> Result<Vec<u8>, AdvertError> {
        let mut bytes = Vec::with_capacity(super::LEGACY);
        for AdStructure { kind, data } in &self.structures {
            let length = u8::try_from(data.len() + 1).map_err(|_| AdvertError::TooLong(data.len()))?;
            bytes.extend([length, kind.0]);
            bytes.extend(*data);
        }
        bytes.resize(bytes.len() + self.zeros, 0);
        Ok(bytes)
    }

    /// What is in the structures of that kind.
    pub fn of(&self, kind: AdKind) -> impl Iterator<Item = &'a [u8]> + '_ {
        self.structures.iter().filter(move |structure| structure.kind == kind).map(|structure| structure.data)
    }

    /// Data of makers' own: whose, and what.
    pub fn manufacturer_data(&self) -> impl Iterator<Item = (Company, &'a [u8])> + '_ {
        self.of(AdKind::MANUFACTURER).filter_map(|data| {
            let (company, data) = data.split_first_chunk()?;
            Some((Company(u16::from_le_bytes(*company)), data))
        })
    }

    /// Data of services with a UUID of 16 or 128 bits: of which, and what.
    pub fn service_data(&self) -> impl Iterator<Item = (Uuid, &'a [u8])> + '_ {
        self.structures.iter().filter_map(|structure| match structure.kind {
            AdKind::SERVICE_DATA_16 => {
                let (uuid, data) = structure.data.split_first_chunk()?;
                Some((Uuid::from_u16(u16::from_le_bytes(*uuid)), data))
            }
            AdKind::SERVICE_DATA_128 => {
                let (uuid, data) = structure.data.split_first_chunk()?;
                Some((Uuid::from_le_bytes(*uuid), data))
            }
            _ => None,
        })
    }
}
