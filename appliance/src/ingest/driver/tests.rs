//! The driver with a real store on a real disk.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use domain::{MoldId, Timestamp};
use radio::command::{Ask, RadioCommand};
use radio::event::{CommandDone, CommandRefused, Heard, RadioEvent, Tethered};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Driver, Handle, Keep, Settings, WhyNot};
use crate::clock::{Clock, WallClock};
use crate::ingest::tests::plant::Device;
use crate::live::Live;
use crate::plant::{AlarmKey, Batch};
use crate::store::{Commit, SealingKey, Store};

/// A store whose disk is full when told so.
#[derive(Clone)]
struct Fragile {
    store: Store,
    full: Arc<AtomicBool>,
    refused: Arc<AtomicU64>,
}

impl Keep for Fragile {
    fn commit(&self, batch: &Batch) -> Result<(), Commit> {
        if self.full.load(Ordering::SeqCst) {
            self.refused.fetch_add(1, Ordering::SeqCst);
            return Err(Commit::Full { free: 0, needed: 1 });
        }
        self.store.commit(batch)
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
    let live = Arc::new(Live::new(Vec::new(), WallClock.now()));
    let settings = Settings { window: Duration::from_millis(20), window_cycles: 100 };
    let links = HashMap::from([("hall-a".parse().unwrap(), sender)]);
    let snapshot = store.store.snapshot().unwrap();
    let (driver, handle) =
        Driver::new(snapshot, store.clone(), Arc::clone(&live), Arc::new(WallClock), links, settings);
    let shutdown = CancellationToken::new();
    let task = tokio::spawn(driver.run(heard, shutdown.clone()));
    Running { events, told, handle, live, store, shutdown, task }
}

fn open(dir: &tempfile::TempDir) -> Fragile {
    let store = Store::open(dir.path(), &SealingKey::from_bytes([7; 32])).unwrap();
    Fragile { store, full: Arc::default(), refused: Arc::default() }
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
    assert!(box_.told.try_recv().is_err(), "nothing is told as kept");

    box_.store.full.store(false, Ordering::SeqCst);
    box_.kept(155).await;
    until(|| live.floor(WallClock.now()).alarms.is_empty()).await;
    assert_eq!(box_.alarms(), 0);
    let store = box_.stop().await.store;
    assert_eq!(ordinals(&store), (1..=155).collect::<Vec<_>>());
    assert!(store.alarms_standing().unwrap().iter().all(|alarm| alarm.key != AlarmKey::StoreRefuses));
}

#[tokio::test]
async fn a_disk_that_stays_full_costs_bounded_memory() {
    let dir = tempfile::tempdir().unwrap();
    let box_ = start(open(&dir));
    let mut device = Device::new("V3-1", "M-1");
    box_.hear(Heard::Tethered(device.tether())).await;
    box_.store.full.store(true, Ordering::SeqCst);
    device.make(10_000);
    let mut received = 0u64;
    // The whole memory as fast as it goes, again with another era each time: always new cycles.
    'full: for era in 1..1_000 {
        device.era = Some(era);
        let begins = Heard::Tethered(Tethered { count: 0, ..device.tether() });
        let packets =
            (0..10_000).step_by(1_000).map(|from| (1_000, Heard::Cycles(device.packet(from, from + 1_000))));
        for (cycles, what) in std::iter::once((0, begins)).chain(packets) {
            let event = RadioEvent { link: "hall-a".parse().unwrap(), heard_at: WallClock.now(), what };
            let sent = tokio::time::timeout(Duration::from_secs(2), box_.events.send(event)).await;
            if sent.is_err() {
                break 'full;
            }
            received += cycles;
        }
    }
    assert!((200_000..2_000_000).contains(&received), "{received}");
    box_.store.full.store(false, Ordering::SeqCst);
    // It goes on by itself.
    box_.hear(Heard::Status(device.status(None))).await;
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
    assert!(box_.store.store.alarms_standing().unwrap().is_empty());
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
