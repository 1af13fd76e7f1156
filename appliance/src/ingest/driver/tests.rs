//! The driver with a real store on a real disk.

use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use domain::{MoldId, Timestamp};
use radio::command::{Ask, Key, NetworkSecrets, RadioCommand};
use radio::event::{CommandDone, CommandRefused, Heard, LinkState, RadioEvent, Tethered};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Driver, Handle, Keep, RadioLinks, Settings, WhyNot};
use crate::clock::{Clock, WallClock};
use crate::ingest::tests::plant::Device;
use crate::live::Live;
use crate::plant::{AlarmKey, Batch};
use crate::store::{Commit, LedgerRefusal, Store, StoreKeys};

/// A store whose disk is full when told so, or which refuses for ever, or breaks down.
#[derive(Clone)]
struct Fragile {
    store: Store,
    full: Arc<AtomicBool>,
    damaged: Arc<AtomicBool>,
    panics: Arc<AtomicBool>,
    refused: Arc<AtomicU64>,
}

impl Keep for Fragile {
    fn commit(&self, batch: &Batch) -> Result<(), Commit> {
        if self.panics.load(Ordering::SeqCst) {
            self.refused.fetch_add(1, Ordering::SeqCst);
            panic!("as told");
        }
        if self.damaged.load(Ordering::SeqCst) {
            return Err(Commit::Ledger { mold: MoldId(1), why: LedgerRefusal::Closed { number: 0 } });
        }
        if self.full.load(Ordering::SeqCst) {
            self.refused.fetch_add(1, Ordering::SeqCst);
            return Err(Commit::Full { free: 0, needed: 1 });
        }
        self.store.commit(batch)
    }

    fn refusal(&self) -> Option<Commit> {
        self.full.load(Ordering::SeqCst).then_some(Commit::Full { free: 0, needed: 1 })
    }

    fn keep_secret(&self, name: &str, plain: &[u8]) -> Result<(), Commit> {
        self.store.put_secret(name, plain)
    }
}

struct Running {
    events: mpsc::Sender<RadioEvent>,
    told: mpsc::Receiver<RadioCommand>,
    handle: Handle,
    live: Arc<Live>,
    store: Fragile,
    shutdown: CancellationToken,
    task: tokio::task::JoinHandle<()>,
}

fn start(store: Fragile) -> Running {
    let (events, heard) = mpsc::channel(64);
    let (sender, told) = mpsc::channel(64);
    let live = Arc::new(Live::new(Vec::new(), false, WallClock.now()));
    let settings = Settings { window: Duration::from_millis(20), window_cycles: 100 };
    let mut links = RadioLinks::default();
    links.insert("hall-a".parse().unwrap(), sender);
    let snapshot = store.store.snapshot().unwrap();
    let (driver, handle) =
        Driver::new(snapshot, store.clone(), Arc::clone(&live), Arc::new(WallClock), links, settings);
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(driver.run(heard, shutdown.clone()));
    Running { events, told, handle, live, store, shutdown, task }
}

fn open(dir: &tempfile::TempDir) -> Fragile {
    let store = Store::open(dir.path(), &StoreKeys::from_bytes([7; 96])).unwrap();
    Fragile {
        store,
        full: Arc::default(),
        damaged: Arc::default(),
        panics: Arc::default(),
        refused: Arc::default(),
    }
}

impl Running {
    async fn hear(&self, what: Heard) {
        let event = RadioEvent { link: "hall-a".parse().unwrap(), heard_at: WallClock.now(), what };
        self.events.send(event).await.unwrap();
    }

    /// Waits for the monitor to be told that so much is kept.
    async fn kept(&mut self, expected: u64) {
        loop {
            let command = self.told.recv().await.unwrap();
            if let Ask::Kept { up_to, .. } = command.what {
                // Law 1: whatever is told is on the disk already.
                let counts = self.store.store.counts(MoldId(1)).unwrap().unwrap();
                assert!(counts.timed >= up_to, "told {up_to}, on the disk are {}", counts.timed);
                if up_to >= expected {
                    return;
                }
            }
        }
    }

