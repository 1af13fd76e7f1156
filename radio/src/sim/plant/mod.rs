//! A whole plant: networks, presses, molds and their monitors, from a seed and sizes. No I/O; time is told to it.

mod build;
mod changes;
mod fault;
mod plug;
mod truth;

use domain::{MonitorSerial, Timestamp};

use self::fault::Schedule;
pub use self::fault::{Fault, FaultError, Spell};
pub use self::plug::PlugError;
use super::dice::Dice;
use super::monitor::{Monitor, MonitorSpec, Now};
use super::pan::Pan;
use super::process::Habits;
use crate::event::Family;
use crate::usb::device;

/// What a plant is made from. The same is the same plant, to the last cycle.
#[derive(Debug, Clone, PartialEq)]
pub struct PlantSpec {
    /// Everything that is chance comes from this number.
    pub seed: u64,
    /// Networks, each with its stick; 1 to 26.
    pub sticks: usize,
    /// Families of the sticks, in order; ZigBee where none is given.
    pub families: Vec<Family>,
    /// Presses. As many of them as needed have two molds at a time; more molds than that are on shelves.
    pub presses: usize,
    /// Molds.
    pub molds: usize,
    /// Plant time runs so much faster than real time.
    pub speed: f64,
    /// The monitors remember so many days that no box has kept.
    pub history_days: f64,
    /// Faults by chance, per minute of real time; 0: none.
    pub faults_per_minute: f64,
    /// Sticks and modules fresh from their boxes: no network formed, nothing joined.
    pub fresh: bool,
    /// Fresh modules get the network's link key at the bench; otherwise by what is printed on them.
    pub bench: bool,
    /// Another monitor, never initialised, on a USB port.
    pub usb: bool,
    /// Number of the monitors' run of counting; another one for every start, so that a box can tell starts apart.
    pub era: u32,
    /// When the simulation starts.
    pub started: Timestamp,
    /// How long a stick waits after the last change before it forms anew, real ms.
    pub forming_ms: u64,
    /// A mold from a shelf takes another's place so often, real ms.
    pub change_every_ms: u64,
    /// The first so many monitors are new, and their counters were set near the top by the factory. Their molds begin
    /// to work once a box has answered: to a box, a counter first heard so far up begins where it is heard.
    pub near_top: usize,
}

impl Default for PlantSpec {
    fn default() -> Self {
        PlantSpec {
            seed: 1,
            sticks: 3,
            families: Vec::new(),
            presses: 24,
            molds: 40,
            speed: 1.0,
            history_days: 90.0,
            faults_per_minute: 0.0,
            fresh: false,
            bench: false,
            usb: false,
            era: 1,
            started: Timestamp::from_millis(0),
            forming_ms: 5_000,
            change_every_ms: 60_000,
            near_top: 0,
        }
    }
}

struct Mold {
    name: String,
    approved_ms: u32,
    baseline: u64,
    /// Index of the monitor on it now.
    monitor: usize,
    former: Vec<MonitorSerial>,
    /// Resets and rollovers of former monitors.
    former_upsets: (u32, u32),
}

/// A plant at work.
pub struct Plant {
    spec: PlantSpec,
    pans: Vec<Pan>,
    molds: Vec<Mold>,
    monitors: Vec<Monitor>,
    /// A stick that is unplugged, until then.
    unplugged: Vec<Option<u64>>,
    schedule: Schedule,
    dice: Dice,
    /// Molds waiting for another monitor.
    swaps: Vec<usize>,
    serials: usize,
    faults: u64,
    change_at: u64,
    /// Plant time and real time when the pace last changed.
    anchor: Now,
    paused: bool,
    usb: Option<(usize, device::Listener)>,
    /// Monitors whose molds begin to work once a box has answered them.
    waiting: Vec<usize>,
}

