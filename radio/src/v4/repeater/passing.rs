//! Which adverts a repeater passes on, and by whom it heard each monitor. Nothing is opened: a repeater holds no key.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use domain::Timestamp;

use crate::v4::Address;
use crate::v4::advert::{Repeated, Repeater, Sealed};

/// Monitors that are known at once: anyone can send adverts of thousands.
const MOST_MONITORS: usize = 256;
/// One that was not heard for so long is not known any more.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(90);
/// The same advert is passed on again only after so long.
const AGAIN: Duration = Duration::from_secs(2);
/// Somebody nearer is believed before one who was heard so lately.
const STALE: Duration = Duration::from_secs(15);

/// How a repeater reaches a monitor.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Next {
    /// It hears it itself.
    Monitor(Address),
    /// It hears another repeater that does, or that hears another.
    Repeater(Address),
}

#[derive(Debug, Clone, Copy)]
struct Known {
    next: Next,
    /// Repeaters on the way to it, beside this one.
    hops: u8,
    /// When it was last heard by that way.
    heard: Timestamp,
    /// The highest counter that was passed on, and when.
    counter: u32,
    sent: Option<Timestamp>,
}

/// See the file.
#[derive(Debug, Default)]
pub(super) struct Passing {
    known: BTreeMap<u32, Known>,
    /// To be sent, each monitor's newest.
    waiting: VecDeque<Repeated>,
    /// On the air, since then.
    on_air: Option<(Repeated, Timestamp)>,
}

impl Passing {
    /// A monitor's own advert.
    pub(super) fn heard(
        &mut self,
        sealed: Sealed,
        from: Address,
        rssi_dbm: i8,
        own: Address,
        now: Timestamp,
    ) {
        if self.note(&sealed, Next::Monitor(from), 0, now) {
            self.pass(Repeated::first(sealed, rssi_dbm, Repeater::from(own)));
        }
    }

    /// Another repeater's.
    pub(super) fn heard_repeated(&mut self, repeated: Repeated, from: Address, now: Timestamp) {
        let next = Next::Repeater(from);
        if let Some(onward) = repeated.onward()
            && self.note(&repeated.sealed, next, repeated.hops(), now)
        {
            self.pass(onward);
        }
    }

    /// Takes note of who was heard by whom; whether the advert is to be passed on.
    fn note(&mut self, sealed: &Sealed, next: Next, hops: u8, now: Timestamp) -> bool {
        let Sealed { id, counter, .. } = *sealed;
        if self.known.len() >= MOST_MONITORS && !self.known.contains_key(&id) {
            self.known.retain(|_, known| now.since(known.heard) < FORGOTTEN_AFTER);
            if self.known.len() >= MOST_MONITORS {
                return false;
            }
        }
        let fresh = Known { next, hops, heard: now, counter, sent: None };
        let known = self.known.entry(id).or_insert(fresh);
        if now.since(known.heard) >= FORGOTTEN_AFTER {
            *known = fresh;
        }
        if counter < known.counter {
            return false;
        }
        if next == known.next {
            (known.heard, known.hops) = (now, hops);
        } else if hops < known.hops || now.since(known.heard) >= STALE {
            (known.next, known.heard, known.hops) = (next, now, hops);
        } else {
            return false;
        }
        let again = counter == known.counter && known.sent.is_some_and(|sent| now.since(sent) < AGAIN);
        if !again {
            (known.counter, known.sent) = (counter, Some(now));
        }
        !again
    }

    fn pass(&mut self, repeated: Repeated) {
        match self.waiting.iter_mut().find(|there| there.sealed.id == repeated.sealed.id) {
            Some(there) => *there = repeated,
            None => self.waiting.push_back(repeated),
        }
    }

    /// The next advert that goes on the air; nothing when what is there is to stay. None in it ends sending.
    pub(super) fn turn(&mut self, now: Timestamp) -> Option<Option<Repeated>> {
        if let Some(next) = self.waiting.pop_front() {
            self.on_air = Some((next, now));
            return Some(Some(next));
        }
        // One that nothing takes the place of stays: by it the repeater is found. It is heard for what it is, an old one.
        self.on_air.take_if(|(_, since)| now.since(*since) >= FORGOTTEN_AFTER).map(|_| None)
    }

    /// How a monitor is reached.
    pub(super) fn next(&self, id: u32, now: Timestamp) -> Option<(Next, u8)> {
        let known = self.known.get(&id).filter(|known| now.since(known.heard) < FORGOTTEN_AFTER)?;
        Some((known.next, known.hops))
    }

    /// Nothing was heard.
    pub(super) fn clear(&mut self) {
        *self = Passing::default();
    }
}
