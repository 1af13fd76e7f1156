//! Ways by repeaters, in the conductor: what is asked of them is passed on to the links that they are made of, and facts of
//! those come back as facts of the ways.

use std::collections::VecDeque;

use domain::{LinkName, Timestamp};

use super::monitor::Monitor;
use super::repeaters::{Brought, Wanted};
use super::{Conductor, Dice, Out};
use crate::v4::advert::Repeated;
use crate::v4::air::{Act, Doing, Fact, Failure, Way};
use crate::v4::open::Serial;

impl Conductor {
    /// Takes one fact, and all that come of it.
    pub(super) fn take_all(&mut self, fact: Fact, now: Timestamp, dice: &mut Dice<'_>, out: &mut Out) {
        if let Fact::Came { adapter, .. } | Fact::Went { adapter } = &fact {
            let (brought, unheard) = self.repeaters.forget(adapter);
            for name in unheard {
                self.monitors.values_mut().for_each(|monitor| monitor.signal.forget(&name));
            }
            self.bring(brought, now, dice, out);
        }
        // The adapter has its part in it, whoever's link it is.
        match &fact {
            Fact::Connected { way, .. } if !self.links.contains_key(way) => {
                self.adapters.get_mut(&way.adapter).into_iter().for_each(|adapter| adapter.connected(way));
            }
            Fact::Failed { way, what: Doing::Connect, .. } if !self.links.contains_key(way) => {
                self.adapters.get_mut(&way.adapter).into_iter().for_each(|adapter| adapter.gone(way));
            }
            Fact::Disconnected { way } => {
                self.adapters.get_mut(&way.adapter).into_iter().for_each(|adapter| adapter.gone(way));
            }
            _ => {}
        }
        match self.repeaters.take(fact, now, dice) {
            Ok(brought) => self.bring(brought, now, dice, out),
            Err(fact) => self.take_one(fact, now, dice, out),
        }
    }

    /// Acts on ways by repeaters become acts on the links to them, until there is none left.
    pub(super) fn settle(&mut self, now: Timestamp, dice: &mut Dice<'_>, out: &mut Out) {
        let mut done = Vec::new();
        let mut waiting = VecDeque::from(std::mem::take(&mut out.acts));
        while let Some(act) = waiting.pop_front() {
            let by_repeater = act.way().is_some_and(|way| way.adapter.is_repeater());
            if !by_repeater {
                done.push(act);
                continue;
            }
            let brought = match act {
                Act::Connect(way) => self.open_tunnel(way, now, dice),
                act => self.repeaters.act(act, now),
            };
            self.bring(brought, now, dice, out);
            waiting.extend(out.acts.drain(..));
        }
        out.acts = done;
    }

    fn open_tunnel(&mut self, way: Way, now: Timestamp, dice: &mut Dice<'_>) -> Brought {
        let monitor = self.links.get(&way).and_then(|serial| self.monitors.get(serial));
        match monitor.and_then(Monitor::seal) {
            Some((id, key)) => self.repeaters.connect(Wanted { way, id, key }, now, dice),
            None => {
                let failed = Fact::Failed { way, what: Doing::Connect, why: Failure::Vanished };
                Brought { acts: Vec::new(), facts: vec![failed] }
            }
        }
    }

    /// What comes of the links to repeaters: acts for the adapters they are by, facts about ways.
    pub(super) fn bring(&mut self, brought: Brought, now: Timestamp, dice: &mut Dice<'_>, out: &mut Out) {
        for act in brought.acts {
            if let Act::Connect(way) = &act
                && let Some(adapter) = self.adapters.get_mut(&way.adapter)
            {
                out.acts.extend(adapter.connect(way.clone()));
            }
            out.acts.push(act);
        }
        for fact in brought.facts {
            self.take_one(fact, now, dice, out);
        }
    }

    /// An advert that a repeater passed on, and that is proven: a way to its monitor.
    pub(super) fn heard_by_repeater(
        &mut self,
        serial: Serial,
        by: &Way,
        rssi_dbm: i8,
        repeated: &Repeated,
        now: Timestamp,
    ) {
        let Some(monitor) = self.monitors.get_mut(&serial) else { return };
        let Some(address) = monitor.session.bonds().next().map(|(way, _)| way.address) else { return };
        let Some(adapter) = self.repeaters.heard(by, rssi_dbm, now) else { return };
        // A way is as strong as the weakest part of it that is known.
        let first = if repeated.rssi_dbm == 127 { rssi_dbm } else { repeated.rssi_dbm };
        let way = Way { adapter, address };
        monitor.signal.note(&way, first.min(rssi_dbm), now);
        monitor.hops.insert(way, repeated.hops());
    }

    /// The links that take a slot of an adapter or of a repeater.
    pub(super) fn links_by(&self, adapter: &LinkName, now: Timestamp) -> Vec<Serial> {
        let takes = |way: &Way| {
            way.adapter == *adapter
                || (way.adapter.is_repeater() && self.repeaters.by(&way.adapter, now) == Some(adapter))
        };
        self.links.iter().filter(|(way, _)| takes(way)).map(|(_, serial)| *serial).collect()
    }
}
