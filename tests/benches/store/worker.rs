//! A child: one engine, one task, figures on its standard output. A process of its own for each keeps memory, caches
//! and crashes apart.

use std::collections::VecDeque;
use std::io::Write;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};

use crate::engine::{Engine, Question};
use crate::machine;
use crate::rows::Row;
use crate::task::{self, Figures, Order, Task};
use crate::workload::MOLDS;

/// Rows read from the file at once, outside the measured time; few, for the memory is the engine's to use.
const READ: u64 = 1 << 15;

/// Carries out an order and prints the figures.
///
/// # Errors
/// The engine failed.
pub fn run(text: &str) -> Result<()> {
    let order: Order = serde_json::from_str(text).context("read the order")?;
    let begun = Instant::now();
    let mut engine = order.engine.open(&order.folder, &order.address).context("open the engine")?;
    let opening = begun.elapsed();
    let mut figures = match order.task {
        Task::Bulk { rows, batch } => bulk(&order, engine.as_mut(), rows, batch)?,
        Task::Finish => {
            let begun = Instant::now();
            engine.finish()?;
            Figures::from([(task::SECONDS.to_owned(), begun.elapsed().as_secs_f64())])
        }
        Task::Live { skip, batch, commits, seconds } => {
            live(&order, engine.as_mut(), (skip, batch), (commits, seconds))?
        }
        Task::Day { skip, hours } => day(&order, engine.as_mut(), skip, hours)?,
        Task::Ask { what, times } => ask(&order, engine.as_mut(), what, times)?,
        Task::Open => {
            engine.ask(Question::Now, &order.data.spans[..1], 0)?;
            Figures::from([(task::FIRST.to_owned(), millis(begun.elapsed()))])
        }
        Task::Keep { skip, seed } => return keep(&order, engine.as_mut(), skip, seed),
        Task::Count => Figures::from([(task::ROWS.to_owned(), engine.count()? as f64)]),
    };
    let memory = machine::memory(&pids(&order));
    figures.insert(task::OPENING.to_owned(), millis(opening));
    figures.insert(task::MEMORY.to_owned(), memory.now as f64);
    figures.insert(task::MEMORY_MOST.to_owned(), memory.most as f64);
    println!("{}", serde_json::to_string(&figures)?);
    Ok(())
}

/// Whose memory and writing counts: the server's family, or this process.
fn pids(order: &Order) -> Vec<u32> {
    order.server.map_or_else(|| vec![std::process::id()], machine::family)
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1e3
}

/// Reads rows piece by piece, whatever sizes they are asked for in.
struct Source<'a> {
    order: &'a Order,
    at: u64,
    rows: VecDeque<Row>,
}

impl<'a> Source<'a> {
    fn from(order: &'a Order, skip: u64) -> Self {
        Source { order, at: skip, rows: VecDeque::new() }
    }

    fn fill(&mut self, count: usize) -> Result<()> {
        while self.rows.len() < count {
            let read = self.order.data.read(self.at, READ)?;
            self.at += read.len() as u64;
            self.rows.extend(read);
        }
        Ok(())
    }

    /// The next `count` rows.
    fn take(&mut self, count: usize) -> Result<Vec<Row>> {
        self.fill(count)?;
        Ok(self.rows.drain(..count).collect())
    }

    /// The next rows that end before an instant, `most` at most; none if there are none.
    fn take_until(&mut self, end: i64, most: usize) -> Result<Vec<Row>> {
        self.fill(most)?;
        let count = self.rows.iter().take(most).take_while(|row| row.ended < end).count();
        Ok(self.rows.drain(..count).collect())
    }

    /// When the next row ends.
    fn next_end(&mut self) -> Result<i64> {
        self.fill(1)?;
        self.rows.front().map(|row| row.ended).context("a row")
    }
}

fn bulk(order: &Order, engine: &mut dyn Engine, rows: u64, batch: u64) -> Result<Figures> {
    let (mut source, mut done, mut taken) = (Source::from(order, 0), 0, Duration::ZERO);
    while done < rows {
        let part = source.take(usize::try_from(batch.min(rows - done))?)?;
        let begun = Instant::now();
        engine.put_bulk(&part)?;
        taken += begun.elapsed();
        done += part.len() as u64;
    }
    let rate = done as f64 / taken.as_secs_f64();
    Ok(Figures::from([
        (task::ROWS.to_owned(), done as f64),
        (task::RATE.to_owned(), rate),
        (task::SECONDS.to_owned(), taken.as_secs_f64()),
    ]))
}

/// What commits took, and what was written meanwhile.
struct Commits<'a> {
    order: &'a Order,
    times: Vec<Duration>,
    rows: u64,
    written: (u64, u64),
}

