//! Chance from a seed: the same seed gives the same plant on every machine.

use rand::rngs::SmallRng;
use rand::{Rng, RngCore, SeedableRng};

/// Chance from a seed.
#[derive(Debug, Clone)]
pub struct Dice(SmallRng);

impl Dice {
    /// The dice of one part of the plant, told apart from all others by `purpose` and `number`.
    #[must_use]
    pub fn new(seed: u64, purpose: &str, number: u64) -> Self {
        let mut mixed = mix(seed ^ mix(number));
        for byte in purpose.bytes() {
            mixed = mix(mixed ^ u64::from(byte));
        }
        Dice(SmallRng::seed_from_u64(mixed))
    }

    /// Even between 0 and 1, without 1.
    pub fn unit(&mut self) -> f64 {
        self.0.random()
    }

    /// Even between two numbers.
    pub fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.unit()
    }

    /// As many between `low` and twice it as between half of `high` and it.
    pub fn log_between(&mut self, low: f64, high: f64) -> f64 {
        (self.between(low.ln(), high.ln())).exp()
    }

    /// An integer from `low` to `high`, both included.
    pub fn whole(&mut self, low: u64, high: u64) -> u64 {
        self.0.random_range(low..=high.max(low))
    }

    /// Happens with this probability.
    pub fn happens(&mut self, probability: f64) -> bool {
        self.unit() < probability
    }

    /// Bell curve around 0 with deviation 1, cut at six: the sum of twelve even numbers.
    pub fn bell(&mut self) -> f64 {
        // Three draws give the twelve numbers, 16 bits each.
        let mut sum = 0u32;
        for _ in 0..3 {
            let draw = self.0.next_u64();
            sum += (0..4).map(|part| (draw >> (16 * part)) as u32 & 0xFFFF).sum::<u32>();
        }
        f64::from(sum) / 65_536.0 - 6.0
    }

    /// Random bytes.
    pub fn fill(&mut self, bytes: &mut [u8]) {
        self.0.fill_bytes(bytes);
    }

    /// One of these; `None` of an empty list.
    pub fn choose<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let last = u64::try_from(from.len().checked_sub(1)?).ok()?;
        from.get(usize::try_from(self.whole(0, last)).ok()?)
    }
}

/// Spreads a number over all 64 bits (the finaliser of SplitMix64, Steele and others 2014).
pub(crate) const fn mix(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_gives_the_same_and_another_purpose_another_chance() {
        let draw = |seed, purpose, number| Dice::new(seed, purpose, number).whole(0, u64::MAX);
        assert_eq!(draw(1, "mold", 3), draw(1, "mold", 3));
        assert_ne!(draw(1, "mold", 3), draw(1, "mold", 4));
        assert_ne!(draw(1, "mold", 3), draw(1, "line", 3));
        assert_ne!(draw(1, "mold", 3), draw(2, "mold", 3));
    }

    #[test]
    fn the_bell_has_its_middle_at_zero_and_deviation_one() {
        let mut dice = Dice::new(7, "bell", 0);
        let draws: Vec<f64> = (0..20_000).map(|_| dice.bell()).collect();
        let mean = draws.iter().sum::<f64>() / 20_000.0;
        let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 20_000.0;
        assert!(mean.abs() < 0.05, "{mean}");
        assert!((variance - 1.0).abs() < 0.05, "{variance}");
    }
}
