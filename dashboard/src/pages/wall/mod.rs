//! The floor for a screen across the hall: nobody is signed in, nobody touches it, everybody reads it from afar.

mod form;
mod pages;
mod tile;

use domain::Timestamp;
use leptos::either::Either;
use leptos::html::Ul;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::api::read_wall;
use crate::components::{PageHead, RefusalNote, SeverityMark};
use crate::format;
use crate::live::Live;
use crate::pages::floor::{Summary, place, spot};
use crate::port::{FloorView, LiveChange, StandingAlarm};
use crate::texts::{severity_tone, severity_word};
use pages::Pages;
use tile::WallTile;

pub use form::WallFormPage;

/// So many alarms are told in words; whoever wants all of them goes to the floor.
const ALARMS: usize = 3;

/// Every mold, a page after another, and the gravest alarms.
#[component]
pub fn WallPage() -> impl IntoView {
    let live = Live::from_context();
    let floor = Resource::new(move || live.epoch(), |_| read_wall());
    view! {
        <Title text="Wall" />
        <Transition fallback=|| view! { <p class="loading">"Loading the wall"</p> }>
            {move || Suspend::new(async move {
                match floor.await {
                    Ok(view) => Either::Left(view! { <Board view /> }),
                    Err(refusal) => Either::Right(view! { <RefusalNote refusal again=move || floor.refetch() /> }),
                }
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn Board(view: FloorView) -> impl IntoView {
    let FloorView { now, cursor, molds, alarms } = view;
    let live = Live::from_context();
    let clock = live.clock(now);
    let spots = RwSignal::new(molds.into_iter().map(spot).collect::<Vec<_>>());
    let alarms = RwSignal::new(alarms);
    live.follow(cursor, now, move |change: &LiveChange, _: Timestamp| match change {
        LiveChange::Molds(tiles) => tiles.iter().for_each(|tile| place(spots, tile)),
        LiveChange::Alarms(standing) => alarms.set(standing.clone()),
        LiveChange::Link(_)
        | LiveChange::Bluetooth(_)
        | LiveChange::Storage
        | LiveChange::Heartbeat
        | LiveChange::Restart => {}
    });
    let tiles = NodeRef::<Ul>::new();
    let molds = Memo::new(move |_| spots.with(Vec::len));
    let pages = Pages::turning(tiles, molds);
    let shown = move || {
        let (first, number) = pages.shown();
        spots.with(|spots| spots.iter().skip(first).take(number).cloned().collect::<Vec<_>>())
    };
    view! {
        <div class="wall">
            <PageHead shown=now>
                <h1>"Floor"</h1>
                <p class="wall-clock">{move || format!("{} UTC", format::time_of_day(clock.get()))}</p>
                <p class="wall-page">{move || pages.told()}</p>
            </PageHead>
            <Summary spots />
            <WallAlarms alarms />
            <ul class="wall-tiles" aria-label="Molds" node_ref=tiles>
                <For each=shown key=|spot| spot.id let:spot>
                    <WallTile tile=spot.tile clock />
                </For>
            </ul>
        </div>
    }
    .into_any()
}

/// The gravest alarms, a line each. The lines are there without any alarm too, so that nothing moves when one comes.
#[component]
fn WallAlarms(alarms: RwSignal<Vec<StandingAlarm>>) -> impl IntoView {
    let more = move || {
        let more = alarms.with(|alarms| alarms.len().saturating_sub(ALARMS));
        (more > 0).then(|| format!("and {}", format::counted(more as u64, "more alarm", "more alarms")))
    };
    let line = |place: usize| {
        let alarm = move || alarms.with(|alarms| alarms.get(place).cloned());
        view! { <li>{move || alarm().map_or_else(|| Either::Right(nothing(place, alarms)), |alarm| Either::Left(told(alarm)))}</li> }
    };
    view! {
        <section class="wall-alarms" aria-label="Alarms">
            <ul>{(0..ALARMS).map(line).collect_view()}</ul>
            <p class="wall-more">{more}</p>
        </section>
    }
    .into_any()
}

fn told(alarm: StandingAlarm) -> impl IntoView {
    let StandingAlarm { severity, subject, text, .. } = alarm;
    view! {
        <p class=format!("alarm-line {}", severity_tone(severity).class())>
            <SeverityMark severity />
            <strong>{severity_word(severity)} ", " {subject}</strong>
            <span class="alarm-gravest">{text}</span>
        </p>
    }
}

fn nothing(place: usize, alarms: RwSignal<Vec<StandingAlarm>>) -> impl IntoView {
    let calm = place == 0 && alarms.with(Vec::is_empty);
    view! { <p class="alarm-line wall-calm">{calm.then_some("No alarms")}</p> }
}
