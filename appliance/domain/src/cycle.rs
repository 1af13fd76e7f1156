//! One closing of a mold, as history keeps it.

use serde::{Deserialize, Serialize};

use crate::{CycleTime, Temperature, Timestamp};

/// Where a cycle's time comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum TimeSource {
    /// The device's own time base, set against the box's clock once per packet.
    Device,
    /// The box's clock when the packet arrived.
    Received,
    /// Worked out from its neighbours.
    Estimated,
}

/// What is special about a cycle.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct CycleFlags {
    /// Read from the device's memory after the fact (law 8: fills history, raises no notification).
    pub late: bool,
    /// First cycle after a pause, a tether or a reset: its time is no cycle time.
    pub first: bool,
}

/// One cycle of a mold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cycle {
    /// The how-many-th cycle of the mold since the box knows it, from 1; the mold's displayed count less its baseline.
    pub ordinal: u64,
    /// When the mold closed.
    pub ended: Timestamp,
    /// Time since the closing before.
    pub cycle_time: CycleTime,
    /// Mold temperature at that time.
    pub temperature: Option<Temperature>,
    /// Where `ended` comes from.
    pub source: TimeSource,
    /// What is special about it.
    pub flags: CycleFlags,
}
