//! The sticks, the networks behind them, and everything that speaks on those.

mod actions;
mod blink;
mod bluetooth;
#[cfg(feature = "hydrate")]
mod camera;
mod enrolment;
mod link;
mod modules;
mod scan;
mod sensor_form;
mod sensors;

use domain::{LinkName, Timestamp};
use leptos::either::Either;
use leptos::prelude::*;
use leptos_meta::Title;

use crate::api::read_radios;
use crate::components::{PageHead, RefusalNote};
use crate::live::Live;
use crate::port::{LinkView, LiveChange, RadiosView};
use bluetooth::Bluetooth;
use link::Link;

#[derive(Debug, Clone)]
struct Place {
    name: LinkName,
    link: ArcRwSignal<LinkView>,
}

/// Every stick.
#[component]
pub fn RadiosPage() -> impl IntoView {
    let live = Live::from_context();
    let radios = Resource::new(move || live.epoch(), |_| read_radios());
    view! {
        <Title text="Radios" />
        <Transition fallback=|| view! { <p class="loading">"Loading the radios"</p> }>
            {move || Suspend::new(async move {
                match radios.await {
                    Ok(view) => Either::Left(view! { <Board view /> }),
                    Err(refusal) => Either::Right(view! { <RefusalNote refusal again=move || radios.refetch() /> }),
                }
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn Board(view: RadiosView) -> impl IntoView {
    let RadiosView { now, cursor, links, bluetooth } = view;
    let live = Live::from_context();
    let clock = live.clock(now);
    let places = RwSignal::new(links.into_iter().map(place).collect::<Vec<_>>());
    let air = bluetooth.map(RwSignal::new);
    live.follow(cursor, now, move |change: &LiveChange, _: Timestamp| match change {
        LiveChange::Link(link) => put(places, link),
        LiveChange::Bluetooth(view) => air.iter().for_each(|air| air.set((**view).clone())),
        _ => {}
    });
    let empty = Memo::new(move |_| air.is_none() && places.with(Vec::is_empty));
    view! {
        <PageHead shown=now>
            <h1>"Radios"</h1>
        </PageHead>
        <Show when=move || !empty.get() fallback=Empty>
            <For each=move || places.get() key=|place| place.name.clone() let:place>
                <Link link=place.link clock />
            </For>
            {air.map(|bluetooth| view! { <Bluetooth bluetooth clock /> })}
        </Show>
    }
    .into_any()
}

fn place(link: LinkView) -> Place {
    Place { name: link.name.clone(), link: ArcRwSignal::new(link) }
}

fn put(places: RwSignal<Vec<Place>>, link: &LinkView) {
    let known = places
        .with_untracked(|places| places.iter().find(|place| place.name == link.name).map(|p| p.link.clone()));
    match known {
        Some(known) => known.set(link.clone()),
        None => places.update(|places| {
            let at = places.partition_point(|place| place.name < link.name);
            places.insert(at, place(link.clone()));
        }),
    }
}

#[component]
fn Empty() -> impl IntoView {
    view! {
        <section class="note">
            <h2>"No radios configured"</h2>
            <p>
                "Plug an XBee stick into the box and give it a name and its path in the box's configuration \
                 (under " <code>"[[link]]"</code> "), or have it listen to Bluetooth (under "
                <code>"[bluetooth]"</code> "), then start the box again."
            </p>
        </section>
    }
    .into_any()
}
