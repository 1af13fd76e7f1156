//! What every engine is asked to do, and which engines there are.

use std::path::Path;

use anyhow::Result;
use serde::{Deserialize, Serialize};

use crate::rows::{Row, Span};
use crate::{floor, influx, platen, postgres, sqlite, victoria};

/// A store of cycles, opened.
pub trait Engine {
    /// Keeps cycles in one commit that is durable when this returns. A row that is there already stays as it is, where
    /// the engine can tell.
    fn put(&mut self, rows: &[Row]) -> Result<()>;
    /// As [`Engine::put`], in the engine's quickest way for much at once.
    fn put_bulk(&mut self, rows: &[Row]) -> Result<()> {
        self.put(rows)
    }
    /// Makes it as small as the engine can.
    fn finish(&mut self) -> Result<()>;
    /// How many cycles are there.
    fn count(&mut self) -> Result<u64>;
    /// Answers a question; `spans` are all molds, `at` the one that a question about one mold means.
    fn ask(&mut self, what: Question, spans: &[Span], at: usize) -> Result<Answer>;
}

/// The questions that the screens ask.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Question {
    /// Every cycle of a mold's last 24 hours.
    Day,
    /// The last 100,000 cycles of a mold by hour: count, mean, shortest, longest.
    Hours,
    /// All molds now: count and last cycle.
    Now,
    /// All molds by day: count.
    Days,
}

impl Question {
    /// All of them.
    pub const ALL: [Question; 4] = [Question::Day, Question::Hours, Question::Now, Question::Days];

    /// As the report calls it.
    pub fn name(self) -> &'static str {
        match self {
            Question::Day => "24 h of one mold, raw",
            Question::Hours => "100,000 cycles by hour",
            Question::Now => "all molds now",
            Question::Days => "all molds by day",
        }
    }
}

/// Enough of an answer to see that two engines gave the same.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct Answer {
    /// Rows.
    pub rows: u64,
    /// A sum over them: cycle times of [`Question::Day`], otherwise counts.
    pub sum: u64,
}

impl Answer {
    /// A further row.
    pub fn add(&mut self, value: u64) {
        self.rows += 1;
        self.sum += value;
    }
}

/// A row of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Name {
    /// The box's own store.
    Platen,
    /// The same, given all that ingest writes with the cycles: monitors' records and raw payloads.
    PlatenWhole,
    /// SQLite, WAL, synchronous=FULL.
    Sqlite,
    /// DuckDB without a key: a cycle sent twice is there twice.
    Duckdb,
    /// DuckDB with a primary key.
    DuckdbKey,
    /// DuckDB without a key, copied once in order of molds.
    DuckdbSorted,
    /// PostgreSQL.
    Postgres,
    /// InfluxDB.
    Influxdb,
    /// VictoriaMetrics, which does not wait for the disk.
    Victoria,
    /// The disk itself: a file that grows, fdatasync.
    Append,
    /// The disk itself: 4 KB over a file that is there already, fdatasync.
    Overwrite,
}

impl Name {
    /// As the report calls it.
    pub fn shown(self) -> &'static str {
        match self {
            Name::Platen => "**Platen**",
            Name::PlatenWhole => "**Platen**, with monitors' records and raw payloads",
            Name::Sqlite => "SQLite",
            Name::Duckdb => "DuckDB",
            Name::DuckdbKey => "DuckDB, primary key",
            Name::DuckdbSorted => "DuckDB, copied in order of molds",
            Name::Postgres => "PostgreSQL",
            Name::Influxdb => "InfluxDB",
            Name::Victoria => "VictoriaMetrics (not durable)",
            Name::Append => "the disk: append + fdatasync",
            Name::Overwrite => "the disk: 4 KB overwritten + fdatasync",
        }
    }

    /// Its folder.
    pub fn folder(self) -> &'static str {
        match self {
            Name::Platen => "platen",
            Name::PlatenWhole => "platen-whole",
            Name::Sqlite => "sqlite",
            Name::Duckdb => "duckdb",
            Name::DuckdbKey => "duckdb-key",
            Name::DuckdbSorted => "duckdb-sorted",
            Name::Postgres => "postgres",
            Name::Influxdb => "influxdb",
            Name::Victoria => "victoria",
            Name::Append => "append",
            Name::Overwrite => "overwrite",
        }
    }

    /// Runs in `duck.py`.
    pub fn is_duckdb(self) -> bool {
        matches!(self, Name::Duckdb | Name::DuckdbKey | Name::DuckdbSorted)
    }

    /// The disk itself: nothing can be asked of it.
    pub fn is_floor(self) -> bool {
        matches!(self, Name::Append | Name::Overwrite)
    }

    /// Is a process of its own beside its client.
    pub fn is_server(self) -> bool {
        matches!(self, Name::Postgres | Name::Influxdb | Name::Victoria)
    }

    /// Opens an engine that is driven from this program. `address` is where its server listens, if it has one.
    pub fn open(self, folder: &Path, address: &str) -> Result<Box<dyn Engine>> {
        Ok(match self {
            Name::Platen => Box::new(platen::Platen::open(folder, false)?),
            Name::PlatenWhole => Box::new(platen::Platen::open(folder, true)?),
            Name::Sqlite => Box::new(sqlite::Sqlite::open(folder)?),
            Name::Postgres => Box::new(postgres::Postgres::connect(address)?),
            Name::Influxdb => Box::new(influx::Influx::connect(address)?),
            Name::Victoria => Box::new(victoria::Victoria::connect(address)?),
            Name::Append => Box::new(floor::Append::open(folder)?),
            Name::Overwrite => Box::new(floor::Overwrite::open(folder)?),
            Name::Duckdb | Name::DuckdbKey | Name::DuckdbSorted => {
                anyhow::bail!("DuckDB is driven by duck.py")
            }
        })
    }
}
