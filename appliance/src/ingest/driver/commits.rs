//! One commit at a time, offered until the store takes it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use domain::LinkName;
use radio::bluetooth::Bonded;
use radio::command::{NetworkSecrets, RadioCommand};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};
use zeroize::Zeroizing;

use super::super::Taken;
use super::bonds;
use super::keep::{self, Keep};
use super::refusal::Refusal;
use super::{WhyNot, secret_name};
use crate::plant::Batch;
use crate::store::Commit;
use crate::telemetry::Chain;

/// The first pause after a refusal, doubled each time up to the longest.
const PAUSE: Duration = Duration::from_millis(250);
const LONGEST: Duration = Duration::from_secs(10);

/// What became of the commit.
pub(super) enum Finished {
    /// It is on the disk: now the monitors may be told.
    Kept {
        /// What they are told.
        acknowledgements: Vec<(LinkName, RadioCommand)>,
        /// Who waited for it.
        confirmed: Vec<oneshot::Sender<Result<(), WhyNot>>>,
    },
    /// The store does not take it, and why. It is offered again by and by.
    Refused(Refusal),
    /// It is being offered again.
    Again,
}

/// Secrets by the name they are kept under.
type Secrets = BTreeMap<String, Arc<Zeroizing<Vec<u8>>>>;

/// A commit on its way.
struct Offered {
    batch: Arc<Batch>,
    acknowledgements: Vec<(LinkName, RadioCommand)>,
    confirmed: Vec<oneshot::Sender<Result<(), WhyNot>>>,
}

/// What the one thread that writes is doing.
enum Doing {
    /// Ends with the secrets that were kept.
    Writing(JoinHandle<(Result<(), Refusal>, Secrets)>),
    Pausing(Instant),
}

/// The commit being written, if there is one.
pub(super) struct Commits<K> {
    store: K,
    offered: Option<Offered>,
    doing: Option<Doing>,
    pause: Duration,
    /// To be kept with the next commit; here until they are, whatever becomes of the thread.
    secrets: Secrets,
}

impl<K: Keep> Commits<K> {
    pub(super) fn new(store: K) -> Self {
        Commits { store, offered: None, doing: None, pause: PAUSE, secrets: Secrets::new() }
    }

    pub(super) fn busy(&self) -> bool {
        self.offered.is_some()
    }

    /// Keeps a network's secrets with the next commit.
    pub(super) fn keep_secret(&mut self, link: &LinkName, secrets: &NetworkSecrets) {
        self.secrets.insert(secret_name(link), Arc::new(keep::plain(secrets)));
    }

    /// Keeps a monitor's bonds with the next commit.
    pub(super) fn keep_bonds(&mut self, bonded: &Bonded) {
        self.secrets.insert(bonds::name(&bonded.serial), Arc::new(bonds::plain(bonded)));
    }

    /// Why the store would refuse a commit now, as far as that can be told before there is one.
    pub(super) async fn refusal(&self) -> Option<Refusal> {
        let store = self.store.clone();
        let looked = tokio::task::spawn_blocking(move || store.refusal().map(|error| told(&error))).await;
        looked.unwrap_or_else(|_| Some(Refusal::broke_down()))
    }

    /// Whether there are secrets to keep.
    pub(super) fn has_secrets(&self) -> bool {
        !self.secrets.is_empty()
    }

    /// Begins to write; there must be none being written.
    pub(super) fn begin(&mut self, taken: Taken, confirmed: Vec<oneshot::Sender<Result<(), WhyNot>>>) {
        let Taken { batch, acknowledgements } = taken;
        self.offered = Some(Offered { batch: Arc::new(batch), acknowledgements, confirmed });
        self.write();
    }

    fn write(&mut self) {
        let Some(offered) = &self.offered else { return };
        let (store, batch) = (self.store.clone(), Arc::clone(&offered.batch));
        let mut secrets = self.secrets.clone();
        self.doing = Some(Doing::Writing(tokio::task::spawn_blocking(move || {
            if let Err(error) = store.commit(&batch) {
                return (Err(told(&error)), Secrets::new());
            }
            // The batch is on the disk: whatever becomes of the secrets, it must not be offered again.
            secrets.retain(|name, plain| match store.keep_secret(name, plain) {
                Ok(()) => true,
                Err(error) => {
                    tracing::error!(name, why = %Chain(&error), "a secret was not kept; it is tried again");
                    false
                }
            });
            (Ok(()), secrets)
        })));
    }

    /// Waits for what is being done; for ever when nothing is. May be dropped and called again.
    pub(super) async fn finished(&mut self) -> Finished {
        match &mut self.doing {
            None => std::future::pending().await,
            Some(Doing::Pausing(until)) => {
                sleep_until(*until).await;
                self.pause = (self.pause * 2).min(LONGEST);
                self.write();
                Finished::Again
            }
            Some(Doing::Writing(writing)) => {
                let (result, kept) = writing.await.unwrap_or_else(|panic| {
                    tracing::error!(why = %Chain(&panic), "the thread that writes commits broke down");
                    (Err(Refusal::broke_down()), Secrets::new())
                });
                self.ended(result, &kept)
            }
        }
    }

    /// One last time, without a pause.
    pub(super) async fn last_try(&mut self) -> Finished {
        if !matches!(self.doing, Some(Doing::Writing(_))) {
            self.write();
        }
        self.finished().await
    }

    fn ended(&mut self, result: Result<(), Refusal>, kept: &Secrets) -> Finished {
        // One that came under the same name meanwhile is still to be kept.
        self.secrets.retain(|name, plain| kept.get(name).is_none_or(|kept| !Arc::ptr_eq(kept, plain)));
        match result {
            Ok(()) => {
                self.doing = None;
                self.pause = PAUSE;
                let offered = self.offered.take();
                let (acknowledgements, confirmed) =
                    offered.map(|offered| (offered.acknowledgements, offered.confirmed)).unwrap_or_default();
                Finished::Kept { acknowledgements, confirmed }
            }
            Err(why) => {
                self.doing = Some(Doing::Pausing(Instant::now() + self.pause));
                Finished::Refused(why)
            }
        }
    }
}

/// What is said of an error; all of it goes to the log.
fn told(error: &Commit) -> Refusal {
    tracing::error!(why = %Chain(error), "the store refuses commits; they are offered again");
    Refusal::from(error)
}
