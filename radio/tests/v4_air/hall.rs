//! A hall with adapters, monitors and a box that keeps what it is told, and says so a moment later; it watches over what
//! must never happen.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::{Initialisation, LinkName, Timestamp};
use radio::open::Record;
use radio::sim::air::{Air, Monitor};
use radio::v4::air::{Act, Doing, Fact, Passkey, Way};
use radio::v4::conductor::{Conductor, Known, Out, Said, Settings};
use radio::v4::open::{Characteristic, Handover, Serial, ToMonitor};
use radio::v4::session::{EnrolmentWindow, Told};
use radio::v4::{Address, Key};

/// The passkey on every label.
pub const PASSKEY: u32 = 271_828;
/// How long the box takes to keep something.
const COMMIT: Duration = Duration::from_millis(120);

pub fn adapter(number: u8) -> LinkName {
    format!("hci{number}").parse().unwrap()
}

pub fn at(seconds: u64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000).later_by(Duration::from_secs(seconds))
}

pub fn address(number: u32) -> Address {
    let [a, b, c, d] = number.to_be_bytes();
    Address::from_be_bytes([0xC2, 0x11, a, b, c, d])
}

pub fn monitor(number: u32, passkey: Option<u32>) -> Monitor {
    let record = Record::new(&Initialisation {
        mold: format!("M-{number}").parse().unwrap(),
        description: String::new(),
        approved: None,
        design_life: None,
        baseline: 0,
        on: at(0),
    });
    Monitor::new(Serial(number), address(number), passkey, Some(record.unwrap()), 0xE0 + number, at(0))
}

/// What the box has of a monitor.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Has {
    pub count: u32,
    pub alerts: u32,
}

pub struct Hall {
    pub air: Air,
    pub conductor: Conductor,
    pub now: Timestamp,
    /// What is on the box's disk.
    pub has: BTreeMap<Serial, Has>,
    /// To be kept, and when.
    coming: Vec<(Timestamp, Serial, ToMonitor)>,
    /// What was told, but for cycles and statuses.
    pub told: Vec<(Serial, Told)>,
    /// Alerts and cycles in the order they were told.
    pub heard: Vec<(Serial, &'static str)>,
    /// The latest count of each monitor's adverts.
    pub adverts: BTreeMap<Serial, u32>,
    connecting: BTreeMap<LinkName, Way>,
    links: BTreeMap<LinkName, BTreeSet<Way>>,
    slots: BTreeMap<LinkName, usize>,
    /// When links were asked for.
    pub calls: Vec<(Timestamp, Address)>,
    /// Monitors that were paired, how often.
    pub pairings: BTreeMap<Address, u32>,
    seed: u32,
}

impl Hall {
    pub fn new(seed: u64, settings: Settings, known: Vec<Known>) -> Self {
        Hall {
            air: Air::new(seed),
            conductor: Conductor::new(settings, known, at(0)),
            now: at(0),
            has: BTreeMap::new(),
            coming: Vec::new(),
            told: Vec::new(),
            heard: Vec::new(),
            adverts: BTreeMap::new(),
            connecting: BTreeMap::new(),
            links: BTreeMap::new(),
            slots: BTreeMap::new(),
            calls: Vec::new(),
            pairings: BTreeMap::new(),
            seed: seed.to_le_bytes()[0].into(),
        }
    }

    pub fn plug(&mut self, number: u8, slots: usize) {
        self.slots.insert(adapter(number), slots);
        self.air.plug(adapter(number), slots, self.now);
    }

    pub fn open_window(&mut self, number: u32, passkey: Option<u32>, seconds: u64) {
        let window = EnrolmentWindow {
            passkey: passkey.map(|passkey| Passkey::from(&format!("{passkey:06}").parse().unwrap())),
            until: self.now.later_by(Duration::from_secs(seconds)),
            handover: Handover { id: 0xA000 + number, key: Key::new([number.to_le_bytes()[0]; 16]) },
        };
        let out = self.conductor.open(Serial(number), window, self.now, &mut dice(&mut self.seed));
        self.carry_out(out);
    }

    pub fn say(&mut self, number: u32, message: ToMonitor) {
        let out = self.conductor.say(Serial(number), message, self.now, &mut dice(&mut self.seed));
        self.carry_out(out);
    }

    pub fn monitor(&mut self, number: u32) -> &mut Monitor {
        self.air.monitor(address(number)).unwrap()
    }

    pub fn state(&self, number: u32) -> &'static str {
        self.conductor.session(Serial(number)).map_or("nobody", |session| session.standing().name())
    }

    /// Lets so many seconds pass.
    pub fn run(&mut self, seconds: u64) {
        self.run_until(seconds, |_| false);
    }

    /// Lets time pass, at most so many seconds, until something is so. Tells whether it came to be.
    pub fn run_until(&mut self, seconds: u64, mut is_so: impl FnMut(&mut Hall) -> bool) -> bool {
        for _ in 0..seconds {
            if is_so(self) {
                return true;
            }
            let end = self.now.later_by(Duration::from_secs(1));
            self.air.adverts(self.now);
            self.air.stir(self.now);
            loop {
                let kept = self.coming.iter().map(|(at, ..)| *at).min().filter(|at| *at <= end);
                let until = kept.unwrap_or(end);
                match self.air.next(until) {
                    Some((now, fact)) => {
                        self.now = self.now.max(now);
                        self.watch(&fact);
                        let out = self.conductor.take(fact, self.now, &mut dice(&mut self.seed));
                        self.carry_out(out);
                    }
                    None if kept.is_some() => self.keep(until),
                    None => break,
                }
            }
            self.now = end;
            let out = self.conductor.tick(self.now, &mut dice(&mut self.seed));
            self.carry_out(out);
        }
        is_so(self)
    }

