//! Names of things. Each is checked where it enters and never checked again.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::BluetoothAddress;

/// Why a text or number is not the id it claims to be.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    /// An extended address is 16 hexadecimal digits, with or without `:` or `-` between bytes.
    #[error("a 64-bit address is 16 hexadecimal digits, not {0:?}")]
    Eui64(String),
    /// A monitor's serial is 1 to 24 of A-Z, 0-9 and `-`.
    #[error("a monitor's serial is 1 to 24 of A-Z, 0-9 and '-', not {0:?}")]
    Serial(String),
    /// A link's name is 1 to 32 of a-z, 0-9, `-` and `_`.
    #[error("a link's name is 1 to 32 of a-z, 0-9, '-' and '_', not {0:?}")]
    Link(String),
    /// A network's id is 1 to 16 hexadecimal digits.
    #[error("a PAN id is 1 to 16 hexadecimal digits, not {0:?}")]
    Pan(String),
}

/// Which radio generation a monitor belongs to; the two never speak with each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Generation {
    /// Wired to a Press Module, heard by XBee or ZigBee.
    V3,
    /// Bluetooth Low Energy.
    V4,
    /// An off-the-shelf module that reports a mold-closed contact.
    Switch,
    /// A Bluetooth sensor that anyone can buy.
    Sensor,
}

/// The box's own number of a mold; the number people use is [`crate::MoldName`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MoldId(pub u32);

/// The box's own number of a press.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct PressId(pub u32);

impl fmt::Display for MoldId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for PressId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// IEEE 802 extended unique identifier of a radio; XBee's SH and SL.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Eui64([u8; 8]);

impl Eui64 {
    /// Where a frame to the coordinator goes.
    pub const COORDINATOR: Eui64 = Eui64([0; 8]);
    /// Every radio of the network.
    pub const BROADCAST: Eui64 = Eui64([0, 0, 0, 0, 0, 0, 0xFF, 0xFF]);
    /// The sender's address is not known.
    pub const UNKNOWN: Eui64 = Eui64([0xFF; 8]);

    /// From the order it has in an API frame and on the label.
    #[must_use]
    pub const fn from_be_bytes(bytes: [u8; 8]) -> Self {
        Eui64(bytes)
    }

    /// In the order it has in an API frame and on the label.
    #[must_use]
    pub const fn to_be_bytes(self) -> [u8; 8] {
        self.0
    }
}

impl fmt::Display for Eui64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(f, "{byte:02X}"))
    }
}

impl fmt::Debug for Eui64 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Eui64 {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let refuse = || IdError::Eui64(text.to_owned());
        let digits: Vec<u8> = text
            .chars()
            .filter(|c| !matches!(c, ':' | '-'))
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect::<Option<_>>()
            .ok_or_else(refuse)?;
        if digits.len() != 16 {
            return Err(refuse());
        }
        let mut bytes = [0; 8];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair[0] << 4 | pair[1];
        }
        Ok(Eui64(bytes))
    }
}

impl TryFrom<String> for Eui64 {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<Eui64> for String {
    fn from(id: Eui64) -> String {
        id.to_string()
    }
}

/// Tells the radio networks of a plant apart: the 64-bit extended PAN id of ZigBee, the 16-bit network id of DigiMesh.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PanId(pub u64);

impl fmt::Display for PanId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016X}", self.0)
    }
}

impl FromStr for PanId {
    type Err = IdError;

    fn from_str(text: &str) -> Result<Self, IdError> {
        let hex = !text.is_empty() && text.len() <= 16 && text.bytes().all(|b| b.is_ascii_hexdigit());
        match u64::from_str_radix(text, 16) {
            Ok(id) if hex => Ok(PanId(id)),
            _ => Err(IdError::Pan(text.to_owned())),
        }
    }
}

impl TryFrom<String> for PanId {
    type Error = IdError;

    fn try_from(text: String) -> Result<Self, IdError> {
        text.parse()
    }
}

