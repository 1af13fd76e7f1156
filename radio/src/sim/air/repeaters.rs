//! Repeaters in the air: their links in both directions, and their adverts.

use domain::{LinkName, Timestamp};

use super::repeater::{Repeater, Tampering};
use super::{ANSWER, Air, CONNECT, Coming, DISCONNECT, GIVE_UP, Monitor, PACKET};
use crate::v4::Address;
use crate::v4::advert::{Ours, Repeated};
use crate::v4::air::{Act, Doing, Fact, Failure, Way};
use crate::v4::open::Characteristic;
use crate::v4::repeater::{Do, Heard};

const MTU: usize = 517;
const MONITORS_MTU: usize = 247;

/// Who has a link with a repeater.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Caller {
    /// An adapter of the box, by its address.
    Box(Address),
    Repeater(Address),
}

impl Caller {
    fn address(self) -> Address {
        match self {
            Caller::Box(address) | Caller::Repeater(address) => address,
        }
    }
}

/// Of a name without one, something that no other has.
pub(super) fn address_of(adapter: &LinkName) -> Address {
    let mut bytes = [0; 6];
    bytes.iter_mut().zip(adapter.as_str().bytes().rev()).for_each(|(place, byte)| *place = byte);
    Address::from_be_bytes(adapter.address().unwrap_or(bytes))
}

fn own(repeater: Address) -> LinkName {
    LinkName::adapter(repeater.to_be_bytes())
}

impl Air {
    /// A repeater is switched on: who hears it, and whom it hears, monitors and other repeaters.
    pub fn bring_repeater(
        &mut self,
        address: Address,
        heard_by: &[(LinkName, i8)],
        hears: &[(Address, i8)],
        now: Timestamp,
    ) {
        for (adapter, dbm) in heard_by {
            if let Some(adapter) = self.adapters.get_mut(adapter) {
                adapter.reach.insert(address, *dbm);
            }
        }
        self.repeaters.insert(address, Repeater::new(hears));
        let came = Fact::Came { adapter: own(address), slots: 5 };
        self.repeater_hears(address, Heard::Fact(came), now);
    }

    /// One of the repeaters.
    pub fn repeater(&mut self, address: Address) -> Option<&mut Repeater> {
        self.repeaters.get_mut(&address)
    }

    /// Its power is gone, or back: what it had it has no more.
    pub fn switch_repeater(&mut self, address: Address, on: bool, now: Timestamp) {
        let Some(repeater) = self.repeaters.get_mut(&address) else { return };
        let guests = repeater.switch(on);
        let name = own(address);
        self.coming.retain(|_, coming| match coming {
            Coming::Repeater(of, _) => *of != address,
            Coming::Speaks(way) => way.adapter != name,
            // That a link did not come about, or ended, is told all the same.
            Coming::Fact(Fact::Disconnected { .. } | Fact::Failed { what: Doing::Connect, .. }) => true,
            Coming::Fact(fact) => fact.way().is_none_or(|way| way.address != address),
            Coming::Plugs(_) => true,
        });
        // A supervision time-out.
        let later = now.later_by(DISCONNECT);
        for guest in guests {
            let caller = self.caller(guest);
            self.tell_caller(caller, later, |adapter| Fact::Disconnected { way: Way { adapter, address } });
        }
        let linked: Vec<Address> = self.linked_by(&name);
        for monitor in linked {
            self.monitors.get_mut(&monitor).into_iter().for_each(Monitor::unlink);
        }
        for other in self.repeaters.keys().copied().collect::<Vec<_>>() {
            self.guest_of(other, address, later);
        }
        if on {
            self.repeater_hears(address, Heard::Fact(Fact::Came { adapter: name, slots: 5 }), now);
        }
    }

    /// What a dishonest one does to every so many frames that pass it.
    pub fn tamper(&mut self, repeater: Address, tampering: Option<(Tampering, u32)>) {
        if let Some(repeater) = self.repeaters.get_mut(&repeater) {
            repeater.tampering = tampering;
        }
    }

