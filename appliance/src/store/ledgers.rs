//! Ledgers in memory: those that commits changed since the files were opened.
//!
//! A count that goes up is written to the journal and to nothing else. What the database lacks of ledgers goes there with
//! the next transaction, whatever that is for; who reads meanwhile asks here first.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use domain::MoldId;
use redb::WriteTransaction;

use super::error::{Fault, LedgerRefusal};
use super::ledger::Standing;
use super::row;
use super::tables::{HEADS, LEDGER};

/// Ledgers by mold, as of one instant.
#[derive(Debug, Clone, Default)]
pub(super) struct Ledgers {
    molds: BTreeMap<MoldId, Arc<Standing>>,
    /// Those that the database does not have so.
    unwritten: BTreeSet<MoldId>,
}

impl Ledgers {
    /// A mold's; `None` where the database has it as it is.
    pub(super) fn of(&self, mold: MoldId) -> Option<&Arc<Standing>> {
        self.molds.get(&mold)
    }

    /// Every one that is known here.
    pub(super) fn all(&self) -> impl Iterator<Item = (MoldId, &Standing)> {
        self.molds.iter().map(|(mold, standing)| (*mold, standing.as_ref()))
    }

    /// Whether the database has all of them as they are.
    pub(super) fn is_written(&self) -> bool {
        self.unwritten.is_empty()
    }

    /// Takes what a commit made of some; their closed entries come behind those that are here.
    pub(super) fn put(&mut self, changed: BTreeMap<MoldId, Standing>) {
        for (mold, Standing { head, closed }) in changed {
            match self.molds.get_mut(&mold).map(Arc::make_mut) {
                Some(standing) => {
                    standing.head = head;
                    standing.closed.extend(closed);
                }
                None => {
                    self.molds.insert(mold, Arc::new(Standing { head, closed }));
                }
            }
            self.unwritten.insert(mold);
        }
    }

    /// Writes to a transaction what the database lacks of them.
    pub(super) fn write(&self, txn: &WriteTransaction) -> Result<(), Fault> {
        let unwritten = self.unwritten.iter().filter_map(|mold| Some((*mold, self.of(*mold)?.as_ref())));
        write(txn, unwritten)
    }

    /// The database has all of them as they are.
    pub(super) fn written(&mut self) {
        for mold in std::mem::take(&mut self.unwritten) {
            if let Some(standing) = self.molds.get_mut(&mold).filter(|standing| !standing.closed.is_empty()) {
                Arc::make_mut(standing).closed.clear();
            }
        }
    }

    /// The database has all of them, and maybe in another way.
    pub(super) fn forget(&mut self) {
        *self = Ledgers::default();
    }
}

/// Writes ledgers to a transaction. No closed entry is ever written over.
pub(super) fn write<'s>(
    txn: &WriteTransaction,
    ledgers: impl Iterator<Item = (MoldId, &'s Standing)>,
) -> Result<(), Fault> {
    let mut ledgers = ledgers.peekable();
    if ledgers.peek().is_none() {
        return Ok(());
    }
    let mut heads = txn.open_table(HEADS)?;
    let mut entries = txn.open_table(LEDGER)?;
    for (mold, Standing { head, closed }) in ledgers {
        heads.insert(mold.0, row::encode(head)?.as_slice())?;
        for row in closed {
            let number = row.entry.number;
            if entries.insert((mold.0, number), row::encode(row)?.as_slice())?.is_some() {
                return Err(Fault::Ledger(mold, LedgerRefusal::Closed { number }));
            }
        }
    }
    Ok(())
}
