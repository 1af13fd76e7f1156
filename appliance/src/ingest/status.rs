//! How monitors are, and what becomes due because time passes.

use domain::{Generation, LinkName, Timestamp};
use radio::command::{Ask, RadioCommand};
use radio::event::StatusHeard;

use super::monitor::{Belongs, Reading};
use super::{Ingest, Moment, runs};
use crate::plant::MonitorRecord;

/// Cycles that a status counted and that did not come within this time are a gap.
const ON_THEIR_WAY: std::time::Duration = std::time::Duration::from_secs(8);

/// A module that was not heard for so long is not asked its name either.
const HEARD_OF_LATE: std::time::Duration = std::time::Duration::from_secs(600);
/// A monitor's own clock drifts by seconds a day.
const TIME_EVERY: std::time::Duration = std::time::Duration::from_secs(86_400);
/// After a start all monitors want to know the time: a few each time, so that the air stays free.
const TOLD_AT_ONCE: usize = 4;

/// What tells a monitor the time; a contact has no clock.
fn set_time(monitor: &MonitorRecord, now: Timestamp) -> Option<(LinkName, RadioCommand)> {
    let has_clock = !matches!(monitor.generation, Generation::Switch | Generation::Sensor);
    let link = monitor.link.clone().filter(|_| has_clock)?;
    let what = Ask::SetTime { module: monitor.module, serial: monitor.serial.clone(), now };
    Some((link, RadioCommand { id: None, what }))
}

impl Ingest {
    pub(super) fn status(&mut self, heard: &StatusHeard, link: &LinkName, at: Timestamp, now: Moment) {
        self.heard_module(heard.module, link, at);
        let serial = &heard.serial;
        let Some(monitor) = self.monitor(serial) else { return };
        if let Some((count, unacknowledged)) = heard.count.zip(heard.unacknowledged)
            && let Some(place) = monitor.begins(heard.era, count, unacknowledged)
        {
            self.miss(serial, place, now);
        }
        let Some(monitor) = self.monitors.get_mut(serial) else { return };
        let mut current = monitor.record.device.is_none() || heard.count.is_none();
        if let Some(count) = heard.count {
            let reading = Reading {
                era: heard.era,
                count,
                cycles: 0,
                width: heard.width,
                times: None,
                from_memory: false,
            };
            if let Belongs::Current(place) = monitor.belongs(&reading, now) {
                current = monitor.record.device.as_ref().is_some_and(|run| place >= run.count);
                self.ahead(serial, place, now);
                self.stored(serial, place, heard.unacknowledged);
            }
        }
        let Some(monitor) = self.monitors.get_mut(serial) else { return };
        monitor.heard(link, heard.module, (at, now), current);
        if current {
            monitor.time_due.get_or_insert(now.steady);
            let record = &mut monitor.record;
            record.untethered = false;
            record.asleep = heard.asleep;
            record.battery = heard.battery.or(record.battery);
            record.temperature = heard.temperature.or(record.temperature);
            record.unacknowledged = heard.unacknowledged.or(record.unacknowledged);
            self.told.molds.extend(record.mold);
        }
    }

    /// What the device says it still has. What it has not and was asked for in vain will never come.
    fn stored(&mut self, serial: &domain::MonitorSerial, place: u64, unacknowledged: Option<u32>) {
        let Some(monitor) = self.monitors.get_mut(serial) else { return };
        let Some(run) = &mut monitor.record.device else { return };
        let Some(unacknowledged) = unacknowledged else { return };
        if place < run.count {
            return;
        }
        let nothing_up_to = place.saturating_sub(u64::from(unacknowledged));
        let said_before = monitor.nothing_up_to.replace(nothing_up_to);
        if place > runs::kept(run)
            && unacknowledged > 0
            && run.gaps.is_empty()
            && !monitor.acks.contains(&run.era)
        {
            // It has not heard that its cycles are kept.
            monitor.acks.push(run.era);
        }
        if let Some(before) = said_before
            && monitor.asking.in_vain()
        {
            let (era, floor) = (run.era, before.min(nothing_up_to));
            if monitor.give_up(floor) {
                tracing::warn!(monitor = %serial, floor, "the monitor does not have the times of earlier cycles");
                monitor.asking.done();
                monitor.acks.push(era);
            }
        }
    }

    /// What is due because time passed. What it answers needs no commit and may be sent at once.
    pub fn tick(&mut self, now: Moment) -> Vec<(LinkName, RadioCommand)> {
        let mut asks = Vec::new();
        let mut times = Vec::new();
        let mut missed = Vec::new();
        for (serial, monitor) in &mut self.monitors {
            if let Some(ahead) = monitor.ahead
                && now.steady.saturating_sub(ahead.since) >= ON_THEIR_WAY
            {
                missed.push((serial.clone(), ahead.place));
            }
            if monitor.record.untethered {
                continue;
            }
            if monitor.time_due.is_some_and(|due| due <= now.steady) && times.len() < TOLD_AT_ONCE {
                monitor.time_due = Some(now.steady.saturating_add(TIME_EVERY));
                times.extend(set_time(&monitor.record, now.wall));
            }
            if monitor.record.generation == Generation::Sensor {
                monitor.forgo();
            }
            let Some((era, after)) = monitor.missing() else {
                monitor.asking.done();
                continue;
            };
            if let Some(link) = &monitor.record.link
                && monitor.asking.due(now.steady)
            {
                let what =
                    Ask::SendFrom { module: monitor.record.module, serial: serial.clone(), era, after };
                asks.push((link.clone(), RadioCommand { id: None, what }));
            }
        }
        for (serial, place) in missed {
            self.miss(&serial, place, now);
            self.touch(&serial);
        }
        self.silent_sensors(now);
        asks.extend(times);
        asks.extend(self.watches_due(now));
        let nameless = self
            .modules
            .values()
            .map(|module| &module.record)
            .filter(|module| module.name.is_none() && now.wall.since(module.last_heard) < HEARD_OF_LATE);
        let unnamed = self.names_asked.due(nameless.map(|module| &module.link), now.steady);
        asks.extend(unnamed.into_iter().map(|link| (link, RadioCommand { id: None, what: Ask::Discover })));
        asks
    }
}
