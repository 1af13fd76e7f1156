//! Cycle times over time: points when close, a mean between shortest and longest when far.

pub mod geometry;
mod table;

use leptos::prelude::*;

use crate::format;
use crate::port::CycleChart;
use geometry::Tick;

/// The chart with its legend, its summary in words and its table.
#[component]
pub fn CycleChartFigure(
    /// What to draw.
    #[prop(into)]
    chart: Signal<CycleChart>,
    /// The stretch of time in words: `8 h`.
    #[prop(into)]
    stretch: Signal<&'static str>,
) -> impl IntoView {
    let drawing = Memo::new(move |_| chart.with(geometry::draw));
    let part =
        move |pick: fn(&geometry::Drawing) -> &String| move || drawing.with(|drawing| pick(drawing).clone());
    let text = Memo::new(move |_| chart.with(|chart| summary(chart, stretch.get())));
    let crowded = Memo::new(move |_| drawing.with(|drawing| !drawing.spread.is_empty()));
    let late = Memo::new(move |_| drawing.with(|drawing| !drawing.late.is_empty()));
    let approved = Memo::new(move |_| chart.with(|chart| chart.approved));
    view! {
        <figure class="chart">
            <p class="chart-unit" aria-hidden="true">"cycle time, s"</p>
            <div class="chart-area">
                <svg class="chart-values" aria-hidden="true">
                    {move || drawing.with(|drawing| drawing.values.iter().map(value_tick).collect_view())}
                </svg>
                <svg
                    class="chart-plot"
                    viewBox="0 0 1000 1000"
                    preserveAspectRatio="none"
                    role="img"
                    aria-label=move || text.get()
                >
                    <path class="plot-band" d=part(|drawing| &drawing.band)></path>
                    <path class="plot-grid" d=part(|drawing| &drawing.grid)></path>
                    <path class="plot-approved" d=part(|drawing| &drawing.approved)></path>
                    <path class="plot-spread" d=part(|drawing| &drawing.spread)></path>
                    <path class="plot-line" d=part(|drawing| &drawing.line)></path>
                    <path class="plot-dots" d=part(|drawing| &drawing.dots)></path>
                    <path class="plot-late" d=part(|drawing| &drawing.late)></path>
                    <path class="plot-slow" d=part(|drawing| &drawing.slow)></path>
                </svg>
                <svg class="chart-times" aria-hidden="true">
                    {move || drawing.with(|drawing| drawing.times.iter().map(time_tick).collect_view())}
                </svg>
            </div>
            <figcaption>
                <ul class="legend" aria-hidden="true">
                    {move || {
                        approved.get().map(|approved| {
                            let approved = format!("approved {}, ±10 %", format::cycle_time(approved));
                            view! { <Key class="plot-approved" text=approved /> }
                        })
                    }}
                    {move || {
                        let text = if crowded.get() { "mean" } else { "cycle" };
                        view! { <Key class="plot-line" text=text.to_owned() /> }
                    }}
                    <Show when=move || crowded.get()>
                        <Key class="plot-spread" text="shortest to longest".to_owned() />
                    </Show>
                    <Show when=move || approved.get().is_some()>
                        <Key class="plot-slow" text="slower than +10 %".to_owned() />
                    </Show>
                    <Show when=move || late.get()>
                        <Key class="plot-late" text="read later from the monitor's memory".to_owned() />
                    </Show>
                </ul>
                <p>{move || text.get()}</p>
                <details>
                    <summary>"As a table (UTC)"</summary>
                    <table::ChartTable chart />
                </details>
            </figcaption>
        </figure>
    }
    .into_any()
}

#[component]
fn Key(class: &'static str, text: String) -> impl IntoView {
    let line = if class == "plot-spread" { "M1 2h18v8H1Z" } else { "M1 6H19" };
    let line = if class == "plot-slow" || class == "plot-late" { "M10 6h0" } else { line };
    view! {
        <li>
            <svg class="key" viewBox="0 0 20 12">
                <path class=class d=line></path>
            </svg>
            {text}
        </li>
    }
    .into_any()
}

fn value_tick(tick: &Tick) -> impl IntoView + use<> {
    view! {
        <text x="100%" y=format!("{:.2}%", tick.percent) text-anchor="end" dominant-baseline="middle">
            {tick.label.clone()}
        </text>
    }
}

fn time_tick(tick: &Tick) -> impl IntoView + use<> {
    // A label at the very edge would stand half outside.
    let anchor = match tick.percent {
        ..3.0 => "start",
        97.0.. => "end",
        _ => "middle",
    };
    view! {
        <text x=format!("{:.2}%", tick.percent) y="60%" text-anchor=anchor dominant-baseline="middle">
            {tick.label.clone()}
        </text>
    }
}

/// What the chart says, in a sentence or two.
fn summary(chart: &CycleChart, stretch: &str) -> String {
    let cycles: u64 = chart.points.iter().map(|point| u64::from(point.cycles)).sum();
    let times = (
        geometry::mean(&chart.points),
        chart.points.iter().map(|point| point.min).min(),
        chart.points.iter().map(|point| point.max).max(),
    );
    let (Some(mean), Some(shortest), Some(longest)) = times else {
        return format!("No cycles in the last {stretch}.");
    };
    let pauses = geometry::stretches(chart).len().saturating_sub(1) as u64;
    format!(
        "{} in the last {stretch}: mean {}, shortest {}, longest {}; {}.",
        format::counted(cycles, "cycle", "cycles"),
        format::cycle_time(mean),
        format::cycle_time(shortest),
        format::cycle_time(longest),
        format::counted(pauses, "pause", "pauses"),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::ChartPoint;
    use domain::{CycleTime, Timestamp};

    #[test]
    fn the_summary_says_what_the_chart_shows() {
        let at = Timestamp::from_millis;
        let point = |millis: i64, time| ChartPoint {
            at: at(millis),
            cycles: 1,
            min: CycleTime::from_millis(time),
            mean: CycleTime::from_millis(time),
            max: CycleTime::from_millis(time),
            temperature: None,
            late: false,
        };
        let mut chart = CycleChart { from: at(0), to: at(3_600_000), points: Vec::new(), approved: None };
        assert_eq!(summary(&chart, "1 h"), "No cycles in the last 1 h.");
        chart.points = vec![point(20_000, 20_000), point(41_000, 21_000), point(900_000, 22_000)];
        assert_eq!(
            summary(&chart, "1 h"),
            "3 cycles in the last 1 h: mean 21.0 s, shortest 20.0 s, longest 22.0 s; 1 pause."
        );
    }
}
