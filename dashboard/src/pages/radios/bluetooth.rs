//! Bluetooth: its adapters and the monitors in the air.

use domain::{LinkName, MonitorSerial, Role, Standing, Timestamp};
use leptos::form::ActionForm;
use leptos::prelude::*;

use super::actions::outcome;
use super::blink::Blink;
use super::enrolment::EnrolMonitor;
use super::sensors::Sensors;
use crate::api::CloseEnrolment;
use crate::components::{ForRole, RelativeTime};
use crate::format;
use crate::port::{AdapterView, AirView, BluetoothView, LinkCondition};
use crate::texts::{
    bluetooth_advice, bluetooth_words, condition_tone, signal_word, standing_tone, standing_words,
    strength_tone, strength_words,
};

/// The box's Bluetooth.
#[component]
pub(super) fn Bluetooth(bluetooth: RwSignal<BluetoothView>, clock: Signal<Timestamp>) -> impl IntoView {
    let condition = Memo::new(move |_| bluetooth.with(|view| view.condition));
    let serials = Memo::new(move |_| {
        bluetooth.with(|view| view.monitors.iter().map(|on| on.serial.clone()).collect::<Vec<_>>())
    });
    let prefill = RwSignal::new(String::new());
    view! {
        <section class="panel link" data-link="bluetooth" aria-label="Bluetooth">
            <div class="panel-head">
                <h2>"Bluetooth"</h2>
                <span class=move || format!("state {}", condition_tone(condition.get()).class())>
                    <span class="state-word">{move || bluetooth_words(condition.get())}</span>
                </span>
            </div>
            {move || bluetooth_advice(condition.get()).map(|advice| view! { <p>{advice}</p> })}
            <Adapters bluetooth />
            <ForRole least=Role::Technician>
                <EnrolMonitor prefill />
            </ForRole>
            <Show
                when=move || serials.with(|serials| !serials.is_empty())
                fallback=|| {
                    view! {
                        <p class="hint">
                            "No Bluetooth monitor has been heard. Hold the button of a new one until it blinks: it is \
                             listed here while it waits."
                        </p>
                    }
                }
            >
                <table class="modules air" role="table">
                    <caption>"Monitors in the air"</caption>
                    <thead role="rowgroup">
                        <tr role="row">
                            <th scope="col" role="columnheader">"Monitor"</th>
                            <th scope="col" role="columnheader">"State"</th>
                            <th scope="col" role="columnheader">"Heard by"</th>
                            <th scope="col" role="columnheader">"Heard"</th>
                            <th scope="col" role="columnheader">"Actions"</th>
                        </tr>
                    </thead>
                    <tbody role="rowgroup">
                        <For each=move || serials.get() key=Clone::clone let:serial>
                            <Monitor bluetooth serial prefill clock />
                        </For>
                    </tbody>
                </table>
            </Show>
            <Sensors bluetooth clock />
        </section>
    }
    .into_any()
}

#[component]
fn Adapters(bluetooth: RwSignal<BluetoothView>) -> impl IntoView {
    let line = |adapter: &AdapterView| {
        let slots = format!("{} of {} links in use", adapter.links, adapter.slots);
        let lost = adapter.condition != LinkCondition::Up;
        let (tone, words) = (condition_tone(adapter.condition).class(), bluetooth_words(adapter.condition));
        view! {
            <li>
                <span class="code">{adapter.name.to_string()}</span>
                " "
                <span class=format!("state {tone}")>{words}</span>
                {(!lost).then(|| format!(", {slots}"))}
            </li>
        }
    };
    view! {
        <ul class="adapters" aria-label="Adapters">
            {move || bluetooth.with(|view| view.adapters.iter().map(line).collect_view())}
        </ul>
    }
    .into_any()
}

