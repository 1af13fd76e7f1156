use domain::{Role, Timestamp};
use leptos::either::Either;
use leptos::form::ActionForm;
use leptos::prelude::*;

use super::StandHead;
use crate::api::BackUp;
use crate::components::{ForRole, Moment, sentence};
use crate::format;
use crate::port::{BackupDone, BackupsView, StorageView};
use crate::texts::{BackupsStand, Tone, copies_told, place_told, seen_told, tested_told};

/// The backups that the box makes by itself, or that there are none.
#[component]
pub(super) fn Backups(view: RwSignal<StorageView>, clock: Signal<Timestamp>) -> impl IntoView {
    let stand = Memo::new(move |_| view.with(|view| BackupsStand::of(view.backups.as_ref(), clock.get())));
    let words = Signal::derive(move || stand.get().words());
    let tone = Signal::derive(move || stand.get().tone());
    let class = move || match tone.get() {
        Tone::Normal | Tone::Unknown => "told",
        Tone::Caution => "told tone-caution",
        Tone::Bad => "told tone-bad",
    };
    // The configuration is read when the box starts, and then the page is made anew.
    let set_up = view.with_untracked(|view| view.backups.clone());
    let body = match set_up {
        None => Either::Left(view! { <HowTo /> }),
        Some(first) => {
            let backups =
                Memo::new(move |_| view.with(|view| view.backups.clone()).unwrap_or_else(|| first.clone()));
            Either::Right(view! {
                <Now backups />
                <Facts backups clock />
            })
        }
    };
    view! {
        <section class="panel keeping-backups" aria-labelledby="backups-title">
            <StandHead title="Backups" id="backups-title" words tone />
            <p class=class role="status">{move || stand.get().told()}</p>
            {body}
        </section>
    }
    .into_any()
}

/// Has one made now. Works without any script too.
#[component]
fn Now(backups: Memo<BackupsView>) -> impl IntoView {
    let now = ServerAction::<BackUp>::new();
    let asking = now.pending();
    let making = Memo::new(move |_| backups.with(|backups| backups.making.is_some()));
    let refused = move || {
        let refusal = now.value().get()?.err()?;
        Some(view! {
            <p class="form-error tone-bad" role="alert">{sentence(&refusal.to_string())}</p>
        })
    };
    view! {
        <ForRole least=Role::Administrator>
            <ActionForm action=now>
                <button type="submit" disabled=move || asking.get() || making.get()>
                    "Back up now"
                </button>
            </ActionForm>
        </ForRole>
        {refused}
    }
    .into_any()
}

#[component]
fn Facts(backups: Memo<BackupsView>, clock: Signal<Timestamp>) -> impl IntoView {
    let (what, place) = backups.with_untracked(|backups| place_told(&backups.place));
    let success = Memo::new(move |_| backups.with(|backups| backups.success.clone()));
    let failed = Memo::new(move |_| backups.with(|backups| backups.failure.map(|failure| failure.at)));
    let next = Memo::new(move |_| backups.with(|backups| backups.next));
    let last = move || match success.get() {
        None => Either::Left("none yet"),
        Some(done) => Either::Right(view! { <Moment at=done.at clock /> }),
    };
    let of_last = move |told: fn(&BackupDone) -> String| {
        move || success.with(|done| done.as_ref().map_or_else(|| "–".to_owned(), told))
    };
    let failure = move || {
        failed.get().map(|at| {
            view! {
                <dt>"Last failure"</dt>
                <dd>
                    <Moment at clock />
                </dd>
            }
        })
    };
    let due = Memo::new(move |_| next.get() <= clock.get());
    let coming = move || {
        if due.get() { Either::Left("now") } else { Either::Right(view! { <Moment at=next clock /> }) }
    };
    let wanted = backups.with_untracked(|backups| copies_told(backups.wanted));
    view! {
        <dl class="facts">
            <dt>{what}</dt>
            <dd class="code">{place}</dd>
            <dt>"Last backup"</dt>
            <dd>{last}</dd>
            <dt>"Its test"</dt>
            <dd>{of_last(|done| tested_told(done.tested).to_owned())}</dd>
            <dt>"Its file"</dt>
            <dd class="code">{of_last(|done| done.file.clone())}</dd>
            <dt>"Its size"</dt>
            <dd>
                {of_last(|done| {
                    format!("{}, made and tested in {}", format::size(done.bytes), format::took(done.took))
                })}
            </dd>
            {failure}
            <dt>"Next one due"</dt>
            <dd>{coming}</dd>
            <dt>"Copies there"</dt>
            <dd>{move || backups.with(|backups| seen_told(backups.seen))}</dd>
            <dt>"To be kept"</dt>
            <dd>{format!("the newest of {wanted}")}</dd>
        </dl>
    }
    .into_any()
}

/// What to do where nobody set any up.
#[component]
fn HowTo() -> impl IntoView {
    view! {
        <ol class="steps">
            <li>
                "On a machine that is not the box: " <code>"platen backup key new platen-backup.key"</code>
                " prints a recipient, " <code>"age1…"</code> ". Keep the file safe: it opens the backups."
            </li>
            <li>
                "In the box's configuration, in the section " <code>"[backup]"</code> ", name where they go ("
                <code>"folder"</code> " or " <code>"disk_label"</code> ") and the recipient ("
                <code>"recipients"</code> ")."
            </li>
            <li>"Start the box again. The first backup is made and tested at once, then one every day."</li>
        </ol>
        <p class="hint">"All of it is in docs/backup.md, which comes with Platen."</p>
    }
    .into_any()
}
