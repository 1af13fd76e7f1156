//! How long a monitor is left alone after its link failed: longer each time, and never at once with all others.

use std::time::Duration;

use domain::Timestamp;

/// After the first failure.
const FIRST: Duration = Duration::from_secs(2);
/// After many.
const LONGEST: Duration = Duration::from_secs(300);

/// See the file.
#[derive(Debug, Clone, Default)]
pub(super) struct Backoff {
    failures: u32,
    until: Option<Timestamp>,
}

impl Backoff {
    /// Another failure. `dice` is any number: it spreads the pause over half to all of its length.
    pub(super) fn failed(&mut self, now: Timestamp, dice: u32) {
        let whole = FIRST.saturating_mul(2u32.saturating_pow(self.failures)).min(LONGEST);
        let half = whole / 2;
        self.failures = self.failures.saturating_add(1);
        self.until = Some(now.later_by(half + half.mul_f64(f64::from(dice) / f64::from(u32::MAX))));
    }

    /// It is left alone for so long, whatever was before.
    pub(super) fn rest(&mut self, now: Timestamp, pause: Duration) {
        self.until = Some(now.later_by(pause));
    }

    /// It went well: the next failure is a first one.
    pub(super) fn succeeded(&mut self) {
        *self = Backoff::default();
    }

    /// Whether it is still left alone.
    pub(super) fn holds(&self, now: Timestamp) -> bool {
        self.until.is_some_and(|until| now < until)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn a_pause_is_two_seconds_to_five_minutes_and_grows(dice in prop::collection::vec(any::<u32>(), 1..20)) {
            let now = Timestamp::from_millis(0);
            let mut backoff = Backoff::default();
            let mut longest = Duration::ZERO;
            for number in dice {
                backoff.failed(now, number);
                let pause = backoff.until.unwrap().since(now);
                prop_assert!(pause >= FIRST / 2 && pause <= LONGEST);
                prop_assert!(pause >= longest / 2);
                prop_assert!(backoff.holds(now.later_by(pause - Duration::from_millis(1))));
                prop_assert!(!backoff.holds(now.later_by(pause)));
                longest = longest.max(pause);
            }
            backoff.succeeded();
            prop_assert!(!backoff.holds(now));
        }
    }
}
