//! A link with the simulated plant at the other end: networks of all three families, forming, joining, bad air.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]

mod plant_thread;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use domain::{CounterWidth, CycleTime, Eui64, Initialisation, MonitorSerial, Timestamp};
use plant_thread::Running;
use radio::command::{Ask, CommandId, FormNetwork, JoinKey, Key, RadioCommand};
use radio::event::{CommandDone, Family, Heard, LinkState, RadioEvent, Tethered};
use radio::sim::driver::Options;
use radio::sim::plant::{Plant, PlantSpec};
use radio::v3::link::{LinkSettings, run};
use radio::v3::network::FormPolicy;
use radio::v3::profile::{PayloadProfile, Registry, open};
use radio::v3::serial::Port;
use secrecy::SecretBox;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

fn simulate(spec: PlantSpec, strict_baud: bool) -> Running {
    Running::start(Plant::new(spec), Options { strict_baud, ..Options::default() })
}

struct Link {
    events: mpsc::Receiver<RadioEvent>,
    commands: mpsc::Sender<RadioCommand>,
    shutdown: CancellationToken,
}

impl Link {
    fn start(sim: &Running, letter: &str, baud: u32) -> Self {
        let (event_sender, events) = mpsc::channel(1024);
        let (commands, command_receiver) = mpsc::channel(64);
        let shutdown = CancellationToken::new();
        let profiles: Vec<Box<dyn PayloadProfile>> = vec![Box::new(open::OpenProfile::new())];
        let settings = LinkSettings {
            name: format!("stick-{letter}").parse().unwrap(),
            path: sim.stick(letter),
            baud,
            rts_cts: false,
            raw: false,
            expected: None,
            form: FormPolicy::WhenAsked,
            profiles: Registry::new(profiles),
            tap: None,
        };
        let clock = Arc::new(|| Timestamp::from_millis(1_700_000_000_000));
        tokio::spawn(run(settings, event_sender, command_receiver, clock, shutdown.clone()));
        Link { events, commands, shutdown }
    }

    async fn until<T>(&mut self, mut wanted: impl FnMut(Heard) -> Option<T>) -> T {
        loop {
            let next = tokio::time::timeout(Duration::from_secs(60), self.events.recv()).await;
            if let Some(found) =
                wanted(next.expect("nothing heard in a minute").expect("the link ended").what)
            {
                return found;
            }
        }
    }

    async fn until_state(&mut self, wanted: LinkState) {
        self.until(|heard| matches!(heard, Heard::Link(state) if state == wanted).then_some(())).await;
    }

    async fn ask(&mut self, what: Ask) -> Result<CommandDone, radio::event::CommandRefused> {
        self.commands.send(RadioCommand { id: Some(CommandId(1)), what }).await.unwrap();
        self.until(|heard| match heard {
            Heard::Done { id: CommandId(1), outcome } => Some(outcome),
            _ => None,
        })
        .await
    }

    /// Hears cycles of so many monitors and tells the link to keep what it heard.
    async fn hear_cycles_of(&mut self, monitors: usize) {
        let mut heard_of: HashSet<MonitorSerial> = HashSet::new();
        while heard_of.len() < monitors {
            let cycles = self.until(|heard| if let Heard::Cycles(c) = heard { Some(c) } else { None }).await;
            let what = Ask::Kept {
                module: cycles.module,
                serial: cycles.serial.clone(),
                era: cycles.era,
                up_to: cycles.count,
            };
            assert_eq!(self.ask(what).await, Ok(CommandDone::Sent));
            heard_of.insert(cycles.serial);
        }
    }
}

impl Drop for Link {
    fn drop(&mut self) {
        self.shutdown.cancel();
    }
}

fn plant() -> PlantSpec {
    PlantSpec {
        sticks: 1,
        presses: 4,
        molds: 4,
        speed: 60.0,
        history_days: 0.0,
        forming_ms: 200,
        ..PlantSpec::default()
    }
}

