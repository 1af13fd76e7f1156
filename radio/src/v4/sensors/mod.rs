//! Sensors that anyone can buy and stick on a mold: what their adverts say, in terms of the plant.
//!
//! BTHome v2 ([`bthome`]) is read here, Ruuvi ([`ruuvi`]) by the crate `ruuvi-sensor-protocol`. Of the crates that
//! were looked at for BTHome, `btsensor` 0.1.2 panics on empty service data, decrypts nothing and drops a whole advert
//! for one object that it does not know; `bluetooth-adv` 0.2.0 could not be had from the registry, so that nobody here
//! has read it. For Ruuvi, `ruuvi-decoders` 2.0.2 panics on an empty payload and counts in floating point.

pub mod bthome;
mod ear;
mod objects;
pub mod ruuvi;

pub use domain::{Axis, Contact};
use domain::{CounterWidth, Measure, Percent, Temperature};

pub use ear::{ALIVE_EVERY, Ear, MOST_STRANGERS, STRANGER_EVERY, SensorData};

/// One thing that a sensor said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reading {
    /// A counter stands there. What its steps are is for [`domain::step`] to tell.
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
    /// A counter of movements stands there.
    Movements {
        /// Its reading.
        count: u64,
        /// How wide it is.
        width: CounterWidth,
    },
    /// An acceleration, thousandths of g (9.80665 m/s²).
    Acceleration {
        /// Along what.
        axis: Axis,
        /// How much.
        milli_g: i32,
    },
    /// The number of the measurement or packet: the same one again is no news.
    Sequence(u32),
    /// Something that means nothing to a mold, or a value that nobody can mean.
    Other {
        /// The format's number for it.
        object: u8,
        /// What the format calls it.
        name: &'static str,
        /// As it was sent.
        data: Vec<u8>,
    },
    /// An object that nobody here knows. How long it is nobody knows either, so that it takes all that follows.
    Unknown {
        /// Its number.
        object: u8,
        /// All that follows.
        data: Vec<u8>,
    },
}

impl Reading {
    /// What that is to the box; none for what only tells adverts apart.
    fn measure(&self) -> Option<Measure> {
        Some(match self {
            Reading::Count { count, width } => Measure::Count { count: *count, width: *width },
            Reading::Contact(contact) => Measure::Contact(*contact),
            Reading::Temperature(temperature) => Measure::Temperature(*temperature),
            Reading::Battery(percent) => Measure::Battery(*percent),
            Reading::BatteryMillivolts(millivolts) => Measure::BatteryMillivolts(*millivolts),
            Reading::BatteryLow(low) => Measure::BatteryLow(*low),
            Reading::Vibration(vibrates) => Measure::Vibration(*vibrates),
            Reading::Moving(moves) => Measure::Moving(*moves),
            Reading::Movements { count, .. } => Measure::Movements(u8::try_from(*count).ok()?),
            Reading::Acceleration { axis, milli_g } => {
                Measure::Acceleration { axis: *axis, milli_g: *milli_g }
            }
            Reading::Sequence(_) => return None,
            Reading::Other { name, .. } => Measure::Other((*name).to_owned()),
            Reading::Unknown { object, .. } => Measure::Other(format!("object {object:02X}")),
        })
    }
}

#[cfg(test)]
mod tests;
