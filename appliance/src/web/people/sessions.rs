//! Who is signed in: the sessions that the store keeps, and in memory those that are in use, were left, or that the
//! store refused to take. A full disk keeps nobody out: whoever comes in then sees the alarm.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::Timestamp;

use crate::accounts::{Ends, Session, TokenHash, User, UserName};
use crate::store::{Commit, Read, Store};
use crate::telemetry::Chain;

/// Far more than people have browsers. Beyond that the store is asked again.
const MOST: usize = 1024;

/// What memory knows of a token.
struct Held {
    session: Session,
    /// When it was last used. What is not in memory was not used since the box was started.
    used: Timestamp,
    /// The person left: it is not taken up again, whatever the store still says.
    left: bool,
    /// The store has not taken it yet.
    owed: bool,
}

#[derive(Default)]
struct Memory {
    held: HashMap<TokenHash, Held>,
    /// Goes on whenever the store ended sessions: what was read from it before may not hold any more.
    turn: u64,
}

/// A session as a list has it.
pub(super) struct Listed {
    pub(super) token: TokenHash,
    pub(super) session: Session,
    pub(super) used: Option<Timestamp>,
}

pub(super) struct Sessions {
    store: Store,
    idle: Option<Duration>,
    memory: Mutex<Memory>,
}

impl Sessions {
    /// Sessions that nobody uses for `idle` end.
    pub(super) fn new(store: Store, idle: Option<Duration>) -> Self {
        Sessions { store, idle, memory: Mutex::default() }
    }

    /// What memory says of a token: nothing, or its session, which may be over. Does not block.
    pub(super) fn remembered(&self, token: &TokenHash, now: Timestamp) -> Option<Option<Session>> {
        self.lock().held.get(token).map(|held| self.holding(held, now))
    }

    fn holding(&self, held: &Held, now: Timestamp) -> Option<Session> {
        let over = held.left || !held.session.holds(now) || held.session.is_idle(held.used, now, self.idle);
        (!over).then(|| held.session.clone())
    }

    /// It was used. Does not block.
    pub(super) fn used(&self, token: &TokenHash, now: Timestamp) {
        if let Some(held) = self.lock().held.get_mut(token) {
            held.used = held.used.max(now);
        }
    }

    /// The session of a token, from the store where memory has none. Blocks.
    pub(super) fn look_up(&self, token: &TokenHash, now: Timestamp) -> Option<Session> {
        loop {
            let turn = {
                let memory = self.lock();
                if let Some(held) = memory.held.get(token) {
                    return self.holding(held, now);
                }
                memory.turn
            };
            let session = self.store.session(token).unwrap_or_else(|error| {
                tracing::error!(cause = %Chain(&error), "a session could not be looked up");
                None
            })?;
            let mut memory = self.lock();
            if memory.turn != turn {
                continue;
            }
            make_room(&mut memory.held, now);
            // Meanwhile it may have been left.
            let used = session.opened;
            let held = memory.held.entry(*token).or_insert(Held { session, used, left: false, owed: false });
            return self.holding(held, now);
        }
    }

    /// Begins a session for somebody as they were when they proved who they are; `false`: they are not so any more.
    /// Blocks.
    pub(super) fn open(&self, token: TokenHash, session: Session, as_of: &User) -> bool {
        let now = session.opened;
        let turn = self.lock().turn;
        let kept = match self.store.open_session(&token, &session, as_of) {
            Ok(false) => return false,
            Ok(true) => true,
            Err(error) => {
                tracing::warn!(cause = %Chain(&error), "a session is held in memory: the store does not take it");
                false
            }
        };
        let mut memory = self.lock();
        // A store that takes nothing changes nobody; one that does was asked in the same breath.
        if memory.turn != turn && !self.is_still(&token, as_of, kept) {
            return false;
        }
        make_room(&mut memory.held, now);
        memory.held.insert(token, Held { session, used: now, left: false, owed: !kept });
        drop(memory);
        if kept {
            self.settle();
        }
        true
    }

    /// Sessions were ended while this one was begun: whether it is one of them.
    fn is_still(&self, token: &TokenHash, as_of: &User, kept: bool) -> bool {
        if kept {
            return self.store.session(token).is_ok_and(|session| session.is_some());
        }
        self.store.user(&as_of.name).is_ok_and(|user| user.as_ref() == Some(as_of))
    }

