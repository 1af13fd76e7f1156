//! Molds, monitors, modules and alarms as they are now.

use std::collections::{BTreeMap, BTreeSet};

use dashboard::port::{BluetoothView, LinkView, MoldTile, MonitorView, Severity, StandingAlarm};
use domain::{Eui64, LinkName, MoldId, MoldName, MoldState, MonitorSerial, Timestamp, mold_state};
use radio::event::{Heard, RadioEvent};

use super::air::Air;
use super::links::{LinkFacts, module_view, monitor_view};
use crate::ingest::{MoldNews, News};
use crate::plant::{ModuleRecord, MonitorRecord};

/// A mold, what was last told of it, and what was last shown.
#[derive(Debug)]
struct Shown {
    news: MoldNews,
    tile: MoldTile,
}

#[derive(Debug)]
pub(super) struct Picture {
    molds: BTreeMap<MoldId, Shown>,
    changed: BTreeSet<MoldId>,
    monitors: BTreeMap<MonitorSerial, (MonitorRecord, Option<MoldName>)>,
    modules: BTreeMap<Eui64, (ModuleRecord, Option<String>)>,
    links: BTreeMap<LinkName, LinkFacts>,
    /// None where the box does not listen there.
    air: Option<Air>,
    alarms: Vec<StandingAlarm>,
    alarms_changed: bool,
}

impl Picture {
    pub(super) fn new(links: Vec<(LinkName, String)>, bluetooth: bool, now: Timestamp) -> Self {
        let links = links.into_iter().map(|(name, path)| (name.clone(), LinkFacts::new(name, path, now)));
        Picture {
            molds: BTreeMap::new(),
            changed: BTreeSet::new(),
            monitors: BTreeMap::new(),
            modules: BTreeMap::new(),
            links: links.collect(),
            air: bluetooth.then(Air::new),
            alarms: Vec::new(),
            alarms_changed: false,
        }
    }

    pub(super) fn learn(&mut self, news: News, now: Timestamp) {
        if let Some(alarms) = news.alarms {
            for alarm in self.alarms.iter().chain(&alarms) {
                self.changed.extend(alarm.mold);
            }
            self.alarms = alarms;
            self.alarms_changed = true;
        }
        for mold in news.molds {
            self.changed.insert(mold.id);
            let alarms = alarms_on(&self.alarms, mold.id);
            match self.molds.get_mut(&mold.id) {
                Some(shown) => shown.news = mold,
                None => {
                    let (state, since) = told(&mold, None, now);
                    let tile = tile_of(&mold, state, since, alarms);
                    self.molds.insert(mold.id, Shown { news: mold, tile });
                }
            }
        }
        for (record, mold) in news.monitors {
            self.links_of(record.link.as_ref());
            self.monitors.insert(record.serial.clone(), (record, mold));
        }
        for (record, mold) in news.sensors {
            self.air.iter_mut().for_each(|air| air.use_sensor(record.clone(), mold.clone()));
        }
        for (record, press) in news.modules {
            if let Some((former, _)) = self.modules.get(&record.eui64)
                && former.link != record.link
            {
                let former = former.link.clone();
                self.links_of(Some(&former));
            }
            self.links_of(Some(&record.link));
            self.modules.insert(record.eui64, (record, press));
        }
    }

    pub(super) fn hear(&mut self, event: &RadioEvent) {
        let at = event.heard_at;
        let name = &event.link;
        let link = || LinkFacts::new(name.clone(), String::new(), at);
        match &event.what {
            Heard::Link(state) if name.is_bluetooth() => {
                self.air.iter_mut().for_each(|air| air.state(name, state, at));
            }
            Heard::Sensor(heard) => self.air.iter_mut().for_each(|air| air.sensor(heard, at)),
            Heard::Air(report) => self.air.iter_mut().for_each(|air| air.report(report)),
            Heard::Link(state) => self.links.entry(name.clone()).or_insert_with(link).state(state, at),
            Heard::Network(report) => self.links.entry(name.clone()).or_insert_with(link).network(report),
            Heard::Traffic(traffic) => self.links.entry(name.clone()).or_insert_with(link).traffic(*traffic),
            _ => {}
        }
    }

    /// Molds whose tile is another one now, because of news or of time.
    pub(super) fn changed_molds(&mut self, now: Timestamp) -> Vec<MoldTile> {
        let changed = std::mem::take(&mut self.changed);
        let mut tiles = Vec::new();
        for (id, shown) in &mut self.molds {
            let (state, since) = told(&shown.news, Some(&shown.tile), now);
            if state == shown.tile.state && !changed.contains(id) {
                continue;
            }
            let tile = tile_of(&shown.news, state, since, alarms_on(&self.alarms, *id));
            if tile != shown.tile || changed.contains(id) {
                shown.tile = tile.clone();
                tiles.push(tile);
            }
        }
        tiles
    }

    pub(super) fn changed_alarms(&mut self) -> Option<Vec<StandingAlarm>> {
        std::mem::take(&mut self.alarms_changed).then(|| self.alarms.clone())
    }

