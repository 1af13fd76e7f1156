//! Services that the Bluetooth SIG defined, as far as a monitor has them.

use domain::Percent;

use crate::open::FieldError;
use crate::v4::Uuid;

/// Services and characteristics (Assigned Numbers, 3.4.1 and 3.8.1).
pub mod service {
    use super::Uuid;

    /// Device information.
    pub const DEVICE_INFORMATION: Uuid = Uuid::from_u16(0x180A);
    /// Model, text.
    pub const MODEL_NUMBER: Uuid = Uuid::from_u16(0x2A24);
    /// Serial number, text: `V4-00012345`.
    pub const SERIAL_NUMBER: Uuid = Uuid::from_u16(0x2A25);
    /// Firmware, text.
    pub const FIRMWARE_REVISION: Uuid = Uuid::from_u16(0x2A26);
    /// Hardware, text.
    pub const HARDWARE_REVISION: Uuid = Uuid::from_u16(0x2A27);
    /// Maker, text.
    pub const MANUFACTURER_NAME: Uuid = Uuid::from_u16(0x2A29);
    /// Battery.
    pub const BATTERY: Uuid = Uuid::from_u16(0x180F);
    /// Battery level, see [`super::battery_level`].
    pub const BATTERY_LEVEL: Uuid = Uuid::from_u16(0x2A19);
    /// Current time.
    pub const TIME: Uuid = Uuid::from_u16(0x1805);
    /// Current time, see [`super::CurrentTime`].
    pub const CURRENT_TIME: Uuid = Uuid::from_u16(0x2A2B);
}

/// Battery level (Battery Service 1.1, 3.1): one byte, 0 to 100.
pub fn battery_level(value: &[u8]) -> Result<Percent, FieldError> {
    let field = "battery level";
    match value {
        [] => Err(FieldError::Truncated { field }),
        [percent] => Percent::new(*percent).ok_or(FieldError::Value { field, value: u64::from(*percent) }),
        [_, rest @ ..] => Err(FieldError::Trailing(rest.len())),
    }
}

/// Current time (Current Time Service 1.1, 3.1): ten bytes, the civil time of the place. 0 stands for "not known" in
/// `year`, `month`, `day` and `weekday`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CurrentTime {
    /// 1582 to 9999.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// 1 to 31.
    pub day: u8,
    /// 0 to 23.
    pub hour: u8,
    /// 0 to 59.
    pub minute: u8,
    /// 0 to 59.
    pub second: u8,
    /// 1 Monday to 7 Sunday.
    pub weekday: u8,
    /// 256ths of a second.
    pub fraction: u8,
    /// Why it was adjusted: 1 by hand, 2 by another clock, 4 time zone, 8 daylight saving.
    pub adjusted: u8,
}

impl CurrentTime {
    /// Reads exactly ten bytes.
    pub fn decode(value: &[u8]) -> Result<Self, FieldError> {
        let Some((bytes, rest)) = value.split_first_chunk::<10>() else {
            return Err(FieldError::Truncated { field: "current time" });
        };
        if !rest.is_empty() {
            return Err(FieldError::Trailing(rest.len()));
        }
        let [low, high, month, day, hour, minute, second, weekday, fraction, adjusted] = *bytes;
        let year = u16::from_le_bytes([low, high]);
        let within = [
            ("year", year, year == 0 || (1582..=9999).contains(&year)),
            ("month", u16::from(month), month <= 12),
            ("day", u16::from(day), day <= 31),
            ("hour", u16::from(hour), hour <= 23),
            ("minute", u16::from(minute), minute <= 59),
            ("second", u16::from(second), second <= 59),
            ("weekday", u16::from(weekday), weekday <= 7),
            ("reason", u16::from(adjusted), adjusted <= 0x0F),
        ];
        match within.into_iter().find(|(.., within)| !within) {
            Some((field, value, _)) => Err(FieldError::Value { field, value: u64::from(value) }),
            None => Ok(CurrentTime { year, month, day, hour, minute, second, weekday, fraction, adjusted }),
        }
    }

    /// As ten bytes.
    #[must_use]
    pub const fn encode(&self) -> [u8; 10] {
        let [low, high] = self.year.to_le_bytes();
        let CurrentTime { month, day, hour, minute, second, weekday, fraction, adjusted, .. } = *self;
        [low, high, month, day, hour, minute, second, weekday, fraction, adjusted]
    }
}
