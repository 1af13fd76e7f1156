use domain::MoldState;
use leptos::prelude::*;

use super::Spot;
use crate::components::StateMark;

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

/// Those that are counted where there are none too: the line must not move while somebody reads it.
const ALWAYS: usize = 4;

/// How many molds do what.
#[component]
pub(crate) fn Summary(
    /// The molds.
    spots: RwSignal<Vec<Spot>>,
) -> impl IntoView {
    let states = Memo::new(move |_| {
        spots.with(|spots| {
            let count =
                |state| spots.iter().filter(|spot| spot.tile.with(|tile| tile.state) == state).count();
            let counts = ORDER.map(|state| (state, count(state))).into_iter().enumerate();
            let shown = counts.filter(|(place, (_, count))| *count > 0 || *place < ALWAYS);
            shown.map(|(_, entry)| entry).collect::<Vec<_>>()
        })
    });
    view! {
        <ul class="summary" aria-label="Summary">
            <For each=move || states.get() key=|(state, count)| (*state, *count) let:entry>
                <li class=(entry.1 == 0).then_some("summary-none")>
                    <strong>{entry.1.to_string()}</strong>
                    <StateMark state=entry.0 />
                </li>
            </For>
        </ul>
    }
    .into_any()
}