    /// Links that changed: `all`, or only those for which it matters at once.
    pub(super) fn changed_links(&mut self, all: bool, now: Timestamp) -> Vec<LinkView> {
        let due: Vec<LinkName> = self
            .links
            .iter_mut()
            .filter_map(|(name, link)| link.is_due(all, now).then(|| name.clone()))
            .collect();
        due.iter().filter_map(|name| self.link_view(name, now)).collect()
    }

    /// Every mold as it is at `now`, by the plant's number.
    pub(super) fn tiles(&self, now: Timestamp) -> Vec<MoldTile> {
        let ids: Vec<MoldId> = self.molds.keys().copied().collect();
        let mut tiles: Vec<_> =
            ids.into_iter().filter_map(|id| self.tile(id, now)).map(|(tile, _)| tile).collect();
        tiles.sort_by(|a, b| a.name.cmp(&b.name));
        tiles
    }

    pub(super) fn tile(&self, id: MoldId, now: Timestamp) -> Option<(MoldTile, MoldNews)> {
        let shown = self.molds.get(&id)?;
        let (state, since) = told(&shown.news, Some(&shown.tile), now);
        Some((tile_of(&shown.news, state, since, alarms_on(&self.alarms, id)), shown.news.clone()))
    }

    pub(super) fn alarms(&self) -> &[StandingAlarm] {
        &self.alarms
    }

    pub(super) fn monitor_on(&self, mold: MoldId) -> Option<MonitorView> {
        let mut monitors = self.monitors.values();
        let (record, name) = monitors.find(|(record, _)| record.mold == Some(mold))?;
        Some(monitor_view(record, name.as_ref()))
    }

    pub(super) fn links(&self, now: Timestamp) -> Vec<LinkView> {
        self.links.keys().filter_map(|name| self.link_view(name, now)).collect()
    }

    /// Bluetooth as it is, if the box listens there.
    pub(super) fn bluetooth(&self) -> Option<BluetoothView> {
        Some(self.air.as_ref()?.view(&self.monitors))
    }

    /// Bluetooth if it changed: `all`, or only if that matters at once.
    pub(super) fn changed_bluetooth(&mut self, all: bool) -> Option<BluetoothView> {
        self.air.as_mut()?.is_due(all).then(|| self.bluetooth())?
    }

    fn link_view(&self, name: &LinkName, now: Timestamp) -> Option<LinkView> {
        let link = self.links.get(name)?;
        let mut view = link.view(now);
        let modules = self.modules.values().filter(|(record, _)| record.link == *name);
        view.modules = modules
            .map(|(record, press)| {
                let on_it = |monitor: &&(MonitorRecord, Option<MoldName>)| {
                    monitor.0.module == Some(record.eui64) && !monitor.0.untethered
                };
                let monitors = self.monitors.values().filter(on_it);
                let monitors = monitors.map(|(monitor, mold)| monitor_view(monitor, mold.as_ref())).collect();
                module_view(record, press.as_deref(), monitors)
            })
            .collect();
        view.modules.sort_by(|a, b| (a.name.as_deref(), a.eui64).cmp(&(b.name.as_deref(), b.eui64)));
        Some(view)
    }

    fn links_of(&mut self, link: Option<&LinkName>) {
        if let Some(link) = link.and_then(|link| self.links.get_mut(link)) {
            link.touched();
        }
    }
}

/// How many alarms stand on a mold, and how grave the gravest is.
fn alarms_on(alarms: &[StandingAlarm], mold: MoldId) -> (u32, Option<Severity>) {
    let on_it = alarms.iter().filter(|alarm| alarm.mold == Some(mold));
    let worst = on_it.clone().map(|alarm| alarm.severity).max();
    (u32::try_from(on_it.count()).unwrap_or(u32::MAX), worst)
}

/// The state at `now`, and since when: since what the facts say, else since it was seen to begin.
fn told(news: &MoldNews, shown: Option<&MoldTile>, now: Timestamp) -> (MoldState, Option<Timestamp>) {
    let state = if news.not_initialised { MoldState::NotInitialised } else { mold_state(&news.facts, now) };
    let since = match (state, shown) {
        (_, Some(shown)) if shown.state == state => shown.state_since,
        (MoldState::Stopped | MoldState::Asleep, _) => news.facts.last_ended,
        (MoldState::NoSignal, _) => news.facts.last_heard,
        (_, Some(_)) => Some(now),
        (_, None) => None,
    };
    (state, since)
}

fn tile_of(
    news: &MoldNews,
    state: MoldState,
    state_since: Option<Timestamp>,
    (alarms, worst): (u32, Option<Severity>),
) -> MoldTile {
    MoldTile {
        id: news.id,
        name: news.name.clone(),
        description: news.description.clone(),
        press: news.press.clone(),
        state,
        state_since,
        last_cycle: news.last_cycle,
        approved: news.facts.approved,
        count: news.count,
        last_ended: news.facts.last_ended,
        last_heard: news.facts.last_heard,
        alarms,
        worst,
    }
}
