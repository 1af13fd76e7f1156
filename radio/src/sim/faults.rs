//! What goes wrong between a monitor and the box: on the air a packet at a time, on the line a byte at a time.

use super::dice::Dice;

/// How likely each kind of damage is at present. All zero: none.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Odds {
    /// A packet is lost.
    pub drop: f64,
    /// A packet arrives twice.
    pub duplicate: f64,
    /// A packet arrives after some that were sent later.
    pub reorder: f64,
    /// A byte of a frame is changed, lost or added on the line.
    pub corrupt: f64,
}

/// Packets on the air, some of which do not arrive as they left.
#[derive(Debug)]
pub struct Air<T> {
    dice: Dice,
    /// Packets that wait, and for how many others.
    held: Vec<(u8, T)>,
}

impl<T: Clone> Air<T> {
    /// With its own chance.
    #[must_use]
    pub fn new(dice: Dice) -> Self {
        Air { dice, held: Vec::new() }
    }

    /// Sends a packet; `arrive` is called for each that arrives now.
    pub fn send(&mut self, packet: T, odds: &Odds, mut arrive: impl FnMut(T)) {
        if *odds == Odds::default() && self.held.is_empty() {
            return arrive(packet);
        }
        if self.dice.happens(odds.drop) {
            return;
        }
        if self.dice.happens(odds.duplicate) {
            let wait = self.dice.whole(0, 6) as u8;
            self.held.push((wait, packet.clone()));
        }
        if self.dice.happens(odds.reorder) {
            let wait = self.dice.whole(1, 6) as u8;
            self.held.push((wait, packet));
        } else {
            arrive(packet);
        }
        let mut index = 0;
        while let Some((wait, _)) = self.held.get_mut(index) {
            if *wait == 0 {
                arrive(self.held.swap_remove(index).1);
            } else {
                *wait -= 1;
                index += 1;
            }
        }
    }

    /// Lets what was held back arrive: nothing stays on the air for ever.
    pub fn settle(&mut self, mut arrive: impl FnMut(T)) {
        self.held.drain(..).for_each(|(_, packet)| arrive(packet));
    }
}

/// A serial line on which bytes are damaged.
#[derive(Debug)]
pub struct Line(Dice);

impl Line {
    /// With its own chance.
    #[must_use]
    pub fn new(dice: Dice) -> Self {
        Line(dice)
    }

    /// Damages, perhaps, the frame that begins at `from` in `line`.
    pub fn pass(&mut self, line: &mut Vec<u8>, from: usize, odds: &Odds) {
        if odds.corrupt <= 0.0 || !self.0.happens(odds.corrupt) || from >= line.len() {
            return;
        }
        let at = from + self.below(line.len() - from);
        match self.0.whole(0, 3) {
            0 => drop(line.remove(at)),
            1 => {
                let byte = self.0.whole(0, 255) as u8;
                line.insert(at, byte);
            }
            2 => line.truncate(at),
            _ => {
                let bit = self.0.whole(0, 7);
                if let Some(byte) = line.get_mut(at) {
                    *byte ^= 1 << bit;
                }
            }
        }
    }

    /// Noise: so many bytes that mean nothing.
    pub fn noise(&mut self, line: &mut Vec<u8>, bytes: usize) {
        let from = line.len();
        line.resize(from + bytes, 0);
        if let Some(noise) = line.get_mut(from..) {
            self.0.fill(noise);
        }
    }

    /// What a port at another baud rate reads: as many bytes, none of them right.
    pub fn garble(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            // Sampling at the wrong instants gives mostly runs of equal bits; it never gives the byte back.
            let wrong = self.0.whole(1, 255) as u8;
            *byte ^= wrong;
        }
    }

    fn below(&mut self, end: usize) -> usize {
        let last = u64::try_from(end).unwrap_or(u64::MAX).saturating_sub(1);
        usize::try_from(self.0.whole(0, last)).unwrap_or(0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(odds: Odds) -> Vec<u32> {
        let mut air = Air::new(Dice::new(1, "air", 0));
        let mut arrived = Vec::new();
        for packet in 0..1_000 {
            air.send(packet, &odds, |packet| arrived.push(packet));
        }
        air.settle(|packet| arrived.push(packet));
        arrived
    }

    #[test]
    fn a_clear_air_changes_nothing() {
        assert_eq!(through(Odds::default()), (0..1_000).collect::<Vec<_>>());
    }

    #[test]
    fn reordering_loses_and_doubles_nothing() {
        let mut arrived = through(Odds { reorder: 0.3, ..Odds::default() });
        assert!(!arrived.is_sorted());
        arrived.sort_unstable();
        assert_eq!(arrived, (0..1_000).collect::<Vec<_>>());
    }

    #[test]
    fn dropping_loses_and_duplicating_doubles() {
        assert!(through(Odds { drop: 0.3, ..Odds::default() }).len() < 800);
        let mut doubled = through(Odds { duplicate: 0.3, ..Odds::default() });
        assert!(doubled.len() > 1_200);
        doubled.sort_unstable();
        doubled.dedup();
        assert_eq!(doubled.len(), 1_000);
    }

    #[test]
    fn a_corrupted_frame_is_never_the_frame_again() {
        let mut line = Line::new(Dice::new(2, "line", 0));
        let frame: Vec<u8> = (0..20).collect();
        let always = Odds { corrupt: 1.0, ..Odds::default() };
        for _ in 0..1_000 {
            let mut sent = vec![0xAA; 3];
            sent.extend_from_slice(&frame);
            line.pass(&mut sent, 3, &always);
            assert_eq!(sent.get(..3), Some(&[0xAA; 3][..]));
            assert_ne!(sent.get(3..), Some(&frame[..]));
        }
    }

    #[test]
    fn no_byte_gets_through_at_the_wrong_baud_rate() {
        let mut line = Line::new(Dice::new(2, "line", 0));
        let mut bytes = [0x7E; 500];
        line.garble(&mut bytes);
        assert!(bytes.iter().all(|byte| *byte != 0x7E));
    }
}
