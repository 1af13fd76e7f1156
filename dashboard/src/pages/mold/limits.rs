//! What the monitor on the mold watches by itself, and the form that sets it.

use domain::{AlertKind, Generation, Role, Thresholds};
use leptos::form::{ActionForm, FromFormData};
use leptos::prelude::*;

use crate::api::SetLimits;
use crate::components::{ForRole, sentence};
use crate::port::MoldView;
use crate::texts::{back_words, limit_words};

/// For a Bluetooth monitor, and for a mold for which somebody set limits.
#[component]
pub(super) fn Limits(
    view: RwSignal<MoldView>,
    refresh: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let shown = Memo::new(move |_| {
        view.with(|view| {
            let by_itself = view.monitor.as_ref().is_some_and(|monitor| monitor.generation == Generation::V4);
            by_itself || view.wished.is_some()
        })
    });
    view! {
        <Show when=move || shown.get()>
            <section class="panel" aria-labelledby="limits-title">
                <h2 id="limits-title">"Limits that the monitor watches"</h2>
                <p class="hint">
                    "The monitor alerts by itself when one is overstepped, also while the box is away. An alert is an alarm on \
                     this mold until the monitor says that it is over."
                </p>
                <Watched view />
                <ForRole least=Role::Technician>
                    <SetLimitsForm view refresh />
                </ForRole>
            </section>
        </Show>
    }
    .into_any()
}

/// What it watches now, by its own word, and whether that is what was wished.
#[component]
fn Watched(view: RwSignal<MoldView>) -> impl IntoView {
    let limits = Memo::new(move |_| view.with(|view| view.watches.clone().or_else(|| view.wished.clone())));
    let lines = move || {
        let limits = limits.get()?;
        let line = |(kind, limit): (AlertKind, domain::Limit)| {
            let back = (limit.hysteresis > 0).then(|| {
                format!(", over when {} {}", back_words(kind), kind.measure(limit.hysteresis.into()))
            });
            view! {
                <dt>{limit_words(kind)}</dt>
                <dd>{kind.measure(limit.at)} {back}</dd>
            }
        };
        let lines = limits.iter().map(line).collect_view();
        Some(view! { <dl class="facts">{lines}</dl> })
    };
    let state = move || view.with(|view| stand(view.wished.as_ref(), view.watches.as_ref()));
    view! {
        {lines}
        <p class="hint" role="status">{state}</p>
    }
    .into_any()
}

/// How what is wished and what the monitor says agree, in a sentence.
fn stand(wished: Option<&Thresholds>, watches: Option<&Thresholds>) -> &'static str {
    match (wished, watches) {
        (Some(wished), Some(watches)) if wished != watches => {
            "Other limits were set; the monitor is told when it next has a link."
        }
        (Some(_), None) => {
            "The monitor has not said yet what it watches; it is told when it next has a link."
        }
        (None, None) => "Nobody set limits here, and the monitor has not said yet what it watches.",
        (_, Some(watches)) if watches.is_empty() => "The monitor watches nothing.",
        (None, Some(_)) => "Nobody set limits here; these were in the monitor.",
        (Some(_), Some(_)) => "The monitor watches them.",
    }
}

#[component]
fn SetLimitsForm(
    view: RwSignal<MoldView>,
    refresh: impl Fn() + Copy + Send + Sync + 'static,
) -> impl IntoView {
    let set = ServerAction::<SetLimits>::new();
    let pending = set.pending();
    // What the box would refuse is said before it is asked.
    let refused = RwSignal::new(None::<String>);
    let check = move |event: leptos::ev::SubmitEvent| {
        let why = match SetLimits::from_event(&event) {
            Ok(form) => Thresholds::parse(&form.limits).err().map(|error| error.to_string()),
            Err(_) => None,
        };
        if why.is_some() {
            event.prevent_default();
            event.stop_propagation();
        }
        refused.set(why);
    };
    Effect::new(move |_| {
        if let Some(answer) = set.value().get() {
            match answer {
                Ok(()) => refresh(),
                Err(refusal) => refused.set(Some(refusal.to_string())),
            }
        }
    });
    let (id, present) = view.with_untracked(|view| {
        let present = view.wished.clone().or_else(|| view.watches.clone());
        (view.tile.id.to_string(), present.unwrap_or_default())
    });
    let rows = Thresholds::KINDS
        .into_iter()
        .enumerate()
        .map(|(row, kind)| {
            let limit = present.get(kind);
            let at = limit.map(|limit| kind.number(limit.at)).unwrap_or_default();
            let back = limit.filter(|limit| limit.hysteresis > 0);
            let back = back.map(|limit| kind.number(limit.hysteresis.into())).unwrap_or_default();
            view! { <LimitRow row kind at back /> }
        })
        .collect_view();
    view! {
        <details class="more">
            <summary>"Set limits"</summary>
            <ActionForm action=set attr:class="limits" on:submit:capture=check>
                <input type="hidden" name="id" value=id />
                <p class="hint">"A limit that is left empty is not watched."</p>
                {rows}
                <button type="submit" class="primary" disabled=move || pending.get()>
                    "Set these limits"
                </button>
            </ActionForm>
            {move || {
                refused
                    .get()
                    .map(|why| view! { <p class="form-error tone-bad" role="alert">{sentence(&why)}</p> })
            }}
        </details>
    }
    .into_any()
}

#[component]
fn LimitRow(row: usize, kind: AlertKind, at: String, back: String) -> impl IntoView {
    let (at_id, back_id) = (format!("limit-{row}"), format!("limit-back-{row}"));
    view! {
        <div class="limit">
            <label for=at_id.clone()>{format!("{}, {}", limit_words(kind), kind.unit())}</label>
            <input
                id=at_id
                name=format!("limits[{row}][at]")
                type="text"
                inputmode="decimal"
                autocomplete="off"
                maxlength="12"
                value=at
            />
            <label for=back_id.clone()>{format!("over when {}, {}", back_words(kind), kind.unit())}</label>
            <input
                id=back_id
                name=format!("limits[{row}][back]")
                type="text"
                inputmode="decimal"
                autocomplete="off"
                maxlength="12"
                value=back
            />
        </div>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Limit;

    #[test]
    fn it_is_told_whether_the_monitor_watches_what_was_wished() {
        let none = Thresholds::default();
        let mut hot = Thresholds::default();
        hot.set(AlertKind::Hot, Some(Limit { at: 850, hysteresis: 20 })).unwrap();
        assert!(stand(Some(&hot), Some(&none)).contains("next has a link"));
        assert!(stand(Some(&hot), None).contains("has not said yet"));
        assert_eq!(stand(Some(&hot), Some(&hot)), "The monitor watches them.");
        assert_eq!(stand(Some(&none), Some(&none)), "The monitor watches nothing.");
        assert!(stand(None, Some(&hot)).contains("were in the monitor"));
        assert!(stand(None, None).contains("Nobody set limits"));
    }
}
