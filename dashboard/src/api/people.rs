//! Who may come in, what belongs to whoever is signed in, and the audit trail.

use domain::Role;
use leptos::prelude::*;
use leptos::server_fn::codec::GetUrl;

#[cfg(feature = "ssr")]
use super::server::{own, people, told};
use crate::port::{PeopleView, ProfileView, Refusal, TrailView};

/// Everyone who may come in, and the code that was made just now.
#[server(name = ReadPeople, prefix = "/api", endpoint = "people", input = GetUrl)]
pub async fn read_people() -> Result<PeopleView, Refusal> {
    let people = told(people())?;
    let answer = people.people().await;
    told(answer)
}

/// Invites somebody new by a code, which the next view shows.
#[server(name = Invite, prefix = "/api", endpoint = "invite")]
pub async fn invite(
    /// The name they are to sign in with.
    name: String,
    /// Where they are written to.
    email: String,
    /// What they may do.
    role: Role,
) -> Result<(), Refusal> {
    let people = told(people())?;
    let answer = people.invite(name, email, role).await;
    told(answer)
}

/// Takes somebody's code back.
#[server(name = Withdraw, prefix = "/api", endpoint = "withdraw")]
pub async fn withdraw(
    /// Whose.
    name: String,
) -> Result<(), Refusal> {
    let people = told(people())?;
    let answer = people.withdraw(name).await;
    told(answer)
}

/// Gives somebody a code for another password, which the next view shows.
#[server(name = GiveCode, prefix = "/api", endpoint = "give-code")]
pub async fn give_code(
    /// To whom.
    name: String,
) -> Result<(), Refusal> {
    let people = told(people())?;
    let answer = people.give_code(name).await;
    told(answer)
}

/// Gives somebody another role; they sign in again.
#[server(name = SetRole, prefix = "/api", endpoint = "set-role")]
pub async fn set_role(
    /// To whom.
    name: String,
    /// Which.
    role: Role,
) -> Result<(), Refusal> {
    let people = told(people())?;
    let answer = people.set_role(name, role).await;
    told(answer)
}

/// Lets somebody in, or not any more.
#[server(name = LetIn, prefix = "/api", endpoint = "let-in")]
pub async fn let_in(
    /// Whom.
    name: String,
    /// Whether they are let in.
    allowed: bool,
) -> Result<(), Refusal> {
    let people = told(people())?;
    let answer = people.let_in(name, allowed).await;
    told(answer)
}

/// Ends every session of somebody.
#[server(name = EndSessions, prefix = "/api", endpoint = "end-sessions")]
pub async fn end_sessions(
    /// Whose.
    name: String,
) -> Result<(), Refusal> {
    let people = told(people())?;
    let answer = people.end_sessions(name).await;
    told(answer)
}

/// Takes somebody's second factor away: they sign in by their password alone, until they set one up again.
#[server(name = ResetFactor, prefix = "/api", endpoint = "reset-factor")]
pub async fn reset_factor(
    /// Whose.
    name: String,
) -> Result<(), Refusal> {
    let people = told(people())?;
    let answer = people.reset_factor(name).await;
    told(answer)
}

/// Says whether administrators need a second factor.
#[server(name = NeedFactor, prefix = "/api", endpoint = "need-factor")]
pub async fn need_factor(
    /// Whether they do.
    needed: bool,
) -> Result<(), Refusal> {
    let people = told(people())?;
    let answer = people.need_factor(needed).await;
    told(answer)
}

/// The audit trail before that entry, or its newest part.
#[server(name = ReadTrail, prefix = "/api", endpoint = "trail", input = GetUrl)]
pub async fn read_trail(
    /// Before which entry.
    before: Option<u64>,
) -> Result<TrailView, Refusal> {
    let people = told(people())?;
    let answer = people.trail(before).await;
    told(answer)
}

/// Who one is and where one is signed in.
#[server(name = ReadProfile, prefix = "/api", endpoint = "profile", input = GetUrl)]
pub async fn read_profile() -> Result<ProfileView, Refusal> {
    let own = told(own())?;
    let answer = own.profile().await;
    told(answer)
}

/// Ends one of one's own sessions.
#[server(name = EndSession, prefix = "/api", endpoint = "end-session")]
pub async fn end_session(
    /// Which.
    id: String,
) -> Result<(), Refusal> {
    let own = told(own())?;
    let answer = own.end_session(id).await;
    told(answer)
}
