//! What one commit writes: all of it or nothing.

use domain::{Cycle, LedgerEntry, Mold, MoldId, Press, Timestamp};
use serde::{Deserialize, Serialize};

use super::records::{
    AlarmRecord, AlertMark, Assignment, ModuleRecord, MonitorRecord, NetworkRecord, RawRecord, SensorRecord,
    Watched,
};

/// What one commit writes. Records replace those of the same key; ledger, cycles and raw payloads are added.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Batch {
    /// Molds, new or changed.
    pub molds: Vec<Mold>,
    /// Presses, new or changed.
    pub presses: Vec<Press>,
    /// Monitors, new or changed.
    pub monitors: Vec<MonitorRecord>,
    /// Modules, new or changed.
    pub modules: Vec<ModuleRecord>,
    /// Networks, new or changed.
    pub networks: Vec<NetworkRecord>,
    /// Assignments, begun or ended.
    pub assignments: Vec<Assignment>,
    /// Changes of ledgers, in the order they happened.
    pub ledger: Vec<(MoldId, LedgerChange)>,
    /// Cycles, per mold in order of their ordinals; an ordinal that is there already is left as it is.
    pub cycles: Vec<(MoldId, Vec<Cycle>)>,
    /// Raw payloads, for the ring.
    pub raw: Vec<RawRecord>,
    /// Alarms, raised or cleared.
    pub alarms: Vec<AlarmRecord>,
    /// Monitors' alerts, how far they were taken notice of.
    pub alerts: Vec<AlertMark>,
    /// Limits that people set.
    pub watched: Vec<Watched>,
    /// Sensors, put to use, changed or ended.
    pub sensors: Vec<SensorRecord>,
}

/// A change of one mold's ledger.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum LedgerChange {
    /// A new entry at the end; closes the run before it for good.
    Append(LedgerEntry),
    /// The run at the end grew: steady counting, or the filling of gaps. Refused by the store unless entry `number`
    /// is the last one and a [`domain::EntryKind::Delta`] or [`domain::EntryKind::Fill`]: a closed entry is never
    /// changed. A long upload from a device's memory is so a few entries, not one a packet.
    Grow {
        /// The run's number.
        number: u64,
        /// Cycles to add: to `cycles` of a delta, to `filled` of a fill (whose `cycles` stay 0).
        cycles: u64,
        /// When the last of them was written.
        until: Timestamp,
        /// The device's counter after them.
        device_after: Option<u64>,
    },
}

impl Batch {
    /// Nothing to write.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Batch::default()
    }
}
