//! One mold's book: its record, where its ledger stands, and what the next commit adds to both.

use domain::{
    Cycle, CycleFlags, CycleTime, EntryKind, LedgerEntry, Mold, MonitorSerial, Temperature, Thresholds,
    Timestamp,
};
use radio::event::HeardCycle;

use crate::plant::{Assignment, Device, LedgerChange, LedgerStand};

/// The counter an entry rests on.
#[derive(Debug, Clone)]
pub(super) struct Basis {
    pub(super) monitor: MonitorSerial,
    pub(super) before: Option<u64>,
    pub(super) after: Option<u64>,
}

/// What the floor shows of a mold's last cycle.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct LastCycle {
    pub(super) ended: Option<Timestamp>,
    pub(super) valid: Option<CycleTime>,
    pub(super) temperature: Option<Temperature>,
}

/// One mold's book.
#[derive(Debug)]
pub(super) struct Book {
    pub(super) mold: Mold,
    pub(super) stand: LedgerStand,
    /// The newest assignment.
    pub(super) assignment: Option<Assignment>,
    pub(super) last: LastCycle,
    /// What a person wants its monitor to watch; none where nobody said so.
    pub(super) watched: Option<Thresholds>,
    ordinals: u64,
    changes: Vec<LedgerChange>,
    cycles: Vec<Cycle>,
    sorted: bool,
    fills: Option<(u64, MonitorSerial)>,
}

impl Book {
    pub(super) fn new(mold: Mold, stand: LedgerStand) -> Self {
        Book {
            ordinals: stand.ordinals(),
            mold,
            stand,
            assignment: None,
            last: LastCycle::default(),
            watched: None,
            changes: Vec::new(),
            cycles: Vec::new(),
            sorted: true,
            fills: None,
        }
    }

    /// After a start: what the floor shows of the last cycle, from the monitor's record.
    pub(super) fn resume(&mut self, run: &Device) {
        self.last = LastCycle { ended: run.last_end, valid: run.last_cycle, temperature: None };
    }

    /// What the floor shows after new cycles of the present monitor.
    pub(super) fn show(&mut self, run: &Device, cycles: &[HeardCycle]) {
        let temperature = cycles.iter().rev().find_map(|cycle| cycle.temperature);
        self.last = LastCycle {
            ended: run.last_end,
            valid: run.last_cycle,
            temperature: temperature.or(self.last.temperature),
        };
    }

    /// What the screen shows: baseline and ledger.
    pub(super) fn displayed(&self) -> u64 {
        let count = i128::from(self.mold.baseline) + i128::from(self.stand.counted);
        u64::try_from(count.max(0)).unwrap_or(u64::MAX)
    }

    /// Gives out the ordinals of so many new cycles; answers the first.
    fn reserve(&mut self, cycles: u64) -> u64 {
        let first = self.ordinals.saturating_add(1);
        self.ordinals = self.ordinals.saturating_add(cycles);
        first
    }

    /// An entry of its own that counts nothing or was counted by people.
    pub(super) fn note(&mut self, now: Timestamp, kind: EntryKind, basis: Option<Basis>) -> u64 {
        self.append(now, kind, 0, basis)
    }

    /// Cycles whose times are not known; answers the ordinal of the first.
    pub(super) fn gap(&mut self, now: Timestamp, cycles: u64, basis: Basis) -> u64 {
        self.append(now, EntryKind::Gap, cycles, Some(basis));
        self.reserve(cycles)
    }

    /// Steady counting; answers the ordinal of the first. The run of the day grows, or a new one begins.
    pub(super) fn count(&mut self, now: Timestamp, cycles: u64, basis: Basis) -> u64 {
        let run = self.stand.last.as_ref().filter(|last| {
            last.kind == EntryKind::Delta
                && last.monitor.as_ref() == Some(&basis.monitor)
                && last.device_after == basis.before
                && last.at.utc_day() == now.utc_day()
        });
        match run.map(|run| (run.number, run.until.max(now))) {
            Some((number, until)) => self.grow(number, cycles, until, basis.after),
            None => {
                self.append(now, EntryKind::Delta, cycles, Some(basis));
            }
        }
        self.reserve(cycles)
    }

    /// Cycles of an earlier gap got their times; said once a commit, whatever number of packets brought them.
    pub(super) fn fill(&mut self, cycles: u64, monitor: &MonitorSerial) {
        match &mut self.fills {
            Some((filled, _)) => *filled = filled.saturating_add(cycles),
            None => self.fills = Some((cycles, monitor.clone())),
        }
    }

    /// A cycle for history.
    pub(super) fn record(&mut self, cycle: Cycle) {
        self.sorted &= self.cycles.last().is_none_or(|last| last.ordinal < cycle.ordinal);
        self.cycles.push(cycle);
    }

    fn append(&mut self, now: Timestamp, kind: EntryKind, cycles: u64, basis: Option<Basis>) -> u64 {
        let number = self.stand.length;
        let (monitor, device_before, device_after) =
            basis.map_or((None, None, None), |basis| (Some(basis.monitor), basis.before, basis.after));
        let entry = LedgerEntry {
            number,
            at: now,
            until: now,
            kind,
            cycles: i64::try_from(cycles).unwrap_or(i64::MAX),
            monitor,
            device_before,
            device_after,
        };
        self.stand.append(&entry);
        self.changes.push(LedgerChange::Append(entry));
        number
    }

    fn grow(&mut self, number: u64, cycles: u64, until: Timestamp, device_after: Option<u64>) {
        self.stand.grow(number, cycles, until, device_after);
        match self.changes.last_mut() {
            // Written in this very commit: it is still open.
            Some(LedgerChange::Append(_)) => {
                if let Some(last) = &self.stand.last {
                    self.changes.pop();
                    self.changes.push(LedgerChange::Append(last.clone()));
                }
            }
            Some(LedgerChange::Grow { cycles: more, until: later, device_after: after, .. }) => {
                *more = more.saturating_add(cycles);
                *later = until;
                *after = device_after;
            }
            None => self.changes.push(LedgerChange::Grow { number, cycles, until, device_after }),
        }
    }

    /// What the next commit adds.
    pub(super) fn take(&mut self, now: Timestamp) -> (Vec<LedgerChange>, Vec<Cycle>) {
        if let Some((filled, monitor)) = self.fills.take() {
            let run = self.stand.last.as_ref().filter(|last| {
                matches!(last.kind, EntryKind::Fill { .. })
                    && last.monitor.as_ref() == Some(&monitor)
                    && last.at.utc_day() == now.utc_day()
            });
            match run.map(|run| (run.number, run.until.max(now))) {
                Some((number, until)) => self.grow(number, filled, until, None),
                None => {
                    let basis = Basis { monitor, before: None, after: None };
                    self.note(now, EntryKind::Fill { filled }, Some(basis));
                }
            }
        }
        if !self.sorted {
            self.cycles.sort_by_key(|cycle| cycle.ordinal);
        }
        self.sorted = true;
        (std::mem::take(&mut self.changes), std::mem::take(&mut self.cycles))
    }
}

/// A cycle for history.
pub(super) fn cycle(
    ordinal: u64,
    (ended, source): (Timestamp, domain::TimeSource),
    heard: &HeardCycle,
    late: bool,
) -> Cycle {
    Cycle {
        ordinal,
        ended,
        cycle_time: heard.cycle_time,
        temperature: heard.temperature,
        source,
        flags: CycleFlags { late, first: heard.first },
    }
}
