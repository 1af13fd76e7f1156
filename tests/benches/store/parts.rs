//! The parts of the benchmark. In each, every engine has its turn in every round, so that a busy minute of the machine
//! falls on all of them.

use std::fs;
use std::time::Duration;

use anyhow::{Context, Result, ensure};

use crate::bench::{Bench, Place};
use crate::engine::{Name, Question};
use crate::machine;
use crate::task::{self, Figures, Task};
use crate::workload;

/// Names of the parts, as headings.
pub const SIZE: &str = "Size: all of history put in by 10,000";
/// See [`ask`].
pub const ASK: &str = "Questions";
/// See [`bulk`].
pub const BULK: &str = "Bulk, durable, into an empty store";
/// See [`live`].
pub const LIVE: &str = "Live, durable, on top of history";
/// See [`day`].
pub const DAY: &str = "Written in a day of 100 molds, a commit for every second with cycles";
/// See [`reopen`].
pub const REOPEN: &str = "Opening after SIGKILL, until the first answer";
/// See [`kills`].
pub const KILLS: &str = "Cycles told as kept and lost by SIGKILL";

/// Bytes a cycle before and after packing; figures of [`size`] and [`kills`].
pub const LOADED: &str = "loaded";
/// Cycles a second, packing and all.
pub const WITH_PACKING: &str = "rows/s packed";
/// See [`LOADED`].
pub const PACKED: &str = "packed";
/// Cycles lost.
pub const LOST: &str = "lost";
/// How often it was killed.
pub const KILLED: &str = "killed";

/// Where an engine's history lies.
pub const ROOM: &str = "history";
/// Where ten times of it lies.
pub const LARGE: &str = "history-x10";

const STORES: [Name; 6] =
    [Name::Platen, Name::Sqlite, Name::Duckdb, Name::Postgres, Name::Influxdb, Name::Victoria];
const HISTORIES: [Name; 7] = [
    Name::Platen,
    Name::Sqlite,
    Name::Duckdb,
    Name::DuckdbSorted,
    Name::Postgres,
    Name::Influxdb,
    Name::Victoria,
];

/// Puts history into every engine, unless an earlier run left it there; measured once, for bytes do not vary.
///
/// # Errors
/// Our own store failed.
pub fn size(bench: &mut Bench, engines: &[Name], room: &str, setting: &str) -> Result<()> {
    for engine in bench.here(engines) {
        let place = bench.place(engine, room);
        let told = place.folder.with_extension("loaded");
        let known = bench.options.keep.then(|| fs::read(&told).ok()).flatten();
        let figures = match known {
            Some(text) => serde_json::from_slice(&text).context("read what an earlier run told"),
            None => load(bench, engine, room),
        };
        if let Ok(figures) = &figures {
            fs::write(&told, serde_json::to_vec(figures)?)?;
        }
        bench.report.add(SIZE, setting, engine, figures);
    }
    Ok(())
}

/// All engines that keep history.
pub fn histories(bench: &mut Bench) -> Result<()> {
    size(bench, &HISTORIES, ROOM, "")
}

fn load(bench: &Bench, engine: Name, room: &str) -> Result<Figures> {
    let place = bench.fresh(engine, room)?;
    let rows = bench.data.history;
    // An empty cluster of PostgreSQL takes 20 MB, which are not the cycles'.
    let mut empty = 0;
    if engine == Name::Postgres {
        bench.run(&place, Task::Count)?;
        empty = Bench::size(&place)?;
    }
    let before = machine::device_written(&place.folder);
    let mut figures = bench.run(&place, Task::Bulk { rows, batch: 10_000 })?;
    let cycle = |bytes: u64| bytes.saturating_sub(empty) as f64 / rows as f64;
    figures.insert(LOADED.to_owned(), cycle(Bench::size(&place)?));
    let finished = bench.run(&place, Task::Finish)?;
    let seconds = [&figures, &finished].iter().filter_map(|figures| figures.get(task::SECONDS)).sum::<f64>();
    figures.insert(WITH_PACKING.to_owned(), rows as f64 / seconds);
    figures.insert(PACKED.to_owned(), cycle(Bench::size(&place)?));
    let written = machine::device_written(&place.folder).saturating_sub(before);
    figures.insert(task::DEVICE_ALL.to_owned(), written as f64);
    Ok(figures)
}

