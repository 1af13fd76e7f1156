//! What the box measures of itself.

use std::time::Duration;

use dashboard::port::{LinkView, MoldTile, StandingAlarm};

use super::machine::Memory;
use crate::store::{Commits, Kept, Room};

/// What the box measures of itself at one instant; `None` for what could not be measured.
#[derive(Debug, Clone, Default)]
pub struct Measures {
    /// Since it was started.
    pub uptime: Duration,
    /// Every mold.
    pub molds: Vec<MoldTile>,
    /// Every stick.
    pub links: Vec<LinkView>,
    /// Alarms that stand.
    pub alarms: Vec<StandingAlarm>,
    /// Cycles in history.
    pub kept: Option<Kept>,
    /// The room on the disk.
    pub room: Option<Room>,
    /// Commits since the start.
    pub commits: Commits,
    /// Memory of the program and of its machine.
    pub memory: Option<Memory>,
    /// Who comes in.
    pub entries: Entries,
}

/// Who comes in, in numbers.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Entries {
    /// Sessions that hold.
    pub sessions: u64,
    /// Wrong guesses at passwords and codes since the start.
    pub wrong: u64,
    /// Guesses that were turned away unseen since the start: somebody had to wait.
    pub locked_out: u64,
}
