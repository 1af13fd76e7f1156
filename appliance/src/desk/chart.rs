//! Cycle times of a stretch of time in so many points.
//!
//! A pause is no cycle time: first cycles, and those longer than three times approved (law 11), are left out.

use std::ops::ControlFlow;

use dashboard::port::{ChartPoint, CycleChart};
use domain::{Cycle, CycleTime, MoldId, Temperature, Timestamp};

use crate::store::{DailyRollup, LONGEST_VALID_MS, Read, Store};

/// More than the screen could show.
const MOST_POINTS: usize = 5_000;
/// A stretch longer than this is drawn from the sums of days.
const DAYS_FROM: i64 = 200 * DAY;
const DAY: i64 = 86_400_000;

/// Longer than this is a stop.
fn longest(approved: Option<CycleTime>) -> u32 {
    approved.map_or(LONGEST_VALID_MS, |approved| approved.as_millis().saturating_mul(3))
}

/// The mean of the valid cycle times of a stretch of time.
pub(super) fn average(
    store: &Store,
    mold: MoldId,
    (from, to): (Timestamp, Timestamp),
    approved: Option<CycleTime>,
) -> Result<Option<CycleTime>, Read> {
    let longest = longest(approved);
    let (mut sum, mut valid) = (0u64, 0u64);
    store.cycles(mold, from, to.later_by(std::time::Duration::from_millis(1)), |cycle| {
        let ms = cycle.cycle_time.as_millis();
        if !cycle.flags.first && ms <= longest {
            sum += u64::from(ms);
            valid += 1;
        }
        ControlFlow::Continue(())
    })?;
    let mean = sum.checked_div(valid).and_then(|mean| u32::try_from(mean).ok());
    Ok(mean.map(CycleTime::from_millis))
}

/// The chart of a stretch of time in at most `points` points.
pub(super) fn chart(
    store: &Store,
    mold: MoldId,
    (from, to): (Timestamp, Timestamp),
    points: usize,
    approved: Option<CycleTime>,
) -> Result<CycleChart, Read> {
    let points = points.clamp(1, MOST_POINTS);
    let mut chart = Points::new((from, to), points, longest(approved));
    if to.as_millis().saturating_sub(from.as_millis()) > DAYS_FROM {
        for day in store.daily(mold, from.utc_day(), to.utc_day())? {
            chart.day(&day);
        }
    } else {
        store.cycles(mold, from, to, |cycle| {
            chart.cycle(&cycle);
            ControlFlow::Continue(())
        })?;
    }
    Ok(CycleChart { from, to, points: chart.finish(), approved })
}

/// What stands for one point, as it grows.
#[derive(Debug, Clone, Copy)]
struct Sum {
    at: Timestamp,
    cycles: u64,
    ms: u64,
    min: u32,
    max: u32,
    temperature: i64,
    temperatures: u64,
    late: bool,
}

impl Sum {
    fn of(cycle: &Cycle) -> Self {
        let ms = cycle.cycle_time.as_millis();
        Sum {
            at: cycle.ended,
            cycles: 1,
            ms: u64::from(ms),
            min: ms,
            max: ms,
            temperature: cycle.temperature.map_or(0, |t| i64::from(t.as_milli_celsius())),
            temperatures: u64::from(cycle.temperature.is_some()),
            late: cycle.flags.late,
        }
    }

    fn add(&mut self, other: &Sum) {
        self.at = self.at.min(other.at);
        self.cycles = self.cycles.saturating_add(other.cycles);
        self.ms = self.ms.saturating_add(other.ms);
        self.min = self.min.min(other.min);
        self.max = self.max.max(other.max);
        self.temperature = self.temperature.saturating_add(other.temperature);
        self.temperatures = self.temperatures.saturating_add(other.temperatures);
        self.late |= other.late;
    }

    fn point(&self) -> Option<ChartPoint> {
        let mean = u32::try_from(self.ms.checked_div(self.cycles)?).ok()?;
        let count = i64::try_from(self.temperatures).ok().filter(|count| *count > 0);
        let temperature = count.and_then(|count| i32::try_from(self.temperature / count).ok());
        Some(ChartPoint {
            at: self.at,
            cycles: u32::try_from(self.cycles).unwrap_or(u32::MAX),
            min: CycleTime::from_millis(self.min),
            mean: CycleTime::from_millis(mean),
            max: CycleTime::from_millis(self.max),
            temperature: temperature.map(Temperature::from_milli_celsius),
            late: self.late,
        })
    }
}

/// Cycles one by one as long as they fit, else summed over equal stretches of time.
struct Points {
    from: i64,
    span: i64,
    points: usize,
    longest: u32,
    single: Vec<Sum>,
    stretches: Option<Vec<Option<Sum>>>,
}

impl Points {
    fn new((from, to): (Timestamp, Timestamp), points: usize, longest: u32) -> Self {
        let from = from.as_millis();
        let span = to.as_millis().saturating_sub(from).max(1);
        Points { from, span, points, longest, single: Vec::new(), stretches: None }
    }

    fn cycle(&mut self, cycle: &Cycle) {
        if !cycle.flags.first && cycle.cycle_time.as_millis() <= self.longest {
            self.push(Sum::of(cycle));
        }
    }

    fn day(&mut self, day: &DailyRollup) {
        if day.valid > 0 {
            self.push(Sum {
                at: Timestamp::from_millis(day.first_ended),
                cycles: day.valid,
                ms: day.sum_ms,
                min: day.min_ms,
                max: day.max_ms.min(self.longest.max(day.min_ms)),
                temperature: day.temperature_sum,
                temperatures: day.temperatures,
                late: day.late > 0,
            });
        }
    }

    fn push(&mut self, sum: Sum) {
        if self.stretches.is_none() {
            if self.single.len() < self.points {
                self.single.push(sum);
                return;
            }
            let mut stretches = vec![None; self.points];
            for single in self.single.drain(..) {
                put(&mut stretches, self.from, self.span, single);
            }
            self.stretches = Some(stretches);
        }
        if let Some(stretches) = &mut self.stretches {
            put(stretches, self.from, self.span, sum);
        }
    }

    fn finish(self) -> Vec<ChartPoint> {
        let mut sums = match self.stretches {
            None => self.single,
            Some(stretches) => stretches.into_iter().flatten().collect(),
        };
        sums.sort_by_key(|sum| sum.at);
        sums.iter().filter_map(Sum::point).collect()
    }
}

fn put(stretches: &mut [Option<Sum>], from: i64, span: i64, sum: Sum) {
    let into = i128::from(sum.at.as_millis().saturating_sub(from).max(0));
    let place = into * stretches.len() as i128 / i128::from(span);
    let last = stretches.len().saturating_sub(1);
    let place = usize::try_from(place).unwrap_or(last).min(last);
    match stretches.get_mut(place) {
        Some(Some(stretch)) => stretch.add(&sum),
        Some(empty) => *empty = Some(sum),
        None => {}
    }
}