/// The four questions of the screens.
///
/// # Errors
/// A folder cannot be read.
pub fn ask(bench: &mut Bench, engines: &[Name], room: &str, setting: &str) -> Result<()> {
    for _ in 0..bench.options.rounds {
        for what in Question::ALL {
            for engine in bench.here(engines) {
                let place = bench.place(engine, room);
                // Quick questions are asked more often.
                let times = if matches!(what, Question::Day | Question::Now) { 25 } else { 9 };
                let warm = bench.run(&place, Task::Ask { what, times });
                machine::evict(&place.folder)?;
                let cold = bench.run(&place, Task::Ask { what, times: 1 });
                let both = warm.and_then(|mut warm| {
                    let cold = cold?.get(task::FIRST).copied().context("a cold answer's time")?;
                    warm.insert(task::FIRST.to_owned(), cold);
                    Ok(warm)
                });
                bench.report.add(ASK, &format!("{}{setting}", what.name()), engine, both);
            }
        }
    }
    Ok(())
}

/// All engines are asked.
pub fn ask_all(bench: &mut Bench) -> Result<()> {
    ask(bench, &HISTORIES, ROOM, "")
}

/// Much at once into an empty store, every commit durable.
pub fn bulk(bench: &mut Bench) -> Result<()> {
    const ENGINES: [Name; 7] = [
        Name::Platen,
        Name::Sqlite,
        Name::Duckdb,
        Name::DuckdbKey,
        Name::Postgres,
        Name::Influxdb,
        Name::Victoria,
    ];
    let rows = bench.options.bulk.min(bench.data.history);
    for _ in 0..bench.options.rounds {
        for batch in [1_000, 10_000] {
            for engine in bench.here(&ENGINES) {
                let place = bench.fresh(engine, "bulk")?;
                let figures = bench.run(&place, Task::Bulk { rows, batch });
                bench.report.add(BULK, &format!("{batch} a commit"), engine, figures);
                crate::bench::remove(&place.folder)?;
            }
        }
    }
    Ok(())
}

/// Live commits on top of history, beside what the disk itself can do.
pub fn live(bench: &mut Bench, engines: &[Name], room: &str, setting: &str) -> Result<()> {
    for _ in 0..bench.options.rounds {
        for batch in [1, 10, 100] {
            for engine in bench.here(engines) {
                let place =
                    if engine.is_floor() { bench.fresh(engine, room)? } else { bench.place(engine, room) };
                let (commits, seconds) = (bench.options.commits, bench.options.seconds);
                let figures =
                    bench.run(&place, Task::Live { skip: bench.next_rows(&place), batch, commits, seconds });
                note_used(bench, &place, &figures);
                bench.report.add(LIVE, &format!("{batch} a commit{setting}"), engine, figures);
            }
        }
    }
    Ok(())
}

/// All engines and the disk itself.
pub fn live_all(bench: &mut Bench) -> Result<()> {
    live(bench, &[[Name::Overwrite, Name::Append].as_slice(), &STORES].concat(), ROOM, "")
}

fn note_used(bench: &mut Bench, place: &Place, figures: &Result<Figures>) {
    if let Ok(figures) = figures {
        let rows = figures.get(task::ROWS).copied().unwrap_or(0.0);
        bench.use_rows(place, rows as u64);
    }
}

/// A day of a plant as fast as it goes, with the commits that the default window makes; measured once, for bytes hardly
/// vary. Our own store also with all that ingest writes beside cycles and ledger.
pub fn day(bench: &mut Bench) -> Result<()> {
    let hours = bench.options.hours;
    let setting = format!("{hours} hours");
    for engine in bench.here(&STORES) {
        let place = bench.place(engine, ROOM);
        let figures = bench.run(&place, Task::Day { skip: bench.next_rows(&place), hours });
        note_used(bench, &place, &figures);
        bench.report.add(DAY, &setting, engine, figures);
    }
    let whole = Place { engine: Name::PlatenWhole, ..bench.place(Name::Platen, ROOM) };
    let figures = bench.run(&whole, Task::Day { skip: bench.next_rows(&whole), hours });
    note_used(bench, &whole, &figures);
    bench.report.add(DAY, &setting, Name::PlatenWhole, figures);
    Ok(())
}

