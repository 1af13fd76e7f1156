//! What the screens need from the plant. The box implements it; the screens know nothing else of the box.
//!
//! The views are plain data that also travel to the browser. The traits exist only on the server's side.

use domain::{
    CycleTime, Eui64, Generation, LedgerEntry, LinkName, MoldId, MoldName, MoldState, MonitorSerial, PanId,
    Percent, PressId, Temperature, Thresholds, Timestamp,
};
use serde::{Deserialize, Serialize};

mod bluetooth;
mod people;
mod sensors;
mod storage;

pub use bluetooth::{AdapterView, AirView, BluetoothView, EnrolWish};
pub use people::{
    CodeView, IssuedCode, PeopleView, Person, PersonView, ProfileView, SessionView, TrailEntry, TrailView,
};
pub use sensors::{SensorUseView, SensorView, SensorWish};
pub use storage::{
    BackupDone, BackupFailed, BackupPlace, BackupTrouble, BackupsView, Copies, CopiesSeen, DiskFull,
    KeptView, KeySource, OutlookView, RoomView, StorageView, TestedHow,
};

/// One mold on the floor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoldTile {
    /// The box's number.
    pub id: MoldId,
    /// The plant's number.
    pub name: MoldName,
    /// What it makes.
    pub description: String,
    /// The press it is on, by the plant's name.
    pub press: Option<String>,
    /// What it does.
    pub state: MoldState,
    /// Since when it does so, where known.
    pub state_since: Option<Timestamp>,
    /// Last valid cycle time.
    pub last_cycle: Option<CycleTime>,
    /// Validated cycle time.
    pub approved: Option<CycleTime>,
    /// Displayed lifetime count: baseline + sum of the ledger.
    pub count: u64,
    /// End of the last cycle.
    pub last_ended: Option<Timestamp>,
    /// When its monitor was last heard.
    pub last_heard: Option<Timestamp>,
    /// Alarms that stand on it.
    pub alarms: u32,
    /// The gravest of them.
    pub worst: Option<Severity>,
}

/// How grave an alarm is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum Severity {
    /// Look at it in time.
    Warning,
    /// Look at it today.
    Minor,
    /// Look at it soon.
    Major,
    /// Data or machines are at risk now.
    Critical,
}

/// An alarm that stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StandingAlarm {
    /// The same number as long as it is the same alarm, across restarts too.
    pub id: u64,
    /// How grave.
    pub severity: Severity,
    /// What it is about: a mold's number, a link's name, the disk.
    pub subject: String,
    /// The mold it is about, if it is one.
    pub mold: Option<MoldId>,
    /// What is wrong and what to do, in a sentence.
    pub text: String,
    /// Since when.
    pub since: Timestamp,
}

/// The floor: every mold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FloorView {
    /// The box's clock when this was made.
    pub now: Timestamp,
    /// Place in the live stream that follows on this view.
    pub cursor: u64,
    /// Every mold, by number.
    pub molds: Vec<MoldTile>,
    /// Alarms that stand, gravest first.
    pub alarms: Vec<StandingAlarm>,
}

/// Everything about one mold but its chart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MoldView {
    /// The box's clock when this was made.
    pub now: Timestamp,
    /// Place in the live stream that follows on this view.
    pub cursor: u64,
    /// As on the floor.
    pub tile: MoldTile,
    /// Cycles made before the box knew the mold.
    pub baseline: u64,
    /// Cycles the box counted (the ledger's sum).
    pub counted: i64,
    /// Of those, cycles whose times are not known.
    pub times_unknown: u64,
    /// Cycles it is built for.
    pub design_life: Option<u64>,
    /// The monitor on it.
    pub monitor: Option<MonitorView>,
    /// The newest entries of the ledger, newest first.
    pub ledger: Vec<LedgerEntry>,
    /// How many entries there are in all.
    pub ledger_length: u64,
    /// The mean of the valid cycle times of the last hour.
    pub recent_average: Option<CycleTime>,
    /// The mean of all valid cycle times.
    pub long_term_average: Option<CycleTime>,
    /// Alarms that stand on it.
    pub alarms: Vec<StandingAlarm>,
    /// What its monitor is to watch by itself; none where nobody said so.
    pub wished: Option<Thresholds>,
    /// What its monitor watches, by its own word since the box started.
    pub watches: Option<Thresholds>,
}

