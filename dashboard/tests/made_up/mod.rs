//! A plant that never was: forty molds on three networks, all of it worked out from the time alone, so that it is
//! the same for every test and moves by itself in a preview.

#![expect(clippy::expect_used, reason = "what is made up here is made up right")]

mod bluetooth;
mod people;
mod sensors;
mod storage;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use dashboard::port::{
    Answer, ChartPoint, CycleChart, EnrolWish, FloorView, Handle, LinkCondition, LinkView, ModuleView,
    MoldTile, MoldView, MonitorView, Own, People, Person, Plant, RadiosView, Refusal, SensorWish, Severity,
    StandingAlarm, StorageView, Technician, Viewer,
};
use domain::{
    BluetoothAddress, CycleTime, EntryKind, Eui64, Generation, JoinCode, LedgerEntry, LinkName, MoldId,
    MoldState, MonitorSerial, PanId, Percent, PressId, Role, Temperature, Thresholds, Timestamp,
};

const MOLDS: u32 = 40;
const HALLS: [&str; 3] = ["hall-a", "hall-b", "tool-room"];
const PRODUCTS: [&str; 8] = [
    "Closure 28 mm, 32 cavities",
    "Housing, upper shell",
    "Gear wheel Z24",
    "Pipette tip 200 µl, 64 cavities",
    "Connector, 12 pins",
    "Lid with hinge",
    "Bracket, left",
    "A part with a name that is far too long to fit on any tile of the floor",
];

/// The plant at the instant that `clock` tells.
pub struct MadeUp {
    person: Person,
    clock: fn() -> Timestamp,
    molds: u32,
    join_until: Mutex<Vec<(LinkName, Timestamp)>>,
}

impl MadeUp {
    /// With its forty molds.
    pub fn new(clock: fn() -> Timestamp) -> Self {
        let person = Person { name: "Robin Weaver".to_owned(), role: Role::Administrator };
        MadeUp { person, clock, molds: MOLDS, join_until: Mutex::default() }
    }

    /// On its first day.
    pub fn empty(clock: fn() -> Timestamp) -> Self {
        MadeUp { molds: 0, ..Self::new(clock) }
    }

    /// The same for somebody with another role.
    #[allow(dead_code, reason = "not everybody who includes this asks for it")]
    pub fn role(mut self, role: Role) -> Self {
        self.person.role = role;
        self
    }

    /// Puts into Leptos' context what somebody with that role holds.
    pub fn provide(self: &Arc<Self>) {
        let role = self.person.role;
        match role {
            Role::Viewer => Handle::Viewer(self.clone()),
            Role::Technician | Role::ToolingManager => Handle::Technician(self.clone()),
            Role::Administrator => Handle::Administrator(self.clone()),
        }
        .provide();
        let people = Arc::new(people::MadeUpPeople((self.clock)(), role));
        leptos::prelude::provide_context(people.clone() as Arc<dyn Own>);
        if role == Role::Administrator {
            leptos::prelude::provide_context(people as Arc<dyn People>);
        }
    }

    fn link(&self, number: usize, now: Timestamp) -> LinkView {
        let name = HALLS[number];
        let up = number < 2;
        let modules = (1..=self.molds)
            .filter(|id| state(*id) != MoldState::InStorage && *id as usize % HALLS.len() == number)
            .map(|id| module(id, now));
        let link: LinkName = name.parse().expect("a link's name");
        let join = self.join_until.lock().expect("no test panics in there");
        LinkView {
            path: format!("/dev/serial/by-id/usb-Digi_XBee_{number}"),
            condition: if up { LinkCondition::Up } else { LinkCondition::Foreign },
            detail: (!up).then(|| "expected 0013A20041F00003, found 0013A20041F000AA".to_owned()),
            since: now.earlier_by(Duration::from_secs(if up { 1_400_000 } else { 300 })),
            eui64: format!("0013A20041F0000{number}").parse().ok(),
            family: Some(if number == 1 { "DigiMesh" } else { "ZigBee" }.to_owned()),
            firmware: Some("1009".to_owned()),
            pan: Some(PanId(0x1234_5678_9ABC_DE00 + number as u64)),
            channel: Some(15 + number as u8),
            encrypted: Some(true),
            join_open_until: join.iter().find(|(name, _)| *name == link).map(|(_, until)| *until),
            frames_good: (now.as_millis() / 400 % 10_000_000) as u64,
            frames_damaged: 17 * number as u64,
            frames_unknown: number as u64,
            modules: if up { modules.collect() } else { Vec::new() },
            name: link,
        }
    }