impl Plant {
    /// Builds it, with everything that happened before. Nothing is plugged in yet.
    #[must_use]
    pub fn new(spec: PlantSpec) -> Self {
        let mut pans = build::pans(&spec);
        let (molds, mut monitors) = build::molds(&spec);
        let now = Now { real_ms: 0, plant_ms: spec.history_ms() };
        let mut dice = Dice::new(spec.seed, "plant", 0);
        let places = pans.iter_mut().flat_map(Pan::modules_mut);
        for (module, index) in places.zip(0..molds.len()) {
            let Some(monitor) = monitors.get_mut(index) else { break };
            module.plug_in(index, monitor, now);
            let approved = molds.get(index).map_or(30_000, |mold| u64::from(mold.approved_ms));
            let within = dice.whole(500, approved.max(1_000));
            if index >= spec.near_top {
                monitor.start_working(now, Habits::SHIFT, within);
            }
        }
        let usb = spec.usb.then(|| {
            monitors.push(Monitor::new(MonitorSpec {
                serial: build::serial(&spec, molds.len()),
                record: None,
                process: None,
                era: spec.era,
                counter: 0,
                clock: 0,
                battery: 100,
            }));
            (monitors.len() - 1, device::Listener::new())
        });
        let unplugged = pans.iter().map(|_| Some(0)).collect();
        Plant {
            schedule: Schedule::new(Dice::new(spec.seed, "faults", 0), spec.faults_per_minute),
            serials: monitors.len() + usize::from(usb.is_none()),
            change_at: spec.change_every_ms,
            waiting: (0..spec.near_top.min(molds.len())).collect(),
            spec,
            pans,
            molds,
            monitors,
            unplugged,
            dice,
            swaps: Vec::new(),
            faults: 0,
            anchor: now,
            paused: false,
            usb,
        }
    }

    /// Both times at this real one.
    #[must_use]
    pub fn now(&self, real_ms: u64) -> Now {
        let since = real_ms.saturating_sub(self.anchor.real_ms) as f64;
        let pace = if self.paused { 0.0 } else { self.spec.speed };
        Now { real_ms, plant_ms: self.anchor.plant_ms.saturating_add((since * pace) as u64) }
    }

    /// Stops plant time, so that the truth stands still; radios go on.
    pub fn pause(&mut self, paused: bool, now: Now) {
        self.anchor = now;
        self.paused = paused;
    }

    /// Whether plant time stands still.
    #[must_use]
    pub fn is_paused(&self) -> bool {
        self.paused
    }

    /// Cycles of all molds so far.
    #[must_use]
    pub fn cycles(&self) -> u64 {
        let monitors = self.molds.iter().filter_map(|mold| self.monitors.get(mold.monitor));
        monitors.map(|monitor| monitor.list().cycles).sum()
    }

    /// A host opened a stick's port: what was said before, nobody heard.
    pub fn line_opened(&mut self, pan: usize, now: Now) {
        let Some(pan) = self.pans.get(pan) else { return };
        for module in pan.modules() {
            if let Some(monitor) = module.monitor().and_then(|index| self.monitors.get_mut(index)) {
                monitor.lost_touch(now);
            }
        }
    }

    /// Changes the rate of faults by chance.
    pub fn set_fault_rate(&mut self, per_minute: f64) {
        self.schedule.set_rate(per_minute);
    }

    /// How many networks there are.
    #[must_use]
    pub fn pans(&self) -> &[Pan] {
        &self.pans
    }

    /// A network, to be changed.
    pub fn pan_mut(&mut self, index: usize) -> Option<&mut Pan> {
        self.pans.get_mut(index)
    }

    /// All monitors.
    #[must_use]
    pub fn monitors(&self) -> &[Monitor] {
        &self.monitors
    }

    /// Whether a stick is to be plugged in at present.
    #[must_use]
    pub fn is_plugged(&self, pan: usize) -> bool {
        self.pans.get(pan).is_some_and(|pan| pan.stick().is_powered())
    }

