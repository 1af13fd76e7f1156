//! Sensors as the screens see them: what was last heard of each, and what it is used for.

use std::collections::BTreeMap;
use std::time::Duration;

use dashboard::port::{SensorUseView, SensorView};
use domain::{BluetoothAddress, MoldName, Said, Timestamp};
use radio::event::SensorHeard;

use crate::plant::SensorRecord;

/// Strangers that are shown at once.
const MOST: usize = 64;
/// A stranger that was not heard for so long is not shown any more.
const GONE: Duration = Duration::from_secs(600);

/// What was last heard of a sensor.
#[derive(Debug)]
struct Seen {
    heard: SensorHeard,
    /// What it said when it was last read.
    said: Vec<Said>,
    at: Timestamp,
}

/// What is known of sensors.
#[derive(Debug, Default)]
pub(super) struct Sensors {
    heard: BTreeMap<BluetoothAddress, Seen>,
    used: BTreeMap<BluetoothAddress, SensorUseView>,
}

impl Sensors {
    pub(super) fn hear(&mut self, heard: &SensorHeard, at: Timestamp) {
        let used = &self.used;
        self.heard.retain(|of, seen| used.contains_key(of) || at.since(seen.at) < GONE);
        let known = self.heard.get(&heard.address);
        let strangers = self.heard.keys().filter(|of| !used.contains_key(of)).count();
        if known.is_none() && !used.contains_key(&heard.address) && strangers >= MOST {
            return;
        }
        let before = known.map(|seen| seen.said.clone());
        let said = heard.said.clone().unwrap_or_else(|_| before.unwrap_or_default());
        self.heard.insert(heard.address, Seen { heard: heard.clone(), said, at });
    }

    pub(super) fn learn(&mut self, record: SensorRecord, name: MoldName) {
        let SensorRecord { address, mold, rule, sealed, stopped, .. } = record;
        if stopped.is_some() {
            self.used.remove(&address);
        } else {
            self.used.insert(address, SensorUseView { mold: (mold, name), rule, has_key: sealed });
        }
    }

    /// Those that are used come first.
    pub(super) fn view(&self) -> Vec<SensorView> {
        let strangers = self.heard.keys().filter(|of| !self.used.contains_key(of));
        self.used.keys().chain(strangers).map(|address| self.view_of(*address)).collect()
    }

    fn view_of(&self, address: BluetoothAddress) -> SensorView {
        let seen = self.heard.get(&address);
        let used = self.used.get(&address).cloned();
        let has_key = used.as_ref().is_some_and(|used| used.has_key);
        SensorView {
            address,
            format: seen.map(|seen| seen.heard.format),
            sealed: seen.map_or(has_key, |seen| seen.heard.sealed),
            said: seen.map(|seen| seen.said.clone()).unwrap_or_default(),
            unread: seen.and_then(|seen| seen.heard.said.as_ref().err().copied()),
            rssi_dbm: seen.map(|seen| seen.heard.rssi_dbm.into()),
            heard: seen.map(|seen| seen.at),
            used,
        }
    }
}
