//! How the backups of a box stand, for the rest of it, and the bell to have one made.

use std::sync::Arc;

use domain::Timestamp;
use tokio::sync::{mpsc, watch};

use super::driver::Nightly;
use super::rotation::Kept;
use super::schedule;
use super::status::Status;

/// How they stand.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Standing {
    /// What became of the last ones.
    pub status: Status,
    /// Since when one is being made, if one is.
    pub making: Option<Timestamp>,
    /// What was last seen where they go.
    pub seen: Seen,
}

/// What was last seen where backups go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// Nobody has looked yet.
    Nothing,
    /// The place was not there.
    Away,
    /// These.
    There(Kept),
}

/// Why no backup is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAsked {
    /// There is nowhere for one to go.
    #[error("no place for backups is set up: see the section [backup] of the box's configuration")]
    NoPlace,
    /// The box is stopping.
    #[error("the box is stopping")]
    Stopping,
}

/// The backups that a box makes by itself. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Backups {
    pub(super) plan: Option<Arc<Nightly>>,
    pub(super) standing: watch::Receiver<Standing>,
    pub(super) bell: mpsc::Sender<()>,
}

impl Backups {
    /// Where they go and how many stay; `None`: nobody set any up.
    #[must_use]
    pub fn plan(&self) -> Option<&Nightly> {
        self.plan.as_deref()
    }

    /// How they stand.
    #[must_use]
    pub fn standing(&self) -> Standing {
        self.standing.borrow().clone()
    }

    /// Has one made now, beside those of the schedule. One that is being made stands for it.
    ///
    /// # Errors
    /// None can be made.
    pub fn ask(&self) -> Result<(), NotAsked> {
        if self.plan.is_none() {
            return Err(NotAsked::NoPlace);
        }
        if self.standing.borrow().making.is_some() {
            return Ok(());
        }
        match self.bell.try_send(()) {
            Ok(()) | Err(mpsc::error::TrySendError::Full(())) => Ok(()),
            Err(mpsc::error::TrySendError::Closed(())) => Err(NotAsked::Stopping),
        }
    }
}

impl Standing {
    /// When the next one of the schedule is due; a time that has passed means at once.
    #[must_use]
    pub fn next(&self, hour: u8, now: Timestamp) -> Timestamp {
        schedule::next(&self.status, hour, now)
    }

    /// From when on it is an alarm that none was made; `None`: the clock tells nothing of it.
    #[must_use]
    pub fn overdue_from(&self, now: Timestamp) -> Option<Timestamp> {
        schedule::overdue_from(&self.status, now)
    }
}
