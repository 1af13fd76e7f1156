//! A recording in a stick's place. No I/O, no clock.

mod stand_in;

use std::io::Read;
use std::time::Duration;

pub use self::stand_in::StandIn;
use crate::capture::{Damage, Direction, Reader, Record};

/// What there is to do.
#[derive(Debug, PartialEq, Eq)]
pub enum Turn {
    /// These bytes are due.
    Say(Vec<u8>),
    /// Nothing is due before so much time has passed since the first bytes.
    Wait(Duration),
    /// All was said.
    Over,
}

/// Plays what a recording's device said.
pub struct Player<R> {
    records: Reader<R>,
    /// So many times as fast as it was; 0 for as fast as the bytes are taken.
    pace: u32,
    first: Option<Duration>,
    next: Option<(Duration, Vec<u8>)>,
    lost: u64,
    damage: Option<Damage>,
}

impl<R: Read> Player<R> {
    /// At its beginning.
    #[must_use]
    pub fn new(records: Reader<R>, pace: u32) -> Self {
        Player { records, pace, first: None, next: None, lost: 0, damage: None }
    }

    /// What to do when so much time has passed since the first turn.
    pub fn turn(&mut self, stick: &mut StandIn, passed: Duration) -> Turn {
        while self.next.is_none() {
            match self.records.next() {
                Some(Ok(Record::Bytes { offset, direction: Direction::Heard, bytes })) => {
                    let said = stick.play(&bytes);
                    if !said.is_empty() {
                        let since = offset.saturating_sub(*self.first.get_or_insert(offset));
                        self.next = Some((since.checked_div(self.pace).unwrap_or_default(), said));
                    }
                }
                Some(Ok(Record::Bytes { .. })) => {}
                Some(Ok(Record::Lost { bytes, .. })) => self.lost = self.lost.saturating_add(bytes),
                Some(Err(damage)) => self.damage = Some(damage),
                None => return Turn::Over,
            }
        }
        match self.next.take_if(|(due, _)| *due <= passed) {
            Some((_, bytes)) => Turn::Say(bytes),
            None => Turn::Wait(self.next.as_ref().map_or(passed, |(due, _)| *due)),
        }
    }

    /// Bytes that the recording does not have, though the link had them.
    #[must_use]
    pub fn lost(&self) -> u64 {
        self.lost
    }

    /// Why the recording could not be read from there on.
    #[must_use]
    pub fn damage(&self) -> Option<&Damage> {
        self.damage.as_ref()
    }
}

#[cfg(test)]
mod tests;
