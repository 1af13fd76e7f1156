//! What the laws are tried on: a device that knows what it did, and a disk that keeps what it was given.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::{
    CounterWidth, Cycle, CycleTime, EntryKind, Eui64, Generation, Initialisation, LedgerEntry, MoldId,
    Thresholds, Timestamp,
};
use radio::command::Ask;
use radio::event::{CyclesHeard, DeviceTimes, Heard, HeardCycle, RadioEvent, StatusHeard, Tethered};

use crate::ingest::{Ingest, Moment, Taken};
use crate::plant::{AlarmRecord, Assignment, LedgerChange, LedgerStand, Snapshot};

pub const MODULE: Eui64 = Eui64::from_be_bytes([0, 0x13, 0xA2, 0, 0, 0, 0, 1]);
pub const START: i64 = 1_764_000_000_000;

/// A monitor that knows what it did.
#[derive(Clone)]
pub struct Device {
    pub serial: &'static str,
    pub mold: &'static str,
    pub era: Option<u32>,
    pub width: CounterWidth,
    /// Its counter, unrolled.
    pub count: u64,
    /// Its clock, ms.
    pub clock: u64,
    /// Every cycle since its counter began: when it ended by its clock, and how long it took.
    pub made: Vec<(u64, u32)>,
}

impl Device {
    pub fn new(serial: &'static str, mold: &'static str) -> Self {
        Device {
            serial,
            mold,
            era: Some(1),
            width: CounterWidth::Bits(32),
            count: 0,
            clock: 5_000_000,
            made: Vec::new(),
        }
    }

    pub fn make(&mut self, cycles: u64) {
        for cycle in 0..cycles {
            let took = 20_000 + u32::try_from(cycle % 7).unwrap() * 10;
            self.clock += u64::from(took);
            self.made.push((self.clock, took));
            self.count += 1;
        }
    }

    fn shown(&self, count: u64) -> u64 {
        match self.width {
            CounterWidth::Bits(bits) => count % (1 << bits),
            CounterWidth::Unknown => count,
        }
    }

    /// The packet with the cycles `from..to` of `made`.
    pub fn packet(&self, from: usize, to: usize) -> CyclesHeard {
        let base = self.count - self.made.len() as u64;
        CyclesHeard {
            serial: self.serial.parse().unwrap(),
            module: Some(MODULE),
            count: self.shown(base + to as u64),
            width: self.width,
            era: self.era,
            cycles: self.made[from..to]
                .iter()
                .map(|(_, took)| HeardCycle {
                    cycle_time: CycleTime::from_millis(*took),
                    temperature: None,
                    first: false,
                })
                .collect(),
            times: Some(DeviceTimes { sent: self.clock, last_end: self.made[to - 1].0 }),
            from_memory: false,
        }
    }

    /// The packet with its last cycles.
    pub fn newest(&self, cycles: usize) -> CyclesHeard {
        self.packet(self.made.len() - cycles, self.made.len())
    }

    pub fn tether(&self) -> Tethered {
        Tethered {
            serial: self.serial.parse().unwrap(),
            generation: Generation::V3,
            module: Some(MODULE),
            initialisation: Some(Initialisation {
                mold: self.mold.parse().unwrap(),
                description: "lid".to_owned(),
                approved: Some(CycleTime::from_millis(20_000)),
                design_life: Some(1_000_000),
                baseline: 1_000,
                on: Timestamp::from_millis(START - 1_000),
            }),
            count: self.shown(self.count),
            width: self.width,
            era: self.era,
        }
    }

    pub fn status(&self, unacknowledged: Option<u32>) -> StatusHeard {
        StatusHeard {
            serial: self.serial.parse().unwrap(),
            module: Some(MODULE),
            count: Some(self.shown(self.count)),
            width: self.width,
            era: self.era,
            temperature: None,
            battery: None,
            uptime: None,
            unacknowledged,
            asleep: false,
        }
    }
}