    /// What the box has kept by then is said to the monitors.
    fn keep(&mut self, until: Timestamp) {
        self.now = self.now.max(until);
        let (due, later) = std::mem::take(&mut self.coming).into_iter().partition(|(at, ..)| *at <= until);
        self.coming = later;
        let due: Vec<(Timestamp, Serial, ToMonitor)> = due;
        for (_, serial, message) in due {
            let has = self.has.entry(serial).or_default();
            match message {
                ToMonitor::Kept { up_to, .. } => has.count = has.count.max(up_to),
                ToMonitor::AlertsKept { up_to, .. } => has.alerts = has.alerts.max(up_to),
                _ => {}
            }
            let out = self.conductor.say(serial, message, self.now, &mut dice(&mut self.seed));
            self.carry_out(out);
        }
    }

    fn carry_out(&mut self, out: Out) {
        for (serial, said) in out.said {
            self.hear(serial, said);
        }
        for act in out.acts {
            self.check(&act);
            self.air.act(act, self.now);
        }
    }

    fn hear(&mut self, serial: Serial, said: Said) {
        let at = self.now.later_by(COMMIT);
        match said {
            Said::Advert(status) => {
                self.adverts.insert(serial, status.count);
            }
            Said::Told(Told::Cycles(stretch)) => {
                let (era, up_to) = (stretch.era(), stretch.count());
                let before = up_to - u32::try_from(stretch.len()).unwrap();
                let told =
                    self.coming.iter().filter(|(_, of, _)| *of == serial).filter_map(|(_, _, message)| {
                        match message {
                            ToMonitor::Kept { up_to, .. } => Some(*up_to),
                            _ => None,
                        }
                    });
                let has = told.max().unwrap_or(0).max(self.has.entry(serial).or_default().count);
                assert!(
                    before <= has,
                    "{serial:?}: cycles after {before} came, the box has {has}: some are lost"
                );
                self.coming.push((at, serial, ToMonitor::Kept { era, up_to: up_to.max(has) }));
                self.heard.push((serial, "cycles"));
            }
            Said::Told(Told::Alert(alert)) => {
                let message = ToMonitor::AlertsKept { era: alert.era, up_to: alert.number };
                self.coming.push((at, serial, message));
                self.heard.push((serial, "alert"));
            }
            Said::Told(Told::Status(_)) => {}
            Said::Told(told) => self.told.push((serial, told)),
        }
    }

    /// What must never be asked for.
    fn check(&mut self, act: &Act) {
        match act {
            Act::Connect(way) => {
                self.calls.push((self.now, way.address));
                let other = self.connecting.insert(way.adapter.clone(), way.clone());
                assert_eq!(other, None, "two links at once on {}", way.adapter);
                let links = self.links.entry(way.adapter.clone()).or_default();
                links.insert(way.clone());
                assert!(links.len() <= self.slots[&way.adapter], "more links than slots: {links:?}");
            }
            Act::Scan { adapter, on } => {
                assert!(!on || !self.connecting.contains_key(adapter), "listens while it connects");
            }
            Act::Pair { way, .. } => *self.pairings.entry(way.address).or_default() += 1,
            Act::Write(way, characteristic @ (Characteristic::Memory | Characteristic::Alerts), bytes) => {
                let number = u32::from_be_bytes(way.address.to_be_bytes()[2..].try_into().unwrap());
                let has = self.has.get(&Serial(number)).copied().unwrap_or_default();
                match ToMonitor::decode(*characteristic, bytes).unwrap() {
                    ToMonitor::Kept { up_to, .. } => assert!(up_to <= has.count, "told as kept, and is not"),
                    ToMonitor::AlertsKept { up_to, .. } => assert!(up_to <= has.alerts),
                    _ => {}
                }
            }
            _ => {}
        }
    }

    fn watch(&mut self, fact: &Fact) {
        match fact {
            Fact::Connected { way, .. } => {
                self.connecting.remove(&way.adapter);
            }
            Fact::Failed { way, what: Doing::Connect, .. } => {
                self.connecting.remove(&way.adapter);
                self.links.entry(way.adapter.clone()).or_default().remove(way);
            }
            Fact::Disconnected { way } => {
                if self.connecting.get(&way.adapter) == Some(way) {
                    self.connecting.remove(&way.adapter);
                }
                self.links.entry(way.adapter.clone()).or_default().remove(way);
            }
            Fact::Came { adapter, .. } | Fact::Went { adapter } => {
                self.connecting.remove(adapter);
                self.links.remove(adapter);
            }
            _ => {}
        }
    }
}

fn dice(seed: &mut u32) -> impl FnMut() -> u32 + '_ {
    move || {
        *seed = seed.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        *seed
    }
}
