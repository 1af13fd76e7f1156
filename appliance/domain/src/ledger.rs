//! The count, entry by entry: displayed count = baseline + sum of the ledger (law 2).

use serde::{Deserialize, Serialize};

use crate::{MonitorSerial, Timestamp};

/// What an entry stands for. Steady counting is one `Delta` a mold and UTC day; everything else stands singly.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum EntryKind {
    /// Cycles counted, with their times.
    Delta,
    /// Cycles the device counted whose times are not known (yet).
    Gap,
    /// Times of a gap's cycles arrived; counts nothing again.
    Fill {
        /// How many cycles of an earlier gap now have their times.
        filled: u64,
    },
    /// The device's counter went past its top.
    Rollover,
    /// The device's counter went back; its cycles from here on are counted, a person must confirm (with an
    /// [`EntryKind::Adjust`] that names this entry: a closed entry is never changed).
    Reset,
    /// Another monitor took over the mold, at this reading of its own counter.
    Swap {
        /// The monitor that counted before.
        before: Option<MonitorSerial>,
    },
    /// A person corrected the count.
    Adjust {
        /// Who.
        by: String,
        /// Why.
        reason: String,
        /// The reset entry it confirms, if that is what it is for.
        confirms: Option<u64>,
    },
    /// A count taken over from elsewhere as it stood, without its cycles.
    Import,
    /// Cycles of another system, brought in a file. They are counted here; their times are told by the fills that
    /// follow, so that an import that was cut short is a count without all its times, and never a false count.
    Brought {
        /// Who brought them.
        by: String,
        /// The file's name, without its folder.
        file: String,
        /// SHA-256 of the file.
        sha256: [u8; 32],
    },
}

impl EntryKind {
    /// The word used in exports and on the screen.
    #[must_use]
    pub const fn word(&self) -> &'static str {
        match self {
            EntryKind::Delta => "delta",
            EntryKind::Gap => "gap",
            EntryKind::Fill { .. } => "fill",
            EntryKind::Rollover => "rollover",
            EntryKind::Reset => "reset",
            EntryKind::Swap { .. } => "swap",
            EntryKind::Adjust { .. } => "adjust",
            EntryKind::Import | EntryKind::Brought { .. } => "import",
        }
    }
}

/// One line of a mold's ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LedgerEntry {
    /// Place in the mold's ledger, from 0, without holes.
    pub number: u64,
    /// When the box wrote it; for a run of steady counting, when it began.
    pub at: Timestamp,
    /// The last time a run of steady counting grew; `at` for all others.
    pub until: Timestamp,
    /// What it stands for.
    pub kind: EntryKind,
    /// What it adds to the displayed count; negative only for an adjustment.
    pub cycles: i64,
    /// The monitor whose counter it rests on.
    pub monitor: Option<MonitorSerial>,
    /// That counter's reading before.
    pub device_before: Option<u64>,
    /// That counter's reading after.
    pub device_after: Option<u64>,
}

/// What the screen shows: the baseline and everything the ledger adds. Never below zero, never past the top.
#[must_use]
pub fn displayed_count<'a>(baseline: u64, entries: impl IntoIterator<Item = &'a LedgerEntry>) -> u64 {
    let sum: i128 = entries.into_iter().map(|entry| i128::from(entry.cycles)).sum();
    u64::try_from((i128::from(baseline) + sum).max(0)).unwrap_or(u64::MAX)
}
