//! Who may come in, in the hands of an administrator, and what was written down.

use std::sync::{Arc, PoisonError};

use dashboard::port::{
    Answer, CodeView, IssuedCode, People as Port, PeopleView, PersonView, Refusal, TrailEntry, TrailView,
};
use domain::{Role, Timestamp};

use super::{Caller, People, Refused, blocking, draw_code, failed};
use crate::accounts::{
    Change, Code, CodeHash, Email, Guesser, INVITATION_LIFE, Invitation, Register, Unfit, User, UserName,
};
use crate::audit::{Act, What};
use crate::store::Chained;

/// Entries of the trail on a page.
const PIECE: usize = 50;
/// More codes than administrators can have made and not looked at.
const ISSUED: usize = 64;

/// For one administrator, in one session.
pub(in crate::web) struct Registrar {
    pub(in crate::web) people: Arc<People>,
    pub(in crate::web) caller: Caller,
}

impl Registrar {
    async fn view(&self) -> Result<PeopleView, Refused> {
        let (people, token) = (Arc::clone(&self.people), self.caller.token);
        let now = people.now();
        blocking(move || {
            let known = people.store.people().map_err(failed)?;
            let sessions = people.sessions.list(None, now).map_err(failed)?;
            let has_factor = |user: &User| known.factor(&user.name).is_some();
            let of = |user: &User| {
                let key = user.name.key();
                sessions.iter().filter(|listed| listed.session.user.key() == key).count()
            };
            let issued = people.issued.lock().unwrap_or_else(PoisonError::into_inner).remove(&token);
            Ok(PeopleView {
                now,
                people: known.users.iter().map(|user| person(user, of(user), has_factor(user))).collect(),
                codes: codes(&known, now),
                issued: issued.filter(|issued| now < issued.ends),
                administrators_need_factor: known.rules.administrators_need_factor,
            })
        })
        .await?
    }

    /// Changes something about a person, or nothing.
    async fn about(
        &self,
        name: &str,
        decide: impl FnOnce(&Register, &UserName) -> Result<Change, Unfit> + Send + 'static,
    ) -> Result<(), Refusal> {
        let name = read(name).map_err(|refused| refused.refusal())?;
        let changed = self.people.change(self.caller.by(), move |known| decide(known, &name)).await;
        changed.map(drop).map_err(|refused| refused.refusal())
    }

    /// Changes something that makes a code, and keeps that to be shown once.
    async fn with_code(
        &self,
        name: UserName,
        decide: impl FnOnce(&Register, CodeHash, Timestamp) -> Result<Change, Unfit> + Send + 'static,
    ) -> Result<(), Refused> {
        let (code, now) = (draw_code()?, self.people.now());
        let hash = Code::hash(&code);
        let change = self.people.change(self.caller.by(), move |known| decide(known, hash, now)).await?;
        let Some((_, invitation)) = change.code else { return Ok(()) };
        let code = IssuedCode { name: name.to_string(), code: code.for_people(), ends: invitation.ends };
        let mut issued = self.people.issued.lock().unwrap_or_else(PoisonError::into_inner);
        if issued.len() >= ISSUED {
            issued.clear();
        }
        issued.insert(self.caller.token, code);
        Ok(())
    }

    async fn invited(&self, name: String, email: String, role: Role) -> Result<(), Refused> {
        let name = read(&name)?;
        let email: Email = email.trim().parse().map_err(|_| Refused::Email)?;
        let of = name.clone();
        let decide = move |known: &Register, code, now: Timestamp| {
            let ends = now.later_by(INVITATION_LIFE);
            known.invite(code, Invitation { name: of, email: Some(email), role, ends })
        };
        self.with_code(name, decide).await
    }

    async fn given(&self, name: String) -> Result<(), Refused> {
        let name = read(&name)?;
        let of = name.clone();
        self.with_code(name, move |known, code, now| known.give_code(&of, code, now)).await
    }

