//! What a person makes of a sensor: which of the things it says are cycles of a mold, and how.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::Channel;

/// Closings nearer to each other than a person may ask for would let bounces through.
const LEAST_APART: Duration = Duration::from_millis(100);
/// No mold takes longer.
const MOST_APART: Duration = Duration::from_secs(600);
/// Gravity alone is 1,000 mg.
const LEAST_SHOCK: u32 = 1_100;
/// What sensors measure at most.
const MOST_SHOCK: u32 = 16_000;
/// A sensor that says something once a day is silent after some days at most.
const LONGEST_SILENCE: Duration = Duration::from_secs(7 * 86_400);

/// Why a rule cannot be followed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SensorRuleError {
    /// It asks for nothing.
    #[error("choose what the sensor is used for: cycles, temperature or shock")]
    Nothing,
    /// Cycles nearer to each other than contacts bounce, or further apart than any mold's.
    #[error("the least time between cycles is 0.1 to 600 seconds")]
    Apart,
    /// Less than gravity, or more than sensors measure.
    #[error("a shock is 1100 to 16000 mg: gravity alone is 1000")]
    Shock,
    /// It would be silent at once, or never.
    #[error("a sensor is silent after 1 to 10080 minutes without a word")]
    Silence,
    /// A movement cannot be a cycle and a shock.
    #[error("movements are cycles already: they cannot be shocks too")]
    Movements,
}

/// Which change of a contact is a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Edge {
    /// It was open and is closed.
    Closes,
    /// It was closed and is open.
    Opens,
}

/// What is a cycle.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum CycleRule {
    /// Nothing: another monitor counts, or nobody.
    None,
    /// A contact that opens or closes.
    Contact {
        /// Which contact.
        channel: Channel,
        /// Which of the two.
        edge: Edge,
        /// Changes nearer to the last cycle than this are none, ms.
        least_apart_ms: u32,
    },
    /// Each step of a counter.
    Count {
        /// Which counter.
        channel: Channel,
    },
    /// Each movement that the sensor counts.
    Movements,
}

/// What is a shock.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ShockRule {
    /// An acceleration of so much along any axis, mg.
    Acceleration {
        /// At least.
        milli_g: u32,
    },
    /// The sensor says that it vibrates or is being moved, or counts a movement.
    Movement,
}

/// What a person makes of a sensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct SensorRule {
    /// What is a cycle.
    pub cycles: CycleRule,
    /// Which temperature is the mold's.
    pub temperature: Option<Channel>,
    /// What is a shock.
    pub shock: Option<ShockRule>,
    /// An alarm stands when the sensor says nothing for so many minutes; none where a person wants no such alarm.
    pub silent_after_min: Option<u32>,
}

impl SensorRule {
    /// Holds a rule against what can be followed.
    ///
    /// # Errors
    /// With what cannot, for people.
    pub fn check(self) -> Result<Self, SensorRuleError> {
        if self.cycles == CycleRule::None && self.temperature.is_none() && self.shock.is_none() {
            return Err(SensorRuleError::Nothing);
        }
        if let CycleRule::Contact { least_apart_ms, .. } = self.cycles
            && !(LEAST_APART..=MOST_APART).contains(&Duration::from_millis(least_apart_ms.into()))
        {
            return Err(SensorRuleError::Apart);
        }
        match self.shock {
            Some(ShockRule::Acceleration { milli_g }) if !(LEAST_SHOCK..=MOST_SHOCK).contains(&milli_g) => {
                return Err(SensorRuleError::Shock);
            }
            Some(ShockRule::Movement) if self.cycles == CycleRule::Movements => {
                return Err(SensorRuleError::Movements);
            }
            _ => {}
        }
        let fits = |minutes| minutes > 0 && Duration::from_secs(60 * u64::from(minutes)) <= LONGEST_SILENCE;
        if self.silent_after_min.is_some_and(|minutes| !fits(minutes)) {
            return Err(SensorRuleError::Silence);
        }
        Ok(self)
    }

    /// How long the sensor may say nothing.
    #[must_use]
    pub fn silent_after(&self) -> Option<Duration> {
        self.silent_after_min.map(|minutes| Duration::from_secs(60 * u64::from(minutes)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DOOR: Channel = Channel::new(0x1A, 1);

    fn rule(cycles: CycleRule) -> SensorRule {
        SensorRule { cycles, temperature: None, shock: None, silent_after_min: Some(60) }
    }

    #[test]
    fn a_rule_that_cannot_be_followed_is_refused() {
        let contact =
            |least_apart_ms| CycleRule::Contact { channel: DOOR, edge: Edge::Closes, least_apart_ms };
        assert_eq!(rule(CycleRule::None).check(), Err(SensorRuleError::Nothing));
        for (apart, fits) in [(99, false), (100, true), (600_000, true), (600_001, false)] {
            assert_eq!(rule(contact(apart)).check().is_ok(), fits, "{apart}");
        }
        for (milli_g, fits) in [(1_000, false), (1_100, true), (16_000, true), (16_001, false)] {
            let shock = Some(ShockRule::Acceleration { milli_g });
            assert_eq!(SensorRule { shock, ..rule(CycleRule::None) }.check().is_ok(), fits, "{milli_g}");
        }
        let twice = SensorRule { shock: Some(ShockRule::Movement), ..rule(CycleRule::Movements) };
        assert_eq!(twice.check(), Err(SensorRuleError::Movements));
        for (minutes, fits) in
            [(Some(0), false), (Some(1), true), (Some(10_080), true), (Some(10_081), false), (None, true)]
        {
            let rule = SensorRule { silent_after_min: minutes, ..rule(CycleRule::Movements) };
            assert_eq!(rule.check().is_ok(), fits, "{minutes:?}");
        }
    }
}
