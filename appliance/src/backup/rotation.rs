//! Which backups stay: the newest of each of the last days, weeks and months that have one. Pure.

use std::collections::BTreeSet;

use domain::Timestamp;

use super::names::Series;

/// Ahead of the clock by more, a file says nothing of today.
const AHEAD_MS: i64 = 86_400_000;

/// How many stay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Keep {
    /// Of days that have a backup.
    pub daily: u32,
    /// Of weeks, which begin on Monday.
    pub weekly: u32,
    /// Of months.
    pub monthly: u32,
}

impl Default for Keep {
    fn default() -> Self {
        Keep { daily: 7, weekly: 4, monthly: 12 }
    }
}

/// How many there are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Kept {
    /// Files, each of them once.
    pub files: u32,
    /// Days whose newest one is there, of those that are wanted.
    pub daily: u32,
    /// Weeks.
    pub weekly: u32,
    /// Months.
    pub monthly: u32,
}

/// The files of a folder that may go. Never the newest, never one that is not of this series, and never one from
/// ahead of the clock, which may be wrong.
#[must_use]
pub fn surplus<'a>(files: &[&'a str], series: &Series, keep: Keep, now: Timestamp) -> Vec<&'a str> {
    let ours = ours(files, series, keep, now).into_iter().skip(1);
    ours.filter(|(_, stays)| !stays.contains(&true)).map(|(file, _)| file).collect()
}

/// Counts what there is of a series: a file may be the newest of its day and of its month.
#[must_use]
pub fn kept(files: &[&str], series: &Series, keep: Keep, now: Timestamp) -> Kept {
    ours(files, series, keep, now).into_iter().fold(Kept::default(), |kept, (_, [day, week, month])| Kept {
        files: kept.files.saturating_add(1),
        daily: kept.daily.saturating_add(day.into()),
        weekly: kept.weekly.saturating_add(week.into()),
        monthly: kept.monthly.saturating_add(month.into()),
    })
}

/// The files of a series, newest first, each with whether it stays for its day, its week and its month.
fn ours<'a>(files: &[&'a str], series: &Series, keep: Keep, now: Timestamp) -> Vec<(&'a str, [bool; 3])> {
    let latest = now.as_millis().saturating_add(AHEAD_MS);
    let mut ours: Vec<(Timestamp, &str)> = files
        .iter()
        .filter_map(|file| series.made(file).map(|made| (made, *file)))
        .filter(|(made, _)| made.as_millis() <= latest)
        .collect();
    ours.sort_unstable();
    ours.dedup();
    ours.reverse();
    let (mut days, mut weeks, mut months) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    let stays = |(made, file)| {
        let date = date(made);
        let week = date.iso_week_date();
        // Each of the three is asked: a file counts for its day and for its week.
        let stays = [
            first(&mut days, keep.daily, (date.year(), date.day_of_year())),
            first(&mut weeks, keep.weekly, (week.year(), i16::from(week.week()))),
            first(&mut months, keep.monthly, (date.year(), i16::from(date.month()))),
        ];
        (file, stays)
    };
    ours.into_iter().map(stays).collect()
}

/// Whether this is the newest of its time, and its time one of the last so many.
fn first(seen: &mut BTreeSet<(i16, i16)>, limit: u32, time: (i16, i16)) -> bool {
    seen.len() < usize::try_from(limit).unwrap_or(usize::MAX) && seen.insert(time)
}

