//! How commits go, since the start.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use super::error::Commit;
use super::open::Store;

/// How commits went since the start.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Commits {
    /// So many were kept.
    pub kept: u64,
    /// So many were not.
    pub refused: u64,
    /// The time that those which were kept took together.
    pub time: Duration,
}

/// Counts them.
#[derive(Debug, Default)]
pub(super) struct Pulse {
    kept: AtomicU64,
    refused: AtomicU64,
    micros: AtomicU64,
}

impl Pulse {
    /// Counts one.
    pub(super) fn count(&self, commit: impl FnOnce() -> Result<(), Commit>) -> Result<(), Commit> {
        let begun = Instant::now();
        let kept = commit();
        if kept.is_ok() {
            let micros = u64::try_from(begun.elapsed().as_micros()).unwrap_or(u64::MAX);
            self.micros.fetch_add(micros, Ordering::Relaxed);
            self.kept.fetch_add(1, Ordering::Relaxed);
        } else {
            self.refused.fetch_add(1, Ordering::Relaxed);
        }
        kept
    }
}

impl Store {
    /// How commits went since the store was opened.
    #[must_use]
    pub fn commits(&self) -> Commits {
        let pulse = &self.inner.pulse;
        Commits {
            kept: pulse.kept.load(Ordering::Relaxed),
            refused: pulse.refused.load(Ordering::Relaxed),
            time: Duration::from_micros(pulse.micros.load(Ordering::Relaxed)),
        }
    }
}
