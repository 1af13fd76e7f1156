//! What is kept and the room that it takes, and the backups of it.

mod backups;
mod kept;
mod store;

use domain::Timestamp;
use leptos::either::Either;
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;

use crate::api::read_storage;
use crate::components::{PageHead, RefusalNote};
use crate::live::Live;
use crate::port::{LiveChange, StorageView};
use crate::texts::Tone;
use backups::Backups;
use kept::Kept;
use store::Store;

/// What is kept, the room that it takes, and its backups.
#[component]
pub fn StoragePage() -> impl IntoView {
    let live = Live::from_context();
    let storage = Resource::new(move || live.epoch(), |_| read_storage());
    view! {
        <Title text="Storage and backups" />
        <Transition fallback=|| view! { <p class="loading">"Loading the storage"</p> }>
            {move || Suspend::new(async move {
                match storage.await {
                    Ok(view) => Either::Left(view! { <Board view /> }),
                    Err(refusal) => {
                        Either::Right(view! { <RefusalNote refusal again=move || storage.refetch() /> })
                    }
                }
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn Board(view: StorageView) -> impl IntoView {
    let StorageView { now, cursor, .. } = view;
    let live = Live::from_context();
    let clock = live.clock(now);
    let view = RwSignal::new(view);
    live.follow(cursor, now, move |change: &LiveChange, _: Timestamp| {
        if *change == LiveChange::Storage {
            spawn_local(async move {
                // One that gets no answer changes nothing: the line that broke says so itself.
                if let Ok(newer) = read_storage().await {
                    view.try_update(|view| {
                        if newer.now >= view.now {
                            *view = newer;
                        }
                    });
                }
            });
        }
    });
    view! {
        <PageHead shown=now>
            <h1>"Storage and backups"</h1>
        </PageHead>
        <div class="keeping">
            <Store view />
            <Backups view clock />
            <Kept view />
        </div>
    }
    .into_any()
}

/// The outline that goes with how something stands, in a square of 16.
const fn shape(tone: Tone) -> &'static str {
    match tone {
        Tone::Normal => "M6.2 13.3 1.5 8.6l1.8-1.8 2.9 2.9 6.5-7 1.9 1.8Z",
        Tone::Caution => "M8 1 15 8l-7 7-7-7Z",
        Tone::Bad => "M8 1.5 15.5 14.5H.5Z",
        Tone::Unknown => {
            "M3.5 1.8 8 6.3l4.5-4.5 1.7 1.7L9.7 8l4.5 4.5-1.7 1.7L8 9.7l-4.5 4.5-1.7-1.7L6.3 8 1.8 3.5Z"
        }
    }
}

/// A panel's title with how its subject stands: shape, word, and colour where it is not normal.
#[component]
fn StandHead(
    /// The title.
    title: &'static str,
    /// The title's id.
    id: &'static str,
    /// In a few words.
    #[prop(into)]
    words: Signal<&'static str>,
    /// How grave it looks.
    #[prop(into)]
    tone: Signal<Tone>,
) -> impl IntoView {
    view! {
        <div class="panel-head">
            <h2 id=id>{title}</h2>
            <span class=move || format!("state {}", tone.get().class())>
                <svg class="mark" viewBox="0 0 16 16" aria-hidden="true">
                    <path d=move || shape(tone.get())></path>
                </svg>
                <span class="state-word">{words}</span>
            </span>
        </div>
    }
    .into_any()
}
