//! The form that says what a sensor is used for.

use domain::{BluetoothAddress, CycleRule, Edge, ShockRule};
use leptos::form::ActionForm;
use leptos::html;
use leptos::prelude::*;

use super::actions::outcome;
use crate::api::UseSensor;
use crate::port::{SensorUseView, SensorView};
use crate::texts::{all_channels, cycle_choices, temperature_choices};

/// Choices as the form has them: value and words.
type Choices = Vec<(String, String)>;

/// Puts a sensor to use, or changes what it is used for. What was typed stays when it is refused.
#[component]
pub(super) fn SensorForm(
    address: BluetoothAddress,
    sensor: Memo<Option<SensorView>>,
    used: Memo<Option<SensorUseView>>,
) -> impl IntoView {
    let save = ServerAction::<UseSensor>::new();
    let pending = save.pending();
    let key = NodeRef::<html::Input>::new();
    Effect::new(move |_| {
        // A key that is kept stands on no screen any longer.
        if let (Some(Ok(())), Some(key)) = (save.value().get(), key.get_untracked()) {
            key.set_value("");
        }
    });
    let before = used.get_untracked();
    let rule = before.as_ref().map(|used| used.rule);
    let kept = Kept::of(rule.as_ref().map(|rule| &rule.cycles));
    let cycles = RwSignal::new(kept.cycles.clone());
    let temperature =
        RwSignal::new(rule.and_then(|rule| rule.temperature).map(|of| of.to_string()).unwrap_or_default());
    let shock = RwSignal::new(shock_value(rule.and_then(|rule| rule.shock)).to_owned());
    let limit = match rule.and_then(|rule| rule.shock) {
        Some(ShockRule::Acceleration { milli_g }) => milli_g,
        _ => 2_000,
    };
    let silent = rule.map_or(Some(60), |rule| rule.silent_after_min).map(|minutes| minutes.to_string());
    // An encrypted one says what it has only once the box has its key.
    let said = move || {
        sensor.with(|sensor| match sensor {
            Some(sensor) if sensor.sealed && sensor.said.is_empty() => all_channels(),
            Some(sensor) => sensor.said.clone(),
            None => Vec::new(),
        })
    };
    // A sensor does not say everything in each advert: what was once offered stays.
    let all_cycles = Memo::new(move |before: Option<&Choices>| {
        together(before, cycle_choices(&said()), &cycles.get_untracked())
    });
    let all_temperatures = Memo::new(move |before: Option<&Choices>| {
        let heard = temperature_choices(&said()).into_iter();
        let heard = heard.map(|(channel, words)| (channel.to_string(), words));
        together(before, heard.collect(), &temperature.get_untracked())
    });
    let is_used = Memo::new(move |_| used.with(Option::is_some));
    let has_key = Memo::new(move |_| used.with(|used| used.as_ref().is_some_and(|used| used.has_key)));
    let sealed = Memo::new(move |_| {
        has_key.get() || sensor.with(|sensor| sensor.as_ref().is_some_and(|sensor| sensor.sealed))
    });
    // Without a script all of the form is there.
    let alive = RwSignal::new(false);
    Effect::new(move |_| alive.set(true));
    let is_contact = move || cycles.with(|cycles| cycles.starts_with("contact:"));
    let id = move |name: &str| format!("{name}-{}", address.to_string().replace(':', ""));
    let summary = move || {
        if is_used.get() {
            format!("Change what sensor {address} is used for")
        } else {
            format!("Use sensor {address}")
        }
    };
    view! {
        <details class="more">
            <summary aria-label=summary>{move || if is_used.get() { "Change" } else { "Use this sensor" }}</summary>
            <ActionForm action=save>
                <input type="hidden" name="address" value=address.to_string() />
                <label for=id("mold")>"Mold (its number)"</label>
                <input
                    id=id("mold")
                    name="mold"
                    type="text"
                    autocomplete="off"
                    required=true
                    maxlength="32"
                    value=before.map(|used| used.mold.1.to_string())
                />
                <fieldset>
                    <legend>"For a mold that is new here, or to change it"</legend>
                    <label for=id("description")>"What it makes"</label>
                    <input id=id("description") name="description" type="text" autocomplete="off" maxlength="64" />
                    <label for=id("approved")>"Approved cycle time, seconds"</label>
                    <input
                        id=id("approved")
                        name="approved"
                        type="text"
                        inputmode="decimal"
                        autocomplete="off"
                        maxlength="12"
                    />
                    <label for=id("life")>"Design life, cycles"</label>
                    <input
                        id=id("life")
                        name="design_life"
                        type="text"
                        inputmode="numeric"
                        autocomplete="off"
                        maxlength="12"
                    />
                </fieldset>
                <label for=id("cycles")>"A cycle is"</label>
                <select
                    id=id("cycles")
                    name="cycles"
                    prop:value=move || cycles.get()
                    on:change=move |event| cycles.set(event_target_value(&event))
                >
                    <option value="none">"nothing: another monitor counts, or nobody"</option>
                    <Options choices=all_cycles chosen=cycles />
                </select>
                <fieldset class:unused=move || alive.get() && !is_contact()>
                    <legend>"Where it is a contact"</legend>
                    <label for=id("edge")>"It is a cycle when"</label>
                    <select id=id("edge") name="edge">
                        <option value="closes">"it closes"</option>
                        <option value="opens" selected=kept.opens>
                            "it opens"
                        </option>
                    </select>
                    <label for=id("apart")>"Least time between two cycles, seconds"</label>
                    <input
                        id=id("apart")
                        name="apart"
                        type="text"
                        inputmode="decimal"
                        autocomplete="off"
                        maxlength="6"
                        value=kept.apart
                    />
                    <p class="hint">
                        "Adverts get lost: a contact that opens and closes between two that are heard is not counted, and nobody \
                         knows. Where the count must be right take a sensor that counts by itself."
                    </p>
                </fieldset>
                <label for=id("temperature")>"The mold's temperature is"</label>
                <select
                    id=id("temperature")
                    name="temperature"
                    prop:value=move || temperature.get()
                    on:change=move |event| temperature.set(event_target_value(&event))
                >
                    <option value="">"not this sensor's"</option>
                    <Options choices=all_temperatures chosen=temperature />
                </select>
                <label for=id("shock")>"A shock is"</label>
                <select
                    id=id("shock")
                    name="shock"
                    prop:value=move || shock.get()
                    on:change=move |event| shock.set(event_target_value(&event))
                >
                    <option value="">"nothing"</option>
                    <option value="acceleration" selected=shock.get_untracked() == "acceleration">
                        "an acceleration from a limit on"
                    </option>
                    <option value="movement" selected=shock.get_untracked() == "movement">
                        "that it vibrates or is moved"
                    </option>
                </select>
                <label for=id("limit")>"That limit, mg (gravity alone is 1000)"</label>
                <input
                    id=id("limit")
                    name="shock_mg"
                    type="text"
                    inputmode="numeric"
                    autocomplete="off"
                    maxlength="5"
                    value=limit.to_string()
                />
                <label for=id("silent")>"Alarm when it says nothing for so many minutes; empty: none"</label>
                <input
                    id=id("silent")
                    name="silent_min"
                    type="text"
                    inputmode="numeric"
                    autocomplete="off"
                    maxlength="5"
                    value=silent
                />
                <label for=id("key")>
                    {move || {
                        if has_key.get() {
                            "Bind key (32 digits); empty: the key that the box has stays"
                        } else {
                            "Bind key (32 digits), if it is encrypted"
                        }
                    }}
                </label>
                <input
                    id=id("key")
                    class="code"
                    name="key"
                    type="password"
                    autocomplete="off"
                    spellcheck="false"
                    maxlength="47"
                    required=move || sealed.get() && !has_key.get()
                    node_ref=key
                />
                <p class="hint">
                    {move || {
                        if sealed.get() {
                            "Encrypted adverts cannot be forged without the key. The box keeps it sealed and shows it to nobody."
                        } else {
                            "This sensor speaks in clear: anybody near could send adverts in its name, and they would be counted. \
                             Use encryption where the sensor has it."
                        }
                    }}
                </p>
                <button type="submit" disabled=move || pending.get()>
                    {move || if pending.get() { "Saving" } else { "Save" }}
                </button>
            </ActionForm>
            {move || outcome(save.value().get(), |()| "Saved. It counts from what it says next.".to_owned())}
        </details>
    }
    .into_any()
}