#[tokio::test]
async fn cycles_of_all_three_families_are_heard_and_acknowledged() {
    let families = vec![Family::Zigbee, Family::DigiMesh, Family::Transparent];
    let spec = PlantSpec { sticks: 3, presses: 6, molds: 6, families: families.clone(), ..plant() };
    let sim = simulate(spec, false);
    for (stick, family) in ["a", "b", "c"].iter().zip(families) {
        let mut link = Link::start(&sim, stick, 115_200);
        let report = link.until(|heard| if let Heard::Network(n) = heard { Some(n) } else { None }).await;
        assert_eq!(report.family, family);
        link.hear_cycles_of(2).await;
    }
}

#[tokio::test]
async fn a_fresh_stick_forms_its_network_and_modules_join_in_the_window() {
    let sim = simulate(PlantSpec { fresh: true, ..plant() }, false);
    let mut link = Link::start(&sim, "a", 115_200);
    link.until_state(LinkState::NoNetwork).await;
    let wish = FormNetwork { pan: None, channels: 0x7FFF, reform_confirmed: false };
    link.commands.send(RadioCommand { id: Some(CommandId(1)), what: Ask::Form(wish) }).await.unwrap();
    let secrets = link.until(|heard| if let Heard::Secrets(s) = heard { Some(s) } else { None }).await;
    link.until(|heard| matches!(heard, Heard::Done { outcome: Ok(CommandDone::Formed), .. }).then_some(()))
        .await;
    assert_ne!(secrets.eui64, Eui64::UNKNOWN);
    let labels = sim.ask(r#"{"do":"labels"}"#);
    let label = &labels[0];
    let eui64: Eui64 = label["eui64"].as_str().unwrap().parse().unwrap();
    let key = join_key(label);
    assert_eq!(link.ask(Ask::Register { eui64, key }).await, Ok(CommandDone::Registered));
    let open = link.ask(Ask::OpenJoin(Duration::from_secs(200))).await;
    assert!(matches!(open, Ok(CommandDone::JoinOpen(_))), "{open:?}");
    let module = link.until(|heard| if let Heard::Module(m) = heard { Some(m) } else { None }).await;
    assert_eq!((module.eui64, module.name.as_deref()), (eui64, label["module"].as_str()));
    let cycles = link.until(|heard| if let Heard::Cycles(c) = heard { Some(c) } else { None }).await;
    assert_eq!(cycles.module, Some(eui64));
    let stick = &sim.ask(r#"{"do":"status"}"#)["sticks"][0];
    assert_eq!(stick["joined"], 1, "only the one that was registered: {stick}");
}

/// What a person types from a module's label.
fn join_key(label: &serde_json::Value) -> JoinKey {
    let bytes = |name: &str| label[name].as_str().map(|text| hex::decode(text).unwrap());
    match bytes("link_key") {
        Some(key) => JoinKey::Link(Key::new(Box::new(key.try_into().unwrap()))),
        None => JoinKey::InstallCode(SecretBox::new(Box::new(bytes("install_code").unwrap()))),
    }
}

#[tokio::test]
async fn a_stick_at_another_rate_is_found() {
    let sim = simulate(plant(), true);
    let mut link = Link::start(&sim, "a", 57_600);
    link.until_state(LinkState::Up).await;
    link.hear_cycles_of(1).await;
}

#[tokio::test]
async fn discovery_finds_every_module() {
    let sim = simulate(plant(), false);
    let mut link = Link::start(&sim, "a", 115_200);
    link.until_state(LinkState::Up).await;
    assert_eq!(link.ask(Ask::Discover).await, Ok(CommandDone::Discovered { modules: 4 }));
}

#[tokio::test]
async fn a_counter_goes_past_its_top_in_one_run_of_counting() {
    let sim = simulate(PlantSpec { presses: 1, molds: 1, near_top: 1, speed: 200.0, ..plant() }, false);
    let mut link = Link::start(&sim, "a", 115_200);
    let tethered = link.until(|heard| if let Heard::Tethered(t) = heard { Some(t) } else { None }).await;
    let Tethered { module, serial, count, era, width, .. } = tethered;
    assert_eq!((count, width), (u64::from(u32::MAX) - 20, CounterWidth::Bits(32)));
    let now = Timestamp::from_millis(1_700_000_000_000);
    assert_eq!(link.ask(Ask::SetTime { module, serial, now }).await, Ok(CommandDone::Sent));
    let (mut last, mut made) = (count, 0);
    while made < 30 {
        let cycles = link.until(|heard| if let Heard::Cycles(c) = heard { Some(c) } else { None }).await;
        assert_eq!(cycles.era, era, "nothing was reset");
        let new = domain::step(last, cycles.count, width);
        let (domain::CounterStep::Forward(new) | domain::CounterStep::Rollover(new)) = new else { continue };
        // What nobody keeps is sent again, beside what is new.
        assert!(new <= cycles.cycles.len() as u64, "a gap before {}", cycles.count);
        (last, made) = (cycles.count, made + new);
    }
    assert!(last < 100, "{last}");
    let mold = &sim.ask(r#"{"do":"truth"}"#)["molds"][0];
    assert_eq!((&mold["resets"], &mold["rollovers"]), (&0.into(), &1.into()));
}

#[tokio::test]
async fn a_new_monitor_is_heard_of_at_its_module_then_with_its_record_and_only_then_with_cycles() {
    let spec = PlantSpec { presses: 2, molds: 1, usb: true, ..plant() };
    let sim = Running::start(Plant::new(spec), Options { usb: true, ..Options::default() });
    let mut link = Link::start(&sim, "a", 115_200);
    link.until_state(LinkState::Up).await;
    let plug = r#"{"do":"plug","press":"PRESS-02"}"#;
    assert_eq!(sim.ask(plug)["ok"], true);
    let own = |tethered: &Tethered| tethered.initialisation.is_none();
    let fresh = link.until(|heard| match heard {
        Heard::Tethered(tethered) if own(&tethered) => Some(tethered),
        _ => None,
    });
    let fresh = fresh.await;
    assert_eq!((fresh.count, fresh.era), (0, None));
    let said = link.until(|heard| match heard {
        Heard::Status(status) if status.serial == fresh.serial => Some("a status"),
        Heard::Cycles(cycles) if cycles.serial == fresh.serial => Some("cycles"),
        _ => None,
    });
    assert_eq!(tokio::time::timeout(Duration::from_millis(1_500), said).await.ok(), None);

    let record = Initialisation {
        mold: "M-2001".parse().unwrap(),
        description: "lid".to_owned(),
        approved: Some(CycleTime::from_millis(20_000)),
        design_life: None,
        baseline: 500,
        on: Timestamp::from_millis(1_700_000_000_000),
    };
    let mut port = Port::open(&sim.usb(), 115_200, false).unwrap();
    let shown = radio::usb::initialise(&mut port, &record).await.unwrap();
    assert_eq!(shown.serial, fresh.serial);
    assert_eq!(sim.ask(plug)["ok"], true);
    let mut told = None;
    let cycles = link
        .until(|heard| match heard {
            Heard::Tethered(tethered) if tethered.serial == fresh.serial => {
                told = tethered.initialisation.or(told.take());
                None
            }
            Heard::Status(status) if status.serial == fresh.serial => {
                assert_eq!(told.as_ref(), Some(&record), "a status before the record");
                None
            }
            Heard::Cycles(cycles) if cycles.serial == fresh.serial => Some((cycles, told.take())),
            _ => None,
        })
        .await;
    assert_eq!(cycles.1, Some(record), "cycles before the record");
    assert_eq!(cycles.0.module, fresh.module);
    let truth = sim.ask(r#"{"do":"truth"}"#);
    let mold = truth["molds"].as_array().unwrap().iter().find(|mold| mold["mold"] == "M-2001").unwrap();
    assert_eq!((&mold["press"], &mold["baseline"]), (&"PRESS-02".into(), &500.into()));
}