/// What is on the disk.
#[derive(Default, Clone)]
pub struct Disk {
    pub snapshot: Snapshot,
    pub ledgers: BTreeMap<MoldId, Vec<LedgerEntry>>,
    pub history: BTreeMap<MoldId, BTreeMap<u64, Cycle>>,
    pub assignments: BTreeMap<(MoldId, u32), Assignment>,
}

impl Disk {
    pub fn write(&mut self, taken: &Taken) {
        let batch = &taken.batch;
        for mold in &batch.molds {
            match self.snapshot.molds.iter_mut().find(|(known, _)| known.id == mold.id) {
                Some((known, _)) => *known = mold.clone(),
                None => self.snapshot.molds.push((mold.clone(), LedgerStand::default())),
            }
        }
        for (mold, change) in &batch.ledger {
            let (_, stand) = self.snapshot.molds.iter_mut().find(|(known, _)| known.id == *mold).unwrap();
            let ledger = self.ledgers.entry(*mold).or_default();
            match change {
                LedgerChange::Append(entry) => {
                    assert_eq!(entry.number, ledger.len() as u64, "an entry has the next number");
                    stand.append(entry);
                    ledger.push(entry.clone());
                }
                LedgerChange::Grow { number, cycles, until, device_after } => {
                    assert!(stand.grow(*number, *cycles, *until, *device_after), "only the last run grows");
                    *ledger.last_mut().unwrap() = stand.last.clone().unwrap();
                }
            }
        }
        for (mold, cycles) in &batch.cycles {
            assert!(cycles.is_sorted_by(|a, b| a.ordinal < b.ordinal));
            for cycle in cycles {
                let before = self.history.entry(*mold).or_default().insert(cycle.ordinal, *cycle);
                assert_eq!(before, None, "an ordinal is written once");
            }
        }
        for watched in &batch.watched {
            self.snapshot.watched.retain(|known| known.mold != watched.mold);
            self.snapshot.watched.push(watched.clone());
        }
        for record in &batch.monitors {
            self.snapshot.monitors.retain(|known| known.serial != record.serial);
            self.snapshot.monitors.push(record.clone());
        }
        for record in &batch.sensors {
            self.snapshot.sensors.retain(|known| known.address != record.address);
            self.snapshot.sensors.push(record.clone());
        }
        for assignment in &batch.assignments {
            self.assignments.insert((assignment.mold, assignment.number), assignment.clone());
            self.snapshot.assignments.retain(|known| known.mold != assignment.mold);
            let newest = self.assignments.range(..=(assignment.mold, u32::MAX)).next_back().unwrap().1;
            self.snapshot.assignments.push(newest.clone());
        }
        for alarm in &batch.alarms {
            self.snapshot.last_alarm = self.snapshot.last_alarm.max(alarm.id);
            self.snapshot.alarms.retain(|known| known.id != alarm.id);
            if alarm.cleared.is_none() {
                self.snapshot.alarms.push(alarm.clone());
            }
        }
        self.check();
    }

    /// What must hold after every commit.
    pub fn check(&self) {
        for (mold, stand) in &self.snapshot.molds {
            let timed = self.history.get(&mold.id).map_or(0, BTreeMap::len) as u64;
            let counted = u64::try_from(stand.counted).expect("a count is never negative");
            assert_eq!(counted, timed + stand.times_unknown, "what is counted is in history or unknown");
            let history = self.history.get(&mold.id);
            assert!(history.is_none_or(|history| history.keys().all(|o| (1..=counted).contains(o))));
        }
    }

    pub fn counted(&self, mold: &str) -> i64 {
        self.snapshot
            .molds
            .iter()
            .find(|(known, _)| known.name.as_str() == mold)
            .map_or(0, |(_, s)| s.counted)
    }

