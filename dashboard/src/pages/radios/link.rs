use domain::{Role, Timestamp};
use leptos::prelude::*;

use super::actions::{AdoptStick, FormNetwork, JoinWindow, RegisterModule};
use super::modules::Modules;
use crate::components::{ForRole, Lasting, sentence};
use crate::format;
use crate::port::{LinkCondition, LinkView};
use crate::texts::{condition_advice, condition_tone, condition_words};

/// The outline that goes with a condition, in a square of 16.
const fn shape(condition: LinkCondition) -> &'static str {
    match condition {
        LinkCondition::Up => "M4 2.5 13.5 8 4 13.5Z",
        LinkCondition::Probing => {
            "M8 1.5a6.5 6.5 0 1 0 0 13 6.5 6.5 0 0 0 0-13Zm0 2a4.5 4.5 0 1 1 0 9 4.5 4.5 0 0 1 0-9Z"
        }
        LinkCondition::Absent => "M2 6.5h12v3H2Z",
        LinkCondition::NoNetwork => "M8 1 15 8l-7 7-7-7Zm0 2.8L3.8 8 8 12.2 12.2 8Z",
        LinkCondition::Lost => {
            "M3.5 1.8 8 6.3l4.5-4.5 1.7 1.7L9.7 8l4.5 4.5-1.7 1.7L8 9.7l-4.5 4.5-1.7-1.7L6.3 8 1.8 3.5Z"
        }
        LinkCondition::Foreign => "M8 1.5 15.5 14.5H.5Z",
    }
}

/// One stick and its network.
#[component]
pub(super) fn Link(link: ArcRwSignal<LinkView>, clock: Signal<Timestamp>) -> impl IntoView {
    let link: RwSignal<LinkView> = link.into();
    let name = link.with_untracked(|link| link.name.clone());
    let title = name.to_string();
    let label = format!("Stick {title}");
    let condition = Memo::new(move |_| link.with(|link| link.condition));
    let since = Signal::derive(move || link.with(|link| Some(link.since)));
    let detail = move || link.with(|link| link.detail.as_deref().map(sentence));
    view! {
        <section class="panel link" data-link=title aria-label=label>
            <div class="panel-head">
                <h2>{title.clone()}</h2>
                <span class=move || format!("state {}", condition_tone(condition.get()).class())>
                    <svg class="mark" viewBox="0 0 16 16" aria-hidden="true">
                        <path fill-rule="evenodd" d=move || shape(condition.get())></path>
                    </svg>
                    <span class="state-word">{move || condition_words(condition.get())}</span>
                </span>
                <span class="aside">
                    <Lasting since clock />
                </span>
            </div>
            <p>{detail} " " {move || condition_advice(condition.get())}</p>
            <Show when=move || condition.get() == LinkCondition::Foreign>
                <ForRole least=Role::Administrator>
                    <AdoptStick link />
                </ForRole>
            </Show>
            <div class="columns">
                <Facts link />
                <Frames link />
            </div>
            <ForRole least=Role::Administrator>
                <JoinWindow name=name.clone() link clock />
                <div class="more-forms">
                    <RegisterModule name=name.clone() />
                    <FormNetwork link />
                </div>
            </ForRole>
            <Modules link clock />
        </section>
    }
    .into_any()
}

#[component]
fn Facts(link: RwSignal<LinkView>) -> impl IntoView {
    let or_unknown = |text: Option<String>| text.unwrap_or_else(|| "not known".to_owned());
    let stick = move || {
        link.with(|link| {
            let firmware = link.firmware.as_ref().map(|firmware| format!("firmware {firmware}"));
            let parts = [link.family.clone(), firmware];
            let text = parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
            or_unknown((!text.is_empty()).then_some(text))
        })
    };
    let encrypted = move || {
        link.with(|link| match link.encrypted {
            Some(true) => "encrypted",
            Some(false) => "not encrypted",
            None => "not known",
        })
    };
    view! {
        <dl class="facts">
            <dt>"Stick"</dt>
            <dd>{stick}</dd>
            <dt>"Address"</dt>
            <dd class="code">{move || link.with(|link| or_unknown(link.eui64.map(|id| id.to_string())))}</dd>
            <dt>"Plugged in at"</dt>
            <dd class="code">{move || link.with(|link| link.path.clone())}</dd>
            <dt>"Network (PAN id)"</dt>
            <dd class="code">{move || link.with(|link| or_unknown(link.pan.map(|pan| pan.to_string())))}</dd>
            <dt>"Channel"</dt>
            <dd>{move || link.with(|link| or_unknown(link.channel.map(|channel| channel.to_string())))}</dd>
            <dt>"Traffic"</dt>
            <dd>{encrypted}</dd>
        </dl>
    }
    .into_any()
}

#[component]
fn Frames(link: RwSignal<LinkView>) -> impl IntoView {
    view! {
        <dl class="facts">
            <dt>"Frames, good"</dt>
            <dd>{move || link.with(|link| format::count(link.frames_good))}</dd>
            <dt>"Damaged stretches"</dt>
            <dd>{move || link.with(|link| format::count(link.frames_damaged))}</dd>
            <dt>"Frames of unknown type"</dt>
            <dd>{move || link.with(|link| format::count(link.frames_unknown))}</dd>
            <dt>"Modules"</dt>
            <dd>{move || link.with(|link| format::count(link.modules.len() as u64))}</dd>
        </dl>
    }
    .into_any()
}