    fn set_join(&self, link: LinkName, until: Option<Timestamp>) {
        let mut join = self.join_until.lock().expect("no test panics in there");
        join.retain(|(name, _)| *name != link);
        join.extend(until.map(|until| (link, until)));
    }
}

fn state(id: u32) -> MoldState {
    match id {
        7 | 23 => MoldState::Slow,
        12 => MoldState::Stopped,
        19 => MoldState::NoSignal,
        30 => MoldState::Asleep,
        33 => MoldState::InMaintenance,
        36 => MoldState::NotInitialised,
        38 => MoldState::InStorage,
        39 => MoldState::InTransit,
        _ => MoldState::Cycling,
    }
}

fn approved(id: u32) -> u32 {
    12_000 + id * 7_919 % 40_000 / 500 * 500
}

/// The time of the mold's cycle of that number: a little about its mean, now and then a slow one.
fn time(id: u32, number: i64) -> u32 {
    let noise =
        (number.wrapping_mul(0x9E37_79B9).wrapping_add(i64::from(id) * 77) >> 7).rem_euclid(1000) as u32;
    let mean = if state(id) == MoldState::Slow { approved(id) * 116 / 100 } else { approved(id) };
    let time = mean + mean * noise / 40_000 - mean / 80;
    if noise % 97 == 3 { time * 13 / 10 } else { time }
}

fn makes_cycles(id: u32) -> bool {
    matches!(state(id), MoldState::Cycling | MoldState::Slow)
}

/// Number of the cycle under way at an instant.
fn number(id: u32, at: Timestamp) -> i64 {
    at.as_millis() / i64::from(approved(id))
}

fn tile(id: u32, now: Timestamp) -> MoldTile {
    let state = state(id);
    let stood_still = match state {
        MoldState::Cycling | MoldState::Slow => 0,
        MoldState::Stopped => 14 * 60,
        MoldState::NoSignal => 25 * 60,
        _ => 80 * 3600,
    };
    let last = now.earlier_by(Duration::from_secs(stood_still));
    let number = number(id, last);
    let ended = Timestamp::from_millis(number * i64::from(approved(id)));
    let never = state == MoldState::NotInitialised;
    MoldTile {
        id: MoldId(id),
        name: format!("M-{}", 1000 + id * 3).parse().expect("a mold's number"),
        description: PRODUCTS[id as usize % PRODUCTS.len()].to_owned(),
        press: (!matches!(state, MoldState::InStorage | MoldState::InTransit)).then(|| format!("Press {id}")),
        state,
        state_since: Some(now.earlier_by(Duration::from_secs(stood_still + 60 * u64::from(id)))),
        last_cycle: (!never).then(|| CycleTime::from_millis(time(id, number))),
        approved: (id != 36).then(|| CycleTime::from_millis(approved(id))),
        count: if never { 0 } else { number.unsigned_abs() % 4_000_000 },
        last_ended: (!never).then_some(ended),
        last_heard: (!never).then_some(if makes_cycles(id) { ended } else { last }),
        alarms: u32::from(matches!(id, 12 | 19)),
        worst: match id {
            12 => Some(Severity::Minor),
            19 => Some(Severity::Warning),
            _ => None,
        },
    }
}

fn alarms(now: Timestamp) -> Vec<StandingAlarm> {
    let alarm = |id, severity, subject: &str, mold: Option<u32>, text: &str, seconds| StandingAlarm {
        id,
        severity,
        subject: subject.to_owned(),
        mold: mold.map(MoldId),
        text: text.to_owned(),
        since: now.earlier_by(Duration::from_secs(seconds)),
    };
    vec![
        alarm(
            4,
            Severity::Major,
            "tool-room",
            None,
            "Another stick than before is plugged in; see Radios.",
            300,
        ),
        alarm(2, Severity::Minor, "M-1036", Some(12), "The counter went back; confirm the reset.", 860),
        alarm(
            3,
            Severity::Warning,
            "M-1057",
            Some(19),
            "Not heard for 25 minutes; check its Press Module.",
            1500,
        ),
    ]
}

