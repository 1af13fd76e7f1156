//! What a monitor remembers: the cycles that no box has kept yet, run of counting by run of counting.

use std::collections::VecDeque;

use crate::v3::profile::open::{DeciCelsius, Made, Ticks};

/// A cycle as it is stored: eight bytes, so that ninety days of a whole plant fit a small machine's memory.
#[derive(Debug, Clone, Copy)]
struct Stored {
    /// Since the closing before, hundredths of a second.
    after: u32,
    /// Tenths of a degree Celsius.
    temperature: i16,
    first: bool,
}

/// One run of counting: from a start or reset of the counter to the next.
#[derive(Debug)]
pub struct Run {
    /// Which one.
    pub era: u32,
    /// What the counter showed when the run began.
    start: u32,
    /// Cycles of this run that were kept and forgotten.
    kept: u64,
    /// When the last of those ended; `None` before the run's first cycle.
    kept_end: Option<Ticks>,
    /// When the run's first cycle ended: every later end follows from it.
    first_end: Ticks,
    cycles: VecDeque<Stored>,
    end: Option<Ticks>,
}

impl Run {
    fn new(era: u32, start: u32) -> Self {
        Run {
            era,
            start,
            kept: 0,
            kept_end: None,
            first_end: Ticks::default(),
            cycles: VecDeque::new(),
            end: None,
        }
    }

    /// What the counter shows after so many cycles of this run.
    #[must_use]
    pub fn shown(&self, place: u64) -> u32 {
        // The counter has 32 bits and starts over past its top.
        self.start.wrapping_add(place as u32)
    }

    /// The place of a reading among what is remembered.
    #[must_use]
    pub fn place(&self, shown: u32) -> Option<u64> {
        let ahead = u64::from(shown.wrapping_sub(self.shown(self.kept)));
        (ahead <= self.stored()).then(|| self.kept + ahead)
    }

    /// Cycles kept so far.
    #[must_use]
    pub fn kept(&self) -> u64 {
        self.kept
    }

    /// Cycles made so far.
    #[must_use]
    pub fn made(&self) -> u64 {
        self.kept + self.stored()
    }

    /// Cycles remembered.
    #[must_use]
    pub fn stored(&self) -> u64 {
        self.cycles.len() as u64
    }

    /// When the last cycle ended.
    #[must_use]
    pub fn end(&self) -> Option<Ticks> {
        self.end
    }

    /// When the last kept cycle ended.
    #[must_use]
    pub fn kept_end(&self) -> Option<Ticks> {
        self.kept_end
    }

    /// Adds a cycle; answers its cycle time as it will be told: hundredths of a second, and whether it is a first one.
    pub fn push(&mut self, end: Ticks, temperature: i16, first: bool) -> (u32, bool) {
        let made = Made::new(self.end, end, None, first);
        let after = self.end.map_or(0, |before| end.get().saturating_sub(before.get()));
        let after = u32::try_from(after).unwrap_or(u32::MAX);
        if self.end.is_none() {
            self.first_end = end;
        }
        self.cycles.push_back(Stored { after, temperature, first: made.first() });
        self.end = Some(end);
        (made.cycle_time().as_millis() / 10, made.first())
    }

    /// Forgets everything up to this reading; answers whether that was news.
    pub fn keep(&mut self, shown: u32) -> bool {
        let Some(place) = self.place(shown) else { return false };
        let news = place > self.kept;
        while self.kept < place {
            let Some(cycle) = self.cycles.pop_front() else { break };
            self.kept_end = Some(after(self.kept_end, &cycle, self.first_end));
            self.kept += 1;
        }
        news
    }

    /// When the cycle at this place ended; `None` of a place before the first or not remembered.
    #[must_use]
    pub fn end_at(&self, place: u64) -> Option<Ticks> {
        let ahead = usize::try_from(place.checked_sub(self.kept)?).ok()?;
        let mut end = self.kept_end;
        for cycle in self.cycles.range(..ahead.min(self.cycles.len())) {
            end = Some(after(end, cycle, self.first_end));
        }
        end
    }

    /// Up to `most` cycles after the one at `place`, which ended at `end`, but none after `until`.
    pub fn read(&self, place: u64, end: Option<Ticks>, until: u64, most: usize, into: &mut Vec<Made>) {
        into.clear();
        let ahead = |place: u64| {
            let ahead = usize::try_from(place.saturating_sub(self.kept)).unwrap_or(usize::MAX);
            ahead.min(self.cycles.len())
        };
        let (from, to) = (ahead(place), ahead(until));
        let mut end = end;
        for cycle in self.cycles.range(from..to.max(from).min(from.saturating_add(most))) {
            let next = after(end, cycle, self.first_end);
            into.push(Made::new(end, next, DeciCelsius::new(cycle.temperature), cycle.first));
            end = Some(next);
        }
    }
}

