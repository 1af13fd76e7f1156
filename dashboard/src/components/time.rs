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
