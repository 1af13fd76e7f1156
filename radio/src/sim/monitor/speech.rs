//! What a monitor says through its module, and what it makes of what the box says.

use super::{Monitor, Now, Sender};
use crate::v3::profile::open::{Message, Record, Serial, Tether, Tethering};

/// Between two status messages, real ms.
const STATUS_MS: u64 = 60_000;
/// Between two tellings of a tethering nobody has answered yet, real ms.
const TETHER_MS: u64 = 10_000;
/// Between two tellings of one that was answered.
const TETHERED_MS: u64 = 600_000;

impl Monitor {
    /// The next message, if there is something to say.
    pub fn next_message(&mut self, now: Now) -> Option<Message> {
        let serial = self.serial;
        let clock = self.ticks(now.plant_ms);
        let tethered = self.tethered.as_mut()?;
        if now.real_ms >= tethered.tell_at {
            return self.tell_tether(now);
        }
        let run = self.memory.speaking().filter(|_| self.record.is_some())?;
        if now.real_ms >= tethered.status_at {
            tethered.status_at = now.real_ms.saturating_add(STATUS_MS);
            return Some(Message::Status(self.status(now)));
        }
        self.sender.next(run, serial, clock, now.real_ms).map(Message::Cycles)
    }

    /// When there may be something to say though no cycle is made, real ms.
    #[must_use]
    pub fn speaks_at(&self) -> Option<u64> {
        let tethered = self.tethered.as_ref()?;
        let status = self.record.as_ref().map(|_| tethered.status_at);
        let again = self.memory.speaking().and_then(|run| self.sender.next_at(run));
        [Some(tethered.tell_at), status, again].into_iter().flatten().min()
    }

    fn tell_tether(&mut self, now: Now) -> Option<Message> {
        let serial = self.serial;
        let run = self.memory.speaking()?;
        let (era, count) = (run.era, run.shown(run.made()));
        let tethered = self.tethered.as_mut()?;
        let plug = tethered.plug;
        let Some(record) = &self.record else {
            tethered.tell_at = now.real_ms.saturating_add(STATUS_MS);
            return Some(Message::Tether(Tether { serial, plug, state: Tethering::Uninitialised }));
        };
        if tethered.parts.is_empty() {
            tethered.parts = Record::new(record).ok()?.parts();
            tethered.parts.reverse();
        }
        let part = tethered.parts.pop()?;
        if tethered.parts.is_empty() {
            tethered.told = true;
            let pause = if tethered.answered { TETHERED_MS } else { TETHER_MS };
            tethered.tell_at = now.real_ms.saturating_add(pause);
        }
        Some(Message::Tether(Tether { serial, plug, state: Tethering::Initialised { era, count, part } }))
    }

    /// A message of the box, through the module.
    pub fn hear(&mut self, message: &Message, now: Now) {
        let mine = |serial: &Serial| *serial == self.serial;
        match message {
            Message::Kept { serial, era, up_to } if mine(serial) => self.kept(*era, *up_to, now),
            Message::SendFrom { serial, era, after } if mine(serial) => {
                self.answered();
                let run = self.memory.speaking().filter(|run| run.era == *era);
                if let Some((run, place)) = run.and_then(|run| Some((run, run.place(*after)?))) {
                    self.sender.asked(run, place, now.real_ms);
                }
            }
            Message::Time { serial, .. } if mine(serial) => self.time_told = true,
            Message::Identify { serial } if mine(serial) => self.identified += 1,
            _ => {}
        }
    }

    fn answered(&mut self) {
        if let Some(tethered) = &mut self.tethered {
            tethered.answered = true;
            // What was told and answered need not be told again soon.
            if tethered.told && tethered.parts.is_empty() {
                tethered.tell_at = tethered.tell_at.max(tethered.status_at.saturating_add(TETHERED_MS));
            }
        }
    }

    fn kept(&mut self, era: u32, up_to: u32, now: Now) {
        let Some(run) = self.memory.speaking_mut().filter(|run| run.era == era) else { return };
        let news = run.keep(up_to);
        if news {
            self.sender.kept(run, now.real_ms);
        }
        self.answered();
        self.turn();
    }

    /// When a run is over and kept, the next one is told, with its own tethering.
    pub(super) fn turn(&mut self) {
        while self.memory.turn() {
            if let Some(run) = self.memory.speaking() {
                self.sender = Sender::new(run);
            }
            if let Some(tethered) = &mut self.tethered {
                tethered.tell_at = 0;
                tethered.answered = false;
                tethered.status_at = 0;
                tethered.parts.clear();
            }
        }
    }
}
