//! What a press does to a mold: one closing after the other, with the stops and slow hours of a real plant.

use super::dice::Dice;

/// One closing of the mold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Closing {
    /// Since the closing before, ms.
    pub after_ms: u32,
    /// Mold temperature, tenths of a degree Celsius.
    pub temperature_deci: i16,
    /// It took the mold more than three approved cycle times: a stop lies before it.
    pub after_stop: bool,
}

/// How much stands still.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Habits {
    /// Chance of a stop after a cycle.
    pub stop: f64,
    /// Longest stop, in approved cycle times.
    pub stop_longest: f64,
    /// Runs end after so long on average, ms, and the mold rests for hours; `None`: never.
    pub run_ms: Option<f64>,
    /// Chance that a slow phase begins after a cycle.
    pub slow: f64,
}

impl Habits {
    /// Months of a plant: short stops, weekends and tool changes; a mold works about six hours of ten.
    pub const MONTHS: Habits =
        Habits { stop: 0.002, stop_longest: 20.0, run_ms: Some(48.0 * 3_600_000.0), slow: 1.0 / 3_000.0 };
    /// A shift that somebody watches: short stops only.
    pub const SHIFT: Habits = Habits { stop: 0.002, stop_longest: 6.0, run_ms: None, slow: 1.0 / 1_000.0 };
}

/// A mold at work. Endless.
#[derive(Debug, Clone)]
pub struct Process {
    dice: Dice,
    approved_ms: f64,
    /// This press runs it a little faster or slower than approved, always.
    offset: f64,
    deviation: f64,
    habits: Habits,
    slow_left: u64,
    slow_by: f64,
    set_point: f64,
    temperature: f64,
}

const ROOM_CELSIUS: f64 = 24.0;
/// After so long at rest a mold has cooled by two thirds.
const COOLING_MS: f64 = 40.0 * 60_000.0;

impl Process {
    /// A mold with this approved cycle time.
    #[must_use]
    pub fn new(mut dice: Dice, approved_ms: u32, habits: Habits) -> Self {
        let set_point = dice.between(30.0, 95.0);
        Process {
            approved_ms: f64::from(approved_ms.max(1)),
            offset: dice.between(0.97, 1.04),
            deviation: dice.between(0.01, 0.02),
            habits,
            slow_left: 0,
            slow_by: 1.0,
            set_point,
            temperature: set_point,
            dice,
        }
    }

    /// Goes on with other habits.
    pub fn set_habits(&mut self, habits: Habits) {
        self.habits = habits;
    }

    /// Whether it runs slow at present.
    #[must_use]
    pub fn is_slow(&self) -> bool {
        self.slow_left > 0
    }

    /// Begins a slow phase of so many cycles.
    pub fn slow_down(&mut self, cycles: u64) {
        self.slow_left = cycles;
        self.slow_by = self.dice.between(1.15, 1.35);
    }

    /// The next closing.
    pub fn next_closing(&mut self) -> Closing {
        if self.slow_left > 0 {
            self.slow_left -= 1;
        } else if self.dice.happens(self.habits.slow) {
            let cycles = self.dice.whole(40, 400);
            self.slow_down(cycles);
        }
        let pace = if self.slow_left > 0 { self.slow_by } else { 1.0 };
        let usual = self.approved_ms * self.offset * pace * (1.0 + self.deviation * self.dice.bell());
        let rest = self.rest();
        let after = (usual + rest).clamp(1.0, f64::from(u32::MAX));
        self.settle(rest);
        Closing {
            after_ms: after as u32,
            temperature_deci: (self.temperature * 10.0).round() as i16,
            after_stop: after > 3.0 * self.approved_ms,
        }
    }

    fn rest(&mut self) -> f64 {
        if self.dice.happens(self.habits.stop) {
            return self.approved_ms * self.dice.between(2.5, self.habits.stop_longest);
        }
        match self.habits.run_ms {
            Some(run) if self.dice.happens(self.approved_ms / run) => {
                self.dice.log_between(4.0 * 3_600_000.0, 96.0 * 3_600_000.0)
            }
            _ => 0.0,
        }
    }

    /// The mold cools while it rests and is held near its set point while it works.
    fn settle(&mut self, rest: f64) {
        if rest > 0.0 {
            self.temperature = ROOM_CELSIUS + (self.temperature - ROOM_CELSIUS) * (-rest / COOLING_MS).exp();
        }
        self.temperature += (self.set_point - self.temperature) * 0.05 + 0.12 * self.dice.bell();
        // So that even a mold that wanders far stays within what a sensor can say.
        self.temperature = self.temperature.clamp(-20.0, 250.0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_cycles_are_within_a_tenth_of_approved_and_a_stop_is_marked() {
        let mut process = Process::new(Dice::new(3, "mold", 1), 20_000, Habits::MONTHS);
        let made: Vec<Closing> = (0..20_000).map(|_| process.next_closing()).collect();
        let near = made.iter().filter(|c| (18_000..=22_000).contains(&c.after_ms)).count();
        assert!(near > 15_000, "{near}");
        assert!(made.iter().any(|c| c.after_stop));
        assert!(made.iter().all(|c| c.after_stop == (c.after_ms > 60_000)));
        assert!(made.iter().all(|c| (-200..=2500).contains(&c.temperature_deci)));
    }

    #[test]
    fn over_months_a_mold_works_about_six_hours_of_ten() {
        let mut working = 0.0;
        let mut elapsed = 0.0;
        for mold in 0..20 {
            let mut process = Process::new(Dice::new(11, "mold", mold), 30_000, Habits::MONTHS);
            let mut at = 0.0;
            while at < 90.0 * 86_400_000.0 {
                let closing = process.next_closing();
                at += f64::from(closing.after_ms);
                if !closing.after_stop {
                    working += f64::from(closing.after_ms);
                }
            }
            elapsed += at;
        }
        let activity = working / elapsed;
        assert!((0.45..0.75).contains(&activity), "{activity}");
    }

    #[test]
    fn a_watched_shift_never_rests_long() {
        let mut process = Process::new(Dice::new(5, "mold", 1), 12_000, Habits::SHIFT);
        assert!((0..50_000).all(|_| process.next_closing().after_ms < 12_000 * 9));
    }
}
