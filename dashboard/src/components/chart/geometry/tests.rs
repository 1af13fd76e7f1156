use super::*;
use proptest::prelude::*;

const HOUR: i64 = 3_600_000;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(millis)
}

fn ms(millis: u32) -> CycleTime {
    CycleTime::from_millis(millis)
}

fn one(at_ms: i64, time: u32) -> ChartPoint {
    ChartPoint {
        at: at(at_ms),
        cycles: 1,
        min: ms(time),
        mean: ms(time),
        max: ms(time),
        temperature: None,
        late: false,
    }
}

fn chart(points: Vec<ChartPoint>) -> CycleChart {
    CycleChart { from: at(0), to: at(HOUR), points, approved: Some(ms(20_000)) }
}

#[test]
fn an_hour_of_steady_cycles_is_one_stretch() {
    let chart = chart((0..180).map(|n| one(n * 20_000, 20_000)).collect());
    assert_eq!(stretches(&chart).len(), 1);
    let drawing = draw(&chart);
    assert_eq!(drawing.line.matches('M').count(), 1);
    assert_eq!(drawing.dots.matches('M').count(), 180);
    assert_eq!(drawing.slow, "");
    assert_eq!(drawing.spread, "");
}

#[test]
fn a_pause_is_drawn_as_a_gap() {
    let chart = chart(vec![one(20_000, 20_000), one(40_000, 20_000), one(400_000, 20_000)]);
    assert_eq!(stretches(&chart).len(), 2);
    assert_eq!(draw(&chart).line.matches('M').count(), 2);
}

#[test]
fn a_slow_cycle_is_no_gap_and_stands_out() {
    let chart = chart(vec![one(20_000, 20_000), one(75_000, 55_000), one(95_000, 20_000)]);
    let drawing = draw(&chart);
    assert_eq!(drawing.line.matches('M').count(), 1);
    assert_eq!(drawing.slow.matches('M').count(), 1);
    assert_eq!(drawing.dots.matches('M').count(), 2);
}

#[test]
fn a_point_of_many_cycles_reaches_as_far_as_its_cycles() {
    // Forty cycles of 20 s from minute 0 on end at 13:00; the next point at 13:20 follows on.
    let many = |start: i64| ChartPoint { cycles: 40, ..one(start, 20_000) };
    let long = CycleChart { to: at(4 * HOUR), ..chart(vec![many(0), many(800_000), many(3_600_000)]) };
    assert_eq!(stretches(&long).len(), 2);
    assert!(draw(&long).spread.ends_with('Z'));
}

#[test]
fn late_cycles_are_marked() {
    let chart = chart(vec![ChartPoint { late: true, ..one(20_000, 20_000) }]);
    assert_eq!(draw(&chart).late, "M5.6 500.0h0");
}

#[test]
fn the_newest_time_is_right_and_the_longest_on_top() {
    let chart = chart(vec![one(0, 18_000), one(HOUR, 23_000)]);
    let drawing = draw(&chart);
    let (first, last) = drawing.line.split_once('M').and_then(|(_, rest)| rest.split_once('M')).unwrap();
    let point = |text: &str| {
        let (x, y) = text.split_once(' ').unwrap();
        (x.parse::<f64>().unwrap(), y.parse::<f64>().unwrap())
    };
    assert_eq!((point(first).0, point(last).0), (0.0, SIDE));
    assert!(point(first).1 > point(last).1);
}

#[test]
fn ticks_are_round_numbers() {
    let drawing = draw(&chart(vec![one(0, 18_000), one(HOUR, 23_000)]));
    let labels = |ticks: &[Tick]| ticks.iter().map(|tick| tick.label.clone()).collect::<Vec<_>>();
    assert_eq!(labels(&drawing.values), ["16", "18", "20", "22", "24"]);
    assert_eq!(labels(&drawing.times), ["00:10", "00:20", "00:30", "00:40", "00:50", "01:00"]);
    let quarter = CycleChart { to: at(90 * 24 * HOUR), ..chart(Vec::new()) };
    assert_eq!(labels(&draw(&quarter).times), ["22 Jan", "12 Feb", "5 Mar", "26 Mar"]);
}

#[test]
fn an_empty_chart_has_axes_and_no_data() {
    let empty = CycleChart { approved: None, ..chart(Vec::new()) };
    let drawing = draw(&empty);
    assert!(!drawing.values.is_empty() && !drawing.times.is_empty());
    assert_eq!((drawing.line, drawing.approved), (String::new(), String::new()));
    assert_eq!(mean(&[]), None);
}

#[test]
fn the_mean_weighs_points_by_their_cycles() {
    let points = [ChartPoint { cycles: 3, ..one(0, 10_000) }, one(1, 20_000)];
    assert_eq!(mean(&points), Some(ms(12_500)));
}

proptest! {
    #[test]
    fn every_point_lies_inside_the_plot(
        times in prop::collection::vec((0..HOUR, 1u32..200_000, 1u32..500), 0..60),
        approved in prop::option::of(1u32..200_000),
    ) {
        let mut points: Vec<_> =
            times.into_iter().map(|(at, time, cycles)| ChartPoint { cycles, ..one(at, time) }).collect();
        points.sort_by_key(|point| point.at);
        let drawing = draw(&CycleChart { approved: approved.map(ms), ..chart(points) });
        prop_assert!(drawing.values.len() < 14, "{:?}", drawing.values);
        for part in drawing.line.split(['M', 'L']).filter(|part| !part.is_empty()) {
            for number in part.split(' ') {
                let number: f64 = number.parse().unwrap();
                prop_assert!((-0.1..=SIDE + 0.1).contains(&number), "{}", part);
            }
        }
    }

    #[test]
    fn no_stretch_of_time_is_too_odd(from in any::<i64>(), to in any::<i64>()) {
        let drawing = draw(&CycleChart { from: at(from), to: at(to), ..chart(vec![one(0, 20_000)]) });
        prop_assert!(drawing.times.len() < 20);
    }
}
