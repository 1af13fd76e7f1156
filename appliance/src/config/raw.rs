//! The file as it is written. The comments here are the comments people read in `platen config`.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use documented::{Documented, DocumentedFields};
use domain::{Eui64, LinkName, MoldName};
use radio::v3::profile::switch::Level;
use serde::{Deserialize, Serialize};

use crate::backup::Keep;
use crate::plant::{KeepFor, Unit};

use super::keep::{self, Bytes, HowLong};
use super::values::{self, Form, HostName, HttpRedirect, Humane, Idle};

/// Settings of a Platen box. Whatever is left out has the value shown.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(deny_unknown_fields, default)]
pub struct RawConfig {
    /// The folder that holds everything the box keeps. Made at the first start.
    #[serde(deserialize_with = "values::path")]
    pub data: PathBuf,
    /// What goes to the log: error, warn, info, debug or trace, also by part, as in "info,radio=debug".
    pub log: String,
    /// What opens the store, which lies encrypted in that folder.
    pub store: RawStore,
    /// The web server.
    pub web: RawWeb,
    /// The way from a cycle that was heard to one that is kept.
    pub ingest: RawIngest,
    /// What is kept how long. Counts, ledgers and the sums of days are kept for ever. See docs/storage.md.
    pub keep: RawKeep,
    /// Backups that the box makes by itself every day. See docs/backup.md.
    pub backup: RawBackup,
    /// Bluetooth monitors, by the adapters of this machine. See docs/bluetooth.md.
    pub bluetooth: RawBluetooth,
    /// A radio stick. Repeat the section for each stick.
    pub link: Vec<RawLink>,
}

/// What opens the store, which lies encrypted in that folder.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(deny_unknown_fields, default)]
pub struct RawStore {
    /// The file with the key. `platen key new FILE` makes one; keep it where whoever steals the disk does not get it,
    /// and a copy where a fire does not. "" for none: then it is the systemd credential platen-store-key.
    pub key: PathBuf,
    /// Instead of a key, a file with a passphrase; "-" asks on the terminal at each start. "" for none: then it is the
    /// systemd credential platen-store-passphrase, if there is one.
    pub passphrase: PathBuf,
}

/// The web server.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(deny_unknown_fields, default)]
pub struct RawWeb {
    /// Where browsers are served over TLS.
    pub listen: SocketAddr,
    /// Where browsers that come without TLS are sent on to it; "" for nowhere.
    pub http_redirect: HttpRedirect,
    /// Names and addresses for the certificate, besides the host's own: ["platen.plant.example", "192.168.1.20"].
    pub names: Vec<HostName>,
    /// Whoever does nothing for so long has to sign in again, as in "15m"; "" for never. A session ends after 8 hours
    /// in any case.
    pub idle: Idle,
    /// A PEM file with the authorities whose clients alone may connect, browsers included; "" for everybody who reaches
    /// the box. See docs/certificates.md.
    pub client_authority: PathBuf,
}

/// The way from a cycle that was heard to one that is kept.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(deny_unknown_fields, default)]
pub struct RawIngest {
    /// What was heard is written to the disk after so long at the latest, 10ms to 30s.
    #[serde(deserialize_with = "values::window")]
    pub window: Humane,
    /// Or after so many cycles, 1 to 100000.
    #[serde(deserialize_with = "values::window_cycles")]
    pub window_cycles: u32,
    /// So many payloads are kept as they came by the air, for a payload profile that is written later.
    #[serde(deserialize_with = "values::raw_ring")]
    pub raw_ring: u64,
}

/// What is kept how long. Counts, ledgers and the sums of days are kept for ever. See docs/storage.md.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(deny_unknown_fields, default)]
pub struct RawKeep {
    /// Every cycle with its times, as in "10y", "1y" or more; "" for ever. A plant of 100 molds takes 0.2 GB a year.
    #[serde(deserialize_with = "keep::cycles")]
    pub cycles: HowLong,
    /// Payloads as they came by the air, as in "90d" or "12w"; "" for as long as ingest.raw_ring allows.
    pub raw_frames: HowLong,
    /// Room on the disk that is to stay free, as in "512MiB" or "1GiB", and a tenth of a small disk at most. When less is
    /// free, the oldest quarter of the raw payloads goes, every hour again. No cycle ever goes for want of room.
    pub free: Bytes,
}

