//! How the air is, for people.

use domain::Timestamp;

use super::adapter::Adapter;
use super::monitor::Monitor;
use super::{Choice, Conductor};
use crate::bluetooth::{AirReport, OnAir};

impl Conductor {
    /// Every adapter and every monitor that was heard or is known.
    #[must_use]
    pub fn report(&self, now: Timestamp) -> AirReport {
        AirReport {
            adapters: self.adapters.values().map(Adapter::report).collect(),
            monitors: self.monitors.values().map(|monitor| self.on_air(monitor, now)).collect(),
        }
    }

    /// Why a way was chosen; by how many repeaters it goes, and by which adapter.
    fn why(&self, monitor: &Monitor, choice: &Choice, now: Timestamp) -> String {
        let Choice { way, why, .. } = choice;
        match (monitor.hops.get(way), self.repeaters.by(&way.adapter, now)) {
            (Some(1), Some(adapter)) => format!("{why}; a repeater that {adapter} hears"),
            (Some(hops), Some(adapter)) => {
                format!("{why}; {hops} repeaters in a row, the last heard by {adapter}")
            }
            _ => why.to_string(),
        }
    }

    fn on_air(&self, monitor: &Monitor, now: Timestamp) -> OnAir {
        let session = &monitor.session;
        let choice = monitor.signal.choice();
        // The way that a link goes by counts before the one that the next would go by.
        let by = session.way().or_else(|| choice.map(|choice| &choice.way));
        let why =
            choice.filter(|choice| Some(&choice.way) == by).map(|choice| self.why(monitor, choice, now));
        let heard_by = by.or_else(|| monitor.signal.strongest(now));
        let waiting = session.waiting();
        OnAir {
            serial: session.serial().monitor(),
            standing: session.standing(),
            bonds: session.bonds().map(|(way, strength)| (way.adapter.clone(), strength)).collect(),
            by: by.map(|way| (way.adapter.clone(), why.unwrap_or_default())),
            rssi_dbm: heard_by.and_then(|way| monitor.signal.rssi_dbm(way, now)),
            says_lost: waiting.is_some_and(|waiting| waiting.lost_bond),
            no_passkey: waiting.is_some_and(|waiting| waiting.no_passkey),
            heard: session.heard(),
            window_until: session.window_until(),
            refused: monitor.refused.clone(),
        }
    }
}
