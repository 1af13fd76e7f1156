//! One commit at a time, offered until the store takes it.

use std::sync::Arc;
use std::time::Duration;

use domain::LinkName;
use radio::command::{NetworkSecrets, RadioCommand};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use tokio::time::{Instant, sleep_until};
use zeroize::Zeroizing;

use super::super::Taken;
use super::keep::{self, Keep};
use super::{WhyNot, secret_name};
use crate::plant::Batch;

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
    Refused(String),
    /// It is being offered again.
    Again,
}

/// A secret and the name it is kept under.
type Secret = (String, Zeroizing<Vec<u8>>);

/// A commit on its way.
struct Offered {
    batch: Arc<Batch>,
    acknowledgements: Vec<(LinkName, RadioCommand)>,
    confirmed: Vec<oneshot::Sender<Result<(), WhyNot>>>,
}

/// What the one thread that writes is doing.
enum Doing {
    /// Ends with the secrets that were not kept.
    Writing(JoinHandle<(Result<(), String>, Vec<Secret>)>),
    Pausing(Instant),
}

/// The commit being written, if there is one.
pub(super) struct Commits<K> {
    store: K,
    offered: Option<Offered>,
    doing: Option<Doing>,
    pause: Duration,
    /// To be kept with the next commit.
    secrets: Vec<Secret>,
}

impl<K: Keep> Commits<K> {
    pub(super) fn new(store: K) -> Self {
        Commits { store, offered: None, doing: None, pause: PAUSE, secrets: Vec::new() }
    }

    pub(super) fn busy(&self) -> bool {
        self.offered.is_some()
    }

    /// Keeps a secret with the next commit.
    pub(super) fn keep_secret(&mut self, link: &LinkName, secrets: &NetworkSecrets) {
        let name = secret_name(link);
        self.secrets.retain(|(known, _)| *known != name);
        self.secrets.push((name, keep::plain(secrets)));
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
        let mut secrets = std::mem::take(&mut self.secrets);
        self.doing = Some(Doing::Writing(tokio::task::spawn_blocking(move || {
            if let Err(error) = store.commit(&batch) {
                return (Err(told(&error)), secrets);
            }
            // The batch is on the disk: whatever becomes of the secrets, it must not be offered again.
            secrets.retain(|(name, plain)| match store.keep_secret(name, plain) {
                Ok(()) => false,
                Err(error) => {
                    tracing::error!(name, why = told(&error), "a secret was not kept; it is tried again");
                    true
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
                let panicked = |panic: tokio::task::JoinError| (Err(panic.to_string()), Vec::new());
                let (result, left) = writing.await.unwrap_or_else(panicked);
                self.ended(result, left)
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

    fn ended(&mut self, result: Result<(), String>, left: Vec<Secret>) -> Finished {
        let newer = std::mem::take(&mut self.secrets);
        let replaced = |name: &String| newer.iter().any(|(known, _)| known == name);
        self.secrets = left.into_iter().filter(|(name, _)| !replaced(name)).collect();
        self.secrets.extend(newer);
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
                tracing::error!(why, "the store refuses a commit; it is offered again");
                self.doing = Some(Doing::Pausing(Instant::now() + self.pause));
                Finished::Refused(why)
            }
        }
    }
}

/// An error with its causes, on one line.
fn told(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}