#[component]
fn Monitor(
    bluetooth: RwSignal<BluetoothView>,
    serial: MonitorSerial,
    prefill: RwSignal<String>,
    clock: Signal<Timestamp>,
) -> impl IntoView {
    let number = serial.to_string();
    let of = serial.clone();
    let on =
        Memo::new(move |_| bluetooth.with(|view| view.monitors.iter().find(|on| on.serial == of).cloned()));
    let mold = move || {
        on.with(|on| on.as_ref().and_then(|on| on.mold.clone())).map(|(id, name)| {
            view! { " on " <a href=format!("/molds/{id}")>{name.to_string()}</a> }
        })
    };
    let standing = Memo::new(move |_| on.with(|on| on.as_ref().map_or(Standing::Gone, |on| on.standing)));
    let heard = Signal::derive(move || on.with(|on| on.as_ref().map(|on| on.heard)));
    let shown = number.clone();
    view! {
            <tr role="row" data-monitor=number>
                <th scope="row" role="rowheader">
                    <span class="code">{shown}</span>
                    {mold}
                    <span class="aside">{move || on.with(|on| on.as_ref().map(facts))}</span>
                </th>
                <td role="cell" data-label="State">
    <div>
                    <span class=move || {
                        format!("state {}", standing_tone(standing.get()).class())
                    }>{move || standing_words(standing.get())}</span>
                    {move || on.with(|on| on.as_ref().and_then(|on| window(on, clock.get())))}
                    {move || {
                        on.with(|on| on.as_ref()?.strength)
                            .map(|strength| {
                                view! {
                                    <span class=format!("aside {}", strength_tone(strength).class())>
                                        {format!("bond {}", strength_words(strength))}
                                    </span>
                                }
                            })
                    }}
                    {move || {
                        on.with(|on| on.as_ref().and_then(refused))
                            .map(|why| view! { <span class="aside tone-caution">{why}</span> })
                    }}
    </div>
                </td>
                <td role="cell" data-label="Heard by">
                    {move || on.with(|on| on.as_ref().map_or_else(dash, signal))}
                </td>
                <td role="cell" data-label="Heard">
                    <RelativeTime at=heard clock />
                </td>
                <td role="cell" data-label="Actions">
                <ForRole least=Role::Technician>
                    <Actions serial=serial.clone() standing prefill />
                </ForRole>
            </td>
            </tr>
        }
    .into_any()
}

/// What can be done with a monitor, by what is going on with it.
#[component]
fn Actions(serial: MonitorSerial, standing: Memo<Standing>, prefill: RwSignal<String>) -> impl IntoView {
    let number = serial.to_string();
    view! {
        <div>
            {move || match standing.get() {
                Standing::Enrolling => view! { <CloseWindow serial=serial.clone() /> }.into_any(),
                Standing::Seen | Standing::LostBond => {
                    let number = number.clone();
                    let label = format!("Enrol monitor {number}");
                    let choose = move |_| prefill.set(number.clone());
                    view! {
                        <a class="button" href="#enrol" aria-label=label on:click=choose>
                            "Enrol"
                        </a>
                    }
                        .into_any()
                }
                _ => view! { <Blink link=LinkName::bluetooth() module=None serial=serial.clone() /> }.into_any(),
            }}
        </div>
    }
    .into_any()
}

#[component]
fn CloseWindow(serial: MonitorSerial) -> impl IntoView {
    let close = ServerAction::<CloseEnrolment>::new();
    let pending = close.pending();
    let label = format!("Stop enrolling monitor {serial}");
    view! {
        <ActionForm action=close>
            <input type="hidden" name="serial" value=serial.to_string() />
            <button type="submit" aria-label=label disabled=move || pending.get()>
                "Stop"
            </button>
        </ActionForm>
        {move || outcome(close.value().get().filter(Result::is_err), |()| String::new())}
    }
    .into_any()
}

fn dash() -> String {
    "–".to_owned()
}

fn facts(on: &AirView) -> String {
    let waiting = on.unacknowledged.filter(|cycles| *cycles > 0);
    let waiting =
        waiting.map(|cycles| format!("{} in memory", format::counted(cycles.into(), "cycle", "cycles")));
    let battery = on.battery.map(|battery| format!("battery {}", format::percent(battery)));
    let temperature = on.temperature.map(format::temperature);
    [battery, temperature, waiting].into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The adapter that links go by, why that one, and how strong it is heard.
fn signal(on: &AirView) -> String {
    let by = on.by.as_ref().map(|(adapter, why)| match why.as_str() {
        "" => adapter.to_string(),
        why => format!("{adapter}, {why}"),
    });
    let strength = on.rssi_dbm.map(|dbm| format!("{}, {}", format::dbm(dbm), signal_word(dbm)));
    let parts: Vec<_> = [strength, by].into_iter().flatten().collect();
    if parts.is_empty() { dash() } else { parts.join("; ") }
}

fn window(on: &AirView, now: Timestamp) -> Option<impl IntoView + use<>> {
    let left = on.window_until?.since(now);
    Some(view! {
        <span class="aside">{format!("for another {} min", format::countdown(left))}</span>
    })
}

/// Why it is not one of the box's, or what it says to anyone.
fn refused(on: &AirView) -> Option<String> {
    let said = match (on.standing, on.says_lost, on.no_passkey) {
        (Standing::Seen | Standing::LostBond, true, _) => Some("it lost its bond".to_owned()),
        (Standing::Seen | Standing::LostBond, _, true) => Some("it has no passkey on a label".to_owned()),
        _ => None,
    };
    on.refused.as_ref().map(|why| format!("not enrolled: {why}")).or(said)
}
