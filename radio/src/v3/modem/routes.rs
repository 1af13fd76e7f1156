//! Source routes: a collector with many radios behind it keeps the ways that radios report (A1) and gives them back
//! (21) before it sends, because the stick's own table is small (Digi 90001537, "Large ZigBee networks").

use std::collections::{HashMap, VecDeque};

use domain::Eui64;

use crate::v3::frame::{CreateSourceRoute, RouteRecord};

/// Entries of the stick's table (S2C guide p. 92).
const TABLE: usize = 40;
/// Longer ways are dropped by the stick (S2C guide, frame 21).
const MOST_HOPS: usize = 11;
/// Ways kept here.
const MOST_ROUTES: usize = 4096;

#[derive(Debug, Clone, PartialEq, Eq)]
struct Route {
    short: u16,
    hops: Vec<u16>,
}

#[derive(Debug, Default)]
pub(super) struct Routes {
    enabled: bool,
    known: HashMap<Eui64, Route>,
    /// What the stick has in its table, least recently used first.
    given: VecDeque<Eui64>,
}

impl Routes {
    pub(super) fn enable(&mut self, on: bool) {
        self.enabled = on;
    }

    pub(super) fn record(&mut self, record: &RouteRecord) {
        let route = Route { short: record.short, hops: record.hops.clone() };
        if self.known.get(&record.source) == Some(&route) {
            return;
        }
        self.given.retain(|given| *given != record.source);
        if self.known.len() < MOST_ROUTES || self.known.contains_key(&record.source) {
            self.known.insert(record.source, route);
        }
    }

    /// The frame that has to go before one to `dest`; `None` if the stick knows the way or needs none.
    pub(super) fn due_before(&mut self, dest: Eui64) -> Option<CreateSourceRoute> {
        if !self.enabled {
            return None;
        }
        let Route { short, hops } = self.known.get(&dest)?;
        // A neighbour has no hops, and the stick drops a route of none.
        if hops.is_empty() || hops.len() > MOST_HOPS {
            return None;
        }
        let known_to_stick = self.given.iter().position(|given| *given == dest);
        match known_to_stick.and_then(|at| self.given.remove(at)) {
            Some(_) => {
                self.given.push_back(dest);
                None
            }
            None => {
                if self.given.len() >= TABLE {
                    self.given.pop_front();
                }
                self.given.push_back(dest);
                Some(CreateSourceRoute { id: 0, dest, short: *short, options: 0, hops: hops.clone() })
            }
        }
    }

    pub(super) fn forget(&mut self, dest: Eui64) {
        self.known.remove(&dest);
        self.given.retain(|given| *given != dest);
    }

    pub(super) fn forget_all(&mut self) {
        self.known.clear();
        self.given.clear();
    }

    /// The stick was reset.
    pub(super) fn stick_forgot(&mut self) {
        self.given.clear();
    }
}
