//! The days that the box has seen, in the order in which it saw them.
//!
//! A clock that is wrong by years must not have history retired (law 7). So the day is believed only when the clock has
//! shown it or a later one on some days in a row.

use crate::plant::StorageDay;

/// Days that are remembered.
pub const MOST_DAYS: usize = 60;
/// A day is believed when so many days in a row were no earlier.
pub const BELIEVED_AFTER: usize = 7;

/// Notes what was measured; the last measurement of a day stands for it.
pub fn remember(days: &mut Vec<StorageDay>, now: StorageDay) {
    match days.last_mut() {
        Some(last) if last.day == now.day => *last = now,
        _ => days.push(now),
    }
    let too_many = days.len().saturating_sub(MOST_DAYS);
    days.drain(..too_many);
}

/// The day that it is at least, whatever the clock did of late; `None` before enough days were seen.
#[must_use]
pub fn believed(days: &[StorageDay]) -> Option<i64> {
    let from = days.len().checked_sub(BELIEVED_AFTER)?;
    days.get(from..)?.iter().map(|seen| seen.day).min()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn see(days: &mut Vec<StorageDay>, day: i64) {
        remember(days, StorageDay { day, used: 0, free: 0 });
    }

    proptest! {
        #[test]
        fn a_clock_that_is_ahead_for_less_than_a_week_is_not_believed(
            before in 0..80i64,
            ahead in prop::collection::vec(100_000..200_000i64, 0..BELIEVED_AFTER),
        ) {
            let mut days = Vec::new();
            (0..=before).for_each(|day| see(&mut days, day));
            let last = before.max(0);
            ahead.iter().for_each(|day| see(&mut days, *day));
            prop_assert!(believed(&days).is_none_or(|day| day <= last));
            prop_assert!(days.len() <= MOST_DAYS);
        }
    }

    #[test]
    fn a_day_is_believed_a_week_later() {
        let mut days = Vec::new();
        for day in 0..BELIEVED_AFTER as i64 - 1 {
            see(&mut days, day);
            see(&mut days, day);
        }
        assert_eq!(believed(&days), None);
        see(&mut days, 100);
        assert_eq!(believed(&days), Some(0));
        see(&mut days, 101);
        assert_eq!(believed(&days), Some(1));
    }

    #[test]
    fn a_clock_that_stood_in_1970_has_nothing_believed_for_a_while() {
        let mut days = Vec::new();
        (20_000..20_030).for_each(|day| see(&mut days, day));
        see(&mut days, 0);
        see(&mut days, 20_031);
        assert_eq!(believed(&days), Some(0));
        (20_032..20_040).for_each(|day| see(&mut days, day));
        assert_eq!(believed(&days), Some(20_033));
    }
}