    /// How strong a repeater hears somebody from now on, dBm; none out of its reach.
    pub fn repeater_reach(&mut self, repeater: Address, address: Address, dbm: Option<i8>) {
        let Some(repeater) = self.repeaters.get_mut(&repeater) else { return };
        match dbm {
            Some(dbm) => drop(repeater.reach.insert(address, dbm)),
            None => drop(repeater.reach.remove(&address)),
        }
    }

    fn linked_by(&self, adapter: &LinkName) -> Vec<Address> {
        let linked = self.monitors.iter().filter(|(_, monitor)| monitor.linked() == Some(adapter));
        linked.map(|(address, _)| *address).collect()
    }

    fn caller(&self, guest: Address) -> Caller {
        if self.repeaters.contains_key(&guest) { Caller::Repeater(guest) } else { Caller::Box(guest) }
    }

    fn tell_caller(&mut self, caller: Caller, at: Timestamp, fact: impl FnOnce(LinkName) -> Fact) {
        match caller {
            Caller::Repeater(address) => {
                self.come(at, Coming::Repeater(address, Heard::Fact(fact(own(address)))));
            }
            Caller::Box(address) => {
                if let Some(adapter) = self.adapters.keys().find(|it| address_of(it) == address).cloned() {
                    self.tell(at, fact(adapter));
                }
            }
        }
    }

    /// All hear what is on the air once more, and the repeaters' own time passes.
    pub(super) fn repeat(&mut self, monitors: &[(Address, Ours)], now: Timestamp) {
        for address in self.repeaters.keys().copied().collect::<Vec<_>>() {
            let Some(repeater) = self.repeaters.get(&address).filter(|it| !it.off) else { continue };
            let heard: Vec<Fact> = monitors
                .iter()
                .filter_map(|(monitor, what)| {
                    let way = Way { adapter: own(address), address: *monitor };
                    Some(Fact::Advert { way, rssi_dbm: *repeater.reach.get(monitor)?, what: *what })
                })
                .collect();
            let advert = repeater.advert;
            for fact in heard {
                self.come(now, Coming::Repeater(address, Heard::Fact(fact)));
            }
            for quarter in 0..4 {
                let at = now.later_by(std::time::Duration::from_millis(1 + 250 * quarter));
                self.come(at, Coming::Repeater(address, Heard::Tick));
            }
            if let Some(advert) = advert {
                self.on_air(address, advert, now);
            }
        }
    }

    fn on_air(&mut self, from: Address, advert: Repeated, now: Timestamp) {
        let what = Ours::Repeated(advert);
        let mut heard = Vec::new();
        for (name, adapter) in self.adapters.iter().filter(|(_, adapter)| adapter.scans && !adapter.gone) {
            if let Some(rssi_dbm) = adapter.reach.get(&from).copied() {
                heard.push(Fact::Advert {
                    way: Way { adapter: name.clone(), address: from },
                    rssi_dbm,
                    what,
                });
            }
        }
        heard.into_iter().for_each(|fact| self.tell(now, fact));
        let near = |it: &Repeater| it.reach.get(&from).copied().filter(|_| !it.off);
        let others: Vec<(Address, i8)> =
            self.repeaters.iter().filter_map(|(address, it)| Some((*address, near(it)?))).collect();
        for (other, rssi_dbm) in others {
            let way = Way { adapter: own(other), address: from };
            self.come(now, Coming::Repeater(other, Heard::Fact(Fact::Advert { way, rssi_dbm, what })));
        }
    }

    /// The repeater behind a way to a monitor.
    pub(super) fn repeater_of(&self, way: &Way) -> Option<Address> {
        self.repeaters.keys().copied().find(|address| own(*address) == way.adapter)
    }

    /// A monitor says the next thing to the repeater that it has a link with.
    pub(super) fn speaks_past(&mut self, repeater: Address, way: &Way, now: Timestamp) {
        let monitor = self.monitors.get_mut(&way.address).filter(|it| it.linked() == Some(&way.adapter));
        let Some(frames) = monitor.and_then(|it| it.speak_sealed(now)) else { return };
        self.values(repeater, way, frames, now);
        self.speaks_soon(way, now.later_by(PACKET));
    }

