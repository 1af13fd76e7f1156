//! When a monitor raises an alert by itself: `domain::Thresholds` as bytes.

use domain::{AlertKind, Limit, Thresholds};

use crate::open::FieldError;
use crate::open::wire::{Reader, push_varint, unzigzag, zigzag};

/// Each limit's bit and name, in the order in which they are written.
const LIMITS: [(AlertKind, u8, &str); 6] = [
    (AlertKind::Hot, 1, "hot"),
    (AlertKind::Cold, 2, "cold"),
    (AlertKind::Slow, 4, "slow"),
    (AlertKind::Fast, 8, "fast"),
    (AlertKind::Shock, 16, "shock"),
    (AlertKind::Detached, 32, "detached"),
];
const KNOWN: u8 = 63;

/// Only temperatures can be below zero.
const fn is_signed(kind: AlertKind) -> bool {
    matches!(kind, AlertKind::Hot | AlertKind::Cold)
}

pub(super) fn write(thresholds: &Thresholds, bytes: &mut Vec<u8>) {
    let set = LIMITS.into_iter().filter(|(kind, ..)| thresholds.get(*kind).is_some());
    bytes.push(set.fold(0, |flags, (_, flag, _)| flags | flag));
    for (kind, ..) in LIMITS {
        let Some(limit) = thresholds.get(kind) else { continue };
        let at = if is_signed(kind) { zigzag(limit.at) } else { limit.at.unsigned_abs() };
        push_varint(bytes, at);
        push_varint(bytes, u64::from(limit.hysteresis));
    }
}

pub(super) fn read(reader: &mut Reader<'_>) -> Result<Thresholds, FieldError> {
    let flags = reader.u8("flags")?;
    if flags & !KNOWN != 0 {
        return Err(FieldError::Value { field: "flags", value: u64::from(flags) });
    }
    let mut thresholds = Thresholds::default();
    for (kind, _, field) in LIMITS.into_iter().filter(|(_, flag, _)| flags & flag != 0) {
        let value = reader.varint(field)?;
        let refused = |value| FieldError::Value { field, value };
        let at = if is_signed(kind) { Some(unzigzag(value)) } else { i64::try_from(value).ok() };
        let at = at.ok_or_else(|| refused(value))?;
        let back = reader.varint(field)?;
        let hysteresis = u32::try_from(back).map_err(|_| refused(back))?;
        thresholds.set(kind, Some(Limit { at, hysteresis })).map_err(|_| refused(value))?;
    }
    Ok(thresholds)
}