    pub fn unknown(&self, mold: &str) -> u64 {
        let mut molds = self.snapshot.molds.iter();
        molds.find(|(known, _)| known.name.as_str() == mold).map_or(0, |(_, s)| s.times_unknown)
    }

    pub fn id(&self, mold: &str) -> MoldId {
        self.snapshot.molds.iter().find(|(known, _)| known.name.as_str() == mold).unwrap().0.id
    }

    pub fn history(&self, mold: &str) -> Vec<Cycle> {
        self.history.get(&self.id(mold)).map(|cycles| cycles.values().copied().collect()).unwrap_or_default()
    }

    /// The words of a mold's ledger with what each adds.
    pub fn ledger(&self, mold: &str) -> Vec<(&'static str, i64)> {
        let ledger = self.ledgers.get(&self.id(mold)).map(Vec::as_slice).unwrap_or_default();
        ledger.iter().map(|entry| (entry.kind.word(), entry.cycles)).collect()
    }

    pub fn kinds(&self, mold: &str) -> Vec<EntryKind> {
        let ledger = self.ledgers.get(&self.id(mold)).map(Vec::as_slice).unwrap_or_default();
        ledger.iter().map(|entry| entry.kind.clone()).collect()
    }

    pub fn standing(&self) -> &[AlarmRecord] {
        &self.snapshot.alarms
    }
}

/// Ingest, its disk and the time.
pub struct Box {
    pub ingest: Ingest,
    pub disk: Disk,
    pub now: Moment,
    /// What was told as kept: serial, era, count.
    pub kept: Vec<(String, Option<u32>, u64)>,
    /// What was asked for: serial, era, after.
    pub asked: Vec<(String, Option<u32>, u64)>,
    /// Who was told the time, and what it was.
    pub times: Vec<(String, Timestamp)>,
    /// Who was told what to watch.
    pub watches: Vec<(String, Thresholds)>,
}

impl Box {
    pub fn new() -> Self {
        Box {
            ingest: Ingest::load(Snapshot::default()),
            disk: Disk::default(),
            now: Moment { wall: Timestamp::from_millis(START), steady: Duration::from_secs(100) },
            kept: Vec::new(),
            asked: Vec::new(),
            times: Vec::new(),
            watches: Vec::new(),
        }
    }

    pub fn pass(&mut self, seconds: u64) {
        for _ in 0..seconds {
            self.now.wall = self.now.wall.later_by(Duration::from_secs(1));
            self.now.steady += Duration::from_secs(1);
            for (_, command) in self.ingest.tick(self.now) {
                match command.what {
                    Ask::SendFrom { serial, era, after, .. } => {
                        self.asked.push((serial.to_string(), era, after));
                    }
                    Ask::SetTime { serial, now, .. } => self.times.push((serial.to_string(), now)),
                    Ask::Watch { serial, thresholds } => self.watches.push((serial.to_string(), thresholds)),
                    // Its modules say nothing of themselves here.
                    Ask::Discover => {}
                    other => panic!("nobody asks for {other:?} because time passes"),
                }
            }
        }
    }

    pub fn hear(&mut self, what: Heard) {
        let event = RadioEvent { link: "hall-a".parse().unwrap(), heard_at: self.now.wall, what };
        self.ingest.hear(&event, self.now);
    }

    pub fn cycles(&mut self, packet: CyclesHeard) {
        self.hear(Heard::Cycles(packet));
    }

    pub fn tether(&mut self, device: &Device) {
        self.hear(Heard::Tethered(device.tether()));
    }

    pub fn commit(&mut self) {
        let taken = self.ingest.take(self.now);
        self.disk.write(&taken);
        for (_, command) in taken.acknowledgements {
            if let Ask::Kept { serial, era, up_to, .. } = command.what {
                self.kept.push((serial.to_string(), era, up_to));
            }
        }
    }

    /// The box is switched off and on: what was not committed is gone.
    pub fn crash(&mut self) {
        self.ingest = Ingest::load(self.disk.snapshot.clone());
    }
}
