use domain::{CycleTime, Timestamp};
use leptos::prelude::*;

use crate::components::{RelativeTime, SeverityMark, StateMark, pace, state_class};
use crate::format;
use crate::port::MoldTile;
use crate::texts::severity_tone;

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
                {move || tile.with(alarm)}
            </p>
            <p class="tile-time">
                <span class="tile-last">
                    {move || tile.with(|tile| tile.last_cycle.map_or_else(none, format::seconds))}
                    <span class="unit">" s"</span>
                </span>
                <span class="tile-difference">{move || tile.with(pace)}</span>
                <span class="tile-approved">{move || tile.with(|tile| approved(tile.approved))}</span>
            </p>
            <p class="tile-foot">
                <span>
                    <data class="tile-count" value=move || count().to_string()>
                        {move || format::count(count())}
                    </data>
                    <span class="unit">" cycles"</span>
                </span>
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

fn approved(approved: Option<CycleTime>) -> String {
    approved.map_or_else(
        || "no approved time".to_owned(),
        |approved| format!("approved {}", format::cycle_time(approved)),
    )
}

/// How many alarms stand on it, as grave as the gravest.
fn alarm(tile: &MoldTile) -> Option<impl IntoView + use<>> {
    let alarms = format::counted(tile.alarms.into(), "alarm", "alarms");
    tile.worst.map(|severity| {
        view! {
            <span class=format!("tile-alarm {}", severity_tone(severity).class())>
                <SeverityMark severity />
                {alarms}
            </span>
        }
    })
}
