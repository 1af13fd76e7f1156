//! Asking a monitor for cycles from its memory: not at once, not all the time, not in vain for ever.

use std::time::Duration;

/// A packet that was only overtaken fills its gap by itself within this time.
const PATIENCE: Duration = Duration::from_secs(2);
/// While cycles keep coming from memory nothing is asked.
const FLOWING: Duration = Duration::from_secs(1);
/// The longest pause between two asks.
const LONGEST: Duration = Duration::from_secs(300);
/// So many asks without an answer, and what the device says it has not is believed to be lost.
const IN_VAIN: u32 = 3;

/// When a monitor is asked next.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Asking {
    next: Option<Duration>,
    unanswered: u32,
}

impl Asking {
    /// Something is missing at `now`: answers whether to ask for it at once.
    pub(super) fn due(&mut self, now: Duration) -> bool {
        let next = *self.next.get_or_insert(now.saturating_add(PATIENCE));
        if now < next {
            return false;
        }
        let pause = PATIENCE.saturating_mul(1 << self.unanswered.min(10)).min(LONGEST);
        self.next = Some(now.saturating_add(pause));
        self.unanswered = self.unanswered.saturating_add(1);
        true
    }

    /// Something that was missing came.
    pub(super) fn answered(&mut self, now: Duration) {
        self.next = Some(now.saturating_add(FLOWING));
        self.unanswered = 0;
    }

    /// The device is reachable anew: asked again from the beginning, soon.
    pub(super) fn anew(&mut self, now: Duration) {
        self.next = Some(now.saturating_add(FLOWING));
        self.unanswered = 0;
    }

    /// Nothing is missing.
    pub(super) fn done(&mut self) {
        *self = Asking::default();
    }

    /// Asked often enough to believe that no answer will come.
    pub(super) fn in_vain(&self) -> bool {
        self.unanswered >= IN_VAIN
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_gap_that_stands_is_asked_for_ever_less_often_and_never_given_up() {
        let mut asking = Asking::default();
        let asked: Vec<u64> = (0..3600).filter(|second| asking.due(Duration::from_secs(*second))).collect();
        assert_eq!(asked.get(..5), Some(&[2, 4, 8, 16, 32][..]));
        assert!((15..30).contains(&asked.len()), "{}", asked.len());
    }

    #[test]
    fn nothing_is_asked_while_cycles_flow() {
        let mut asking = Asking::default();
        for tenth in 0..600 {
            let now = Duration::from_millis(tenth * 100);
            assert!(!asking.due(now));
            asking.answered(now);
        }
        assert!(asking.due(Duration::from_millis(60_900)));
    }
}
