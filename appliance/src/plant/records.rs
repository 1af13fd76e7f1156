//! Records of the living plant. Plain data; their versions on disk are the store's business.

use domain::{
    AlertKind, BluetoothAddress, Contact, CounterWidth, CycleTime, Eui64, Generation, LinkName, MoldId,
    MonitorSerial, PanId, Percent, PressId, SensorRule, Temperature, Thresholds, Timestamp,
};
use serde::{Deserialize, Serialize};

/// A monitor, wherever it is. Key: its serial.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MonitorRecord {
    /// Its serial.
    pub serial: MonitorSerial,
    /// Its radio generation.
    pub generation: Generation,
    /// The mold it counts for.
    pub mold: Option<MoldId>,
    /// The module it was last heard through.
    pub module: Option<Eui64>,
    /// The link it was last heard through.
    pub link: Option<LinkName>,
    /// Unplugged from its module by its last word.
    pub untethered: bool,
    /// It sleeps by its last word.
    pub asleep: bool,
    /// Its counter as far as it has been counted; `None` before its first word.
    pub device: Option<Device>,
    /// Earlier runs of counting (before a reset, for another mold) that may still be completed from its memory, and
    /// by which a replayed frame is told from a new one. Oldest first, a handful.
    pub past: Vec<Device>,
    /// When it was last heard.
    pub last_heard: Option<Timestamp>,
    /// Battery charge.
    pub battery: Option<Percent>,
    /// Mold temperature.
    pub temperature: Option<Temperature>,
    /// Cycles in its memory not acknowledged, by its last word.
    pub unacknowledged: Option<u32>,
}

/// Where a monitor's counter stands in the mold's count: one run of counting, for one mold.
///
/// Readings here are *unrolled*: past the counter's top they go on, so that they only grow. What the device itself
/// shows is the remainder by its width.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Device {
    /// The mold this run counts for.
    pub mold: MoldId,
    /// The reading this run began at: the first cycle counted is the next.
    pub start: u64,
    /// Its counter, as counted.
    pub count: u64,
    /// How wide that counter is.
    pub width: CounterWidth,
    /// The run of counting the reading belongs to; see [`radio::event::CyclesHeard::era`].
    pub era: Option<u32>,
    /// Everything up to here has its times on disk or never will have: what the device is told as kept.
    pub kept_up_to: u64,
    /// Counted, times not known yet; in order of `after`, apart from each other.
    pub gaps: Vec<Gap>,
    /// End of the last cycle, on the box's time line.
    pub last_end: Option<Timestamp>,
    /// End of the last cycle, on the device's clock, ms.
    pub last_device_end: Option<u64>,
    /// Last valid cycle time.
    pub last_cycle: Option<CycleTime>,
    /// When this run ended (another monitor took over, a reset, another mold); `None` while it lasts.
    pub closed: Option<Timestamp>,
}

/// Cycles that were counted and whose times are not known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Gap {
    /// The device's counter before the first missing cycle.
    pub after: u64,
    /// How many are missing.
    pub cycles: u64,
    /// The mold's ordinal of the first missing cycle.
    pub first_ordinal: u64,
    /// End of the cycle before the first missing one, where known: no missing cycle ended earlier.
    pub not_before: Option<Timestamp>,
    /// Begin of the cycle after the last missing one, where known: no missing cycle ended later.
    pub not_after: Option<Timestamp>,
}

/// Which monitor counted for which mold, and from which reading. Key: mold, then number from 0.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// The mold.
    pub mold: MoldId,
    /// Place among the mold's assignments, from 0.
    pub number: u32,
    /// The monitor.
    pub monitor: MonitorSerial,
    /// Since when.
    pub from: Timestamp,
    /// Until when; `None` while it lasts.
    pub until: Option<Timestamp>,
    /// The device's counter when it began.
    pub device_from: u64,
    /// The device's counter when it ended.
    pub device_until: Option<u64>,
}

