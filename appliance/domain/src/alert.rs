//! What a monitor alerts of by itself, and in which unit it measures that.

use std::fmt;

use serde::{Deserialize, Serialize};

/// What an alert is about, and the unit of its value and limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AlertKind {
    /// 1: mold temperature above the limit; tenths of a degree Celsius.
    Hot,
    /// 2: mold temperature below the limit; tenths of a degree Celsius.
    Cold,
    /// 3: cycle time above the limit; hundredths of a second.
    Slow,
    /// 4: cycle time below the limit; hundredths of a second.
    Fast,
    /// 5: shock above the limit; thousandths of g, the highest value.
    Shock,
    /// 6: off the tool for longer than the limit; seconds.
    Detached,
    /// Any other.
    Unknown(u8),
}

impl AlertKind {
    /// What people call the unit that values are told in; nothing for an unknown kind.
    #[must_use]
    pub const fn unit(self) -> &'static str {
        match self {
            AlertKind::Hot | AlertKind::Cold => "°C",
            AlertKind::Slow | AlertKind::Fast | AlertKind::Detached => "s",
            AlertKind::Shock => "g",
            AlertKind::Unknown(_) => "",
        }
    }

    /// Digits behind the point.
    const fn digits(self) -> usize {
        match self {
            AlertKind::Hot | AlertKind::Cold => 1,
            AlertKind::Slow | AlertKind::Fast => 2,
            AlertKind::Shock => 3,
            AlertKind::Detached | AlertKind::Unknown(_) => 0,
        }
    }

    /// A value of this kind with its unit; one of an unknown kind is a bare number.
    #[must_use]
    pub fn measure(self, value: i64) -> String {
        let (number, unit) = (self.number(value), self.unit());
        if unit.is_empty() { number } else { format!("{number} {unit}") }
    }

    /// A value of this kind as a number of its unit.
    #[must_use]
    pub fn number(self, value: i64) -> String {
        let (sign, size) = (if value < 0 { "-" } else { "" }, value.unsigned_abs());
        let width = self.digits();
        let scale = 10_u64.pow(u32::try_from(width).unwrap_or(0));
        let (whole, part) = (size / scale, size % scale);
        if width > 0 { format!("{sign}{whole}.{part:0width$}") } else { format!("{sign}{whole}") }
    }

    /// A number of this kind's unit as a person writes it, with a point or a comma; none if it is no number, or has more
    /// digits behind the point than are measured.
    #[must_use]
    pub fn parse(self, text: &str) -> Option<i64> {
        let text = text.trim().replace(',', ".");
        let (negative, digits) = text.strip_prefix('-').map_or((false, text.as_str()), |rest| (true, rest));
        let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
        let width = self.digits();
        let plain = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !plain(whole) || !plain(part) || part.trim_end_matches('0').len() > width {
            return None;
        }
        let part: String = part.chars().chain(std::iter::repeat('0')).take(width).collect();
        let size: i64 = format!("{whole}{part}").parse().ok()?;
        Some(if negative { -size } else { size })
    }
}

impl From<u8> for AlertKind {
    fn from(code: u8) -> Self {
        match code {
            1 => AlertKind::Hot,
            2 => AlertKind::Cold,
            3 => AlertKind::Slow,
            4 => AlertKind::Fast,
            5 => AlertKind::Shock,
            6 => AlertKind::Detached,
            other => AlertKind::Unknown(other),
        }
    }
}

impl From<AlertKind> for u8 {
    fn from(kind: AlertKind) -> u8 {
        match kind {
            AlertKind::Hot => 1,
            AlertKind::Cold => 2,
            AlertKind::Slow => 3,
            AlertKind::Fast => 4,
            AlertKind::Shock => 5,
            AlertKind::Detached => 6,
            AlertKind::Unknown(code) => code,
        }
    }
}

impl fmt::Display for AlertKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AlertKind::Hot => "too hot",
            AlertKind::Cold => "too cold",
            AlertKind::Slow => "cycles too slow",
            AlertKind::Fast => "cycles too fast",
            AlertKind::Shock => "shock",
            AlertKind::Detached => "off the tool",
            AlertKind::Unknown(code) => return write!(f, "alert {code:#04x}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_a_kind_and_every_kind_its_code() {
        for code in 0..=u8::MAX {
            assert_eq!(u8::from(AlertKind::from(code)), code);
        }
    }

    #[test]
    fn a_number_is_read_as_it_is_told() {
        for kind in crate::Thresholds::KINDS {
            for value in [0, 7, 90, 912, 12_034, 4_294_967_295] {
                assert_eq!(kind.parse(&kind.number(value)), Some(value), "{kind}");
            }
        }
        assert_eq!(AlertKind::Cold.parse(" -0,5 "), Some(-5));
        assert_eq!(AlertKind::Slow.parse("30"), Some(3_000));
        assert_eq!(AlertKind::Slow.parse("30.500"), Some(3_050));
        let none = ["", ".", "-", "1e3", "1.2.3", "30.555", "a", "99999999999999999999", "+1", "٣"];
        for text in none {
            assert_eq!(AlertKind::Slow.parse(text), None, "{text:?}");
        }
    }

    #[test]
    fn a_value_is_told_in_its_unit() {
        assert_eq!(AlertKind::Hot.measure(912), "91.2 °C");
        assert_eq!(AlertKind::Cold.measure(-5), "-0.5 °C");
        assert_eq!(AlertKind::Slow.measure(3_007), "30.07 s");
        assert_eq!(AlertKind::Shock.measure(12_034), "12.034 g");
        assert_eq!(AlertKind::Detached.measure(90), "90 s");
        assert_eq!(AlertKind::Unknown(9).measure(i64::MIN), "-9223372036854775808");
    }
}
