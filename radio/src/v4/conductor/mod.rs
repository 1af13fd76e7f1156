//! All monitors on all adapters: who has a link when, and by which way.
//!
//! An adapter makes one link at a time and does not listen meanwhile; it has no more links than slots. More monitors than slots
//! take turns: what presses most first, then who waits longest; a link on which nothing waits goes to whoever needs one,
//! one that drains is cut when others wait and it had its time, and goes on at its next turn. A repeater is to it one more adapter,
//! which takes a slot of one of the box's. Everything is told in: the facts, the time, and numbers that nobody foresees.

mod adapter;
mod backoff;
mod by_repeater;
mod monitor;
mod repeaters;
mod report;
mod signal;

use std::collections::BTreeMap;
use std::time::Duration;

use domain::{LinkName, Timestamp};

use self::adapter::Adapter;
use self::monitor::Monitor;
use self::repeaters::Repeaters;
pub use self::signal::{BETTER_BY_DB, BETTER_FOR, Choice, LEAST_DWELL, Why};
use super::Key;
use super::advert::{Ours, Sealed, Status, Window};
use super::air::{Act, Doing, Fact, Strength, Way};
use super::open::{Serial, ToMonitor};
use super::session::{EnrolmentWindow, Input, Session, Told, Want};
use crate::bluetooth::Bonded;

/// Monitors that are not ours and are remembered at once: anyone can send adverts of thousands.
const MOST_STRANGERS: usize = 256;

/// How links are shared out.
#[derive(Debug, Clone, Copy)]
pub struct Settings {
    /// A link is left alone for so long, unless something presses and nothing waits on it.
    pub visit: Duration,
    /// So often at least each monitor has a link, if only to hear how it is.
    pub round: Duration,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { visit: Duration::from_secs(30), round: Duration::from_secs(900) }
    }
}

/// A monitor of the box, as its store knows it.
pub struct Known {
    /// Which.
    pub serial: Serial,
    /// Ways with a bond, and how well each keeps others out.
    pub bonds: BTreeMap<Way, Strength>,
    /// Its name in its adverts.
    pub id: u32,
    /// What they are sealed with.
    pub key: Key,
    /// How far they were opened.
    pub window: Window,
}

/// What comes of a fact.
#[derive(Default)]
pub struct Out {
    /// To be done, in this order.
    pub acts: Vec<Act>,
    /// To be told, in this order.
    pub said: Vec<(Serial, Said)>,
}

/// What is told of a monitor.
#[derive(Debug, Clone, PartialEq)]
pub enum Said {
    /// By its session.
    Told(Told),
    /// By a sealed advert: shown, and never counted by.
    Advert(Status),
}

/// See the file.
pub struct Conductor {
    settings: Settings,
    adapters: BTreeMap<LinkName, Adapter>,
    repeaters: Repeaters,
    monitors: BTreeMap<Serial, Monitor>,
    /// Whose link that is, or is about to be.
    links: BTreeMap<Way, Serial>,
    /// By the name in adverts.
    ids: BTreeMap<u32, Serial>,
}

impl Conductor {
    /// With the box's monitors; adapters are told as they come.
    #[must_use]
    pub fn new(settings: Settings, known: impl IntoIterator<Item = Known>, now: Timestamp) -> Self {
        let (mut monitors, mut ids) = (BTreeMap::new(), BTreeMap::new());
        for Known { serial, bonds, id, key, window } in known {
            ids.insert(id, serial);
            let session = Session::bonded(serial, bonds, now);
            monitors.insert(serial, Monitor::new(session).with_key(id, key, window));
        }
        let (adapters, links, repeaters) = (BTreeMap::new(), BTreeMap::new(), Repeaters::default());
        Conductor { settings, adapters, repeaters, monitors, links, ids }
    }

    /// The session of a monitor that was heard or is known.
    #[must_use]
    pub fn session(&self, serial: Serial) -> Option<&Session> {
        self.monitors.get(&serial).map(|monitor| &monitor.session)
    }

    /// What the store is to know of a monitor of the box's.
    #[must_use]
    pub fn bonded(&self, serial: Serial) -> Option<Bonded> {
        self.monitors.get(&serial)?.bonded()
    }

    /// The adapters that are there.
    pub fn adapters(&self) -> impl Iterator<Item = &LinkName> {
        self.adapters.keys()
    }

    /// By which way links to a monitor go, and why.
    #[must_use]
    pub fn choice(&self, serial: Serial) -> Option<&Choice> {
        self.monitors.get(&serial)?.signal.choice()
    }

