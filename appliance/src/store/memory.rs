//! What the store knows without asking the database, shared by one writer and many readers.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::commit::Changes;
use super::history::Now;
use super::ledgers::Ledgers;

/// Everything that is known, as of one instant.
#[derive(Debug, Clone, Default)]
pub(super) struct Memory {
    /// Of history.
    pub(super) now: Now,
    /// Of ledgers.
    pub(super) ledgers: Ledgers,
}

impl Memory {
    /// Takes what a commit changes.
    pub(super) fn take(&mut self, changes: Changes) {
        changes.cycles.iter().for_each(|(mold, new)| self.now.add(*mold, new));
        self.ledgers.put(changes.ledgers);
    }
}

/// What is known now.
#[derive(Debug, Default)]
pub(super) struct Shared(Mutex<Arc<Memory>>);

impl Shared {
    pub(super) fn new(memory: Memory) -> Self {
        Shared(Mutex::new(Arc::new(memory)))
    }

    /// Holds everybody else off, for as short a while as a look or a change in memory takes.
    pub(super) fn lock(&self) -> Held<'_> {
        Held(self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// What is known, held.
pub(super) struct Held<'a>(MutexGuard<'a, Arc<Memory>>);

impl Held<'_> {
    /// As it is now.
    pub(super) fn look(&self) -> Arc<Memory> {
        Arc::clone(&self.0)
    }

    /// To change it. Who looked before keeps what was seen.
    pub(super) fn change(&mut self) -> &mut Memory {
        Arc::make_mut(&mut self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{Cycle, CycleFlags, CycleTime, MoldId, TimeSource, Timestamp};

    fn cycle(ordinal: u64) -> Cycle {
        Cycle {
            ordinal,
            ended: Timestamp::from_millis(0),
            cycle_time: CycleTime::from_millis(20_000),
            temperature: None,
            source: TimeSource::Device,
            flags: CycleFlags::default(),
        }
    }

    #[test]
    fn who_looked_before_sees_what_was_there_then() {
        let shared = Shared::default();
        shared.lock().change().now.add(MoldId(1), &[cycle(1)]);
        let before = shared.lock().look();
        shared.lock().change().now.add(MoldId(1), &[cycle(2)]);
        let waiting = |memory: &Memory| memory.now.mold(MoldId(1)).unwrap().cycles((0, 9)).len();
        assert_eq!(waiting(&before), 1);
        assert_eq!(waiting(&shared.lock().look()), 2);
    }
}
