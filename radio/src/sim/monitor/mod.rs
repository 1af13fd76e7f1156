//! A V3 monitor: counts the closings of its mold, remembers each until a box has kept it, and tells them in the open
//! protocol. No I/O; time is told to it.

mod memory;
mod sender;
mod speech;

use domain::{Initialisation, MonitorSerial};

pub use self::memory::{Memory, Run};
pub use self::sender::Sender;
use super::process::{Closing, Habits, Process};
use super::truth::CycleList;
use crate::usb::{Request, device};
use crate::v3::profile::open::{DeciCelsius, Record, RecordPart, Refusal, Serial, Status, Ticks};

/// The time, twice: molds and monitors' clocks go by the plant's, which may run faster; radios by the real one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Real time, ms since the simulation was started.
    pub real_ms: u64,
    /// Plant time, ms since the plant's history began.
    pub plant_ms: u64,
}

/// What a monitor does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum State {
    /// Never initialised: it transmits nothing.
    Uninitialised,
    /// Not wired to any module.
    Untethered,
    /// Wired; no cycle came yet.
    Tethered,
    /// Making cycles.
    Cycling,
    /// Making slow cycles.
    Slow,
    /// No cycle for more than three approved cycle times.
    Stopped,
    /// No cycle for hours.
    Asleep,
}

impl State {
    /// The word for it in the truth.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            State::Uninitialised => "uninitialised",
            State::Untethered => "untethered",
            State::Tethered => "tethered",
            State::Cycling => "cycling",
            State::Slow => "slow",
            State::Stopped => "stopped",
            State::Asleep => "asleep",
        }
    }
}

/// A monitor without a cycle for so long sleeps, ms of plant time.
const SLEEP_MS: u64 = 8 * 3_600_000;

struct Tethered {
    plug: u16,
    /// Parts of the record still to be told.
    parts: Vec<RecordPart>,
    told: bool,
    answered: bool,
    tell_at: u64,
    status_at: u64,
}

/// A monitor.
pub struct Monitor {
    serial: Serial,
    record: Option<Initialisation>,
    process: Option<Process>,
    memory: Memory,
    sender: Sender,
    tethered: Option<Tethered>,
    /// The next closing and when it comes, plant ms.
    next: Option<(u64, Closing)>,
    /// When the last cycle ended, plant ms.
    last_ms: Option<u64>,
    /// Its clock when the plant's history began, hundredths of a second.
    clock: u64,
    temperature: i16,
    battery: u8,
    /// What it was asked by a person: how often it blinked.
    identified: u32,
    time_told: bool,
    list: CycleList,
    rollovers: u32,
    resets: u32,
}

/// What a monitor is made with.
pub struct MonitorSpec {
    /// Its number.
    pub serial: Serial,
    /// What was recorded at initialisation; `None`: never initialised.
    pub record: Option<Initialisation>,
    /// What its mold does; `None`: nothing.
    pub process: Option<Process>,
    /// Its first run of counting.
    pub era: u32,
    /// What its counter shows before the first cycle.
    pub counter: u32,
    /// Its clock when the plant's history began, hundredths of a second.
    pub clock: u64,
    /// Battery charge, percent.
    pub battery: u8,
}

impl Monitor {
    /// In no module.
    #[must_use]
    pub fn new(spec: MonitorSpec) -> Self {
        let memory = Memory::new(spec.era, spec.counter);
        let sender = memory.speaking().map_or_else(Sender::default, Sender::new);
        Monitor {
            serial: spec.serial,
            record: spec.record,
            process: spec.process,
            memory,
            sender,
            tethered: None,
            next: None,
            last_ms: None,
            clock: spec.clock,
            temperature: 240,
            battery: spec.battery,
            identified: 0,
            time_told: false,
            list: CycleList::default(),
            rollovers: 0,
            resets: 0,
        }
    }

    /// Its number.
    #[must_use]
    pub fn serial(&self) -> Serial {
        self.serial
    }

    /// Its number as people read it.
    #[must_use]
    pub fn name(&self) -> MonitorSerial {
        self.serial.monitor()
    }

    /// What was recorded.
    #[must_use]
    pub fn record(&self) -> Option<&Initialisation> {
        self.record.as_ref()
    }

    /// What it counted, from its initialisation on.
    #[must_use]
    pub fn list(&self) -> CycleList {
        self.list
    }

    /// Goes on with the list of the mold it is put on.
    pub fn go_on_with(&mut self, list: CycleList) {
        self.list = list;
    }

    /// When its mold last closed, plant ms.
    #[must_use]
    pub fn last_ms(&self) -> Option<u64> {
        self.last_ms
    }

    /// How often its counter was reset, and how often it went past its top.
    #[must_use]
    pub fn upsets(&self) -> (u32, u32) {
        (self.resets, self.rollovers)
    }

    /// Cycles no box has kept.
    #[must_use]
    pub fn unacknowledged(&self) -> u64 {
        self.memory.stored()
    }

    /// How often a person made it blink.
    #[must_use]
    pub fn identified(&self) -> u32 {
        self.identified
    }

    /// A box told it the time of day.
    #[must_use]
    pub fn knows_the_time(&self) -> bool {
        self.time_told
    }

    /// A box has heard it and said so, since it was wired to its module.
    #[must_use]
    pub fn is_answered(&self) -> bool {
        self.time_told || self.tethered.as_ref().is_some_and(|tethered| tethered.answered)
    }

