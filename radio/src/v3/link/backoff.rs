//! How long to wait before a stick is tried again.

use std::time::Duration;

/// The first pause after a failure; it doubles up to [`LONGEST`].
const FIRST: Duration = Duration::from_millis(250);
/// However long a stick fails.
const LONGEST: Duration = Duration::from_secs(30);
/// A stick that comes up and dies at once is no better than one that does not come up.
const STEADY: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(super) struct Backoff {
    next: Duration,
}

impl Backoff {
    pub(super) fn new() -> Self {
        Backoff { next: FIRST }
    }

    /// The device was plugged in anew.
    pub(super) fn forget(&mut self) {
        self.next = FIRST;
    }

    /// The pause after a connection that had been up for so long.
    pub(super) fn pause(&mut self, up_for: Duration) -> Duration {
        if up_for >= STEADY {
            self.forget();
        }
        let pause = self.next;
        self.next = (pause * 2).min(LONGEST);
        pause
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_pause_doubles_up_to_half_a_minute_unless_the_stick_was_up_for_a_minute() {
        let mut backoff = Backoff::new();
        let up_for = |seconds| Duration::from_secs(seconds);
        let pauses: Vec<u128> = (0..9).map(|_| backoff.pause(up_for(59)).as_millis()).collect();
        assert_eq!(pauses, [250, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000]);
        assert_eq!(backoff.pause(up_for(60)), FIRST);
        assert_eq!(backoff.pause(up_for(0)), FIRST * 2);
        backoff.forget();
        assert_eq!(backoff.pause(up_for(0)), FIRST);
    }
}
