//! Where everything on a cycle-time chart goes. Pure: a chart in, paths and ticks out.

use std::fmt::Write;
use std::time::Duration;

use domain::{CycleTime, Timestamp};

use crate::format;
use crate::port::{ChartPoint, CycleChart};

/// Width and height of the plot in its own units; the browser stretches it to what room there is.
pub const SIDE: f64 = 1000.0;

/// More than a tenth off the approved time is outside the band (a slower one counts as slow).
const BAND: f64 = 0.1;

/// A mark on an axis.
#[derive(Debug, Clone, PartialEq)]
pub struct Tick {
    /// How far along the axis, from the left or from the top, in percent.
    pub percent: f64,
    /// What stands there.
    pub label: String,
}

/// A chart ready to be drawn.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Drawing {
    /// The mean cycle time, broken where there are gaps.
    pub line: String,
    /// From the shortest to the longest, where a point stands for many cycles.
    pub spread: String,
    /// Single cycles inside the band.
    pub dots: String,
    /// Cycles slower than the band allows.
    pub slow: String,
    /// Cycles that were read from the device's memory after the fact.
    pub late: String,
    /// The approved time.
    pub approved: String,
    /// The approved time's band.
    pub band: String,
    /// The lines of the grid.
    pub grid: String,
    /// Times, from the left.
    pub times: Vec<Tick>,
    /// Cycle times, from the top.
    pub values: Vec<Tick>,
}

/// The longest pause between two points that is not drawn as a gap.
fn longest_join(chart: &CycleChart) -> Duration {
    let typical = chart.approved.or_else(|| mean(&chart.points)).unwrap_or_default().as_duration();
    let crowded = chart.points.iter().any(|point| point.cycles > 1);
    // Where points stand for many cycles they lie as far apart as the stretch is divided into.
    let share = if crowded { chart.to.since(chart.from) / 150 } else { Duration::ZERO };
    (typical * 3).max(share)
}

/// The mean of all cycles.
#[must_use]
pub fn mean(points: &[ChartPoint]) -> Option<CycleTime> {
    let sum: u128 =
        points.iter().map(|point| u128::from(point.mean.as_millis()) * u128::from(point.cycles)).sum();
    let cycles: u128 = points.iter().map(|point| u128::from(point.cycles)).sum();
    u32::try_from(sum.checked_div(cycles)?).ok().map(CycleTime::from_millis)
}

/// The points in stretches without a gap.
#[must_use]
pub fn stretches(chart: &CycleChart) -> Vec<&[ChartPoint]> {
    let longest = longest_join(chart);
    chart
        .points
        .chunk_by(|a, b| {
            let covered = a.mean.as_duration() * a.cycles.saturating_sub(1);
            b.at.since(a.at.later_by(covered)) <= longest
        })
        .collect()
}

struct Scale {
    from: i64,
    length: f64,
    low: f64,
    high: f64,
}

impl Scale {
    fn of(chart: &CycleChart, low: f64, high: f64) -> Self {
        let from = chart.from.as_millis();
        // A stretch of no length would divide by zero.
        let length = chart.to.as_millis().saturating_sub(from).max(1);
        Scale { from, length: length as f64, low, high }
    }

    fn x(&self, at: Timestamp) -> f64 {
        at.as_millis().saturating_sub(self.from) as f64 / self.length * SIDE
    }

    fn y(&self, seconds: f64) -> f64 {
        (self.high - seconds) / (self.high - self.low) * SIDE
    }
}

/// Lays a chart out.
#[must_use]
pub fn draw(chart: &CycleChart) -> Drawing {
    let (low, high, step) = value_axis(chart);
    let scale = Scale::of(chart, low, high);
    let mut drawing = Drawing { times: time_axis(chart), ..Drawing::default() };

    for tick in &drawing.times {
        let _ = write!(drawing.grid, "M{:.1} 0V{SIDE}", tick.percent * SIDE / 100.0);
    }
    let decimals = if step < 1.0 { 1 } else { 0 };
    let mut value = low;
    while value <= high + step / 2.0 {
        let y = scale.y(value);
        let _ = write!(drawing.grid, "M0 {y:.1}H{SIDE}");
        drawing.values.push(Tick { percent: y / SIDE * 100.0, label: format!("{value:.decimals$}") });
        value += step;
    }

    if let Some(approved) = chart.approved.map(CycleTime::as_secs) {
        let y = scale.y(approved);
        let (top, bottom) = (scale.y(approved * (1.0 + BAND)), scale.y(approved * (1.0 - BAND)));
        let _ = write!(drawing.approved, "M0 {y:.1}H{SIDE}");
        let _ = write!(drawing.band, "M0 {top:.1}H{SIDE}V{bottom:.1}H0Z");
    }

    for stretch in stretches(chart) {
        draw_stretch(stretch, chart.approved, &scale, &mut drawing);
    }
    drawing
}

