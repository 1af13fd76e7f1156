//! Which counters of sealed messages are news.

/// A counter further ahead than this is not believed before the monitor told its counter over the link: whoever guesses
/// a seal (one try in four billion succeeds) can then not close the window for good.
pub const FAR: u32 = 1 << 24;

/// What a counter means beside those that were opened before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Higher than any before.
    News,
    /// The highest one once more: sent again, heard twice, or repeated.
    Again,
    /// Lower than the highest: late or replayed, and no use either way, for a status is the whole of it.
    Old,
    /// More than [`FAR`] ahead of the highest.
    TooFarAhead,
}

/// The highest counter that was opened. Survives a restart of the box in its store.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Window {
    highest: Option<u32>,
}

impl Window {
    /// The monitor told over the link that this is the next counter it will use: the truth, whatever was heard before.
    #[must_use]
    pub const fn before(next: u32) -> Self {
        // A monitor that has used none yet says 1, and 0 is never used.
        Window { highest: Some(next.saturating_sub(1)) }
    }

    /// This is the highest counter that was opened.
    #[must_use]
    pub const fn at(highest: u32) -> Self {
        Window { highest: Some(highest) }
    }

    /// The highest counter, for the store; `None` when nothing is known.
    #[must_use]
    pub const fn highest(&self) -> Option<u32> {
        self.highest
    }

    /// What this counter would be. Nothing is changed.
    #[must_use]
    pub fn judge(&self, counter: u32) -> Verdict {
        let Some(highest) = self.highest else { return Verdict::News };
        match counter.checked_sub(highest) {
            None => Verdict::Old,
            Some(0) => Verdict::Again,
            Some(ahead) if ahead > FAR => Verdict::TooFarAhead,
            Some(_) => Verdict::News,
        }
    }

    /// Takes note of a counter whose seal was good. One that is not news changes nothing.
    pub fn note(&mut self, counter: u32) {
        if self.judge(counter) == Verdict::News {
            self.highest = Some(counter);
        }
    }
}
