use domain::{CycleTime, Percent, Temperature, Timestamp};
use leptos::prelude::*;

use crate::components::{RelativeTime, pace};
use crate::format;
use crate::port::{MoldTile, MoldView, MonitorView};
use crate::texts::generation_word;

fn time(time: Option<CycleTime>) -> String {
    time.map_or_else(|| "–".to_owned(), format::cycle_time)
}

/// What a technician came for: how fast it runs beside how fast it should.
#[component]
pub(super) fn Figures(tile: RwSignal<MoldTile>, view: RwSignal<MoldView>) -> impl IntoView {
    let last = move || tile.with(|tile| time(tile.last_cycle));
    let approved = move || tile.with(|tile| time(tile.approved));
    let apart = move || tile.with(pace).unwrap_or_else(|| "–".to_owned());
    view! {
        <dl class="figures">
            <div>
                <dt>"Last cycle"</dt>
                <dd>{last}</dd>
            </div>
            <div>
                <dt>"Approved"</dt>
                <dd>{approved}</dd>
            </div>
            <div>
                <dt>"Difference"</dt>
                <dd>{apart}</dd>
            </div>
            <div>
                <dt>"Mean, last hour"</dt>
                <dd>{move || view.with(|view| time(view.recent_average))}</dd>
            </div>
            <div>
                <dt>"Mean, all time"</dt>
                <dd>{move || view.with(|view| time(view.long_term_average))}</dd>
            </div>
            <div>
                <dt>"Lifetime count"</dt>
                <dd>
                    <data value=move || tile.with(|tile| tile.count.to_string())>
                        {move || tile.with(|tile| format::count(tile.count))}
                    </data>
                </dd>
            </div>
        </dl>
    }
    .into_any()
}

/// What the displayed count is made of.
#[component]
pub(super) fn Counters(tile: RwSignal<MoldTile>, view: RwSignal<MoldView>) -> impl IntoView {
    let count = Memo::new(move |_| tile.with(|tile| tile.count));
    // The stream tells the count at once and the rest a moment later: what is shown must add up all the while.
    let counted = move || {
        view.with(|view| {
            let since = i128::from(count.get()) - i128::from(view.tile.count);
            i64::try_from(i128::from(view.counted) + since).unwrap_or(view.counted)
        })
    };
    let life = Memo::new(move |_| view.with(|view| view.design_life));
    let used = move || {
        let life = life.get()?;
        Some(format!("{} of {} cycles", format::share(count.get(), life)?, format::count(life)))
    };
    let bar = move || {
        let life = life.get().filter(|life| *life > 0)?;
        let percent = (u128::from(count.get()) * 100 / u128::from(life)).min(100);
        Some(format!("{percent}%"))
    };
    view! {
        <section class="panel" aria-labelledby="counters-title">
            <h2 id="counters-title">"Counters"</h2>
            <dl class="facts">
                <dt>"Lifetime"</dt>
                <dd>{move || format::count(count.get())}</dd>
                <dt>"Counted by this box"</dt>
                <dd>{move || format::signed_count(counted())}</dd>
                <dt>"Before this box"</dt>
                <dd>{move || view.with(|view| format::count(view.baseline))}</dd>
                <dt>"Of those with times unknown"</dt>
                <dd>{move || view.with(|view| format::count(view.times_unknown))}</dd>
                <dt>"Design life used"</dt>
                <dd>
                    {move || used().unwrap_or_else(|| "not set".to_owned())}
                    {move || {
                        bar().map(|width| {
                            view! {
                                <svg class="bar" aria-hidden="true">
                                    <rect class="bar-used" width=width height="100%"></rect>
                                </svg>
                            }
                        })
                    }}
                </dd>
            </dl>
        </section>
    }
    .into_any()
}

/// The monitor on the mold and how it does.
#[component]
pub(super) fn MonitorFacts(
    tile: RwSignal<MoldTile>,
    view: RwSignal<MoldView>,
    clock: Signal<Timestamp>,
) -> impl IntoView {
    let monitor = Memo::new(move |_| view.with(|view| view.monitor.clone()));
    let heard = Signal::derive(move || tile.with(|tile| tile.last_heard));
    let facts = move |monitor: MonitorView| {
        let known = |text: Option<String>| text.unwrap_or_else(|| "not known".to_owned());
        view! {
            <dl class="facts">
                <dt>"Serial"</dt>
                <dd>{monitor.serial.to_string()}</dd>
                <dt>"Generation"</dt>
                <dd>{generation_word(monitor.generation)}</dd>
                <dt>"Last heard"</dt>
                <dd>
                    <RelativeTime at=heard clock />
                </dd>
                <dt>"Battery"</dt>
                <dd>{known(monitor.battery.map(format::percent as fn(Percent) -> String))}</dd>
                <dt>"Mold temperature"</dt>
                <dd>{known(monitor.temperature.map(format::temperature as fn(Temperature) -> String))}</dd>
                <dt>"In its memory, not yet here"</dt>
                <dd>
                    {known(monitor.unacknowledged.map(|cycles| format::counted(cycles.into(), "cycle", "cycles")))}
                </dd>
            </dl>
        }
    };
    view! {
        <section class="panel" aria-labelledby="monitor-title">
            <h2 id="monitor-title">"Monitor"</h2>
            {move || monitor.get().map(facts)}
            <Show when=move || monitor.with(Option::is_none)>
                <p>"No monitor is on this mold. Initialise one for it and plug it into a Press Module."</p>
            </Show>
        </section>
    }
    .into_any()
}
