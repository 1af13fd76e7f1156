//! What a child is told to do, and what it tells: one line of JSON each way. `duck.py` reads and writes the same.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::engine::{Name, Question};
use crate::rows::DataSet;

/// Figures by name; the names are this file's constants.
pub type Figures = BTreeMap<String, f64>;

/// Everything a child needs to know.
#[derive(Debug, Serialize, Deserialize)]
pub struct Order {
    /// Which engine.
    pub engine: Name,
    /// Its folder.
    pub folder: PathBuf,
    /// Where its server listens, if it has one.
    pub address: String,
    /// Its server's process, if it has one.
    pub server: Option<u32>,
    /// The rows.
    pub data: DataSet,
    /// What to do.
    pub task: Task,
}

/// What to do.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub enum Task {
    /// Put rows from the first on, in commits of `batch`.
    Bulk {
        /// How many rows.
        rows: u64,
        /// Rows a commit.
        batch: u64,
    },
    /// Make it small.
    Finish,
    /// Put rows in commits of `batch` until there were `commits` of them or the time is up.
    Live {
        /// Rows that were used before.
        skip: u64,
        /// Rows a commit.
        batch: u64,
        /// Commits at most.
        commits: u64,
        /// Seconds at most.
        seconds: f64,
    },
    /// Put what a plant makes in some hours, a commit for every second or 100 cycles.
    Day {
        /// Rows that were used before.
        skip: u64,
        /// Hours of the plant's time.
        hours: f64,
    },
    /// Ask a question several times, each time of another mold.
    Ask {
        /// Which.
        what: Question,
        /// How often; the first is told apart from the others.
        times: u64,
    },
    /// Open and answer one question.
    Open,
    /// Put small batches from `skip` on, say after each how many rows are kept, until killed.
    Keep {
        /// Rows that are there.
        skip: u64,
        /// Varies the sizes of batches.
        seed: u64,
    },
    /// Count the rows.
    Count,
}

/// Rows a second.
pub const RATE: &str = "rows/s";
/// Commits a second.
pub const COMMITS: &str = "commits/s";
/// Median of the commits' times, microseconds.
pub const HALF: &str = "p50 us";
/// 99 of 100 commits took no longer, microseconds.
pub const MOST: &str = "p99 us";
/// The longest commit, microseconds.
pub const LONGEST: &str = "max us";
/// Bytes a commit that the engine's processes wrote.
pub const OWN: &str = "bytes/commit";
/// Bytes a commit that reached the device, by everyone.
pub const DEVICE: &str = "device bytes/commit";
/// Bytes that the engine's processes wrote.
pub const OWN_ALL: &str = "bytes";
/// Bytes that reached the device, by everyone.
pub const DEVICE_ALL: &str = "device bytes";
/// How many commits there were.
pub const COUNT_COMMITS: &str = "commits";
/// Rows used or counted.
pub const ROWS: &str = "rows";
/// Seconds that it took.
pub const SECONDS: &str = "seconds";
/// Opening, ms.
pub const OPENING: &str = "open ms";
/// The first answer, ms.
pub const FIRST: &str = "first ms";
/// Median of the later answers, ms.
pub const LATER: &str = "later ms";
/// Rows of the first answer.
pub const ANSWER_ROWS: &str = "answer rows";
/// The first answer's sum.
pub const ANSWER_SUM: &str = "answer sum";
/// Memory at the end, bytes.
pub const MEMORY: &str = "memory";
/// The most memory, bytes.
pub const MEMORY_MOST: &str = "most memory";
