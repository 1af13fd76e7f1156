//! What a mold's news adds to a chart that is shown.

use domain::Timestamp;

use crate::api::ChartRange;
use crate::port::{ChartPoint, CycleChart, MoldTile};

/// Adds the cycle that `tile` tells of; `false` when the chart cannot tell without asking the box: more than one
/// cycle came, or its points stand for many.
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
    let is_next = tile.count.checked_sub(counted_before) == Some(1)
        && chart.points.last().is_none_or(|last| last.at < at)
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

    fn chart() -> CycleChart {
        let mut chart = CycleChart { from: at(0), to: at(HOUR), points: Vec::new(), approved: None };
        assert!(advance(&mut chart, 9, &tile(10, 1000), ChartRange::Hour));
        chart
    }

    #[test]
    fn the_next_cycle_moves_the_hour_on() {
        let mut chart = chart();
        assert!(advance(&mut chart, 10, &tile(11, HOUR + 2000), ChartRange::Hour));
        assert_eq!((chart.from, chart.to), (at(2000), at(HOUR + 2000)));
        assert_eq!(chart.points.len(), 1, "the first cycle is more than an hour old now");
    }

    #[test]
    fn the_same_count_again_adds_nothing() {
        let mut chart = chart();
        assert!(advance(&mut chart, 10, &tile(10, 21_000), ChartRange::Hour));
        assert_eq!(chart.points.len(), 1);
    }

    #[test]
    fn nothing_is_invented_for_cycles_that_were_not_told() {
        let mut chart = chart();
        assert!(!advance(&mut chart, 10, &tile(12, 41_000), ChartRange::Hour));
        assert!(!advance(&mut chart, 10, &tile(11, 500), ChartRange::Hour), "older than the last point");
        assert_eq!(chart.points.len(), 1);
    }
}
