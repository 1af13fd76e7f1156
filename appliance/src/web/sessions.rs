//! Who is signed in: the sessions that the store keeps, and in memory those that are in use, were left, or that the
//! store refused to take. A full disk keeps nobody out: whoever comes in then sees the alarm.

use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

use domain::Timestamp;

use crate::accounts::{Session, TokenHash};
use crate::store::{Commit, Store};
use crate::telemetry::Chain;

/// Far more than people have browsers. Beyond that the store is asked again.
const MOST: usize = 1024;

/// What memory knows of a token.
struct Held {
    session: Session,
    /// The person left: it is not taken up again, whatever the store still says.
    left: bool,
    /// The store has not taken it yet.
    owed: bool,
}

pub(super) struct Sessions {
    store: Store,
    held: Mutex<HashMap<TokenHash, Held>>,
}

impl Sessions {
    pub(super) fn new(store: Store) -> Self {
        Sessions { store, held: Mutex::default() }
    }

    /// What memory says of a token: nothing, or its session, which may have been left. Does not block.
    pub(super) fn remembered(&self, token: &TokenHash) -> Option<Option<Session>> {
        self.lock().get(token).map(|held| (!held.left).then(|| held.session.clone()))
    }

    /// The session of a token, from the store where memory has none. Blocks.
    pub(super) fn look_up(&self, token: &TokenHash, now: Timestamp) -> Option<Session> {
        if let Some(known) = self.remembered(token) {
            return known;
        }
        let session = self.store.session(token).unwrap_or_else(|error| {
            tracing::error!(cause = %Chain(&error), "a session could not be looked up");
            None
        })?;
        let mut held = self.lock();
        make_room(&mut held, now);
        // Meanwhile it may have been left.
        let entry = held.entry(*token).or_insert(Held { session, left: false, owed: false });
        (!entry.left).then(|| entry.session.clone())
    }

    /// Begins a session. Blocks.
    pub(super) fn open(&self, token: TokenHash, session: Session) {
        let now = session.opened;
        let kept = self.store.retain_sessions(|session| session.holds(now));
        let kept = kept.and_then(|()| self.store.put_session(&token, &session));
        if let Err(error) = &kept {
            tracing::warn!(cause = %Chain(error), "a session is held in memory: the store does not take it");
        }
        let mut held = self.lock();
        make_room(&mut held, now);
        held.insert(token, Held { session, left: false, owed: kept.is_err() });
        drop(held);
        if kept.is_ok() {
            self.settle();
        }
    }

    /// Ends a session: at once in memory, then in the store. Blocks.
    pub(super) fn leave(&self, token: &TokenHash, now: Timestamp) {
        // Where memory has nothing, the store may; then memory is what holds that it was left.
        let _ = self.look_up(token, now);
        if let Some(held) = self.lock().get_mut(token) {
            held.left = true;
            held.owed = true;
        }
        self.settle();
    }

    /// Offers the store what it has not taken.
    fn settle(&self) {
        let owed: Vec<_> = {
            let held = self.lock();
            let owed = held.iter().filter(|(_, held)| held.owed);
            owed.map(|(token, held)| (*token, (!held.left).then(|| held.session.clone()))).collect()
        };
        for (token, session) in owed {
            if let Err(error) = self.offer(&token, session.as_ref()) {
                tracing::warn!(cause = %Chain(&error), "the store does not take the end or begin of a session");
                return;
            }
            if let Some(held) = self.lock().get_mut(&token)
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

    fn lock(&self) -> MutexGuard<'_, HashMap<TokenHash, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
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

    use super::*;
    use crate::store::tests::{Filling, filling};

    const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

    fn token(n: u64) -> TokenHash {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&n.to_be_bytes());
        TokenHash(bytes)
    }

    fn session(opened: Timestamp) -> Session {
        Session { user: "marta".parse().unwrap(), opened }
    }

    fn anew(disk: &Filling) -> Sessions {
        Sessions::new(disk.store.clone())
    }

    #[test]
    fn what_a_full_disk_refuses_is_held_in_memory_and_made_up_for_when_there_is_room() {
        let disk = filling();
        let sessions = anew(&disk);
        sessions.open(token(1), session(NOW));
        disk.fill(true);
        sessions.open(token(2), session(NOW));
        sessions.leave(&token(1), NOW);
        assert_eq!(sessions.look_up(&token(2), NOW), Some(session(NOW)));
        assert_eq!(sessions.look_up(&token(1), NOW), None);
        disk.fill(false);
        sessions.open(token(3), session(NOW));
        let later = anew(&disk);
        assert_eq!(later.look_up(&token(1), NOW), None, "left for good");
        assert_eq!(later.look_up(&token(2), NOW), Some(session(NOW)));
        assert_eq!(later.look_up(&token(3), NOW), Some(session(NOW)));
    }

    #[test]
    fn the_store_is_asked_once_for_a_session() {
        let disk = filling();
        anew(&disk).open(token(1), session(NOW));
        let sessions = anew(&disk);
        assert_eq!(sessions.remembered(&token(1)), None);
        assert_eq!(sessions.look_up(&token(1), NOW), Some(session(NOW)));
        assert_eq!(sessions.remembered(&token(1)), Some(Some(session(NOW))));
        assert_eq!(sessions.look_up(&token(2), NOW), None);
        sessions.leave(&token(1), NOW);
        assert_eq!(sessions.remembered(&token(1)), Some(None));
    }

    #[test]
    fn however_many_sign_in_memory_is_bounded_and_what_only_it_knows_stays_longest() {
        let disk = filling();
        let sessions = anew(&disk);
        disk.fill(true);
        sessions.open(token(0), session(NOW));
        {
            let mut held = sessions.lock();
            for n in 1..5_000 {
                make_room(&mut held, NOW);
                let opened = NOW.later_by(Duration::from_millis(n));
                held.insert(token(n), Held { session: session(opened), left: false, owed: false });
            }
            assert_eq!(held.len(), MOST);
            assert!(held.contains_key(&token(0)) && held.contains_key(&token(4_999)));
            make_room(&mut held, NOW.later_by(Duration::from_hours(9)));
            assert!(held.is_empty());
        }
    }
}
