//! What is printed on a radio to admit it to a network.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text is no join code.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JoinCodeError {
    /// Something else than hexadecimal digits and what people put between them.
    #[error("a key or install code is written in the digits 0 to 9 and A to F")]
    Digits,
    /// Of no length that a key or an install code has.
    #[error("a link key has 32 digits, an install code with its check digits 16, 20, 28 or 36; this has {0}")]
    Length(usize),
    /// A digit was read or typed wrong.
    #[error("the check digits at the end of the install code do not fit: a digit is wrong")]
    Check,
    /// All zeros would send the network's key in the clear.
    #[error("a link key of zeros is no key")]
    Zero,
}

/// The link key or install code on a radio's label, as typed or scanned.
///
/// It is a secret: nothing prints it. It travels from the browser to the box as text, hence the serialisation; the
/// box hands it to the stick and keeps nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct JoinCode(Vec<u8>);

/// What the code is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum JoinCodeKind {
    /// 16 bytes, used as they are.
    LinkKey,
    /// 6, 8, 12 or 16 bytes and their CRC-16/X-25, low byte first (ZigBee base device behaviour, 10.1).
    InstallCode,
}

impl JoinCode {
    /// What it is, told by its length.
    #[must_use]
    pub fn kind(&self) -> JoinCodeKind {
        if self.0.len() == 16 { JoinCodeKind::LinkKey } else { JoinCodeKind::InstallCode }
    }

    /// The key, or the code with its check.
    #[must_use]
    pub fn expose(&self) -> &[u8] {
        &self.0
    }
}

impl FromStr for JoinCode {
    type Err = JoinCodeError;

    fn from_str(text: &str) -> Result<Self, JoinCodeError> {
        let digits: Vec<u8> = text
            .chars()
            .filter(|c| !matches!(c, ' ' | ':' | '-' | '.'))
            .map(|c| c.to_digit(16).and_then(|digit| u8::try_from(digit).ok()).ok_or(JoinCodeError::Digits))
            .collect::<Result<_, _>>()?;
        let bytes: Vec<u8> = digits.chunks_exact(2).map(|pair| pair[0] << 4 | pair[1]).collect();
        match digits.len() {
            32 if bytes.iter().all(|byte| *byte == 0) => Err(JoinCodeError::Zero),
            32 => Ok(JoinCode(bytes)),
            16 | 20 | 28 | 36 if is_checked(&bytes) => Ok(JoinCode(bytes)),
            16 | 20 | 28 | 36 => Err(JoinCodeError::Check),
            length => Err(JoinCodeError::Length(length)),
        }
    }
}

fn is_checked(code: &[u8]) -> bool {
    let Some((bytes, check)) = code.split_last_chunk::<2>() else { return false };
    let crc = bytes.iter().fold(0xFFFF_u16, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 == 1 { crc >> 1 ^ 0x8408 } else { crc >> 1 })
    });
    (!crc).to_le_bytes() == *check
}

impl TryFrom<String> for JoinCode {
    type Error = JoinCodeError;

    fn try_from(text: String) -> Result<Self, JoinCodeError> {
        text.parse()
    }
}

impl From<JoinCode> for String {
    fn from(code: JoinCode) -> String {
        code.0.iter().map(|byte| format!("{byte:02X}")).collect()
    }
}

impl fmt::Debug for JoinCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JoinCode")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of the ZigBee base device behaviour specification.
    const EXAMPLE: &str = "83FE D340 7A93 9723 A5C6 39B2 6916 D505 C3B5";

    #[test]
    fn a_code_with_fitting_check_digits_is_an_install_code() {
        let code: JoinCode = EXAMPLE.parse().unwrap();
        assert_eq!(code.kind(), JoinCodeKind::InstallCode);
        assert_eq!(code.expose().len(), 18);
        assert_eq!(EXAMPLE.replacen('3', "4", 1).parse::<JoinCode>(), Err(JoinCodeError::Check));
    }

    #[test]
    fn thirty_two_digits_are_a_link_key() {
        let key: JoinCode = "5a:69:67:42:65:65:41:6c:6c:69:61:6e:63:65:30:39".parse().unwrap();
        assert_eq!(key.kind(), JoinCodeKind::LinkKey);
        assert_eq!(String::from(key), "5A6967426565416C6C69616E63653039");
        assert_eq!("0".repeat(32).parse::<JoinCode>(), Err(JoinCodeError::Zero));
    }

    #[test]
    fn anything_else_is_told_what_is_wrong() {
        assert_eq!("".parse::<JoinCode>(), Err(JoinCodeError::Length(0)));
        assert_eq!("ABC".parse::<JoinCode>(), Err(JoinCodeError::Length(3)));
        assert_eq!("no key".parse::<JoinCode>(), Err(JoinCodeError::Digits));
    }

    #[test]
    fn a_code_is_never_printed() {
        let code: JoinCode = EXAMPLE.parse().unwrap();
        assert_eq!(format!("{code:?}"), "JoinCode");
    }
}
