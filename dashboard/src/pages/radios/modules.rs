use domain::Timestamp;
use leptos::either::Either;
use leptos::prelude::*;

use crate::components::RelativeTime;
use crate::format;
use crate::port::{LinkView, ModuleView, MonitorView};
use crate::texts::{generation_word, signal_word};

/// The modules of a network, each with the monitors wired to it.
#[component]
pub(super) fn Modules(link: RwSignal<LinkView>, clock: Signal<Timestamp>) -> impl IntoView {
    let none = Memo::new(move |_| link.with(|link| link.modules.is_empty()));
    let rows = move || link.with(|link| link.modules.iter().map(|module| row(module, clock)).collect_view());
    view! {
        <Show
            when=move || !none.get()
            fallback=|| {
                view! {
                    <p class="hint">
                        "No module has been heard on this network. Open it to new modules and switch a Press Module on."
                    </p>
                }
            }
        >
            <table class="modules">
                <thead>
                    <tr>
                        <th scope="col">"Module"</th>
                        <th scope="col">"Press"</th>
                        <th scope="col">"Signal"</th>
                        <th scope="col">"Heard"</th>
                        <th scope="col">"Monitors"</th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </Show>
    }
}

fn row(module: &ModuleView, clock: Signal<Timestamp>) -> impl IntoView + use<> {
    let name = module.name.clone().unwrap_or_else(|| "without a name".to_owned());
    let press = module.press.as_ref().map_or_else(|| "–".to_owned(), |(_, name)| name.clone());
    let signal = module.rssi_dbm.map_or_else(
        || "–".to_owned(),
        |strength| format!("{}, {}", format::dbm(strength), signal_word(strength)),
    );
    let monitors = module.monitors.iter().map(|monitor| self::monitor(monitor, clock)).collect_view();
    view! {
        <tr>
            <th scope="row">
                {name} <span class="code">{module.eui64.to_string()}</span>
            </th>
            <td data-label="Press">{press}</td>
            <td data-label="Signal">{signal}</td>
            <td data-label="Heard">
                <RelativeTime at=module.last_heard clock />
            </td>
            <td data-label="Monitors">
                <ul class="monitors">{monitors}</ul>
            </td>
        </tr>
    }
}

fn monitor(monitor: &MonitorView, clock: Signal<Timestamp>) -> impl IntoView + use<> {
    let mold = match &monitor.mold {
        Some((id, name)) => Either::Left(view! { <a href=format!("/molds/{id}")>{name.to_string()}</a> }),
        None => Either::Right("no mold"),
    };
    let waiting = monitor.unacknowledged.filter(|cycles| *cycles > 0);
    let waiting =
        waiting.map(|cycles| format!("{} in memory", format::counted(cycles.into(), "cycle", "cycles")));
    let battery = monitor.battery.map(|battery| format!("battery {}", format::percent(battery)));
    let temperature = monitor.temperature.map(format::temperature);
    let facts = [Some(generation_word(monitor.generation).to_owned()), battery, temperature, waiting];
    let facts = facts.into_iter().flatten().collect::<Vec<_>>().join(", ");
    view! {
        <li>
            <span class="code">{monitor.serial.to_string()}</span>
            " on "
            {mold}
            <span class="aside">{facts} ", heard " <RelativeTime at=monitor.last_heard clock /></span>
        </li>
    }
}
