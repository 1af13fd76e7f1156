//! Molds and presses.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::{CycleTime, Eui64, MoldId, PressId, Timestamp};

/// Why a text cannot be a mold's number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a mold's number is 1 to 32 printable characters without blanks at either end, not {0:?}")]
pub struct MoldNameError(String);

/// The number people use for a mold, engraved on it: `M-1042`. Unique in a plant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MoldName(String);

impl MoldName {
    /// The text itself.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MoldName {
    type Err = MoldNameError;

    fn from_str(text: &str) -> Result<Self, MoldNameError> {
        let length = text.chars().count();
        let fits = (1..=32).contains(&length) && text.trim() == text && !text.chars().any(char::is_control);
        if fits { Ok(MoldName(text.to_owned())) } else { Err(MoldNameError(text.to_owned())) }
    }
}

impl TryFrom<String> for MoldName {
    type Error = MoldNameError;

    fn try_from(text: String) -> Result<Self, MoldNameError> {
        text.parse()
    }
}

impl From<MoldName> for String {
    fn from(name: MoldName) -> String {
        name.0
    }
}

impl fmt::Display for MoldName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A tool whose cycles are counted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mold {
    /// The box's number.
    pub id: MoldId,
    /// The plant's number.
    pub name: MoldName,
    /// What it makes, as people say it; may be empty.
    pub description: String,
    /// The validated cycle time.
    pub approved: Option<CycleTime>,
    /// Cycles it is built for.
    pub design_life: Option<u64>,
    /// Cycles made before the box knew it.
    pub baseline: u64,
    /// Since when the box knows it.
    pub registered: Timestamp,
}

/// An injection molding machine.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Press {
    /// The box's number.
    pub id: PressId,
    /// The plant's number, from its Press Module's name until a person changes it.
    pub name: String,
    /// The Press Module on it.
    pub module: Option<Eui64>,
}

/// What was written into a monitor when it was initialised for its mold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Initialisation {
    /// The mold's number.
    pub mold: MoldName,
    /// What the mold makes; may be empty.
    pub description: String,
    /// The validated cycle time.
    pub approved: Option<CycleTime>,
    /// Cycles the mold is built for.
    pub design_life: Option<u64>,
    /// Cycles made before the monitor was attached.
    pub baseline: u64,
    /// The day it was done, as the initialising program's clock said.
    pub on: Timestamp,
}
