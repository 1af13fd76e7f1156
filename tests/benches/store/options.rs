//! What of the benchmark is run, and how much of it.

use std::path::PathBuf;

use clap::{Parser, ValueEnum};

use crate::engine::Name;

/// The history store beside its peers. Prints tables for docs/benchmarks.md.
#[derive(Debug, Parser)]
#[command(name = "just bench store")]
pub struct Options {
    /// Only these parts
    #[arg(long, value_delimiter = ',', value_name = "PART")]
    pub only: Vec<Part>,
    /// Only these peers: sqlite, duckdb, postgres, influxdb, victoria, or none
    #[arg(long, value_delimiter = ',', value_name = "PEER")]
    pub peers: Vec<Peer>,
    /// A hundredth of everything in one round: to see that it works, not how fast it is
    #[arg(long)]
    pub quick: bool,
    /// Rounds; each engine has its turn in every one
    #[arg(long, default_value_t = 3)]
    pub rounds: u64,
    /// Cycles of each of the 100 molds
    #[arg(long, default_value_t = 100_000)]
    pub cycles: u64,
    /// Cycles that are put at once into an empty store
    #[arg(long, default_value_t = 1_000_000)]
    pub bulk: u64,
    /// Commits of a live run, at most
    #[arg(long, default_value_t = 5_000)]
    pub commits: u64,
    /// Seconds of a live run, at most
    #[arg(long, default_value_t = 5.0)]
    pub seconds: f64,
    /// Hours of a plant's time for the bytes a day
    #[arg(long, default_value_t = 24.0)]
    pub hours: f64,
    /// How often Platen and SQLite are killed; the others at most 20 times
    #[arg(long, default_value_t = 20)]
    pub kills: u64,
    /// Also our own store at ten times the history; takes 4 GB more of the disk
    #[arg(long)]
    pub growth: bool,
    /// Where everything is written
    #[arg(long, default_value = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/bench-store"))]
    pub folder: PathBuf,
    /// Leave the data where it is, and use what an earlier run left
    #[arg(long)]
    pub keep: bool,
    /// What cargo gives every benchmark
    #[arg(long, hide = true)]
    pub bench: bool,
}

/// A part of the benchmark.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Part {
    /// All of history put in by 10,000, and what it takes on disk
    Size,
    /// The questions, warm and cold
    Ask,
    /// Much at once into an empty store, by 1,000 and 10,000
    Bulk,
    /// Live commits of 1, 10 and 100 cycles on top of history
    Live,
    /// Bytes written in a day of a plant
    Day,
    /// Opening after a kill
    Reopen,
    /// Cycles lost by kills
    Kills,
}

/// A peer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Peer {
    /// SQLite.
    Sqlite,
    /// DuckDB.
    Duckdb,
    /// PostgreSQL.
    Postgres,
    /// InfluxDB.
    Influxdb,
    /// VictoriaMetrics.
    Victoria,
    /// No peer at all.
    None,
}

impl Options {
    /// Reads the command line.
    #[must_use]
    pub fn read() -> Options {
        let mut options = Options::parse();
        if options.quick {
            options.rounds = 1;
            options.cycles = (options.cycles / 100).max(1);
            options.bulk = (options.bulk / 10).max(1);
            options.commits /= 20;
            options.seconds = options.seconds.min(2.0);
            options.hours /= 24.0;
            options.kills = options.kills.min(3);
        }
        options
    }

    /// Whether a part is wanted.
    #[must_use]
    pub fn wants(&self, part: Part) -> bool {
        self.only.is_empty() || self.only.contains(&part)
    }

    /// Whether an engine is wanted.
    #[must_use]
    pub fn wants_engine(&self, engine: Name) -> bool {
        let peer = match engine {
            Name::Platen | Name::PlatenWhole | Name::Append | Name::Overwrite => return true,
            Name::Sqlite => Peer::Sqlite,
            Name::Duckdb | Name::DuckdbKey | Name::DuckdbSorted => Peer::Duckdb,
            Name::Postgres => Peer::Postgres,
            Name::Influxdb => Peer::Influxdb,
            Name::Victoria => Peer::Victoria,
        };
        self.peers.is_empty() || self.peers.contains(&peer)
    }

    /// Live rows that the runs use up on top of history: all live runs, a day, and what is put between kills.
    #[must_use]
    pub fn live_rows(&self) -> u64 {
        let live = self.rounds * (self.commits + 1) * 111;
        // 3.65 cycles a second, and some more for the luck of the draw.
        let day = (self.hours * 3_600.0 * 4.5) as u64 + 1_000;
        live + day + (self.rounds * 2 + 1) * 400_000
    }
}