/// Backups that the box makes by itself every day. See docs/backup.md.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(deny_unknown_fields, default)]
pub struct RawBackup {
    /// The folder that they go to; "" for none, unless disk_label names a disk.
    pub folder: PathBuf,
    /// The folder is where a share or disk is mounted: while nothing is mounted there, nothing is written there.
    pub must_be_mounted: bool,
    /// The label of a disk, mounted by whoever, in place of a folder; folder is then one on that disk.
    pub disk_label: String,
    /// For whom they are sealed: ["age1…"], as "platen backup key new FILE" prints them. At least one.
    pub recipients: Vec<String>,
    /// A file with the identity of one of the recipients, for the box to open and restore its own backups as a test; ""
    /// for none: then what goes in is tested, and the file is read back. Whoever has the box and this file can open them.
    pub identity: PathBuf,
    /// The hour of the day at which one is made, 0 to 23, UTC.
    #[serde(deserialize_with = "values::hour")]
    pub hour: u8,
    /// How their files' names begin: 1 to 32 of a-z, 0-9 and -; "" for the name of this machine.
    pub name: String,
    /// The newest of so many days stays, 1 to 1000.
    #[serde(deserialize_with = "values::keep_daily")]
    pub keep_daily: u32,
    /// The newest of so many weeks stays, 0 to 1000.
    #[serde(deserialize_with = "values::keep")]
    pub keep_weekly: u32,
    /// The newest of so many months stays, 0 to 1000.
    #[serde(deserialize_with = "values::keep")]
    pub keep_monthly: u32,
}

/// Bluetooth monitors, by the adapters of this machine. See docs/bluetooth.md.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(deny_unknown_fields, default)]
pub struct RawBluetooth {
    /// Listen on all Bluetooth adapters of this machine, by its bluetoothd. Nothing else may use them.
    pub enabled: bool,
    /// Links that an adapter can have at once, 1 to 20: 5 to 7 is what most can do.
    #[serde(deserialize_with = "values::slots")]
    pub slots: u8,
    /// Where bluetoothd keeps its bonds; read to see how strong a new one is.
    #[serde(deserialize_with = "values::path")]
    pub bonds: PathBuf,
}

/// A radio stick.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(deny_unknown_fields)]
pub struct RawLink {
    /// Your name for it: 1 to 32 of a-z, 0-9, - and _.
    pub name: LinkName,
    /// Where it is plugged in. A path in /dev/serial/by-id stays the same whichever socket is used.
    #[serde(deserialize_with = "values::path")]
    pub path: PathBuf,
    /// The baud rate that is tried first; others are tried when the stick does not answer.
    #[serde(default = "usual_baud", deserialize_with = "values::baud")]
    pub baud: u32,
    /// The stick's RTS and CTS are wired and in use.
    #[serde(default)]
    pub rts_cts: bool,
    /// The radio only passes bytes and cannot be asked anything (XSC): it is listened to as it is, at this baud rate.
    #[serde(default)]
    pub raw: bool,
    /// "when-new": a stick as the factory sent it is given a secured network. "never": it waits for a person.
    #[serde(default)]
    pub form: Form,
    /// A folder to record everything the link says and is told to, keys excepted; "" for none. See docs/capture.md.
    #[serde(default)]
    pub capture: PathBuf,
    /// An off-the-shelf XBee whose digital input is wired to a mold-closed contact. Repeat the section for each.
    #[serde(default)]
    pub switch: Vec<RawSwitch>,
}

