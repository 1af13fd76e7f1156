//! Who may come in.

mod codes;
mod person;

use domain::{Role, Timestamp};
use leptos::either::Either;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::api::{
    EndSessions, GiveCode, Invite, LetIn, NeedFactor, ResetFactor, SetRole, Withdraw, read_people,
};
use crate::components::{RefusalNote, sentence};
use crate::live::Live;
use crate::port::{PeopleView, Refusal};
use crate::texts::may_told;
use codes::{Issued, Waiting};
use person::PersonLine;

/// What an administrator can do with people. Plain forms underneath: they work without any script too.
#[derive(Clone, Copy)]
struct Acts {
    invite: ServerAction<Invite>,
    withdraw: ServerAction<Withdraw>,
    give_code: ServerAction<GiveCode>,
    set_role: ServerAction<SetRole>,
    let_in: ServerAction<LetIn>,
    end_sessions: ServerAction<EndSessions>,
    reset_factor: ServerAction<ResetFactor>,
    need_factor: ServerAction<NeedFactor>,
}

impl Acts {
    fn new() -> Self {
        Acts {
            invite: ServerAction::new(),
            withdraw: ServerAction::new(),
            give_code: ServerAction::new(),
            set_role: ServerAction::new(),
            let_in: ServerAction::new(),
            end_sessions: ServerAction::new(),
            reset_factor: ServerAction::new(),
            need_factor: ServerAction::new(),
        }
    }

    /// Goes on with everything that was done.
    fn done(self) -> usize {
        self.invite.version().get()
            + self.withdraw.version().get()
            + self.give_code.version().get()
            + self.set_role.version().get()
            + self.let_in.version().get()
            + self.end_sessions.version().get()
            + self.reset_factor.version().get()
            + self.need_factor.version().get()
    }

    /// Why something was not done.
    fn refusals(self) -> Vec<Refusal> {
        let refused = [
            self.invite.value().get(),
            self.withdraw.value().get(),
            self.give_code.value().get(),
            self.set_role.value().get(),
            self.let_in.value().get(),
            self.end_sessions.value().get(),
            self.reset_factor.value().get(),
            self.need_factor.value().get(),
        ];
        refused.into_iter().flatten().filter_map(Result::err).collect()
    }
}

/// Who may come in, as what, and how somebody new does.
#[component]
pub fn PeoplePage() -> impl IntoView {
    let acts = Acts::new();
    let people = Resource::new(move || acts.done(), |_| read_people());
    let refused = move || {
        acts.refusals()
            .into_iter()
            .map(|refusal| {
                view! {
                    <p class="form-error tone-bad" role="alert">{sentence(&refusal.to_string())}</p>
                }
            })
            .collect_view()
    };
    view! {
        <Title text="People" />
        <div class="page-head">
            <h1>"People"</h1>
        </div>
        {refused}
        <Transition fallback=|| view! { <p class="loading">"Loading the people"</p> }>
            {move || Suspend::new(async move {
                match people.await {
                    Ok(view) => Either::Left(view! { <Board view acts /> }),
                    Err(refusal) => {
                        Either::Right(view! { <RefusalNote refusal part=true again=move || people.refetch() /> })
                    }
                }
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn Board(view: PeopleView, acts: Acts) -> impl IntoView {
    let PeopleView { now, people, codes, issued, administrators_need_factor: needed } = view;
    let clock: Signal<Timestamp> = Live::from_context().clock(now);
    let lines = people.into_iter().map(|person| view! { <PersonLine person clock acts /> }).collect_view();
    view! {
        {issued.map(|issued| view! { <Issued issued clock /> })}
        <section class="panel" aria-labelledby="people-title">
            <h2 id="people-title">"Who may come in"</h2>
            <ul class="people">{lines}</ul>
        </section>
        {(!codes.is_empty()).then(|| view! { <Waiting codes clock acts /> })}
        <FactorRule needed acts />
        <InviteForm acts />
    }
    .into_any()
}

/// Whether administrators need a second factor.
#[component]
fn FactorRule(needed: bool, acts: Acts) -> impl IntoView {
    let (stands, button) = if needed {
        (
            "Administrators need a second factor: without one they may no more than a viewer.",
            "Need it no more",
        )
    } else {
        ("Administrators may sign in by their password alone.", "Have them need a second factor")
    };
    view! {
        <section class="panel" aria-labelledby="rule-title">
            <h2 id="rule-title">"Second factor of administrators"</h2>
            <p>{stands}</p>
            <ActionForm action=acts.need_factor>
                <input type="hidden" name="needed" value=(!needed).to_string() />
                <button type="submit">{button}</button>
            </ActionForm>
        </section>
    }
    .into_any()
}

/// Every role, the present one chosen.
fn options(present: Role) -> impl IntoView {
    Role::ALL
        .into_iter()
        .map(|role| {
            view! {
                <option value=role.word() selected=role == present>
                    {role.label()}
                </option>
            }
        })
        .collect_view()
}

#[component]
fn InviteForm(acts: Acts) -> impl IntoView {
    let pending = acts.invite.pending();
    let roles = Role::ALL
        .into_iter()
        .map(|role| {
            view! {
                <dt>{role.label()}</dt>
                <dd>{may_told(role)}</dd>
            }
        })
        .collect_view();
    view! {
        <section class="panel" aria-labelledby="invite-title">
            <h2 id="invite-title">"Invite somebody"</h2>
            <p class="hint">
                "The box sends no mail. It shows you a code, once; give it to them by hand or by word. It is good for 3 days."
            </p>
            <ActionForm action=acts.invite attr:class="invite">
                <label for="invite-name">"Name"</label>
                <input id="invite-name" name="name" type="text" required=true maxlength="64" autocomplete="off" />
                <label for="invite-email">"E-mail address"</label>
                <input id="invite-email" name="email" type="email" required=true maxlength="254" autocomplete="off" />
                <label for="invite-role">"Role"</label>
                <select id="invite-role" name="role" aria-describedby="roles-hint">
                    {options(Role::Viewer)}
                </select>
                <button type="submit" class="primary" disabled=move || pending.get()>
                    "Make a code"
                </button>
            </ActionForm>
            <dl class="facts" id="roles-hint">{roles}</dl>
        </section>
    }
    .into_any()
}