fn draw_stretch(points: &[ChartPoint], approved: Option<CycleTime>, scale: &Scale, drawing: &mut Drawing) {
    let mut pen = 'M';
    for point in points {
        let (x, y) = (scale.x(point.at), scale.y(point.mean.as_secs()));
        let _ = write!(drawing.line, "{pen}{x:.1} {y:.1}");
        pen = 'L';
        let slow = approved.is_some_and(|approved| point.mean.as_secs() > approved.as_secs() * (1.0 + BAND));
        let dots = match point {
            _ if slow => Some(&mut drawing.slow),
            ChartPoint { late: true, .. } => Some(&mut drawing.late),
            ChartPoint { cycles: ..=1, .. } => Some(&mut drawing.dots),
            // A mean that stands alone would be a line of no length.
            _ if points.len() == 1 => Some(&mut drawing.dots),
            _ => None,
        };
        if let Some(dots) = dots {
            // A line of no length with round ends is a dot that stays round however the plot is stretched.
            let _ = write!(dots, "M{x:.1} {y:.1}h0");
        }
    }
    if points.len() > 1 && points.iter().any(|point| point.cycles > 1) {
        let mut pen = 'M';
        let highest = points.iter().map(|point| (point.at, point.max));
        let lowest = points.iter().rev().map(|point| (point.at, point.min));
        for (at, time) in highest.chain(lowest) {
            let _ = write!(drawing.spread, "{pen}{:.1} {:.1}", scale.x(at), scale.y(time.as_secs()));
            pen = 'L';
        }
        drawing.spread.push('Z');
    }
}

/// Lowest and highest value of the axis and the step between its ticks, in seconds.
fn value_axis(chart: &CycleChart) -> (f64, f64, f64) {
    let approved = chart.approved.map(CycleTime::as_secs);
    let lowest = chart.points.iter().map(|point| point.min.as_secs());
    let highest = chart.points.iter().map(|point| point.max.as_secs());
    let low = lowest.chain(approved.map(|approved| approved * 0.85)).fold(f64::INFINITY, f64::min);
    let high = highest.chain(approved.map(|approved| approved * 1.15)).fold(0.0, f64::max);
    if !low.is_finite() || high <= 0.0 {
        return (0.0, 30.0, 10.0);
    }
    // Cycles that are all alike must not fill the chart with their last digit.
    let room = (high - low).max(high * 0.1).max(1.0);
    let step = nice_step(room / 4.0);
    let low = (low / step).floor() * step;
    // The steps are counted from the bottom: adding up the top is exact enough, dividing it is not.
    let steps = ((low + room).max(high) - low) / step;
    (low, low + steps.ceil() * step, step)
}

/// The next of 1, 2, 5, 10, 20, 50... that is not below `step`; a fifth of a second at least.
fn nice_step(step: f64) -> f64 {
    let mut size = 0.1;
    loop {
        for factor in [2.0, 5.0, 10.0] {
            if size * factor >= step {
                return size * factor;
            }
        }
        size *= 10.0;
    }
}

/// Steps of the time axis, in seconds.
const TIME_STEPS: [i64; 13] =
    [60, 300, 600, 900, 1800, 3600, 7200, 14_400, 21_600, 43_200, 86_400, 172_800, 604_800];

/// Most ticks that have room on a phone.
const MOST_TIMES: i64 = 6;

fn time_axis(chart: &CycleChart) -> Vec<Tick> {
    let from = chart.from.as_millis();
    let length = chart.to.as_millis().saturating_sub(from);
    if length <= 0 {
        return Vec::new();
    }
    let step = TIME_STEPS.into_iter().find(|step| length / (step * 1000) <= MOST_TIMES);
    // Beyond the list whole weeks are put together.
    let step = step.unwrap_or_else(|| (length / 1000 / MOST_TIMES / 604_800 + 1) * 604_800) * 1000;
    let first = from.div_euclid(step).saturating_add(1).saturating_mul(step);
    let mut ticks = Vec::new();
    let mut at = first;
    while at <= from.saturating_add(length) {
        let instant = Timestamp::from_millis(at);
        let label =
            if step >= 86_400_000 { format::short_day(instant) } else { format::hour_and_minute(instant) };
        ticks.push(Tick { percent: (at - from) as f64 / length as f64 * 100.0, label });
        at = at.saturating_add(step);
    }
    ticks
}

#[cfg(test)]
mod tests;
