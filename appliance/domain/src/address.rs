//! A Bluetooth device address.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is no address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a Bluetooth address is six bytes in hexadecimal with ':' between them, not {0:?}")]
pub struct BluetoothAddressError(String);

/// A Bluetooth device address, the byte that people write first in front (on the air it comes last: Core, volume 6,
/// part B, 1.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BluetoothAddress([u8; 6]);

impl BluetoothAddress {
    /// From the order people write it in.
    #[must_use]
    pub const fn from_be_bytes(bytes: [u8; 6]) -> Self {
        BluetoothAddress(bytes)
    }

    /// From the order it has on the air.
    #[must_use]
    pub const fn from_le_bytes(bytes: [u8; 6]) -> Self {
        let [f, e, d, c, b, a] = bytes;
        BluetoothAddress([a, b, c, d, e, f])
    }

    /// In the order people write it in.
    #[must_use]
    pub const fn to_be_bytes(self) -> [u8; 6] {
        self.0
    }
}

impl fmt::Display for BluetoothAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [first, rest @ ..] = self.0;
        write!(f, "{first:02X}")?;
        rest.iter().try_for_each(|byte| write!(f, ":{byte:02X}"))
    }
}

impl FromStr for BluetoothAddress {
    type Err = BluetoothAddressError;

    fn from_str(text: &str) -> Result<Self, BluetoothAddressError> {
        let refuse = || BluetoothAddressError(text.to_owned());
        let mut bytes = [0; 6];
        let mut parts = text.split(':');
        for byte in &mut bytes {
            let part =
                parts.next().filter(|part| part.len() == 2 && !part.starts_with('+')).ok_or_else(refuse)?;
            *byte = u8::from_str_radix(part, 16).map_err(|_| refuse())?;
        }
        if parts.next().is_some() { Err(refuse()) } else { Ok(BluetoothAddress(bytes)) }
    }
}

impl TryFrom<String> for BluetoothAddress {
    type Error = BluetoothAddressError;

    fn try_from(text: String) -> Result<Self, BluetoothAddressError> {
        text.parse()
    }
}

impl From<BluetoothAddress> for String {
    fn from(address: BluetoothAddress) -> String {
        address.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_reads_back_as_it_was_written() {
        let address: BluetoothAddress = "54:48:e6:8F:80:A5".parse().unwrap();
        assert_eq!(address.to_string(), "54:48:E6:8F:80:A5");
        assert_eq!(BluetoothAddress::from_le_bytes([0xA5, 0x80, 0x8F, 0xE6, 0x48, 0x54]), address);
        assert_eq!(BluetoothAddress::from_be_bytes(address.to_be_bytes()), address);
    }

    #[test]
    fn an_odd_text_is_refused() {
        for text in [
            "",
            "54:48:E6:8F:80",
            "54:48:E6:8F:80:A5:00",
            "5448E68F80A5",
            "+5:48:E6:8F:80:A5",
            "5é:48:E6:8F:80:A5",
        ] {
            assert!(text.parse::<BluetoothAddress>().is_err(), "{text}");
        }
    }
}