/// A point of the cycle-time chart: one cycle when close, many when far.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct ChartPoint {
    /// When the (first) cycle ended.
    pub at: Timestamp,
    /// How many cycles it stands for.
    pub cycles: u32,
    /// Shortest.
    pub min: CycleTime,
    /// Mean.
    pub mean: CycleTime,
    /// Longest.
    pub max: CycleTime,
    /// Mean mold temperature.
    pub temperature: Option<Temperature>,
    /// Some of it was read from the device's memory after the fact.
    pub late: bool,
}

/// Cycle times of one mold over a stretch of time. Pauses are left out, not drawn as points.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CycleChart {
    /// Begin of the stretch.
    pub from: Timestamp,
    /// End of the stretch.
    pub to: Timestamp,
    /// In order of time, at most as many as were asked for.
    pub points: Vec<ChartPoint>,
    /// Validated cycle time.
    pub approved: Option<CycleTime>,
}

/// A monitor.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct MonitorView {
    /// Its serial.
    pub serial: MonitorSerial,
    /// Its radio generation.
    pub generation: Generation,
    /// The mold it is on.
    pub mold: Option<(MoldId, MoldName)>,
    /// When it was last heard.
    pub last_heard: Option<Timestamp>,
    /// Battery charge.
    pub battery: Option<Percent>,
    /// Mold temperature.
    pub temperature: Option<Temperature>,
    /// Cycles in its memory that the box has not acknowledged, by its last word.
    pub unacknowledged: Option<u32>,
}

/// A Press Module (or other radio) of a network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModuleView {
    /// Its address.
    pub eui64: Eui64,
    /// Its name.
    pub name: Option<String>,
    /// The press it is on.
    pub press: Option<(PressId, String)>,
    /// Signal strength of its last hop, dBm.
    pub rssi_dbm: Option<i16>,
    /// When it was last heard.
    pub last_heard: Option<Timestamp>,
    /// Monitors wired to it.
    pub monitors: Vec<MonitorView>,
}

/// Where a link stands, for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum LinkCondition {
    /// Not plugged in.
    Absent,
    /// Looking for baud rate and mode.
    Probing,
    /// In order.
    Up,
    /// Up without a network.
    NoNetwork,
    /// It was there and is gone or silent.
    Lost,
    /// Another stick or network than before.
    Foreign,
}

/// A stick and the network behind it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LinkView {
    /// The plant's name for it.
    pub name: LinkName,
    /// Where it is plugged in.
    pub path: String,
    /// How it stands.
    pub condition: LinkCondition,
    /// More about that, for people.
    pub detail: Option<String>,
    /// Since when.
    pub since: Timestamp,
    /// The stick's address.
    pub eui64: Option<Eui64>,
    /// ZigBee, DigiMesh, transparent.
    pub family: Option<String>,
    /// Firmware, as on Digi's pages: `1009`.
    pub firmware: Option<String>,
    /// The network.
    pub pan: Option<PanId>,
    /// Radio channel.
    pub channel: Option<u8>,
    /// Traffic is encrypted.
    pub encrypted: Option<bool>,
    /// New devices may join until then.
    pub join_open_until: Option<Timestamp>,
    /// Frames decoded since the box started.
    pub frames_good: u64,
    /// Stretches of damaged bytes since the box started.
    pub frames_damaged: u64,
    /// Frames of unknown type since the box started.
    pub frames_unknown: u64,
    /// Modules of its network.
    pub modules: Vec<ModuleView>,
}

/// Every stick, and Bluetooth.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RadiosView {
    /// The box's clock when this was made.
    pub now: Timestamp,
    /// Place in the live stream that follows on this view.
    pub cursor: u64,
    /// By name.
    pub links: Vec<LinkView>,
    /// Bluetooth, if the box listens there.
    pub bluetooth: Option<BluetoothView>,
}

/// One message of the live stream (server-sent events; `cursor` is the event's id, so that a browser resumes there).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LiveUpdate {
    /// Place in the stream.
    pub cursor: u64,
    /// The box's clock.
    pub now: Timestamp,
    /// What changed.
    pub change: LiveChange,
}

