//! The time, as ingest is told it.

use std::time::Duration;

use domain::Timestamp;

/// Now, on two clocks: the wall's, which people read and which may step, and one that only runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// The box's clock.
    pub wall: Timestamp,
    /// Since the box started. How long something takes is measured on this one (law 7).
    pub steady: Duration,
}
