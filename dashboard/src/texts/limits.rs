//! What people are told of the limits that a monitor watches.

use domain::AlertKind;

/// What begins an alert.
#[must_use]
pub const fn limit_words(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::Hot => "Mold hotter than",
        AlertKind::Cold => "Mold colder than",
        AlertKind::Slow => "Cycle longer than",
        AlertKind::Fast => "Cycle shorter than",
        AlertKind::Shock => "Shock above",
        AlertKind::Detached => "Off the mold for longer than",
        AlertKind::Unknown(_) => "Unknown",
    }
}

/// What ends it.
#[must_use]
pub const fn back_words(kind: AlertKind) -> &'static str {
    match kind {
        AlertKind::Hot => "cooler again by",
        AlertKind::Cold => "warmer again by",
        AlertKind::Slow => "shorter again by",
        AlertKind::Fast => "longer again by",
        AlertKind::Shock => "weaker again by",
        AlertKind::Detached => "back on it for",
        AlertKind::Unknown(_) => "back by",
    }
}