/// What changed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum LiveChange {
    /// Molds, each as it is now.
    Molds(Vec<MoldTile>),
    /// One stick, as it is now.
    Link(Box<LinkView>),
    /// Bluetooth, as it is now.
    Bluetooth(Box<BluetoothView>),
    /// Every alarm that stands.
    Alarms(Vec<StandingAlarm>),
    /// Storage or backups are not what they were: whoever shows them asks anew.
    Storage,
    /// Nothing: the box is alive. Every few seconds without other news.
    Heartbeat,
    /// The stream could not be resumed where it broke, or the browser was too slow: load everything anew.
    Restart,
}

/// Why the plant did not do what a screen asked; safe to show.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub enum Refusal {
    /// No such mold, link or page.
    #[error("there is no such {0}")]
    NotFound(String),
    /// What was sent is not acceptable, and why.
    #[error("{0}")]
    Invalid(String),
    /// The radio did not do it, and why.
    #[error("{0}")]
    Radio(String),
    /// Whoever asks may not have this done.
    #[error("your role does not allow this; an administrator of this box can do it or give you another role")]
    NotAllowed,
    /// The session has ended.
    #[error("your session has ended; please log in again")]
    NotSignedIn,
    /// The box could not do it; the cause is in its log.
    #[error("the box could not do this; its log says why")]
    Failed,
    /// The browser got no answer; never said by the box itself.
    #[error("the box does not answer; is this device still in the plant's network?")]
    Unreachable,
}

#[cfg(feature = "ssr")]
pub use server::{Answer, Handle, Own, People, Plant, Technician, Viewer};

#[cfg(feature = "ssr")]
mod server {
    use std::future::Future;
    use std::pin::Pin;
    use std::sync::Arc;
    use std::time::Duration;

    use domain::{BluetoothAddress, JoinCode, Role};
    use leptos::prelude::provide_context;

    use super::{
        CycleChart, EnrolWish, Eui64, FloorView, LinkName, MoldId, MoldView, MonitorSerial, PanId,
        PeopleView, Person, ProfileView, RadiosView, Refusal, SensorWish, StorageView, Thresholds, Timestamp,
        TrailView,
    };

    /// An answer that takes its time.
    pub type Answer<'a, T> = Pin<Box<dyn Future<Output = Result<T, Refusal>> + Send + 'a>>;

    /// The plant as the screens see it, on behalf of one person who is signed in: whoever that is may read.
    ///
    /// Reads are fast (memory, or a short look into the store).
    pub trait Viewer: Send + Sync {
        /// Who asks.
        fn person(&self) -> &Person;
        /// The box's clock.
        fn now(&self) -> Timestamp;
        /// Every mold.
        fn floor(&self) -> Result<FloorView, Refusal>;
        /// One mold.
        fn mold(&self, id: MoldId) -> Result<MoldView, Refusal>;
        /// A mold's cycle times between two instants in at most `points` points.
        fn cycles(
            &self,
            id: MoldId,
            from: Timestamp,
            to: Timestamp,
            points: usize,
        ) -> Result<CycleChart, Refusal>;
        /// Every stick.
        fn radios(&self) -> Result<RadiosView, Refusal>;
        /// What is kept, the room that it takes, and its backups.
        fn storage(&self) -> Result<StorageView, Refusal>;
    }

    /// The plant in the hands of somebody who works at the presses.
    pub trait Technician: Viewer {
        /// Has a monitor blink, so that a person finds it; one that is its own radio is on no module.
        fn identify(&self, link: LinkName, module: Option<Eui64>, serial: MonitorSerial) -> Answer<'_, ()>;
        /// Opens an enrolment window for a Bluetooth monitor, by the passkey on its label; answers until when. What becomes
        /// of it is seen in the air.
        fn enrol(&self, wish: EnrolWish) -> Answer<'_, Timestamp>;
        /// Closes that window.
        fn close_enrolment(&self, serial: MonitorSerial) -> Answer<'_, ()>;
        /// Confirms that a monitor's counter was reset, as the ledger's entry `number` says.
        fn confirm_reset(&self, id: MoldId, number: u64) -> Answer<'_, ()>;
        /// Has the monitor on a mold, whichever that is, watch these limits by itself; it is told when it has a link.
        fn set_limits(&self, id: MoldId, limits: Thresholds) -> Answer<'_, ()>;
    }

