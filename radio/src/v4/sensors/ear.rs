//! Which adverts of sensors are told: all that is news of those that count for a mold, and now and then one of a few others,
//! so that a person can choose among them.
//!
//! A sensor sends each of its adverts several times, and several adapters hear it. An advert that carries a number (of a packet,
//! a measurement or a seal) is news once; one without is news when it differs from the one before it.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use domain::{Said, SensorFormat, Timestamp, Unread};
use secrecy::ExposeSecret;

use super::bthome::{Content, Frame};
use super::{bthome, ruuvi};
use crate::bluetooth::SensorInUse;
use crate::event::SensorHeard;
use crate::v4::advert::{Verdict, Window};
use crate::v4::{Address, Key};

/// Sensors that count for no mold and are remembered at once: anyone can send adverts of thousands.
pub const MOST_STRANGERS: usize = 64;
/// One of these is told so often at most.
pub const STRANGER_EVERY: Duration = Duration::from_secs(5);
/// A sensor that says the same again is told so often, as a sign of life.
pub const ALIVE_EVERY: Duration = Duration::from_secs(10);
/// One that was not heard for so long is forgotten.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(600);
/// Adverts of one sensor that are known again.
const KNOWN_AGAIN: usize = 4;
/// A longer one is none of a sensor's (Core, volume 6, part B, 2.3.4.9: of one packet).
const LONGEST: usize = 255;

/// A sensor's data, without what an advert has around it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SensorData {
    /// Of the service BTHome.
    Bthome(Vec<u8>),
    /// Of the maker Ruuvi.
    Ruuvi(Vec<u8>),
}

impl SensorData {
    fn bytes(&self) -> &[u8] {
        match self {
            SensorData::Bthome(bytes) | SensorData::Ruuvi(bytes) => bytes,
        }
    }
}

/// A sensor that counts for a mold.
struct Used {
    key: Option<Key>,
    window: Window,
}

/// What was last heard of a sensor.
struct Last {
    /// Newest last; with the number that each carried, if it did.
    adverts: VecDeque<(SensorData, bool)>,
    heard: Timestamp,
    told: Option<Timestamp>,
}

/// What an advert is beside those before it.
enum News {
    Yes,
    /// The last one once more.
    Again,
    /// One before the last, late or from another adapter.
    Old,
}

/// See the file.
#[derive(Default)]
pub struct Ear {
    used: BTreeMap<Address, Used>,
    heard: BTreeMap<Address, Last>,
}

/// An advert as it was read.
struct Read {
    format: SensorFormat,
    sealed: bool,
    triggered: bool,
    counter: Option<u32>,
    numbered: bool,
    said: Result<Vec<Said>, Unread>,
}

impl Ear {
    /// With the sensors that count for molds.
    #[must_use]
    pub fn new(sensors: impl IntoIterator<Item = SensorInUse>) -> Self {
        let mut ear = Ear::default();
        sensors.into_iter().for_each(|sensor| ear.attend(sensor));
        ear
    }

    /// This one counts from now on. What its seal's counter was is what the box says it was.
    pub fn attend(&mut self, sensor: SensorInUse) {
        let SensorInUse { address, key, counter } = sensor;
        let key = key.map(|key| Key::new(*key.expose_secret()));
        let window = counter.map_or_else(Window::default, Window::at);
        self.used.insert(address, Used { key, window });
        // Its next advert is news, whatever was heard before.
        self.heard.remove(&address);
    }

    /// It does not any more.
    pub fn ignore(&mut self, address: Address) {
        self.used.remove(&address);
    }

    /// An advert was heard; what is to be told of it.
    pub fn hear(
        &mut self,
        from: Address,
        rssi_dbm: i8,
        data: &SensorData,
        now: Timestamp,
    ) -> Option<SensorHeard> {
        if data.bytes().len() > LONGEST {
            return None;
        }
        // Where it says itself who it is, a gateway may have sent it on.
        let own = match data {
            SensorData::Bthome(bytes) => Frame::parse(bytes).ok().and_then(|frame| frame.address),
            SensorData::Ruuvi(_) => None,
        };
        let address = own.unwrap_or(from);
        if !self.heard.contains_key(&address) && !self.has_room(address, now) {
            return None;
        }
        let last = self.heard.entry(address).or_insert_with(|| Last {
            adverts: VecDeque::with_capacity(KNOWN_AGAIN),
            heard: now,
            told: None,
        });
        last.heard = now;
        let news = last.judge(data);
        let used = self.used.get_mut(&address);
        let pause = match (&news, &used) {
            (News::Old, _) => return None,
            (News::Again, _) => ALIVE_EVERY,
            (News::Yes, Some(_)) => Duration::ZERO,
            (News::Yes, None) => STRANGER_EVERY,
        };
        // A clock that was set back holds nothing up.
        let due = |told: Timestamp| now < told || now.since(told) >= pause;
        let due = last.told.is_none_or(due);
        if !due {
            return None;
        }
        let read = read(data, address, used);
        if matches!(news, News::Yes) {
            last.note(data, read.numbered);
        }
        // Nor may whoever sends nonsense in its name be told each time.
        let nonsense = read.said.is_err()
            && last.told.is_some_and(|told| now >= told && now.since(told) < STRANGER_EVERY);
        if nonsense {
            return None;
        }
        last.told = Some(now);
        let Read { format, sealed, triggered, counter, said, .. } = read;
        Some(SensorHeard { address, rssi_dbm, format, sealed, triggered, counter, said })
    }

