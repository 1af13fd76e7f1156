use domain::MoldState;
use leptos::prelude::*;

use crate::texts::state_tone;

/// The outline that goes with a state, in a square of 16.
const fn shape(state: MoldState) -> &'static str {
    match state {
        MoldState::Cycling => "M4 2.5 13.5 8 4 13.5Z",
        MoldState::Slow => "M3 1.5h10v2L9.3 8l3.7 4.5v2H3v-2L6.7 8 3 3.5Z",
        MoldState::Stopped => "M2.5 2.5h11v11h-11Z",
        MoldState::Asleep => "M10.8 1.6a6.5 6.5 0 1 0 3.6 8.9A5.3 5.3 0 0 1 10.8 1.6Z",
        MoldState::NoSignal => {
            "M3.5 1.8 8 6.3l4.5-4.5 1.7 1.7L9.7 8l4.5 4.5-1.7 1.7L8 9.7l-4.5 4.5-1.7-1.7L6.3 8 1.8 3.5Z"
        }
        MoldState::NotInitialised => {
            "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Zm0 2a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9Z"
        }
        MoldState::InMaintenance => "M8 1 15 8l-7 7-7-7Zm0 2.8L3.8 8 8 12.2 12.2 8Z",
        MoldState::InStorage => "M2 2.5h12v2.5H2Zm0 4.250h12v2.5H2ZM2 11h12v2.5H2Z",
        MoldState::InTransit => "M1.5 6h7V2.5L14.5 8l-6 5.5V10h-7Z",
    }
}

/// The classes of something that stands for a state.
#[must_use]
pub fn state_class(base: &str, state: MoldState) -> String {
    format!("{base} {}", state_tone(state).class())
}

/// What a mold does: shape, word, and colour where it is not normal.
#[component]
pub fn StateMark(
    /// What it does.
    #[prop(into)]
    state: Signal<MoldState>,
) -> impl IntoView {
    view! {
        <span class=move || state_class("state", state.get())>
            <svg class="mark" viewBox="0 0 16 16" aria-hidden="true">
                <path fill-rule="evenodd" d=move || shape(state.get())></path>
            </svg>
            <span class="state-word">{move || state.get().word()}</span>
        </span>
    }
    .into_any()
}
