//! The audit trail.

use leptos::either::Either;
use leptos::prelude::*;
use leptos_meta::Title;
use leptos_router::components::A;
use leptos_router::hooks::use_query_map;

use crate::api::read_trail;
use crate::components::{RefusalNote, sentence};
use crate::format;
use crate::port::{TrailEntry, TrailView};
use crate::texts::act_told;

/// What people did, newest first.
#[component]
pub fn AuditPage() -> impl IntoView {
    let query = use_query_map();
    let before = Memo::new(move |_| query.read().get("before").and_then(|before| before.parse::<u64>().ok()));
    let trail = Resource::new(move || before.get(), read_trail);
    view! {
        <Title text="Audit trail" />
        <div class="page-head">
            <h1>"Audit trail"</h1>
        </div>
        <Transition fallback=|| view! { <p class="loading">"Loading the audit trail"</p> }>
            {move || Suspend::new(async move {
                match trail.await {
                    Ok(view) => Either::Left(view! { <Board view /> }),
                    Err(refusal) => {
                        Either::Right(view! { <RefusalNote refusal part=true again=move || trail.refetch() /> })
                    }
                }
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn Board(view: TrailView) -> impl IntoView {
    let TrailView { entries, hash, earlier, later, .. } = view;
    let lines = entries.into_iter().map(line).collect_view();
    view! {
        <section class="panel" aria-labelledby="trail-title">
            <h2 id="trail-title">"What people did, newest first"</h2>
            <p class="hint">
                "Times are UTC. Nothing here can be changed or switched off, and that you read it is written down too. "
                <span class="code">"platen check"</span> " verifies that nothing was altered or taken out."
            </p>
            <ol class="trail">{lines}</ol>
            <p class="hint">"The newest entry here and all before it have the hash " <span class="code">{hash}</span></p>
            <p class="pages">
                {later.then(|| view! { <A href="/audit" attr:class="button">"Newest"</A> })}
                {earlier
                    .map(|before| {
                        view! { <A href=format!("/audit?before={before}") attr:class="button">"Earlier"</A> }
                    })}
            </p>
        </section>
    }
    .into_any()
}

fn line(entry: TrailEntry) -> impl IntoView {
    let told = sentence(&act_told(&entry));
    let TrailEntry { number, at, who, from, before, after, .. } = entry;
    let who = if who.is_empty() { "nobody signed in".to_owned() } else { who };
    let from = if from.is_empty() { String::new() } else { format!("from {from}") };
    view! {
        <li>
            <span class="trail-number">{number}</span>
            <time datetime=format::machine_instant(at)>{format!("{} {}", format::day(at), format::time_of_day(at))}</time>
            <span class="trail-who">
                <strong>{who}</strong>
                " "
                <span class="aside">{from}</span>
            </span>
            <span class="trail-what">
                {told} {before.map(|before| view! { <span class="trail-before">"before: " {before}</span> })}
                {after.map(|after| view! { <span class="trail-after">"then: " {after}</span> })}
            </span>
        </li>
    }
}
