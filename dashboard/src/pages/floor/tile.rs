use domain::{CycleTime, MoldState, Timestamp};
use leptos::prelude::*;

use crate::components::{RelativeTime, StateMark, state_class};
use crate::format;
use crate::port::MoldTile;

/// One mold: what it is, what it does, how fast, how often.
#[component]
pub(crate) fn Tile(
    /// As it is now.
    tile: ArcRwSignal<MoldTile>,
    /// The box's clock.
    clock: Signal<Timestamp>,
) -> impl IntoView {
    let tile: RwSignal<MoldTile> = tile.into();
    let state = Signal::derive(move || tile.with(|tile| tile.state));
    let name = tile.with_untracked(|tile| tile.name.to_string());
    let number = name.clone();
    let href = tile.with_untracked(|tile| format!("/molds/{}", tile.id));
    let last_heard = Signal::derive(move || tile.with(|tile| tile.last_heard));
    let count = move || tile.with(|tile| tile.count);
    view! {
        <li class=move || state_class("tile", state.get()) data-mold=number>
            <div class="tile-head">
                <h2>
                    <a href=href>{name}</a>
                </h2>
                <StateMark state />
            </div>
            <p class="tile-what">
                <span class="tile-press">{move || tile.with(|tile| tile.press.clone())}</span>
                <span class="tile-description">{move || tile.with(|tile| tile.description.clone())}</span>
            </p>
            <p class="tile-time">
                <span class="tile-last">
                    {move || tile.with(|tile| tile.last_cycle.map_or_else(none, format::seconds))}
                    <span class="unit">" s"</span>
                </span>
                <span class="tile-difference">{move || tile.with(compared)}</span>
                <span class="tile-approved">{move || tile.with(|tile| approved(tile.approved))}</span>
            </p>
            <p class="tile-foot">
                <span>
                    <data class="tile-count" value=move || count().to_string()>
                        {move || format::count(count())}
                    </data>
                    <span class="unit">" cycles"</span>
                </span>
                {move || alarm(tile.with(|tile| tile.alarms))}
                <span class="tile-heard">
                    <span class="unit">"heard "</span>
                    <RelativeTime at=last_heard clock />
                </span>
            </p>
        </li>
    }
    .into_any()
}

fn none() -> String {
    "–".to_owned()
}

/// The last cycle beside the approved one; nothing where the last one is too old to say how the mold runs.
fn compared(tile: &MoldTile) -> Option<String> {
    let runs = matches!(tile.state, MoldState::Cycling | MoldState::Slow);
    let (last, approved) = tile.last_cycle.zip(tile.approved).filter(|_| runs)?;
    Some(format!("{} s", format::difference(last, approved)))
}

fn approved(approved: Option<CycleTime>) -> String {
    approved.map_or_else(
        || "no approved time".to_owned(),
        |approved| format!("approved {}", format::cycle_time(approved)),
    )
}

fn alarm(alarms: u32) -> Option<impl IntoView> {
    (alarms > 0).then(|| {
        view! {
            <span class="tile-alarm tone-bad">
                <svg class="mark" viewBox="0 0 16 16" aria-hidden="true">
                    <path d="M8 1.5 15.5 14.5H.5Z"></path>
                </svg>
                {format::counted(alarms.into(), "alarm", "alarms")}
            </span>
        }
    })
}
