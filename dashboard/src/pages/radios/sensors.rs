//! Sensors that anyone can buy: those that count for molds, and those that are only heard.

use domain::{BluetoothAddress, Role, Timestamp};
use leptos::form::ActionForm;
use leptos::prelude::*;

use super::actions::outcome;
use super::sensor_form::SensorForm;
use crate::api::ForgetSensor;
use crate::components::{ForRole, RelativeTime, sentence};
use crate::format;
use crate::port::{BluetoothView, SensorUseView, SensorView};
use crate::texts::{signal_word, unread_advice};

/// All of them.
#[component]
pub(super) fn Sensors(bluetooth: RwSignal<BluetoothView>, clock: Signal<Timestamp>) -> impl IntoView {
    let addresses = Memo::new(move |_| {
        bluetooth.with(|view| view.sensors.iter().map(|sensor| sensor.address).collect::<Vec<_>>())
    });
    view! {
        <div class="sensors">
        <h3>"Sensors"</h3>
        <Show
            when=move || addresses.with(|addresses| !addresses.is_empty())
            fallback=|| {
                view! {
                    <p class="hint">
                        "No sensor is heard. BTHome and Ruuvi sensors, which anyone can buy, are listed here as soon as they \
                         speak: a contact, a counter or a thermometer can stand in for a monitor."
                    </p>
                }
            }
        >
            <table class="modules air" role="table">
                <caption>"Sensors in the air"</caption>
                <thead role="rowgroup">
                    <tr role="row">
                        <th scope="col" role="columnheader">"Sensor"</th>
                        <th scope="col" role="columnheader">"Says"</th>
                        <th scope="col" role="columnheader">"Used for"</th>
                        <th scope="col" role="columnheader">"Strength"</th>
                        <th scope="col" role="columnheader">"Heard"</th>
                    </tr>
                </thead>
                <For each=move || addresses.get() key=|address| *address let:address>
                    <Sensor bluetooth address clock />
                </For>
            </table>
        </Show>
        </div>
    }
    .into_any()
}

/// Its facts in a row, what can be done in another: the forms are as wide as the table.
#[component]
fn Sensor(
    bluetooth: RwSignal<BluetoothView>,
    address: BluetoothAddress,
    clock: Signal<Timestamp>,
) -> impl IntoView {
    let sensor = Memo::new(move |_| {
        bluetooth.with(|view| view.sensors.iter().find(|sensor| sensor.address == address).cloned())
    });
    let heard = Signal::derive(move || sensor.with(|sensor| sensor.as_ref()?.heard));
    let used =
        Memo::new(move |_| sensor.with(|sensor| sensor.as_ref().and_then(|sensor| sensor.used.clone())));
    view! {
        <tbody role="rowgroup" data-sensor=address.to_string()>
            <tr role="row">
                <th scope="row" role="rowheader">
                    <span class="code">{address.to_string()}</span>
                    <span class="aside">{move || sensor.with(|sensor| sensor.as_ref().map(kind))}</span>
                </th>
                <td role="cell" data-label="Says">
                    <div>
                        {move || sensor.with(|sensor| sensor.as_ref().map(says))}
                        {move || {
                            sensor
                                .with(|sensor| sensor.as_ref().and_then(trouble))
                                .map(|why| view! { <span class="aside tone-caution">{why}</span> })
                        }}
                    </div>
                </td>
                <td role="cell" data-label="Used for">
                    <div>{move || used.with(|used| used_for(used.as_ref()))}</div>
                </td>
                <td role="cell" data-label="Strength">
                    {move || sensor.with(|sensor| sensor.as_ref().and_then(strength))}
                </td>
                <td role="cell" data-label="Heard">
                    <RelativeTime at=heard clock />
                </td>
            </tr>
            <tr role="row" class="deeds">
                <td role="cell" colspan="5">
                    <ForRole least=Role::Administrator>
                        <div class="more-forms">
                            <SensorForm address sensor used />
                            {move || used.with(Option::is_some).then(|| view! { <StopUsing address /> })}
                        </div>
                    </ForRole>
                </td>
            </tr>
        </tbody>
    }
    .into_any()
}

/// Ends its use: only after the person has said that they mean it.
#[component]
fn StopUsing(address: BluetoothAddress) -> impl IntoView {
    let forget = ServerAction::<ForgetSensor>::new();
    let pending = forget.pending();
    let summary = format!("Stop using sensor {address}");
    view! {
        <details class="more">
            <summary aria-label=summary>"Stop using"</summary>
            <ActionForm action=forget>
                <input type="hidden" name="address" value=address.to_string() />
                <p>
                    "What it counted stays in the mold's count and ledger. From now on nothing of it is counted, and its bind key \
                     is deleted."
                </p>
                <label class="check">
                    <input type="checkbox" required=true />
                    "I know, and I want it to count no more."
                </label>
                <button type="submit" disabled=move || pending.get()>
                    "Stop using it"
                </button>
            </ActionForm>
            {move || outcome(forget.value().get().filter(Result::is_err), |()| String::new())}
        </details>
    }
    .into_any()
}

fn kind(sensor: &SensorView) -> String {
    let format = sensor.format.map_or_else(|| "not heard yet".to_owned(), |format| format.to_string());
    if sensor.sealed { format!("{format}, encrypted") } else { format!("{format}, in clear") }
}

fn says(sensor: &SensorView) -> String {
    sensor.said.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// That a stranger is encrypted is no trouble yet, and said where it says nothing else.
fn trouble(sensor: &SensorView) -> Option<String> {
    sensor.unread.map(|why| sentence(unread_advice(why)))
}

fn used_for(used: Option<&SensorUseView>) -> AnyView {
    match used {
        None => "nothing".into_any(),
        Some(used) => {
            let (id, name) = &used.mold;
            let rule = used.rule.to_string();
            view! {
                <a href=format!("/molds/{id}")>{name.to_string()}</a>
                <span class="aside">{rule}</span>
            }
            .into_any()
        }
    }
}

fn strength(sensor: &SensorView) -> Option<String> {
    sensor.rssi_dbm.map(|dbm| format!("{}, {}", format::dbm(dbm), signal_word(dbm)))
}