    fn unplug(&mut self, index: usize, until_ms: u64) {
        if let (Some(pan), Some(slot)) = (self.pans.get_mut(index), self.unplugged.get_mut(index)) {
            pan.power_down();
            *slot = Some(until_ms);
        }
    }

    /// Bytes from the box to a stick.
    pub fn receive(&mut self, pan: usize, bytes: &[u8], now: Now) {
        if let Some(pan) = self.pans.get_mut(pan) {
            pan.receive(bytes, &mut self.monitors, now);
        }
    }

    /// Bytes on the USB port, and the answer.
    pub fn receive_usb(&mut self, bytes: &[u8], now: Now) -> Vec<u8> {
        let Some((index, listener)) = &mut self.usb else { return Vec::new() };
        let Some(monitor) = self.monitors.get_mut(*index) else { return Vec::new() };
        let mut answer = Vec::new();
        for request in listener.push(bytes) {
            match request {
                Ok(request) => answer.extend(monitor.obey_usb(&request, now)),
                Err(device::RequestError::Record(_)) => {
                    let why = crate::v3::profile::open::Refusal::BadRecord;
                    answer.extend(device::refused(monitor.serial(), why));
                }
                // Noise and messages of others: a monitor answers only what it is asked.
                Err(_) => {}
            }
        }
        answer
    }

    /// Lets time pass.
    pub fn advance(&mut self, now: Now) {
        while let Some(fault) = self.schedule.due(now.real_ms) {
            // Chance names no place that does not exist.
            let _ = self.fault(&fault, now);
        }
        for index in 0..self.pans.len() {
            let due = self.unplugged.get(index).copied().flatten().is_some_and(|until| until <= now.real_ms);
            if let (true, Some(slot), Some(pan)) =
                (due, self.unplugged.get_mut(index), self.pans.get_mut(index))
            {
                *slot = None;
                pan.power_up(&mut self.monitors, now);
            }
        }
        for monitor in &mut self.monitors {
            monitor.make_cycles(now.plant_ms);
        }
        for pan in &mut self.pans {
            pan.advance(&mut self.monitors, now);
        }
        self.begin_where_answered(now);
        self.swap_monitors(now);
        self.change_molds(now);
    }

    /// Has the modules of a network speak; see [`Pan::fill`].
    pub fn fill(&mut self, pan: usize, now: Now, bytes: usize) {
        if let Some(pan) = self.pans.get_mut(pan) {
            pan.fill(&mut self.monitors, now, bytes);
        }
    }

    /// When time will next bring something about, real ms.
    #[must_use]
    pub fn next_at(&self, now: Now) -> u64 {
        let closing = self.monitors.iter().filter_map(Monitor::closes_at).min().filter(|_| !self.paused);
        let closing = closing.map(|at| {
            let wait = at.saturating_sub(now.plant_ms) as f64 / self.spec.speed.max(0.001);
            now.real_ms.saturating_add(wait.ceil() as u64)
        });
        let pans = self.pans.iter().filter_map(|pan| pan.next_at(&self.monitors)).min();
        let plugs = self.unplugged.iter().flatten().min().copied();
        [closing, pans, plugs].into_iter().flatten().min().unwrap_or(now.real_ms.saturating_add(1_000))
    }

    /// Takes a mold out of work for so long, plant ms.
    fn restart_mold(&mut self, mold: usize, after_ms: u64, now: Now) {
        let index = self.molds.get(mold).map(|mold| mold.monitor);
        if let Some(monitor) =
            index.and_then(|index| self.monitors.get_mut(index)).filter(|m| m.is_tethered())
        {
            monitor.start_working(now, Habits::SHIFT, after_ms.max(1));
        }
    }

    /// How many faults happened.
    #[must_use]
    pub fn faults(&self) -> u64 {
        self.faults
    }

    /// Cycles no box has kept.
    #[must_use]
    pub fn unacknowledged(&self) -> u64 {
        self.monitors.iter().map(Monitor::unacknowledged).sum()
    }
}

#[cfg(test)]
mod receiver;
#[cfg(test)]
mod tests;