    /// One packet after the other: whatever makes it speak.
    fn speaks_soon(&mut self, way: &Way, at: Timestamp) {
        let speaks = |coming: &Coming| matches!(coming, Coming::Speaks(of) if of == way);
        if !self.coming.values().any(speaks) {
            self.come(at, Coming::Speaks(way.clone()));
        }
    }

    fn values(&mut self, repeater: Address, way: &Way, frames: Vec<Vec<u8>>, now: Timestamp) {
        for bytes in frames {
            let value = Fact::Value { way: way.clone(), characteristic: Characteristic::Sealed, bytes };
            self.come(now, Coming::Repeater(repeater, Heard::Fact(value)));
        }
    }

    /// The box does something with a repeater.
    pub(super) fn act_on_repeater(
        &mut self,
        act: Act,
        repeater: Address,
        adapter: &LinkName,
        now: Timestamp,
    ) {
        let reach = self.adapters.get(adapter).is_some_and(|it| it.reach.contains_key(&repeater));
        self.ask_repeater(act, repeater, Caller::Box(address_of(adapter)), reach, now);
    }

    fn ask_repeater(&mut self, act: Act, to: Address, caller: Caller, reach: bool, now: Timestamp) {
        let Some(repeater) = self.repeaters.get_mut(&to) else { return };
        let guest = caller.address();
        let guests_way = Way { adapter: own(to), address: guest };
        let linked = repeater.guests.contains(&guest);
        let way = |adapter| Way { adapter, address: to };
        match act {
            Act::Connect(_) if reach && !repeater.off => {
                repeater.guests.push(guest);
                self.come(now, Coming::Repeater(to, Heard::Came(guests_way)));
                self.tell_caller(caller, now.later_by(CONNECT), |it| Fact::Connected {
                    way: way(it),
                    mtu: MTU,
                });
            }
            Act::Connect(_) => {
                let (what, why) = (Doing::Connect, Failure::TimedOut);
                self.tell_caller(caller, now.later_by(GIVE_UP), |it| Fact::Failed {
                    way: way(it),
                    what,
                    why,
                });
            }
            Act::Subscribe(_, on) if linked => {
                repeater.listening.push(guest);
                let what = Doing::Subscribe(on);
                self.tell_caller(caller, now.later_by(ANSWER), |it| Fact::Done { way: way(it), what });
            }
            Act::Write(_, on, bytes) if linked => {
                let written = repeater.tamper(bytes.to_vec());
                for bytes in written {
                    self.come(now, Coming::Repeater(to, Heard::Written(guests_way.clone(), bytes)));
                }
                let what = Doing::Write(on);
                self.tell_caller(caller, now.later_by(ANSWER), |it| Fact::Done { way: way(it), what });
            }
            Act::Disconnect(_) | Act::Forget(_) => self.guest_of(to, guest, now.later_by(DISCONNECT)),
            _ => {}
        }
    }

    /// The link of a guest ends.
    fn guest_of(&mut self, repeater: Address, guest: Address, at: Timestamp) {
        let Some(there) = self.repeaters.get_mut(&repeater).filter(|it| it.guests.contains(&guest)) else {
            return;
        };
        there.guests.retain(|it| *it != guest);
        there.listening.retain(|it| *it != guest);
        let caller = self.caller(guest);
        self.tell_caller(caller, at, |adapter| Fact::Disconnected {
            way: Way { adapter, address: repeater },
        });
        self.come(
            at,
            Coming::Repeater(repeater, Heard::Left(Way { adapter: own(repeater), address: guest })),
        );
    }

    /// An adapter of the box is gone.
    pub(super) fn guest_leaves(&mut self, adapter: &LinkName, now: Timestamp) {
        for repeater in self.repeaters.keys().copied().collect::<Vec<_>>() {
            self.guest_of(repeater, address_of(adapter), now);
        }
    }

