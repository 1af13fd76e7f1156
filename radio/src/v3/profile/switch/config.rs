//! How a module is wired and set up.

use std::time::Duration;

use domain::{Eui64, Initialisation, Temperature};
use serde::{Deserialize, Serialize};

use crate::v3::frame::IoSample;

const DIGITAL_PINS: u8 = 12;
const ANALOG_PINS: u8 = 3;

/// Why a module cannot be watched as it is configured.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum SwitchConfigError {
    /// There is no such digital input.
    #[error("module {0}: the contact's pin is 0 to {DIGITAL_PINS}, not {1}")]
    Digital(Eui64, u8),
    /// There is no such analogue input.
    #[error("module {0}: the temperature's pin is 0 to {ANALOG_PINS}, not {1}")]
    Analog(Eui64, u8),
    /// Without regular samples nobody knows whether nothing happens or nothing is heard.
    #[error("module {0}: sampling_ms must be at least 50, as the module's IR is")]
    Sampling(Eui64),
    /// A level that must stand longer than samples may be apart is never believed.
    #[error("module {0}: debounce_ms must be less than sampling_ms")]
    Debounce(Eui64),
    /// A scale or offset that makes no temperature.
    #[error("module {0}: celsius_per_step and celsius_at_zero must be numbers")]
    Scale(Eui64),
    /// It is there twice.
    #[error("module {0} is configured twice")]
    Twice(Eui64),
}

/// A module with a contact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SwitchModule {
    /// Its address.
    pub module: Eui64,
    /// The contact.
    pub contact: Contact,
    /// The temperature input, if there is one.
    #[serde(default)]
    pub temperature: Option<Analog>,
    /// The mold it counts for, if it is fixed; else a person says so on the box.
    #[serde(default)]
    pub mold: Option<Initialisation>,
}

/// A mold-closed contact.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Contact {
    /// Which digital input: 3 for DIO3.
    pub pin: u8,
    /// The input's level while the mold is closed.
    pub closed: Level,
    /// The module's IR: a sample comes at least that often.
    pub sampling_ms: u32,
    /// So many samples in a row may be missing before it is said that nobody knows what happened.
    #[serde(default = "may_miss")]
    pub may_miss: u8,
    /// A level must stand so long to be believed.
    #[serde(default = "debounce_ms")]
    pub debounce_ms: u32,
    /// Closings nearer to each other are one: no mold is that quick, but contacts bounce and frames are repeated.
    #[serde(default = "shortest_cycle_ms")]
    pub shortest_cycle_ms: u32,
}

const fn may_miss() -> u8 {
    3
}

const fn debounce_ms() -> u32 {
    40
}

const fn shortest_cycle_ms() -> u32 {
    1_000
}

impl Contact {
    /// `None` if the sample does not have this input.
    pub(super) fn is_closed(&self, sample: &IoSample) -> Option<bool> {
        let mask = 1u16.checked_shl(u32::from(self.pin))?;
        let levels = sample.digital.filter(|_| sample.digital_mask & mask != 0)?;
        Some((levels & mask != 0) == (self.closed == Level::High))
    }

    /// Longer silence than that is a gap.
    pub(super) fn longest_silence(&self) -> Duration {
        self.sampling() * (u32::from(self.may_miss) + 1)
    }

    const fn sampling(&self) -> Duration {
        Duration::from_millis(self.sampling_ms as u64)
    }

    pub(super) const fn debounce(&self) -> Duration {
        Duration::from_millis(self.debounce_ms as u64)
    }

    pub(super) const fn shortest_cycle(&self) -> Duration {
        Duration::from_millis(self.shortest_cycle_ms as u64)
    }
}

/// A level of a digital input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Level {
    /// The supply's.
    High,
    /// The ground's; with the module's pull-up, a contact to ground that is closed.
    Low,
}

/// A temperature sensor with a voltage output.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Analog {
    /// Which analogue input: 2 for AD2.
    pub pin: u8,
    /// Degrees for each step of the converter.
    pub celsius_per_step: f64,
    /// Degrees at step zero.
    pub celsius_at_zero: f64,
}

impl Analog {
    /// `None` if the sample does not have this input; samples sent on a change of level do not.
    pub(super) fn temperature(&self, sample: &IoSample) -> Option<Temperature> {
        let bit = 1u8.checked_shl(u32::from(self.pin))?;
        let place = (sample.analog_mask & (bit - 1)).count_ones() as usize;
        let step = sample.analog.get(place).filter(|_| sample.analog_mask & bit != 0)?;
        let milli = (self.celsius_at_zero + self.celsius_per_step * f64::from(*step)) * 1000.0;
        // What no mold ever has is a broken sensor, not a temperature.
        (-100_000.0..1_000_000.0)
            .contains(&milli)
            .then(|| Temperature::from_milli_celsius(milli.round() as i32))
    }
}

impl SwitchModule {
    pub(super) fn check(&self) -> Result<(), SwitchConfigError> {
        let SwitchModule { module, contact, temperature, .. } = self;
        if contact.pin > DIGITAL_PINS {
            return Err(SwitchConfigError::Digital(*module, contact.pin));
        }
        if contact.sampling_ms < 50 {
            return Err(SwitchConfigError::Sampling(*module));
        }
        if contact.debounce_ms >= contact.sampling_ms {
            return Err(SwitchConfigError::Debounce(*module));
        }
        if let Some(analog) = temperature {
            if analog.pin > ANALOG_PINS {
                return Err(SwitchConfigError::Analog(*module, analog.pin));
            }
            if !analog.celsius_per_step.is_finite() || !analog.celsius_at_zero.is_finite() {
                return Err(SwitchConfigError::Scale(*module));
            }
        }
        Ok(())
    }
}
