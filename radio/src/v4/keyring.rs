//! Keys of adverts, for whoever decodes them by hand.

use std::collections::BTreeMap;

use zeroize::Zeroizing;

use super::{Address, Key};

/// Why a text holds no keys. Nothing of the text is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum KeyringError {
    /// A line is something else.
    #[error(
        "line {0} is no key: a line is an address (54:48:E6:8F:80:A5) or a monitor's id in its adverts (8 hexadecimal \
         digits), a blank, and the key, 32 hexadecimal digits"
    )]
    Line(usize),
    /// Two lines are for one.
    #[error("line {0} is a second key for the same sensor or monitor")]
    Twice(usize),
}

/// Keys by whose adverts they open.
#[derive(Default)]
pub struct Keyring {
    pub(super) sensors: BTreeMap<Address, Key>,
    pub(super) monitors: BTreeMap<u32, Key>,
}

impl Keyring {
    /// Reads a key a line. Empty lines and those that begin with `#` are passed over.
    pub fn parse(text: &str) -> Result<Self, KeyringError> {
        let mut keyring = Keyring::default();
        for (line, place) in text.lines().map(str::trim).zip(1..) {
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let refuse = KeyringError::Line(place);
            let (whose, key) = line.split_once(char::is_whitespace).ok_or(refuse)?;
            let mut bytes = Zeroizing::new([0; 16]);
            hex::decode_to_slice(key.trim(), &mut *bytes).map_err(|_| refuse)?;
            let key = Key::new(*bytes);
            let before = if let Ok(address) = whose.parse() {
                keyring.sensors.insert(address, key)
            } else {
                let mut id = [0; 4];
                hex::decode_to_slice(whose, &mut id).map_err(|_| refuse)?;
                keyring.monitors.insert(u32::from_be_bytes(id), key)
            };
            if before.is_some() {
                return Err(KeyringError::Twice(place));
            }
        }
        Ok(keyring)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "231d39c1d7cc1ab1aee224cd096db932";

    #[test]
    fn keys_are_read_by_whose_they_are() {
        let text = format!("# hall a\n\n54:48:E6:8F:80:A5  {KEY}\n\t0A1B2C3D {KEY} \r\n");
        let keyring = Keyring::parse(&text).unwrap();
        assert_eq!((keyring.sensors.len(), keyring.monitors.len()), (1, 1));
        assert!(keyring.monitors.contains_key(&0x0A1B_2C3D));
    }

    #[test]
    fn what_is_no_key_is_told_by_its_line_and_not_shown() {
        for text in [KEY, "0A1B2C3D 23", &format!("0A1B2C {KEY}"), &format!("54:48:E6:8F:80 {KEY}")] {
            let error = Keyring::parse(&format!("#\n{text}")).err().unwrap();
            assert_eq!(error, KeyringError::Line(2), "{text}");
            assert!(!error.to_string().contains(KEY));
        }
        let twice = format!("0A1B2C3D {KEY}\n0a1b2c3d {KEY}");
        assert_eq!(Keyring::parse(&twice).err(), Some(KeyringError::Twice(2)));
    }
}
