//! Feeds ingest, writes its commits, and tells the monitors what is kept only after a commit is on the disk.
//!
//! Commits are grouped: one is written when the window is over or enough cycles wait, while the next one gathers. When
//! the store refuses, the same commit is offered again until it is taken; meanwhile the next one grows to a limit, then
//! what the monitors say of their cycles is let go. Nothing was told as kept, so they still have it all. When the disk
//! is only slow, nothing is let go, and the radios wait.

mod bonds;
mod commands;
mod commits;
mod keep;
mod refusal;
mod sensors;
#[cfg(test)]
mod tests;
mod ways;

use std::sync::Arc;
use std::time::Duration;

use domain::{BluetoothAddress, LinkName, MoldId, Thresholds};
use radio::command::Ask;
use radio::event::{CommandDone, CommandRefused, Heard, RadioEvent};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::{Ingest, Moment, SensorRefused, SensorUse};
use crate::clock::Clock;
use crate::live::Live;
use crate::plant::{AlarmKey, Snapshot};
use commands::Commands;
use commits::Commits;

pub use bonds::bonds;
pub use keep::{Keep, secret_name};
pub use refusal::Refusal;
pub use sensors::{in_use, sensor_secret};
pub use ways::RadioLinks;

/// So often the picture is brought up to date and it is looked what is due.
const TICK: Duration = Duration::from_millis(250);
/// So many events are heard before anything else gets a turn.
const TURN: usize = 512;
/// With so much waiting nothing more is received while the disk is busy, and nothing more is counted while it refuses.
const MOST_CYCLES: u64 = 200_000;
const MOST_RAW: usize = 20_000;

/// How commits are grouped.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Settings {
    /// Longest time from heard to written.
    pub window: Duration,
    /// Most cycles from heard to written.
    pub window_cycles: u64,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { window: Duration::from_secs(1), window_cycles: 100 }
    }
}

