//! When a monitor raises an alert by itself.

use crate::open::wire::{Reader, push_varint, unzigzag, zigzag};
use crate::open::{CycleTicks, DeciCelsius, FieldError};

/// A limit, and how far a value must come back before the alert ends. Both are in the same unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limit<T> {
    /// The alert begins when a value is beyond this.
    pub at: T,
    /// It ends when a value is back within the limit by so much. 0: as soon as it is within.
    pub hysteresis: u32,
}

/// All thresholds of a monitor; one that is not set raises nothing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Thresholds {
    /// Mold temperature above this; hysteresis in tenths of a degree.
    pub hot: Option<Limit<DeciCelsius>>,
    /// Mold temperature below this; hysteresis in tenths of a degree.
    pub cold: Option<Limit<DeciCelsius>>,
    /// Cycle time above this; hysteresis in hundredths of a second.
    pub slow: Option<Limit<CycleTicks>>,
    /// Cycle time below this; hysteresis in hundredths of a second.
    pub fast: Option<Limit<CycleTicks>>,
    /// Shock above this, thousandths of g; hysteresis likewise.
    pub shock: Option<Limit<u32>>,
    /// Off the tool for longer than this, seconds; hysteresis: on it for so many seconds.
    pub detached: Option<Limit<u32>>,
}

const HOT: u8 = 1;
const COLD: u8 = 2;
const SLOW: u8 = 4;
const FAST: u8 = 8;
const SHOCK: u8 = 16;
const DETACHED: u8 = 32;

impl Thresholds {
    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        let flag = |set: bool, flag: u8| if set { flag } else { 0 };
        bytes.push(
            flag(self.hot.is_some(), HOT)
                | flag(self.cold.is_some(), COLD)
                | flag(self.slow.is_some(), SLOW)
                | flag(self.fast.is_some(), FAST)
                | flag(self.shock.is_some(), SHOCK)
                | flag(self.detached.is_some(), DETACHED),
        );
        let temperature = |limit: Limit<DeciCelsius>| (zigzag(i64::from(limit.at.get())), limit.hysteresis);
        let time = |limit: Limit<CycleTicks>| (u64::from(limit.at.get()), limit.hysteresis);
        let number = |limit: Limit<u32>| (u64::from(limit.at), limit.hysteresis);
        let all = [
            self.hot.map(temperature),
            self.cold.map(temperature),
            self.slow.map(time),
            self.fast.map(time),
            self.shock.map(number),
            self.detached.map(number),
        ];
        for (at, hysteresis) in all.into_iter().flatten() {
            push_varint(bytes, at);
            push_varint(bytes, u64::from(hysteresis));
        }
    }

    pub(super) fn read(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        let flags = reader.u8("flags")?;
        if flags & !(HOT | COLD | SLOW | FAST | SHOCK | DETACHED) != 0 {
            return Err(FieldError::Value { field: "flags", value: u64::from(flags) });
        }
        let is = |flag: u8| flags & flag != 0;
        Ok(Thresholds {
            hot: limit(reader, is(HOT), "hot", temperature)?,
            cold: limit(reader, is(COLD), "cold", temperature)?,
            slow: limit(reader, is(SLOW), "slow", ticks)?,
            fast: limit(reader, is(FAST), "fast", ticks)?,
            shock: limit(reader, is(SHOCK), "shock", number)?,
            detached: limit(reader, is(DETACHED), "detached", number)?,
        })
    }
}

fn limit<T>(
    reader: &mut Reader<'_>,
    is_set: bool,
    field: &'static str,
    of: fn(u64) -> Option<T>,
) -> Result<Option<Limit<T>>, FieldError> {
    if !is_set {
        return Ok(None);
    }
    let value = reader.varint(field)?;
    let at = of(value).ok_or(FieldError::Value { field, value })?;
    let value = reader.varint(field)?;
    let hysteresis = u32::try_from(value).map_err(|_| FieldError::Value { field, value })?;
    Ok(Some(Limit { at, hysteresis }))
}

fn temperature(value: u64) -> Option<DeciCelsius> {
    i16::try_from(unzigzag(value)).ok().and_then(DeciCelsius::new)
}

fn ticks(value: u64) -> Option<CycleTicks> {
    (value <= u64::from(CycleTicks::MAX.get())).then(|| CycleTicks::new(value))
}

fn number(value: u64) -> Option<u32> {
    u32::try_from(value).ok()
}