    /// Ends a session: at once in memory, then in the store. Blocks.
    pub(super) fn leave(&self, token: &TokenHash, now: Timestamp) {
        // Where memory has nothing, the store may; then memory is what holds that it was left.
        let _ = self.look_up(token, now);
        if let Some(held) = self.lock().held.get_mut(token) {
            held.left = true;
            held.owed = true;
        }
        self.settle();
    }

    /// The store has ended these. Does not block.
    pub(super) fn forget(&self, ends: &Ends) {
        let key = ends.user.key();
        let mut memory = self.lock();
        memory.turn = memory.turn.wrapping_add(1);
        for (token, held) in &mut memory.held {
            if held.session.user.key() == key && Some(*token) != ends.but {
                held.left = true;
                held.owed = false;
            }
        }
    }

    /// Every session that holds, or those of one person. Blocks.
    pub(super) fn list(&self, of: Option<&UserName>, now: Timestamp) -> Result<Vec<Listed>, Read> {
        let mut kept: HashMap<TokenHash, Session> = self.store.sessions()?.into_iter().collect();
        let key = of.map(UserName::key);
        let memory = self.lock();
        kept.extend(memory.held.iter().map(|(token, held)| (*token, held.session.clone())));
        let listed = kept.into_iter().filter_map(|(token, session)| {
            let held = memory.held.get(&token);
            let holds = match held {
                Some(held) => self.holding(held, now).is_some(),
                None => session.holds(now) && !session.is_idle(session.opened, now, self.idle),
            };
            let wanted = key.as_ref().is_none_or(|key| session.user.key() == *key);
            (holds && wanted).then(|| Listed { token, session, used: held.map(|held| held.used) })
        });
        let mut listed: Vec<Listed> = listed.collect();
        listed.sort_by_key(|listed| std::cmp::Reverse(listed.session.opened));
        Ok(listed)
    }

    /// Offers the store what it has not taken.
    fn settle(&self) {
        let owed: Vec<_> = {
            let memory = self.lock();
            let owed = memory.held.iter().filter(|(_, held)| held.owed);
            owed.map(|(token, held)| (*token, (!held.left).then(|| held.session.clone()))).collect()
        };
        for (token, session) in owed {
            if let Err(error) = self.offer(&token, session.as_ref()) {
                tracing::warn!(cause = %Chain(&error), "the store does not take the end or begin of a session");
                return;
            }
            if let Some(held) = self.lock().held.get_mut(&token)
                && held.left == session.is_none()
            {
                held.owed = false;
            }
        }
    }

