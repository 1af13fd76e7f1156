use domain::Timestamp;
use leptos::prelude::*;

use crate::format;

/// How long ago something was, with the exact instant for whoever points at it.
#[component]
pub fn RelativeTime(
    /// When it was.
    #[prop(into)]
    at: Signal<Option<Timestamp>>,
    /// The box's clock.
    clock: Signal<Timestamp>,
    /// What to say when it never was.
    #[prop(default = "never")]
    never: &'static str,
) -> impl IntoView {
    let text = move || at.get().map_or_else(|| never.to_owned(), |at| format::ago(clock.get(), at));
    view! {
        <time
            datetime=move || at.get().map(format::machine_instant)
            title=move || at.get().map(format::instant)
        >
            {text}
        </time>
    }
    .into_any()
}

/// How long something has lasted, with the instant at which it began for whoever points at it.
#[component]
pub fn Lasting(
    /// When it began.
    #[prop(into)]
    since: Signal<Option<Timestamp>>,
    /// The box's clock.
    clock: Signal<Timestamp>,
) -> impl IntoView {
    let text = move || since.get().map(|since| format!("for {}", format::length(clock.get().since(since))));
    view! {
        <time
            datetime=move || since.get().map(format::machine_instant)
            title=move || since.get().map(|since| format!("since {}", format::instant(since)))
        >
            {text}
        </time>
    }
    .into_any()
}

/// An instant in full, and how far off it is.
#[component]
pub fn Moment(
    /// When.
    #[prop(into)]
    at: Signal<Timestamp>,
    /// The box's clock.
    clock: Signal<Timestamp>,
) -> impl IntoView {
    view! {
        <time datetime=move || format::machine_instant(at.get())>{move || format::instant(at.get())}</time>
        " "
        <span class="aside">{move || format::away(clock.get(), at.get())}</span>
    }
    .into_any()
}
