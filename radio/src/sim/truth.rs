//! What every monitor really did, to compare with what a box says.

use domain::{Eui64, MonitorSerial};
use serde::Serialize;

/// The whole plant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Truth {
    /// The seed it was made from.
    pub seed: u64,
    /// Cycles of all molds.
    pub cycles: u64,
    /// Cycles that no box has kept yet.
    pub unacknowledged: u64,
    /// Every mold, by name.
    pub molds: Vec<MoldTruth>,
}

/// One mold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MoldTruth {
    /// Its number.
    pub mold: String,
    /// The monitor on it now.
    pub monitor: MonitorSerial,
    /// The module it is wired to; `None` on a shelf.
    pub module: Option<Eui64>,
    /// The press's name, by its module.
    pub press: Option<String>,
    /// The stick that hears it, by its letter.
    pub stick: Option<String>,
    /// What it does: `cycling`, `slow`, `stopped`, `asleep`, `tethered`, `untethered` or `uninitialised`.
    pub state: &'static str,
    /// The validated cycle time, ms.
    pub approved_ms: u32,
    /// Cycles made before it had a monitor.
    pub baseline: u64,
    /// What a box must display in the end: baseline and cycles.
    pub count: u64,
    /// Every cycle it made since, whichever monitor counted it.
    pub list: CycleList,
    /// Cycles still in the monitor's memory that no box has kept.
    pub unacknowledged: u64,
    /// How often its counter was reset.
    pub resets: u32,
    /// How often its counter went past the top.
    pub rollovers: u32,
    /// Monitors it had before this one, oldest first.
    pub former: Vec<MonitorSerial>,
}

/// A list of cycles in short. Two lists that agree in all of this are the same list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct CycleList {
    /// How many.
    pub cycles: u64,
    /// Sum of all cycle times as they are told, ms.
    pub sum_ms: u64,
    /// Those that are first after a pause or start, whose time is no cycle time.
    pub firsts: u64,
    /// FNV-1a (64 bits) over each cycle time in order, as ms in four bytes, lowest first.
    pub digest: u64,
}

impl Default for CycleList {
    fn default() -> Self {
        CycleList { cycles: 0, sum_ms: 0, firsts: 0, digest: 0xCBF2_9CE4_8422_2325 }
    }
}

impl CycleList {
    /// Adds a cycle at the end.
    pub fn push(&mut self, cycle_ms: u32, first: bool) {
        self.cycles += 1;
        self.sum_ms += u64::from(cycle_ms);
        self.firsts += u64::from(first);
        for byte in cycle_ms.to_le_bytes() {
            self.digest = (self.digest ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_in_another_order_are_other_lists() {
        let list = |times: &[u32]| {
            let mut list = CycleList::default();
            times.iter().for_each(|time| list.push(*time, false));
            list
        };
        assert_eq!(list(&[1, 2, 3]), list(&[1, 2, 3]));
        assert_ne!(list(&[1, 2, 3]), list(&[1, 3, 2]));
        assert_ne!(list(&[1, 2, 3]), list(&[1, 2]));
    }
}
