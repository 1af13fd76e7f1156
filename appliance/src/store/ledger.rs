//! Ledgers: closed entries in a table that only grows, the open run and the sums in the mold's head.

use domain::{EntryKind, LedgerEntry, MoldId};
use redb::{ReadableTable, Table, WriteTransaction};
use serde::{Deserialize, Serialize};

use super::chain::{self, EntryHash};
use super::error::{Fault, LedgerRefusal};
use super::history::Added;
use super::row;
use super::tables::{self, Bytes, HEADS, LEDGER};
use crate::plant::{LedgerChange, LedgerStand};

/// Where a mold's count and history stand. Makes counts quick to read; everything in it can be made again from
/// ledger and history, and `check` does so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Head {
    /// Entries, the open run included.
    pub(super) length: u64,
    /// Sum of all entries.
    pub(super) counted: i64,
    /// Of that, adjustments and imports.
    pub(super) adjusted: i64,
    /// Gaps less fills.
    pub(super) times_unknown: u64,
    /// Cycles in history.
    pub(super) timed: u64,
    /// Hash of the last closed entry.
    pub(super) chain: EntryHash,
    /// The run at the end, which still grows.
    pub(super) open: Option<LedgerEntry>,
    /// First and last day with cycles in history.
    pub(super) days: Option<(i64, i64)>,
}

impl Head {
    pub(super) fn new(mold: MoldId) -> Self {
        Head {
            length: 0,
            counted: 0,
            adjusted: 0,
            times_unknown: 0,
            timed: 0,
            chain: chain::genesis(mold),
            open: None,
            days: None,
        }
    }

    /// Hash of the last entry; provisional while it is a run that still grows.
    pub(super) fn hash(&self) -> EntryHash {
        self.open.as_ref().map_or(self.chain, |run| chain::link(&self.chain, run))
    }

    /// Closed entries.
    pub(super) fn closed(&self) -> u64 {
        self.length.saturating_sub(u64::from(self.open.is_some()))
    }

    pub(super) fn learn(&mut self, added: &Added) {
        self.timed = self.timed.saturating_add(added.cycles);
        if let Some((from, to)) = added.days {
            let (first, last) = self.days.unwrap_or((from, to));
            self.days = Some((first.min(from), last.max(to)));
        }
    }

    fn sum(&mut self, entry: &LedgerEntry) -> Result<(), LedgerRefusal> {
        self.counted = self.counted.checked_add(entry.cycles).ok_or(LedgerRefusal::Overflow)?;
        match &entry.kind {
            EntryKind::Adjust { .. } | EntryKind::Import => {
                self.adjusted = self.adjusted.checked_add(entry.cycles).ok_or(LedgerRefusal::Overflow)?;
            }
            EntryKind::Gap => {
                let missing = u64::try_from(entry.cycles).unwrap_or(0);
                self.times_unknown =
                    self.times_unknown.checked_add(missing).ok_or(LedgerRefusal::Overflow)?;
            }
            EntryKind::Fill { filled } => self.times_unknown = self.times_unknown.saturating_sub(*filled),
            EntryKind::Delta | EntryKind::Rollover | EntryKind::Reset | EntryKind::Swap { .. } => {}
        }
        Ok(())
    }
}

/// Steady counting and the filling of gaps are runs: they grow while they are the last entry.
fn grows(kind: &EntryKind) -> bool {
    matches!(kind, EntryKind::Delta | EntryKind::Fill { .. })
}

/// A closed entry on disk.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Closed {
    pub(super) entry: LedgerEntry,
    pub(super) hash: EntryHash,
}

/// Writes ledgers within one transaction.
pub(super) struct Ledgers<'t> {
    closed: Table<'t, (u32, u64), Bytes>,
    heads: Table<'t, u32, Bytes>,
}

impl<'t> Ledgers<'t> {
    pub(super) fn new(txn: &'t WriteTransaction) -> Result<Self, Fault> {
        Ok(Ledgers { closed: txn.open_table(LEDGER)?, heads: txn.open_table(HEADS)? })
    }

    pub(super) fn head(&self, mold: MoldId) -> Result<Head, Fault> {
        Ok(tables::one(&self.heads, "heads", mold.0)?.unwrap_or_else(|| Head::new(mold)))
    }

    pub(super) fn put_head(&mut self, mold: MoldId, head: &Head) -> Result<(), Fault> {
        self.heads.insert(mold.0, row::encode(head)?.as_slice())?;
        Ok(())
    }

