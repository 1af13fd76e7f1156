//! When the disk will be full, if it goes on like this.

use crate::plant::StorageDay;

/// Days that must have been measured before anything is said.
pub const FEWEST_DAYS: usize = 3;
/// Growth is taken over so many days: a plant does not run every day of the week, and history is packed in portions.
const STRIDE: i64 = 7;
/// Days longer ago than this say nothing of the next ones, and may be of a clock that was wrong.
const LONGEST_AGO: i64 = 400;
/// Ten years.
const FAR: u64 = 3_653;
/// Bytes with which the disk is full already: the store writes nothing when less is free.
const FULL: u64 = 16 << 20;

/// What is said of the future.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Forecast {
    /// Too few days were measured.
    TooEarly,
    /// On that day since the Unix epoch, UTC.
    FullOn(i64),
    /// Not within ten years.
    NotWithinTenYears,
}

/// What the days that were measured tell of the next ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outlook {
    /// When the disk will be full.
    pub forecast: Forecast,
    /// Bytes that the data folder grows a day; `None`: too early to tell.
    pub a_day: Option<i64>,
    /// Days that this is told from.
    pub days: usize,
}

/// When the disk will be full, as in [`outlook`].
#[must_use]
pub fn forecast(days: &[StorageDay]) -> Forecast {
    outlook(days).forecast
}

/// Looks ahead from the last day that was measured. What grows is what the data folder takes; a single large step, such as
/// an import, is not taken for growth once it is two weeks ago.
#[must_use]
pub fn outlook(days: &[StorageDay]) -> Outlook {
    let Some(now) = days.last() else {
        return Outlook { forecast: Forecast::TooEarly, a_day: None, days: 0 };
    };
    let mut days: Vec<StorageDay> = days.to_vec();
    days.retain(|seen| (now.day.saturating_sub(LONGEST_AGO)..=now.day).contains(&seen.day));
    // Of two measurements on the same day the later one stands.
    days.reverse();
    days.sort_by_key(|seen| seen.day);
    days.dedup_by_key(|seen| seen.day);
    let a_day = (days.len() >= FEWEST_DAYS).then(|| growth(&days));
    let forecast = match a_day {
        None => Forecast::TooEarly,
        Some(a_day) => full(now, a_day),
    };
    Outlook { forecast, a_day, days: days.len() }
}

fn full(now: &StorageDay, a_day: i64) -> Forecast {
    let left = now.free.saturating_sub(FULL);
    if left == 0 {
        return Forecast::FullOn(now.day);
    }
    match u64::try_from(a_day).ok().and_then(|a_day| left.checked_div(a_day)) {
        Some(far) if far <= FAR => Forecast::FullOn(now.day.saturating_add_unsigned(far)),
        _ => Forecast::NotWithinTenYears,
    }
}

/// Bytes a day: the median of the growth over every stride. The days rise.
fn growth(days: &[StorageDay]) -> i64 {
    let (Some(first), Some(last)) = (days.first(), days.last()) else { return 0 };
    let stride = STRIDE.min(last.day - first.day).max(1);
    let mut all: Vec<i64> = Vec::with_capacity(days.len());
    for (place, from) in days.iter().enumerate() {
        let Some(to) = days.iter().skip(place).find(|to| to.day - from.day >= stride) else { break };
        let grown = i128::from(to.used) - i128::from(from.used);
        let a_day = grown / i128::from(to.day - from.day);
        all.push(i64::try_from(a_day).unwrap_or(if a_day < 0 { i64::MIN } else { i64::MAX }));
    }
    all.sort_unstable();
    all.get(all.len() / 2).copied().unwrap_or(0)
}

