//! What can be asked of the box.

use dashboard::port::{EnrolWish, SensorWish};
use domain::{BluetoothAddress, Timestamp};
use serde::{Deserialize, Serialize};

use crate::accounts::{CodeHash, UserName};
use crate::audit::{Act, What};
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
    /// Tell the room that is taken, what is kept how long, and when the disk will be full.
    Storage(Storage),
    /// Let somebody in as an administrator, by a code whose hash this is.
    ResetAdministrator(ResetAdministrator),
    /// Say that the store can be read.
    Health(Everything),
    /// Enrol a Bluetooth monitor, and say how that ended.
    Enrol(EnrolWish),
    /// List sensors, put one to use, or end that.
    Sensor(SensorDeed),
}

/// What is to be done about sensors.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SensorDeed {
    /// Tell which are heard and used.
    List {},
    /// Have one count for a mold.
    Use(Box<SensorWish>),
    /// Have one count for none any more.
    Forget {
        /// Which.
        address: BluetoothAddress,
    },
}

/// What is asked of the running plant, and not of what is kept.
#[derive(Debug)]
pub enum Deed {
    /// Enrol a Bluetooth monitor.
    Enrol(EnrolWish),
    /// Something about sensors.
    Sensor(SensorDeed),
}

impl Request {
    /// Whether the answer is made of lines; else it is bytes.
    pub(super) fn is_answered_in_lines(&self) -> bool {
        !matches!(self, Request::Export(Wanted { format: Format::Parquet, .. }) | Request::Backup(_))
    }
}

impl Request {
    /// What is written down of it: what is taken away.
    pub(super) fn act(&self) -> Option<Act> {
        match self {
            Request::Export(wanted) => {
                let which = wanted.mold.as_ref().map_or("all molds", |mold| mold.as_str());
                let rows = format!("{}.{}", wanted.subject.word(), wanted.format.ending());
                Some(Act::new(What::Export, rows).after(which))
            }
            Request::Backup(_) => Some(Act::new(What::BackUp, "").after("the whole store, taken away")),
            Request::Enrol(wish) => {
                let how = if wish.passkey.is_some() { "by passkey" } else { "without a passkey" };
                let act = Act::new(What::Radio, "bluetooth");
                Some(act.after(format!("enrol monitor {} {how}", wish.serial)))
            }
            // The entry of the last two goes with what they change.
            Request::Check(_)
            | Request::Storage(_)
            | Request::Health(_)
            | Request::ResetAdministrator(_)
            | Request::Sensor(_) => None,
        }
    }
}

/// No further words.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Everything {}

/// How the storage is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Storage {
    /// In which form.
    pub form: Form,
}

/// The form of what is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, clap::ValueEnum)]
#[serde(rename_all = "snake_case")]
pub enum Form {
    /// Lines for people
    Text,
    /// One JSON object
    Json,
}

/// Somebody who is to be let in as an administrator.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ResetAdministrator {
    /// The name they sign in with.
    pub name: UserName,
    /// What is kept of the code, which whoever asks has drawn and nobody else knows.
    pub code: CodeHash,
    /// When this is.
    pub at: Timestamp,
}

/// A backup.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Backup {
    /// The time that it bears.
    pub at: Timestamp,
}