    /// What it does.
    #[must_use]
    pub fn state(&self, now: Now) -> State {
        if self.record.is_none() {
            return State::Uninitialised;
        }
        if self.tethered.is_none() {
            return State::Untethered;
        }
        let Some(last) = self.last_ms else { return State::Tethered };
        let idle = now.plant_ms.saturating_sub(last);
        if idle > SLEEP_MS {
            State::Asleep
        } else if idle > 3 * self.approved_ms() {
            State::Stopped
        } else if self.process.as_ref().is_some_and(Process::is_slow) {
            State::Slow
        } else {
            State::Cycling
        }
    }

    fn approved_ms(&self) -> u64 {
        let approved = self.record.as_ref().and_then(|record| record.approved);
        approved.map_or(100_000, |approved| u64::from(approved.as_millis()))
    }

    fn ticks(&self, plant_ms: u64) -> Ticks {
        Ticks::new(self.clock + plant_ms / 10)
    }

    /// It is on a mold that does this.
    pub fn work_with(&mut self, process: Process) {
        self.process = Some(process);
    }

    /// Its mold begins to work: the first closing comes within an approved cycle time.
    pub fn start_working(&mut self, now: Now, habits: Habits, within_ms: u64) {
        let Some(process) = &mut self.process else { return };
        process.set_habits(habits);
        let closing = process.next_closing();
        // One that closed a moment ago is in the middle of a cycle, and no cycle is ever cut short.
        let due = self.last_ms.map(|last| last.saturating_add(u64::from(closing.after_ms)));
        let at = due.filter(|due| *due >= now.plant_ms).unwrap_or(now.plant_ms.saturating_add(within_ms));
        self.next = Some((at, closing));
    }

    /// Its mold stops working.
    pub fn stop_working(&mut self) {
        self.next = None;
    }

    /// A slow phase begins.
    pub fn slow_down(&mut self, cycles: u64) {
        if let Some(process) = &mut self.process {
            process.slow_down(cycles);
        }
    }

    /// When its mold closes next, plant ms.
    #[must_use]
    pub fn closes_at(&self) -> Option<u64> {
        self.next.map(|(at, _)| at)
    }

    /// Makes the cycles that are due.
    pub fn make_cycles(&mut self, until_plant_ms: u64) {
        while let Some((at, closing)) = self.next.filter(|(at, _)| *at <= until_plant_ms) {
            self.close(at, closing);
            let Some(process) = &mut self.process else { return };
            let closing = process.next_closing();
            self.next = Some((at.saturating_add(u64::from(closing.after_ms)), closing));
        }
    }

    fn close(&mut self, at: u64, closing: Closing) {
        let first = self.last_ms.is_none_or(|last| at.saturating_sub(last) > 3 * self.approved_ms());
        self.last_ms = Some(at);
        self.temperature = closing.temperature_deci;
        let end = self.ticks(at);
        let Some(run) = self.memory.counting() else { return };
        let before = run.shown(run.made());
        let (time, first) = run.push(end, closing.temperature_deci, first);
        if before == u32::MAX {
            self.rollovers += 1;
        }
        self.list.push(time.saturating_mul(10), first);
    }

    /// Its counter is reset to `start`; what was counted before stays in its memory.
    pub fn reset_counter(&mut self, start: u32) {
        self.resets += 1;
        self.memory.begin(start);
        self.turn();
    }

    /// It is wired to a module.
    pub fn tether(&mut self, plug: u16, now: Now) {
        let record = self.record.as_ref().and_then(|record| Record::new(record).ok());
        let mut parts = record.map(|record| record.parts()).unwrap_or_default();
        parts.reverse();
        let status_at = now.real_ms.saturating_add(1_000);
        self.tethered =
            Some(Tethered { plug, parts, told: false, answered: false, tell_at: now.real_ms, status_at });
        self.lost_touch(now);
    }

    /// It is taken off its module.
    pub fn untether(&mut self) {
        self.tethered = None;
    }

    /// Whether it is wired to a module.
    #[must_use]
    pub fn is_tethered(&self) -> bool {
        self.tethered.is_some()
    }

    /// What was under way is taken to be lost.
    pub fn lost_touch(&mut self, now: Now) {
        if let Some(run) = self.memory.speaking() {
            self.sender.go_back(run, now.real_ms);
        }
    }

    /// How it is.
    #[must_use]
    pub fn status(&self, now: Now) -> Status {
        let run = self.memory.speaking().filter(|_| self.record.is_some());
        let stored = u32::try_from(self.memory.stored()).unwrap_or(u32::MAX);
        Status {
            serial: self.serial,
            era: run.map_or(0, |run| run.era),
            count: run.map_or(0, |run| run.shown(run.made())),
            asleep: self.state(now) == State::Asleep,
            temperature: DeciCelsius::new(self.temperature),
            battery: self.battery,
            uptime: u32::try_from(self.ticks(now.plant_ms).as_millis() / 1_000).unwrap_or(u32::MAX),
            stored,
            unacknowledged: run.map_or(0, |run| u32::try_from(run.stored()).unwrap_or(u32::MAX)),
        }
    }

    /// Carries out a request of the USB port.
    pub fn obey_usb(&mut self, request: &Request, now: Now) -> Vec<u8> {
        if let Request::Initialise(initialisation) = request {
            if self.memory.stored() > 0 {
                return device::refused(self.serial, Refusal::Unacknowledged);
            }
            if self.next.is_some() {
                return device::refused(self.serial, Refusal::Cycling);
            }
            self.initialise(initialisation.clone());
        }
        device::shown(self.record.as_ref(), self.status(now))
            .unwrap_or_else(|_| device::refused(self.serial, Refusal::BadRecord))
    }

    fn initialise(&mut self, record: Initialisation) {
        self.record = Some(record);
        self.memory.begin(0);
        self.turn();
        self.list = CycleList::default();
        self.last_ms = None;
    }
}

#[cfg(test)]
mod tests;
