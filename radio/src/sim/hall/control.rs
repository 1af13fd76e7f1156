//! The words to a running hall: a JSON object a line, answered by one.

use domain::{BluetoothAddress, MonitorSerial};
use serde::{Deserialize, Serialize};

use super::monitor::Working;
use super::sensor::{Sensor, SensorKind};

/// A request: `{"do":"alert","monitor":"V4-00040001"}`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(super) enum Request {
    /// What really happened.
    Truth,
    /// What is printed on the monitors.
    Labels,
    /// What the apps of the sensors show.
    Sensors,
    /// A sensor's adverts get lost, or are heard again; it counts on.
    Mute {
        /// Which.
        sensor: BluetoothAddress,
        /// They get lost.
        on: bool,
    },
    /// No mold closes any more.
    Pause,
    /// They do again.
    Resume,
    /// The mold became too hot.
    Alert {
        /// Which monitor.
        monitor: MonitorSerial,
    },
    /// A battery was changed: the monitor remembers no bond.
    LoseBonds {
        /// Which monitor.
        monitor: MonitorSerial,
    },
    /// The monitor is switched off, or on again.
    Switch {
        /// Which monitor.
        monitor: MonitorSerial,
        /// On.
        on: bool,
    },
    /// Its link breaks.
    Break {
        /// Which monitor.
        monitor: MonitorSerial,
    },
    /// bluetoothd dies and is started again after so many seconds.
    Restart {
        /// How long it is gone.
        for_s: f64,
    },
    /// An adapter is pulled, and plugged in again after so many seconds.
    Unplug {
        /// Its number, from 0.
        adapter: u8,
        /// How long it is gone.
        for_s: f64,
    },
    /// The end.
    Quit,
}

/// What is printed on a monitor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Label {
    /// Its serial.
    pub serial: MonitorSerial,
    /// Six digits.
    pub passkey: String,
}

/// What a monitor really did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonitorTruth {
    /// Its serial.
    pub serial: MonitorSerial,
    /// The mold that it counts for.
    pub mold: Option<String>,
    /// Cycles that it counted in this era.
    pub count: u32,
    /// Of them, those that no box has kept.
    pub unacknowledged: usize,
    /// The last alert, and the last one that a box has kept.
    pub alerts: (u32, u32),
    /// How often it was asked to blink.
    pub blinked: u32,
    /// The limits that it watches by itself, in words.
    pub watches: String,
    /// The adapter that it has a link with.
    pub linked: Option<String>,
}

/// What the app of a sensor shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SensorLabel {
    /// Its address.
    pub address: BluetoothAddress,
    /// What it is.
    pub kind: SensorKind,
    /// Its bind key, 32 hexadecimal digits; of an encrypted one.
    pub key: Option<String>,
}

/// What a sensor really did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SensorTruth {
    /// Its address.
    pub address: BluetoothAddress,
    /// What it is.
    pub kind: SensorKind,
    /// Cycles that its mold made; with what its counter began at, where it has one.
    pub count: u64,
}

/// What everyone really did.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Truth {
    /// By serial.
    pub monitors: Vec<MonitorTruth>,
    /// In the order of their addresses.
    pub sensors: Vec<SensorTruth>,
}

pub(super) fn label(working: &Working) -> Label {
    Label { serial: working.monitor.serial().monitor(), passkey: format!("{:06}", working.passkey) }
}

pub(super) fn truth(working: &Working) -> MonitorTruth {
    let monitor = &working.monitor;
    MonitorTruth {
        serial: monitor.serial().monitor(),
        mold: monitor.mold().map(|mold| mold.to_string()),
        count: monitor.count(),
        unacknowledged: monitor.waiting(),
        alerts: monitor.alerts(),
        blinked: monitor.blinked(),
        watches: monitor.thresholds().words(),
        linked: monitor.linked().map(ToString::to_string),
    }
}

pub(super) fn sensor_label(sensor: &Sensor) -> SensorLabel {
    let key = (sensor.kind == SensorKind::SealedCount).then(|| hex::encode(sensor.key));
    SensorLabel { address: sensor.address, kind: sensor.kind, key }
}

pub(super) fn sensor_truth(sensor: &Sensor) -> SensorTruth {
    SensorTruth { address: sensor.address, kind: sensor.kind, count: sensor.count() }
}
