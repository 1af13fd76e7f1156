//! Simulated air: V4 monitors, adapters that hear them, and a driver in memory that carries out acts and tells facts, with
//! what goes wrong on the way. Everything comes from a seed and the time that is told.

mod monitor;
mod repeater;
mod repeaters;
mod sealed;
mod watching;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::{LinkName, Timestamp};

pub use self::monitor::Monitor;
pub use self::repeater::{Repeater, Tampering};
use super::dice::Dice;
use crate::v4::Address;
use crate::v4::air::{Act, Doing, Fact, Failure, Strength, Way};
use crate::v4::open::Refusal;
use crate::v4::repeater::Heard;

/// How likely each mishap is, each time it could happen. All zero: none.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Mishaps {
    /// A link does not come about: the adapter is busy, it is given up, it times out.
    pub connect: f64,
    /// A link breaks after any one thing on it.
    pub link: f64,
    /// An adapter is pulled out, for a while, at any act.
    pub unplug: f64,
    /// The stored key is weaker than the pairing was.
    pub weak: f64,
}

/// How long things take.
const CONNECT: Duration = Duration::from_millis(400);
const GIVE_UP: Duration = Duration::from_secs(10);
const PAIR: Duration = Duration::from_millis(900);
const ANSWER: Duration = Duration::from_millis(30);
const PACKET: Duration = Duration::from_millis(8);
/// BlueZ takes its time over it.
const DISCONNECT: Duration = Duration::from_secs(2);
const UNPLUGGED: Duration = Duration::from_secs(20);

/// See the file.
pub struct Air {
    monitors: BTreeMap<Address, Monitor>,
    adapters: BTreeMap<LinkName, Adapter>,
    repeaters: BTreeMap<Address, Repeater>,
    /// What is going to be told, in order of time.
    coming: BTreeMap<(Timestamp, u64), Coming>,
    number: u64,
    dice: Dice,
    /// What goes wrong from now on.
    pub mishaps: Mishaps,
}

struct Adapter {
    slots: usize,
    /// Pulled out.
    gone: bool,
    scans: bool,
    /// How strong each monitor is heard, dBm; none out of reach.
    reach: BTreeMap<Address, i8>,
    /// Bonds that the box holds, whether the monitor has them or not.
    bonds: BTreeSet<Address>,
}

enum Coming {
    Fact(Fact),
    /// The monitor says the next thing on its link.
    Speaks(Way),
    /// An adapter is plugged in again.
    Plugs(LinkName),
    /// A repeater hears something.
    Repeater(Address, Heard),
}

