//! What the box goes on from after a start: everything it knows but history.

use domain::{EntryKind, LedgerEntry, Mold, Press, Timestamp};
use serde::{Deserialize, Serialize};

use super::records::{
    AlarmRecord, AlertMark, Assignment, ModuleRecord, MonitorRecord, NetworkRecord, SensorRecord, Watched,
};

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
    /// How far monitors' alerts were taken notice of.
    pub alerts: Vec<AlertMark>,
    /// Limits that people set.
    pub watched: Vec<Watched>,
    /// Sensors that count for molds, or did.
    pub sensors: Vec<SensorRecord>,
    /// The highest number an alarm ever had; 0 when there was none.
    pub last_alarm: u64,
}

/// Where a mold's ledger stands: its sums and its end. How entries add up is said here and nowhere else.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
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
    /// Goes on by one entry; `false`, and nothing changed, when a sum would leave its range.
    pub fn append(&mut self, entry: &LedgerEntry) -> bool {
        let Some(next) = self.with(entry) else { return false };
        *self = next;
        true
    }

    fn with(&self, entry: &LedgerEntry) -> Option<Self> {
        let (mut adjusted, mut times_unknown) = (self.adjusted, self.times_unknown);
        match &entry.kind {
            EntryKind::Adjust { .. } | EntryKind::Import => adjusted = adjusted.checked_add(entry.cycles)?,
            EntryKind::Gap | EntryKind::Brought { .. } => {
                times_unknown = times_unknown.checked_add(u64::try_from(entry.cycles).unwrap_or(0))?;
            }
            EntryKind::Fill { filled } => times_unknown = times_unknown.saturating_sub(*filled),
            EntryKind::Delta | EntryKind::Rollover | EntryKind::Reset | EntryKind::Swap { .. } => {}
        }
        Some(LedgerStand {
            length: self.length.checked_add(1)?,
            counted: self.counted.checked_add(entry.cycles)?,
            adjusted,
            times_unknown,
            last: Some(entry.clone()),
        })
    }

    /// The entry at the end, if it is a run that still grows: steady counting, or the filling of gaps.
    #[must_use]
    pub fn open(&self) -> Option<&LedgerEntry> {
        self.last.as_ref().filter(|last| matches!(last.kind, EntryKind::Delta | EntryKind::Fill { .. }))
    }

    /// The entry at the end grows as [`super::LedgerChange::Grow`] says; `false`, and nothing changed, when it may not
    /// or a sum would leave its range.
    pub fn grow(&mut self, number: u64, cycles: u64, until: Timestamp, device_after: Option<u64>) -> bool {
        let Some(next) = self.grown(number, cycles, until, device_after) else { return false };
        *self = next;
        true
    }

    fn grown(&self, number: u64, cycles: u64, until: Timestamp, device_after: Option<u64>) -> Option<Self> {
        let mut run = self.open().filter(|run| run.number == number)?.clone();
        let (mut counted, mut times_unknown) = (self.counted, self.times_unknown);
        if let EntryKind::Fill { filled } = &mut run.kind {
            *filled = filled.checked_add(cycles)?;
            times_unknown = times_unknown.saturating_sub(cycles);
        } else {
            let more = i64::try_from(cycles).ok()?;
            run.cycles = run.cycles.checked_add(more)?;
            counted = counted.checked_add(more)?;
        }
        (run.until, run.device_after) = (until, device_after);
        Some(LedgerStand { counted, times_unknown, last: Some(run), ..*self })
    }

    /// How many ordinals were given out: everything counted by a device, with its times or without.
    #[must_use]
    pub fn ordinals(&self) -> u64 {
        u64::try_from(self.counted.saturating_sub(self.adjusted)).unwrap_or(0)
    }
}