fn monitor(id: u32, now: Timestamp) -> MonitorView {
    let tile = tile(id, now);
    MonitorView {
        serial: format!("V3-{:08}", 12_000 + id).parse().expect("a serial"),
        generation: Generation::V3,
        last_heard: tile.last_heard,
        mold: Some((tile.id, tile.name)),
        battery: Percent::new(40 + (id % 60) as u8),
        temperature: Some(Temperature::from_milli_celsius(38_000 + (id as i32) * 420)),
        unacknowledged: Some(if state(id) == MoldState::NoSignal { 31 } else { 0 }),
    }
}

fn module(id: u32, now: Timestamp) -> ModuleView {
    ModuleView {
        eui64: format!("0013A200{id:08X}").parse().expect("an address"),
        name: Some(format!("PM-{id:02}")),
        press: Some((PressId(id), format!("Press {id}"))),
        rssi_dbm: Some(-52 - (id as i16 * 7) % 44),
        last_heard: tile(id, now).last_heard,
        monitors: vec![monitor(id, now)],
    }
}

fn ledger(id: u32, now: Timestamp) -> Vec<LedgerEntry> {
    let entry = |number, minutes: u64, kind, cycles, before, after| LedgerEntry {
        number,
        at: now.earlier_by(Duration::from_secs(minutes * 60)),
        until: now.earlier_by(Duration::from_secs(minutes * 60)),
        kind,
        cycles,
        monitor: format!("V3-{:08}", 12_000 + id).parse().ok(),
        device_before: Some(before),
        device_after: Some(after),
    };
    let former = "V3-00000815".parse().ok();
    let adjust = EntryKind::Adjust {
        by: "Robin Weaver".to_owned(),
        reason: "battery changed".to_owned(),
        confirms: Some(3),
    };
    vec![
        LedgerEntry { until: now, ..entry(8, 700, EntryKind::Delta, 1_404, 121_000, 122_404) },
        entry(7, 900, EntryKind::Reset, 3, 121_000, 3),
        entry(6, 1300, EntryKind::Fill { filled: 12 }, 0, 120_988, 121_000),
        entry(5, 1500, EntryKind::Gap, 12, 120_988, 121_000),
        entry(4, 2800, adjust, -2, 0, 0),
        entry(3, 2900, EntryKind::Reset, 2, 98_211, 2),
        entry(2, 9000, EntryKind::Swap { before: former }, 0, 0, 40),
        entry(1, 20_000, EntryKind::Rollover, 17, 4_294_967_290, 11),
        entry(0, 90_000, EntryKind::Import, 250_000, 0, 0),
    ]
}

/// Nothing is made from twelve to half past, UTC.
fn pauses(at: i64) -> bool {
    let minute = at / 60_000 % 1440;
    (720..750).contains(&minute)
}

impl Viewer for MadeUp {
    fn person(&self) -> &Person {
        &self.person
    }

    fn now(&self) -> Timestamp {
        (self.clock)()
    }

    fn floor(&self) -> Result<FloorView, Refusal> {
        let now = (self.clock)();
        let molds = (1..=self.molds).map(|id| tile(id, now)).collect();
        let alarms = if self.molds == 0 { Vec::new() } else { alarms(now) };
        Ok(FloorView { now, cursor: now.as_millis().unsigned_abs(), molds, alarms })
    }

    fn mold(&self, id: MoldId) -> Result<MoldView, Refusal> {
        if !(1..=self.molds).contains(&id.0) {
            return Err(Refusal::NotFound("mold".to_owned()));
        }
        let now = (self.clock)();
        let tile = tile(id.0, now);
        Ok(MoldView {
            now,
            cursor: now.as_millis().unsigned_abs(),
            baseline: 250_000,
            counted: tile.count as i64 - 250_000,
            times_unknown: 12,
            design_life: (!id.0.is_multiple_of(5)).then_some(5_000_000),
            monitor: tile.last_heard.map(|_| monitor(id.0, now)),
            ledger: ledger(id.0, now),
            ledger_length: 61,
            recent_average: tile.last_cycle,
            long_term_average: tile.approved,
            alarms: alarms(now).into_iter().filter(|alarm| alarm.mold == Some(id)).collect(),
            wished: None,
            watches: None,
            tile,
        })
    }

