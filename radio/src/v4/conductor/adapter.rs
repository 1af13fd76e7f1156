//! One adapter: the links it has, the one it is making, and whether it is worth asking.

use std::collections::BTreeSet;
use std::time::Duration;

use domain::{LinkName, Timestamp};

use crate::bluetooth::AdapterReport;
use crate::v4::air::{Act, Way};

/// Links that failed one after the other, of whichever monitors, before the adapter is left alone: then it is not them.
const FAILURES: u32 = 6;
/// For how long.
const REST: Duration = Duration::from_secs(60);

/// See the file.
#[derive(Debug)]
pub(super) struct Adapter {
    name: LinkName,
    slots: usize,
    /// Links that are there or about to be, until they are told to be gone.
    links: BTreeSet<Way>,
    /// The one that is about to be.
    connecting: Option<Way>,
    scanning: bool,
    /// Links that failed since the last one that did not.
    failures: u32,
    rests_until: Option<Timestamp>,
}

impl Adapter {
    pub(super) fn new(name: LinkName, slots: usize) -> Self {
        Adapter {
            name,
            slots,
            links: BTreeSet::new(),
            connecting: None,
            scanning: false,
            failures: 0,
            rests_until: None,
        }
    }

    /// As it is, for people.
    pub(super) fn report(&self) -> AdapterReport {
        AdapterReport { name: self.name.clone(), links: self.links.len(), slots: self.slots }
    }

    /// Every link of it.
    pub(super) fn links(&self) -> impl Iterator<Item = &Way> {
        self.links.iter()
    }

    /// Whether it can be asked to make a link, if it has a slot for it.
    pub(super) fn is_ready(&self, now: Timestamp) -> bool {
        self.connecting.is_none() && self.rests_until.is_none_or(|until| now >= until)
    }

    /// Whether it has a slot.
    pub(super) fn has_room(&self) -> bool {
        self.links.len() < self.slots
    }

    /// A link is asked for. Adapters do one thing at a time: it does not listen meanwhile.
    pub(super) fn connect(&mut self, way: Way) -> Option<Act> {
        self.links.insert(way.clone());
        self.connecting = Some(way);
        self.scan(false)
    }

    /// A link is there.
    pub(super) fn connected(&mut self, way: &Way) {
        self.failures = 0;
        self.rests_until = None;
        self.connecting.take_if(|connecting| connecting == way);
    }

    /// A link did not come about.
    pub(super) fn failed(&mut self, way: &Way, now: Timestamp) {
        self.gone(way);
        self.failures = self.failures.saturating_add(1);
        if self.failures >= FAILURES {
            self.rests_until = Some(now.later_by(REST));
        }
    }

    /// A link is gone.
    pub(super) fn gone(&mut self, way: &Way) {
        self.links.remove(way);
        self.connecting.take_if(|connecting| connecting == way);
    }

    /// Listens whenever it does nothing else.
    pub(super) fn listen(&mut self) -> Option<Act> {
        if self.connecting.is_none() { self.scan(true) } else { None }
    }

    fn scan(&mut self, on: bool) -> Option<Act> {
        let changes = std::mem::replace(&mut self.scanning, on) != on;
        changes.then(|| Act::Scan { adapter: self.name.clone(), on })
    }
}