    pub(super) fn change(
        &mut self,
        mold: MoldId,
        head: &mut Head,
        change: &LedgerChange,
    ) -> Result<(), Fault> {
        match change {
            LedgerChange::Append(entry) => self.append(mold, head, entry),
            LedgerChange::Grow { number, cycles, until, device_after } => {
                let refuse = |why| Fault::Ledger(mold, why);
                let closed = LedgerRefusal::Closed { number: *number };
                let run = head.open.as_mut().filter(|run| run.number == *number);
                let run = run.ok_or_else(|| refuse(closed))?;
                let overflow = || refuse(LedgerRefusal::Overflow);
                match &mut run.kind {
                    EntryKind::Fill { filled } => {
                        *filled = filled.checked_add(*cycles).ok_or_else(overflow)?;
                        head.times_unknown = head.times_unknown.saturating_sub(*cycles);
                    }
                    _ => {
                        let more = i64::try_from(*cycles).map_err(|_| overflow())?;
                        run.cycles = run.cycles.checked_add(more).ok_or_else(overflow)?;
                        head.counted = head.counted.checked_add(more).ok_or_else(overflow)?;
                    }
                }
                run.until = *until;
                run.device_after = *device_after;
                Ok(())
            }
        }
    }

    fn append(&mut self, mold: MoldId, head: &mut Head, entry: &LedgerEntry) -> Result<(), Fault> {
        let refuse = |why| Fault::Ledger(mold, why);
        if entry.number != head.length {
            return Err(refuse(LedgerRefusal::Number { expected: head.length, found: entry.number }));
        }
        if entry.cycles < 0 && !matches!(entry.kind, EntryKind::Adjust { .. }) {
            return Err(refuse(LedgerRefusal::Negative { number: entry.number }));
        }
        if let Some(run) = head.open.take() {
            self.close(mold, head, run)?;
        }
        head.sum(entry).map_err(refuse)?;
        head.length = head.length.saturating_add(1);
        if grows(&entry.kind) {
            head.open = Some(entry.clone());
            return Ok(());
        }
        self.close(mold, head, entry.clone())
    }

    fn close(&mut self, mold: MoldId, head: &mut Head, entry: LedgerEntry) -> Result<(), Fault> {
        let key = (mold.0, entry.number);
        head.chain = chain::link(&head.chain, &entry);
        let row = row::encode(&Closed { entry, hash: head.chain })?;
        if self.closed.insert(key, row.as_slice())?.is_some() {
            return Err(Fault::Ledger(mold, LedgerRefusal::Closed { number: key.1 }));
        }
        Ok(())
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
        let sum = i128::from(baseline) + i128::from(head.counted);
        Counts {
            baseline,
            counted: head.counted,
            displayed: u64::try_from(sum.max(0)).unwrap_or(u64::MAX),
            times_unknown: head.times_unknown,
            ledger_length: head.length,
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

/// Entries from number `from` on, at most `limit`, oldest first.
pub(super) fn entries(
    closed: &impl ReadableTable<(u32, u64), Bytes>,
    head: Option<&Head>,
    mold: MoldId,
    from: u64,
    limit: usize,
) -> Result<Vec<ChainedEntry>, Fault> {
    let mut entries = Vec::new();
    for item in closed.range((mold.0, from)..=(mold.0, u64::MAX))?.take(limit) {
        let (key, value) = item?;
        let row: Closed = row::decode("ledger", key.value(), value.value())?;
        entries.push(ChainedEntry { entry: row.entry, hash: row.hash, open: false });
    }
    if entries.len() < limit
        && let Some(head) = head
        && let Some(run) = head.open.as_ref().filter(|run| run.number >= from)
    {
        entries.push(ChainedEntry { entry: run.clone(), hash: head.hash(), open: true });
    }
    Ok(entries)
}

/// What the box goes on from.
pub(super) fn stand(
    closed: &impl ReadableTable<(u32, u64), Bytes>,
    head: &Head,
    mold: MoldId,
) -> Result<LedgerStand, Fault> {
    let last = match &head.open {
        Some(run) => Some(run.clone()),
        None => entries(closed, None, mold, head.length.saturating_sub(1), 1)?.pop().map(|last| last.entry),
    };
    Ok(LedgerStand {
        length: head.length,
        counted: head.counted,
        adjusted: head.adjusted,
        times_unknown: head.times_unknown,
        last,
    })
}
