use std::time::Duration;

use leptos::prelude::*;
use leptos::task::spawn_local;

use super::progress::advance;
use crate::api::{ChartRange, read_cycles};
use crate::components::CycleChartFigure;
use crate::live::Later;
use crate::port::{CycleChart, MoldTile};

/// Even the farthest view is no older than this.
const LONGEST_WAIT: Duration = Duration::from_secs(300);

/// So long after a change the box is asked again: before a point's width of time has passed nobody would see it, and
/// the farther the view the more the box has to read for it.
fn wait(range: ChartRange) -> Duration {
    let width = Duration::from_secs(range.length().as_secs() / ChartRange::POINTS as u64);
    width.min(LONGEST_WAIT)
}

/// The chart, kept up with the mold.
#[component]
pub(super) fn ChartBox(chart: CycleChart, range: ChartRange, tile: RwSignal<MoldTile>) -> impl IntoView {
    let chart = RwSignal::new(chart);
    let later = Later::new(wait(range));
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
