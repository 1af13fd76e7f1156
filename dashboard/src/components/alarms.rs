use domain::Timestamp;
use leptos::either::Either;
use leptos::prelude::*;

use super::RelativeTime;
use crate::port::{Severity, StandingAlarm};
use crate::texts::{severity_tone, severity_word};

/// How many are seen without opening the rest.
const SEEN: usize = 4;

/// The outline that goes with a severity, in a square of 16.
const fn shape(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "M5 1h6l4 4v6l-4 4H5l-4-4V5Z",
        Severity::Major => "M8 1.5 15.5 14.5H.5Z",
        Severity::Minor => "M8 14.5.5 1.5h15Z",
        Severity::Warning => "M8 1 15 8l-7 7-7-7Z",
    }
}

/// Alarms that stand, gravest first; nothing at all where none does.
#[component]
pub fn AlarmList(
    /// Which.
    #[prop(into)]
    alarms: Signal<Vec<StandingAlarm>>,
    /// The box's clock.
    clock: Signal<Timestamp>,
) -> impl IntoView {
    let first = move || alarms.with(|alarms| alarms.iter().take(SEEN).cloned().collect::<Vec<_>>());
    let rest = move || alarms.with(|alarms| alarms.iter().skip(SEEN).cloned().collect::<Vec<_>>());
    let more = Memo::new(move |_| alarms.with(|alarms| alarms.len().saturating_sub(SEEN)));
    let some = Memo::new(move |_| alarms.with(|alarms| !alarms.is_empty()));
    view! {
        <Show when=move || some.get()>
            <section class="alarms" aria-label="Alarms">
                <ul>
                    <For each=first key=key let:alarm>
                        <Alarm alarm clock />
                    </For>
                </ul>
                <Show when=move || more.get().gt(&0)>
                    <details>
                        <summary>{move || format!("{} more", more.get())}</summary>
                        <ul>
                            <For each=rest key=key let:alarm>
                                <Alarm alarm clock />
                            </For>
                        </ul>
                    </details>
                </Show>
            </section>
        </Show>
    }
    .into_any()
}

/// The same alarm with another text must be drawn anew.
fn key(alarm: &StandingAlarm) -> (u64, Severity, String) {
    (alarm.id, alarm.severity, alarm.text.clone())
}

#[component]
fn Alarm(alarm: StandingAlarm, clock: Signal<Timestamp>) -> impl IntoView {
    let StandingAlarm { severity, subject, mold, text, since, .. } = alarm;
    let subject = match mold {
        Some(id) => Either::Left(view! { <a href=format!("/molds/{id}")>{subject}</a> }),
        None => Either::Right(subject),
    };
    view! {
        <li class=format!("alarm {}", severity_tone(severity).class())>
            <span class="alarm-severity">
                <svg class="mark" viewBox="0 0 16 16" aria-hidden="true">
                    <path d=shape(severity)></path>
                </svg>
                {severity_word(severity)}
            </span>
            <strong class="alarm-subject">{subject}</strong>
            <span class="alarm-text">{text}</span>
            <span class="alarm-since">"since " <RelativeTime at=Some(since) clock /></span>
        </li>
    }
    .into_any()
}
