//! What can be asked of the box.

use domain::Timestamp;
use serde::{Deserialize, Serialize};

use crate::exchange::{Format, Wanted};

/// One request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Request {
    /// Give out data.
    Export(Wanted),
    /// Hold the store against its laws.
    Check(Everything),
    /// Give out the whole store as one open stream.
    Backup(Backup),
    /// Say that the store can be read.
    Health(Everything),
}

impl Request {
    /// Whether the answer is made of lines; else it is bytes.
    pub(super) fn is_answered_in_lines(&self) -> bool {
        !matches!(self, Request::Export(Wanted { format: Format::Parquet, .. }) | Request::Backup(_))
    }
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
