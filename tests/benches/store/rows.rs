//! The workload's cycles as they lie in a file that every engine reads: 32 bytes each, little end first.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde::{Deserialize, Serialize};

/// Bytes of a row in the file; `duck.py` knows the layout too.
const BYTES: usize = 32;

/// The cycle was read from the device's memory.
pub const LATE: u16 = 1;
/// The first cycle after a pause.
pub const FIRST: u16 = 2;

/// One cycle, as all engines are given it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Row {
    /// The how-many-th of its mold, from 1.
    pub counter: u64,
    /// When it ended, ms since the Unix epoch.
    pub ended: i64,
    /// The mold, from 1.
    pub mold: u32,
    /// Cycle time, ms.
    pub cycle_ms: u32,
    /// Tenths of a degree Celsius.
    pub temperature: i16,
    /// [`LATE`] and [`FIRST`].
    pub flags: u16,
}

impl Row {
    fn bytes(&self) -> [u8; BYTES] {
        let mut bytes = [0; BYTES];
        bytes[..8].copy_from_slice(&self.counter.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.ended.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.mold.to_le_bytes());
        bytes[20..24].copy_from_slice(&self.cycle_ms.to_le_bytes());
        bytes[24..26].copy_from_slice(&self.temperature.to_le_bytes());
        bytes[26..28].copy_from_slice(&self.flags.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; BYTES]) -> Row {
        fn part<const N: usize>(bytes: &[u8; BYTES], at: usize) -> [u8; N] {
            std::array::from_fn(|n| bytes[at + n])
        }
        Row {
            counter: u64::from_le_bytes(part(bytes, 0)),
            ended: i64::from_le_bytes(part(bytes, 8)),
            mold: u32::from_le_bytes(part(bytes, 16)),
            cycle_ms: u32::from_le_bytes(part(bytes, 20)),
            temperature: i16::from_le_bytes(part(bytes, 24)),
            flags: u16::from_le_bytes(part(bytes, 26)),
        }
    }
}

/// Writes a row.
///
/// # Errors
/// The file takes no more.
pub fn write(to: &mut impl Write, row: &Row) -> std::io::Result<()> {
    to.write_all(&row.bytes())
}

/// A data set: first the history that is loaded, behind it the cycles that come live on top of it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct DataSet {
    /// The file with the rows.
    pub path: PathBuf,
    /// Rows of history; what stands behind them is live.
    pub history: u64,
    /// All rows.
    pub rows: u64,
    /// What the questions ask for, per mold from 1.
    pub spans: Vec<Span>,
}

/// What of a mold the questions ask for.
#[derive(Debug, Clone, Copy, Serialize, Deserialize)]
pub struct Span {
    /// The mold.
    pub mold: u32,
    /// The last cycle of history.
    pub last: u64,
    /// When it ended, ms.
    pub ended: i64,
    /// The 100,000th cycle before the end, or the first.
    pub tail: u64,
    /// When that one began, ms.
    pub tail_from: i64,
}

impl DataSet {
    /// Up to `count` rows from the `skip`-th on.
    ///
    /// # Errors
    /// The file cannot be read, or has no more rows.
    pub fn read(&self, skip: u64, count: u64) -> Result<Vec<Row>> {
        read(&self.path, skip, count).with_context(|| format!("read rows of {}", self.path.display()))
    }
}

fn read(path: &Path, skip: u64, count: u64) -> Result<Vec<Row>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(skip * BYTES as u64))?;
    let mut bytes = Vec::new();
    file.take(count * BYTES as u64).read_to_end(&mut bytes)?;
    let (rows, rest) = bytes.as_chunks::<BYTES>();
    ensure!(rest.is_empty(), "the file ends within a row");
    ensure!(!rows.is_empty(), "there are no rows behind the {skip}th: make the data set longer");
    Ok(rows.iter().map(Row::from_bytes).collect())
}
