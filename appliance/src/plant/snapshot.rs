//! What the box goes on from after a start: everything it knows but history.

use domain::{EntryKind, LedgerEntry, Mold, Press, Timestamp};

use super::records::{AlarmRecord, Assignment, ModuleRecord, MonitorRecord, NetworkRecord};

/// Everything on disk but history, read once at the start.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Snapshot {
    /// Every mold, with where its ledger stands.
    pub molds: Vec<(Mold, LedgerStand)>,
    /// Every press.
    pub presses: Vec<Press>,
    /// Every monitor.
    pub monitors: Vec<MonitorRecord>,
    /// Every module.
    pub modules: Vec<ModuleRecord>,
    /// Every network.
    pub networks: Vec<NetworkRecord>,
    /// The newest assignment of every mold that has one.
    pub assignments: Vec<Assignment>,
    /// Alarms that stand.
    pub alarms: Vec<AlarmRecord>,
    /// The highest number an alarm ever had; 0 when there was none.
    pub last_alarm: u64,
}

/// Where a mold's ledger stands: its sums and its end.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LedgerStand {
    /// How many entries there are.
    pub length: u64,
    /// The sum of all entries' cycles.
    pub counted: i64,
    /// Of that, what people and other systems added: cycles that never had a place in history.
    pub adjusted: i64,
    /// Cycles counted whose times are not known: gaps less what filled them.
    pub times_unknown: u64,
    /// The last entry.
    pub last: Option<LedgerEntry>,
}

impl LedgerStand {
    /// Goes on by one entry.
    pub fn append(&mut self, entry: &LedgerEntry) {
        self.length = self.length.saturating_add(1);
        self.counted = self.counted.saturating_add(entry.cycles);
        match &entry.kind {
            EntryKind::Adjust { .. } | EntryKind::Import => {
                self.adjusted = self.adjusted.saturating_add(entry.cycles);
            }
            EntryKind::Gap => {
                let missing = u64::try_from(entry.cycles).unwrap_or(0);
                self.times_unknown = self.times_unknown.saturating_add(missing);
            }
            EntryKind::Fill { filled } => self.times_unknown = self.times_unknown.saturating_sub(*filled),
            EntryKind::Delta | EntryKind::Rollover | EntryKind::Reset | EntryKind::Swap { .. } => {}
        }
        self.last = Some(entry.clone());
    }

    /// The entry at the end grows as [`super::LedgerChange::Grow`] says; `false`, and nothing changed, when it may not.
    pub fn grow(&mut self, number: u64, cycles: u64, until: Timestamp, device_after: Option<u64>) -> bool {
        let Some(last) = self.last.as_mut().filter(|last| last.number == number) else { return false };
        let Ok(signed) = i64::try_from(cycles) else { return false };
        match &mut last.kind {
            EntryKind::Delta => {
                last.cycles = last.cycles.saturating_add(signed);
                self.counted = self.counted.saturating_add(signed);
            }
            EntryKind::Fill { filled } => {
                *filled = filled.saturating_add(cycles);
                self.times_unknown = self.times_unknown.saturating_sub(cycles);
            }
            _ => return false,
        }
        last.until = until;
        last.device_after = device_after;
        true
    }

    /// How many ordinals were given out: everything counted by a device, with its times or without.
    #[must_use]
    pub fn ordinals(&self) -> u64 {
        u64::try_from(self.counted.saturating_sub(self.adjusted)).unwrap_or(0)
    }
}
