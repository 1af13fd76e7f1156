//! Looks at the clock and has a backup made when one is due; keeps what became of it, and has an alarm stand while
//! there is something to tell.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use domain::Timestamp;
use tokio_util::sync::CancellationToken;

use super::keys::Recipient;
use super::names::Series;
use super::night;
use super::place::Place;
use super::rotation::Keep;
use super::schedule;
use super::status::{Failed, Status};
use crate::clock::Clock;
use crate::ingest::Handle;
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

/// Makes backups until told to stop. Without a plan only an alarm that stands from before is cleared.
pub async fn run(
    plan: Option<Nightly>,
    data: PathBuf,
    store: Store,
    clock: Arc<dyn Clock>,
    alarms: Handle,
    until: CancellationToken,
) {
    night::tidy(&data);
    let Some(plan) = plan.map(Arc::new) else {
        if let Err(error) = Status::forget(&data) {
            tracing::warn!(%error, "what became of former backups cannot be taken away");
        }
        alarms.alarm(AlarmKey::Backup, None).await;
        return until.cancelled().await;
    };
    let stopping = Arc::new(AtomicBool::new(false));
    let mut status = load(&data, clock.now());
    let mut ticks = tokio::time::interval(TICK);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    let mut tick = 0u32;
    while until.run_until_cancelled(ticks.tick()).await.is_some() {
        let now = clock.now();
        let look = tick.is_multiple_of(LOOK);
        tick = tick.wrapping_add(1);
        if is_due(&plan, &status, look, now) {
            status.attempt = Some(now);
            let work = {
                let (plan, data, store, stopping) =
                    (Arc::clone(&plan), data.clone(), store.clone(), Arc::clone(&stopping));
                move || night::make(&plan, &data, &store, now, &stopping)
            };
            let mut made = tokio::task::spawn_blocking(work);
            let outcome = tokio::select! {
                outcome = &mut made => outcome,
                () = until.cancelled() => {
                    stopping.store(true, Ordering::Relaxed);
                    // It writes nothing more; whoever ends the box waits no longer than for the doors.
                    return;
                }
            };
            match outcome {
                Ok(Ok(done)) => {
                    tracing::info!(file = %done.file.display(), bytes = done.bytes, "a backup was made and tested");
                    status.success = Some(done);
                    status.failure = None;
                }
                Ok(Err(error)) => fail(&mut status, now, Chain(&error).to_string()),
                Err(error) => fail(&mut status, now, format!("the backup broke down: {error}")),
            }
            save(&status, &data);
        }
        alarms.alarm(AlarmKey::Backup, schedule::complaint(&status, clock.now())).await;
    }
}

fn fail(status: &mut Status, at: Timestamp, why: String) {
    tracing::warn!(why, "there is no new backup");
    status.failure = Some(Failed { at, why });
}

fn is_due(plan: &Nightly, status: &Status, look: bool, now: Timestamp) -> bool {
    if schedule::is_due(status, None, plan.hour, now) {
        return true;
    }
    if !look {
        return false;
    }
    let there = status.success.as_ref().and_then(|done| {
        let folder = plan.place.find().ok()?;
        Some(folder.join(done.file.file_name()?).exists())
    });
    schedule::is_due(status, there, plan.hour, now)
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
