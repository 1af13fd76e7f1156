use domain::Timestamp;
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
    view! {
        <nav aria-label="Main">
            <A href="/" exact=true>"Floor"</A>
            <A href="/radios">"Radios"</A>
        </nav>
        <div class="who">
            <span class="who-name">{person.name}</span>
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
pub fn LiveMark(
    /// When what is shown was made.
    shown: Timestamp,
) -> impl IntoView {
    let live = Live::from_context();
    let clock = live.clock(shown);
    let class = move || match live.condition() {
        Condition::Starting => "live live-starting",
        Condition::Live => "live",
        Condition::Lost { .. } => "live live-lost tone-bad",
    };
    let text = move || match live.condition() {
        Condition::Starting => format!("as of {} UTC", format::time_of_day(shown)),
        Condition::Live => "live".to_owned(),
        Condition::Lost { since } => format!("connection lost since {} UTC", format::time_of_day(since)),
    };
    // Said apart from the rest: a screen reader must not repeat it every second.
    let age = move || match live.condition() {
        Condition::Lost { since } => {
            format!("; what you see is {} old", format::length(clock.get().since(since)))
        }
        _ => String::new(),
    };
    view! {
        <p class=class>
            <svg class="mark" viewBox="0 0 16 16" aria-hidden="true">
                <circle cx="8" cy="8" r="4"></circle>
            </svg>
            <span role="status">{text}</span>
            <span>{age}</span>
        </p>
    }
    .into_any()
}