impl<'a> Commits<'a> {
    fn begin(order: &'a Order) -> Self {
        let written = (machine::written(&pids(order)), machine::device_written(&order.folder));
        Commits { order, times: Vec::new(), rows: 0, written }
    }

    fn put(&mut self, engine: &mut dyn Engine, rows: &[Row]) -> Result<()> {
        let begun = Instant::now();
        engine.put(rows)?;
        self.times.push(begun.elapsed());
        self.rows += rows.len() as u64;
        Ok(())
    }

    fn figures(mut self, used: u64) -> Result<Figures> {
        let own = machine::written(&pids(self.order)).saturating_sub(self.written.0) as f64;
        let device = machine::device_written(&self.order.folder).saturating_sub(self.written.1) as f64;
        let sum: Duration = self.times.iter().sum();
        self.times.sort();
        let commits = self.times.len() as f64;
        let at = |share: f64| {
            let place = ((self.times.len().saturating_sub(1)) as f64 * share) as usize;
            self.times.get(place).map_or(0.0, |time| time.as_secs_f64() * 1e6)
        };
        let figures = [
            (task::COUNT_COMMITS, commits),
            (task::COMMITS, commits / sum.as_secs_f64()),
            (task::RATE, self.rows as f64 / sum.as_secs_f64()),
            (task::HALF, at(0.5)),
            (task::MOST, at(0.99)),
            (task::LONGEST, at(1.0)),
            (task::OWN, own / commits),
            (task::DEVICE, device / commits),
            (task::OWN_ALL, own),
            (task::DEVICE_ALL, device),
            (task::ROWS, used as f64),
        ];
        Ok(figures.into_iter().map(|(name, figure)| (name.to_owned(), figure)).collect())
    }
}

fn live(
    order: &Order,
    engine: &mut dyn Engine,
    (skip, batch): (u64, u64),
    (commits, seconds): (u64, f64),
) -> Result<Figures> {
    let (mut source, size) = (Source::from(order, skip), usize::try_from(batch)?);
    // The first one after opening pays for statements and caches.
    engine.put(&source.take(size)?)?;
    let (mut measured, begun) = (Commits::begin(order), Instant::now());
    for _ in 0..commits {
        measured.put(engine, &source.take(size)?)?;
        if begun.elapsed().as_secs_f64() >= seconds {
            break;
        }
    }
    let used = batch + measured.rows;
    measured.figures(used)
}

fn day(order: &Order, engine: &mut dyn Engine, skip: u64, hours: f64) -> Result<Figures> {
    const WINDOW_MS: i64 = 1_000;
    const WINDOW_CYCLES: usize = 100;
    let mut source = Source::from(order, skip);
    let first = source.next_end()?;
    let end = first + (hours * 3_600_000.0) as i64;
    let mut measured = Commits::begin(order);
    loop {
        // Windows without a cycle make no commit.
        let window = (source.next_end()? - first) / WINDOW_MS;
        let window_end = first + (window + 1) * WINDOW_MS;
        if window_end > end {
            break;
        }
        measured.put(engine, &source.take_until(window_end, WINDOW_CYCLES)?)?;
    }
    let used = measured.rows;
    measured.figures(used)
}

fn ask(order: &Order, engine: &mut dyn Engine, what: Question, times: u64) -> Result<Figures> {
    let spans = &order.data.spans;
    let (mut first, mut later) = (None, Vec::new());
    for n in 0..times.max(1) {
        let at = usize::try_from((n * 13 + 17) % u64::from(MOLDS))?;
        let begun = Instant::now();
        let answer = engine.ask(what, spans, at)?;
        let took = millis(begun.elapsed());
        if first.is_none() { first = Some((took, answer)) } else { later.push(took) }
    }
    let (took, answer) = first.context("at least one answer")?;
    later.sort_by(f64::total_cmp);
    let figures = [
        (task::FIRST, took),
        (task::LATER, later.get(later.len() / 2).copied().unwrap_or(took)),
        (task::ANSWER_ROWS, answer.rows as f64),
        (task::ANSWER_SUM, answer.sum as f64),
    ];
    Ok(figures.into_iter().map(|(name, figure)| (name.to_owned(), figure)).collect())
}

/// Says after every commit how many rows are kept, until someone kills this process or its server.
fn keep(order: &Order, engine: &mut dyn Engine, skip: u64, seed: u64) -> Result<()> {
    let mut out = std::io::stdout().lock();
    let (mut kept, mut step) = (skip, seed);
    loop {
        let part = order.data.read(kept, 4_096)?;
        let mut left = part.as_slice();
        while !left.is_empty() {
            step = step.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (batch, rest) = left.split_at(usize::try_from(1 + (step >> 33) % 40)?.min(left.len()));
            engine.put(batch)?;
            kept += batch.len() as u64;
            writeln!(out, "kept {kept}")?;
            out.flush()?;
            left = rest;
        }
    }
}