#[component]
fn Options(choices: Memo<Choices>, chosen: RwSignal<String>) -> impl IntoView {
    let option = move |(value, words): (String, String)| {
        let selected = chosen.with_untracked(|chosen| *chosen == value);
        view! {
            <option value=value selected=selected>
                {words}
            </option>
        }
    };
    view! { <For each=move || choices.get() key=|(value, _)| value.clone() children=option /> }.into_any()
}

/// What was offered before, what is now, and what was chosen, once each.
fn together(before: Option<&Choices>, heard: Choices, chosen: &str) -> Choices {
    let mut all = before.cloned().unwrap_or_default();
    for (value, words) in heard {
        match all.iter_mut().find(|(known, _)| *known == value) {
            Some(known) => known.1 = words,
            None => all.push((value, words)),
        }
    }
    let named = !chosen.is_empty() && chosen != "none";
    if named && !all.iter().any(|(value, _)| value == chosen) {
        all.push((chosen.to_owned(), format!("as before: {}", chosen.replace(':', " "))));
    }
    all
}

/// What the form begins with.
struct Kept {
    cycles: String,
    opens: bool,
    apart: String,
}

impl Kept {
    fn of(rule: Option<&CycleRule>) -> Self {
        let usual = |cycles: String| Kept { cycles, opens: false, apart: "1".to_owned() };
        match rule {
            None | Some(CycleRule::None) => usual("none".to_owned()),
            Some(CycleRule::Movements) => usual("movements".to_owned()),
            Some(CycleRule::Count { channel }) => usual(format!("count:{channel}")),
            Some(CycleRule::Contact { channel, edge, least_apart_ms }) => Kept {
                cycles: format!("contact:{channel}"),
                opens: *edge == Edge::Opens,
                apart: (f64::from(*least_apart_ms) / 1000.0).to_string(),
            },
        }
    }
}

const fn shock_value(rule: Option<ShockRule>) -> &'static str {
    match rule {
        None => "",
        Some(ShockRule::Acceleration { .. }) => "acceleration",
        Some(ShockRule::Movement) => "movement",
    }
}
