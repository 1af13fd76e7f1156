//! A link with the simulated plant at the other end: networks of all three families, forming, joining, bad air.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::{MonitorSerial, Timestamp};
use radio::command::{Ask, CommandId, FormNetwork, RadioCommand};
use radio::event::{CommandDone, Family, Heard, LinkState, RadioEvent};
use radio::sim::driver::{self, Options};
use radio::sim::plant::{Plant, PlantSpec};
use radio::v3::link::{LinkSettings, run};
use radio::v3::network::FormPolicy;
use radio::v3::profile::{PayloadProfile, Registry, open};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

struct Sim {
    dir: tempfile::TempDir,
    stop: Arc<AtomicBool>,
    thread: Option<std::thread::JoinHandle<()>>,
}

impl Sim {
    fn start(spec: PlantSpec, strict_baud: bool) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let stop = Arc::new(AtomicBool::new(false));
        let options = Options { dir: dir.path().to_owned(), strict_baud, ..Options::default() };
        let stopped = Arc::clone(&stop);
        let thread = std::thread::spawn(move || {
            driver::run(&mut Plant::new(spec), &options, &stopped).unwrap();
        });
        Sim { dir, stop, thread: Some(thread) }
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(std::thread::JoinHandle::join);
    }
}

struct Link {
    events: mpsc::Receiver<RadioEvent>,
    commands: mpsc::Sender<RadioCommand>,
    shutdown: CancellationToken,
}

impl Link {
    fn start(dir: &Path, stick: &str, baud: u32) -> Self {
        let (event_sender, events) = mpsc::channel(1024);
        let (commands, command_receiver) = mpsc::channel(64);
        let shutdown = CancellationToken::new();
        let profiles: Vec<Box<dyn PayloadProfile>> = vec![Box::new(open::OpenProfile::new())];
        let settings = LinkSettings {
            name: stick.parse().unwrap(),
            path: dir.join(stick),
            baud,
            rts_cts: false,
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
    let sim = Sim::start(spec, false);
    for (stick, family) in ["stick-a", "stick-b", "stick-c"].iter().zip(families) {
        let mut link = Link::start(sim.dir.path(), stick, 115_200);
        let report = link.until(|heard| if let Heard::Network(n) = heard { Some(n) } else { None }).await;
        assert_eq!(report.family, family);
        link.hear_cycles_of(2).await;
    }
}

#[tokio::test]
async fn a_fresh_stick_forms_its_network_and_modules_join_in_the_window() {
    let sim = Sim::start(PlantSpec { fresh: true, ..plant() }, false);
    let mut link = Link::start(sim.dir.path(), "stick-a", 115_200);
    link.until_state(LinkState::NoNetwork).await;
    let wish = FormNetwork { pan: None, channels: 0x7FFF, reform_confirmed: false };
    link.commands.send(RadioCommand { id: Some(CommandId(1)), what: Ask::Form(wish) }).await.unwrap();
    let secrets = link.until(|heard| if let Heard::Secrets(s) = heard { Some(s) } else { None }).await;
    link.until(|heard| matches!(heard, Heard::Done { outcome: Ok(CommandDone::Formed), .. }).then_some(()))
        .await;
    assert_ne!(secrets.eui64, domain::Eui64::UNKNOWN);
    let open = link.ask(Ask::OpenJoin(Duration::from_secs(200))).await;
    assert!(matches!(open, Ok(CommandDone::JoinOpen(_))), "{open:?}");
}

#[tokio::test]
async fn a_stick_at_another_rate_is_found() {
    let sim = Sim::start(plant(), true);
    let mut link = Link::start(sim.dir.path(), "stick-a", 57_600);
    link.until_state(LinkState::Up).await;
    link.hear_cycles_of(1).await;
}

#[tokio::test]
async fn discovery_finds_every_module() {
    let sim = Sim::start(plant(), false);
    let mut link = Link::start(sim.dir.path(), "stick-a", 115_200);
    link.until_state(LinkState::Up).await;
    assert_eq!(link.ask(Ask::Discover).await, Ok(CommandDone::Discovered { modules: 4 }));
}
