//! The history store beside SQLite, DuckDB, PostgreSQL, InfluxDB and VictoriaMetrics: the same cycles, the same
//! durability, the same questions, in turns in one run. `just bench store` runs it; it prints tables for
//! docs/benchmarks.md, where it is said how each figure is measured and where a peer wins.
//!
//! Every measurement is a child of its own (`worker.rs`, for DuckDB `duck.py`); what they are told and tell is in
//! `task.rs`, what they are asked to do in `engine.rs`, in which order in `parts.rs`.

mod batches;
mod bench;
mod engine;
mod floor;
mod http;
mod influx;
mod machine;
mod options;
mod parts;
mod platen;
mod postgres;
mod programs;
mod report;
mod rows;
mod server;
mod sqlite;
mod task;
mod victoria;
mod worker;
mod workload;

use anyhow::{Context, Result, ensure};

use bench::Bench;
use engine::Name;
use options::{Options, Part};
use report::Column;

fn main() -> Result<()> {
    let mut words = std::env::args().skip(1);
    if words.next().as_deref() == Some(bench::WORKER) {
        return worker::run(&words.next().context("an order")?);
    }
    let mut bench = Bench::new(Options::read())?;
    let measured = measure(&mut bench);
    print(&bench);
    if !bench.options.keep {
        bench::remove(&bench.options.folder)?;
    }
    measured?;
    ensure!(bench.report.failures() == 0, "{} runs failed, see above", bench.report.failures());
    Ok(())
}

/// Runs a part.
type Run = fn(&mut Bench) -> Result<()>;

fn measure(bench: &mut Bench) -> Result<()> {
    let on_history = [Part::Size, Part::Ask, Part::Live, Part::Day, Part::Reopen];
    if on_history.iter().any(|part| bench.options.wants(*part)) {
        parts::histories(bench)?;
    }
    let all: [(Part, Run); 6] = [
        (Part::Ask, parts::ask_all),
        (Part::Bulk, parts::bulk),
        (Part::Live, parts::live_all),
        (Part::Day, parts::day),
        (Part::Reopen, parts::reopen_all),
        (Part::Kills, parts::kills),
    ];
    for (part, run) in all {
        if bench.options.wants(part) {
            run(bench)?;
        }
    }
    if bench.options.growth { parts::growth(bench) } else { Ok(()) }
}

const MEMORY: Column = ("memory, most, MiB", task::MEMORY_MOST, 1_048_576.0, 0);

const TABLES: [(&str, &[Column]); 7] = [
    (
        parts::SIZE,
        &[
            ("bytes a cycle", parts::PACKED, 1.0, 3),
            ("before packing", parts::LOADED, 1.0, 3),
            ("cycles/s", task::RATE, 1.0, 0),
            ("and packed", parts::WITH_PACKING, 1.0, 0),
            ("reached the disk, MB", task::DEVICE_ALL, 1e6, 0),
            MEMORY,
        ],
    ),
    (
        parts::ASK,
        &[
            ("warm, ms", task::LATER, 1.0, 3),
            ("cold, ms", task::FIRST, 1.0, 3),
            ("open, ms", task::OPENING, 1.0, 1),
            MEMORY,
        ],
    ),
    (parts::BULK, &[("cycles/s", task::RATE, 1.0, 0), MEMORY]),
    (
        parts::LIVE,
        &[
            ("commits/s", task::COMMITS, 1.0, 0),
            ("p50, us", task::HALF, 1.0, 0),
            ("p99, us", task::MOST, 1.0, 0),
            ("longest, us", task::LONGEST, 1.0, 0),
            ("kB written a commit", task::OWN, 1e3, 1),
            ("reached the disk, kB", task::DEVICE, 1e3, 1),
            MEMORY,
        ],
    ),
    (
        parts::DAY,
        &[
            ("commits", task::COUNT_COMMITS, 1.0, 0),
            ("written, MB", task::OWN_ALL, 1e6, 1),
            ("reached the disk, MB", task::DEVICE_ALL, 1e6, 1),
            ("p99, us", task::MOST, 1.0, 0),
            ("longest, us", task::LONGEST, 1.0, 0),
            MEMORY,
        ],
    ),
    (parts::REOPEN, &[("ms", task::FIRST, 1.0, 1)]),
    (
        parts::KILLS,
        &[
            ("killed", parts::KILLED, 1.0, 0),
            ("told as kept", task::ROWS, 1.0, 0),
            ("lost", parts::LOST, 1.0, 0),
        ],
    ),
];

fn print(bench: &Bench) {
    let options = &bench.options;
    println!("{}", machine::description(&options.folder));
    println!("{}", bench.report.busy());
    println!("{}", bench.programs.versions());
    println!(
        "{} rounds; {} cycles of history; bulk {}; live {} commits or {} s",
        options.rounds,
        options.cycles * u64::from(workload::MOLDS),
        options.bulk,
        options.commits,
        options.seconds
    );
    for engine in [Name::Duckdb, Name::Postgres, Name::Influxdb, Name::Victoria] {
        if !bench.programs.has(engine) {
            println!("{}: not on this machine", engine.shown());
        } else if !options.wants_engine(engine) {
            println!("{}: left out by --peers", engine.shown());
        }
    }
    for (part, columns) in TABLES {
        print!("{}", bench.report.table(part, columns));
    }
    for told in bench.report.differences(parts::ASK, &[task::ANSWER_ROWS, task::ANSWER_SUM]) {
        println!("another answer: {told}");
    }
}
