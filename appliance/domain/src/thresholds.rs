//! When a monitor raises an alert by itself, in the units of [`AlertKind`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::AlertKind;

/// A limit, and how far a value must come back before the alert ends; both in the unit of their kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limit {
    /// The alert begins when a value is beyond this.
    pub at: i64,
    /// It ends when a value is back within the limit by so much; 0: as soon as it is within.
    pub hysteresis: u32,
}

/// A limit as a person writes it, in the unit of its kind. Both empty: it is not set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TypedLimit {
    /// The limit.
    pub at: String,
    /// How far back ends the alert; empty: as soon as it is within.
    #[serde(default)]
    pub back: String,
}

impl TypedLimit {
    fn read(&self, kind: AlertKind) -> Result<Option<Limit>, ThresholdError> {
        let number = |text: &str| {
            let no_number = || ThresholdError::Number { kind, text: text.trim().to_owned() };
            kind.parse(text).ok_or_else(no_number)
        };
        match (self.at.trim(), self.back.trim()) {
            ("", "") => Ok(None),
            ("", _) => Err(ThresholdError::NoLimit(kind)),
            (at, "") => Ok(Some(Limit { at: number(at)?, hysteresis: 0 })),
            (at, back) => {
                let hysteresis = u32::try_from(number(back)?);
                let hysteresis = hysteresis.map_err(|_| ThresholdError::Back(kind))?;
                Ok(Some(Limit { at: number(at)?, hysteresis }))
            }
        }
    }
}

/// Why a limit cannot be set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ThresholdError {
    /// What was written is no number of that unit.
    #[error("{kind}: {text:?} is no number like {}", .kind.number(1_234))]
    Number {
        /// Of which limit.
        kind: AlertKind,
        /// What was written.
        text: String,
    },
    /// Only how far back was written.
    #[error("{0}: it says how far back, and no limit")]
    NoLimit(AlertKind),
    /// Nobody knows what it would be about.
    #[error("there is no limit for {0}")]
    Kind(AlertKind),
    /// No monitor measures so much or so little.
    #[error("{kind}: the limit must lie between {} and {}", .kind.measure(*.least), .kind.measure(*.most))]
    Range {
        /// Of which limit.
        kind: AlertKind,
        /// The lowest there is.
        least: i64,
        /// The highest there is.
        most: i64,
    },
    /// Every value would be beyond one of them.
    #[error("the limit of {over} must be above the one of {under}")]
    Crossed {
        /// The limit that must be higher.
        over: AlertKind,
        /// The limit that must be lower.
        under: AlertKind,
    },
    /// The alert would never end, or only beyond the other limit.
    #[error("{0}: no value can be so far back")]
    Back(AlertKind),
}

/// All thresholds of a monitor; a kind that is not set raises nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "BTreeMap<AlertKind, Limit>", into = "BTreeMap<AlertKind, Limit>")]
pub struct Thresholds(BTreeMap<AlertKind, Limit>);

impl Thresholds {
    /// What may be watched, in the order in which people are shown it.
    pub const KINDS: [AlertKind; 6] = [
        AlertKind::Hot,
        AlertKind::Cold,
        AlertKind::Slow,
        AlertKind::Fast,
        AlertKind::Shock,
        AlertKind::Detached,
    ];

    /// Sets or lifts one limit.
    ///
    /// # Errors
    /// There is no such limit, or no monitor measures that. Nothing is changed then.
    pub fn set(&mut self, kind: AlertKind, limit: Option<Limit>) -> Result<(), ThresholdError> {
        let (least, most) = range(kind).ok_or(ThresholdError::Kind(kind))?;
        match limit {
            Some(limit) if !(least..=most).contains(&limit.at) => {
                return Err(ThresholdError::Range { kind, least, most });
            }
            Some(limit) => _ = self.0.insert(kind, limit),
            None => _ = self.0.remove(&kind),
        }
        Ok(())
    }

    /// The limit of a kind, if it is set.
    #[must_use]
    pub fn get(&self, kind: AlertKind) -> Option<Limit> {
        self.0.get(&kind).copied()
    }

    /// Limits that are set, by kind.
    pub fn iter(&self) -> impl Iterator<Item = (AlertKind, Limit)> + '_ {
        self.0.iter().map(|(kind, limit)| (*kind, *limit))
    }

    /// Nothing is watched.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// From what a person wrote, in the order of [`Self::KINDS`]; whatever is left out is not set.
    ///
    /// # Errors
    /// Something cannot be a limit, or two leave no room between them: the first such thing.
    pub fn parse(typed: &[TypedLimit]) -> Result<Self, ThresholdError> {
        let mut thresholds = Thresholds::default();
        for (kind, typed) in Self::KINDS.into_iter().zip(typed) {
            thresholds.set(kind, typed.read(kind)?)?;
        }
        thresholds.check()?;
        Ok(thresholds)
    }

    /// Whether they make sense together. What a monitor has need not; what people set must.
    ///
    /// # Errors
    /// Two limits leave no room between them.
    pub fn check(&self) -> Result<(), ThresholdError> {
        for (over, under) in [(AlertKind::Hot, AlertKind::Cold), (AlertKind::Slow, AlertKind::Fast)] {
            let (Some(high), Some(low)) = (self.get(over), self.get(under)) else { continue };
            if high.at <= low.at {
                return Err(ThresholdError::Crossed { over, under });
            }
            if high.at - i64::from(high.hysteresis) < low.at {
                return Err(ThresholdError::Back(over));
            }
            if low.at + i64::from(low.hysteresis) > high.at {
                return Err(ThresholdError::Back(under));
            }
        }
        Ok(())
    }

    /// For people and the audit trail: `too hot 85.0 °C (back by 2.0 °C), shock 4.000 g`, or `none`.
    #[must_use]
    pub fn words(&self) -> String {
        if self.is_empty() {
            return "none".to_owned();
        }
        let one = |(kind, limit): (AlertKind, Limit)| {
            let back = match limit.hysteresis {
                0 => String::new(),
                back => format!(" (back by {})", kind.measure(back.into())),
            };
            format!("{kind} {}{back}", kind.measure(limit.at))
        };
        self.iter().map(one).collect::<Vec<_>>().join(", ")
    }
}

