//! What is one's own: who one is, one's password, where one is signed in.

mod factor;
mod password;

use domain::Timestamp;
use leptos::either::Either;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::api::{EndSession, read_profile};
use crate::components::{Moment, RefusalNote, RelativeTime, sentence};
use crate::live::Live;
use crate::port::{ProfileView, SessionView};
use crate::texts::may_told;
use factor::FactorPanel;
use password::PasswordForm;

/// Who one is and where one is signed in.
#[component]
pub fn ProfilePage() -> impl IntoView {
    let end = ServerAction::<EndSession>::new();
    let profile = Resource::new(move || end.version().get(), |_| read_profile());
    let refused = move || {
        let refusal = end.value().get()?.err()?;
        Some(view! { <p class="form-error tone-bad" role="alert">{sentence(&refusal.to_string())}</p> })
    };
    view! {
        <Title text="Your profile" />
        <div class="page-head">
            <h1>"Your profile"</h1>
        </div>
        {refused}
        <div class="columns">
            <Transition fallback=|| view! { <p class="loading">"Loading the profile"</p> }>
                {move || Suspend::new(async move {
                    match profile.await {
                        Ok(view) => Either::Left(view! { <Board view end /> }),
                        Err(refusal) => {
                            Either::Right(
                                view! { <RefusalNote refusal part=true again=move || profile.refetch() /> },
                            )
                        }
                    }
                })}
            </Transition>
            <PasswordForm />
        </div>
    }
    .into_any()
}

#[component]
fn Board(view: ProfileView, end: ServerAction<EndSession>) -> impl IntoView {
    let ProfileView { now, name, email, role, sessions, factor, set_up, recovery, limited } = view;
    let clock = Live::from_context().clock(now);
    let lines =
        sessions.into_iter().map(|session| view! { <SessionLine session clock end /> }).collect_view();
    view! {
        <section class="panel" aria-labelledby="you-title">
            <h2 id="you-title">{name}</h2>
            <dl class="facts">
                <dt>"Role"</dt>
                <dd>{role.label()}</dd>
                <dt>"You may"</dt>
                <dd>{may_told(role)}</dd>
                <dt>"E-mail address"</dt>
                <dd>{email.unwrap_or_else(|| "–".to_owned())}</dd>
            </dl>
            <h3>"Where you are signed in"</h3>
            <p class="hint">"End what you do not know, and choose another password."</p>
            <ul class="people">{lines}</ul>
        </section>
        <FactorPanel factor set_up recovery limited clock />
    }
    .into_any()
}

#[component]
fn SessionLine(
    session: SessionView,
    clock: Signal<Timestamp>,
    end: ServerAction<EndSession>,
) -> impl IntoView {
    let SessionView { id, opened, used, ends, from, this } = session;
    let from =
        from.map_or_else(|| "an address that is not known".to_owned(), |from| format!("address {from}"));
    let pending = end.pending();
    view! {
        <li>
            <p>
                <strong>{if this { "This browser" } else { "Another browser" }}</strong>
                " at "
                {from}
                ", since "
                <Moment at=opened clock />
            </p>
            <p class="hint">
                "last used " <RelativeTime at=Signal::derive(move || used) clock never="before the box was started anew" />
                ", ends by itself " <Moment at=ends clock />
            </p>
            <ActionForm action=end>
                <input type="hidden" name="id" value=id />
                <button type="submit" disabled=move || pending.get()>
                    {if this { "Sign out here" } else { "End this session" }}
                </button>
            </ActionForm>
        </li>
    }
    .into_any()
}