    /// A person opens a window for a monitor, whether it was heard or not.
    pub fn open(
        &mut self,
        serial: Serial,
        window: EnrolmentWindow,
        now: Timestamp,
        dice: &mut Dice<'_>,
    ) -> Out {
        let monitor = self.monitors.entry(serial);
        let monitor = monitor.or_insert_with(|| Monitor::new(Session::stranger(serial, now)));
        monitor.hand_over(window.handover.id, window.handover.key.clone());
        monitor.backoff.succeeded();
        self.feed_and_arrange(serial, Input::Open(Box::new(window)), now, dice)
    }

    /// A person closes it.
    pub fn close(&mut self, serial: Serial, now: Timestamp, dice: &mut Dice<'_>) -> Out {
        self.feed_and_arrange(serial, Input::Close, now, dice)
    }

    /// Something for a monitor: now if it has a link, else on its next one.
    pub fn say(&mut self, serial: Serial, message: ToMonitor, now: Timestamp, dice: &mut Dice<'_>) -> Out {
        self.feed_and_arrange(serial, Input::Say(message), now, dice)
    }

    /// Nothing happened but time; once a second is enough.
    pub fn tick(&mut self, now: Timestamp, dice: &mut Dice<'_>) -> Out {
        let mut out = Out::default();
        let all: Vec<Serial> = self.monitors.keys().copied().collect();
        for serial in all {
            self.feed(serial, Input::Tick, now, dice, &mut out);
        }
        self.monitors.retain(|_, monitor| !monitor.session.is_forgotten(now));
        let (brought, gone) = self.repeaters.tick(now);
        for name in gone {
            self.monitors.values_mut().for_each(|monitor| monitor.forget(&name));
        }
        self.bring(brought, now, dice, &mut out);
        self.arrange(now, dice, &mut out);
        out
    }

    /// Something happened.
    pub fn take(&mut self, fact: Fact, now: Timestamp, dice: &mut Dice<'_>) -> Out {
        let mut out = Out::default();
        self.take_all(fact, now, dice, &mut out);
        self.arrange(now, dice, &mut out);
        out
    }

    fn take_one(&mut self, fact: Fact, now: Timestamp, dice: &mut Dice<'_>, out: &mut Out) {
        match fact {
            Fact::Came { adapter, slots } => {
                self.end_links(&adapter, now, dice, out);
                self.adapters.insert(adapter.clone(), Adapter::new(adapter, slots));
            }
            Fact::Went { adapter } => {
                self.end_links(&adapter, now, dice, out);
                self.adapters.remove(&adapter);
            }
            Fact::Advert { way, rssi_dbm, what } => self.hear(&way, rssi_dbm, what, now, dice, out),
            // Nobody has a link with a sensor.
            Fact::Sensor { .. } => {}
            Fact::Disconnected { way } => self.end_link(&way, now, dice, out),
            Fact::Connected { way, mtu } => self.begin_link(&way, mtu, now, dice, out),
            Fact::Failed { way, what: what @ Doing::Connect, why } => {
                if let Some(adapter) = self.adapters.get_mut(&way.adapter) {
                    adapter.failed(&way, now);
                }
                if let Some(serial) = self.links.remove(&way) {
                    self.feed_by(&way, serial, Input::Failed(what, why), now, dice, out);
                }
            }
            Fact::Failed { way, what, why } => {
                self.feed_link(&way, Input::Failed(what, why), now, dice, out);
            }
            Fact::Paired { way, strength } => {
                self.feed_link(&way, Input::Paired(strength), now, dice, out);
            }
            Fact::Value { way, characteristic, bytes } => {
                self.feed_link(&way, Input::Value(characteristic, bytes), now, dice, out);
            }
            Fact::Done { way, what } => self.feed_link(&way, Input::Done(what), now, dice, out),
            // Nobody is a box's guest.
            Fact::Guest { .. } => {}
        }
    }

    fn begin_link(&mut self, way: &Way, mtu: usize, now: Timestamp, dice: &mut Dice<'_>, out: &mut Out) {
        if let Some(adapter) = self.adapters.get_mut(&way.adapter) {
            adapter.connected(way);
        }
        let owner = self.links.get(way).copied();
        match owner.and_then(|serial| Some((serial, self.monitors.get_mut(&serial)?))) {
            Some((serial, monitor)) if monitor.session.way() == Some(way) => {
                // That a repeater's tunnel is there proves little: what fails in it is held against that way.
                if !way.adapter.is_repeater() {
                    monitor.backoff.succeeded();
                }
                monitor.linked = Some(now);
                self.feed(serial, Input::Connected { mtu }, now, dice, out);
            }
            // Nobody waits for it any more.
            _ => out.acts.push(Act::Disconnect(way.clone())),
        }
    }