    fn offer(&self, token: &TokenHash, session: Option<&Session>) -> Result<(), Commit> {
        match session {
            Some(session) => self.store.put_session(token, session),
            None => self.store.remove_session(token),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Forgets what is over, then what the store knows as well, then what is oldest.
fn make_room(held: &mut HashMap<TokenHash, Held>, now: Timestamp) {
    if held.len() < MOST {
        return;
    }
    held.retain(|_, held| now < held.session.ends());
    while held.len() >= MOST {
        let least = held.iter().min_by_key(|(_, held)| (held.owed || held.left, held.session.opened));
        let Some(least) = least.map(|(token, _)| *token) else { return };
        held.remove(&least);
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use domain::Role;

    use super::*;
    use crate::store::tests::{Filling, filling};

    const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

    fn token(n: u64) -> TokenHash {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&n.to_be_bytes());
        TokenHash(bytes)
    }

    fn session(opened: Timestamp) -> Session {
        Session { user: "marta".parse().unwrap(), role: Role::Viewer, opened, from: None }
    }

    fn marta() -> User {
        let password = serde_json::from_str("\"x\"").unwrap();
        let name = "marta".parse().unwrap();
        User { name, email: None, role: Role::Viewer, password, created: NOW, disabled: None }
    }

    /// A store that knows her.
    fn known() -> Filling {
        let disk = filling();
        disk.store.set_up(&marta()).unwrap();
        disk
    }

    fn open(sessions: &Sessions, n: u64) {
        assert!(sessions.open(token(n), session(NOW), &marta()));
    }

    fn anew(disk: &Filling) -> Sessions {
        Sessions::new(disk.store.clone(), None)
    }

    #[test]
    fn what_a_full_disk_refuses_is_held_in_memory_and_made_up_for_when_there_is_room() {
        let disk = known();
        let sessions = anew(&disk);
        open(&sessions, 1);
        disk.fill(true);
        open(&sessions, 2);
        sessions.leave(&token(1), NOW);
        assert_eq!(sessions.look_up(&token(2), NOW), Some(session(NOW)));
        assert_eq!(sessions.look_up(&token(1), NOW), None);
        disk.fill(false);
        open(&sessions, 3);
        let later = anew(&disk);
        assert_eq!(later.look_up(&token(1), NOW), None, "left for good");
        assert_eq!(later.look_up(&token(2), NOW), Some(session(NOW)));
        assert_eq!(later.look_up(&token(3), NOW), Some(session(NOW)));
    }

    #[test]
    fn the_store_is_asked_once_for_a_session() {
        let disk = known();
        open(&anew(&disk), 1);
        let sessions = anew(&disk);
        assert_eq!(sessions.remembered(&token(1), NOW), None);
        assert_eq!(sessions.look_up(&token(1), NOW), Some(session(NOW)));
        assert_eq!(sessions.remembered(&token(1), NOW), Some(Some(session(NOW))));
        assert_eq!(sessions.look_up(&token(2), NOW), None);
        sessions.leave(&token(1), NOW);
        assert_eq!(sessions.remembered(&token(1), NOW), Some(None));
    }

    #[test]
    fn however_many_sign_in_memory_is_bounded_and_what_only_it_knows_stays_longest() {
        let disk = known();
        let sessions = anew(&disk);
        disk.fill(true);
        open(&sessions, 0);
        {
            let held = &mut sessions.lock().held;
            for n in 1..5_000 {
                make_room(held, NOW);
                let opened = NOW.later_by(Duration::from_millis(n));
                held.insert(
                    token(n),
                    Held { session: session(opened), used: opened, left: false, owed: false },
                );
            }
            assert_eq!(held.len(), MOST);
            assert!(held.contains_key(&token(0)) && held.contains_key(&token(4_999)));
            make_room(held, NOW.later_by(Duration::from_hours(9)));
            assert!(held.is_empty());
        }
    }

    #[test]
    fn what_the_store_ended_does_not_hold_in_memory_either() {
        let disk = known();
        let sessions = anew(&disk);
        (1..=3).for_each(|n| open(&sessions, n));
        let ends = Ends { user: "MARTA".parse().unwrap(), but: Some(token(2)) };
        let change =
            || Ok::<_, ()>(crate::accounts::Change { ends: vec![ends.clone()], ..Default::default() });
        disk.store.change_people(&crate::audit::By::console(), NOW, |_| change()).unwrap().unwrap();
        sessions.forget(&ends);
        for sessions in [sessions, anew(&disk)] {
            assert_eq!(sessions.look_up(&token(1), NOW), None);
            assert_eq!(sessions.look_up(&token(2), NOW), Some(session(NOW)));
            assert_eq!(sessions.look_up(&token(3), NOW), None);
        }
    }

    #[test]
    fn nobody_comes_in_as_who_they_were_before() {
        let disk = known();
        let sessions = anew(&disk);
        let before = User { role: Role::Administrator, ..marta() };
        assert!(!sessions.open(token(1), session(NOW), &before));
        assert_eq!(sessions.look_up(&token(1), NOW), None);
    }

    #[test]
    fn a_session_that_nobody_uses_ends_and_one_in_use_goes_on() {
        let disk = known();
        let sessions = Sessions::new(disk.store.clone(), Some(Duration::from_secs(900)));
        let at = |seconds| NOW.later_by(Duration::from_secs(seconds));
        (1..=2).for_each(|n| open(&sessions, n));
        sessions.used(&token(1), at(800));
        assert!(sessions.look_up(&token(1), at(1_000)).is_some());
        assert_eq!(sessions.look_up(&token(2), at(1_000)), None);
        let listed = sessions.list(None, at(1_000)).unwrap();
        assert_eq!(listed.iter().map(|listed| listed.token).collect::<Vec<_>>(), [token(1)]);
        assert_eq!(sessions.look_up(&token(1), at(1_700)), None);
    }
}
