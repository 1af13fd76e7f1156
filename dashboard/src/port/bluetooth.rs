//! Bluetooth: adapters, monitors in the air, and what a person wants of one.

use domain::{
    CycleTime, LinkName, MoldId, MoldName, MonitorSerial, Passkey, Percent, Standing, Strength, Temperature,
    Timestamp,
};
use serde::{Deserialize, Serialize};

use super::{LinkCondition, SensorView};

/// The box's Bluetooth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct BluetoothView {
    /// How the system's Bluetooth service stands.
    pub condition: LinkCondition,
    /// More about that, for people.
    pub detail: Option<String>,
    /// By name.
    pub adapters: Vec<AdapterView>,
    /// Monitors of the box, then those that wait to be enrolled; by serial.
    pub monitors: Vec<AirView>,
    /// Sensors: those that are used, then those that are only heard; by address.
    pub sensors: Vec<SensorView>,
}

/// An adapter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AdapterView {
    /// `ble-` and its address.
    pub name: LinkName,
    /// How it stands.
    pub condition: LinkCondition,
    /// Since when.
    pub since: Timestamp,
    /// Links that it has.
    pub links: u32,
    /// Links that it can have at once.
    pub slots: u32,
}

/// A monitor in the air.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AirView {
    /// Which.
    pub serial: MonitorSerial,
    /// What is going on.
    pub standing: Standing,
    /// The mold it is on.
    pub mold: Option<(MoldId, MoldName)>,
    /// The weakest of its bonds, if it has any.
    pub strength: Option<Strength>,
    /// The adapter that links go by, and why that one.
    pub by: Option<(LinkName, String)>,
    /// How strong it is heard, dBm.
    pub rssi_dbm: Option<i16>,
    /// When it was last heard.
    pub heard: Timestamp,
    /// It has no label with a passkey.
    pub no_passkey: bool,
    /// It says to anyone that it lost its bond.
    pub says_lost: bool,
    /// The enrolment window that is open for it ends then.
    pub window_until: Option<Timestamp>,
    /// Why it was not enrolled when a person last wanted that.
    pub refused: Option<String>,
    /// Battery charge.
    pub battery: Option<Percent>,
    /// Mold temperature.
    pub temperature: Option<Temperature>,
    /// Cycles in its memory that the box has not acknowledged, by its last word.
    pub unacknowledged: Option<u32>,
}

/// A monitor is to become one of the box's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct EnrolWish {
    /// Which.
    pub serial: MonitorSerial,
    /// What its label says; none where the person knowingly bonds without.
    pub passkey: Option<Passkey>,
    /// The mold it is to count for, where it is not to stay with the one that it was initialised for.
    pub mold: Option<MoldName>,
    /// That mold's validated cycle time, where the box does not know the mold.
    pub approved: Option<CycleTime>,
}
