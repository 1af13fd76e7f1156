//! Sentences that are longer than a label, together, so that a catalogue can take them over.

use domain::{EntryKind, Generation, LedgerEntry, MoldState};

use crate::format;
use crate::port::{LinkCondition, Severity};

mod backups;
mod bluetooth;
mod limits;
mod people;
mod sensors;
mod storage;

pub use backups::{BackupsStand, copies_told, place_told, seen_told, tested_told};
pub use bluetooth::{
    bluetooth_advice, bluetooth_words, standing_tone, standing_words, strength_tone, strength_words,
};
pub use limits::{back_words, limit_words};
pub use people::{act_told, may_told};
pub use sensors::{all_channels, channel_words, cycle_choices, temperature_choices, unread_advice};
pub use storage::{StorageStands, cycles_told, full_told, growth_told, key_told, raw_told, retired_told};

/// How a thing stands: only what is not normal has a colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As it should be, or as somebody wanted it.
    Normal,
    /// Not as it should be.
    Caution,
    /// At a standstill, broken or at risk.
    Bad,
    /// Nobody knows.
    Unknown,
}

impl Tone {
    /// The class that carries the colour.
    #[must_use]
    pub const fn class(self) -> &'static str {
        match self {
            Tone::Normal => "tone-normal",
            Tone::Caution => "tone-caution",
            Tone::Bad => "tone-bad",
            Tone::Unknown => "tone-unknown",
        }
    }
}

/// How grave a mold's state looks.
#[must_use]
pub const fn state_tone(state: MoldState) -> Tone {
    match state {
        MoldState::Slow => Tone::Caution,
        MoldState::Stopped => Tone::Bad,
        MoldState::NoSignal => Tone::Unknown,
        MoldState::Cycling
        | MoldState::Asleep
        | MoldState::NotInitialised
        | MoldState::InMaintenance
        | MoldState::InStorage
        | MoldState::InTransit => Tone::Normal,
    }
}

/// An alarm's severity in a word.
#[must_use]
pub const fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "Critical",
        Severity::Major => "Major",
        Severity::Minor => "Minor",
        Severity::Warning => "Warning",
    }
}

/// How grave an alarm looks.
#[must_use]
pub const fn severity_tone(severity: Severity) -> Tone {
    match severity {
        Severity::Critical | Severity::Major => Tone::Bad,
        Severity::Minor | Severity::Warning => Tone::Caution,
    }
}

/// A link's condition in a few words.
#[must_use]
pub const fn condition_words(condition: LinkCondition) -> &'static str {
    match condition {
        LinkCondition::Absent => "not plugged in",
        LinkCondition::Probing => "looking for the stick",
        LinkCondition::Up => "up",
        LinkCondition::NoNetwork => "no network",
        LinkCondition::Lost => "lost",
        LinkCondition::Foreign => "another stick",
    }
}

/// What to do about a link's condition.
#[must_use]
pub const fn condition_advice(condition: LinkCondition) -> Option<&'static str> {
    match condition {
        LinkCondition::Up | LinkCondition::Probing => None,
        LinkCondition::Absent => Some("Plug the stick in. The box takes it up by itself."),
        LinkCondition::NoNetwork => Some(
            "The stick works and has no network yet. The box forms one; if this stays, see the box's log.",
        ),
        LinkCondition::Lost => Some(
            "Check the stick's plug and cable. The box keeps trying; monitors keep their cycles meanwhile.",
        ),
        LinkCondition::Foreign => Some(
            "This is not the stick that was here before, or its network has changed. \
             Plug the former one in again, or accept this one below.",
        ),
    }
}

/// How grave a link's condition looks.
#[must_use]
pub const fn condition_tone(condition: LinkCondition) -> Tone {
    match condition {
        LinkCondition::Up | LinkCondition::Probing => Tone::Normal,
        LinkCondition::Absent | LinkCondition::NoNetwork => Tone::Caution,
        LinkCondition::Lost | LinkCondition::Foreign => Tone::Bad,
    }
}

/// A radio generation in a word.
#[must_use]
pub const fn generation_word(generation: Generation) -> &'static str {
    match generation {
        Generation::V3 => "V3",
        Generation::V4 => "V4",
        Generation::Switch => "switch",
        Generation::Sensor => "sensor",
    }
}

/// A signal's strength in a word, as XBee links go.
#[must_use]
pub const fn signal_word(dbm: i16) -> &'static str {
    match dbm {
        -70.. => "strong",
        -85..-70 => "fair",
        ..-85 => "weak",
    }
}

