//! What can be asked of the box.

use domain::{MoldName, Timestamp};
use serde::{Deserialize, Serialize};

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Give out data.
    Export(Export),
    /// Hold the store against its laws.
    Check(Everything),
    /// Give out the whole store as one open stream.
    Backup(Backup),
    /// Say that the store can be read.
    Health(Everything),
}

/// No further words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Everything {}

/// A backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// The time that it bears.
    pub at: Timestamp,
}

/// Which data, and how.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Export {
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

/// What can be given out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    /// Every cycle with its times, in the order the mold made them
    Cycles,
    /// Every entry of the count's ledger, with its place in the hash chain
    Ledger,
    /// The counts of every mold as they are now
    Counts,
}

/// The form of the rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// Comma-separated, with a line of column names; safe to open in a spreadsheet
    Csv,
    /// A JSON object a line
    Jsonl,
}