    fn end_link(&mut self, way: &Way, now: Timestamp, dice: &mut Dice<'_>, out: &mut Out) {
        if let Some(adapter) = self.adapters.get_mut(&way.adapter) {
            adapter.gone(way);
        }
        let Some(serial) = self.links.remove(way) else { return };
        if let Some(monitor) = self.monitors.get_mut(&serial) {
            (monitor.visited, monitor.linked, monitor.leaving) = (Some(now), None, false);
        }
        self.feed_by(way, serial, Input::Disconnected, now, dice, out);
    }

    fn end_links(&mut self, adapter: &LinkName, now: Timestamp, dice: &mut Dice<'_>, out: &mut Out) {
        self.monitors.values_mut().for_each(|monitor| monitor.signal.forget(adapter));
        let links = self.adapters.get(adapter).map(|adapter| adapter.links().cloned().collect::<Vec<_>>());
        for way in links.unwrap_or_default() {
            self.end_link(&way, now, dice, out);
        }
    }

    fn hear(
        &mut self,
        way: &Way,
        rssi_dbm: i8,
        what: Ours,
        now: Timestamp,
        dice: &mut Dice<'_>,
        out: &mut Out,
    ) {
        match what {
            Ours::Waiting(waiting) => {
                let serial = waiting.serial;
                let strangers = || self.monitors.values().filter(|of| of.session.is_stranger()).count();
                if !self.monitors.contains_key(&serial) && strangers() >= MOST_STRANGERS {
                    return;
                }
                let monitor = self.monitors.entry(serial);
                let monitor = monitor.or_insert_with(|| Monitor::new(Session::stranger(serial, now)));
                monitor.signal.note(way, rssi_dbm, now);
                self.feed(serial, Input::Waiting(waiting), now, dice, out);
            }
            Ours::Sealed(sealed) => {
                if let Some((serial, status, news)) = self.unseal(&sealed, way, rssi_dbm, now)
                    && news
                {
                    self.feed(serial, Input::Status(status), now, dice, out);
                    out.said.push((serial, Said::Advert(status)));
                }
            }
            Ours::Repeated(repeated) => {
                if let Some(serial) = self.ids.get(&repeated.sealed.id).copied()
                    && let Some(monitor) = self.monitors.get_mut(&serial)
                    && let Some((status, news)) = monitor.open(&repeated.sealed)
                {
                    self.heard_by_repeater(serial, way, rssi_dbm, &repeated, now);
                    if news {
                        self.feed(serial, Input::Status(status), now, dice, out);
                        out.said.push((serial, Said::Advert(status)));
                    }
                }
            }
        }
    }

    fn unseal(
        &mut self,
        sealed: &Sealed,
        way: &Way,
        rssi_dbm: i8,
        now: Timestamp,
    ) -> Option<(Serial, Status, bool)> {
        let serial = *self.ids.get(&sealed.id)?;
        let monitor = self.monitors.get_mut(&serial)?;
        let (status, news) = monitor.open(sealed)?;
        // Only what is proven says how strong a monitor is heard: anyone could draw connections to a way that is none.
        monitor.signal.note(way, rssi_dbm, now);
        Some((serial, status, news))
    }

    fn feed_and_arrange(&mut self, serial: Serial, input: Input, now: Timestamp, dice: &mut Dice<'_>) -> Out {
        let mut out = Out::default();
        self.feed(serial, input, now, dice, &mut out);
        self.arrange(now, dice, &mut out);
        out
    }

    /// To whoever has that link.
    fn feed_link(&mut self, way: &Way, input: Input, now: Timestamp, dice: &mut Dice<'_>, out: &mut Out) {
        if let Some(serial) = self.links.get(way).copied() {
            self.feed_by(way, serial, input, now, dice, out);
        }
    }

    /// To a session, if it still goes by that way.
    fn feed_by(
        &mut self,
        way: &Way,
        serial: Serial,
        input: Input,
        now: Timestamp,
        dice: &mut Dice<'_>,
        out: &mut Out,
    ) {
        if self.session(serial).is_some_and(|session| session.way() == Some(way)) {
            self.feed(serial, input, now, dice, out);
        }
    }

    fn feed(&mut self, serial: Serial, input: Input, now: Timestamp, dice: &mut Dice<'_>, out: &mut Out) {
        let Some(monitor) = self.monitors.get_mut(&serial) else { return };
        let by = monitor.session.way().filter(|way| way.adapter.is_repeater()).cloned();
        let ended = matches!(input, Input::Disconnected);
        let step = monitor.session.take(input, now);
        if let Some(by) = &by {
            monitor.judge(by, ended, &step.told, now, dice);
        }
        for told in &step.told {
            if let Some(id) = monitor.note(told) {
                self.ids.retain(|_, of| *of != serial);
                self.ids.insert(id, serial);
            }
            if matches!(told, Told::LinkLost(_)) && by.is_none() {
                monitor.backoff.failed(now, dice());
            }
        }
        out.acts.extend(step.acts);
        out.said.extend(step.told.into_iter().map(|told| (serial, Said::Told(told))));
    }

