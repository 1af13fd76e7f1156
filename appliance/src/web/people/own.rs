//! What belongs to somebody who is signed in.

use std::sync::Arc;

use dashboard::port::{Answer, FactorView, Own, ProfileView, Refusal, SessionView};

use super::{Caller, People, Refused, blocking, failed};
use crate::audit::{Act, What};

/// For one person, in one session.
pub(in crate::web) struct OwnDesk {
    pub(in crate::web) people: Arc<People>,
    pub(in crate::web) caller: Caller,
}

impl OwnDesk {
    async fn view(&self) -> Result<ProfileView, Refused> {
        let (people, caller) = (Arc::clone(&self.people), self.caller.clone());
        let now = people.now();
        blocking(move || {
            let known = people.store.people().map_err(failed)?;
            let user = known.user(&caller.name).ok_or(Refused::Wrong)?.clone();
            let factor = known.factor(&caller.name);
            let listed = people.sessions.list(Some(&caller.name), now).map_err(failed)?;
            let session = |listed: super::sessions::Listed| SessionView {
                id: listed.token.short(),
                opened: listed.session.opened,
                used: listed.used,
                ends: listed.session.ends(),
                from: listed.session.from.map(|from| from.to_canonical().to_string()),
                this: listed.token == caller.token,
            };
            Ok(ProfileView {
                now,
                name: user.name.to_string(),
                email: user.email.map(|email| email.to_string()),
                role: user.role,
                sessions: listed.into_iter().map(session).collect(),
                factor: factor
                    .map(|factor| FactorView { since: factor.since, recovery_left: factor.recovery.len() }),
                set_up: people.halves.set_up(&caller, now),
                recovery: people.halves.recovery(&caller),
                limited: caller.role < user.role,
            })
        })
        .await?
    }

    async fn end(&self, id: String) -> Result<(), Refusal> {
        let (people, caller) = (Arc::clone(&self.people), self.caller.clone());
        let now = people.now();
        let ended = blocking(move || {
            let listed = people.sessions.list(Some(&caller.name), now).map_err(failed)?;
            let Some(found) = listed.into_iter().find(|listed| listed.token.short() == id) else {
                return Ok(false);
            };
            people.sessions.leave(&found.token, now);
            people.trail.note(&caller.by(), Act::new(What::EndSession, id));
            Ok(true)
        });
        match ended.await.and_then(|ended| ended) {
            Ok(true) => Ok(()),
            Ok(false) => Err(Refusal::Invalid("this session has ended already".to_owned())),
            Err(refused) => Err(refused.refusal()),
        }
    }
}

impl Own for OwnDesk {
    fn profile(&self) -> Answer<'_, ProfileView> {
        Box::pin(async { self.view().await.map_err(|refused| refused.refusal()) })
    }

    fn end_session(&self, id: String) -> Answer<'_, ()> {
        Box::pin(self.end(id))
    }
}
