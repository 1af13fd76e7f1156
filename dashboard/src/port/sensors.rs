//! Sensors that anyone can buy: what is heard of them, and what a person wants of one.

use domain::{
    BindKey, BluetoothAddress, CycleTime, MoldId, MoldName, Said, SensorFormat, SensorRule, Timestamp, Unread,
};
use serde::{Deserialize, Serialize};

/// A sensor that is heard, or is used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SensorView {
    /// Which.
    pub address: BluetoothAddress,
    /// In which format it speaks; none while it was not heard.
    pub format: Option<SensorFormat>,
    /// It is encrypted.
    pub sealed: bool,
    /// What it said when it was last read.
    pub said: Vec<Said>,
    /// Why its last advert was not read.
    pub unread: Option<Unread>,
    /// How strong it is heard, dBm.
    pub rssi_dbm: Option<i16>,
    /// When it was last heard.
    pub heard: Option<Timestamp>,
    /// What it is used for.
    pub used: Option<SensorUseView>,
}

/// What a sensor is used for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SensorUseView {
    /// The mold.
    pub mold: (MoldId, MoldName),
    /// What is made of it.
    pub rule: SensorRule,
    /// The box keeps its bind key.
    pub has_key: bool,
}

/// A sensor is to be used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SensorWish {
    /// Which.
    pub address: BluetoothAddress,
    /// For which mold; one that the box does not know begins now.
    pub mold: MoldName,
    /// What the mold makes; empty: as the box knows it.
    pub description: String,
    /// The validated cycle time; none: as the box knows it.
    pub approved: Option<CycleTime>,
    /// Cycles it is built for; none: as the box knows it.
    pub design_life: Option<u64>,
    /// What is made of it.
    pub rule: SensorRule,
    /// Its bind key; none where it is open, or where the key that the box has stays.
    pub key: Option<BindKey>,
}
