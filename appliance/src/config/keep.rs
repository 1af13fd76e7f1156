//! The section on what is kept: lengths of time and numbers of bytes as people write them.

use serde::{Deserialize, Serialize};

use crate::plant::{KeepFor, Unit};

/// How long something is kept: `90d`, `26w`, `10y`; empty or `for ever` for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HowLong(pub KeepFor);

impl TryFrom<String> for HowLong {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let plain = text.trim();
        if plain.is_empty() || plain.eq_ignore_ascii_case("for ever") {
            return Ok(HowLong(KeepFor::Ever));
        }
        let length = || {
            let (count, unit) = plain.split_at_checked(plain.len().checked_sub(1)?)?;
            let unit = match unit {
                "d" => Unit::Days,
                "w" => Unit::Weeks,
                "y" => Unit::Years,
                _ => return None,
            };
            let count = count.trim_end().parse::<u16>().ok().filter(|count| *count > 0)?;
            Some(HowLong(KeepFor::Length(count, unit)))
        };
        length().ok_or_else(|| {
            format!("{text:?} is no time to keep something; expected one like \"90d\", \"26w\" or \"10y\", or \"\" for ever")
        })
    }
}

impl From<HowLong> for String {
    fn from(length: HowLong) -> String {
        match length.0 {
            KeepFor::Ever => String::new(),
            KeepFor::Length(count, Unit::Days) => format!("{count}d"),
            KeepFor::Length(count, Unit::Weeks) => format!("{count}w"),
            KeepFor::Length(count, Unit::Years) => format!("{count}y"),
        }
    }
}

/// A number of bytes: `512MiB`, `1GiB`, `2TB`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Bytes(pub u64);

/// The longer names before those that they end with.
const UNITS: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("GiB", 1 << 30),
    ("MiB", 1 << 20),
    ("KiB", 1 << 10),
    ("TB", 1_000_000_000_000),
    ("GB", 1_000_000_000),
    ("MB", 1_000_000),
    ("kB", 1_000),
    ("B", 1),
];

impl TryFrom<String> for Bytes {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        let plain = text.trim();
        let unit = UNITS.iter().find_map(|(name, size)| Some((plain.strip_suffix(name)?, *size)));
        unit.and_then(|(count, size)| count.trim_end().parse::<u64>().ok()?.checked_mul(size))
            .map(Bytes)
            .ok_or_else(|| {
                format!("{text:?} is no number of bytes; expected one like \"512MiB\", \"1GiB\" or \"0B\"")
            })
    }
}

impl From<Bytes> for String {
    fn from(bytes: Bytes) -> String {
        let (name, size) = UNITS
            .iter()
            .find(|(_, size)| bytes.0 >= *size && bytes.0.is_multiple_of(*size))
            .unwrap_or(&("B", 1));
        format!("{}{name}", bytes.0 / size)
    }
}

/// Reads how long cycles are kept: a slip that would retire the history of years is not believed.
pub(super) fn cycles<'de, D: serde::Deserializer<'de>>(from: D) -> Result<HowLong, D::Error> {
    let length = HowLong::deserialize(from)?;
    match length.0.days() {
        Some(days) if days < 365 => {
            Err(serde::de::Error::custom(format!("{} is too short; expected \"1y\" or more", length.0)))
        }
        _ => Ok(length),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_read_and_written_alike() {
        for (text, days) in
            [("90d", Some(90)), ("26w", Some(182)), ("1y", Some(366)), ("10y", Some(3_653)), ("", None)]
        {
            let length = HowLong::try_from(text.to_owned()).unwrap();
            assert_eq!(length.0.days(), days);
            assert_eq!(String::from(length), text);
        }
        assert_eq!(HowLong::try_from("for ever".to_owned()).unwrap().0, KeepFor::Ever);
        for text in ["0d", "10", "y", "-1y", "1.5y", "10 m", "99999y", "ä"] {
            assert!(HowLong::try_from(text.to_owned()).is_err(), "{text}");
        }
    }

    #[test]
    fn bytes_are_read_and_written_alike() {
        for (text, bytes) in [
            ("1GiB", 1 << 30),
            ("512MiB", 512 << 20),
            ("0B", 0),
            ("1500MB", 1_500_000_000),
            ("7B", 7),
            ("3kB", 3_000),
        ] {
            let read = Bytes::try_from(text.to_owned()).unwrap();
            assert_eq!(read.0, bytes);
            assert_eq!(Bytes::try_from(String::from(read)).unwrap(), read);
        }
        assert_eq!(String::from(Bytes(1 << 30)), "1GiB");
        for text in ["1", "GiB", "1 gib", "1.5GiB", "99999999999TiB", "-1B"] {
            assert!(Bytes::try_from(text.to_owned()).is_err(), "{text}");
        }
    }
}
