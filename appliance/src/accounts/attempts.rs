//! How often something secret may be guessed.

use std::time::Duration;

use domain::Timestamp;

/// So many wrong guesses are a person's mistakes.
const FREE: u32 = 5;
/// After them each further one waits.
const PAUSE: Duration = Duration::from_secs(30);

/// Wrong guesses so far. A right one ends the counting.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Attempts {
    wrong: u32,
    last: Timestamp,
}

impl Attempts {
    /// How long to wait before the next guess; `None`: go on.
    #[must_use]
    pub fn wait(&self, now: Timestamp) -> Option<Duration> {
        // A clock set back must not make the pause endless: only the console can set it.
        if self.wrong < FREE || now < self.last {
            return None;
        }
        PAUSE.checked_sub(now.since(self.last)).filter(|left| !left.is_zero())
    }

    /// Another wrong guess.
    pub fn failed(&mut self, now: Timestamp) {
        self.wrong = self.wrong.saturating_add(1);
        self.last = now;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn after_five_wrong_guesses_each_waits_30_seconds() {
        let mut attempts = Attempts::default();
        let at = |seconds: i64| Timestamp::from_millis(seconds * 1000);
        for second in 0..5 {
            assert_eq!(attempts.wait(at(second)), None);
            attempts.failed(at(second));
        }
        assert_eq!(attempts.wait(at(4)), Some(Duration::from_secs(30)));
        assert_eq!(attempts.wait(at(33)), Some(Duration::from_secs(1)));
        assert_eq!(attempts.wait(at(34)), None);
        attempts.failed(at(34));
        assert_eq!(attempts.wait(at(35)), Some(Duration::from_secs(29)));
        assert_eq!(attempts.wait(at(0)), None);
    }
}
