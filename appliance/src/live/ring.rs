//! The last updates, for browsers that come back.

use std::collections::VecDeque;
use std::ops::Deref;
use std::sync::{Arc, OnceLock};

use dashboard::port::{LiveChange, LiveUpdate};
use domain::Timestamp;

/// A few minutes of a busy plant.
const KEPT: usize = 1024;

/// An update with its text, which is written once for all browsers.
#[derive(Debug)]
pub struct Written {
    update: LiveUpdate,
    json: OnceLock<Option<String>>,
}

impl Written {
    /// As browsers read it; `None`: it cannot be written.
    #[must_use]
    pub fn json(&self) -> Option<&str> {
        self.json.get_or_init(|| serde_json::to_string(&self.update).ok()).as_deref()
    }
}

impl From<LiveUpdate> for Written {
    fn from(update: LiveUpdate) -> Self {
        Written { update, json: OnceLock::new() }
    }
}

impl Deref for Written {
    type Target = LiveUpdate;

    fn deref(&self) -> &LiveUpdate {
        &self.update
    }
}

/// What came after a place in the stream.
#[derive(Debug)]
pub enum Resume {
    /// These, in order; none yet when empty.
    Updates(Vec<Arc<Written>>),
    /// The place is not in the stream any more, or never was: load everything anew and go on from this update's
    /// cursor.
    Restart(LiveUpdate),
}

#[derive(Debug)]
pub(super) struct Ring {
    updates: VecDeque<Arc<Written>>,
    newest: u64,
    /// What came after this place is here, or something newer that says the same and more.
    whole_after: u64,
    now: Timestamp,
}

impl Ring {
    pub(super) fn new(start: u64) -> Self {
        let now = Timestamp::from_millis(i64::try_from(start).unwrap_or(i64::MAX));
        Ring { updates: VecDeque::with_capacity(KEPT), newest: start, whole_after: start, now }
    }

    pub(super) const fn newest(&self) -> u64 {
        self.newest
    }

    pub(super) fn push(&mut self, now: Timestamp, change: LiveChange) {
        // A link with hundreds of modules is large and told every few seconds: only its last word is worth keeping.
        if let Some(former) = self.updates.iter().rposition(|former| supersedes(&change, &former.change)) {
            self.updates.remove(former);
        }
        if self.updates.len() == KEPT
            && let Some(lost) = self.updates.pop_front()
        {
            self.whole_after = lost.cursor;
        }
        self.newest = self.newest.saturating_add(1);
        self.now = now;
        self.updates.push_back(Arc::new(LiveUpdate { cursor: self.newest, now, change }.into()));
    }

    pub(super) fn after(&self, cursor: u64) -> Resume {
        if !(self.whole_after..=self.newest).contains(&cursor) {
            let change = LiveChange::Restart;
            return Resume::Restart(LiveUpdate { cursor: self.newest, now: self.now, change });
        }
        let from = self.updates.partition_point(|update| update.cursor <= cursor);
        Resume::Updates(self.updates.iter().skip(from).cloned().collect())
    }
}

/// Whether whoever hears `newer` has no need of `former`.
fn supersedes(newer: &LiveChange, former: &LiveChange) -> bool {
    match (newer, former) {
        (LiveChange::Link(newer), LiveChange::Link(former)) => newer.name == former.name,
        (LiveChange::Alarms(_), LiveChange::Alarms(_))
        | (LiveChange::Bluetooth(_), LiveChange::Bluetooth(_))
        | (LiveChange::Storage, LiveChange::Storage)
        | (LiveChange::Heartbeat, LiveChange::Heartbeat) => true,
        _ => false,
    }
}