    fn cycles(
        &self,
        id: MoldId,
        from: Timestamp,
        to: Timestamp,
        points: usize,
    ) -> Result<CycleChart, Refusal> {
        let last = tile(id.0, to).last_ended.unwrap_or(from);
        let step = i64::from(approved(id.0));
        let numbers = (from.as_millis() / step + 1)..=(last.as_millis() / step);
        let all: Vec<(i64, u32)> =
            numbers.map(|n| (n * step, time(id.0, n))).filter(|(at, _)| !pauses(*at)).collect();
        let together = all.len().div_ceil(points).max(1);
        let points = all.chunks(together).filter_map(|cycles| {
            let times = || cycles.iter().map(|(_, time)| *time);
            let sum: u64 = times().map(u64::from).sum();
            Some(ChartPoint {
                at: Timestamp::from_millis(cycles.first()?.0),
                cycles: cycles.len() as u32,
                min: CycleTime::from_millis(times().min()?),
                mean: CycleTime::from_millis((sum / cycles.len() as u64) as u32),
                max: CycleTime::from_millis(times().max()?),
                temperature: None,
                late: cycles.first()?.0 / 60_000 % 600 < 9,
            })
        });
        Ok(CycleChart { from, to, points: points.collect(), approved: tile(id.0, to).approved })
    }

    fn radios(&self) -> Result<RadiosView, Refusal> {
        let now = (self.clock)();
        let links = if self.molds == 0 { 0 } else { HALLS.len() };
        let links = (0..links).map(|number| self.link(number, now)).collect();
        let bluetooth = (self.molds > 0).then(|| bluetooth::view(now));
        Ok(RadiosView { now, cursor: now.as_millis().unsigned_abs(), links, bluetooth })
    }

    fn storage(&self) -> Result<StorageView, Refusal> {
        Ok(storage::view((self.clock)(), self.molds == 0))
    }
}

impl Technician for MadeUp {
    fn identify(&self, _: LinkName, _: Option<Eui64>, _: MonitorSerial) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    fn enrol(&self, _: EnrolWish) -> Answer<'_, Timestamp> {
        Box::pin(async move { Ok((self.clock)().later_by(Duration::from_secs(180))) })
    }

    fn close_enrolment(&self, _: MonitorSerial) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    fn confirm_reset(&self, _: MoldId, _: u64) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    fn set_limits(&self, _: MoldId, _: Thresholds) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }
}

impl Plant for MadeUp {
    fn back_up(&self) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    fn open_join(&self, link: LinkName, window: Duration) -> Answer<'_, Timestamp> {
        let until = (self.clock)().later_by(window);
        self.set_join(link, Some(until));
        Box::pin(async move { Ok(until) })
    }

    fn close_join(&self, link: LinkName) -> Answer<'_, ()> {
        self.set_join(link, None);
        Box::pin(async { Ok(()) })
    }

    fn discover(&self, _: LinkName) -> Answer<'_, u32> {
        Box::pin(async { Ok(13) })
    }

    fn register(&self, _: LinkName, _: Eui64, _: JoinCode) -> Answer<'_, ()> {
        Box::pin(async { Ok(()) })
    }

    fn form(&self, link: LinkName, _: Option<PanId>, reform: bool) -> Answer<'_, ()> {
        Box::pin(async move {
            if reform { Ok(()) } else { Err(Refusal::Radio(format!("{link} has a live network"))) }
        })
    }

    fn use_sensor(&self, wish: SensorWish) -> Answer<'_, ()> {
        let known = sensors::view(self.now()).iter().any(|sensor| sensor.address == wish.address);
        let answer = if known { Ok(()) } else { Err(Refusal::NotFound("that sensor".to_owned())) };
        Box::pin(async move { answer })
    }

    fn forget_sensor(&self, address: BluetoothAddress) -> Answer<'_, ()> {
        let used =
            sensors::view(self.now()).iter().any(|sensor| sensor.address == address && sensor.used.is_some());
        let answer = if used { Ok(()) } else { Err(Refusal::NotFound("a sensor that is used".to_owned())) };
        Box::pin(async move { answer })
    }

    fn adopt(&self, link: LinkName, _: Eui64) -> Answer<'_, ()> {
        Box::pin(async move { Err(Refusal::Radio(format!("the stick at {link} does not answer"))) })
    }

    fn enrol_without_passkey(&self, wish: EnrolWish) -> Answer<'_, Timestamp> {
        self.enrol(wish)
    }
}
