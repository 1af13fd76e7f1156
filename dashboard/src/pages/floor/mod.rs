//! Every mold at a glance.

mod summary;
mod tile;

use std::cmp::Ordering;

use domain::{MoldId, Timestamp};
use leptos::either::Either;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::api::read_floor;
use crate::components::{AlarmBar, PageHead, RefusalNote};
use crate::live::Live;
use crate::port::{FloorView, LiveChange, MoldTile};
use tile::Tile;

pub(crate) use summary::Summary;

/// A mold on the floor; only its own tile is drawn anew when it changes.
#[derive(Debug, Clone)]
pub(crate) struct Spot {
    pub(crate) id: MoldId,
    pub(crate) tile: ArcRwSignal<MoldTile>,
}

/// Every mold.
#[component]
pub fn FloorPage() -> impl IntoView {
    let live = Live::from_context();
    let floor = Resource::new(move || live.epoch(), |_| read_floor());
    view! {
        <Title text="Floor" />
        <Transition fallback=|| view! { <p class="loading">"Loading the floor"</p> }>
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
    let empty = Memo::new(move |_| spots.with(Vec::is_empty));
    view! {
        <PageHead shown=now>
            <h1>"Floor"</h1>
        </PageHead>
        <AlarmBar alarms clock />
        <Show when=move || !empty.get() fallback=Empty>
            <Summary spots />
            <ul class="tiles" aria-label="Molds">
                <For each=move || spots.get() key=|spot| spot.id let:spot>
                    <Tile tile=spot.tile clock />
                </For>
            </ul>
        </Show>
    }
    .into_any()
}

/// A mold with a signal of its own.
pub(crate) fn spot(tile: MoldTile) -> Spot {
    Spot { id: tile.id, tile: ArcRwSignal::new(tile) }
}

/// Puts a mold's news on its tile, or a new mold into its place in the order of the plant's numbers.
pub(crate) fn place(spots: RwSignal<Vec<Spot>>, tile: &MoldTile) {
    let known = spots
        .with_untracked(|spots| spots.iter().find(|spot| spot.id == tile.id).map(|spot| spot.tile.clone()));
    match known {
        Some(known) => {
            if known.with_untracked(|known| known != tile) {
                known.set(tile.clone());
            }
        }
        None => spots.update(|spots| {
            let after =
                |spot: &Spot| spot.tile.with_untracked(|known| by_name(known, tile)) == Ordering::Less;
            let place = spots.partition_point(after);
            spots.insert(place, spot(tile.clone()));
        }),
    }
}

fn by_name(a: &MoldTile, b: &MoldTile) -> Ordering {
    a.name.cmp(&b.name)
}

#[component]
fn Empty() -> impl IntoView {
    view! {
        <section class="note">
            <h2>"No molds yet"</h2>
            <p>"A mold appears here by itself as soon as its monitor is heard for the first time."</p>
            <ol>
                <li>
                    "See under " <a href="/radios">"Radios"</a> " that a stick is up, and open its network to new modules."
                </li>
                <li>"Switch the Press Module on; it joins the network."</li>
                <li>"Initialise the monitor for its mold and plug it into the Press Module."</li>
            </ol>
        </section>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::MoldState;

    fn tile(id: u32, name: &str, count: u64) -> MoldTile {
        MoldTile {
            id: MoldId(id),
            name: name.parse().unwrap(),
            description: String::new(),
            press: None,
            state: MoldState::Cycling,
            state_since: None,
            last_cycle: None,
            approved: None,
            count,
            last_ended: None,
            last_heard: None,
            alarms: 0,
            worst: None,
        }
    }

    #[test]
    fn news_of_a_mold_reach_its_own_tile_and_a_new_one_finds_its_place() {
        let owner = Owner::new();
        owner.with(|| {
            let spots = RwSignal::new(vec![spot(tile(1, "M-1", 5)), spot(tile(3, "M-3", 7))]);
            let third = spots.with(|spots| spots[1].tile.clone());
            place(spots, &tile(3, "M-3", 8));
            assert_eq!(third.get().count, 8);
            place(spots, &tile(2, "M-2", 1));
            let names = spots.with(|spots| spots.iter().map(|spot| spot.id.0).collect::<Vec<_>>());
            assert_eq!(names, [1, 2, 3]);
        });
    }
}