/// A day since the Unix epoch as people write it, `2026-11-24`.
#[must_use]
pub fn date(day: i64) -> String {
    let date = jiff::Span::new()
        .try_days(day)
        .and_then(|days| jiff::civil::Date::constant(1970, 1, 1).checked_add(days));
    date.map_or_else(|_| format!("day {day}"), |date| date.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const GIB: u64 = 1 << 30;
    const TODAY: i64 = 20_781;

    /// Days up to today that begin at a size and grow evenly on a disk of 100 GiB.
    fn growing(count: i64, begin: u64, a_day: u64) -> Vec<StorageDay> {
        (0..count)
            .map(|n| {
                let used = begin + a_day * n.unsigned_abs();
                StorageDay { day: TODAY - (count - 1 - n), used, free: (100 * GIB).saturating_sub(used) }
            })
            .collect()
    }

    #[test]
    fn two_days_are_too_few() {
        assert_eq!(forecast(&[]), Forecast::TooEarly);
        assert_eq!(forecast(&growing(2, 0, GIB)), Forecast::TooEarly);
        assert_ne!(forecast(&growing(3, 0, GIB)), Forecast::TooEarly);
        assert_eq!(outlook(&growing(2, 0, GIB)).a_day, None);
        let told = outlook(&growing(9, 0, GIB));
        assert_eq!((told.a_day, told.days), (Some(1 << 30), 9));
    }

    #[test]
    fn what_does_not_grow_is_never_full() {
        assert_eq!(forecast(&growing(60, GIB, 0)), Forecast::NotWithinTenYears);
        let mut shrinking = growing(60, GIB, 1_000_000);
        let sizes: Vec<u64> = shrinking.iter().rev().map(|seen| seen.used).collect();
        shrinking.iter_mut().zip(sizes).for_each(|(seen, used)| seen.used = used);
        assert_eq!(forecast(&shrinking), Forecast::NotWithinTenYears);
    }

    #[test]
    fn a_disk_that_is_full_is_full_today() {
        let mut days = growing(5, GIB, 0);
        days.iter_mut().for_each(|seen| seen.free = FULL);
        assert_eq!(forecast(&days), Forecast::FullOn(TODAY));
    }

    #[test]
    fn a_date_is_one_of_the_calendar() {
        assert_eq!(date(0), "1970-01-01");
        assert_eq!(date(TODAY), "2026-11-24");
        assert_eq!(date(i64::MAX), format!("day {}", i64::MAX));
    }

    proptest! {
        #[test]
        fn even_growth_is_foretold_to_the_day(count in 3..60i64, a_day in (1u64 << 20)..GIB) {
            let days = growing(count, GIB, a_day);
            let far = (days.last().unwrap().free - FULL) / a_day;
            let expected = if far <= FAR {
                Forecast::FullOn(TODAY + i64::try_from(far).unwrap())
            } else {
                Forecast::NotWithinTenYears
            };
            prop_assert_eq!(forecast(&days), expected);
        }

        #[test]
        fn one_step_is_not_growth(at in 0..60usize, step in 0..40 * GIB) {
            let mut days = growing(60, GIB, 64 << 20);
            let last = days.last().unwrap().free;
            days.iter_mut().skip(at).for_each(|seen| seen.used += step);
            let far = (last - FULL) / (64 << 20);
            prop_assert_eq!(forecast(&days), Forecast::FullOn(TODAY + i64::try_from(far).unwrap()));
        }

        #[test]
        fn idle_weekends_make_no_difference(begin in 0..7i64) {
            let mut days = growing(60, GIB, 0);
            let mut used = GIB;
            for seen in &mut days {
                used += if (seen.day + begin).rem_euclid(7) < 3 { 70 << 20 } else { 0 };
                seen.used = used;
            }
            let far = (days.last().unwrap().free - FULL) / (30 << 20);
            prop_assert_eq!(forecast(&days), Forecast::FullOn(TODAY + i64::try_from(far).unwrap()));
        }

        #[test]
        fn any_days_in_any_order_are_answered(
            days in prop::collection::vec((any::<i64>(), any::<u64>(), any::<u64>()), 0..70),
        ) {
            let days: Vec<StorageDay> =
                days.into_iter().map(|(day, used, free)| StorageDay { day, used, free }).collect();
            let _ = forecast(&days);
        }
    }
}