    fn alarms(&self) -> usize {
        self.live.floor(WallClock.now()).alarms.len()
    }

    async fn stop(self) -> Fragile {
        self.shutdown.cancel();
        self.task.await.unwrap();
        self.store
    }
}

async fn until(what: impl Fn() -> bool) {
    while !what() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

fn ordinals(store: &Store) -> Vec<u64> {
    let mut ordinals = Vec::new();
    let all = (Timestamp::from_millis(i64::MIN), Timestamp::from_millis(i64::MAX));
    store
        .cycles(MoldId(1), all.0, all.1, |cycle| {
            ordinals.push(cycle.ordinal);
            ControlFlow::Continue(())
        })
        .unwrap();
    ordinals
}

#[tokio::test]
async fn a_cycle_told_as_kept_is_on_disk() {
    let dir = tempfile::tempdir().unwrap();
    let mut box_ = start(open(&dir));
    let mut device = Device::new("V3-1", "M-1");
    box_.hear(Heard::Tethered(device.tether())).await;
    for _ in 0..40 {
        device.make(7);
        box_.hear(Heard::Cycles(device.newest(7))).await;
    }
    box_.kept(280).await;
    // The picture follows a few times a second.
    let live = Arc::clone(&box_.live);
    let shown = || live.mold(MoldId(1), WallClock.now()).is_some_and(|mold| mold.tile.count == 1_280);
    until(shown).await;
    // Switched off without a word; everything told is there, and the rest of the world is the same.
    box_.task.abort();
    let before = box_.live.mold(MoldId(1), WallClock.now()).unwrap();
    let mut box_ = start(box_.store);
    let after = box_.live.mold(MoldId(1), WallClock.now()).unwrap();
    assert_eq!((before.tile.count, after.tile.count), (1_280, 1_280));
    box_.hear(Heard::Cycles(device.newest(7))).await;
    device.make(1);
    box_.hear(Heard::Cycles(device.newest(1))).await;
    box_.kept(281).await;
    let store = box_.stop().await.store;
    assert_eq!(ordinals(&store), (1..=281).collect::<Vec<_>>());
    let report = crate::store::check(&store).unwrap();
    assert!(report.findings.is_empty(), "{:?}", report.findings);
}

#[tokio::test]
async fn disk_full_acknowledges_nothing_and_recovers() {
    let dir = tempfile::tempdir().unwrap();
    let mut box_ = start(open(&dir));
    let mut device = Device::new("V3-1", "M-1");
    box_.hear(Heard::Tethered(device.tether())).await;
    device.make(5);
    box_.hear(Heard::Cycles(device.newest(5))).await;
    box_.kept(5).await;

    box_.store.full.store(true, Ordering::SeqCst);
    for _ in 0..30 {
        device.make(5);
        box_.hear(Heard::Cycles(device.newest(5))).await;
    }
    let refused = Arc::clone(&box_.store.refused);
    until(|| refused.load(Ordering::SeqCst) >= 2).await;
    let live = Arc::clone(&box_.live);
    until(|| live.floor(WallClock.now()).alarms.len() == 1).await;
    while let Ok(told) = box_.told.try_recv() {
        assert!(!matches!(told.what, Ask::Kept { .. }), "nothing is told as kept");
    }

    box_.store.full.store(false, Ordering::SeqCst);
    box_.kept(155).await;
    until(|| live.floor(WallClock.now()).alarms.is_empty()).await;
    assert_eq!(box_.alarms(), 0);
    let store = box_.stop().await.store;
    assert_eq!(ordinals(&store), (1..=155).collect::<Vec<_>>());
    assert!(store.snapshot().unwrap().alarms.iter().all(|alarm| alarm.key != AlarmKey::StoreRefuses));
}

/// Says the whole memory as fast as it goes, again with another era each time: always new cycles.
async fn flood(box_: &Running, device: &mut Device, cycles: u64) {
    let mut said = 0;
    for era in 1.. {
        device.era = Some(era);
        box_.hear(Heard::Tethered(Tethered { count: 0, ..device.tether() })).await;
        for from in (0..10_000).step_by(1_000) {
            if said >= cycles {
                return;
            }
            box_.hear(Heard::Cycles(device.packet(from, from + 1_000))).await;
            said += 1_000;
        }
    }
}

async fn flooded(dir: &tempfile::TempDir) -> (Running, Device) {
    let box_ = start(open(dir));
    let mut device = Device::new("V3-1", "M-1");
    box_.hear(Heard::Tethered(device.tether())).await;
    box_.store.full.store(true, Ordering::SeqCst);
    device.make(10_000);
    box_.hear(Heard::Cycles(device.packet(0, 1_000))).await;
    let refused = Arc::clone(&box_.store.refused);
    until(|| refused.load(Ordering::SeqCst) >= 1).await;
    flood(&box_, &mut device, 400_000).await;
    (box_, device)
}

#[tokio::test]
async fn a_disk_that_stays_full_costs_bounded_memory_and_deafens_nobody() {
    let dir = tempfile::tempdir().unwrap();
    let (mut box_, device) = flooded(&dir).await;
    let command = box_.handle.clone();
    let asked = tokio::spawn(async move { command.command("hall-a".parse().unwrap(), Ask::Discover).await });
    // Between what monitors are asked by themselves.
    let id = loop {
        if let Some(id) = box_.told.recv().await.unwrap().id {
            break id;
        }
    };
    box_.hear(Heard::Done { id, outcome: Ok(CommandDone::Sent) }).await;
    assert_eq!(asked.await.unwrap(), Ok(CommandDone::Sent));
    box_.hear(Heard::Link(LinkState::Lost { reason: "pulled".to_owned() })).await;
    let live = Arc::clone(&box_.live);
    until(|| live.floor(WallClock.now()).alarms.len() >= 2).await;

    box_.store.full.store(false, Ordering::SeqCst);
    // It goes on by itself.
    until(|| !live.floor(WallClock.now()).alarms.iter().any(|alarm| alarm.subject == "disk")).await;
    box_.hear(Heard::Status(device.status(None))).await;
    let store = box_.stop().await.store;
    let kept = ordinals(&store).len();
    assert!((200_000..210_000).contains(&kept), "{kept}");
}

#[tokio::test]
async fn a_box_whose_disk_stays_full_ends_when_nobody_speaks_any_more() {
    let dir = tempfile::tempdir().unwrap();
    let (box_, _) = flooded(&dir).await;
    let Running { events, task, .. } = box_;
    drop(events);
    tokio::time::timeout(Duration::from_secs(5), task).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_box_that_starts_on_a_full_disk_says_so_at_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(&dir);
    store.full.store(true, Ordering::SeqCst);
    let box_ = start(store);
    let live = Arc::clone(&box_.live);
    until(|| live.floor(WallClock.now()).alarms.len() == 1).await;
    assert!(live.floor(WallClock.now()).alarms[0].text.ends_with("(it is full)"));
    box_.store.full.store(false, Ordering::SeqCst);
    until(|| live.floor(WallClock.now()).alarms.is_empty()).await;
    box_.stop().await;
}

#[tokio::test]
async fn what_no_room_on_the_disk_mends_is_not_told_as_a_full_disk() {
    let dir = tempfile::tempdir().unwrap();
    let box_ = start(open(&dir));
    let mut device = Device::new("V3-1", "M-1");
    let live = Arc::clone(&box_.live);
    let only = |subject: &str| {
        let alarms = live.floor(WallClock.now()).alarms;
        alarms.len() == 1 && alarms[0].subject == subject
    };
    box_.store.full.store(true, Ordering::SeqCst);
    box_.hear(Heard::Tethered(device.tether())).await;
    until(|| only("disk")).await;
    box_.store.damaged.store(true, Ordering::SeqCst);
    until(|| only("store")).await;
    let text = live.floor(WallClock.now()).alarms[0].text.clone();
    assert!(text.contains("platen check") && text.contains("mold number 1"), "{text}");
    assert!(!text.contains("entry 0 is closed"), "the chain of errors is for the log: {text}");
    box_.store.damaged.store(false, Ordering::SeqCst);
    until(|| only("disk")).await;
    box_.store.full.store(false, Ordering::SeqCst);
    until(|| live.floor(WallClock.now()).alarms.is_empty()).await;
    device.make(1);
    box_.stop().await;
}

#[tokio::test]
async fn a_break_down_while_writing_loses_no_secret() {
    let dir = tempfile::tempdir().unwrap();
    let box_ = start(open(&dir));
    box_.store.panics.store(true, Ordering::SeqCst);
    let secrets = NetworkSecrets {
        eui64: "0013A20040522BAA".parse().unwrap(),
        pan: None,
        link_key: Key::new(Box::new([5; 16])),
    };
    box_.hear(Heard::Secrets(secrets)).await;
    let broke_down = Arc::clone(&box_.store.refused);
    until(|| broke_down.load(Ordering::SeqCst) >= 1).await;
    box_.store.panics.store(false, Ordering::SeqCst);
    let store = box_.store.store.clone();
    let name = super::secret_name(&"hall-a".parse().unwrap());
    until(|| store.secret(&name).unwrap().is_some()).await;
    box_.stop().await;
}

#[tokio::test]
async fn a_confirmed_reset_is_on_disk_when_it_is_answered() {
    let dir = tempfile::tempdir().unwrap();
    let mut box_ = start(open(&dir));
    let mut device = Device::new("V3-1", "M-1");
    box_.hear(Heard::Tethered(device.tether())).await;
    device.make(5);
    box_.hear(Heard::Cycles(device.newest(5))).await;
    (device.era, device.count) = (Some(2), 0);
    device.made.clear();
    box_.hear(Heard::Tethered(device.tether())).await;
    device.make(2);
    box_.hear(Heard::Cycles(device.newest(2))).await;
    box_.kept(2).await;
    let live = Arc::clone(&box_.live);
    until(|| live.floor(WallClock.now()).alarms.len() == 1).await;
    let wrong = box_.handle.confirm_reset(MoldId(1), 0, "Ada".to_owned()).await;
    assert!(matches!(wrong, Err(WhyNot::Nothing(_))));
    box_.handle.confirm_reset(MoldId(1), 1, "Ada".to_owned()).await.unwrap();
    assert!(box_.store.store.snapshot().unwrap().alarms.is_empty());
    let last = box_.store.store.ledger(MoldId(1), 1).unwrap().pop().unwrap();
    assert_eq!((last.kind.word(), last.cycles), ("adjust", 0));
    box_.stop().await;
}

#[tokio::test]
async fn a_command_comes_back_to_who_asked() {
    let dir = tempfile::tempdir().unwrap();
    let mut box_ = start(open(&dir));
    let handle = box_.handle.clone();
    let open = tokio::spawn(async move {
        handle.command("hall-a".parse().unwrap(), Ask::OpenJoin(Duration::from_secs(60))).await
    });
    let command = box_.told.recv().await.unwrap();
    let until = WallClock.now();
    let (id, outcome) = (command.id.unwrap(), Ok(CommandDone::JoinOpen(until)));
    box_.hear(Heard::Done { id, outcome }).await;
    assert_eq!(open.await.unwrap(), Ok(CommandDone::JoinOpen(until)));
    let unknown = box_.handle.command("hall-z".parse().unwrap(), Ask::Discover).await;
    assert!(matches!(unknown, Err(WhyNot::NoLink(_))));

    let handle = box_.handle.clone();
    let refused = tokio::spawn(async move { handle.command("hall-a".parse().unwrap(), Ask::Discover).await });
    let id = box_.told.recv().await.unwrap().id.unwrap();
    box_.hear(Heard::Done { id, outcome: Err(CommandRefused::LinkDown) }).await;
    assert_eq!(refused.await.unwrap(), Err(WhyNot::Refused(CommandRefused::LinkDown)));
    let handle = box_.handle.clone();
    box_.stop().await;
    let late = handle.command("hall-a".parse().unwrap(), Ask::Discover).await;
    assert_eq!(late, Err(WhyNot::Stopping));
}
