use leptos::prelude::*;

use crate::port::StorageView;
use crate::texts::{Tone, cycles_told, key_told, raw_told, retired_told};

/// What is kept how long, and how it lies on the disk.
#[component]
pub(super) fn Kept(view: RwSignal<StorageView>) -> impl IntoView {
    view! {
        <section class="panel keeping-kept" aria-labelledby="kept-title">
            <h2 id="kept-title">"What is kept"</h2>
            <Lengths view />
            <h3>"Encryption on the disk"</h3>
            <Encryption view />
        </section>
    }
    .into_any()
}

#[component]
fn Lengths(view: RwSignal<StorageView>) -> impl IntoView {
    view! {
        <dl class="facts">
            <dt>"Counts, ledgers, sums of days"</dt>
            <dd>"for ever"</dd>
            <dt>"Cycles with their times"</dt>
            <dd>{move || view.with(|view| cycles_told(&view.kept))}</dd>
            <dt>"Of those retired so far"</dt>
            <dd>{move || view.with(|view| retired_told(&view.kept))}</dd>
            <dt>"Raw payloads"</dt>
            <dd>{move || view.with(|view| raw_told(&view.kept))}</dd>
        </dl>
    }
    .into_any()
}

#[component]
fn Encryption(view: RwSignal<StorageView>) -> impl IntoView {
    let key = Memo::new(move |_| view.with(|view| key_told(view.key.as_ref())));
    let class = move || if key.get().1 == Tone::Normal { "" } else { "told tone-caution" };
    view! {
        <dl class="facts">
            <dt>"Store"</dt>
            <dd>"encrypted"</dd>
            <dt>"Its key comes from"</dt>
            <dd class=class>{move || key.get().0}</dd>
        </dl>
    }
    .into_any()
}
