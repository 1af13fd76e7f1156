//! From what is heard to what is kept: the count, the ledger, history.
//!
//! A pure core ([`Ingest`]) takes events and the time and makes the next commit; the [`Driver`] feeds it, writes the
//! commit and only then tells the monitors what is kept.
//!
//! - **The device's counter is the truth.** A monitor's word on its counter is counted at once: cycles that came
//!   with it as steady counting, cycles between it and what was counted before as a *gap*, times unknown. When their
//!   times arrive later they fill the gap: history grows, the count does not. At first contact with an initialised
//!   monitor everything since its initialisation is such a gap, and what it uploads from memory fills it.
//! - **A status that is ahead of the cycles** is given a few seconds, for the cycles are usually on their way; then
//!   it is a gap.
//! - **Every reading has a place** on a run of counting (`counter`). What lies behind the run's end and in no gap is
//!   known and changes nothing, whether duplicated, reordered or replayed.
//! - **A new era is a new run**, and a reset in the ledger that a person confirms. It begins with its tether, which
//!   says for which mold, and at zero; one met far up began elsewhere, and is counted once a status says where. Where the device has no era, a
//!   lower count is believed only from a device clock that is newer, or from a second reading that goes on from the
//!   first. Nothing is counted on the account of a single odd reading, nor of one that is further ahead than a mold
//!   can have come.
//! - **A mold listens to one monitor**, the one tethered last with its name. The one before is heard on only for
//!   cycles it made until then. It takes the mold back when it goes on counting and the other is silent.
//! - **Baselines** of initialisation records are taken over once, with the mold; afterwards the ledger counts.

mod alerts;
mod asks;
mod book;
mod confirm;
mod counter;
mod counting;
mod driver;
mod heard;
mod links;
mod moment;
mod monitor;
mod names;
mod news;
mod pending;
mod registration;
mod runs;
mod sensors;
mod status;
#[cfg(test)]
mod tests;
mod times;
mod watching;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::{BluetoothAddress, Eui64, LinkName, MoldId, MoldName, MonitorSerial, Press, PressId, Timestamp};

use crate::alarms::Alarms;
use crate::plant::{Assignment, ModuleRecord, NetworkRecord, RawRecord, Snapshot, Watched};
use book::Book;
use monitor::Monitor;
use names::Names;
use sensors::Sensor;
use times::Ends;

pub use confirm::NothingToConfirm;
pub use counter::GIANT;
pub use driver::{
    Driver, Handle, Keep, RadioLinks, Refusal, Settings, WhyNot, bonds, in_use, secret_name, sensor_secret,
};
pub use heard::MOST as MOST_MOLDS;
pub use moment::Moment;
pub use news::{MoldNews, News};
pub use pending::Taken;
pub use sensors::{SensorRefused, SensorUse};
pub use watching::NoSuchMold;

/// The plant as ingest knows it, and what the next commit writes.
#[derive(Debug)]
pub struct Ingest {
    books: HashMap<MoldId, Book>,
    names: HashMap<MoldName, MoldId>,
    monitors: HashMap<MonitorSerial, Monitor>,
    modules: BTreeMap<Eui64, Module>,
    presses: BTreeMap<PressId, Press>,
    networks: BTreeMap<LinkName, NetworkRecord>,
    sensors: BTreeMap<BluetoothAddress, Sensor>,
    alarms: Alarms,
    names_asked: Names,
    ends: Ends,
    next: Next,
    told: Told,
    /// It was said that there are too many molds, monitors or modules.
    full: bool,
}

/// What the next commit writes beside books, monitors and alarms, which know that themselves.
#[derive(Debug, Default)]
struct Next {
    books: BTreeSet<MoldId>,
    molds: BTreeSet<MoldId>,
    monitors: Vec<MonitorSerial>,
    modules: BTreeSet<Eui64>,
    presses: BTreeSet<PressId>,
    networks: BTreeSet<LinkName>,
    watched: BTreeSet<MoldId>,
    sensors: BTreeSet<BluetoothAddress>,
    assignments: Vec<Assignment>,
    raw: Vec<RawRecord>,
    /// Cycles that came since the last commit, new or filling.
    cycles: u64,
}

/// What the screens have not been told yet.
#[derive(Debug, Default)]
struct Told {
    molds: BTreeSet<MoldId>,
    monitors: Vec<MonitorSerial>,
    modules: BTreeSet<Eui64>,
    sensors: BTreeSet<BluetoothAddress>,
}

/// A module, and when its record was last written.
#[derive(Debug)]
struct Module {
    record: ModuleRecord,
    written: Timestamp,
}

impl Ingest {
    /// Goes on from what is on disk.
    #[must_use]
    pub fn load(snapshot: Snapshot) -> Self {
        let Snapshot {
            molds,
            presses,
            monitors,
            modules,
            networks,
            assignments,
            alarms,
            alerts,
            watched,
            sensors,
            last_alarm,
        } = snapshot;
        let mut ingest = Ingest {
            books: HashMap::new(),
            names: HashMap::new(),
            monitors: HashMap::new(),
            modules: modules
                .into_iter()
                .map(|record| (record.eui64, Module { written: record.last_heard, record }))
                .collect(),
            presses: presses.into_iter().map(|press| (press.id, press)).collect(),
            networks: networks.into_iter().map(|network| (network.link.clone(), network)).collect(),
            sensors: sensors.into_iter().map(|record| (record.address, Sensor::new(record))).collect(),
            alarms: Alarms::load(alarms, last_alarm),
            names_asked: Names::default(),
            ends: Ends::default(),
            next: Next::default(),
            told: Told::default(),
            full: false,
        };
        for (mold, stand) in molds {
            ingest.names.insert(mold.name.clone(), mold.id);
            ingest.told.molds.insert(mold.id);
            ingest.books.insert(mold.id, Book::new(mold, stand));
        }
        for Watched { mold, thresholds } in watched {
            if let Some(book) = ingest.books.get_mut(&mold) {
                book.watched = Some(thresholds);
            }
        }
        for assignment in assignments {
            if let Some(book) = ingest.books.get_mut(&assignment.mold) {
                book.assignment = Some(assignment);
            }
        }
        for record in monitors {
            // One that was replaced has no say in how its mold is now.
            if let Some(device) = record.device.as_ref().filter(|device| device.closed.is_none())
                && let Some(book) = ingest.books.get_mut(&device.mold)
            {
                book.resume(device);
            }
            ingest.told.monitors.push(record.serial.clone());
            let mut monitor = Monitor::new(record);
            monitor.in_told = true;
            ingest.monitors.insert(monitor.record.serial.clone(), monitor);
        }
        for mark in alerts {
            if let Some(monitor) = ingest.monitors.get_mut(&mark.serial) {
                monitor.alerted = Some((mark.era, mark.number));
            }
        }
        ingest.told.sensors.extend(ingest.sensors.keys().copied());
        ingest.told.modules.extend(ingest.modules.keys().copied());
        ingest
    }
}
