//! Rows that were found good, into the store.

use std::collections::BTreeMap;

use domain::{Cycle, EntryKind, LedgerEntry, Mold, MoldId, MoldName, Timestamp};

use super::ImportError;
use super::walk::Sum;
use crate::plant::{Batch, LedgerChange, LedgerStand};
use crate::store::Store;

/// Cycles of one commit: an import up to this size is there whole or not at all.
const BATCH: usize = 100_000;

/// Whose file it is.
pub(super) struct Origin {
    pub(super) by: String,
    pub(super) file: String,
    pub(super) sha256: [u8; 32],
}

/// Writes cycles in commits of bounded size. The first one makes new molds and counts everything that is counted, as
/// cycles whose times are not known; every commit then tells the times of some. So the count is right from the first
/// commit on, and an import that was cut short goes on where it stopped when it is begun again.
pub(super) struct Writer<'s> {
    store: &'s Store,
    now: Timestamp,
    books: BTreeMap<MoldId, Book>,
    batch: Batch,
    gathered: usize,
    written: u64,
}

/// Where a mold's ledger stands, and the fill that grows.
struct Book {
    stand: LedgerStand,
    fill: Option<u64>,
    filled: u64,
}

/// What the file adds to one mold.
pub(super) struct Addition<'s> {
    pub(super) id: MoldId,
    /// The mold is made.
    pub(super) new: Option<MoldName>,
    pub(super) stand: LedgerStand,
    pub(super) sum: &'s Sum,
}

impl<'s> Writer<'s> {
    pub(super) fn new(store: &'s Store, now: Timestamp) -> Self {
        Writer { store, now, books: BTreeMap::new(), batch: Batch::default(), gathered: 0, written: 0 }
    }

    /// Counts what the file counts for a mold.
    pub(super) fn count(&mut self, addition: Addition<'_>, origin: &Origin) -> Result<(), ImportError> {
        let Addition { id, new, mut stand, sum } = addition;
        if let Some(name) = new {
            self.batch.molds.push(Mold {
                id,
                name,
                description: String::new(),
                approved: None,
                design_life: None,
                baseline: sum.baseline,
                registered: self.now,
            });
        }
        let cycles = sum.after.saturating_sub(sum.before);
        let goes_on = if cycles == 0 { self.begun(id, origin)? } else { None };
        let fill = match goes_on {
            Some(fill) => fill,
            None => {
                let kind = EntryKind::Brought {
                    by: origin.by.clone(),
                    file: origin.file.clone(),
                    sha256: origin.sha256,
                };
                let mut entry =
                    entry(stand.length, kind, i64::try_from(cycles).unwrap_or(i64::MAX), self.now);
                if cycles > 0 {
                    entry.device_before = Some(sum.baseline.saturating_add(sum.before));
                    entry.device_after = Some(sum.baseline.saturating_add(sum.after));
                }
                stand.append(&entry);
                self.batch.ledger.push((id, LedgerChange::Append(entry)));
                None
            }
        };
        self.books.insert(id, Book { stand, fill, filled: 0 });
        Ok(())
    }

    /// Whether the ledger ends in this very import, cut short: then it goes on, by the fill that it had come to.
    fn begun(&self, id: MoldId, origin: &Origin) -> Result<Option<Option<u64>>, ImportError> {
        let newest = self.store.ledger(id, 2).map_err(ImportError::Store)?;
        let is_this = |entry: &LedgerEntry| {
            let EntryKind::Brought { by, file, sha256 } = &entry.kind else { return false };
            (by, file, sha256) == (&origin.by, &origin.file, &origin.sha256)
        };
        Ok(match newest.as_slice() {
            [last, ..] if is_this(last) => Some(None),
            [last, before] if matches!(last.kind, EntryKind::Fill { .. }) && is_this(before) => {
                Some(Some(last.number))
            }
            _ => None,
        })
    }

    /// Takes a cycle of a mold that was counted; cycles come by mold and ordinal.
    pub(super) fn put(&mut self, id: MoldId, cycle: Cycle) -> Result<(), ImportError> {
        match self.batch.cycles.last_mut() {
            Some((mold, cycles)) if *mold == id => cycles.push(cycle),
            _ => self.batch.cycles.push((id, vec![cycle])),
        }
        if let Some(book) = self.books.get_mut(&id) {
            book.filled = book.filled.saturating_add(1);
        }
        self.gathered = self.gathered.saturating_add(1);
        if self.gathered >= BATCH { self.commit() } else { Ok(()) }
    }

    /// Writes what is left, and has everything packed: whoever starts the box then need not wait for it.
    pub(super) fn end(mut self) -> Result<(), ImportError> {
        self.commit()?;
        let kept = self.written;
        self.store.checkpoint().map_err(|source| ImportError::Commit { kept, source })
    }

    fn commit(&mut self) -> Result<(), ImportError> {
        for (id, book) in &mut self.books {
            if let Some(change) = book.told(self.now) {
                self.batch.ledger.push((*id, change));
            }
        }
        let kept = self.written;
        self.store.commit(&self.batch).map_err(|source| ImportError::Commit { kept, source })?;
        self.written = self.written.saturating_add(self.gathered as u64);
        self.gathered = 0;
        self.batch = Batch::default();
        Ok(())
    }
}

impl Book {
    /// The ledger's word for the cycles that got their times.
    fn told(&mut self, now: Timestamp) -> Option<LedgerChange> {
        let filled = std::mem::take(&mut self.filled);
        if filled == 0 {
            return None;
        }
        if let Some(number) = self.fill {
            self.stand.grow(number, filled, now, None);
            return Some(LedgerChange::Grow { number, cycles: filled, until: now, device_after: None });
        }
        let entry = entry(self.stand.length, EntryKind::Fill { filled }, 0, now);
        self.stand.append(&entry);
        self.fill = Some(entry.number);
        Some(LedgerChange::Append(entry))
    }
}

fn entry(number: u64, kind: EntryKind, cycles: i64, now: Timestamp) -> LedgerEntry {
    LedgerEntry {
        number,
        at: now,
        until: now,
        kind,
        cycles,
        monitor: None,
        device_before: None,
        device_after: None,
    }
}
