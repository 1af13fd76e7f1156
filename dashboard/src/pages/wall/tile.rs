use domain::Timestamp;
use leptos::prelude::*;

use crate::components::{RelativeTime, SeverityMark, StateMark, pace, state_class};
use crate::format;
use crate::port::MoldTile;
use crate::texts::severity_tone;

/// One mold, in letters for afar, and nothing to press.
#[component]
pub(super) fn WallTile(
    /// As it is now.
    tile: ArcRwSignal<MoldTile>,
    /// The box's clock.
    clock: Signal<Timestamp>,
) -> impl IntoView {
    let tile: RwSignal<MoldTile> = tile.into();
    let state = Signal::derive(move || tile.with(|tile| tile.state));
    let name = tile.with_untracked(|tile| tile.name.to_string());
    let number = name.clone();
    let last_heard = Signal::derive(move || tile.with(|tile| tile.last_heard));
    let last = move || tile.with(|tile| tile.last_cycle.map_or_else(|| "–".to_owned(), format::seconds));
    view! {
        <li class=move || state_class("tile wall-tile", state.get()) data-mold=number>
            <div class="tile-head">
                <h2>{name}</h2>
                <StateMark state />
            </div>
            <p class="tile-what">
                <span class="tile-press">{move || tile.with(|tile| tile.press.clone())}</span>
                <span class="tile-description">{move || tile.with(|tile| tile.description.clone())}</span>
                {move || tile.with(alarm)}
            </p>
            <p class="wall-time">
                <span class="tile-last">{last} <span class="unit">" s"</span></span>
                <span class="tile-difference">{move || tile.with(pace)}</span>
            </p>
            <p class="tile-foot">
                <span>
                    {move || tile.with(|tile| format::count(tile.count))} <span class="unit">" cycles"</span>
                </span>
                <span class="tile-heard">
                    <RelativeTime at=last_heard clock />
                </span>
            </p>
        </li>
    }
    .into_any()
}

/// How grave the gravest alarm on it is.
fn alarm(tile: &MoldTile) -> Option<impl IntoView + use<>> {
    tile.worst.map(|severity| {
        view! {
            <span class=format!("tile-alarm {}", severity_tone(severity).class())>
                <SeverityMark severity />
                {format::counted(tile.alarms.into(), "alarm", "alarms")}
            </span>
        }
    })
}