    /// Shares out the adapters that are ready for another link.
    fn arrange(&mut self, now: Timestamp, dice: &mut Dice<'_>, out: &mut Out) {
        self.settle(now, dice, out);
        let names: Vec<LinkName> = self.adapters.keys().chain(self.repeaters.names()).cloned().collect();
        for name in names {
            let ready = self.adapters.get(&name).filter(|adapter| adapter.is_ready(now));
            let ready = ready.map(Adapter::has_room).or_else(|| self.repeaters.is_open(&name, now));
            if let Some(room) = ready
                && let Some((serial, want, way)) = self.next(&name, room, now)
            {
                if room {
                    let adapter = self.adapters.get_mut(&way.adapter);
                    out.acts.extend(adapter.and_then(|adapter| adapter.connect(way.clone())));
                    self.links.insert(way.clone(), serial);
                    self.feed(serial, Input::Go(way), now, dice, out);
                } else {
                    self.make_room(&name, want, now, dice, out);
                }
            }
            // What is asked of a repeater is asked of an adapter, too: whoever comes next is to find it busy.
            self.settle(now, dice, out);
        }
        for adapter in self.adapters.values_mut() {
            out.acts.extend(adapter.listen());
        }
    }

    /// Whose turn it is on an adapter, or on a repeater that has a link.
    fn next(&mut self, adapter: &LinkName, room: bool, now: Timestamp) -> Option<(Serial, Want, Way)> {
        let (adapters, links, round) = (&self.adapters, &self.links, self.settings.round);
        let repeaters = &self.repeaters;
        let mut first: Option<((Want, Option<Timestamp>), Serial, Way)> = None;
        for (serial, monitor) in &mut self.monitors {
            let Some(turn) = monitor.turn() else { continue };
            let due = monitor.visited.is_none_or(|visited| now.since(visited) >= round);
            if turn.0 == Want::Round && !room && !due {
                continue;
            }
            let way = if turn.0 == Want::Enrolment {
                monitor.signal.strongest(now)
            } else {
                let bonds = monitor.session.bonds().map(|(way, _)| way);
                let here = bonds.filter(|way| adapters.contains_key(&way.adapter)).cloned();
                let by_repeaters =
                    monitor.by_repeaters(now).filter(|way| repeaters.has(&way.adapter)).cloned();
                let candidates: Vec<Way> = here.chain(by_repeaters).collect();
                monitor.signal.choose(candidates.iter(), now).map(|choice| &choice.way)
            };
            // Ways by repeaters have pauses of their own: there may be another one.
            let way = way.filter(|way| way.adapter.is_repeater() || !monitor.backoff.holds(now));
            // One that is not heard is waited for, not called.
            let way =
                way.filter(|way| repeaters.slot(way, now) == Some(adapter) && !links.contains_key(*way));
            let way = way.cloned();
            if let Some(way) = way.filter(|way| monitor.signal.is_heard(way, now))
                && first.as_ref().is_none_or(|(best, _, _)| turn < *best)
            {
                first = Some((turn, *serial, way));
            }
        }
        first.map(|((want, _), serial, way)| (serial, want, way))
    }

    /// Asks one of an adapter's links to end: one on which nothing waits, or one that had its time.
    fn make_room(
        &mut self,
        adapter: &LinkName,
        want: Want,
        now: Timestamp,
        dice: &mut Dice<'_>,
        out: &mut Out,
    ) {
        let mut victims: Vec<(bool, Timestamp, Serial)> = Vec::new();
        for serial in self.links_by(adapter, now) {
            let Some(monitor) = self.monitors.get(&serial) else { continue };
            if monitor.leaving {
                // Its room is on its way.
                return;
            }
            let Some(since) = monitor.linked else { continue };
            let (live, had_its_time) = (monitor.session.is_live(), now.since(since) >= self.settings.visit);
            if had_its_time || (live && want != Want::Round) {
                victims.push((!live, since, serial));
            }
        }
        if let Some((_, _, serial)) = victims.into_iter().min() {
            if let Some(monitor) = self.monitors.get_mut(&serial) {
                monitor.leaving = true;
            }
            self.feed(serial, Input::Leave, now, dice, out);
        }
    }
}

/// Any number, another each time.
pub type Dice<'d> = dyn FnMut() -> u32 + 'd;
