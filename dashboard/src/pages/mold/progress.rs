//! What a mold's news adds to a chart that is shown.

use std::time::Duration;

use domain::Timestamp;

use crate::api::ChartRange;
use crate::port::{ChartPoint, CycleChart, MoldTile};

/// How far the instant of a cycle may be off from where the cycle before it and its own time put it.
const SLACK: Duration = Duration::from_secs(2);

/// Adds the cycle that `tile` tells of; `false` when the chart cannot tell without asking the box: more than one
/// cycle came, its points stand for many, or the cycle was a first one or a pause, which has no time of its own.
pub(super) fn advance(
    chart: &mut CycleChart,
    counted_before: u64,
    tile: &MoldTile,
    range: ChartRange,
) -> bool {
    if tile.count == counted_before {
        return true;
    }
    let (Some(time), Some(at)) = (tile.last_cycle, tile.last_ended) else { return false };
    // What is told is the last time that is valid: it belongs to this cycle only if it leads here from the last point.
    let was_timed =
        |last: &ChartPoint| last.at < at && at.since(last.at).abs_diff(time.as_duration()) <= SLACK;
    let is_next = tile.count.checked_sub(counted_before) == Some(1)
        && chart.points.last().is_some_and(was_timed)
        && chart.points.iter().all(|point| point.cycles == 1)
        && chart.points.len() < ChartRange::POINTS;
    if !is_next {
        return false;
    }
    chart.points.push(ChartPoint {
        at,
        cycles: 1,
        min: time,
        mean: time,
        max: time,
        temperature: None,
        late: false,
    });
    slide(chart, at, range);
    true
}

/// Moves the stretch on so that it ends at `to`, if that is later.
fn slide(chart: &mut CycleChart, to: Timestamp, range: ChartRange) {
    if to > chart.to {
        chart.to = to;
        chart.from = to.earlier_by(range.length());
        let from = chart.from;
        chart.points.retain(|point| point.at >= from);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::{CycleTime, MoldId, MoldState};

    const HOUR: i64 = 3_600_000;

    fn at(millis: i64) -> Timestamp {
        Timestamp::from_millis(millis)
    }

    fn tile(count: u64, ended: i64) -> MoldTile {
        MoldTile {
            id: MoldId(1),
            name: "M-1".parse().unwrap(),
            description: String::new(),
            press: None,
            state: MoldState::Cycling,
            state_since: None,
            last_cycle: Some(CycleTime::from_millis(20_000)),
            approved: None,
            count,
            last_ended: Some(at(ended)),
            last_heard: None,
            alarms: 0,
            worst: None,
        }
    }

    fn point(ended: i64) -> ChartPoint {
        let time = CycleTime::from_millis(20_000);
        let (at, cycles, late) = (at(ended), 1, false);
        ChartPoint { at, cycles, min: time, mean: time, max: time, temperature: None, late }
    }

    /// An hour with one cycle at its very begin and one at `ended`.
    fn chart(ended: i64) -> CycleChart {
        CycleChart { from: at(0), to: at(HOUR), points: vec![point(1000), point(ended)], approved: None }
    }

    #[test]
    fn the_next_cycle_moves_the_hour_on() {
        let mut chart = chart(HOUR - 18_500);
        assert!(advance(&mut chart, 10, &tile(11, HOUR + 2000), ChartRange::Hour));
        assert_eq!((chart.from, chart.to), (at(2000), at(HOUR + 2000)));
        assert_eq!(chart.points.len(), 2, "the first cycle is more than an hour old now");
    }

    #[test]
    fn the_same_count_again_adds_nothing() {
        let mut chart = chart(40_000);
        assert!(advance(&mut chart, 10, &tile(10, 60_000), ChartRange::Hour));
        assert_eq!(chart.points.len(), 2);
    }

    #[test]
    fn a_first_cycle_after_a_stop_is_not_drawn() {
        let mut chart = chart(40_000);
        assert!(
            !advance(&mut chart, 10, &tile(11, 640_000), ChartRange::Hour),
            "the time is that of the last"
        );
        let mut empty = CycleChart { points: Vec::new(), ..chart.clone() };
        assert!(
            !advance(&mut empty, 10, &tile(11, 640_000), ChartRange::Hour),
            "nothing tells what came before"
        );
        assert_eq!((chart.points.len(), empty.points.len()), (2, 0));
        chart.points.push(point(640_000));
        assert!(advance(&mut chart, 11, &tile(12, 661_000), ChartRange::Hour), "the one after it is");
    }

    #[test]
    fn nothing_is_invented_for_cycles_that_were_not_told() {
        let mut chart = chart(40_000);
        assert!(!advance(&mut chart, 10, &tile(12, 80_000), ChartRange::Hour));
        assert!(!advance(&mut chart, 10, &tile(11, 500), ChartRange::Hour), "older than the last point");
        assert_eq!(chart.points.len(), 2);
    }
}
