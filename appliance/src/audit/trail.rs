//! Writes the trail. A disk that refuses keeps nobody from seeing the alarm: what happens meanwhile waits in memory,
//! and is the first to be written.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::act::{Act, By, Happened, What};
use crate::clock::Clock;
use crate::store::Store;
use crate::telemetry::Chain;

/// So many entries wait at most. What finds no room is counted, and the number is written down.
const MOST: usize = 1_000;

/// The disk has refused for so long that nothing more can be written down: what must be is not done.
#[derive(Debug, thiserror::Error)]
#[error("the audit trail cannot be written")]
pub struct Unwritten;

/// The trail's writer. Everything of it blocks.
pub struct Trail {
    store: Store,
    clock: Arc<dyn Clock>,
    owed: Mutex<Owed>,
}

#[derive(Default)]
struct Owed {
    waiting: VecDeque<Happened>,
    missed: u64,
}

impl Trail {
    /// Writes to that store.
    #[must_use]
    pub fn new(store: Store, clock: Arc<dyn Clock>) -> Self {
        Trail { store, clock, owed: Mutex::default() }
    }

    /// Writes down what happened, whatever the disk says.
    pub fn note(&self, by: &By, act: Act) {
        let happened = self.happened(by, act);
        let mut owed = self.lock();
        if owed.waiting.len() < MOST {
            owed.waiting.push_back(happened);
        } else {
            owed.missed = owed.missed.saturating_add(1);
        }
        self.settle(&mut owed);
    }

    /// Writes down what is about to be done.
    ///
    /// # Errors
    /// There is no room for it, on the disk or in memory: it must not be done.
    pub fn require(&self, by: &By, act: Act) -> Result<(), Unwritten> {
        let happened = self.happened(by, act);
        let mut owed = self.lock();
        if owed.waiting.len() >= MOST {
            self.settle(&mut owed);
        }
        if owed.waiting.len() >= MOST {
            return Err(Unwritten);
        }
        owed.waiting.push_back(happened);
        self.settle(&mut owed);
        Ok(())
    }

    fn happened(&self, by: &By, act: Act) -> Happened {
        let (who, from) = (by.name.as_deref().unwrap_or_default(), by.from);
        tracing::info!(who, %from, what = act.what.word(), subject = act.subject, after = act.after, "written down");
        Happened { at: self.clock.now(), by: by.clone(), act }
    }

    fn settle(&self, owed: &mut Owed) {
        let mut all: Vec<Happened> = owed.waiting.iter().cloned().collect();
        if owed.missed > 0 {
            let by = By { name: None, from: super::Origin::Unknown };
            all.push(self.happened(&by, Act::new(What::Missed, owed.missed.to_string())));
        }
        match self.store.write_down(&all) {
            Ok(()) => *owed = Owed::default(),
            Err(error) => {
                tracing::warn!(cause = %Chain(&error), waiting = owed.waiting.len(), "the audit trail waits for the disk");
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, Owed> {
        self.owed.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::WallClock;
    use crate::store::check;
    use crate::store::tests::filling;

    fn words(store: &Store) -> Vec<String> {
        let newest = store.trail(None, 2_000).unwrap();
        newest.into_iter().rev().map(|kept| format!("{} {}", kept.entry.what, kept.entry.subject)).collect()
    }

    #[test]
    fn what_a_full_disk_refuses_waits_and_is_written_in_order() {
        let disk = filling();
        let trail = Trail::new(disk.store.clone(), Arc::new(WallClock));
        let by = By::person("marta", None);
        trail.note(&by, Act::new(What::SignIn, "1"));
        disk.fill(true);
        trail.note(&by, Act::new(What::SignOut, "2"));
        trail.require(&by, Act::new(What::Radio, "3")).unwrap();
        assert_eq!(words(&disk.store), ["sign-in 1"]);
        disk.fill(false);
        trail.note(&by, Act::new(What::SignIn, "4"));
        assert_eq!(words(&disk.store), ["sign-in 1", "sign-out 2", "radio 3", "sign-in 4"]);
        assert!(check(&disk.store).unwrap().is_clean());
    }

    #[test]
    fn when_nothing_more_can_wait_nothing_more_is_done_and_what_was_missed_is_told() {
        let disk = filling();
        let trail = Trail::new(disk.store.clone(), Arc::new(WallClock));
        let by = By::stranger(None);
        disk.fill(true);
        for _ in 0..MOST + 3 {
            trail.note(&by, Act::new(What::SignInFailed, ""));
        }
        trail.require(&by, Act::new(What::Radio, "")).unwrap_err();
        disk.fill(false);
        trail.require(&by, Act::new(What::Radio, "hall-a")).unwrap();
        let words = words(&disk.store);
        assert_eq!(words.len(), MOST + 2);
        assert_eq!(words[MOST..], ["missed 3", "radio hall-a"]);
    }
}