    async fn read_trail(&self, before: Option<u64>) -> Result<TrailView, Refused> {
        let which = before.map_or_else(|| "the newest".to_owned(), |before| format!("before entry {before}"));
        self.people.require(self.caller.by(), Act::new(What::ReadTrail, which)).await?;
        let people = Arc::clone(&self.people);
        let now = people.now();
        let entries = blocking(move || people.store.trail(before, PIECE)).await?.map_err(failed)?;
        Ok(TrailView {
            now,
            hash: entries.first().map(|newest| hex::encode(newest.hash)).unwrap_or_default(),
            earlier: entries.last().map(|oldest| oldest.entry.number).filter(|number| *number > 0),
            later: before.is_some(),
            entries: entries.into_iter().map(entry).collect(),
        })
    }
}

fn read(name: &str) -> Result<UserName, Refused> {
    name.trim().parse().map_err(|_| Refused::Name)
}

fn person(user: &User, sessions: usize, factor: bool) -> PersonView {
    PersonView {
        name: user.name.to_string(),
        email: user.email.as_ref().map(Email::to_string),
        role: user.role,
        since: user.created,
        disabled: user.disabled,
        sessions,
        factor,
    }
}

fn codes(known: &Register, now: Timestamp) -> Vec<CodeView> {
    let good = known.codes.iter().map(|(_, code)| code).filter(|code| now < code.ends);
    let mut codes: Vec<CodeView> = good
        .map(|code| CodeView {
            name: code.name.to_string(),
            role: code.role,
            ends: code.ends,
            known: known.user(&code.name).is_some(),
        })
        .collect();
    codes.sort_by(|one, other| one.name.cmp(&other.name));
    codes
}

fn entry(Chained { entry, .. }: Chained) -> TrailEntry {
    TrailEntry {
        number: entry.number,
        at: entry.at,
        who: entry.who,
        from: entry.from,
        what: entry.what,
        subject: entry.subject,
        before: entry.before,
        after: entry.after,
    }
}

impl Port for Registrar {
    fn people(&self) -> Answer<'_, PeopleView> {
        Box::pin(async { self.view().await.map_err(|refused| refused.refusal()) })
    }

    fn invite(&self, name: String, email: String, role: Role) -> Answer<'_, ()> {
        Box::pin(async move { self.invited(name, email, role).await.map_err(|refused| refused.refusal()) })
    }

    fn withdraw(&self, name: String) -> Answer<'_, ()> {
        Box::pin(async move { self.about(&name, |known, name| known.withdraw(name)).await })
    }

    fn give_code(&self, name: String) -> Answer<'_, ()> {
        Box::pin(async move { self.given(name).await.map_err(|refused| refused.refusal()) })
    }

    fn set_role(&self, name: String, role: Role) -> Answer<'_, ()> {
        Box::pin(async move { self.about(&name, move |known, name| known.set_role(name, role)).await })
    }

    fn let_in(&self, name: String, allowed: bool) -> Answer<'_, ()> {
        let now = self.people.now();
        Box::pin(async move {
            let decide = move |known: &Register, name: &UserName| {
                if allowed { known.enable(name) } else { known.disable(name, now) }
            };
            self.about(&name, decide).await?;
            if allowed && let Ok(name) = read(&name) {
                self.people.guessed_right(Guesser::at_password(&name.key(), None)).await;
            }
            Ok(())
        })
    }

    fn end_sessions(&self, name: String) -> Answer<'_, ()> {
        Box::pin(async move { self.about(&name, |known, name| known.end_sessions(name)).await })
    }

    fn reset_factor(&self, name: String) -> Answer<'_, ()> {
        Box::pin(async move { self.about(&name, |known, name| known.remove_factor(name, None)).await })
    }

    fn need_factor(&self, needed: bool) -> Answer<'_, ()> {
        let by = self.caller.name.clone();
        Box::pin(async move {
            let changed =
                self.people.change(self.caller.by(), move |known| known.need_factor(&by, needed)).await;
            changed.map(drop).map_err(|refused| refused.refusal())
        })
    }

    fn trail(&self, before: Option<u64>) -> Answer<'_, TrailView> {
        Box::pin(async move { self.read_trail(before).await.map_err(|refused| refused.refusal()) })
    }
}
