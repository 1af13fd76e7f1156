//! When the next backup is due, and when people must be told that there is none. Pure, told the time.

use std::time::Duration;

use domain::Timestamp;

use super::status::Status;

/// After a failure it is tried again.
const AGAIN: Duration = Duration::from_secs(15 * 60);
/// Without a backup for so long people are told.
const TOO_OLD: Duration = Duration::from_secs(48 * 3600);
/// Further ahead of the clock, what was noted says nothing: the clock was wrong, then or now.
const AHEAD: Duration = Duration::from_secs(3600);
const DAY_MS: i64 = 86_400_000;
const HOUR_MS: i64 = 3_600_000;

/// Whether a backup is due. `there` says whether the last one is where backups go; `None` when that cannot be told.
#[must_use]
pub(super) fn is_due(status: &Status, there: Option<bool>, hour: u8, now: Timestamp) -> bool {
    if believed(status.attempt, now).is_some_and(|attempt| now < attempt.later_by(AGAIN))
        && status.failure.is_some()
    {
        return false;
    }
    let Some(success) = believed(status.success.as_ref().map(|done| done.at), now) else { return true };
    // A disk that was changed for another one gets a backup at once.
    there == Some(false) || success < last_due(hour, now)
}

/// When the next one is due, while the last one is where backups go; a time that has passed means at once.
#[must_use]
pub(super) fn next(status: &Status, hour: u8, now: Timestamp) -> Timestamp {
    let success = believed(status.success.as_ref().map(|done| done.at), now);
    let due = success.map_or(now, |success| {
        Timestamp::from_millis(last_due(hour, success).as_millis().saturating_add(DAY_MS))
    });
    let again = believed(status.attempt, now).filter(|_| status.failure.is_some());
    again.map_or(due, |attempt| due.max(attempt.later_by(AGAIN)))
}

/// The last time that was the hour for it.
fn last_due(hour: u8, now: Timestamp) -> Timestamp {
    let today = now.as_millis().div_euclid(DAY_MS) * DAY_MS + i64::from(hour) * HOUR_MS;
    Timestamp::from_millis(if today <= now.as_millis() { today } else { today - DAY_MS })
}

fn believed(at: Option<Timestamp>, now: Timestamp) -> Option<Timestamp> {
    at.filter(|at| *at <= now.later_by(AHEAD))
}

/// What people must be told, if anything.
#[must_use]
pub(super) fn complaint(status: &Status, now: Timestamp) -> Option<String> {
    if let Some(failed) = &status.failure {
        return Some(failed.why.clone());
    }
    let overdue = overdue_from(status, now)?;
    (now > overdue).then(|| "none was made for two days".to_owned())
}

/// The same for everybody who looks at the plant, without what lies under it.
#[must_use]
pub(super) fn outward(status: &Status, now: Timestamp) -> Option<String> {
    match &status.failure {
        Some(failed) => Some(failed.trouble.told().to_owned()),
        None => complaint(status, now),
    }
}

/// Until when nobody minds that no newer one was made; `None`: what was noted is of a clock that was wrong.
#[must_use]
pub(super) fn overdue_from(status: &Status, now: Timestamp) -> Option<Timestamp> {
    let success = believed(status.success.as_ref().map(|done| done.at), now);
    Some(success.or(believed(Some(status.since), now))?.later_by(TOO_OLD))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::backup::Trouble;
    use crate::backup::status::{Done, Failed, Tested};
    use proptest::prelude::*;

    /// 24 November 2026, 00:00 UTC.
    const MIDNIGHT: i64 = 1_795_478_400_000;

    fn at(hours: f64) -> Timestamp {
        #[expect(clippy::cast_possible_truncation, reason = "a test's own number")]
        Timestamp::from_millis(MIDNIGHT + (hours * 3_600_000.0) as i64)
    }

    fn made(hours: f64) -> Status {
        Status {
            success: Some(Done {
                at: at(hours),
                file: "f".into(),
                bytes: 1,
                rows: 1,
                took_ms: 1,
                tested: Tested::Restored,
            }),
            attempt: Some(at(hours)),
            ..Status::new(at(-100.0))
        }
    }

    fn failed(mut status: Status, hours: f64) -> Status {
        let why = "the disk is not there".to_owned();
        status.failure = Some(Failed { at: at(hours), why, trouble: Trouble::PlaceAway });
        status.attempt = Some(at(hours));
        status
    }

    #[test]
    fn one_is_made_every_day_at_its_hour_and_at_once_when_there_is_none() {
        assert!(is_due(&Status::new(at(0.0)), None, 2, at(0.0)));
        let status = made(-20.0);
        assert!(!is_due(&status, Some(true), 2, at(1.9)));
        assert!(is_due(&status, Some(true), 2, at(2.0)));
        let status = made(2.1);
        assert!(!is_due(&status, Some(true), 2, at(25.9)));
        assert!(is_due(&status, Some(true), 2, at(26.0)));
        // A box that was off at the hour makes it up.
        assert!(is_due(&made(-30.0), Some(true), 2, at(14.0)));
    }

    #[test]
    fn a_disk_without_the_last_one_gets_one_at_once() {
        assert!(is_due(&made(2.1), Some(false), 2, at(9.0)));
        assert!(!is_due(&made(2.1), None, 2, at(9.0)));
    }

    #[test]
    fn after_a_failure_it_is_tried_again_every_quarter_of_an_hour() {
        let status = failed(made(-22.0), 2.0);
        assert!(!is_due(&status, None, 2, at(2.2)));
        assert!(is_due(&status, None, 2, at(2.26)));
    }

    #[test]
    fn a_failure_is_told_at_once_and_silence_after_two_days() {
        assert_eq!(complaint(&made(0.0), at(47.0)), None);
        assert!(complaint(&made(0.0), at(49.0)).is_some());
        assert_eq!(complaint(&Status::new(at(0.0)), at(47.0)), None);
        assert!(complaint(&Status::new(at(0.0)), at(49.0)).is_some());
        let away = failed(made(0.0), 2.0);
        assert_eq!(complaint(&away, at(3.0)).as_deref(), Some("the disk is not there"));
        assert_eq!(outward(&away, at(3.0)).as_deref(), Some("the disk or share for backups is not there"));
        assert_eq!(outward(&made(0.0), at(47.0)), None);
        assert_eq!(outward(&made(0.0), at(49.0)), complaint(&made(0.0), at(49.0)));
    }

    proptest! {
        #[test]
        fn what_is_told_as_the_next_one_is_when_it_is_made(
            noted in -60.0..0.9f64, attempt in -0.5..0.0f64, fails: bool, hour in 0u8..24, now in 0.0..48.0f64,
        ) {
            let now = at(now);
            let status = Status { success: made(noted).success, ..Status::new(at(-100.0)) };
            let status = if fails { failed(status, attempt) } else { status };
            let told = next(&status, hour, now).max(now);
            prop_assert!(is_due(&status, Some(true), hour, told));
            let before = told.earlier_by(Duration::from_millis(1));
            prop_assert!(told == now || !is_due(&status, Some(true), hour, before));
        }

        #[test]
        fn whatever_the_clock_said_before_a_backup_is_made_within_a_day(
            noted in -9_000.0..9_000.0f64, hour in 0u8..24, now in 0.0..48.0f64,
        ) {
            let status = made(noted);
            let due = (0..26).any(|hours| is_due(&status, Some(true), hour, at(now + f64::from(hours))));
            prop_assert!(due);
        }
    }
}
