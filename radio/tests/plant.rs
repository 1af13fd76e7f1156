//! The link driver and the simulated plant, over pseudo-terminals, with everything that goes wrong on a shop floor: a
//! small box at the end of it has every cycle once.
#![cfg(feature = "sim")]
#![allow(clippy::expect_used, reason = "helpers of tests fail like tests")]

mod plant_thread;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use domain::{Eui64, LinkName, MonitorSerial, Timestamp};
use plant_thread::Running;
use radio::command::{Ask, RadioCommand};
use radio::event::{Family, Heard, LinkState, RadioEvent};
use radio::sim::driver::Options;
use radio::sim::plant::{Plant, PlantSpec};
use radio::sim::truth::CycleList;
use radio::v3::link::{LinkSettings, run};
use radio::v3::network::FormPolicy;
use radio::v3::profile::Registry;
use radio::v3::profile::open::OpenProfile;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// One run of counting.
#[derive(Default)]
struct Counted {
    cycles: BTreeMap<u64, (u32, bool)>,
    whole: u64,
    told: u64,
    link: Option<LinkName>,
    module: Option<Eui64>,
}

/// A box in small: counts every cycle once, says what it kept, asks for what it misses.
#[derive(Default)]
struct SmallBox {
    runs: HashMap<(MonitorSerial, u32), Counted>,
    states: HashMap<LinkName, Vec<LinkState>>,
    families: HashMap<LinkName, Family>,
    cycles_at: Option<Instant>,
}

impl SmallBox {
    fn take(&mut self, event: RadioEvent) {
        match event.what {
            Heard::Cycles(heard) => {
                self.cycles_at = Some(Instant::now());
                let run = self.runs.entry((heard.serial, heard.era.unwrap_or(0))).or_default();
                (run.link, run.module) = (Some(event.link), heard.module);
                let first = heard.count + 1 - heard.cycles.len() as u64;
                for (place, cycle) in (first..).zip(&heard.cycles) {
                    let cycle = (cycle.cycle_time.as_millis(), cycle.first);
                    assert_eq!(*run.cycles.entry(place).or_insert(cycle), cycle, "one place, two cycles");
                }
                while run.cycles.contains_key(&(run.whole + 1)) {
                    run.whole += 1;
                }
            }
            Heard::Link(state) => self.states.entry(event.link).or_default().push(state),
            Heard::Network(network) => _ = self.families.insert(event.link, network.family),
            _ => {}
        }
    }

    /// What it has to say, once a "commit".
    fn asks(&mut self) -> Vec<(LinkName, Ask)> {
        let mut asks = Vec::new();
        for ((serial, era), run) in &mut self.runs {
            let (Some(link), Some(module)) = (run.link.clone(), run.module) else { continue };
            let (serial, era) = (serial.clone(), Some(*era));
            if run.cycles.last_key_value().is_some_and(|(last, _)| *last > run.whole) {
                let after = run.whole;
                asks.push((
                    link.clone(),
                    Ask::SendFrom { module: Some(module), serial: serial.clone(), era, after },
                ));
            }
            // What it said before may have been lost, so it is said again.
            if run.whole > 0 {
                run.told = run.whole;
                asks.push((link, Ask::Kept { module: Some(module), serial, era, up_to: run.whole }));
            }
        }
        asks
    }

    fn list(&self, monitors: &[MonitorSerial]) -> CycleList {
        let mut list = CycleList::default();
        for monitor in monitors {
            let mut runs: Vec<_> = self.runs.iter().filter(|((of, _), _)| of == monitor).collect();
            runs.sort_by_key(|((_, era), _)| *era);
            for (ms, first) in runs.into_iter().flat_map(|(_, run)| run.cycles.values()) {
                list.push(*ms, *first);
            }
        }
        list
    }
}

fn wall() -> Timestamp {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("after 1970");
    Timestamp::from_millis(i64::try_from(since.as_millis()).expect("before the end of time"))
}

struct Hall {
    plant: Running,
    small_box: SmallBox,
    events: mpsc::Receiver<RadioEvent>,
    commands: HashMap<LinkName, mpsc::Sender<RadioCommand>>,
    shutdown: CancellationToken,
}

impl Hall {
    fn start(spec: PlantSpec, options: Options) -> Hall {
        let letters: Vec<char> = ('a'..).take(spec.sticks).collect();
        let plant = Running::start(Plant::new(spec), options);
        let (sender, events) = mpsc::channel(1_024);
        let shutdown = CancellationToken::new();
        let mut commands = HashMap::new();
        for letter in letters {
            let name: LinkName = format!("hall-{letter}").parse().expect("a link's name");
            let (command_sender, command_receiver) = mpsc::channel(256);
            let settings = LinkSettings {
                name: name.clone(),
                path: plant.stick(&letter.to_string()),
                baud: 115_200,
                rts_cts: false,
                raw: false,
                expected: None,
                form: FormPolicy::WhenAsked,
                profiles: Registry::new(vec![Box::new(OpenProfile::new())]),
                tap: None,
            };
            tokio::spawn(run(settings, sender.clone(), command_receiver, Arc::new(wall), shutdown.clone()));
            commands.insert(name, command_sender);
        }
        Hall { plant, small_box: SmallBox::default(), events, commands, shutdown }
    }

