//! What the shop floor says, whichever radio it came by. What V3 and V4 share, with the capture format.

use std::time::Duration;

use domain::{
    AlertKind, BluetoothAddress, CounterWidth, CycleTime, Eui64, Initialisation, LinkName, MonitorSerial,
    PanId, Percent, Said, SensorFormat, Temperature, Thresholds, Timestamp, Unread,
};

use crate::bluetooth::{AirReport, Bonded};
use crate::command::{CommandId, NetworkSecrets};

/// Something heard, with who heard it and when.
#[derive(Debug)]
pub struct RadioEvent {
    /// The stick or adapter it came by.
    pub link: LinkName,
    /// The box's clock when its last byte arrived.
    pub heard_at: Timestamp,
    /// What it was.
    pub what: Heard,
}

/// What was heard.
#[derive(Debug)]
pub enum Heard {
    /// The link itself changed: plugged, searching, up, down.
    Link(LinkState),
    /// The network behind the link, told whenever it changed and once after every start.
    Network(NetworkReport),
    /// Frames since the last such report; every 10 s while the link is up.
    Traffic(Traffic),
    /// A Press Module (or any radio) of the network was heard or found.
    Module(ModuleReport),
    /// A monitor was wired to a Press Module and told what it is.
    Tethered(Tethered),
    /// A monitor was unplugged from its Press Module.
    Untethered {
        /// Which monitor.
        serial: MonitorSerial,
        /// The module it was on.
        module: Eui64,
    },
    /// Cycles, live or from a monitor's memory.
    Cycles(CyclesHeard),
    /// How a monitor is.
    Status(StatusHeard),
    /// What a monitor's advert shows of it: nothing is counted by it.
    Shown(Shown),
    /// A monitor alerts of something, now or from its memory.
    Alert(AlertHeard),
    /// The limits that a monitor watches by itself.
    Thresholds {
        /// Which monitor.
        serial: MonitorSerial,
        /// As it has them.
        thresholds: Thresholds,
    },
    /// A sensor that anyone can buy said something; which ones count for a mold is the box's to know.
    Sensor(SensorHeard),
    /// Payload bytes as they came, for the ring of raw frames; told for every payload, understood or not.
    Raw(RawHeard),
    /// A command of ours came to its end.
    Done {
        /// Which.
        id: CommandId,
        /// How.
        outcome: Result<CommandDone, CommandRefused>,
    },
    /// Keys and settings of the network that the stick will not tell again: the box keeps a sealed copy.
    Secrets(NetworkSecrets),
    /// A monitor is bonded with the box: what the box keeps of that, sealed.
    Bonded(Bonded),
    /// A monitor lost its bond: a person has to enrol it again.
    BondLost {
        /// Which monitor.
        serial: MonitorSerial,
    },
    /// How the Bluetooth air is.
    Air(AirReport),
}

/// Where a link stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LinkState {
    /// No such device: waiting for it to be plugged in.
    Absent,
    /// The device is there; looking for baud rate and mode, querying it.
    Probing,
    /// Up: bytes are trusted.
    Up,
    /// Up, but the network has not been formed or joined.
    NoNetwork,
    /// The device answered before and is silent or gone; trying again.
    Lost {
        /// Why, for people.
        reason: String,
    },
    /// Another stick, or another network, than the one this link had: nothing is written to it until a person agrees.
    Foreign {
        /// The address this link had.
        expected: Eui64,
        /// The address that is there now.
        found: Eui64,
        /// What differs, for people.
        reason: String,
    },
}

/// Which family of radio a stick belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// A ZigBee coordinator or router.
    Zigbee,
    /// DigiMesh or 900HP: no coordinator, no joining.
    DigiMesh,
    /// XSC or anything else that only passes bytes.
    Transparent,
}

