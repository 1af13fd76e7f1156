use domain::{Role, Timestamp};
use leptos::prelude::*;
use leptos_router::components::A;

use crate::format;
use crate::live::{Condition, Live};
use crate::port::{Person, Refusal};

/// The bar on top of every page: where one can go and who is signed in.
#[component]
pub fn Header(
    /// Who is signed in.
    person: Resource<Result<Option<Person>, Refusal>>,
) -> impl IntoView {
    view! {
        <a class="skip" rel="external" href="#content">"Skip to content"</a>
        <header class="top">
            <span class="brand">"Platen"</span>
            <Suspense>
                {move || Suspend::new(async move {
                    person.await.ok().flatten().map(|person| view! { <Navigation person /> })
                })}
            </Suspense>
        </header>
    }
    .into_any()
}

#[component]
fn Navigation(person: Person) -> impl IntoView {
    let administers = person.role == Role::Administrator;
    view! {
        <nav aria-label="Main">
            <A href="/" exact=true>"Floor"</A>
            <A href="/radios">"Radios"</A>
            <A href="/storage">"Storage"</A>
            {administers.then(|| view! { <A href="/people">"People"</A> })}
            {administers.then(|| view! { <A href="/audit">"Audit"</A> })}
            {administers.then(|| view! { <A href="/settings">"Settings"</A> })}
        </nav>
        <div class="who">
            <A href="/profile" attr:class="who-name">
                {person.name}
            </A>
            <form method="post" action="/logout">
                <button type="submit" class="quiet">"Log out"</button>
            </form>
        </div>
    }
    .into_any()
}

/// A page's title, with how old what it shows is.
#[component]
pub fn PageHead(
    /// The title and what goes beside it.
    children: Children,
    /// When what is shown was made.
    shown: Timestamp,
) -> impl IntoView {
    view! {
        <div class="page-head">
            <div class="page-title">{children()}</div>
            <LiveMark shown />
        </div>
    }
    .into_any()
}

/// Whether what is shown is what is.
#[component]
fn LiveMark(
    /// When what is shown was made.
    shown: Timestamp,
) -> impl IntoView {
    let live = Live::from_context();
    let class = move || match live.condition() {
        Condition::Starting => "live live-starting",
        Condition::Live => "live",
        Condition::Lost { .. } => "live live-lost",
    };
    let text = move || match live.condition() {
        Condition::Starting => format!("as of {} UTC", format::time_of_day(shown)),
        Condition::Live => "live".to_owned(),
        Condition::Lost { .. } => "not live".to_owned(),
    };
    view! {
        <p class=class>
            <svg class="mark" viewBox="0 0 16 16" aria-hidden="true">
                <circle cx="8" cy="8" r="4"></circle>
            </svg>
            {text}
        </p>
    }
    .into_any()
}

/// Says on every page, wherever it is scrolled to, that what is shown is no longer what is.
#[component]
pub fn LostBanner() -> impl IntoView {
    let live = Live::from_context();
    let since = Memo::new(move |_| live.lost_since());
    let class = move || if since.get().is_some() { "lost-banner lost-now" } else { "lost-banner" };
    let text =
        move || since.get().map(|since| format!("Connection lost since {} UTC", format::time_of_day(since)));
    // Said apart from the rest: a screen reader must not repeat it every second.
    let age = move || {
        since.get().map(|since| {
            format!("what you see is {} old", format::length(live.clock(since).get().since(since)))
        })
    };
    view! {
        <div class=class>
            <strong role="status">{text}</strong>
            <span>{age}</span>
        </div>
    }
    .into_any()
}
