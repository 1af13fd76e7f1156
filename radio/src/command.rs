//! What the box asks of the shop floor. Comes back as [`crate::event::Heard::Done`] where a person waits for it.

use std::time::Duration;

use domain::{BluetoothAddress, Eui64, Initialisation, MonitorSerial, PanId, Thresholds, Timestamp};
use secrecy::SecretBox;

use crate::bluetooth::{Enrolment, SensorInUse};

/// Matches a command with its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CommandId(pub u64);

/// Something to do, for one link.
#[derive(Debug)]
pub struct RadioCommand {
    /// `None`: nobody waits for the end.
    pub id: Option<CommandId>,
    /// What to do.
    pub what: Ask,
}

/// What to do.
#[derive(Debug)]
pub enum Ask {
    /// Everything up to this count is on the box's disk: the monitor may forget it. Only ever sent after the commit.
    Kept {
        /// The module the monitor is on; none for a monitor that is its own radio.
        module: Option<Eui64>,
        /// Which monitor.
        serial: MonitorSerial,
        /// See [`crate::event::CyclesHeard::era`].
        era: Option<u32>,
        /// The device's counter.
        up_to: u64,
    },
    /// Send the cycles after this count from memory.
    SendFrom {
        /// The module the monitor is on; none for a monitor that is its own radio.
        module: Option<Eui64>,
        /// Which monitor.
        serial: MonitorSerial,
        /// See [`crate::event::CyclesHeard::era`].
        era: Option<u32>,
        /// The device's counter; the first cycle wanted is the next.
        after: u64,
    },
    /// Tell a monitor the time.
    SetTime {
        /// The module the monitor is on; none for a monitor that is its own radio.
        module: Option<Eui64>,
        /// Which monitor.
        serial: MonitorSerial,
        /// The box's clock.
        now: Timestamp,
    },
    /// Blink, so that a person finds it.
    Identify {
        /// The module the monitor is on; none for a monitor that is its own radio.
        module: Option<Eui64>,
        /// Which monitor.
        serial: MonitorSerial,
    },
    /// All alerts up to this number are on the box's disk: the monitor may forget them. Only ever sent after the commit.
    AlertsKept {
        /// Which monitor.
        serial: MonitorSerial,
        /// The run of counting that the number is of.
        era: u32,
        /// The alert's number.
        up_to: u32,
    },
    /// Open an enrolment window for a Bluetooth monitor. How it ends is told by what becomes of the monitor.
    Enrol(Enrolment),
    /// Close it.
    CloseEnrolment {
        /// The monitor it is for.
        serial: MonitorSerial,
    },
    /// Tell all that this sensor says, from now on.
    UseSensor(SensorInUse),
    /// It is a stranger like any other.
    ForgetSensor {
        /// Which.
        address: BluetoothAddress,
    },
    /// Have a monitor count for a mold from now on: a new era begins.
    Initialise {
        /// Which monitor.
        serial: MonitorSerial,
        /// What is recorded in it.
        record: Initialisation,
    },
    /// Have a monitor watch these limits by itself, and no others.
    Watch {
        /// Which monitor.
        serial: MonitorSerial,
        /// All of them.
        thresholds: Thresholds,
    },
    /// Let new devices join for so long (at most 254 s, the stick closes by itself).
    OpenJoin(Duration),
    /// Let nobody join any more.
    CloseJoin,
    /// Enter a device in the trust centre's table, before it joins.
    Register {
        /// The device.
        eui64: Eui64,
        /// What is printed on it.
        key: JoinKey,
    },
    /// Ask the modules of the network to say who they are; a broadcast, spaced out by the link.
    Discover,
    /// Form a secured network, or form it anew.
    Form(FormNetwork),
    /// The person in charge accepts the stick that is there now in place of the former one.
    Adopt {
        /// The address the person saw and accepted.
        eui64: Eui64,
    },
}

/// A 16-byte key. Neither shown nor written out; zeroed when dropped.
pub type Key = SecretBox<[u8; 16]>;

/// What admits a device.
#[derive(Debug)]
pub enum JoinKey {
    /// A link key, 16 bytes.
    Link(Key),
    /// An install code with its CRC, 8 to 18 bytes.
    InstallCode(SecretBox<Vec<u8>>),
}

/// A network to form.
#[derive(Debug)]
pub struct FormNetwork {
    /// The network's id; `None` lets the stick choose.
    pub pan: Option<PanId>,
    /// Channels to choose from, bit n = channel 11 + n; 0 leaves the choice as the stick has it.
    pub channels: u16,
    /// Every joined module is lost: without this a live network is left alone.
    pub reform_confirmed: bool,
}

/// What the stick will not tell again once it is written. Kept sealed by the box, for a stick's replacement.
#[derive(Debug)]
pub struct NetworkSecrets {
    /// The stick they belong to.
    pub eui64: Eui64,
    /// The network they belong to.
    pub pan: Option<PanId>,
    /// The preconfigured link key (KY).
    pub link_key: Key,
}
