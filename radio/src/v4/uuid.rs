//! Names of services and characteristics.

use std::fmt;
use std::str::FromStr;

/// Why a text is no UUID.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a UUID is 32 hexadecimal digits in groups of 8, 4, 4, 4 and 12 with '-' between them, not {0:?}")]
pub struct UuidError(String);

/// A 128-bit UUID. Those of 16 bits stand for one of 128 bits, too (Core, volume 3, part B, 2.5.1).
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uuid(u128);

/// 00000000-0000-1000-8000-00805F9B34FB, the Bluetooth base UUID.
const BASE: u128 = 0x0000_0000_0000_1000_8000_0080_5F9B_34FB;

impl Uuid {
    /// From the number that its digits are.
    #[must_use]
    pub const fn new(number: u128) -> Self {
        Uuid(number)
    }

    /// What a 16-bit UUID stands for.
    #[must_use]
    pub const fn from_u16(short: u16) -> Self {
        Uuid(BASE | (short as u128) << 96)
    }

    /// The 16-bit UUID that stands for this one, if there is one.
    #[must_use]
    pub const fn short(self) -> Option<u16> {
        let short = (self.0 >> 96) as u16;
        if Uuid::from_u16(short).0 == self.0 { Some(short) } else { None }
    }

    /// From the order it has on the air.
    #[must_use]
    pub const fn from_le_bytes(bytes: [u8; 16]) -> Self {
        Uuid(u128::from_le_bytes(bytes))
    }

    /// In the order it has on the air.
    #[must_use]
    pub const fn to_le_bytes(self) -> [u8; 16] {
        self.0.to_le_bytes()
    }
}

impl fmt::Display for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digits = |from: u32, count: u32| self.0 >> (128 - 4 * (from + count)) & ((1 << (4 * count)) - 1);
        write!(f, "{:08x}-{:04x}-{:04x}-", digits(0, 8), digits(8, 4), digits(12, 4))?;
        write!(f, "{:04x}-{:012x}", digits(16, 4), digits(20, 12))
    }
}

impl fmt::Debug for Uuid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Uuid {
    type Err = UuidError;

    fn from_str(text: &str) -> Result<Self, UuidError> {
        let refuse = || UuidError(text.to_owned());
        let well_formed = text.len() == 36
            && text.bytes().enumerate().all(|(place, byte)| match place {
                8 | 13 | 18 | 23 => byte == b'-',
                _ => byte.is_ascii_hexdigit(),
            });
        if !well_formed {
            return Err(refuse());
        }
        u128::from_str_radix(&text.replace('-', ""), 16).map(Uuid).map_err(|_| refuse())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_reads_back_as_it_was_written() {
        let text = "37330001-1a25-41bb-8887-6544a6339737";
        let uuid: Uuid = text.parse().unwrap();
        assert_eq!(uuid.to_string(), text);
        assert_eq!(uuid.to_le_bytes()[0], 0x37, "the last byte is the first on the air");
        assert_eq!(Uuid::from_le_bytes(uuid.to_le_bytes()), uuid);
        assert_eq!(uuid.short(), None);
    }

    #[test]
    fn a_short_uuid_stands_for_a_long_one() {
        assert_eq!(Uuid::from_u16(0x180F).to_string(), "0000180f-0000-1000-8000-00805f9b34fb");
        assert_eq!(Uuid::from_u16(0x180F).short(), Some(0x180F));
    }

    #[test]
    fn an_odd_text_is_refused() {
        for text in [
            "",
            "37330001-1a25-41bb-8887-6544a633973",
            "373300011a25-41bb-8887-6544a63397370",
            "37330001-1a25-41bb-8887-6544a633973g",
        ] {
            assert!(text.parse::<Uuid>().is_err(), "{text}");
        }
    }
}