impl From<PanId> for String {
    fn from(id: PanId) -> String {
        id.to_string()
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident, $max:literal, $allowed:expr, $refusal:path) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(try_from = "String", into = "String")]
        pub struct $name(String);

        impl $name {
            /// The text itself.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = IdError;

            fn from_str(text: &str) -> Result<Self, IdError> {
                let allowed: fn(u8) -> bool = $allowed;
                if (1..=$max).contains(&text.len()) && text.bytes().all(allowed) {
                    Ok($name(text.to_owned()))
                } else {
                    Err($refusal(text.to_owned()))
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = IdError;

            fn try_from(text: String) -> Result<Self, IdError> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(id: $name) -> String {
                id.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// The number engraved on a monitor, as text: `V3-00012345`. Stays with the monitor wherever it goes.
    MonitorSerial, 24, |b| b.is_ascii_uppercase() || b.is_ascii_digit() || b == b'-', IdError::Serial
}

impl MonitorSerial {
    /// The text of a V3 monitor's number: `V3-00012345`.
    #[must_use]
    pub fn v3(number: u32) -> Self {
        MonitorSerial(format!("V3-{number:08}"))
    }

    /// The number of a V3 monitor, if this is the text [`MonitorSerial::v3`] gives for one.
    #[must_use]
    pub fn v3_number(&self) -> Option<u32> {
        let number = self.0.strip_prefix("V3-")?.parse().ok()?;
        (MonitorSerial::v3(number) == *self).then_some(number)
    }

    /// The text of a V4 monitor's number: `V4-00012345`.
    #[must_use]
    pub fn v4(number: u32) -> Self {
        MonitorSerial(format!("V4-{number:08}"))
    }

    /// The number of a V4 monitor, if this is the text [`MonitorSerial::v4`] gives for one.
    #[must_use]
    pub fn v4_number(&self) -> Option<u32> {
        let number = self.0.strip_prefix("V4-")?.parse().ok()?;
        (MonitorSerial::v4(number) == *self).then_some(number)
    }

    /// A module whose input is wired to a mold-closed contact counts as a monitor of its own.
    #[must_use]
    pub fn switch(module: Eui64) -> Self {
        MonitorSerial(format!("SW-{module}"))
    }

    /// A Bluetooth sensor counts as a monitor of its own: `BT-5448E68F80A5`.
    #[must_use]
    pub fn sensor(address: BluetoothAddress) -> Self {
        let digits: String = address.to_be_bytes().iter().map(|byte| format!("{byte:02X}")).collect();
        MonitorSerial(format!("BT-{digits}"))
    }
}

text_id! {
    /// The name a plant gives a stick or adapter in its configuration: `hall-a`.
    LinkName, 32, |b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-' || b == b'_', IdError::Link
}

/// How the names of Bluetooth adapters begin.
const ADAPTER: &str = "ble-";
/// How those of Bluetooth repeaters do.
const REPEATER: &str = "rep-";
const BLUETOOTH: &str = "bluetooth";

impl LinkName {
    /// The Bluetooth of the box as a whole, whatever adapters it has.
    #[must_use]
    pub fn bluetooth() -> Self {
        LinkName(BLUETOOTH.to_owned())
    }

    /// A Bluetooth adapter, by its own address, the highest byte first: `ble-001a7dda7113`.
    #[must_use]
    pub fn adapter(address: [u8; 6]) -> Self {
        LinkName(format!("{ADAPTER}{}", digits(address)))
    }

    /// A Bluetooth repeater, by its own address: `rep-001a7dda7113`.
    #[must_use]
    pub fn repeater(address: [u8; 6]) -> Self {
        LinkName(format!("{REPEATER}{}", digits(address)))
    }

    /// The address in the name of an adapter or a repeater.
    #[must_use]
    pub fn address(&self) -> Option<[u8; 6]> {
        let digits = self.0.strip_prefix(ADAPTER).or(self.0.strip_prefix(REPEATER))?;
        let number = u64::from_str_radix(digits, 16).ok().filter(|_| digits.len() == 12)?;
        let [_, _, address @ ..] = number.to_be_bytes();
        Some(address)
    }

    /// Whether it is a repeater's.
    #[must_use]
    pub fn is_repeater(&self) -> bool {
        self.0.starts_with(REPEATER)
    }

    /// Whether it is Bluetooth's: no stick may be called so.
    #[must_use]
    pub fn is_bluetooth(&self) -> bool {
        self.0 == BLUETOOTH || self.0.starts_with(ADAPTER) || self.is_repeater()
    }
}

fn digits(address: [u8; 6]) -> String {
    address.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_adapters_and_repeaters_tell_their_addresses() {
        let address = [0x00, 0x1A, 0x7D, 0xDA, 0x71, 0x13];
        let (adapter, repeater) = (LinkName::adapter(address), LinkName::repeater(address));
        assert_eq!((adapter.as_str(), repeater.as_str()), ("ble-001a7dda7113", "rep-001a7dda7113"));
        for name in [&adapter, &repeater] {
            assert_eq!((name.address(), name.is_bluetooth()), (Some(address), true));
            assert_eq!(name.as_str().parse().as_ref(), Ok(name));
        }
        assert!(repeater.is_repeater() && !adapter.is_repeater());
        assert_eq!(LinkName::bluetooth().address(), None);
    }

    #[test]
    fn an_address_reads_back_as_it_was_written() {
        let id: Eui64 = "00:13:a2:00:40:52:2b:aa".parse().unwrap();
        assert_eq!(id.to_string(), "0013A20040522BAA");
        assert_eq!("0013A20040522BAA".parse(), Ok(id));
    }

    #[test]
    fn a_serial_made_from_a_number_is_one_that_would_be_read() {
        for number in [0, 12_345, 99_999_999, u32::MAX] {
            let serial = MonitorSerial::v3(number);
            assert_eq!(serial.as_str().parse(), Ok(serial.clone()));
            assert_eq!((serial.v3_number(), serial.v4_number()), (Some(number), None));
            let serial = MonitorSerial::v4(number);
            assert_eq!(serial.as_str().parse(), Ok(serial.clone()));
            assert_eq!((serial.v3_number(), serial.v4_number()), (None, Some(number)));
        }
        assert_eq!(MonitorSerial::v3(12_345).as_str(), "V3-00012345");
        assert_eq!(MonitorSerial::v4(12_345).as_str(), "V4-00012345");
        let switch = MonitorSerial::switch(Eui64::BROADCAST);
        assert_eq!(switch.as_str().parse(), Ok(switch.clone()));
        let sensor =
            MonitorSerial::sensor(BluetoothAddress::from_be_bytes([0x54, 0x48, 0xE6, 0x8F, 0x80, 0xA5]));
        assert_eq!((sensor.as_str(), sensor.as_str().parse()), ("BT-5448E68F80A5", Ok(sensor.clone())));
        for other in [switch.as_str(), "V3-12345", "V3--0000001", "V3-99999999999"] {
            assert_eq!(other.parse::<MonitorSerial>().unwrap().v3_number(), None, "{other}");
        }
    }

    #[test]
    fn an_odd_text_is_refused_never_zero() {
        for text in ["", "0", "0013A20040522BA", "0013A20040522BAAA", "0013A20040522BAG", "00é3A20040522BAA"]
        {
            assert!(text.parse::<Eui64>().is_err(), "{text}");
        }
        assert!("".parse::<MonitorSerial>().is_err());
        assert!("v3 1".parse::<MonitorSerial>().is_err());
        assert!("Hall A".parse::<LinkName>().is_err());
        assert!("+1".parse::<PanId>().is_err());
        assert!("".parse::<PanId>().is_err());
    }
}