/// A Press Module or other radio. Key: its address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleRecord {
    /// Its address.
    pub eui64: Eui64,
    /// Its name (NI).
    pub name: Option<String>,
    /// The link it was last heard through.
    pub link: LinkName,
    /// The press it is on.
    pub press: Option<PressId>,
    /// Signal strength of its last hop, dBm.
    pub rssi_dbm: Option<i16>,
    /// When it was last heard.
    pub last_heard: Timestamp,
}

/// The network a link had when it was last in order. Key: the link's name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkRecord {
    /// The link.
    pub link: LinkName,
    /// The stick's address: another one is an alarm.
    pub eui64: Eui64,
    /// The network.
    pub pan: Option<PanId>,
    /// Radio channel.
    pub channel: Option<u8>,
}

/// A payload as it came by the air, for a profile that is written later. Key: a running number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RawRecord {
    /// When it was heard.
    pub heard_at: Timestamp,
    /// By which link.
    pub link: LinkName,
    /// From which module.
    pub module: Eui64,
    /// The bytes inside the radio frame.
    pub payload: Vec<u8>,
    /// The profile that read it, or why none did.
    pub read_as: Result<String, String>,
}

/// What an alarm is about. The same key is the same alarm, across restarts too (law 10).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum AlarmKey {
    /// Another stick or network answers where this link's was.
    ForeignStick(LinkName),
    /// A link that was in order is gone or silent.
    LinkLost(LinkName),
    /// The disk takes no more: nothing is acknowledged to the monitors.
    StoreRefuses,
    /// A monitor's counter went back and nobody has confirmed it: the mold and the ledger's entry.
    ResetUnconfirmed(MoldId, u64),
    /// A monitor was heard that was never initialised.
    NotInitialised(MonitorSerial),
    /// What is kept is out of order, and no room on the disk helps: nothing is acknowledged to the monitors.
    StoreDamaged,
    /// There is no backup of late that was made and tested.
    Backup,
    /// Less room is left on the disk than is to stay free: raw payloads are dropped.
    DiskLow,
    /// The disk will be full before long.
    DiskFilling,
    /// A monitor alerts of something.
    Alert(MonitorSerial, AlertKind),
    /// A Bluetooth monitor lost its bond: nothing comes from it until a person enrols it again.
    BondLost(MonitorSerial),
    /// A sensor's battery is nearly empty.
    SensorBattery(MonitorSerial),
    /// A sensor says nothing for longer than a person allowed.
    SensorSilent(MonitorSerial),
}

/// The last alert of a monitor that was taken notice of: one that is told again changes nothing. Key: its serial.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlertMark {
    /// Which monitor.
    pub serial: MonitorSerial,
    /// The run of counting that the number is of.
    pub era: u32,
    /// The alert's number.
    pub number: u32,
}

/// What the monitor on a mold is to watch by itself, whichever monitor that is. Key: the mold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watched {
    /// Which mold.
    pub mold: MoldId,
    /// The limits that a person set.
    pub thresholds: Thresholds,
}

/// A sensor that counts for a mold, or did. Key: its address. How far it was counted is in the record of its monitor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SensorRecord {
    /// Which.
    pub address: BluetoothAddress,
    /// For which mold.
    pub mold: MoldId,
    /// What a person makes of it.
    pub rule: SensorRule,
    /// It is encrypted, and the box keeps its key sealed.
    pub sealed: bool,
    /// Since when.
    pub since: Timestamp,
    /// A person ended it then; none while it counts.
    pub stopped: Option<Timestamp>,
    /// The reading that its counting began at is known.
    pub begun: bool,
    /// How its contact was at its last word.
    pub contact: Option<Contact>,
    /// How often it had been moved at its last word.
    pub movements: Option<u8>,
    /// The highest counter of its seal that was opened, a minute ago at the latest.
    pub counter: Option<u32>,
}

/// An alarm. Key: its number.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AlarmRecord {
    /// A running number.
    pub id: u64,
    /// What it is about.
    pub key: AlarmKey,
    /// Since when it stands.
    pub raised: Timestamp,
    /// Since when it does not stand any more.
    pub cleared: Option<Timestamp>,
    /// More, for people.
    pub detail: String,
}