fn date(at: Timestamp) -> jiff::civil::Date {
    jiff::Timestamp::from_millisecond(at.as_millis())
        .map_or(jiff::civil::Date::ZERO, |at| jiff::tz::TimeZone::UTC.to_datetime(at).date())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DAY: i64 = 86_400_000;
    /// 24 November 2026.
    const NOW: i64 = 1_795_486_500_000;

    fn series() -> Series {
        "box".parse().unwrap()
    }

    fn nights(count: i64) -> Vec<String> {
        (0..count).map(|n| series().file(Timestamp::from_millis(NOW - n * DAY))).collect()
    }

    fn go(files: &[String], keep: Keep) -> Vec<String> {
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        let surplus = surplus(&files, &series(), keep, Timestamp::from_millis(NOW));
        surplus.into_iter().map(str::to_owned).collect()
    }

    #[test]
    fn two_years_of_nights_leave_seven_days_four_weeks_and_twelve_months() {
        let mut there: Vec<String> = Vec::new();
        for night in nights(730).into_iter().rev() {
            there.push(night);
            let now = there.iter().filter_map(|file| series().made(file)).max().unwrap();
            let files: Vec<&str> = there.iter().map(String::as_str).collect();
            let gone: Vec<String> =
                surplus(&files, &series(), Keep::default(), now).into_iter().map(str::to_owned).collect();
            there.retain(|file| !gone.contains(file));
        }
        let dates: Vec<&str> = there.iter().map(|file| &file[4..12]).collect();
        assert_eq!(
            dates[dates.len() - 7..],
            ["20261118", "20261119", "20261120", "20261121", "20261122", "20261123", "20261124"]
        );
        // The newest of a month that was there when the month ended.
        assert_eq!(dates[..3], ["20251231", "20260131", "20260228"]);
        assert!((7..=23).contains(&there.len()), "{there:?}");
        assert_eq!(go(&there, Keep::default()), Vec::<String>::new());
        let files: Vec<&str> = there.iter().map(String::as_str).collect();
        let counted = kept(&files, &series(), Keep::default(), Timestamp::from_millis(NOW));
        let files = u32::try_from(there.len()).unwrap();
        assert_eq!(counted, Kept { files, daily: 7, weekly: 4, monthly: 12 });
    }

    #[test]
    fn what_is_no_backup_of_this_box_is_not_counted() {
        let files = ["box-20261124T021500Z.platen.age", "other-20261124T021500Z.platen.age", "notes.txt"];
        let counted = kept(&files, &series(), Keep::default(), Timestamp::from_millis(NOW));
        assert_eq!(counted, Kept { files: 1, daily: 1, weekly: 1, monthly: 1 });
    }

    #[test]
    fn a_file_from_ahead_of_the_clock_neither_goes_nor_makes_another_go() {
        let mut files = nights(3);
        files.push(series().file(Timestamp::from_millis(NOW + 400 * DAY)));
        let keep = Keep { daily: 1, weekly: 0, monthly: 0 };
        assert_eq!(go(&files, keep), files[1..3]);
    }

    proptest! {
        #[test]
        fn the_newest_stays_and_nothing_that_is_not_ours_goes(
            made in prop::collection::vec(NOW - 800 * DAY..NOW, 1..60),
            others in prop::collection::vec("[a-z]{1,5}(-[0-9]{8}T[0-9]{6}Z)?(\\.platen\\.age)?", 0..10),
            daily in 0u32..9, weekly in 0u32..6, monthly in 0u32..14,
        ) {
            let keep = Keep { daily, weekly, monthly };
            let mut files: Vec<String> = made.iter().map(|at| series().file(Timestamp::from_millis(*at))).collect();
            let newest = files.iter().max().cloned().unwrap();
            files.extend(others.iter().filter(|other| !other.starts_with("box-")).cloned());
            let gone = go(&files, keep);
            prop_assert!(!gone.contains(&newest));
            prop_assert!(gone.iter().all(|file| series().made(file).is_some()));
            let left: Vec<String> = files.iter().filter(|file| !gone.contains(file)).cloned().collect();
            // Asking again changes nothing, and no more stay than were asked for.
            prop_assert!(go(&left, keep).is_empty());
            let ours = left.iter().filter(|file| series().made(file).is_some()).collect::<BTreeSet<_>>().len();
            prop_assert!(ours <= usize::try_from((daily + weekly + monthly).max(1)).unwrap());
        }
    }
}
