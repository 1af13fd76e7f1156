use domain::{CycleTime, Timestamp};
use leptos::prelude::*;

use super::geometry::mean;
use crate::format;
use crate::port::CycleChart;

/// Most lines the table has.
const LINES: i64 = 12;

#[derive(Debug, Clone, PartialEq)]
struct Line {
    begin: Timestamp,
    cycles: u64,
    times: Option<(CycleTime, CycleTime, CycleTime)>,
}

/// The chart's points put together into a dozen lines of equal length.
fn lines(chart: &CycleChart) -> Vec<Line> {
    let from = chart.from.as_millis();
    let length = chart.to.as_millis().saturating_sub(from);
    (0..LINES)
        .map(|number| {
            // Divided before it is multiplied: a stretch may be as long as all time.
            let edge = |number: i64| Timestamp::from_millis(from.saturating_add(length / LINES * number));
            let (begin, end) = (edge(number), if number + 1 == LINES { chart.to } else { edge(number + 1) });
            let first = chart.points.partition_point(|point| point.at < begin);
            let last = chart
                .points
                .partition_point(|point| if number + 1 == LINES { point.at <= end } else { point.at < end });
            let points = chart.points.get(first..last).unwrap_or_default();
            let shortest = points.iter().map(|point| point.min).min();
            let longest = points.iter().map(|point| point.max).max();
            Line {
                begin,
                cycles: points.iter().map(|point| u64::from(point.cycles)).sum(),
                times: shortest.zip(mean(points)).zip(longest).map(|((min, mean), max)| (min, mean, max)),
            }
        })
        .collect()
}

/// The chart for whoever reads numbers rather than lines.
#[component]
pub fn ChartTable(
    /// What it shows.
    chart: Signal<CycleChart>,
) -> impl IntoView {
    let row = |line: Line| {
        let time = |time: Option<CycleTime>| time.map_or_else(|| "–".to_owned(), format::seconds);
        let (min, mean, max) = match line.times {
            Some((min, mean, max)) => (Some(min), Some(mean), Some(max)),
            None => (None, None, None),
        };
        view! {
            <tr>
                <th scope="row">{format::short_day(line.begin)} " " {format::hour_and_minute(line.begin)}</th>
                <td>{format::count(line.cycles)}</td>
                <td>{time(min)}</td>
                <td>{time(mean)}</td>
                <td>{time(max)}</td>
            </tr>
        }
    };
    view! {
        <table>
            <thead>
                <tr>
                    <th scope="col">"From"</th>
                    <th scope="col">"Cycles"</th>
                    <th scope="col">"Shortest, s"</th>
                    <th scope="col">"Mean, s"</th>
                    <th scope="col">"Longest, s"</th>
                </tr>
            </thead>
            <tbody>{move || chart.with(lines).into_iter().map(row).collect_view()}</tbody>
        </table>
    }
    .into_any()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::port::ChartPoint;

    #[test]
    fn every_cycle_of_the_chart_is_in_one_line_of_the_table() {
        let at = Timestamp::from_millis;
        let time = CycleTime::from_millis(20_000);
        let point = |millis| ChartPoint {
            at: at(millis),
            cycles: 2,
            min: time,
            mean: time,
            max: time,
            temperature: None,
            late: false,
        };
        let points: Vec<_> = [0, 299_999, 300_000, 1_800_000, 3_600_005].map(point).into();
        let chart = CycleChart { from: at(0), to: at(3_600_005), points, approved: None };
        let lines = lines(&chart);
        assert_eq!(lines.len(), 12);
        assert_eq!(lines.iter().map(|line| line.cycles).sum::<u64>(), 10);
        assert_eq!(lines.first().map(|line| line.cycles), Some(4));
        assert_eq!(lines.last().map(|line| line.cycles), Some(2));
        assert_eq!(lines.get(1).and_then(|line| line.times.map(|(_, mean, _)| mean)), Some(time));
        assert_eq!(lines.get(2).and_then(|line| line.times), None);
    }
}
