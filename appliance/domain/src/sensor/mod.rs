//! Sensors that anyone can buy and stick on a mold: what their adverts say, and what a person makes of it.

mod key;
mod rule;
mod words;

pub use key::{BindKey, BindKeyError};
pub use rule::{CycleRule, Edge, SensorRule, SensorRuleError, ShockRule};

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{CounterWidth, Percent, Temperature};

/// A door, a window, or a contact on a mold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Contact {
    /// The halves touch.
    Closed,
    /// They do not.
    Open,
}

/// Along what an acceleration was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Axis {
    /// The sensor's x.
    X,
    /// The sensor's y.
    Y,
    /// The sensor's z.
    Z,
    /// The sensor does not say.
    Unknown,
}

/// In which format a sensor speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SensorFormat {
    /// BTHome v2.
    Bthome,
    /// Ruuvi's 5, 6 and E1.
    Ruuvi,
}

impl fmt::Display for SensorFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            SensorFormat::Bthome => "BTHome",
            SensorFormat::Ruuvi => "Ruuvi",
        })
    }
}

/// Why a text names no channel.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a channel is BTHome's number of the object in hexadecimal, and which of several alike it is: 3D, 02.2; not {0:?}"
)]
pub struct ChannelError(String);

/// One of the things that a sensor says: `3D`, or `02.2` for the second of two alike in one advert.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Channel {
    object: u8,
    place: u8,
}

impl Channel {
    /// Ruuvi has one of each and numbers nothing.
    pub const ONLY: Channel = Channel { object: 0, place: 1 };

    /// BTHome's number of the object, and its place among those alike in an advert, from 1.
    #[must_use]
    pub const fn new(object: u8, place: u8) -> Self {
        Channel { object, place: if place == 0 { 1 } else { place } }
    }
}

impl fmt::Display for Channel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.place {
            1 => write!(f, "{:02X}", self.object),
            place => write!(f, "{:02X}.{place}", self.object),
        }
    }
}

impl FromStr for Channel {
    type Err = ChannelError;

    fn from_str(text: &str) -> Result<Self, ChannelError> {
        let refuse = || ChannelError(text.to_owned());
        let (object, place) = text.split_once('.').unwrap_or((text, "1"));
        let digits = |text: &str, most| !text.is_empty() && text.len() <= most && !text.starts_with('+');
        if !digits(object, 2) || !digits(place, 3) {
            return Err(refuse());
        }
        let object = u8::from_str_radix(object, 16).map_err(|_| refuse())?;
        let place = place.parse().ok().filter(|place| *place > 0).ok_or_else(refuse)?;
        Ok(Channel { object, place })
    }
}

impl TryFrom<String> for Channel {
    type Error = ChannelError;

    fn try_from(text: String) -> Result<Self, ChannelError> {
        text.parse()
    }
}

impl From<Channel> for String {
    fn from(channel: Channel) -> String {
        channel.to_string()
    }
}

/// One thing that a sensor said.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Said {
    /// Which of them.
    pub channel: Channel,
    /// What.
    pub what: Measure,
}

/// What a sensor says of something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Measure {
    /// A counter stands there.
    Count {
        /// Its reading.
        count: u64,
        /// How wide it is.
        width: CounterWidth,
    },
    /// A contact is open or closed.
    Contact(Contact),
    /// A temperature.
    Temperature(Temperature),
    /// Battery charge.
    Battery(Percent),
    /// Battery voltage; how much charge that is, the sensor does not say.
    BatteryMillivolts(u16),
    /// The battery is low, or not.
    BatteryLow(bool),
    /// It vibrates, or not.
    Vibration(bool),
    /// It is being moved, or not.
    Moving(bool),
    /// So often it was moved: 0 to 254, then 0 again.
    Movements(u8),
    /// An acceleration, thousandths of g (9.80665 m/s²).
    Acceleration {
        /// Along what.
        axis: Axis,
        /// How much.
        milli_g: i32,
    },
    /// Something that means nothing to a mold, by the format's name for it.
    Other(String),
}

/// Why nothing is read of a sensor that is heard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, thiserror::Error)]
pub enum Unread {
    /// It is encrypted, and the box has no key for it.
    #[error("it is encrypted, and the box has no bind key for it")]
    NoKey,
    /// The key that was typed does not open it.
    #[error("the bind key does not open it, or somebody sends in its name")]
    WrongKey,
    /// The box has a key for it, and this advert was open: anybody could have sent it.
    #[error("it is to be encrypted and is not: anybody could send this")]
    NotSealed,
    /// The counter of its seal went back: replayed, or it began anew.
    #[error(
        "its counter went back: old adverts are sent again, or its battery was changed; then save it again"
    )]
    OldCounter,
    /// Its bytes are no advert of that format.
    #[error("its adverts are damaged, or of a version that is not known here")]
    Damaged,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_reads_back_as_it_was_written() {
        for text in ["00", "3D", "02.2", "FF.255"] {
            assert_eq!(text.parse::<Channel>().unwrap().to_string(), text);
        }
        assert_eq!("2d".parse(), Ok(Channel::new(0x2D, 1)));
        assert_eq!(Channel::new(2, 0), Channel::new(2, 1));
        for text in ["", "3D.", "3D.0", ".1", "100", "3D.256", "+3", "3D.+1", "x"] {
            assert!(text.parse::<Channel>().is_err(), "{text}");
        }
    }
}
