use domain::{EntryKind, LedgerEntry, MoldId, Role};
use leptos::form::ActionForm;
use leptos::prelude::*;

use crate::api::ConfirmReset;
use crate::components::{ForRole, sentence};
use crate::format;
use crate::port::MoldView;
use crate::texts::explain;

/// The count, entry by entry, newest first.
#[component]
pub(super) fn Ledger(
    view: RwSignal<MoldView>,
    /// Loads the view anew.
    refresh: impl Fn() + Send + Sync + 'static,
) -> impl IntoView {
    let confirm = ServerAction::<ConfirmReset>::new();
    Effect::new(move |_| {
        if confirm.value().with(|answer| matches!(answer, Some(Ok(())))) {
            refresh();
        }
    });
    let refused = move || {
        let answer = confirm.value().get()?.err()?;
        Some(view! { <p class="form-error tone-bad" role="alert">{sentence(&answer.to_string())}</p> })
    };
    let entries = move || {
        view.with(|view| {
            let line =
                |entry: &LedgerEntry| line(view.tile.id, entry, is_confirmed(&view.ledger, entry), confirm);
            view.ledger.iter().map(line).collect_view()
        })
    };
    let download = view.with_untracked(|view| format::download("ledger", view.tile.name.as_str()));
    let more = move || {
        view.with(|view| {
            let more = view.ledger_length.saturating_sub(view.ledger.len() as u64);
            (more > 0).then(|| format!("and {}.", format::counted(more, "earlier entry", "earlier entries")))
        })
    };
    view! {
        <section class="panel" aria-labelledby="ledger-title">
            <h2 id="ledger-title">"Ledger"</h2>
            <p class="hint">
                "What the count is made of, newest first: lifetime = before this box + every line. Times are UTC."
            </p>
            {refused}
            <ol class="ledger">{entries}</ol>
            <p class="hint">{more}</p>
            <p class="hint">
                <a rel="external" download href=download>"Download the whole ledger (CSV)"</a>
            </p>
        </section>
    }
    .into_any()
}

/// An adjustment that names a reset confirms it, and is always newer than the reset.
fn is_confirmed(ledger: &[LedgerEntry], reset: &LedgerEntry) -> bool {
    ledger
        .iter()
        .any(|entry| matches!(entry.kind, EntryKind::Adjust { confirms: Some(number), .. } if number == reset.number))
}

fn line(
    mold: MoldId,
    entry: &LedgerEntry,
    confirmed: bool,
    confirm: ServerAction<ConfirmReset>,
) -> impl IntoView + use<> {
    let waits = entry.kind == EntryKind::Reset && !confirmed;
    let number = entry.number;
    let when = format!("{} {}", format::day(entry.at), format::hour_and_minute(entry.at));
    let until = (entry.until != entry.at).then(|| format!(" to {}", format::hour_and_minute(entry.until)));
    view! {
        <li class=if waits { "tone-caution" } else { "tone-normal" }>
            <span class="entry-when">
                <time datetime=format::machine_instant(entry.at)>{when}</time>
                {until}
            </span>
            <span class="entry-kind">{entry.kind.word()}</span>
            <span class="entry-cycles">{format::signed_count(entry.cycles)}</span>
            <span class="entry-text">{sentence(&explain(entry, confirmed))}</span>
            {waits
                .then(|| {
                    view! {
                        <ForRole least=Role::Technician>
                            <ActionForm action=confirm>
                                <input type="hidden" name="id" value=mold.to_string() />
                                <input type="hidden" name="number" value=number.to_string() />
                                <button type="submit">"Confirm the reset"</button>
                            </ActionForm>
                        </ForRole>
                    }
                })}
        </li>
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;

    #[test]
    fn a_reset_is_confirmed_only_by_an_adjustment_that_names_it() {
        let entry = |number, kind| LedgerEntry {
            number,
            at: Timestamp::from_millis(0),
            until: Timestamp::from_millis(0),
            kind,
            cycles: 0,
            monitor: None,
            device_before: None,
            device_after: None,
        };
        let adjust = |confirms| EntryKind::Adjust { by: "A".into(), reason: "B".into(), confirms };
        let reset = entry(4, EntryKind::Reset);
        assert!(!is_confirmed(std::slice::from_ref(&reset), &reset));
        assert!(!is_confirmed(&[entry(6, adjust(None)), entry(5, adjust(Some(3)))], &reset));
        assert!(is_confirmed(&[entry(6, adjust(Some(4)))], &reset));
    }
}