/// The end of a cycle from the one before; only a run's very first has none before.
fn after(before: Option<Ticks>, cycle: &Stored, first_end: Ticks) -> Ticks {
    before.map_or(first_end, |before| Ticks::new(before.get() + u64::from(cycle.after)))
}

/// All runs, the oldest first. Only the oldest speaks until all of it is kept, so that a box never hears of two at
/// a time.
#[derive(Debug)]
pub struct Memory {
    runs: VecDeque<Run>,
    next_era: u32,
}

impl Memory {
    /// Empty, with a counter that shows `start`.
    #[must_use]
    pub fn new(era: u32, start: u32) -> Self {
        Memory { runs: VecDeque::from([Run::new(era, start)]), next_era: era.wrapping_add(1) }
    }

    /// The run that is told to the box at present.
    #[must_use]
    pub fn speaking(&self) -> Option<&Run> {
        self.runs.front()
    }

    /// The same, to be changed.
    pub fn speaking_mut(&mut self) -> Option<&mut Run> {
        self.runs.front_mut()
    }

    /// The run that counts.
    pub fn counting(&mut self) -> Option<&mut Run> {
        self.runs.back_mut()
    }

    /// A new run begins: the counter shows `start`.
    pub fn begin(&mut self, start: u32) {
        self.runs.push_back(Run::new(self.next_era, start));
        self.next_era = self.next_era.wrapping_add(1);
    }

    /// Lets go of a run that is over and kept; answers whether another one speaks now.
    pub fn turn(&mut self) -> bool {
        let over = self.runs.len() > 1 && self.runs.front().is_some_and(|run| run.stored() == 0);
        if over {
            self.runs.pop_front();
        }
        over
    }

    /// Cycles remembered, of all runs.
    #[must_use]
    pub fn stored(&self) -> u64 {
        self.runs.iter().map(Run::stored).sum()
    }

    /// When the last cycle ended.
    #[must_use]
    pub fn last_end(&self) -> Option<Ticks> {
        self.runs.iter().rev().find_map(Run::end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(start: u32, cycles: u64) -> Run {
        let mut run = Run::new(1, start);
        for cycle in 1..=cycles {
            run.push(Ticks::new(5_000 + cycle * 2_000), 400, false);
        }
        run
    }

    fn read(run: &Run, place: u64, until: u64) -> Vec<Made> {
        let mut made = Vec::new();
        run.read(place, run.end_at(place), until, 100, &mut made);
        made
    }

    #[test]
    fn what_is_kept_is_forgotten_and_the_rest_reads_as_before() {
        let mut run = run(0, 10);
        let all = read(&run, 0, 10);
        assert!(run.keep(4));
        assert_eq!((run.kept(), run.made(), run.stored()), (4, 10, 6));
        assert_eq!(read(&run, 4, 10), all[4..]);
        assert_eq!(read(&run, 6, 8), all[6..8]);
    }

    #[test]
    fn an_old_or_foreign_reading_frees_nothing() {
        let mut run = run(0, 10);
        run.keep(4);
        assert!(!run.keep(4));
        assert!(!run.keep(3));
        assert!(!run.keep(11));
        assert_eq!(run.kept(), 4);
    }

    #[test]
    fn a_counter_past_its_top_still_finds_its_place() {
        let mut run = run(u32::MAX - 2, 10);
        assert_eq!(run.shown(10), 7);
        assert_eq!(run.place(7), Some(10));
        assert!(run.keep(0));
        assert_eq!(run.kept(), 3);
    }

    #[test]
    fn only_the_oldest_run_speaks_until_all_of_it_is_kept() {
        let mut memory = Memory::new(7, 0);
        memory.counting().unwrap().push(Ticks::new(100), 0, false);
        memory.begin(0);
        memory.counting().unwrap().push(Ticks::new(300), 0, false);
        assert_eq!(memory.speaking().unwrap().era, 7);
        assert!(!memory.turn());
        assert!(memory.speaking_mut().unwrap().keep(1));
        assert!(memory.turn());
        assert_eq!(memory.speaking().unwrap().era, 8);
        assert_eq!(memory.stored(), 1);
    }
}