impl Air {
    /// Nobody in it.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Air {
            monitors: BTreeMap::new(),
            adapters: BTreeMap::new(),
            repeaters: BTreeMap::new(),
            coming: BTreeMap::new(),
            number: 0,
            dice: Dice::new(seed, "air", 0),
            mishaps: Mishaps::default(),
        }
    }

    /// An adapter is plugged in.
    pub fn plug(&mut self, adapter: LinkName, slots: usize, now: Timestamp) {
        let new =
            Adapter { slots, gone: false, scans: false, reach: BTreeMap::new(), bonds: BTreeSet::new() };
        self.adapters.insert(adapter.clone(), new);
        self.tell(now, Fact::Came { adapter, slots });
    }

    /// A monitor comes into the air, heard as strong as told by each adapter.
    pub fn bring(&mut self, monitor: Monitor, reach: &[(LinkName, i8)]) {
        for (adapter, dbm) in reach {
            if let Some(adapter) = self.adapters.get_mut(adapter) {
                adapter.reach.insert(monitor.address(), *dbm);
            }
        }
        self.monitors.insert(monitor.address(), monitor);
    }

    /// How strong an adapter hears a monitor or a repeater from now on, dBm; none out of its reach. A link breaks there.
    pub fn reach(&mut self, adapter: &LinkName, address: Address, dbm: Option<i8>, now: Timestamp) {
        let Some(there) = self.adapters.get_mut(adapter) else { return };
        if let Some(dbm) = dbm {
            there.reach.insert(address, dbm);
            return;
        }
        there.reach.remove(&address);
        let way = Way { adapter: adapter.clone(), address };
        if self.monitors.get(&address).is_some_and(|monitor| monitor.linked() == Some(adapter)) {
            self.drop_link(&way);
            self.tell(now, Fact::Disconnected { way });
        }
    }

    /// A monitor is carried away; its link, if it has one, breaks.
    pub fn carry_off(&mut self, address: Address, now: Timestamp) -> Option<Monitor> {
        let adapter = self.monitors.get(&address)?.linked().cloned();
        if let Some(adapter) = adapter {
            let way = Way { adapter, address };
            self.drop_link(&way);
            self.tell(now, Fact::Disconnected { way });
        }
        self.monitors.remove(&address)
    }

    /// One of the monitors.
    pub fn monitor(&mut self, address: Address) -> Option<&mut Monitor> {
        self.monitors.get_mut(&address)
    }

    /// All of them.
    pub fn monitors(&mut self) -> impl Iterator<Item = &mut Monitor> {
        self.monitors.values_mut()
    }

    /// Every monitor without a link sends an advert; those adapters hear it that listen and are near.
    pub fn adverts(&mut self, now: Timestamp) {
        let (mut heard, mut said) = (Vec::new(), Vec::new());
        for (address, monitor) in self.monitors.iter_mut().filter(|(_, monitor)| monitor.linked().is_none()) {
            let Some(what) = monitor.advert() else { continue };
            said.push((*address, what));
            for (name, adapter) in self.adapters.iter().filter(|(_, adapter)| adapter.scans && !adapter.gone)
            {
                if let Some(dbm) = adapter.reach.get(address) {
                    let way = Way { adapter: name.clone(), address: *address };
                    heard.push(Fact::Advert { way, rssi_dbm: *dbm, what });
                }
            }
        }
        heard.into_iter().for_each(|fact| self.tell(now, fact));
        self.repeat(&said, now);
    }

    /// The next fact up to a time, and when it happened.
    pub fn next(&mut self, until: Timestamp) -> Option<(Timestamp, Fact)> {
        loop {
            let entry = self.coming.first_entry().filter(|entry| entry.key().0 <= until)?;
            let ((now, _), coming) = entry.remove_entry();
            match coming {
                Coming::Fact(fact) => {
                    if let Fact::Disconnected { way } = &fact {
                        self.monitors.get_mut(&way.address).into_iter().for_each(Monitor::unlink);
                    }
                    return Some((now, fact));
                }
                Coming::Plugs(adapter) => {
                    if let Some(there) = self.adapters.get_mut(&adapter) {
                        there.gone = false;
                        let slots = there.slots;
                        return Some((now, Fact::Came { adapter, slots }));
                    }
                }
                Coming::Repeater(address, heard) => self.repeater_hears(address, heard, now),
                Coming::Speaks(way) => {
                    if let Some(fact) = self.speak(&way, now) {
                        return Some((now, fact));
                    }
                }
            }
        }
    }

    fn speak(&mut self, way: &Way, now: Timestamp) -> Option<Fact> {
        if let Some(repeater) = self.repeater_of(way) {
            self.speaks_past(repeater, way, now);
            return None;
        }
        let monitor = self.monitors.get_mut(&way.address).filter(|of| of.linked() == Some(&way.adapter))?;
        let (characteristic, bytes) = monitor.speak(now)?;
        if !self.breaks(way, now) {
            self.come(now.later_by(PACKET), Coming::Speaks(way.clone()));
        }
        Some(Fact::Value { way: way.clone(), characteristic, bytes })
    }

    /// Something new to say: monitors with a link say it.
    pub fn stir(&mut self, now: Timestamp) {
        let linked = self.monitors.iter().filter_map(|(address, monitor)| {
            Some(Way { adapter: monitor.linked()?.clone(), address: *address })
        });
        for way in linked.collect::<Vec<_>>() {
            self.come(now, Coming::Speaks(way));
        }
    }

    /// Carries out an act.
    pub fn act(&mut self, act: Act, now: Timestamp) {
        let (name, about) = match &act {
            Act::Scan { adapter, .. } => (adapter.clone(), None),
            Act::Connect(way) | Act::Disconnect(way) | Act::Forget(way) | Act::Pair { way, .. } => {
                (way.adapter.clone(), Some(way.clone()))
            }
            Act::Subscribe(way, _) | Act::Read(way, _) | Act::Write(way, ..) => {
                (way.adapter.clone(), Some(way.clone()))
            }
        };
        if self.dice.happens(self.mishaps.unplug) {
            self.unplug(&name, now);
        }
        if let Some(way) = about.as_ref().filter(|way| self.repeaters.contains_key(&way.address))
            && self.adapters.get(&name).is_some_and(|adapter| !adapter.gone)
        {
            return self.act_on_repeater(act, way.address, &name, now);
        }
        let there = self.adapters.get_mut(&name).filter(|adapter| !adapter.gone);
        match (act, there, about) {
            (Act::Scan { on, .. }, Some(adapter), _) => adapter.scans = on,
            (Act::Connect(way), Some(_), _) => self.connect(way, now),
            (Act::Connect(way), None, _) => {
                self.tell(now, Fact::Failed { way, what: Doing::Connect, why: Failure::Vanished });
            }
            (Act::Forget(way), Some(adapter), _) => {
                adapter.bonds.remove(&way.address);
                self.disconnect(way, now);
            }
            (Act::Disconnect(way), Some(_), _) => self.disconnect(way, now),
            (act, Some(_), Some(way)) => self.on_link(act, &way, now),
            (_, None, _) | (_, _, None) => {}
        }
    }

    fn connect(&mut self, way: Way, now: Timestamp) {
        let failed = |why| Fact::Failed { way: way.clone(), what: Doing::Connect, why };
        let in_reach = self.adapters.get(&way.adapter).is_some_and(|of| of.reach.contains_key(&way.address));
        let held = self.adapters.get(&way.adapter).is_some_and(|of| of.bonds.contains(&way.address));
        let Some(monitor) = self.monitors.get_mut(&way.address).filter(|_| in_reach) else {
            return self.tell(now.later_by(GIVE_UP), failed(Failure::TimedOut));
        };
        if self.dice.happens(self.mishaps.connect) {
            let whys = [Failure::Busy, Failure::TimedOut, Failure::Vanished];
            let why = self.dice.choose(&whys).cloned().unwrap_or(Failure::Busy);
            return self.tell(now.later_by(GIVE_UP), failed(why));
        }
        if held && monitor.bond(&way.adapter).is_none() {
            return self.tell(now.later_by(CONNECT), failed(Failure::Aborted));
        }
        if monitor.linked().is_some() {
            return self.tell(now.later_by(GIVE_UP), failed(Failure::TimedOut));
        }
        let mtu = monitor.link(&way.adapter);
        self.tell(now.later_by(CONNECT), Fact::Connected { way, mtu });
    }

    fn disconnect(&mut self, way: Way, now: Timestamp) {
        let linked = self.monitors.get(&way.address).is_some_and(|of| of.linked() == Some(&way.adapter));
        if linked {
            self.tell(now.later_by(DISCONNECT), Fact::Disconnected { way });
        }
    }

    /// What needs a link; without one nothing happens, for its end is told already.
    fn on_link(&mut self, act: Act, way: &Way, now: Timestamp) {
        let Some(monitor) =
            self.monitors.get_mut(&way.address).filter(|of| of.linked() == Some(&way.adapter))
        else {
            return;
        };
        let encrypted = monitor.bond(&way.adapter).is_some();
        // 0F: it needs an encrypted link (Core, volume 3, part F, 3.4.1.1).
        let failed = |what| Fact::Failed { way: way.clone(), what, why: Failure::Att(0x0F) };
        let mut speaks = false;
        let (after, fact) = match act {
            Act::Pair { passkey, .. } => {
                let paired = monitor.pair(&way.adapter, passkey.map(|passkey| passkey.expose()));
                let weak = self.dice.happens(self.mishaps.weak);
                let fact = match paired {
                    Some(strength) => {
                        if let Some(adapter) = self.adapters.get_mut(&way.adapter) {
                            adapter.bonds.insert(way.address);
                        }
                        let strength = if weak { Strength::Legacy } else { strength };
                        Fact::Paired { way: way.clone(), strength }
                    }
                    None => Fact::Failed { way: way.clone(), what: Doing::Pair, why: Failure::Refused },
                };
                (PAIR, fact)
            }
            Act::Subscribe(_, characteristic) if encrypted => {
                monitor.subscribe(characteristic);
                speaks = true;
                (ANSWER, Fact::Done { way: way.clone(), what: Doing::Subscribe(characteristic) })
            }
            Act::Read(_, characteristic) if encrypted => match monitor.read(characteristic, now) {
                Some(bytes) => (ANSWER, Fact::Value { way: way.clone(), characteristic, bytes }),
                None => (ANSWER, failed(Doing::Read(characteristic))),
            },
            Act::Write(_, characteristic, bytes) if encrypted => {
                let what = Doing::Write(characteristic);
                speaks = true;
                match monitor.write(characteristic, &bytes) {
                    Ok(()) => (ANSWER, Fact::Done { way: way.clone(), what }),
                    Err(refusal) => (ANSWER, refused(way, what, refusal)),
                }
            }
            Act::Subscribe(_, characteristic) => (ANSWER, failed(Doing::Subscribe(characteristic))),
            Act::Read(_, characteristic) => (ANSWER, failed(Doing::Read(characteristic))),
            Act::Write(_, characteristic, _) => (ANSWER, failed(Doing::Write(characteristic))),
            Act::Scan { .. } | Act::Connect(_) | Act::Disconnect(_) | Act::Forget(_) => return,
        };
        if self.breaks(way, now) {
            return;
        }
        self.tell(now.later_by(after), fact);
        if speaks {
            self.come(now.later_by(after), Coming::Speaks(way.clone()));
        }
    }

    /// The link broke just now: nothing more is told of it but that.
    fn breaks(&mut self, way: &Way, now: Timestamp) -> bool {
        let breaks = self.dice.happens(self.mishaps.link);
        if breaks {
            self.drop_link(way);
            self.tell(now.later_by(PACKET), Fact::Disconnected { way: way.clone() });
        }
        breaks
    }

    fn drop_link(&mut self, way: &Way) {
        self.monitors.get_mut(&way.address).into_iter().for_each(Monitor::unlink);
        self.coming.retain(|_, coming| match coming {
            Coming::Fact(Fact::Advert { .. }) | Coming::Plugs(_) | Coming::Repeater(..) => true,
            Coming::Fact(fact) => fact.way() != Some(way),
            Coming::Speaks(of) => of != way,
        });
    }

    /// An adapter is pulled out; it is plugged in again by and by.
    pub fn unplug(&mut self, name: &LinkName, now: Timestamp) {
        let Some(adapter) = self.adapters.get_mut(name).filter(|adapter| !adapter.gone) else { return };
        (adapter.gone, adapter.scans) = (true, false);
        let ways = adapter.reach.keys().map(|address| Way { adapter: name.clone(), address: *address });
        for way in ways.collect::<Vec<_>>() {
            let linked = self.monitors.get(&way.address).is_some_and(|of| of.linked() == Some(name));
            if linked {
                self.drop_link(&way);
            }
        }
        self.coming.retain(|_, coming| match coming {
            Coming::Fact(fact) => fact.way().is_none_or(|way| way.adapter != *name),
            Coming::Speaks(way) => way.adapter != *name,
            Coming::Plugs(_) | Coming::Repeater(..) => true,
        });
        self.guest_leaves(name, now);
        self.tell(now, Fact::Went { adapter: name.clone() });
        self.come(now.later_by(UNPLUGGED), Coming::Plugs(name.clone()));
    }

    fn tell(&mut self, at: Timestamp, fact: Fact) {
        self.come(at, Coming::Fact(fact));
    }

    fn come(&mut self, at: Timestamp, coming: Coming) {
        self.number += 1;
        self.coming.insert((at, self.number), coming);
    }
}

fn refused(way: &Way, what: Doing, refusal: Refusal) -> Fact {
    Fact::Failed { way: way.clone(), what, why: Failure::Att(refusal.code()) }
}
