//! The last updates, for browsers that come back.

use std::collections::VecDeque;
use std::sync::Arc;

use dashboard::port::{LiveChange, LiveUpdate};
use domain::Timestamp;

/// A few minutes of a busy plant.
const KEPT: usize = 1024;

/// What came after a place in the stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Resume {
    /// These, in order; none yet when empty.
    Updates(Vec<Arc<LiveUpdate>>),
    /// The place is not in the stream any more, or never was: load everything anew and go on from this update's
    /// cursor.
    Restart(LiveUpdate),
}

#[derive(Debug)]
pub(super) struct Ring {
    updates: VecDeque<Arc<LiveUpdate>>,
    newest: u64,
    now: Timestamp,
}

impl Ring {
    pub(super) fn new(start: u64) -> Self {
        let now = Timestamp::from_millis(i64::try_from(start).unwrap_or(i64::MAX));
        Ring { updates: VecDeque::with_capacity(KEPT), newest: start, now }
    }

    pub(super) const fn newest(&self) -> u64 {
        self.newest
    }

    pub(super) fn push(&mut self, now: Timestamp, change: LiveChange) {
        if self.updates.len() == KEPT {
            self.updates.pop_front();
        }
        self.newest = self.newest.saturating_add(1);
        self.now = now;
        self.updates.push_back(Arc::new(LiveUpdate { cursor: self.newest, now, change }));
    }

    pub(super) fn after(&self, cursor: u64) -> Resume {
        let oldest = self.updates.front().map_or(self.newest, |update| update.cursor.saturating_sub(1));
        if !(oldest..=self.newest).contains(&cursor) {
            let change = LiveChange::Restart;
            return Resume::Restart(LiveUpdate { cursor: self.newest, now: self.now, change });
        }
        let from = self.updates.partition_point(|update| update.cursor <= cursor);
        Resume::Updates(self.updates.iter().skip(from).cloned().collect())
    }
}
