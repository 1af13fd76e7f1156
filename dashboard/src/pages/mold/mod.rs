//! One mold: its counters, its cycle times, its ledger.

mod chart;
mod counters;
mod ledger;
mod limits;
mod progress;

use std::time::Duration;

use domain::{MoldId, Timestamp};
use leptos::either::{Either, EitherOf3};
use leptos::prelude::*;
use leptos::task::spawn_local;
use leptos_meta::Title;
use leptos_router::hooks::{use_params_map, use_query_map};

use super::NotFoundPage;
use crate::api::{ChartRange, read_cycles, read_mold};
use crate::components::{AlarmBar, Lasting, PageHead, RefusalNote, StateMark};
use crate::format;
use crate::live::{Later, Live};
use crate::port::{CycleChart, LiveChange, MoldTile, MoldView, Refusal};
use chart::ChartBox;
use counters::{Counters, Figures, MonitorFacts};
use ledger::Ledger;
use limits::Limits;

/// So long after a change what is not in the stream is asked for again.
const REFRESH: Duration = Duration::from_secs(3);

type ChartResource = Resource<Result<CycleChart, Refusal>>;

/// One mold.
#[component]
pub fn MoldPage() -> impl IntoView {
    let live = Live::from_context();
    let params = use_params_map();
    let query = use_query_map();
    let id = Memo::new(move |_| params.read().get("id").and_then(|id| id.parse().ok()).map(MoldId));
    let range = Memo::new(move |_| {
        query.read().get("range").map_or_else(ChartRange::default, |word| ChartRange::from_word(&word))
    });
    let missing = || Refusal::NotFound("mold".to_owned());
    let mold = Resource::new(
        move || (id.get(), live.epoch()),
        move |(id, _)| async move { read_mold(id.ok_or_else(missing)?).await },
    );
    let chart = Resource::new(
        move || (id.get(), range.get(), live.epoch()),
        move |(id, range, _)| async move { read_cycles(id.ok_or_else(missing)?, range).await },
    );
    view! {
        <Transition fallback=|| view! { <p class="loading">"Loading the mold"</p> }>
            {move || Suspend::new(async move {
                match mold.await {
                    Ok(view) => EitherOf3::A(view! { <Board view chart range /> }),
                    Err(Refusal::NotFound(_)) => EitherOf3::B(view! { <NotFoundPage /> }),
                    Err(refusal) => EitherOf3::C(view! { <RefusalNote refusal again=move || mold.refetch() /> }),
                }
            })}
        </Transition>
    }
    .into_any()
}

#[component]
fn Board(view: MoldView, chart: ChartResource, range: Memo<ChartRange>) -> impl IntoView {
    let live = Live::from_context();
    let MoldView { now, cursor, .. } = view;
    let id = view.tile.id;
    let title = view.tile.name.to_string();
    let download = format::download("cycles", &title);
    let clock = live.clock(now);
    let tile = RwSignal::new(view.tile.clone());
    let alarms = RwSignal::new(view.alarms.clone());
    let view = RwSignal::new(view);
    let later = Later::new(REFRESH);
    let refresh = move || {
        later.run(move || {
            spawn_local(async move {
                if let Ok(fresh) = read_mold(id).await {
                    view.try_set(fresh);
                }
            });
        });
    };
    live.follow(cursor, now, move |change: &LiveChange, _: Timestamp| match change {
        LiveChange::Molds(tiles) => {
            if let Some(news) = tiles.iter().find(|news| news.id == id) {
                tile.set(news.clone());
                refresh();
            }
        }
        LiveChange::Alarms(standing) => {
            alarms.set(standing.iter().filter(|alarm| alarm.mold == Some(id)).cloned().collect());
        }
        LiveChange::Link(_)
        | LiveChange::Bluetooth(_)
        | LiveChange::Storage
        | LiveChange::Heartbeat
        | LiveChange::Restart => {}
    });
    view! {
        <Title text=title.clone() />
        <PageHead shown=now>
            <h1>{title}</h1>
            <Standing tile clock />
        </PageHead>
        <AlarmBar alarms clock />
        <Figures tile view />
        <section class="panel" aria-labelledby="chart-title">
            <div class="panel-head">
                <h2 id="chart-title">"Cycle times"</h2>
                <Ranges range />
            </div>
            <Transition fallback=|| view! { <p class="loading">"Loading the chart"</p> }>
                {move || Suspend::new(async move {
                    match chart.await {
                        Ok(chart) => Either::Left(view! { <ChartBox chart range=range.get_untracked() tile /> }),
                        Err(refusal) => {
                            Either::Right(view! { <RefusalNote refusal again=move || chart.refetch() part=true /> })
                        }
                    }
                })}
            </Transition>
            <p class="hint">
                <a rel="external" download href=download>"Download every cycle (CSV)"</a>
            </p>
        </section>
        <div class="columns">
            <Counters tile view />
            <MonitorFacts tile view clock />
        </div>
        <Limits view refresh />
        <Ledger view refresh />
    }
    .into_any()
}

#[component]
fn Standing(tile: RwSignal<MoldTile>, clock: Signal<Timestamp>) -> impl IntoView {
    let state = Signal::derive(move || tile.with(|tile| tile.state));
    let since = Signal::derive(move || tile.with(|tile| tile.state_since));
    let what = move || {
        tile.with(|tile| {
            let press = tile.press.as_deref().map(|press| format!("on {press}"));
            let parts = [Some(tile.description.clone()), press];
            parts.into_iter().flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(", ")
        })
    };
    view! {
        <StateMark state />
        <Show when=move || since.get().is_some()>
            <span class="aside">
                <Lasting since clock />
            </span>
        </Show>
        <p class="page-what">{what}</p>
    }
    .into_any()
}

#[component]
fn Ranges(range: Memo<ChartRange>) -> impl IntoView {
    let links = ChartRange::ALL.map(|choice| {
        let current = move || (range.get() == choice).then_some("true");
        view! {
            <li>
                // One page in the history, however often another stretch is chosen, and the chart stays under the finger.
                <a
                    href=format!("?range={}", choice.word())
                    aria-current=current
                    prop:replace=true
                    data-noscroll=true
                >
                    {choice.label()}
                </a>
            </li>
        }
    });
    view! { <ul class="choices" aria-label="Stretch of time">{links.into_iter().collect_view()}</ul> }
}
