//! How often something secret may be guessed.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::Timestamp;

/// So many wrong guesses are a person's mistakes.
const FREE: u32 = 5;
/// After them each further one waits.
const PAUSE: Duration = Duration::from_secs(30);

/// So many names are remembered. Whoever tries more of them loses more time than the forgotten one gives back.
const NAMES: usize = 1024;

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

/// Guesses at passwords by the name they were made under, whether anybody has that name or not.
#[derive(Debug, Clone, Default)]
pub struct Guesses(BTreeMap<String, Attempts>);

impl Guesses {
    /// Another guess. It counts as a wrong one until [`Guesses::right`] says otherwise: many at once are no way round
    /// the limit.
    ///
    /// # Errors
    /// How long to wait before the next one.
    pub fn begin(&mut self, name: &str, now: Timestamp) -> Result<(), Duration> {
        let mut attempts = self.0.get(name).copied().unwrap_or_default();
        if let Some(wait) = attempts.wait(now) {
            return Err(wait);
        }
        attempts.failed(now);
        if self.0.len() >= NAMES && !self.0.contains_key(name) {
            let oldest =
                self.0.iter().min_by_key(|(_, attempts)| attempts.last).map(|(name, _)| name.clone());
            if let Some(oldest) = oldest {
                self.0.remove(&oldest);
            }
        }
        self.0.insert(name.to_owned(), attempts);
        Ok(())
    }

    /// The guess was right: the counting under that name ends.
    pub fn right(&mut self, name: &str) {
        self.0.remove(name);
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

    #[test]
    fn each_name_has_guesses_of_its_own_until_a_right_one() {
        let mut guesses = Guesses::default();
        let now = Timestamp::from_millis(0);
        for _ in 0..5 {
            assert_eq!(guesses.begin("marta", now), Ok(()));
        }
        assert_eq!(guesses.begin("marta", now), Err(Duration::from_secs(30)));
        assert_eq!(guesses.begin("ada", now), Ok(()));
        guesses.right("marta");
        assert_eq!(guesses.begin("marta", now), Ok(()));
    }

    #[test]
    fn however_many_names_are_tried_memory_is_bounded() {
        let mut guesses = Guesses::default();
        for n in 0..5_000 {
            assert_eq!(guesses.begin(&n.to_string(), Timestamp::from_millis(n)), Ok(()));
        }
        assert_eq!(guesses.0.len(), NAMES);
        assert!(guesses.0.contains_key("4999") && !guesses.0.contains_key("0"));
    }
}