/// A network as its coordinator tells it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NetworkReport {
    /// The family, told from HV and VR.
    pub family: Family,
    /// The stick's own address.
    pub eui64: Eui64,
    /// Firmware (VR).
    pub firmware: u16,
    /// Hardware (HV).
    pub hardware: u16,
    /// The network's id: operating extended PAN id, or DigiMesh network id.
    pub pan: Option<PanId>,
    /// Radio channel, where the family has one.
    pub channel: Option<u8>,
    /// Traffic is encrypted (EE).
    pub encrypted: bool,
    /// Association indication (AI) when it is not 0, or a conflict about the network's id.
    pub trouble: Option<String>,
    /// New devices may join until then; `None` when closed.
    pub join_open_until: Option<Timestamp>,
}

/// Counts since the last report.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Frames decoded.
    pub good: u64,
    /// Stretches of bytes that were no frame.
    pub damaged: u64,
    /// Frames of a type nobody here knows.
    pub unknown: u64,
    /// Replies that matched no request: late, duplicated, foreign.
    pub unmatched: u64,
}

/// A radio of the network.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ModuleReport {
    /// Its address.
    pub eui64: Eui64,
    /// Its 16-bit address, where known.
    pub short: Option<u16>,
    /// The name written into it (NI), where known.
    pub name: Option<String>,
    /// Received signal strength of its last hop, dBm, where known.
    pub rssi_dbm: Option<i16>,
}

/// A monitor's own memory of time, read in one packet: both on the device's clock, whatever its zero is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DeviceTimes {
    /// The device's clock when it sent the packet, ms.
    pub sent: u64,
    /// The device's clock at the end of the last cycle in it, ms.
    pub last_end: u64,
}

/// Cycles of one monitor. The counter is the truth, the radio is best effort (law 3).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CyclesHeard {
    /// Which monitor.
    pub serial: MonitorSerial,
    /// The module it is on; none for a monitor that is its own radio.
    pub module: Option<Eui64>,
    /// The device's counter after the last of `cycles`.
    pub count: u64,
    /// How wide that counter is.
    pub width: CounterWidth,
    /// Changes when the device begins to count anew (initialised again, memory lost); the same number means the
    /// same run of counting, so that an old frame is told apart from a reset. `None` where the device has none.
    pub era: Option<u32>,
    /// Oldest first; the last one took the counter to `count`.
    pub cycles: Vec<HeardCycle>,
    /// The device's time base; `None` where it has no clock.
    pub times: Option<DeviceTimes>,
    /// Sent from memory on request, not live.
    pub from_memory: bool,
}

/// One cycle in a packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HeardCycle {
    /// Time since the closing before.
    pub cycle_time: CycleTime,
    /// Mold temperature, where it was sent.
    pub temperature: Option<Temperature>,
    /// First after a pause or start: `cycle_time` is no cycle time.
    pub first: bool,
}

/// A monitor was wired to a Press Module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tethered {
    /// Which monitor.
    pub serial: MonitorSerial,
    /// Of which radio generation.
    pub generation: domain::Generation,
    /// The module it is on; none for a monitor that is its own radio.
    pub module: Option<Eui64>,
    /// What was recorded at initialisation; `None` for a monitor never initialised (it transmits nothing else).
    pub initialisation: Option<Initialisation>,
    /// The device's counter now.
    pub count: u64,
    /// How wide that counter is.
    pub width: CounterWidth,
    /// See [`CyclesHeard::era`].
    pub era: Option<u32>,
}

/// How a monitor is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatusHeard {
    /// Which monitor.
    pub serial: MonitorSerial,
    /// The module it is on; none for a monitor that is its own radio.
    pub module: Option<Eui64>,
    /// The device's counter now; a gap shows here even while no cycle comes.
    pub count: Option<u64>,
    /// How wide that counter is.
    pub width: CounterWidth,
    /// See [`CyclesHeard::era`].
    pub era: Option<u32>,
    /// Mold temperature.
    pub temperature: Option<Temperature>,
    /// Battery charge.
    pub battery: Option<Percent>,
    /// Since the device started.
    pub uptime: Option<Duration>,
    /// Cycles in its memory that were not acknowledged.
    pub unacknowledged: Option<u32>,
    /// It sleeps: no cycle for long.
    pub asleep: bool,
}