/// What a ledger entry means, in a sentence.
#[must_use]
pub fn explain(entry: &LedgerEntry, confirmed: bool) -> String {
    let cycles = format::counted(entry.cycles.unsigned_abs(), "cycle", "cycles");
    let reading = |reading: Option<u64>| reading.map_or_else(|| "?".to_owned(), format::count);
    let (before, after) = (reading(entry.device_before), reading(entry.device_after));
    match &entry.kind {
        EntryKind::Delta => format!("{cycles} counted, each with its time"),
        EntryKind::Gap => format!(
            "{cycles} that the monitor counted while it was not heard: counter went from {before} to {after}, times unknown"
        ),
        EntryKind::Fill { filled } if entry.monitor.is_none() => format!(
            "times of {} came in a file; nothing is counted again",
            format::counted(*filled, "cycle", "cycles")
        ),
        EntryKind::Fill { filled } => format!(
            "times of {} of an earlier gap were read from the monitor's memory; nothing is counted again",
            format::counted(*filled, "cycle", "cycles")
        ),
        EntryKind::Rollover => format!("the counter passed its top, from {before} to {after}: {cycles}"),
        EntryKind::Reset if confirmed => {
            format!("counter went back from {before} to {after}: a reset, confirmed")
        }
        EntryKind::Reset => {
            format!("counter went back from {before} to {after}: a reset, waiting for confirmation")
        }
        EntryKind::Swap { before: former } => {
            let now = entry.monitor.as_ref().map_or("another monitor", |monitor| monitor.as_str());
            match former {
                Some(former) => format!(
                    "{now} took over from {former} at its own reading {after}; the mold's count goes on"
                ),
                None => format!("{now} took over at its own reading {after}; the mold's count goes on"),
            }
        }
        EntryKind::Adjust { by, reason, confirms: Some(number) } => {
            format!("{by} confirmed the reset of entry {number}: {reason}")
        }
        EntryKind::Adjust { by, reason, confirms: None } => format!("corrected by {by}: {reason}"),
        EntryKind::Import => format!("{cycles} made before the box counted, taken over"),
        EntryKind::Brought { by, file, .. } => {
            format!("{cycles} counted by another system, brought by {by} in the file {file}")
        }
    }
}

/// What went wrong at log-in or set-up, from the code that the box puts into the page's address.
#[must_use]
pub fn form_error(code: &str) -> &'static str {
    match code {
        "wrong" => "Name or password is wrong.",
        "wait" => "Too many attempts failed. Wait a few minutes, then try again.",
        "code" => "This is not the set-up code that the box shows on its console.",
        "password-common" => {
            "This password is one of the most common: guessers try it first. Choose another one."
        }
        "current" => "The current password is wrong.",
        "invitation" => "This code is not good, or not any more. Ask an administrator for another one.",
        "email" => "An e-mail address looks like marta@plant.example.",
        "name" => "A name is 1 to 64 characters without blanks at either end.",
        "password-length" => "The password is too short or too long: it must have 10 to 128 characters.",
        "password-letters" => "The password must have letters and numbers.",
        "mismatch" => "The two passwords are not the same.",
        "taken" => "The first administrator exists already. Please log in.",
        "busy" => "The box is busy with other log-ins. Try again in a moment.",
        "expired" => "Your session has ended. Please log in again.",
        "failed" => "The box could not do this; its log says why.",
        _ => "This did not work. Please try again.",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;

    fn entry(kind: EntryKind, cycles: i64) -> LedgerEntry {
        LedgerEntry {
            number: 7,
            at: Timestamp::from_millis(0),
            until: Timestamp::from_millis(0),
            kind,
            cycles,
            monitor: "V3-00000002".parse().ok(),
            device_before: Some(120_000),
            device_after: Some(3),
        }
    }

    #[test]
    fn a_reset_says_whether_it_was_confirmed() {
        let reset = entry(EntryKind::Reset, 3);
        assert_eq!(
            explain(&reset, false),
            "counter went back from 120,000 to 3: a reset, waiting for confirmation"
        );
        assert_eq!(explain(&reset, true), "counter went back from 120,000 to 3: a reset, confirmed");
    }

    #[test]
    fn a_gap_never_claims_times() {
        assert!(explain(&entry(EntryKind::Gap, 1), false).starts_with("1 cycle that the monitor counted"));
        assert!(explain(&entry(EntryKind::Gap, 12), false).ends_with("times unknown"));
    }

    #[test]
    fn a_swap_names_both_monitors() {
        let swap = entry(EntryKind::Swap { before: "V3-00000001".parse().ok() }, 0);
        let text = explain(&swap, false);
        assert!(text.contains("V3-00000001") && text.contains("V3-00000002"), "{text}");
    }

    #[test]
    fn no_signal_looks_unlike_stopped() {
        assert_ne!(state_tone(MoldState::NoSignal), state_tone(MoldState::Stopped));
    }
}