/// What can be measured of a kind; docs/protocol/open-v4.md, 4 thresholds.
const fn range(kind: AlertKind) -> Option<(i64, i64)> {
    match kind {
        AlertKind::Hot | AlertKind::Cold => Some((-32_767, 32_767)),
        // 49 days, as many hundredths of a second as a cycle time has.
        AlertKind::Slow | AlertKind::Fast => Some((0, 429_496_729)),
        AlertKind::Shock | AlertKind::Detached => Some((0, 4_294_967_295)),
        AlertKind::Unknown(_) => None,
    }
}

impl TryFrom<BTreeMap<AlertKind, Limit>> for Thresholds {
    type Error = ThresholdError;

    fn try_from(limits: BTreeMap<AlertKind, Limit>) -> Result<Self, ThresholdError> {
        let mut thresholds = Thresholds::default();
        limits.into_iter().try_for_each(|(kind, limit)| thresholds.set(kind, Some(limit)))?;
        Ok(thresholds)
    }
}

impl From<Thresholds> for BTreeMap<AlertKind, Limit> {
    fn from(thresholds: Thresholds) -> Self {
        thresholds.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(limits: &[(AlertKind, i64, u32)]) -> Thresholds {
        let mut thresholds = Thresholds::default();
        for (kind, at, hysteresis) in limits {
            thresholds.set(*kind, Some(Limit { at: *at, hysteresis: *hysteresis })).unwrap();
        }
        thresholds
    }

    #[test]
    fn a_limit_that_nothing_measures_is_refused_and_changes_nothing() {
        let mut thresholds = of(&[(AlertKind::Hot, 850, 20)]);
        let before = thresholds.clone();
        let far = Limit { at: 40_000, hysteresis: 0 };
        let why = thresholds.set(AlertKind::Hot, Some(far)).unwrap_err();
        assert_eq!(why.to_string(), "too hot: the limit must lie between -3276.7 °C and 3276.7 °C");
        thresholds.set(AlertKind::Slow, Some(Limit { at: -1, hysteresis: 0 })).unwrap_err();
        thresholds.set(AlertKind::Unknown(9), Some(far)).unwrap_err();
        assert_eq!(thresholds, before);
    }

    #[test]
    fn two_limits_leave_room_between_them() {
        of(&[(AlertKind::Hot, 850, 20), (AlertKind::Cold, 200, 20)]).check().unwrap();
        let crossed = of(&[(AlertKind::Hot, 200, 0), (AlertKind::Cold, 200, 0)]).check().unwrap_err();
        assert_eq!(crossed.to_string(), "the limit of too hot must be above the one of too cold");
        let back = of(&[(AlertKind::Slow, 3_000, 2_000), (AlertKind::Fast, 1_500, 0)]).check();
        assert_eq!(back, Err(ThresholdError::Back(AlertKind::Slow)));
        let back = of(&[(AlertKind::Slow, 3_000, 0), (AlertKind::Fast, 1_500, 1_501)]).check();
        assert_eq!(back, Err(ThresholdError::Back(AlertKind::Fast)));
    }

    #[test]
    fn what_is_written_is_read_with_point_or_comma_and_refused_by_name() {
        let typed = |limits: &[(&str, &str)]| {
            let typed = limits.iter().map(|(at, back)| TypedLimit { at: (*at).into(), back: (*back).into() });
            Thresholds::parse(&typed.collect::<Vec<_>>())
        };
        let all = typed(&[("85", "2,0"), ("-5", ""), ("30.5", "1"), ("", ""), ("4", ""), (" 60 ", "")]);
        let read = of(&[
            (AlertKind::Hot, 850, 20),
            (AlertKind::Cold, -50, 0),
            (AlertKind::Slow, 3_050, 100),
            (AlertKind::Shock, 4_000, 0),
            (AlertKind::Detached, 60, 0),
        ]);
        assert_eq!(all.unwrap(), read);
        let why = |limits: &[(&str, &str)]| typed(limits).unwrap_err().to_string();
        assert_eq!(why(&[("warm", "")]), r#"too hot: "warm" is no number like 123.4"#);
        assert_eq!(why(&[("", "2")]), "too hot: it says how far back, and no limit");
        assert_eq!(why(&[("85", "-2")]), "too hot: no value can be so far back");
        assert_eq!(why(&[("20", ""), ("85", "")]), "the limit of too hot must be above the one of too cold");
    }

    #[test]
    fn they_are_told_with_their_units() {
        assert_eq!(Thresholds::default().words(), "none");
        let some = of(&[(AlertKind::Shock, 4_000, 0), (AlertKind::Hot, 850, 20)]);
        assert_eq!(some.words(), "too hot 85.0 °C (back by 2.0 °C), shock 4.000 g");
    }

    #[test]
    fn what_comes_from_elsewhere_is_checked_too() {
        let some = of(&[(AlertKind::Hot, 850, 20)]);
        let text = serde_json::to_string(&some).unwrap();
        assert_eq!(serde_json::from_str::<Thresholds>(&text).unwrap(), some);
        serde_json::from_str::<Thresholds>(&text.replace("850", "40000")).unwrap_err();
    }
}