    /// A repeater hears something, and does what comes of it.
    pub(super) fn repeater_hears(&mut self, address: Address, heard: Heard, now: Timestamp) {
        let Some(repeater) = self.repeaters.get_mut(&address).filter(|it| !it.off) else { return };
        for done in repeater.node.take(heard, now) {
            match done {
                Do::Act(act) => self.act_of_repeater(address, act, now),
                Do::Send(advert) => {
                    if let Some(repeater) = self.repeaters.get_mut(&address) {
                        repeater.advert = advert;
                    }
                    advert.into_iter().for_each(|advert| self.on_air(address, advert, now));
                }
                Do::Tell(bytes) => {
                    let Some(repeater) = self.repeaters.get_mut(&address) else { return };
                    let listening = repeater.listening.clone();
                    for bytes in repeater.tamper(bytes) {
                        for guest in &listening {
                            let caller = self.caller(*guest);
                            let (bytes, characteristic) = (bytes.clone(), Characteristic::Tunnel);
                            self.tell_caller(caller, now.later_by(PACKET), |adapter| Fact::Value {
                                way: Way { adapter, address },
                                characteristic,
                                bytes,
                            });
                        }
                    }
                }
            }
        }
    }

    fn act_of_repeater(&mut self, repeater: Address, act: Act, now: Timestamp) {
        let Some(way) = act.way().cloned() else { return };
        let reach = self.repeaters.get(&repeater).is_some_and(|it| it.reach.contains_key(&way.address));
        let guest = self.repeaters.get(&repeater).is_some_and(|it| it.guests.contains(&way.address));
        if guest && matches!(act, Act::Disconnect(_)) {
            return self.guest_of(repeater, way.address, now.later_by(DISCONNECT));
        }
        if self.repeaters.contains_key(&way.address) {
            return self.ask_repeater(act, way.address, Caller::Repeater(repeater), reach, now);
        }
        let salt = self.dice.whole(0, u64::MAX).to_be_bytes();
        let monitor = self.monitors.get_mut(&way.address).filter(|_| reach);
        let told = match (act, monitor) {
            (Act::Connect(_), Some(monitor)) if monitor.linked().is_none() => {
                monitor.link(&way.adapter);
                (CONNECT, Fact::Connected { way, mtu: MONITORS_MTU })
            }
            (Act::Connect(_), _) => {
                (GIVE_UP, Fact::Failed { way, what: Doing::Connect, why: Failure::TimedOut })
            }
            (Act::Subscribe(_, on), Some(monitor)) => {
                let what = Doing::Subscribe(on);
                let has = monitor.speaks_sealed && on == Characteristic::Sealed;
                let missing = || Fact::Failed { way: way.clone(), what, why: Failure::Missing };
                (ANSWER, if has { Fact::Done { way, what } } else { missing() })
            }
            (Act::Write(_, on, bytes), Some(monitor)) => {
                let what = Doing::Write(on);
                match monitor.sealed(&bytes, salt, now) {
                    Ok(frames) => {
                        // What was sealed first goes first.
                        self.values(repeater, &way, frames, now);
                        self.speaks_soon(&way, now.later_by(ANSWER));
                        (ANSWER, Fact::Done { way, what })
                    }
                    Err(refusal) => (ANSWER, Fact::Failed { way, what, why: Failure::Att(refusal.code()) }),
                }
            }
            (Act::Disconnect(_), monitor) => {
                monitor.into_iter().for_each(Monitor::unlink);
                (DISCONNECT, Fact::Disconnected { way })
            }
            _ => return,
        };
        self.come(now.later_by(told.0), Coming::Repeater(repeater, Heard::Fact(told.1)));
    }

    /// Whether anything of this is in what a repeater saw pass, in whatever place.
    #[must_use]
    pub fn repeater_saw(&self, address: Address, bytes: &[u8]) -> bool {
        let seen = self.repeaters.get(&address).map(|it| it.seen.as_slice()).unwrap_or_default();
        seen.iter().any(|frame| frame.windows(bytes.len()).any(|part| part == bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v4::repeater::TunnelFrame;

    #[test]
    fn what_a_repeater_sees_is_looked_through() {
        let address = Address::from_be_bytes([9; 6]);
        let mut air = Air::new(1);
        air.bring_repeater(address, &[], &[], Timestamp::from_millis(0));
        let passed = TunnelFrame::Passed { tunnel: 1, frame: vec![1, 2, 3, 4] }.encode();
        air.repeater(address).map(|it| it.tamper(passed.clone()));
        assert!(air.repeater_saw(address, &[2, 3]) && !air.repeater_saw(address, &[3, 2]));
    }
}
