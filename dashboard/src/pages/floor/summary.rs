use domain::MoldState;
use leptos::prelude::*;

use super::Spot;
use crate::components::StateMark;
use crate::port::StandingAlarm;

/// In the order in which a person asks: what runs, then what does not, then what is away.
const ORDER: [MoldState; 9] = [
    MoldState::Cycling,
    MoldState::Slow,
    MoldState::Stopped,
    MoldState::NoSignal,
    MoldState::Asleep,
    MoldState::NotInitialised,
    MoldState::InMaintenance,
    MoldState::InStorage,
    MoldState::InTransit,
];

/// How many molds do what, and whether an alarm stands.
#[component]
pub(crate) fn Summary(
    /// The molds.
    spots: RwSignal<Vec<Spot>>,
    /// The alarms that stand.
    alarms: RwSignal<Vec<StandingAlarm>>,
) -> impl IntoView {
    let states = Memo::new(move |_| {
        spots.with(|spots| {
            let count =
                |state| spots.iter().filter(|spot| spot.tile.with(|tile| tile.state) == state).count();
            let counts = ORDER.map(|state| (state, count(state)));
            counts.into_iter().filter(|(_, count)| *count > 0).collect::<Vec<_>>()
        })
    });
    let calm = Memo::new(move |_| alarms.with(Vec::is_empty));
    view! {
        <ul class="summary" aria-label="Summary">
            <For each=move || states.get() key=|(state, count)| (*state, *count) let:entry>
                <li>
                    <strong>{entry.1.to_string()}</strong>
                    <StateMark state=entry.0 />
                </li>
            </For>
            <Show when=move || calm.get()>
                <li class="summary-calm">"no alarms"</li>
            </Show>
        </ul>
    }
    .into_any()
}
