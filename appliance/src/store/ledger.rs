//! Ledgers: closed entries in a table that only grows, the open run and the sums in the mold's head.

use domain::{Cycle, EntryKind, LedgerEntry, MoldId};
use redb::ReadableTable;
use serde::{Deserialize, Serialize};

use super::chain::{self, EntryHash};
use super::error::{Fault, LedgerRefusal};
use super::repair::Lost;
use super::row;
use super::tables::Bytes;
use crate::plant::{LedgerChange, LedgerStand};

/// Where a mold's count and history stand. Makes counts quick to read; everything in it can be made again from
/// ledger and history, and `check` does so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// The sums, and the last entry: a run that still grows is nowhere else.
    pub(super) stand: LedgerStand,
    /// Cycles in history.
    pub(super) timed: u64,
    /// Hash of the last closed entry.
    pub(super) chain: EntryHash,
    /// First and last day with cycles in history.
    pub(super) days: Option<(i64, i64)>,
}

impl Head {
    pub(super) fn new(mold: MoldId, baseline: u64) -> Self {
        Head { stand: LedgerStand::default(), timed: 0, chain: chain::genesis(mold, baseline), days: None }
    }

    /// Hash of the last entry; provisional while it is a run that still grows.
    pub(super) fn hash(&self) -> EntryHash {
        self.stand.open().map_or(self.chain, |run| chain::link(&self.chain, run))
    }

    /// Cycles that history should have.
    pub(super) fn expected_timed(&self) -> u64 {
        let unknown = i64::try_from(self.stand.times_unknown).unwrap_or(i64::MAX);
        let timed = self.stand.counted.saturating_sub(self.stand.adjusted).saturating_sub(unknown);
        u64::try_from(timed).unwrap_or(0)
    }

    /// Closed entries.
    pub(super) fn closed(&self) -> u64 {
        self.stand.length.saturating_sub(u64::from(self.stand.open().is_some()))
    }

    /// Cycles that are new to history.
    pub(super) fn learn(&mut self, new: &[Cycle]) {
        self.timed = self.timed.saturating_add(new.len() as u64);
        for day in new.iter().map(|cycle| cycle.ended.utc_day()) {
            let (first, last) = self.days.unwrap_or((day, day));
            self.days = Some((first.min(day), last.max(day)));
        }
    }
}

/// A closed entry on disk.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Closed {
    pub(super) entry: LedgerEntry,
    pub(super) hash: EntryHash,
}

/// A ledger, as far as changing it needs it.
#[derive(Debug, Clone)]
pub(super) struct Standing {
    pub(super) head: Head,
    /// Closed entries that are not in the table, in order of their numbers.
    pub(super) closed: Vec<Closed>,
}

impl Standing {
    /// All closed entries are in the table.
    pub(super) fn new(head: Head) -> Self {
        Standing { head, closed: Vec::new() }
    }

    /// Changes the ledger of a mold, or tells why that is against its rules; it is of no use then.
    pub(super) fn change(&mut self, mold: MoldId, change: &LedgerChange) -> Result<(), Fault> {
        let refuse = |why| Fault::Ledger(mold, why);
        match change {
            LedgerChange::Append(entry) => self.append(entry).map_err(refuse),
            LedgerChange::Grow { number, cycles, until, device_after } => {
                if self.head.stand.open().is_none_or(|run| run.number != *number) {
                    return Err(refuse(LedgerRefusal::Closed { number: *number }));
                }
                let grown = self.head.stand.grow(*number, *cycles, *until, *device_after);
                if grown { Ok(()) } else { Err(refuse(LedgerRefusal::Overflow)) }
            }
        }
    }