    /// All of the plant, as administrators hold it. Changes wait for the radio.
    pub trait Plant: Technician {
        /// Has a backup made now; answers when it is begun or about to be.
        fn back_up(&self) -> Answer<'_, ()>;
        /// Lets new modules join for so long; answers until when.
        fn open_join(&self, link: LinkName, window: Duration) -> Answer<'_, Timestamp>;
        /// Lets nobody join any more.
        fn close_join(&self, link: LinkName) -> Answer<'_, ()>;
        /// Asks the modules of a network to say who they are; answers how many did.
        fn discover(&self, link: LinkName) -> Answer<'_, u32>;
        /// Admits a module by what is printed on it, whether the network is open or not.
        fn register(&self, link: LinkName, module: Eui64, code: JoinCode) -> Answer<'_, ()>;
        /// Forms a secured network; a live one is left alone unless `reform` says that the person knows.
        fn form(&self, link: LinkName, pan: Option<PanId>, reform: bool) -> Answer<'_, ()>;
        /// Opens an enrolment window for a Bluetooth monitor that has no passkey: whoever is near could take its place.
        fn enrol_without_passkey(&self, wish: EnrolWish) -> Answer<'_, Timestamp>;
        /// Has a sensor count for a mold, or by another rule; answers when that is on the disk.
        fn use_sensor(&self, wish: SensorWish) -> Answer<'_, ()>;
        /// Has it count for none any more.
        fn forget_sensor(&self, address: BluetoothAddress) -> Answer<'_, ()>;
        /// Accepts the stick that is there now in place of the former one.
        fn adopt(&self, link: LinkName, eui64: Eui64) -> Answer<'_, ()>;
    }

    /// The plant as far as somebody's role goes. Whoever does not hold a handle cannot do what it does: there is
    /// nothing to ask.
    #[derive(Clone)]
    pub enum Handle {
        /// Reads.
        Viewer(Arc<dyn Viewer>),
        /// Technicians, and tooling managers, who have no screens of their own yet.
        Technician(Arc<dyn Technician>),
        /// Everything.
        Administrator(Arc<dyn Plant>),
    }

    impl Handle {
        /// For reading, which all of them can.
        #[must_use]
        pub fn viewer(&self) -> Arc<dyn Viewer> {
            match self {
                Handle::Viewer(viewer) => Arc::clone(viewer),
                Handle::Technician(technician) => Arc::clone(technician) as Arc<dyn Viewer>,
                Handle::Administrator(plant) => Arc::clone(plant) as Arc<dyn Viewer>,
            }
        }

        /// Puts into Leptos' context what screens and server functions of this person may use, and nothing else.
        pub fn provide(&self) {
            let viewer = self.viewer();
            provide_context(viewer.person().clone());
            provide_context(viewer);
            match self {
                Handle::Viewer(_) => {}
                Handle::Technician(technician) => provide_context(Arc::clone(technician)),
                Handle::Administrator(plant) => {
                    provide_context(Arc::clone(plant) as Arc<dyn Technician>);
                    provide_context(Arc::clone(plant));
                }
            }
        }
    }

    /// What anybody who is signed in may do with what is theirs. In Leptos' context as `Arc<dyn Own>`.
    pub trait Own: Send + Sync {
        /// Who they are and where they are signed in.
        fn profile(&self) -> Answer<'_, ProfileView>;
        /// Ends one of their sessions.
        fn end_session(&self, id: String) -> Answer<'_, ()>;
    }

    /// Everyone who may come in, in the hands of an administrator. In Leptos' context as `Arc<dyn People>`.
    pub trait People: Send + Sync {
        /// Everyone, and the code that was made just now.
        fn people(&self) -> Answer<'_, PeopleView>;
        /// Invites somebody new by a code.
        fn invite(&self, name: String, email: String, role: Role) -> Answer<'_, ()>;
        /// Takes somebody's code back.
        fn withdraw(&self, name: String) -> Answer<'_, ()>;
        /// Gives somebody a code for another password.
        fn give_code(&self, name: String) -> Answer<'_, ()>;
        /// Gives somebody another role.
        fn set_role(&self, name: String, role: Role) -> Answer<'_, ()>;
        /// Lets somebody in, or not any more.
        fn let_in(&self, name: String, allowed: bool) -> Answer<'_, ()>;
        /// Ends every session of somebody.
        fn end_sessions(&self, name: String) -> Answer<'_, ()>;
        /// The audit trail before that entry, or its newest part. Reading it is written down too.
        fn trail(&self, before: Option<u64>) -> Answer<'_, TrailView>;
    }
}
