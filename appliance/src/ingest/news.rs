//! What the screens have not been told yet. The live picture may run ahead of the disk by one commit.

use dashboard::port::StandingAlarm;
use domain::{CycleTime, LinkName, MoldId, MoldName, MonitorSerial, StateFacts, Temperature, Thresholds};

use super::Ingest;
use crate::alarms;
use crate::plant::{ModuleRecord, MonitorRecord, SensorRecord};

/// What changed since the last time.
#[derive(Debug, Default)]
pub struct News {
    /// Molds, each as it is now.
    pub molds: Vec<MoldNews>,
    /// Monitors, each as it is now, with the mold they are on.
    pub monitors: Vec<(MonitorRecord, Option<MoldName>)>,
    /// Modules, each as it is now, with the name of the press they are on.
    pub modules: Vec<(ModuleRecord, Option<String>)>,
    /// Sensors, each as it is used now, with its mold.
    pub sensors: Vec<(SensorRecord, MoldName)>,
    /// Every alarm that stands, when any was raised or cleared.
    pub alarms: Option<Vec<StandingAlarm>>,
}

/// A mold as it is now.
#[derive(Debug, Clone, PartialEq)]
pub struct MoldNews {
    /// The box's number.
    pub id: MoldId,
    /// The plant's number.
    pub name: MoldName,
    /// What it makes.
    pub description: String,
    /// The press it is on.
    pub press: Option<String>,
    /// The link it is heard through.
    pub link: Option<LinkName>,
    /// Baseline and ledger: what is displayed.
    pub count: u64,
    /// Cycles made before the box knew it.
    pub baseline: u64,
    /// The ledger's sum.
    pub counted: i64,
    /// Of that, cycles whose times are not known.
    pub times_unknown: u64,
    /// Cycles it is built for.
    pub design_life: Option<u64>,
    /// Last valid cycle time.
    pub last_cycle: Option<CycleTime>,
    /// Mold temperature.
    pub temperature: Option<Temperature>,
    /// What its state is told from.
    pub facts: StateFacts,
    /// Its monitor was told to be never initialised.
    pub not_initialised: bool,
    /// What a person wants its monitor to watch by itself; none where nobody said so.
    pub wished: Option<Thresholds>,
    /// What the monitor on it said that it watches, since the box started.
    pub watches: Option<Thresholds>,
}

impl Ingest {
    /// What changed since the last time it was asked.
    pub fn news(&mut self) -> News {
        let told = std::mem::take(&mut self.told);
        let mut molds = told.molds;
        let mut monitors = Vec::with_capacity(told.monitors.len());
        for serial in told.monitors {
            let Some(monitor) = self.monitors.get_mut(&serial) else { continue };
            monitor.in_told = false;
            molds.extend(monitor.record.mold);
            let name =
                monitor.record.mold.and_then(|id| self.books.get(&id)).map(|book| book.mold.name.clone());
            monitors.push((monitor.record.clone(), name));
        }
        let module = |eui64| {
            let record = self.modules.get(&eui64)?.record.clone();
            let press = record.press.and_then(|id| self.presses.get(&id)).map(|press| press.name.clone());
            Some((record, press))
        };
        let modules = told.modules.into_iter().filter_map(module).collect();
        let sensor = |address| {
            let record = self.sensors.get(&address)?.record.clone();
            let name = self.books.get(&record.mold)?.mold.name.clone();
            Some((record, name))
        };
        let sensors = told.sensors.into_iter().filter_map(sensor).collect();
        let alarms = self.alarms.take_news().then(|| self.standing());
        let molds = molds.into_iter().filter_map(|id| self.mold_news(id)).collect();
        News { molds, monitors, modules, sensors, alarms }
    }

    /// Every alarm that stands, gravest first.
    fn standing(&self) -> Vec<StandingAlarm> {
        let name = |id| self.books.get(&id).map(|book: &super::book::Book| book.mold.name.to_string());
        let on = |serial: &MonitorSerial| {
            let counts = self.monitors.get(serial).and_then(|monitor| monitor.record.mold);
            counts.or_else(|| self.mold_of_sensor(serial))
        };
        let mut standing: Vec<_> =
            self.alarms.standing().map(|alarm| alarms::tell(alarm, name, on)).collect();
        standing.sort_by_key(|alarm| (std::cmp::Reverse(alarm.severity), alarm.id));
        standing
    }

    fn mold_news(&self, id: MoldId) -> Option<MoldNews> {
        let book = self.books.get(&id)?;
        let assignment = book.assignment.as_ref().filter(|assignment| assignment.until.is_none());
        let monitor = assignment.and_then(|assignment| self.monitors.get(&assignment.monitor));
        let record = monitor.map(|monitor| &monitor.record);
        let press = record
            .filter(|record| !record.untethered)
            .and_then(|record| self.modules.get(&record.module?)?.record.press)
            .and_then(|press| self.presses.get(&press));
        let not_initialised = record.is_some_and(|record| {
            self.alarms.stands(&crate::plant::AlarmKey::NotInitialised(record.serial.clone()))
        });
        Some(MoldNews {
            id,
            name: book.mold.name.clone(),
            description: book.mold.description.clone(),
            press: press.map(|press| press.name.clone()),
            link: record.and_then(|record| record.link.clone()),
            count: book.displayed(),
            baseline: book.mold.baseline,
            counted: book.stand.counted,
            times_unknown: book.stand.times_unknown,
            design_life: book.mold.design_life,
            last_cycle: book.last.valid,
            temperature: record.and_then(|record| record.temperature).or(book.last.temperature),
            facts: StateFacts {
                approved: book.mold.approved,
                last_cycle: book.last.valid,
                // What an advert shows is not counted yet and yet made.
                last_ended: book.last.ended.max(monitor.and_then(|of| of.shown?.1)),
                last_heard: record.and_then(|record| record.last_heard),
                asleep: record.is_some_and(|record| record.asleep),
                untethered: record.is_some_and(|record| record.untethered),
            },
            not_initialised,
            wished: book.watched.clone(),
            watches: monitor.and_then(|monitor| monitor.watching.said.clone()),
        })
    }
}