    /// Listens and answers until `done`, which is asked once in a while.
    async fn until(&mut self, what: &str, mut done: impl FnMut(&Hall) -> bool) {
        let patience = Instant::now() + Duration::from_secs(240);
        while !done(self) {
            assert!(Instant::now() < patience, "waited in vain for {what}");
            let round = tokio::time::Instant::now() + Duration::from_millis(200);
            while let Ok(event) = tokio::time::timeout_at(round, self.events.recv()).await {
                self.small_box.take(event.expect("the links go on"));
            }
            for (link, what) in self.small_box.asks() {
                // A full queue is a lost answer: the next one says the same.
                let _ = self.commands[&link].try_send(RadioCommand { id: None, what });
            }
        }
    }

    fn status(&self) -> serde_json::Value {
        self.plant.ask(r#"{"do":"status"}"#)
    }

    async fn drain_and_compare(mut self) {
        self.plant.ask(r#"{"do":"faults","per_minute":0}"#);
        self.plant.ask(r#"{"do":"pause"}"#);
        self.until("every cycle to be kept", |hall| hall.status()["drained"] == true).await;
        self.shutdown.cancel();
        let Hall { plant, small_box, .. } = self;
        let truth = plant.end();
        assert!(truth.cycles > 0);
        for mold in &truth.molds {
            let monitors: Vec<_> = mold.former.iter().chain([&mold.monitor]).cloned().collect();
            assert_eq!(small_box.list(&monitors), mold.list, "{}", mold.mold);
        }
    }
}

fn spec() -> PlantSpec {
    PlantSpec {
        sticks: 3,
        presses: 6,
        molds: 10,
        history_days: 0.5,
        speed: 30.0,
        started: wall(),
        ..PlantSpec::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn three_networks_in_parallel_lose_nothing_while_everything_goes_wrong() {
    let mut hall = Hall::start(spec(), Options { strict_baud: true, ..Options::default() });
    hall.until("the links to be up", |hall| {
        let up = |states: &Vec<LinkState>| states.contains(&LinkState::Up);
        hall.small_box.states.values().filter(|states| up(states)).count() == 3
    })
    .await;
    for fault in [
        r#""kind":"drop","stick":"a","for_s":4"#,
        r#""kind":"duplicate","stick":"a","for_s":4"#,
        r#""kind":"reorder","stick":"b","for_s":4"#,
        r#""kind":"corrupt","stick":"c","for_s":4"#,
        r#""kind":"noise","stick":"a","bytes":1500"#,
        r#""kind":"silence","stick":"b","module":"","for_s":2"#,
        r#""kind":"unplug","stick":"c","for_s":1"#,
        r#""kind":"counter_reset","mold":"M-1002""#,
        r#""kind":"swap_monitor","mold":"M-1003""#,
    ] {
        let answer = hall.plant.ask(&format!("{{\"do\":\"fault\",{fault}}}"));
        assert_eq!(answer["ok"], true, "{fault}: {answer}");
    }
    hall.plant.ask(r#"{"do":"faults","per_minute":60}"#);
    hall.until("the stick to be back after its unplugging", |hall| {
        let states = hall.small_box.states.values();
        let back =
            |states: &Vec<LinkState>| states.iter().filter(|state| **state == LinkState::Up).count() >= 2;
        states.into_iter().any(back) && hall.status()["faults"].as_u64() >= Some(14)
    })
    .await;
    hall.drain_and_compare().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sticks_of_every_family_are_told_apart_and_carry_every_cycle() {
    let families = vec![Family::Zigbee, Family::DigiMesh, Family::Transparent];
    let spec = PlantSpec { families, presses: 3, molds: 3, history_days: 0.05, ..spec() };
    let mut hall = Hall::start(spec, Options::default());
    hall.until("cycles by every link", |hall| {
        let mut heard: Vec<_> = hall.small_box.runs.values().filter_map(|run| run.link.clone()).collect();
        heard.sort();
        heard.dedup();
        heard.len() == 3
    })
    .await;
    let family = |link: &str| hall.small_box.families[&link.parse::<LinkName>().expect("a name")];
    assert_eq!(family("hall-a"), Family::Zigbee);
    assert_eq!(family("hall-b"), Family::DigiMesh);
    assert_eq!(family("hall-c"), Family::Transparent);
    hall.drain_and_compare().await;
}
