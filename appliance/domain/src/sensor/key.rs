//! The key of an encrypted BTHome sensor.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is no bind key. Nothing of the text is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a bind key has 32 digits from 0 to 9 and A to F, as the sensor's app shows it")]
pub struct BindKeyError;

/// The bind key of an encrypted BTHome sensor, as its app shows it.
///
/// A secret: nothing prints it. It travels from the browser to the box as text, hence the serialisation; the box keeps it
/// sealed.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct BindKey([u8; 16]);

impl BindKey {
    /// The bytes, for whoever seals or uses them.
    #[must_use]
    pub const fn expose(&self) -> &[u8; 16] {
        &self.0
    }
}

impl FromStr for BindKey {
    type Err = BindKeyError;

    /// 32 hexadecimal digits; what apps put between them does not count.
    fn from_str(text: &str) -> Result<Self, BindKeyError> {
        let digits: Vec<u8> = text
            .trim()
            .chars()
            .filter(|c| !matches!(c, ' ' | ':' | '-'))
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()))
            .collect::<Option<_>>()
            .ok_or(BindKeyError)?;
        if digits.len() != 32 {
            return Err(BindKeyError);
        }
        let mut bytes = [0; 16];
        for (byte, pair) in bytes.iter_mut().zip(digits.chunks_exact(2)) {
            *byte = pair[0] << 4 | pair[1];
        }
        Ok(BindKey(bytes))
    }
}

impl TryFrom<String> for BindKey {
    type Error = BindKeyError;

    fn try_from(text: String) -> Result<Self, BindKeyError> {
        text.parse()
    }
}

impl From<BindKey> for String {
    fn from(key: BindKey) -> String {
        key.0.iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

impl fmt::Debug for BindKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BindKey")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &str = "231d39c1d7cc1ab1aee224cd096db932";

    #[test]
    fn a_bind_key_is_read_as_apps_show_it_and_printed_by_nothing() {
        let key: BindKey = KEY.parse().unwrap();
        assert_eq!(String::from(key.clone()), KEY);
        assert_eq!(" 231D39C1-D7CC1AB1 AEE224CD:096DB932 ".parse(), Ok(key.clone()));
        let printed = format!("{key:?} {}", "231d".parse::<BindKey>().unwrap_err());
        assert!(!printed.contains("231d") && !printed.contains("35"), "{printed}");
        for text in ["", "231d", &KEY[1..], &KEY.replace('2', "g"), &format!("{KEY}00")] {
            assert!(text.parse::<BindKey>().is_err(), "{text}");
        }
    }
}
