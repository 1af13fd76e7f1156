use domain::{Eui64, MonitorSerial, Role, Timestamp};
use leptos::either::Either;
use leptos::prelude::*;

use super::blink::Blink;
use crate::components::{ForRole, RelativeTime};
use crate::format;
use crate::port::{LinkView, ModuleView, MonitorView};
use crate::texts::{generation_word, signal_word};

/// The modules of a network, each with the monitors wired to it.
///
/// Rows are kept while what stands in them changes: whoever is about to press something there does not lose it.
#[component]
pub(super) fn Modules(link: RwSignal<LinkView>, clock: Signal<Timestamp>) -> impl IntoView {
    let modules = Memo::new(move |_| {
        link.with(|link| link.modules.iter().map(|module| module.eui64).collect::<Vec<_>>())
    });
    view! {
        <Show
            when=move || modules.with(|modules| !modules.is_empty())
            fallback=|| {
                view! {
                    <p class="hint">
                        "No module has been heard on this network. Open it to new modules and switch a Press Module on."
                    </p>
                }
            }
        >
            // The roles are said because on a phone the style makes blocks of the rows, and they would be lost.
            <table class="modules" role="table">
                <caption>"Modules and their monitors"</caption>
                <thead role="rowgroup">
                    <tr role="row">
                        <th scope="col" role="columnheader">"Module"</th>
                        <th scope="col" role="columnheader">"Press"</th>
                        <th scope="col" role="columnheader">"Signal"</th>
                        <th scope="col" role="columnheader">"Heard"</th>
                        <th scope="col" role="columnheader">"Monitors"</th>
                    </tr>
                </thead>
                <tbody role="rowgroup">
                    <For each=move || modules.get() key=|eui64| *eui64 let:eui64>
                        <Module link eui64 clock />
                    </For>
                </tbody>
            </table>
        </Show>
    }
    .into_any()
}

/// What is said of a module, or nothing in the moment in which it goes.
fn of<T: Default>(link: RwSignal<LinkView>, eui64: Eui64, tell: impl FnOnce(&ModuleView) -> T) -> T {
    link.with(|link| link.modules.iter().find(|module| module.eui64 == eui64).map(tell)).unwrap_or_default()
}

#[component]
fn Module(link: RwSignal<LinkView>, eui64: Eui64, clock: Signal<Timestamp>) -> impl IntoView {
    let name = move || of(link, eui64, |module| module.name.clone());
    let press = move || of(link, eui64, |module| module.press.as_ref().map(|(_, name)| name.clone()));
    let signal = move || {
        let strength = of(link, eui64, |module| module.rssi_dbm)?;
        Some(format!("{}, {}", format::dbm(strength), signal_word(strength)))
    };
    let heard = Signal::derive(move || of(link, eui64, |module| module.last_heard));
    let monitors = Memo::new(move |_| {
        of(link, eui64, |module| {
            module.monitors.iter().map(|monitor| monitor.serial.clone()).collect::<Vec<_>>()
        })
    });
    view! {
        <tr role="row">
            <th scope="row" role="rowheader">
                {name} " "
                <span class="code">{eui64.to_string()}</span>
            </th>
            <td role="cell" data-label="Press">{move || or_dash(press())}</td>
            <td role="cell" data-label="Signal">{move || or_dash(signal())}</td>
            <td role="cell" data-label="Heard">
                <RelativeTime at=heard clock />
            </td>
            <td role="cell" data-label="Monitors">
                <ul class="monitors">
                    <For each=move || monitors.get() key=Clone::clone let:serial>
                        <Monitor link eui64 serial clock />
                    </For>
                </ul>
            </td>
        </tr>
    }
    .into_any()
}

fn or_dash(text: Option<String>) -> String {
    text.unwrap_or_else(|| "–".to_owned())
}

#[component]
fn Monitor(
    link: RwSignal<LinkView>,
    eui64: Eui64,
    serial: MonitorSerial,
    clock: Signal<Timestamp>,
) -> impl IntoView {
    let name = link.with_untracked(|link| link.name.clone());
    let (number, blinks) = (serial.to_string(), serial.clone());
    let monitor = Memo::new(move |_| {
        of(link, eui64, |module| module.monitors.iter().find(|monitor| monitor.serial == serial).cloned())
    });
    let mold = Memo::new(move |_| monitor.with(|monitor| monitor.as_ref()?.mold.clone()));
    let mold = move || match mold.get() {
        Some((id, name)) => Either::Left(view! { <a href=format!("/molds/{id}")>{name.to_string()}</a> }),
        None => Either::Right("no mold"),
    };
    let heard = Signal::derive(move || monitor.with(|monitor| monitor.as_ref()?.last_heard));
    let facts = move || monitor.with(|monitor| monitor.as_ref().map(facts));
    view! {
        <li>
            <span>
                <span class="code">{number.clone()}</span>
                " on "
                {mold}
                <span class="aside">{facts} ", heard " <RelativeTime at=heard clock /></span>
            </span>
            <ForRole least=Role::Technician>
                <Blink link=name.clone() module=Some(eui64) serial=blinks.clone() />
            </ForRole>
        </li>
    }
    .into_any()
}

fn facts(monitor: &MonitorView) -> String {
    let waiting = monitor.unacknowledged.filter(|cycles| *cycles > 0);
    let waiting =
        waiting.map(|cycles| format!("{} in memory", format::counted(cycles.into(), "cycle", "cycles")));
    let battery = monitor.battery.map(|battery| format!("battery {}", format::percent(battery)));
    let temperature = monitor.temperature.map(format::temperature);
    let facts = [Some(generation_word(monitor.generation).to_owned()), battery, temperature, waiting];
    facts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}
