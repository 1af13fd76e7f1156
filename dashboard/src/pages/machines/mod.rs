//! Which machines may come in.

mod issued;

use domain::{Scope, Timestamp};
use leptos::either::Either;
use leptos::form::ActionForm;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::api::{MakeToken, RevokeToken, read_machines};
use crate::components::{Moment, RefusalNote, RelativeTime, sentence};
use crate::live::Live;
use crate::port::{MachineView, MachinesView};
use crate::texts::scope_told;
use issued::Issued;

/// For how long a token can be made, in days and in words.
const LIVES: [(u16, &str); 5] =
    [(7, "a week"), (30, "30 days"), (90, "90 days"), (365, "a year"), (1_095, "three years")];
/// What is chosen at first.
const USUAL: u16 = 365;

/// Machines that come in by tokens, and how another one does. Plain forms underneath: they work without any script too.
#[component]
pub fn MachinesPage() -> impl IntoView {
    let (make, revoke) = (ServerAction::<MakeToken>::new(), ServerAction::<RevokeToken>::new());
    let machines = Resource::new(move || make.version().get() + revoke.version().get(), |_| read_machines());
    let refused = move || {
        let refusals = [make.value().get(), revoke.value().get()].into_iter().flatten();
        refusals
            .filter_map(Result::err)
            .map(|refusal| {
                view! { <p class="form-error tone-bad" role="alert">{sentence(&refusal.to_string())}</p> }
            })
            .collect_view()
    };
    view! {
        <Title text="Machines" />
        <div class="page-head">
            <h1>"Machines"</h1>
        </div>
        {refused}
        <Transition fallback=|| view! { <p class="loading">"Loading the machines"</p> }>
            {move || Suspend::new(async move {
                match machines.await {
                    Ok(view) => Either::Left(view! { <Board view revoke /> }),
                    Err(refusal) => {
                        Either::Right(
                            view! { <RefusalNote refusal part=true again=move || machines.refetch() /> },
                        )
                    }
                }
            })}
        </Transition>
        <MakeForm make />
        <section class="panel" aria-labelledby="support-title">
            <h2 id="support-title">"Support bundle"</h2>
            <p>
                "A file for whoever helps: version, configuration, check, counts, alarms, radios, and the last lines of the log. There is no key, code, token or password in it, and nobody\u{2019}s name."
            </p>
            <p>
                <a class="button" href="/support" rel="external" download="">"Download the bundle"</a>
            </p>
        </section>
    }
    .into_any()
}

#[component]
fn Board(view: MachinesView, revoke: ServerAction<RevokeToken>) -> impl IntoView {
    let MachinesView { now, machines, issued } = view;
    let clock: Signal<Timestamp> = Live::from_context().clock(now);
    let lines = if machines.is_empty() {
        Either::Left(view! { <p class="hint">"No machine has a token."</p> })
    } else {
        let lines = machines.into_iter().map(|machine| view! { <MachineLine machine clock revoke /> });
        Either::Right(view! { <ul class="people">{lines.collect_view()}</ul> })
    };
    view! {
        {issued.map(|issued| view! { <Issued issued clock /> })}
        <section class="panel" aria-labelledby="machines-title">
            <h2 id="machines-title">"Machines that have a token"</h2>
            {lines}
        </section>
    }
    .into_any()
}

#[component]
fn MachineLine(
    machine: MachineView,
    clock: Signal<Timestamp>,
    revoke: ServerAction<RevokeToken>,
) -> impl IntoView {
    let MachineView { name, scope, made, ends, over, used } = machine;
    let pending = revoke.pending();
    let until = if over {
        Either::Left(
            view! { <p class="told tone-caution">"Not good any more since " <Moment at=ends clock /> "."</p> },
        )
    } else {
        Either::Right(view! { <p class="hint">"good until " <Moment at=ends clock /></p> })
    };
    view! {
        <li>
            <p class="person-name">
                <strong>{name.clone()}</strong>
                " "
                <span class="person-role">{scope.word()}</span>
            </p>
            {until}
            <p class="hint">
                "last used " <RelativeTime at=Signal::derive(move || used) clock /> ", made "
                <RelativeTime at=Signal::derive(move || Some(made)) clock />
            </p>
            <ActionForm action=revoke>
                <input type="hidden" name="name" value=name.clone() />
                <button type="submit" disabled=move || pending.get() aria-label=format!("Revoke the token of {name}")>
                    "Revoke"
                </button>
            </ActionForm>
        </li>
    }
    .into_any()
}

#[component]
fn MakeForm(make: ServerAction<MakeToken>) -> impl IntoView {
    let pending = make.pending();
    let scopes = Scope::ALL.map(|scope| view! { <option value=scope.word()>{scope.word()}</option> });
    let lives = LIVES.map(|(days, words)| {
        view! {
            <option value=days.to_string() selected=days == USUAL>
                {words}
            </option>
        }
    });
    let told = Scope::ALL.map(|scope| {
        view! {
            <dt>{scope.word()}</dt>
            <dd>{scope_told(scope)}</dd>
        }
    });
    view! {
        <section class="panel" aria-labelledby="make-title">
            <h2 id="make-title">"Make a token"</h2>
            <p class="hint">
                "A program or a screen comes in by a token of its own, so that each can be revoked alone. It is shown once."
            </p>
            <ActionForm action=make attr:class="invite">
                <label for="machine-name">"Name of the machine"</label>
                <input id="machine-name" name="name" type="text" required=true maxlength="40" autocomplete="off" />
                <label for="machine-scope">"It may"</label>
                <select id="machine-scope" name="scope" aria-describedby="scopes-hint">
                    {scopes}
                </select>
                <label for="machine-days">"For"</label>
                <select id="machine-days" name="days">
                    {lives}
                </select>
                <button type="submit" class="primary" disabled=move || pending.get()>
                    "Make a token"
                </button>
            </ActionForm>
            <dl class="facts" id="scopes-hint">
                {told}
            </dl>
        </section>
    }
    .into_any()
}