/// Kills a store that is being written to, and opens it again.
pub fn reopen(bench: &mut Bench, engines: &[Name], room: &str, setting: &str) -> Result<()> {
    for _ in 0..bench.options.rounds {
        for cold in [false, true] {
            for engine in bench.here(engines) {
                let place = bench.place(engine, room);
                let figures = killed(bench, &place).and_then(|()| {
                    if cold {
                        machine::evict(&place.folder)?;
                    }
                    bench.run(&place, Task::Open)
                });
                let warmth = if cold { "nothing in memory" } else { "files in memory" };
                bench.report.add(REOPEN, &format!("{warmth}{setting}"), engine, figures);
            }
        }
    }
    Ok(())
}

/// All engines.
pub fn reopen_all(bench: &mut Bench) -> Result<()> {
    reopen(bench, &STORES, ROOM, "")
}

fn killed(bench: &mut Bench, place: &Place) -> Result<()> {
    let skip = bench.next_rows(place);
    let mut keeping = bench.keep(place, skip, 1)?;
    keeping.wait_for(50)?;
    let said = keeping.kill()?;
    // What was put and not said may be there too: those rows are not used again.
    bench.use_rows(place, said - skip + 64);
    Ok(())
}

/// Kills a store at random instants and counts what it said was kept and is not there.
pub fn kills(bench: &mut Bench) -> Result<()> {
    for engine in bench.here(&STORES) {
        let often = bench.options.kills;
        let often = if matches!(engine, Name::Platen | Name::Sqlite) { often } else { often.min(20) };
        let lost = lost(bench, engine, often);
        bench.report.add(KILLS, "", engine, lost);
    }
    Ok(())
}

fn lost(bench: &Bench, engine: Name, often: u64) -> Result<Figures> {
    let place = bench.fresh(engine, "kills")?;
    let (mut there, mut lost, mut killed, mut told) = (0u64, 0u64, 0u64, 0u64);
    let mut dice = 0x2545_F491_4F6C_DD1D_u64;
    while killed < often {
        let mut keeping = bench.keep(&place, there, killed)?;
        keeping.wait_for(1)?;
        dice ^= dice << 13;
        dice ^= dice >> 7;
        dice ^= dice << 17;
        // The instant of a power cut is nothing that can be waited for.
        std::thread::sleep(Duration::from_micros(dice % 300_000));
        let said = keeping.kill()?;
        told += said.saturating_sub(there);
        let found =
            bench.run(&place, Task::Count)?.get(task::ROWS).copied().context("a count of rows")? as u64;
        lost += said.saturating_sub(found);
        killed += 1;
        there = found;
        // The rows are used up: begin anew.
        if there + 1_000_000 > bench.data.rows {
            bench.fresh(engine, "kills")?;
            there = 0;
        }
    }
    crate::bench::remove(&place.folder)?;
    let figures = [(KILLED, killed as f64), (task::ROWS, told as f64), (LOST, lost as f64)];
    Ok(figures.into_iter().map(|(name, figure)| (name.to_owned(), figure)).collect())
}

/// Our own store at ten times the history.
///
/// # Errors
/// The folder takes no files.
pub fn growth(bench: &mut Bench) -> Result<()> {
    let live = bench.options.live_rows();
    let data = workload::make(&bench.options.folder.join("data"), bench.options.cycles * 10, live)?;
    let small = std::mem::replace(&mut bench.data, data);
    let own = [Name::Platen];
    size(bench, &own, LARGE, "x10")?;
    ask(bench, &own, LARGE, ", x10")?;
    live_and_reopen(bench, &own)?;
    bench.data = small;
    ensure!(bench.report.failures() == 0, "something failed, see above");
    Ok(())
}

fn live_and_reopen(bench: &mut Bench, own: &[Name]) -> Result<()> {
    live(bench, own, LARGE, ", x10")?;
    reopen(bench, own, LARGE, ", x10")
}
