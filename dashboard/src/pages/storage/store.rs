use leptos::prelude::*;

use super::StandHead;
use crate::format;
use crate::port::{RoomView, StorageView};
use crate::texts::{StorageStands, full_told, growth_told};

/// The room that the store takes, and for how long there will be enough of it.
#[component]
pub(super) fn Store(view: RwSignal<StorageView>) -> impl IntoView {
    let stands = Memo::new(move |_| view.with(StorageStands::of));
    let words = Signal::derive(move || stands.get().words());
    let tone = Signal::derive(move || stands.get().tone());
    view! {
        <section class="panel keeping-store" aria-labelledby="store-title">
            <StandHead title="Storage" id="store-title" words tone />
            <p>{move || stands.get().told()}</p>
            <Room view />
        </section>
    }
    .into_any()
}

#[component]
fn Room(view: RwSignal<StorageView>) -> impl IntoView {
    let room = Memo::new(move |_| view.with(|view| view.room));
    let of_room =
        move |told: fn(RoomView) -> String| move || room.get().map_or_else(|| "not known".to_owned(), told);
    view! {
        {move || room.get().map(|room| view! { <Bar room /> })}
        <dl class="facts">
            <dt>"Taken by Platen"</dt>
            <dd>{of_room(|room| format::size(room.used))}</dd>
            <dt>"Free on its disk"</dt>
            <dd>
                {of_room(|room| format!("{} of {}", format::size(room.free), format::size(room.size)))}
            </dd>
            <dt>"To stay free"</dt>
            <dd>{of_room(|room| format::size(room.floor))}</dd>
            <dt>"Growth"</dt>
            <dd>{move || view.with(|view| growth_told(&view.outlook))}</dd>
            <dt>"Disk full"</dt>
            <dd>{move || view.with(|view| full_told(&view.outlook))}</dd>
        </dl>
    }
    .into_any()
}

/// The disk in parts of a thousand: what the box takes, and what others take.
fn parts(room: RoomView) -> (u64, u64) {
    let part = |bytes: u64| {
        let part = (u128::from(bytes) * 1_000).checked_div(u128::from(room.size)).unwrap_or(0);
        u64::try_from(part).unwrap_or(1_000).min(1_000)
    };
    // Whatever there is of the box is to be seen.
    let ours = part(room.used).max(4);
    (ours, part(room.size.saturating_sub(room.free)).max(ours))
}

#[component]
fn Bar(room: RoomView) -> impl IntoView {
    let (ours, taken) = parts(room);
    let width = |part: u64| format!("{}.{}%", part / 10, part % 10);
    view! {
        <div class="disk" aria-hidden="true">
            <svg class="bar">
                <rect class="bar-others" width=width(taken) height="100%"></rect>
                <rect class="bar-used" width=width(ours) height="100%"></rect>
            </svg>
            <ul class="legend">
                <li>
                    <svg class="key">
                        <rect class="bar-used" width="100%" height="100%"></rect>
                    </svg>
                    "Platen"
                </li>
                <li>
                    <svg class="key">
                        <rect class="bar-others" width="100%" height="100%"></rect>
                    </svg>
                    "others"
                </li>
                <li>
                    <svg class="key">
                        <rect class="bar-free" width="100%" height="100%"></rect>
                    </svg>
                    "free"
                </li>
            </ul>
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bar_never_shows_more_than_the_disk_nor_the_box_as_nothing() {
        let room = |used, free, size| parts(RoomView { used, free, size, floor: 0 });
        assert_eq!(room(250, 500, 1_000), (250, 500));
        assert_eq!(room(1, 1_000_000, 1_000_001), (4, 4));
        assert_eq!(room(2_000, 0, 1_000), (1_000, 1_000));
        assert_eq!(room(1, 1, 0), (4, 4));
    }
}
