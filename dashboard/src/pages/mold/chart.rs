use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::progress::advance;
use crate::api::{ChartRange, read_cycles};
use crate::components::CycleChartFigure;
use crate::live::Later;
use crate::port::{CycleChart, MoldTile};

/// A far view changes by less than a line's width in this time.
const FAR: Duration = Duration::from_secs(20);
/// A near one is caught up with quickly.
const NEAR: Duration = Duration::from_secs(3);

/// The chart, kept up with the mold.
#[component]
pub(super) fn ChartBox(chart: CycleChart, range: ChartRange, tile: RwSignal<MoldTile>) -> impl IntoView {
    let chart = RwSignal::new(chart);
    let near = matches!(range, ChartRange::Hour | ChartRange::Shift);
    let later = Later::new(if near { NEAR } else { FAR });
    Effect::new(move |before: Option<u64>| {
        let news = tile.get();
        let id = news.id;
        let told = before.is_none_or(|before| {
            let mut told = true;
            if before != news.count {
                chart.update(|chart| told = advance(chart, before, &news, range));
            }
            told
        });
        if !told {
            later.run(move || {
                spawn_local(async move {
                    if let Ok(fresh) = read_cycles(id, range).await {
                        chart.try_set(fresh);
                    }
                });
            });
        }
        news.count
    });
    view! { <CycleChartFigure chart stretch=range.label() /> }
}
