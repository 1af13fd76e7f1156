//! Sensors that anyone can buy and stick on a mold: what their adverts say, in terms of the plant.
//!
//! BTHome v2 ([`bthome`]) is read here, Ruuvi ([`ruuvi`]) by the crate `ruuvi-sensor-protocol`. Of the crates that
//! were looked at for BTHome, `btsensor` 0.1.2 panics on empty service data, decrypts nothing and drops a whole advert
//! for one object that it does not know; `bluetooth-adv` 0.2.0 could not be had from the registry, so that nobody here
//! has read it. For Ruuvi, `ruuvi-decoders` 2.0.2 panics on an empty payload and counts in floating point.

pub mod bthome;
mod objects;
pub mod ruuvi;

use domain::{CounterWidth, Percent, Temperature};

/// A door, a window, or a contact on a mold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Contact {
    /// The halves touch.
    Closed,
    /// They do not.
    Open,
}

/// Along what an acceleration was measured.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
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

#[cfg(test)]
mod tests;
