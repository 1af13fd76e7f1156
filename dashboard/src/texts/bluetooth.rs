//! What people are told of monitors in the air.

use domain::{Standing, Strength};

use super::Tone;
use crate::port::LinkCondition;

/// What is going on with a monitor, in a few words.
#[must_use]
pub const fn standing_words(standing: Standing) -> &'static str {
    match standing {
        Standing::Seen => "waits to be enrolled",
        Standing::Enrolling => "enrolling",
        Standing::Resting => "heard",
        Standing::Connecting => "connecting",
        Standing::Draining => "reading its memory",
        Standing::Live => "connected",
        Standing::LostBond => "needs re-pairing",
        Standing::Gone => "not heard",
    }
}

/// How grave that looks.
#[must_use]
pub const fn standing_tone(standing: Standing) -> Tone {
    match standing {
        Standing::LostBond => Tone::Bad,
        Standing::Gone => Tone::Unknown,
        Standing::Seen
        | Standing::Enrolling
        | Standing::Resting
        | Standing::Connecting
        | Standing::Draining
        | Standing::Live => Tone::Normal,
    }
}

/// How well a bond keeps others out, in a few words.
#[must_use]
pub const fn strength_words(strength: Strength) -> &'static str {
    match strength {
        Strength::Passkey => "by passkey",
        Strength::JustWorks => "without a passkey",
        Strength::Legacy => "legacy pairing",
    }
}

/// Only a bond by passkey is as it should be.
#[must_use]
pub const fn strength_tone(strength: Strength) -> Tone {
    match strength {
        Strength::Passkey => Tone::Normal,
        Strength::JustWorks | Strength::Legacy => Tone::Caution,
    }
}

/// The Bluetooth service's, or an adapter's, condition in a few words.
#[must_use]
pub const fn bluetooth_words(condition: LinkCondition) -> &'static str {
    match condition {
        LinkCondition::Up => "up",
        LinkCondition::Lost => "lost",
        LinkCondition::Absent
        | LinkCondition::Probing
        | LinkCondition::NoNetwork
        | LinkCondition::Foreign => "no adapter",
    }
}

/// What to do about it.
#[must_use]
pub const fn bluetooth_advice(condition: LinkCondition) -> Option<&'static str> {
    match condition {
        LinkCondition::Up => None,
        LinkCondition::Lost => Some(
            "The system's Bluetooth service is out of reach. The box keeps trying; monitors keep their cycles meanwhile.",
        ),
        LinkCondition::Absent
        | LinkCondition::Probing
        | LinkCondition::NoNetwork
        | LinkCondition::Foreign => Some("Plug a Bluetooth adapter in. The box takes it up by itself."),
    }
}