/// What a monitor's advert shows. Its counter is for the eye alone: cycles are counted by what comes over a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    /// Which monitor.
    pub serial: MonitorSerial,
    /// Its counter.
    pub count: u64,
    /// The mold makes cycles.
    pub cycling: bool,
    /// It sleeps: no cycle for long.
    pub asleep: bool,
    /// It is not on its tool.
    pub detached: bool,
    /// Mold temperature.
    pub temperature: Option<Temperature>,
    /// Battery charge.
    pub battery: Option<Percent>,
}

/// A monitor alerts of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlertHeard {
    /// Which monitor.
    pub serial: MonitorSerial,
    /// The run of counting that `number` is of.
    pub era: u32,
    /// From 1, one more for each alert of the era.
    pub number: u32,
    /// When it happened, by the monitor's clock and the box's.
    pub happened: Timestamp,
    /// What about.
    pub kind: AlertKind,
    /// It begins; otherwise it ends.
    pub begins: bool,
    /// What was measured, in the kind's unit.
    pub value: i64,
    /// The limit then, in the kind's unit.
    pub limit: i64,
}

/// What a sensor's advert says. The same one again is told now and then, as a sign of life.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SensorHeard {
    /// Which sensor.
    pub address: BluetoothAddress,
    /// How strong, dBm.
    pub rssi_dbm: i8,
    /// In which format.
    pub format: SensorFormat,
    /// It was encrypted.
    pub sealed: bool,
    /// It speaks when something happens, not at intervals.
    pub triggered: bool,
    /// The counter of its seal, where that is good.
    pub counter: Option<u32>,
    /// What it says, or why that is not known.
    pub said: Result<Vec<Said>, Unread>,
}

/// Whose radio it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sender {
    /// A Press Module's.
    Module(Eui64),
    /// A Bluetooth monitor's, by its address, the highest byte first.
    Bluetooth([u8; 6]),
}

/// Payload bytes for the ring.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawHeard {
    /// Who sent them.
    pub from: Sender,
    /// The bytes inside the radio frame.
    pub payload: Vec<u8>,
    /// The profile that understood them, or why none did.
    pub read_as: Result<&'static str, String>,
}

/// What a command brought about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CommandDone {
    /// Handed to the radio and, where it answers, acknowledged by it.
    Sent,
    /// The join window is open until then.
    JoinOpen(Timestamp),
    /// The join window is closed.
    JoinClosed,
    /// The device was entered in, or removed from, the trust centre's table.
    Registered,
    /// Node discovery ran; each module came as its own event.
    Discovered {
        /// How many answered.
        modules: u32,
    },
    /// The network was formed.
    Formed,
    /// The enrolment window is open until then.
    EnrolmentOpen(Timestamp),
}

/// Why a command was not carried out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CommandRefused {
    /// The link is not up.
    #[error("the link is not up")]
    LinkDown,
    /// The stick did not answer in time.
    #[error("the stick did not answer within {0:?}")]
    TimedOut(Duration),
    /// The stick answered with an error.
    #[error("the stick refused {act}: {status}")]
    Stick {
        /// What was asked.
        act: String,
        /// Its answer.
        status: String,
    },
    /// It would re-form a live network and was not confirmed.
    #[error(
        "this would re-form a live network and every module would have to join again; confirm it to go on"
    )]
    WouldReform,
    /// This family of radio has no such thing.
    #[error("this family of radio cannot do that")]
    NotInFamily,
    /// Too many devices wait in the trust centre's table, or too many broadcasts.
    #[error("{0}")]
    Limit(String),
    /// The monitor's serial is none of this kind of radio.
    #[error("{0} is no Bluetooth monitor's serial")]
    NoSuchMonitor(MonitorSerial),
    /// The monitor is none of the box's.
    #[error("monitor {0} is not enrolled")]
    NotEnrolled(MonitorSerial),
    /// What is to be recorded in the monitor does not fit.
    #[error("record for the monitor: {0}")]
    Record(String),
    /// The message does not fit the radio's payload.
    #[error("{length} bytes do not fit the {limit} of an unfragmented packet")]
    TooLong {
        /// Bytes to send.
        length: usize,
        /// Bytes there is room for.
        limit: usize,
    },
}
