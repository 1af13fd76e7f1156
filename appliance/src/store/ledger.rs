//! Ledgers: closed entries in a table that only grows, the open run and the sums in the mold's head.

use domain::{Cycle, EntryKind, LedgerEntry, Mold, MoldId};
use redb::{ReadableTable, Table, WriteTransaction};
use serde::{Deserialize, Serialize};

use super::chain::{self, EntryHash};
use super::error::{Fault, LedgerRefusal};
use super::repair::Lost;
use super::row;
use super::tables::{self, Bytes, HEADS, LEDGER, MOLDS};
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
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Closed {
    pub(super) entry: LedgerEntry,
    pub(super) hash: EntryHash,
}

/// Writes ledgers within one transaction.
pub(super) struct Ledgers<'t> {
    /// The other tables are opened when they are needed: steady counting needs none of them.
    txn: &'t WriteTransaction,
    heads: Table<'t, u32, Bytes>,
}

impl<'t> Ledgers<'t> {
    pub(super) fn new(txn: &'t WriteTransaction) -> Result<Self, Fault> {
        Ok(Ledgers { txn, heads: txn.open_table(HEADS)? })
    }

    pub(super) fn head(&self, mold: MoldId) -> Result<Head, Fault> {
        if let Some(head) = tables::one(&self.heads, "heads", mold.0)? {
            return Ok(head);
        }
        let record = tables::one::<_, Mold>(&self.txn.open_table(MOLDS)?, "molds", mold.0)?;
        Ok(Head::new(mold, record.map_or(0, |record| record.baseline)))
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
        let refuse = |why| Fault::Ledger(mold, why);
        match change {
            LedgerChange::Append(entry) => self.append(mold, head, entry),
            LedgerChange::Grow { number, cycles, until, device_after } => {
                if head.stand.open().is_none_or(|run| run.number != *number) {
                    return Err(refuse(LedgerRefusal::Closed { number: *number }));
                }
                let grown = head.stand.grow(*number, *cycles, *until, *device_after);
                if grown { Ok(()) } else { Err(refuse(LedgerRefusal::Overflow)) }
            }
        }
    }

    fn append(&mut self, mold: MoldId, head: &mut Head, entry: &LedgerEntry) -> Result<(), Fault> {
        let refuse = |why| Fault::Ledger(mold, why);
        let expected = head.stand.length;
        if entry.number != expected {
            return Err(refuse(LedgerRefusal::Number { expected, found: entry.number }));
        }
        if entry.cycles < 0 && !matches!(entry.kind, EntryKind::Adjust { .. }) {
            return Err(refuse(LedgerRefusal::Negative { number: entry.number }));
        }
        if let Some(run) = head.stand.open().cloned() {
            self.close(mold, head, &run)?;
        }
        if !head.stand.append(entry) {
            return Err(refuse(LedgerRefusal::Overflow));
        }
        if head.stand.open().is_some() { Ok(()) } else { self.close(mold, head, entry) }
    }

    fn close(&mut self, mold: MoldId, head: &mut Head, entry: &LedgerEntry) -> Result<(), Fault> {
        let key = (mold.0, entry.number);
        head.chain = chain::link(&head.chain, entry);
        let row = row::encode(&Closed { entry: entry.clone(), hash: head.chain })?;
        if self.txn.open_table(LEDGER)?.insert(key, row.as_slice())?.is_some() {
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
        && let Some(run) = head.stand.open().filter(|run| run.number >= from)
    {
        entries.push(ChainedEntry { entry: run.clone(), hash: head.hash(), open: true });
    }
    Ok(entries)
}
