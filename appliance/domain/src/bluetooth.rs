//! Bluetooth monitors as people deal with them: passkeys, bonds, what is going on.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::MonitorSerial;

/// Why a text is no passkey. Nothing of the text is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a passkey has six digits, as on the monitor's label")]
pub struct PasskeyError;

/// The six digits on a monitor's label.
///
/// A secret: nothing prints it. It travels from the browser to the box as text, hence the serialisation; the box keeps
/// nothing of it.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Passkey(u32);

impl Passkey {
    /// The number, for whoever answers the monitor.
    #[must_use]
    pub const fn expose(&self) -> u32 {
        self.0
    }
}

impl FromStr for Passkey {
    type Err = PasskeyError;

    /// Exactly six digits; blanks at either end are a scanner's or a thumb's.
    fn from_str(text: &str) -> Result<Self, PasskeyError> {
        let text = text.trim();
        let digits = text.len() == 6 && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse().ok().filter(|_| digits).map(Passkey).ok_or(PasskeyError)
    }
}

impl TryFrom<String> for Passkey {
    type Error = PasskeyError;

    fn try_from(text: String) -> Result<Self, PasskeyError> {
        text.parse()
    }
}

impl From<Passkey> for String {
    fn from(passkey: Passkey) -> String {
        format!("{:06}", passkey.0)
    }
}

impl fmt::Debug for Passkey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Passkey")
    }
}

/// Why a text is not what a monitor's label says. Nothing of the text is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum LabelError {
    /// It does not begin with a serial.
    #[error("a serial is written as on the label: V4-00012345")]
    Serial,
    /// What follows is no passkey.
    #[error(transparent)]
    Passkey(#[from] PasskeyError),
    /// More follows.
    #[error("a label says a serial and a passkey, and no more")]
    More,
}

/// What a V4 monitor's label says: as its QR code, as a hand scanner types it, or as a person does.
///
/// The code is the serial, a blank and the passkey: `V4-00012345 736251` (docs/protocol/open-v4.md).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MonitorLabel {
    /// Which monitor.
    pub serial: MonitorSerial,
    /// None where the text is the serial alone.
    pub passkey: Option<Passkey>,
}

impl FromStr for MonitorLabel {
    type Err = LabelError;

    /// People leave `V4-` and leading zeros out.
    fn from_str(text: &str) -> Result<Self, LabelError> {
        let mut words = text.split_whitespace();
        let serial = words.next().unwrap_or_default().to_ascii_uppercase();
        let digits = serial.strip_prefix("V4-").unwrap_or(&serial);
        let plain = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.parse().ok().filter(|_| plain).ok_or(LabelError::Serial)?;
        let passkey = words.next().map(str::parse).transpose()?;
        if words.next().is_some() {
            return Err(LabelError::More);
        }
        Ok(MonitorLabel { serial: MonitorSerial::v4(number), passkey })
    }
}

/// How well a bond keeps others out, weakest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Strength {
    /// Pairing of Bluetooth 4.0 and 4.1: who heard it has the key.
    Legacy,
    /// LE Secure Connections without a passkey: who stood between has the key.
    JustWorks,
    /// LE Secure Connections by a passkey that a person read from the label.
    Passkey,
}

impl fmt::Display for Strength {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Strength::Legacy => "legacy pairing",
            Strength::JustWorks => "without a passkey",
            Strength::Passkey => "by passkey",
        })
    }
}

/// What is going on with a monitor in the air.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Standing {
    /// Heard, and none of the box's.
    Seen,
    /// An enrolment window is open for it.
    Enrolling,
    /// One of ours without a link.
    Resting,
    /// A link is about to come about.
    Connecting,
    /// A link is there and something waits.
    Draining,
    /// A link is there and nothing waits.
    Live,
    /// It has no bond any more: a person has to enrol it again.
    LostBond,
    /// Not heard for long.
    Gone,
}

impl Standing {
    /// For logs and people.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Standing::Seen => "seen",
            Standing::Enrolling => "enrolling",
            Standing::Resting => "resting",
            Standing::Connecting => "connecting",
            Standing::Draining => "draining",
            Standing::Live => "live",
            Standing::LostBond => "lost bond",
            Standing::Gone => "gone",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_passkey_is_six_digits_and_nothing_else() {
        let passkey: Passkey = " 012345\n".parse().unwrap();
        assert_eq!((passkey.expose(), String::from(passkey)), (12_345, "012345".to_owned()));
        for text in ["", "12345", "1234567", "+12345", "12 345", "12345x", "１２３４５６"] {
            assert!(text.parse::<Passkey>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_label_is_read_from_its_code_and_as_people_type_it() {
        let whole: MonitorLabel = "V4-00012345 012345\r\n".parse().unwrap();
        assert_eq!(whole.serial, MonitorSerial::v4(12_345));
        assert_eq!(whole.passkey.map(|passkey| passkey.expose()), Some(12_345));
        let typed: MonitorLabel = " v4-12345".parse().unwrap();
        assert_eq!((typed.serial, typed.passkey), (MonitorSerial::v4(12_345), None));
        for text in
            ["", "V3-00000001", "V4-", "+5", "99999999999", "https://example.org", "5 123", "5 123456 7"]
        {
            assert!(text.parse::<MonitorLabel>().is_err(), "{text}");
        }
    }

    #[test]
    fn nothing_prints_a_passkey() {
        let printed = format!("{:?} {}", "736251".parse::<Passkey>(), PasskeyError);
        assert!(!printed.contains("736251"), "{printed}");
    }
}