/// An off-the-shelf XBee whose digital input is wired to a mold-closed contact.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Documented, DocumentedFields)]
#[serde(deny_unknown_fields)]
pub struct RawSwitch {
    /// The address on its label.
    pub module: Eui64,
    /// The digital input with the contact: 3 for DIO3.
    pub pin: u8,
    /// The input's level while the mold is closed, "low" or "high".
    pub closed: Level,
    /// The module's IR: a sample comes at least that often.
    pub sampling: Humane,
    /// So many samples in a row may be missing before the box says that it does not know what happened.
    #[serde(default = "usual_may_miss")]
    pub may_miss: u8,
    /// A level must stand so long to be believed.
    #[serde(default = "usual_debounce")]
    pub debounce: Humane,
    /// Closings nearer to each other are one.
    #[serde(default = "usual_shortest_cycle")]
    pub shortest_cycle: Humane,
    /// The analogue input with a temperature sensor, if there is one: 2 for AD2.
    #[serde(default)]
    pub temperature_pin: Option<u8>,
    /// Degrees for each step of the converter.
    #[serde(default)]
    pub celsius_per_step: f64,
    /// Degrees at step zero.
    #[serde(default)]
    pub celsius_at_zero: f64,
    /// The number of the mold on that press.
    pub mold: MoldName,
    /// What the mold makes.
    #[serde(default)]
    pub description: String,
    /// The validated cycle time, as in "24.5s".
    #[serde(default)]
    pub approved: Option<Humane>,
    /// Cycles the mold is built for.
    #[serde(default)]
    pub design_life: Option<u64>,
    /// Cycles it made before.
    #[serde(default)]
    pub baseline: u64,
}

fn usual_may_miss() -> u8 {
    3
}

fn usual_debounce() -> Humane {
    Humane(Duration::from_millis(40))
}

fn usual_shortest_cycle() -> Humane {
    Humane(Duration::from_secs(1))
}

fn usual_baud() -> u32 {
    115_200
}

impl Default for RawConfig {
    fn default() -> Self {
        RawConfig {
            data: PathBuf::from("/var/lib/platen"),
            log: "info,actix_server=warn".to_owned(),
            store: RawStore::default(),
            web: RawWeb::default(),
            ingest: RawIngest::default(),
            keep: RawKeep::default(),
            backup: RawBackup::default(),
            bluetooth: RawBluetooth::default(),
            link: Vec::new(),
        }
    }
}

impl Default for RawWeb {
    fn default() -> Self {
        RawWeb {
            listen: SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8443)),
            http_redirect: HttpRedirect(Some(SocketAddr::from((Ipv4Addr::UNSPECIFIED, 8080)))),
            names: Vec::new(),
            idle: Idle(None),
            client_authority: PathBuf::new(),
        }
    }
}

impl Default for RawIngest {
    fn default() -> Self {
        RawIngest { window: Humane(Duration::from_secs(1)), window_cycles: 100, raw_ring: 100_000 }
    }
}

impl Default for RawKeep {
    fn default() -> Self {
        RawKeep {
            cycles: HowLong(KeepFor::Length(10, Unit::Years)),
            raw_frames: HowLong(KeepFor::Length(90, Unit::Days)),
            free: Bytes(1 << 30),
        }
    }
}

impl Default for RawBackup {
    fn default() -> Self {
        let keep = Keep::default();
        RawBackup {
            folder: PathBuf::new(),
            must_be_mounted: false,
            disk_label: String::new(),
            recipients: Vec::new(),
            identity: PathBuf::new(),
            hour: 2,
            name: String::new(),
            keep_daily: keep.daily,
            keep_weekly: keep.weekly,
            keep_monthly: keep.monthly,
        }
    }
}

impl Default for RawBluetooth {
    fn default() -> Self {
        RawBluetooth { enabled: false, slots: 5, bonds: PathBuf::from("/var/lib/bluetooth") }
    }
}

impl RawLink {
    /// A link with the usual settings.
    #[must_use]
    pub fn new(name: LinkName, path: PathBuf) -> Self {
        RawLink {
            name,
            path,
            baud: usual_baud(),
            rts_cts: false,
            raw: false,
            form: Form::default(),
            capture: PathBuf::new(),
            switch: Vec::new(),
        }
    }
}

impl RawSwitch {
    /// A contact to ground on DIO3 with the usual settings.
    #[must_use]
    pub fn new(module: Eui64, mold: MoldName) -> Self {
        RawSwitch {
            module,
            pin: 3,
            closed: Level::Low,
            sampling: Humane(Duration::from_millis(500)),
            may_miss: usual_may_miss(),
            debounce: usual_debounce(),
            shortest_cycle: usual_shortest_cycle(),
            temperature_pin: None,
            celsius_per_step: 0.0,
            celsius_at_zero: 0.0,
            mold,
            description: String::new(),
            approved: None,
            design_life: None,
            baseline: 0,
        }
    }
}
