//! Looks at the clock and has a backup made when one is due or a person asks; keeps what became of it, and has an alarm
//! stand while there is something to tell.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::Timestamp;
use tokio::sync::{mpsc, watch};
use tokio_util::sync::CancellationToken;

use super::keys::Recipient;
use super::names::Series;
use super::place::Place;
use super::rotation::{self, Keep};
use super::standing::{Backups, Seen, Standing};
use super::status::{Done, Failed, Status};
use super::trouble::Trouble;
use super::{night, schedule};
use crate::clock::Clock;
use crate::ingest::Handle;
use crate::live::Live;
use crate::plant::AlarmKey;
use crate::store::Store;
use crate::telemetry::Chain;

const TICK: Duration = Duration::from_secs(20);
/// So many ticks pass between two looks at the place: each may wake a disk that sleeps.
const LOOK: u32 = 30;

/// The backups that a box makes by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Nightly {
    /// Where they go.
    pub place: Place,
    /// Their names there.
    pub series: Series,
    /// For whom they are sealed.
    pub recipients: Vec<Recipient>,
    /// The file of an identity of the box's own, to test them with.
    pub identity: Option<PathBuf>,
    /// The hour of the day, UTC.
    pub hour: u8,
    /// How many stay.
    pub keep: Keep,
}

/// Makes the backups of a box.
pub struct Driver {
    plan: Option<Arc<Nightly>>,
    data: PathBuf,
    standing: watch::Sender<Standing>,
    asked: mpsc::Receiver<()>,
}

impl Driver {
    /// For a plan, or for none; with the way to it for the rest of the box.
    #[must_use]
    pub fn new(plan: Option<Nightly>, data: PathBuf, now: Timestamp) -> (Driver, Backups) {
        let plan = plan.map(Arc::new);
        let status = if plan.is_some() { load(&data, now) } else { Status::new(now) };
        let (standing, seen) = watch::channel(Standing { status, making: None, seen: Seen::Nothing });
        let (bell, asked) = mpsc::channel(1);
        let backups = Backups { plan: plan.clone(), standing: seen, bell };
        (Driver { plan, data, standing, asked }, backups)
    }

    /// Makes backups until told to stop. Without a plan only an alarm that stands from before is cleared.
    pub async fn run(
        mut self,
        store: Store,
        clock: Arc<dyn Clock>,
        alarms: Handle,
        live: Arc<Live>,
        until: CancellationToken,
    ) {
        night::tidy(&self.data);
        let Some(plan) = self.plan.clone() else {
            if let Err(error) = Status::forget(&self.data) {
                tracing::warn!(%error, "what became of former backups cannot be taken away");
            }
            alarms.alarm(AlarmKey::Backup, None).await;
            return until.cancelled().await;
        };
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let mut tick = 0u32;
        loop {
            let asked = tokio::select! {
                () = until.cancelled() => return,
                _ = ticks.tick() => false,
                Some(()) = self.asked.recv() => true,
            };
            let now = clock.now();
            let mut there = None;
            if !asked {
                if tick.is_multiple_of(LOOK) {
                    let Some(look) = until.run_until_cancelled(self.look(&plan, now, &live)).await else {
                        return;
                    };
                    there = look;
                }
                tick = tick.wrapping_add(1);
            }
            let due = schedule::is_due(&self.standing.borrow().status, there, plan.hour, now);
            if asked || due {
                self.tell(&live, |standing| {
                    standing.status.attempt = Some(now);
                    standing.making = Some(now);
                });
                let Some(outcome) = self.make(&plan, &store, now, &until).await else { return };
                // Whoever asked meanwhile has it.
                while self.asked.try_recv().is_ok() {}
                self.tell(&live, |standing| {
                    standing.making = None;
                    note(&mut standing.status, outcome);
                });
                save(&self.standing.borrow().status, &self.data);
                let _ = until.run_until_cancelled(self.look(&plan, now, &live)).await;
            }
            let complaint = schedule::outward(&self.standing.borrow().status, clock.now());
            alarms.alarm(AlarmKey::Backup, complaint).await;
        }
    }

    /// Makes one; `None`: the box stops.
    async fn make(
        &self,
        plan: &Arc<Nightly>,
        store: &Store,
        now: Timestamp,
        until: &CancellationToken,
    ) -> Option<Result<Done, Failed>> {
        let stopping = Arc::new(AtomicBool::new(false));
        let work = {
            let (plan, data, store, stopping) =
                (Arc::clone(plan), self.data.clone(), store.clone(), Arc::clone(&stopping));
            move || night::make(&plan, &data, &store, now, &stopping)
        };
        let mut made = tokio::task::spawn_blocking(work);
        let outcome = tokio::select! {
            outcome = &mut made => outcome,
            () = until.cancelled() => {
                stopping.store(true, Ordering::Relaxed);
                // It writes nothing more; whoever ends the box waits no longer than for the doors.
                return None;
            }
        };
        let failed = |why, trouble| Failed { at: now, why, trouble };
        Some(match outcome {
            Ok(made) => made.map_err(|error| failed(Chain(&error).to_string(), Trouble::of(&error))),
            Err(error) => Err(failed(format!("the backup broke down: {error}"), Trouble::Other)),
        })
    }

    /// Looks where backups go; answers whether the last one is there, if that can be told.
    async fn look(&self, plan: &Arc<Nightly>, now: Timestamp, live: &Live) -> Option<bool> {
        let there = {
            let plan = Arc::clone(plan);
            // A share that does not answer holds up nobody else.
            tokio::task::spawn_blocking(move || night::look(&plan)).await.ok()?
        };
        let names: Option<Vec<&str>> =
            there.as_deref().map(|names| names.iter().map(String::as_str).collect());
        let seen = names
            .as_deref()
            .map_or(Seen::Away, |names| Seen::There(rotation::kept(names, &plan.series, plan.keep, now)));
        self.tell(live, |standing| standing.seen = seen);
        let standing = self.standing.borrow();
        let last = standing.status.success.as_ref()?.file.file_name()?.to_str()?;
        Some(names?.contains(&last))
    }

    fn tell(&self, live: &Live, change: impl FnOnce(&mut Standing)) {
        let changed = self.standing.send_if_modified(|standing| {
            let before = standing.clone();
            change(standing);
            *standing != before
        });
        if changed {
            live.storage_changed();
        }
    }
}

fn note(status: &mut Status, outcome: Result<Done, Failed>) {
    match outcome {
        Ok(done) => {
            tracing::info!(file = %done.file.display(), bytes = done.bytes, "a backup was made and tested");
            status.success = Some(done);
            status.failure = None;
        }
        Err(failed) => {
            tracing::warn!(why = failed.why, "there is no new backup");
            status.failure = Some(failed);
        }
    }
}

fn load(data: &Path, now: Timestamp) -> Status {
    let status = Status::load(data).unwrap_or_else(|error| {
        tracing::warn!(%error, "what became of the last backups cannot be read");
        None
    });
    status.unwrap_or_else(|| {
        let status = Status::new(now);
        save(&status, data);
        status
    })
}

fn save(status: &Status, data: &Path) {
    if let Err(error) = status.save(data) {
        tracing::warn!(%error, "what became of the last backup cannot be written down");
    }
}