    fn has_room(&mut self, address: Address, now: Timestamp) -> bool {
        if self.used.contains_key(&address) {
            return true;
        }
        let used = &self.used;
        let strangers =
            |heard: &BTreeMap<Address, Last>| heard.keys().filter(|of| !used.contains_key(of)).count();
        if strangers(&self.heard) >= MOST_STRANGERS {
            let gone = |last: &Last| now.since(last.heard) >= FORGOTTEN_AFTER;
            self.heard.retain(|of, last| used.contains_key(of) || !gone(last));
        }
        strangers(&self.heard) < MOST_STRANGERS
    }
}

impl Last {
    fn judge(&self, data: &SensorData) -> News {
        match self.adverts.iter().rev().position(|(before, _)| before == data) {
            Some(0) => News::Again,
            Some(back) => match self.adverts.iter().rev().nth(back) {
                Some((_, true)) => News::Old,
                // Without a number nobody can tell whether it is late or new.
                _ => News::Yes,
            },
            None => News::Yes,
        }
    }

    fn note(&mut self, data: &SensorData, numbered: bool) {
        if self.adverts.len() >= KNOWN_AGAIN {
            self.adverts.pop_front();
        }
        self.adverts.push_back((data.clone(), numbered));
    }
}

fn read(data: &SensorData, address: Address, used: Option<&mut Used>) -> Read {
    match data {
        SensorData::Bthome(bytes) => read_bthome(bytes, address, used),
        SensorData::Ruuvi(bytes) => {
            let read = ruuvi::said(bytes);
            let numbered = read.as_ref().is_ok_and(|(_, number)| number.is_some());
            // Whoever has a key for a sensor waits for sealed adverts alone.
            let said = match (read, used.is_some_and(|used| used.key.is_some())) {
                (Ok(_), true) => Err(Unread::NotSealed),
                (Ok((said, _)), false) => Ok(said),
                (Err(_), _) => Err(Unread::Damaged),
            };
            Read {
                format: SensorFormat::Ruuvi,
                sealed: false,
                triggered: false,
                counter: None,
                numbered,
                said,
            }
        }
    }
}

fn read_bthome(bytes: &[u8], address: Address, used: Option<&mut Used>) -> Read {
    let mut read = Read {
        format: SensorFormat::Bthome,
        sealed: false,
        triggered: false,
        counter: None,
        numbered: false,
        said: Err(Unread::Damaged),
    };
    let Ok(frame) = Frame::parse(bytes) else { return read };
    read.triggered = frame.triggered();
    let key = used.and_then(|used| Some((used.key.clone()?, &mut used.window)));
    let objects = match (frame.content, key) {
        (Content::Plain(objects), None) => Ok(objects.to_vec()),
        (Content::Plain(_), Some(_)) => Err(Unread::NotSealed),
        (Content::Encrypted { .. }, None) => {
            (read.sealed, read.numbered) = (true, true);
            Err(Unread::NoKey)
        }
        (Content::Encrypted { counter, .. }, Some((key, window))) => {
            (read.sealed, read.numbered) = (true, true);
            match (frame.open(&key, address), window.judge(counter)) {
                (Err(_), _) => Err(Unread::WrongKey),
                (Ok(_), Verdict::Old) => Err(Unread::OldCounter),
                (Ok(objects), Verdict::News | Verdict::Again | Verdict::TooFarAhead) => {
                    // A person saves a sensor again whose counter is not believed any more.
                    *window = Window::at(counter);
                    read.counter = Some(counter);
                    Ok(objects)
                }
            }
        }
    };
    read.said = objects.and_then(|objects| {
        let (said, packet) = bthome::said(&objects).map_err(|_| Unread::Damaged)?;
        read.numbered |= packet.is_some();
        Ok(said)
    });
    read
}

#[cfg(test)]
mod tests;
