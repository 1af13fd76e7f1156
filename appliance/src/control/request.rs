//! What can be asked of the box.

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
    /// Say that the store can be read.
    Health(Everything),
}

impl Request {
    /// Whether the answer is made of lines; else it is bytes.
    pub(super) fn is_answered_in_lines(&self) -> bool {
        !matches!(self, Request::Export(Wanted { format: Format::Parquet, .. }))
    }
}

/// No further words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Everything {}
