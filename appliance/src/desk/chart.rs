//! Cycle times of a stretch of time in so many points.
//!
//! A pause is no cycle time: first cycles, and those longer than three times approved (law 11), are left out.

use std::ops::ControlFlow;
use std::time::Duration;

use dashboard::port::{ChartPoint, CycleChart};
use domain::{Cycle, CycleTime, MoldId, Temperature, Timestamp};

use crate::store::{DailyRollup, LONGEST_VALID_MS, Read, Store, Summary, Thinning};

/// More than the screen could show.
const MOST_POINTS: usize = 5_000;
/// A stretch longer than this is drawn from the sums of days.
const DAYS_FROM: i64 = 200 * DAY;
const DAY: i64 = 86_400_000;

type Stretch = (Timestamp, Timestamp);

/// Longer than this is a stop.
fn longest(approved: Option<CycleTime>) -> CycleTime {
    let times_three = approved.map(|approved| approved.as_millis().saturating_mul(3));
    CycleTime::from_millis(times_three.unwrap_or(LONGEST_VALID_MS).min(LONGEST_VALID_MS))
}

/// The mean of the valid cycle times of a stretch of time.
pub(super) fn average(
    store: &Store,
    mold: MoldId,
    (from, to): Stretch,
    approved: Option<CycleTime>,
) -> Result<Option<CycleTime>, Read> {
    let how = Thinning { parts: 1, longest: longest(approved), temperatures: false };
    let whole = store.trend(mold, (from, to.later_by(Duration::from_millis(1))), how)?;
    Ok(whole.first().and_then(|whole| whole.sums.mean_ms()).map(CycleTime::from_millis))
}

/// The chart of a stretch of time in at most `points` points.
pub(super) fn chart(
    store: &Store,
    mold: MoldId,
    (from, to): Stretch,
    points: usize,
    approved: Option<CycleTime>,
) -> Result<CycleChart, Read> {
    let parts = points.clamp(1, MOST_POINTS);
    let longest = longest(approved);
    let points = if to.as_millis().saturating_sub(from.as_millis()) > DAYS_FROM {
        days(&store.daily(mold, from.utc_day(), to.utc_day())?, (from, to), parts, longest)
    } else {
        let how = Thinning { parts, longest, temperatures: true };
        let sums = store.trend(mold, (from, to), how)?;
        let valid = sums.iter().fold(0u64, |valid, part| valid.saturating_add(part.sums.valid));
        if valid > parts as u64 {
            sums.iter().filter_map(|part| of_sums(&part.sums)).collect()
        } else {
            single(store, mold, (from, to), longest)?
        }
    };
    Ok(CycleChart { from, to, points, approved })
}

/// Each cycle as a point of its own.
fn single(
    store: &Store,
    mold: MoldId,
    (from, to): Stretch,
    longest: CycleTime,
) -> Result<Vec<ChartPoint>, Read> {
    let mut points = Vec::new();
    store.cycles(mold, from, to, |cycle| {
        if !cycle.flags.first && cycle.cycle_time <= longest {
            points.push(of_cycle(&cycle));
        }
        ControlFlow::Continue(())
    })?;
    points.sort_by_key(|point| point.at);
    Ok(points)
}

fn of_cycle(cycle: &Cycle) -> ChartPoint {
    ChartPoint {
        at: cycle.ended,
        cycles: 1,
        min: cycle.cycle_time,
        mean: cycle.cycle_time,
        max: cycle.cycle_time,
        temperature: cycle.temperature,
        late: cycle.flags.late,
    }
}

/// None without a valid cycle.
fn of_sums(sums: &Summary) -> Option<ChartPoint> {
    Some(ChartPoint {
        at: Timestamp::from_millis(sums.earliest),
        cycles: u32::try_from(sums.valid).unwrap_or(u32::MAX),
        min: CycleTime::from_millis(sums.min_ms),
        mean: CycleTime::from_millis(sums.mean_ms()?),
        max: CycleTime::from_millis(sums.max_ms),
        temperature: sums.mean_milli_celsius().map(Temperature::from_milli_celsius),
        late: sums.late > 0,
    })
}

/// Days as points, several as one where there are more of them than points.
fn days(days: &[DailyRollup], (from, to): Stretch, points: usize, longest: CycleTime) -> Vec<ChartPoint> {
    let span = i128::from(to.as_millis()) - i128::from(from.as_millis());
    let place = |day: &DailyRollup| {
        let into = i128::from(day.first_ended) - i128::from(from.as_millis());
        into.max(0) * points as i128 / span.max(1)
    };
    let together = days.chunk_by(|day, next| place(day) == place(next));
    together.filter_map(|days| of_days(days, longest)).collect()
}

fn of_days(days: &[DailyRollup], longest: CycleTime) -> Option<ChartPoint> {
    let mut all = *days.first()?;
    days.iter().skip(1).for_each(|day| all.merge(day));
    let mean = CycleTime::from_millis(all.mean_ms()?);
    let warm = i64::try_from(all.temperatures).ok().and_then(|count| all.temperature_sum.checked_div(count));
    Some(ChartPoint {
        at: Timestamp::from_millis(all.first_ended),
        cycles: u32::try_from(all.valid).unwrap_or(u32::MAX),
        min: CycleTime::from_millis(all.min_ms),
        mean,
        // What was slower was a stop beside the approved time, which the sums of days do not know.
        max: CycleTime::from_millis(all.max_ms).min(longest.max(mean)),
        temperature: warm.and_then(|milli| i32::try_from(milli).ok()).map(Temperature::from_milli_celsius),
        late: all.late > 0,
    })
}
