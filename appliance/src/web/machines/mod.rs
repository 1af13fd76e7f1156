//! Machines at the door: who shows a token that is good, which it was last used, and the end of those that are revoked.

mod caller;
mod registrar;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::Timestamp;
use tokio::sync::watch;

use crate::accounts::{Change, Machine, MachineToken, TokenHash};
use crate::store::{Read, Store};
use crate::telemetry::Chain;

pub(super) use caller::{ByToken, FORM, no_wall_cookie, shown, wall_cookie};
pub(super) use registrar::MachineDesk;

/// When a token was used is written down so often at most: a program that asks every second is no load for the disk.
const WRITE_AFTER: Duration = Duration::from_secs(600);
/// So many addresses of a machine are remembered for a day.
const ADDRESSES: usize = 16;

struct Held {
    machine: Machine,
    /// When the store was last told of its use.
    written: Option<Timestamp>,
    /// From where it came on which day: each is written down once.
    seen: Vec<(Option<IpAddr>, i64)>,
}

/// Every machine that is let in. What the store has is here as well, so that whoever shows random tokens costs no disk.
pub(super) struct Machines {
    store: Store,
    held: Mutex<HashMap<TokenHash, Held>>,
    /// Goes on whenever one is let in no more.
    dismissed: watch::Sender<u64>,
}

/// A machine that showed a good token.
pub(super) struct Known {
    pub(super) machine: Machine,
    /// It comes from there for the first time on this day.
    pub(super) is_news: bool,
    /// The store is to be told of its use.
    pub(super) to_write: bool,
}

impl Machines {
    /// Those that the store knows. Blocks.
    pub(super) fn new(store: Store) -> Result<Self, Read> {
        let held = store.people()?.machines.into_iter().map(|(token, machine)| (token, held(machine)));
        let held = Mutex::new(held.collect());
        Ok(Machines { store, held, dismissed: watch::Sender::new(0) })
    }

    /// The machine of a token that is good; asking is using it. Does not block.
    pub(super) fn admit(&self, token: &TokenHash, from: Option<IpAddr>, now: Timestamp) -> Option<Known> {
        let mut all = self.lock();
        let held = all.get_mut(token).filter(|held| held.machine.holds(now))?;
        held.machine.used = held.machine.used.max(Some(now));
        let to_write = held.written.is_none_or(|written| now.since(written) >= WRITE_AFTER || now < written);
        if to_write {
            held.written = Some(now);
        }
        let here = (from, now.utc_day());
        let is_news = !held.seen.contains(&here);
        if is_news {
            held.seen.retain(|(_, day)| *day == here.1);
            held.seen.truncate(ADDRESSES - 1);
            held.seen.insert(0, here);
        }
        Some(Known { machine: held.machine.clone(), is_news, to_write })
    }

    /// Tells the store when it was used. Blocks.
    pub(super) fn write_use(&self, token: &TokenHash, at: Timestamp) {
        if let Err(error) = self.store.machines_used(&[(*token, at)]) {
            tracing::warn!(cause = %Chain(&error), "when a token was used is in memory alone: the store does not take it");
        }
    }

    /// Waits until the token is not good any more. Whoever tells the time looks at the clock.
    pub(super) async fn ends(&self, token: TokenHash) {
        let mut dismissed = self.dismissed.subscribe();
        while self.lock().contains_key(&token) {
            if dismissed.changed().await.is_err() {
                return;
            }
        }
    }

    /// The store has let these in, or out.
    pub(super) fn changed(&self, change: &Change) {
        let mut all = self.lock();
        if let Some((token, machine)) = &change.machine {
            all.insert(*token, held(machine.clone()));
        }
        if let Some(token) = &change.dismissed {
            all.remove(token);
        }
        drop(all);
        if change.dismissed.is_some() {
            self.dismissed.send_modify(|turn| *turn = turn.wrapping_add(1));
        }
    }

    /// All of them, by name.
    pub(super) fn list(&self) -> Vec<Machine> {
        let mut machines: Vec<Machine> = self.lock().values().map(|held| held.machine.clone()).collect();
        machines.sort_by(|one, other| one.name.as_str().cmp(other.name.as_str()));
        machines
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<TokenHash, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn held(machine: Machine) -> Held {
    Held { written: machine.used, machine, seen: Vec::new() }
}

/// A token drawn at random.
fn draw() -> Result<MachineToken, rand::rand_core::OsError> {
    super::people::random().map(MachineToken::from_random)
}

#[cfg(test)]
mod tests {
    use domain::Scope;

    use super::*;
    use crate::store::tests::filling;

    const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);
    const TOKEN: TokenHash = TokenHash([7; 32]);

    fn later(seconds: u64) -> Timestamp {
        NOW.later_by(Duration::from_secs(seconds))
    }

    fn one() -> (crate::store::tests::Filling, Machines) {
        let disk = filling();
        let machine = Machine::new("erp".parse().unwrap(), Scope::Read, 30, NOW);
        let admit = |known: &crate::accounts::Register| known.admit_machine(TOKEN, machine.clone());
        disk.store.change_people(&crate::audit::By::console(), NOW, admit).unwrap().unwrap();
        let machines = Machines::new(disk.store.clone()).unwrap();
        (disk, machines)
    }

    #[test]
    fn a_token_that_is_over_or_nobodys_admits_nobody() {
        let (_disk, machines) = one();
        assert!(machines.admit(&TOKEN, None, NOW).is_some());
        assert!(machines.admit(&TOKEN, None, later(30 * 86_400)).is_none());
        assert!(machines.admit(&TokenHash([8; 32]), None, NOW).is_none());
        machines.changed(&Change { dismissed: Some(TOKEN), ..Change::default() });
        assert!(machines.admit(&TOKEN, None, NOW).is_none());
    }

    #[test]
    fn the_first_use_of_a_day_from_an_address_is_news_and_the_disk_is_told_now_and_then() {
        let (disk, machines) = one();
        let (here, there) = ("192.0.2.7".parse().ok(), "192.0.2.8".parse().ok());
        let use_at = |from, at| {
            let known = machines.admit(&TOKEN, from, at).unwrap();
            (known.is_news, known.to_write)
        };
        assert_eq!(use_at(here, NOW), (true, true));
        machines.write_use(&TOKEN, NOW);
        assert_eq!(use_at(here, later(599)), (false, false));
        assert_eq!(use_at(there, later(600)), (true, true));
        assert_eq!(use_at(here, later(601)), (false, false));
        assert_eq!(use_at(here, later(86_400)), (true, true));
        assert_eq!(disk.store.people().unwrap().machines[0].1.used, Some(NOW));
        let anew = Machines::new(disk.store.clone()).unwrap();
        assert_eq!(anew.list()[0].used, Some(NOW));
    }
}
