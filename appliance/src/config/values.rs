//! Values of the file that check themselves while they are read, so that a mistake is reported with its line.

use std::fmt;
use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// A length of time as people write it: `250ms`, `1s`, `8h 30m`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Humane(pub Duration);

impl TryFrom<String> for Humane {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse::<jiff::SignedDuration>()
            .ok()
            .and_then(|length| Duration::try_from(length).ok())
            .map(Humane)
            .ok_or_else(|| {
                format!("{text:?} is no length of time; expected one like \"250ms\", \"1s\" or \"8h\"")
            })
    }
}

impl From<Humane> for String {
    fn from(length: Humane) -> String {
        jiff::SignedDuration::try_from(length.0)
            .map_or_else(|_| String::new(), |length| format!("{length:#}"))
    }
}

/// Where browsers that come without TLS are sent on from; empty: nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HttpRedirect(pub Option<SocketAddr>);

impl TryFrom<String> for HttpRedirect {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(HttpRedirect(None));
        }
        let refuse =
            |_| format!("{text:?} is no address; expected one like \"0.0.0.0:8080\", or \"\" for none");
        text.parse().map(|address| HttpRedirect(Some(address))).map_err(refuse)
    }
}

impl From<HttpRedirect> for String {
    fn from(address: HttpRedirect) -> String {
        address.0.map_or_else(String::new, |address| address.to_string())
    }
}

/// How long somebody may do nothing before they have to sign in again; empty: as long as the session lasts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Idle(pub Option<Duration>);

impl TryFrom<String> for Idle {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        if text.is_empty() {
            return Ok(Idle(None));
        }
        let Humane(length) = Humane::try_from(text)?;
        // Less would throw people out while they read, more is what ends in any case.
        if (Duration::from_secs(60)..=Duration::from_hours(8)).contains(&length) {
            Ok(Idle(Some(length)))
        } else {
            Err("expected 1m to 8h, or \"\" for never".to_owned())
        }
    }
}

impl From<Idle> for String {
    fn from(idle: Idle) -> String {
        idle.0.map_or_else(String::new, |length| Humane(length).into())
    }
}

/// A name or an address by which browsers reach the box.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum HostName {
    /// `platen.plant.example`, in small letters.
    Dns(String),
    /// `192.168.1.20`.
    Address(IpAddr),
}

impl FromStr for HostName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(address) = text.parse() {
            return Ok(HostName::Address(address));
        }
        let label = |label: &str| {
            (1..=63).contains(&label.len())
                && !label.starts_with('-')
                && !label.ends_with('-')
                && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        };
        // A last label of digits only would be an address that did not parse.
        let number = text.rsplit('.').next().is_some_and(|last| last.bytes().all(|b| b.is_ascii_digit()));
        if text.len() <= 253 && !number && text.split('.').all(label) {
            Ok(HostName::Dns(text.to_ascii_lowercase()))
        } else {
            Err(format!(
                "{text:?} is neither a host's name nor an address; expected \"platen.example\" or \"192.168.1.20\""
            ))
        }
    }
}

impl TryFrom<String> for HostName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<HostName> for String {
    fn from(name: HostName) -> String {
        name.to_string()
    }
}

impl fmt::Display for HostName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            HostName::Dns(name) => f.write_str(name),
            HostName::Address(address) => address.fmt(f),
        }
    }
}

/// What to do with a stick that has no network.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Form {
    /// Wait for a person.
    Never,
    /// Form a secured network on a stick that has none. A network that is there is never touched.
    #[default]
    WhenNew,
}

/// Reads a number within bounds.
macro_rules! within {
    ($name:ident, $type:ty, $low:literal ..= $high:literal) => {
        pub(super) fn $name<'de, D: serde::Deserializer<'de>>(from: D) -> Result<$type, D::Error> {
            let value = <$type>::deserialize(from)?;
            if ($low..=$high).contains(&value) {
                Ok(value)
            } else {
                Err(serde::de::Error::custom(format!(
                    "{value} is out of bounds; expected {} to {}",
                    $low, $high
                )))
            }
        }
    };
}

within!(window_cycles, u32, 1..=100_000);
within!(raw_ring, u64, 0..=10_000_000);
within!(hour, u8, 0..=23);
within!(slots, u8, 1..=20);
within!(keep_daily, u32, 1..=1_000);
within!(keep, u32, 0..=1_000);
within!(baud, u32, 1_200..=921_600);

/// Reads the length of the commit window.
pub(super) fn window<'de, D: serde::Deserializer<'de>>(from: D) -> Result<Humane, D::Error> {
    let window = Humane::deserialize(from)?;
    if (Duration::from_millis(10)..=Duration::from_secs(30)).contains(&window.0) {
        Ok(window)
    } else {
        Err(serde::de::Error::custom(format!("{:?} is out of bounds; expected 10ms to 30s", window.0)))
    }
}

/// Reads a path that is there to be read.
pub(super) fn path<'de, D: serde::Deserializer<'de>>(from: D) -> Result<std::path::PathBuf, D::Error> {
    not_empty(std::path::PathBuf::deserialize(from)?).map_err(serde::de::Error::custom)
}

/// A path that says something.
pub(super) fn not_empty(path: std::path::PathBuf) -> Result<std::path::PathBuf, &'static str> {
    if path.as_os_str().is_empty() { Err("expected a path, not \"\"") } else { Ok(path) }
}
