//! How a monitor is, over the link.

use crate::open::wire::Reader;
use crate::open::{DeciCelsius, FieldError};
use crate::v4::advert::State;

/// How a monitor is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LinkStatus {
    /// Which run of counting.
    pub era: u32,
    /// The monitor's counter now.
    pub count: u32,
    /// What the tool does.
    pub state: State,
    /// Mold temperature.
    pub temperature: Option<DeciCelsius>,
    /// Battery charge, percent; above 100 it is not known.
    pub battery: u8,
    /// Seconds since the monitor started.
    pub uptime: u32,
    /// Cycles in its memory.
    pub stored: u32,
    /// Those of them, of this era, that the box did not say it kept.
    pub unacknowledged: u32,
    /// The number of the last alert, 0 if there was none in this era.
    pub alerts: u32,
    /// The counter of its next sealed advert, 0 if it has no key.
    pub next_advert: u32,
}

impl LinkStatus {
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        bytes.extend(self.era.to_be_bytes());
        bytes.extend(self.count.to_be_bytes());
        bytes.push(self.state.code());
        bytes.extend(DeciCelsius::to_wire(self.temperature));
        bytes.push(self.battery);
        for number in [self.uptime, self.stored, self.unacknowledged, self.alerts, self.next_advert] {
            bytes.extend(number.to_be_bytes());
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        Ok(LinkStatus {
            era: reader.u32("era")?,
            count: reader.u32("count")?,
            state: match reader.u8("state")? {
                code @ 0..=3 => State::of(code),
                other => return Err(FieldError::Value { field: "state", value: u64::from(other) }),
            },
            temperature: DeciCelsius::new(reader.i16("temperature")?),
            battery: reader.u8("battery")?,
            uptime: reader.u32("uptime")?,
            stored: reader.u32("stored")?,
            unacknowledged: reader.u32("unacknowledged")?,
            alerts: reader.u32("alerts")?,
            next_advert: reader.u32("next advert")?,
        })
    }
}