    fn append(&mut self, entry: &LedgerEntry) -> Result<(), LedgerRefusal> {
        let expected = self.head.stand.length;
        if entry.number != expected {
            return Err(LedgerRefusal::Number { expected, found: entry.number });
        }
        if entry.cycles < 0 && !matches!(entry.kind, EntryKind::Adjust { .. }) {
            return Err(LedgerRefusal::Negative { number: entry.number });
        }
        if let Some(run) = self.head.stand.open().cloned() {
            self.close(run);
        }
        if !self.head.stand.append(entry) {
            return Err(LedgerRefusal::Overflow);
        }
        if self.head.stand.open().is_none() {
            self.close(entry.clone());
        }
        Ok(())
    }

    fn close(&mut self, entry: LedgerEntry) {
        self.head.chain = chain::link(&self.head.chain, &entry);
        self.closed.push(Closed { entry, hash: self.head.chain });
    }
}

/// A mold's counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Counts {
    /// Cycles made before the box knew the mold.
    pub baseline: u64,
    /// Sum of the ledger.
    pub counted: i64,
    /// Baseline and sum of the ledger.
    pub displayed: u64,
    /// Of what was counted, cycles whose times are not known.
    pub times_unknown: u64,
    /// Entries of the ledger.
    pub ledger_length: u64,
    /// Cycles in history.
    pub timed: u64,
}

impl Counts {
    pub(super) fn new(baseline: u64, head: &Head) -> Self {
        let stand = &head.stand;
        let sum = i128::from(baseline) + i128::from(stand.counted);
        Counts {
            baseline,
            counted: stand.counted,
            displayed: u64::try_from(sum.max(0)).unwrap_or(u64::MAX),
            times_unknown: stand.times_unknown,
            ledger_length: stand.length,
            timed: head.timed,
        }
    }
}

/// An entry with its place in the hash chain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChainedEntry {
    /// The entry.
    pub entry: LedgerEntry,
    /// SHA-256 of it and everything before it.
    pub hash: EntryHash,
    /// It still grows, and its hash with it.
    pub open: bool,
}

/// What damaged disks took of a mold's history.
pub(super) fn lost(table: &impl ReadableTable<(u32, u64), Bytes>, mold: MoldId) -> Result<Vec<Lost>, Fault> {
    let mut lost = Vec::new();
    for item in table.range((mold.0, 0)..=(mold.0, u64::MAX))? {
        let (key, value) = item?;
        lost.push(row::decode("lost", key.value(), value.value())?);
    }
    Ok(lost)
}

/// Molds that damaged disks took cycles of.
pub(super) fn molds_with_losses(table: &impl ReadableTable<(u32, u64), Bytes>) -> Result<Vec<MoldId>, Fault> {
    table.iter()?.map(|item| Ok(MoldId(item?.0.value().0))).collect()
}

/// Entries from number `from` on, at most `limit`, oldest first: those in the table, then what `standing` knows beside it.
pub(super) fn entries(
    closed: &impl ReadableTable<(u32, u64), Bytes>,
    standing: Option<&Standing>,
    mold: MoldId,
    from: u64,
    limit: usize,
) -> Result<Vec<ChainedEntry>, Fault> {
    let mut entries = Vec::new();
    let mut next = from;
    for item in closed.range((mold.0, from)..=(mold.0, u64::MAX))?.take(limit) {
        let (key, value) = item?;
        let row: Closed = row::decode("ledger", key.value(), value.value())?;
        next = key.value().1.saturating_add(1);
        entries.push(ChainedEntry { entry: row.entry, hash: row.hash, open: false });
    }
    let Some(Standing { head, closed }) = standing else { return Ok(entries) };
    // What was written since somebody looked is in both.
    for row in closed.iter().filter(|row| row.entry.number >= next) {
        entries.push(ChainedEntry { entry: row.entry.clone(), hash: row.hash, open: false });
    }
    if let Some(run) = head.stand.open().filter(|run| run.number >= from) {
        entries.push(ChainedEntry { entry: run.clone(), hash: head.hash(), open: true });
    }
    entries.truncate(limit);
    Ok(entries)
}
