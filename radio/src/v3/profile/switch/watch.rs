//! One contact: levels to closings, closings to a count.

use std::time::Duration;

use domain::{CounterWidth, CycleTime, Generation, MonitorSerial, Temperature, Timestamp};

use super::SwitchModule;
use crate::event::{CyclesHeard, Heard, HeardCycle, StatusHeard, Tethered};
use crate::v3::frame::IoSample;
use crate::v3::profile::ProfileError;

/// Often enough that the box knows the contact is alive.
const STATUS_EVERY: Duration = Duration::from_secs(30);

/// The count is kept in 64 bits here, and nobody tells of a top.
const WIDTH: CounterWidth = CounterWidth::Unknown;

/// What is known of one contact.
#[derive(Debug)]
pub(super) struct Watch {
    module: SwitchModule,
    serial: MonitorSerial,
    pub(super) era: u32,
    pub(super) count: u64,
    told: bool,
    /// When it was last sampled.
    sampled: Option<Timestamp>,
    /// Closed or not, once it stood long enough; `None` before, and after a gap.
    closed: Option<bool>,
    /// What it was before a gap.
    before_gap: Option<bool>,
    /// A level that does not stand long enough yet, and since when.
    pending: Option<(bool, Timestamp)>,
    /// The last closing, if nothing was missed since.
    closing: Option<Timestamp>,
    /// When the count last grew, known to be a closing or not: bounces after it are not counted.
    counted: Option<Timestamp>,
    temperature: Option<(Temperature, Timestamp)>,
    status_told: Option<Timestamp>,
}

/// What came of a level that stood long enough.
enum Settled {
    /// Nothing to tell.
    Nothing,
    /// A closing at a known time.
    Cycle(HeardCycle),
    /// The contact closed while nobody heard it: at least once, nobody knows when.
    Missed,
}

impl Watch {
    pub(super) fn new(module: SwitchModule, era: u32, count: u64) -> Self {
        let serial = MonitorSerial::switch(module.module);
        Watch {
            module,
            serial,
            era,
            count,
            told: false,
            sampled: None,
            closed: None,
            before_gap: None,
            pending: None,
            closing: None,
            counted: None,
            temperature: None,
            status_told: None,
        }
    }

    pub(super) fn sample(&mut self, sample: &IoSample, now: Timestamp) -> Result<Vec<Heard>, ProfileError> {
        let contact = self.module.contact;
        let closed = contact
            .is_closed(sample)
            .ok_or_else(|| ProfileError::NoInput { input: format!("DIO{}", contact.pin) })?;
        if let Some(temperature) = self.module.temperature.and_then(|analog| analog.temperature(sample)) {
            self.temperature = Some((temperature, now));
        }
        let mut heard = Vec::new();
        if !self.told {
            self.told = true;
            heard.push(self.tethered());
        }
        // A level that stood long enough before this sample is believed before this sample is looked at.
        heard.extend(self.tick(now));
        if self.was_silent(now) {
            self.lose_sight(now);
        }
        self.sampled = Some(now);
        if self.closed == Some(closed) {
            self.pending = None;
        } else if self.pending.is_none_or(|(level, _)| level != closed) {
            self.pending = Some((closed, now));
        }
        heard.extend(self.tick(now));
        if self.status_told.is_none_or(|told| now.since(told) >= STATUS_EVERY || now < told) {
            heard.push(self.status(now));
        }
        Ok(heard)
    }

    /// Believes a level that stood long enough.
    pub(super) fn tick(&mut self, now: Timestamp) -> Option<Heard> {
        let (closed, since) = self.pending?;
        if self.was_silent(now) || now.since(since) < self.module.contact.debounce() {
            return None;
        }
        self.pending = None;
        match self.settle(closed, since) {
            Settled::Nothing => None,
            Settled::Cycle(cycle) => Some(self.cycles(cycle)),
            Settled::Missed => Some(self.status(now)),
        }
    }

    /// More samples are missing than may be, or the box's clock was set back: what happened since the last one is
    /// not known.
    fn was_silent(&self, now: Timestamp) -> bool {
        self.sampled.is_some_and(|last| now < last || now.since(last) > self.module.contact.longest_silence())
    }

    fn lose_sight(&mut self, now: Timestamp) {
        // A time to come is of a clock that was set back since.
        self.counted = self.counted.filter(|counted| *counted <= now);
        self.before_gap = self.closed.take().or(self.before_gap);
        self.pending = None;
        self.closing = None;
    }

    fn settle(&mut self, closed: bool, since: Timestamp) -> Settled {
        let before = self.closed.replace(closed);
        let before_gap = self.before_gap.take();
        match (before, before_gap) {
            (Some(false), _) if closed => self.close(since),
            // It was open, and is closed after the gap: it closed. More closings than that one are not known.
            (None, Some(false)) if closed => {
                self.count += 1;
                self.counted = Some(since);
                Settled::Missed
            }
            _ => Settled::Nothing,
        }
    }

    fn close(&mut self, at: Timestamp) -> Settled {
        let shortest = self.module.contact.shortest_cycle();
        if self.counted.is_some_and(|counted| at.since(counted) < shortest) {
            return Settled::Nothing;
        }
        let time = self.closing.replace(at).map(|before| at.since(before));
        self.counted = Some(at);
        self.count += 1;
        let millis = time.map(|time| u32::try_from(time.as_millis()).unwrap_or(u32::MAX));
        Settled::Cycle(HeardCycle {
            cycle_time: CycleTime::from_millis(millis.unwrap_or(0)),
            temperature: self.fresh_temperature(at),
            first: millis.is_none(),
        })
    }

    fn fresh_temperature(&self, now: Timestamp) -> Option<Temperature> {
        let (temperature, at) = self.temperature?;
        (now.since(at) <= self.module.contact.longest_silence()).then_some(temperature)
    }

    fn tethered(&self) -> Heard {
        Heard::Tethered(Tethered {
            serial: self.serial.clone(),
            generation: Generation::Switch,
            module: Some(self.module.module),
            initialisation: self.module.mold.clone(),
            count: self.count,
            width: WIDTH,
            era: Some(self.era),
        })
    }

    fn cycles(&self, cycle: HeardCycle) -> Heard {
        Heard::Cycles(CyclesHeard {
            serial: self.serial.clone(),
            module: Some(self.module.module),
            count: self.count,
            width: WIDTH,
            era: Some(self.era),
            cycles: vec![cycle],
            // It has no clock: a cycle ended when the box heard of it.
            times: None,
            from_memory: false,
        })
    }

    fn status(&mut self, now: Timestamp) -> Heard {
        self.status_told = Some(now);
        Heard::Status(StatusHeard {
            serial: self.serial.clone(),
            module: Some(self.module.module),
            count: Some(self.count),
            width: WIDTH,
            era: Some(self.era),
            temperature: self.fresh_temperature(now),
            battery: None,
            uptime: None,
            unacknowledged: None,
            asleep: false,
        })
    }
}