/// Why something asked of the driver was not done.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WhyNot {
    /// No such link in the configuration.
    #[error("there is no link {0}")]
    NoLink(LinkName),
    /// The radio said why.
    #[error(transparent)]
    Refused(#[from] CommandRefused),
    /// No reset of that number waits for a person.
    #[error(transparent)]
    Nothing(#[from] super::NothingToConfirm),
    /// Nothing is known of such a mold.
    #[error(transparent)]
    NoMold(#[from] super::NoSuchMold),
    /// The sensor is not put to use, or not ended.
    #[error(transparent)]
    Sensor(#[from] SensorRefused),
    /// The box is stopping.
    #[error("the box is stopping")]
    Stopping,
}

/// Something asked of the driver.
pub(super) enum Request {
    /// Of a link, or of Bluetooth by its name.
    Radio { link: LinkName, what: Ask, answer: oneshot::Sender<Result<CommandDone, WhyNot>> },
    /// Of the ledger; answered when it is on the disk.
    Confirm { mold: MoldId, number: u64, by: String, answer: oneshot::Sender<Result<(), WhyNot>> },
    /// Have the monitor on a mold watch these limits; answered when that is on the disk.
    Watch { mold: MoldId, thresholds: Thresholds, answer: oneshot::Sender<Result<(), WhyNot>> },
    /// Have a sensor count for a mold; answered when it is on the disk.
    UseSensor { wish: SensorUse, answer: oneshot::Sender<Result<(), WhyNot>> },
    /// Have it count for none; answered when it is on the disk.
    ForgetSensor { address: BluetoothAddress, answer: oneshot::Sender<Result<(), WhyNot>> },
    /// Have an alarm stand, or not stand any more.
    Alarm { key: AlarmKey, why: Option<String> },
}

/// The door to the running driver. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Handle {
    requests: mpsc::Sender<Request>,
}

impl Handle {
    /// Has a link do something and waits for its end. The radio has its own time limits.
    ///
    /// # Errors
    /// With what the radio says.
    pub async fn command(&self, link: LinkName, what: Ask) -> Result<CommandDone, WhyNot> {
        self.ask(|answer| Request::Radio { link, what, answer }).await
    }

    /// Enters into the ledger that `by` confirmed a reset; returns when it is on the disk.
    ///
    /// # Errors
    /// No such reset waits to be confirmed.
    pub async fn confirm_reset(&self, mold: MoldId, number: u64, by: String) -> Result<(), WhyNot> {
        self.ask(|answer| Request::Confirm { mold, number, by, answer }).await
    }

    /// Has the monitor on a mold, whichever that is, watch these limits; returns when the wish is on the disk.
    ///
    /// # Errors
    /// There is no such mold.
    pub async fn watch(&self, mold: MoldId, thresholds: Thresholds) -> Result<(), WhyNot> {
        self.ask(|answer| Request::Watch { mold, thresholds, answer }).await
    }

    /// Has a sensor count for a mold; returns when it is on the disk.
    ///
    /// # Errors
    /// There is no room for another mold.
    pub async fn use_sensor(&self, wish: SensorUse) -> Result<(), WhyNot> {
        self.ask(|answer| Request::UseSensor { wish, answer }).await
    }

    /// Has a sensor count for no mold any more; returns when it is on the disk.
    ///
    /// # Errors
    /// It counts for none.
    pub async fn forget_sensor(&self, address: BluetoothAddress) -> Result<(), WhyNot> {
        self.ask(|answer| Request::ForgetSensor { address, answer }).await
    }

    /// Has an alarm stand for a reason, or not stand any more. A box that is stopping keeps what it had.
    pub async fn alarm(&self, key: AlarmKey, why: Option<String>) {
        let _ = self.requests.send(Request::Alarm { key, why }).await;
    }

    async fn ask<T>(
        &self,
        request: impl FnOnce(oneshot::Sender<Result<T, WhyNot>>) -> Request,
    ) -> Result<T, WhyNot> {
        let (answer, answered) = oneshot::channel();
        self.requests.send(request(answer)).await.map_err(|_| WhyNot::Stopping)?;
        answered.await.unwrap_or(Err(WhyNot::Stopping))
    }
}

/// The one writer.
pub struct Driver<K> {
    ingest: Ingest,
    live: Arc<Live>,
    clock: Arc<dyn Clock>,
    links: RadioLinks,
    settings: Settings,
    requests: mpsc::Receiver<Request>,
    commands: Commands,
    commits: Commits<K>,
    started: Instant,
    /// Since when something waits to be written.
    gathering: Option<Instant>,
    confirmed: Vec<oneshot::Sender<Result<(), WhyNot>>>,
    /// The store's last word was a refusal.
    refused: bool,
}

impl<K: Keep> Driver<K> {
    /// Goes on from what is on the disk.
    pub fn new(
        snapshot: Snapshot,
        store: K,
        live: Arc<Live>,
        clock: Arc<dyn Clock>,
        links: RadioLinks,
        settings: Settings,
    ) -> (Driver<K>, Handle) {
        let (sender, requests) = mpsc::channel(64);
        let mut ingest = Ingest::load(snapshot);
        ingest.keep_links(|link| links.has(link), clock.now());
        live.learn(ingest.news(), clock.now());
        let driver = Driver {
            ingest,
            live,
            clock,
            links,
            settings,
            requests,
            commands: Commands::default(),
            commits: Commits::new(store),
            started: Instant::now(),
            gathering: None,
            confirmed: Vec::new(),
            refused: false,
        };
        (driver, Handle { requests: sender })
    }

    /// Hears until told to stop, or until nobody speaks any more; then writes what is left.
    pub async fn run(mut self, mut events: mpsc::Receiver<RadioEvent>, shutdown: CancellationToken) {
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut asked = true;
        if let Some(why) = self.commits.refusal().await {
            self.refused(why);
        }
        loop {
            let commit_at = self.commit_at();
            tokio::select! {
                biased;
                () = shutdown.cancelled() => break,
                result = self.commits.finished() => self.committed(result),
                request = self.requests.recv(), if asked => match request {
                    Some(request) => self.requested(request),
                    None => asked = false,
                },
                _ = ticks.tick() => self.tick(),
                () = sleep_until(commit_at.unwrap_or_else(Instant::now)), if commit_at.is_some() => self.commit(),
                event = events.recv(), if self.listens() => match event {
                    Some(event) => self.turn(event, &mut events),
                    None => break,
                },
            }
        }
        while let Ok(event) = events.try_recv() {
            self.hear(event);
        }
        self.finish().await;
    }

    fn now(&self) -> Moment {
        Moment { wall: self.clock.now(), steady: self.started.elapsed() }
    }

    /// A disk that is busy is waited for. One that refuses may do so for days: what needs no room is heard.
    fn listens(&self) -> bool {
        self.refused || self.has_room()
    }

    fn has_room(&self) -> bool {
        let (cycles, raw) = self.ingest.waiting();
        cycles < MOST_CYCLES && raw < MOST_RAW
    }

    /// When the next commit begins; `None` while one is being written or there is nothing to write.
    fn commit_at(&self) -> Option<Instant> {
        if self.commits.busy() {
            return None;
        }
        let gathering = self.gathering?;
        let (cycles, _) = self.ingest.waiting();
        Some(if cycles >= self.settings.window_cycles { gathering } else { gathering + self.settings.window })
    }

    fn turn(&mut self, first: RadioEvent, events: &mut mpsc::Receiver<RadioEvent>) {
        self.hear(first);
        for _ in 1..TURN {
            if !self.listens() {
                return;
            }
            match events.try_recv() {
                Ok(event) => self.hear(event),
                Err(_) => return,
            }
        }
    }

    fn hear(&mut self, event: RadioEvent) {
        match event.what {
            Heard::Done { id, outcome } => self.commands.done(id, outcome),
            Heard::Secrets(secrets) => {
                self.commits.keep_secret(&event.link, &secrets);
                self.gather();
            }
            Heard::Bonded(ref bonded) => {
                self.commits.keep_bonds(bonded);
                let now = self.now();
                self.ingest.hear(&event, now);
                self.gather();
            }
            // The monitor keeps it and says it again.
            Heard::Cycles(_) | Heard::Status(_) | Heard::Raw(_) | Heard::Sensor(_) if !self.has_room() => {}
            _ => {
                self.live.hear(&event);
                let now = self.now();
                self.ingest.hear(&event, now);
                self.gather();
            }
        }
    }

    fn gather(&mut self) {
        if self.ingest.is_due() || self.commits.has_secrets() {
            self.gathering.get_or_insert_with(Instant::now);
        }
    }

    fn requested(&mut self, request: Request) {
        match request {
            Request::Radio { link, what, answer } => self.commands.send(&self.links, link, what, answer),
            Request::Alarm { key, why } => {
                self.ingest.alarm(&key, why.as_deref(), self.clock.now());
                self.gather();
            }
            Request::Confirm { mold, number, by, answer } => {
                let now = self.now();
                let done = self.ingest.confirm_reset(mold, number, &by, now);
                self.answer_when_kept(done.map_err(WhyNot::from), answer);
            }
            Request::UseSensor { wish, answer } => {
                let now = self.now();
                let done = self.ingest.use_sensor(wish, now);
                self.answer_when_kept(done.map_err(WhyNot::from), answer);
            }
            Request::ForgetSensor { address, answer } => {
                let now = self.now();
                let done = self.ingest.forget_sensor(address, now);
                self.answer_when_kept(done.map_err(WhyNot::from), answer);
            }
            Request::Watch { mold, thresholds, answer } => {
                let done = self.ingest.watch(mold, thresholds);
                self.answer_when_kept(done.map_err(WhyNot::from), answer);
            }
        }
    }

    /// A refusal is said at once, and that something is done when it is on the disk.
    fn answer_when_kept(&mut self, done: Result<(), WhyNot>, answer: oneshot::Sender<Result<(), WhyNot>>) {
        match done {
            Ok(()) => self.confirmed.push(answer),
            Err(why) => _ = answer.send(Err(why)),
        }
        self.gather();
    }

    fn tick(&mut self) {
        let now = self.now();
        for (link, command) in self.ingest.tick(now) {
            commands::tell(&self.links, &link, command);
        }
        self.commands.forget_who_left();
        self.gather();
        self.live.learn(self.ingest.news(), now.wall);
        self.live.tick(now);
    }

    fn commit(&mut self) {
        let now = self.now();
        self.gathering = None;
        let taken = self.ingest.take(now);
        self.commits.begin(taken, std::mem::take(&mut self.confirmed));
    }

    fn committed(&mut self, result: commits::Finished) {
        let now = self.clock.now();
        match result {
            commits::Finished::Kept { acknowledgements, confirmed } => {
                self.refused = false;
                self.ingest.store_refuses(None, now);
                for (link, command) in acknowledgements {
                    commands::tell(&self.links, &link, command);
                }
                confirmed.into_iter().for_each(|answer| _ = answer.send(Ok(())));
            }
            commits::Finished::Refused(why) => self.refused(why),
            commits::Finished::Again => {}
        }
        self.gather();
    }

    fn refused(&mut self, why: Refusal) {
        let now = self.clock.now();
        self.refused = true;
        self.ingest.store_refuses(Some(why), now);
        self.live.learn(self.ingest.news(), now);
        self.gather();
    }

    /// The last commits: the one being written, and what came since. One that is refused now is lost with the box's
    /// memory, and was never told as kept.
    async fn finish(mut self) {
        while self.commits.busy() {
            let result = self.commits.last_try().await;
            let refused = matches!(result, commits::Finished::Refused(_));
            self.committed(result);
            if refused {
                return;
            }
        }
        if self.ingest.is_due() || self.commits.has_secrets() {
            self.commit();
            let result = self.commits.last_try().await;
            self.committed(result);
        }
    }
}
