//! What can be asked for, and in which form.

use std::str::FromStr;

use domain::{MoldName, Timestamp};
use serde::{Deserialize, Serialize};

use super::export::ExportError;

/// Which data, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Wanted {
    /// What.
    pub subject: Subject,
    /// Of which mold; of all when there is none.
    pub mold: Option<MoldName>,
    /// In which form.
    pub format: Format,
    /// From when on.
    pub from: Option<Timestamp>,
    /// Before when.
    pub to: Option<Timestamp>,
}

impl Wanted {
    /// # Errors
    /// What is wanted makes no sense.
    pub(super) fn refuse_nonsense(&self) -> Result<(), ExportError> {
        let timed = self.from.is_some() || self.to.is_some();
        if self.subject == Subject::Counts && timed {
            return Err(ExportError::Nonsense("counts are as they are now: they have no from and to"));
        }
        Ok(())
    }
}

/// What can be given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Every cycle with its times, in the order the mold made them
    Cycles,
    /// Sums of every day, UTC, from the cycles that have their times
    Rollups,
    /// Every entry of the count's ledger, with its place in the hash chain
    Ledger,
    /// The counts of every mold as they are now
    Counts,
}

impl Subject {
    /// All of them.
    pub const ALL: [Subject; 4] = [Subject::Cycles, Subject::Rollups, Subject::Ledger, Subject::Counts];

    /// The word for it, as in a file's name.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Subject::Cycles => "cycles",
            Subject::Rollups => "rollups",
            Subject::Ledger => "ledger",
            Subject::Counts => "counts",
        }
    }
}

/// The form of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Comma-separated, with a line of column names; safe to open in a spreadsheet
    Csv,
    /// A JSON object a line
    Jsonl,
    /// Columns with their types, compressed, for programs that analyse
    Parquet,
}

impl Format {
    /// All of them.
    pub const ALL: [Format; 3] = [Format::Csv, Format::Jsonl, Format::Parquet];

    /// How a file's name ends.
    #[must_use]
    pub const fn ending(self) -> &'static str {
        match self {
            Format::Csv => "csv",
            Format::Jsonl => "jsonl",
            Format::Parquet => "parquet",
        }
    }

    /// The form that a file's name ends in.
    #[must_use]
    pub fn of_ending(ending: &str) -> Option<Self> {
        Format::ALL.into_iter().find(|format| ending.eq_ignore_ascii_case(format.ending()))
    }
}

/// An instant as people write it: `2026-11-23`, its midnight in UTC, or `2026-11-23T06:00:00Z`.
///
/// # Errors
/// The text is none, and why.
pub fn instant(text: &str) -> Result<Timestamp, String> {
    let instant = jiff::Timestamp::from_str(text).or_else(|_| {
        let midnight = jiff::civil::Date::from_str(text)?.at(0, 0, 0, 0);
        jiff::tz::TimeZone::UTC.to_timestamp(midnight)
    });
    instant.map(|at| Timestamp::from_millis(at.as_millisecond())).map_err(|why| why.to_string())
}
