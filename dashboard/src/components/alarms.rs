use domain::Timestamp;
use leptos::either::Either;
use leptos::prelude::*;

use super::Lasting;
use crate::format;
use crate::port::{Severity, StandingAlarm};
use crate::texts::{Tone, severity_tone, severity_word};

/// The outline that goes with a severity, in a square of 16.
const fn shape(severity: Severity) -> &'static str {
    match severity {
        Severity::Critical => "M5 1h6l4 4v6l-4 4H5l-4-4V5Z",
        Severity::Major => "M8 1.5 15.5 14.5H.5Z",
        Severity::Minor => "M8 14.5.5 1.5h15Z",
        Severity::Warning => "M8 1 15 8l-7 7-7-7Z",
    }
}

/// How grave, by its shape.
#[component]
pub fn SeverityMark(
    /// How grave.
    severity: Severity,
) -> impl IntoView {
    view! {
        <svg class="mark" viewBox="0 0 16 16" aria-hidden="true">
            <path d=shape(severity)></path>
        </svg>
    }
    .into_any()
}

/// Alarms that stand: the gravest in one line, all of them behind it.
///
/// The line is there without any alarm too, so that what is below it stays in its place when one comes or goes.
#[component]
pub fn AlarmBar(
    /// Which, gravest first.
    #[prop(into)]
    alarms: Signal<Vec<StandingAlarm>>,
    /// The box's clock.
    clock: Signal<Timestamp>,
) -> impl IntoView {
    let gravest = Memo::new(move |_| alarms.with(|alarms| alarms.first().cloned()));
    let some = Memo::new(move |_| gravest.with(Option::is_some));
    let number = Memo::new(move |_| alarms.with(|alarms| alarms.len() as u64));
    let many = move || format::counted(number.get(), "alarm", "alarms");
    let told = move || match gravest.get() {
        None => "No alarms".to_owned(),
        Some(StandingAlarm { severity, subject, text, .. }) => {
            format!("{}. {}, {subject}: {text}", many(), severity_word(severity))
        }
    };
    let class = move || {
        let tone =
            gravest.with(|gravest| gravest.as_ref().map_or(Tone::Normal, |it| severity_tone(it.severity)));
        format!("alarm-line {}", tone.class())
    };
    let mark =
        move || gravest.get().map(|StandingAlarm { severity, .. }| view! { <SeverityMark severity /> });
    let line = move || gravest.get().map(|StandingAlarm { subject, text, .. }| format!("{subject}: {text}"));
    view! {
        <section class="alarms" aria-label="Alarms">
            <p class="heard-only" role="status">{told}</p>
            <Show
                when=move || some.get()
                fallback=|| {
                    view! {
                        <p class="alarm-line" aria-hidden="true">
                            "No alarms"
                        </p>
                    }
                }
            >
                <details>
                    <summary class=class>
                        {mark} <strong>{many}</strong> <span class="alarm-gravest">{line}</span>
                    </summary>
                    <ul class="alarm-list">
                        <For each=move || alarms.get() key=key let:alarm>
                            <Alarm alarm clock />
                        </For>
                    </ul>
                </details>
            </Show>
        </section>
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
                <SeverityMark severity />
                {severity_word(severity)}
            </span>
            <strong class="alarm-subject">{subject}</strong>
            <span class="alarm-text">{text}</span>
            <span class="alarm-since">
                <Lasting since=Some(since) clock />
            </span>
        </li>
    }
    .into_any()
}
