//! Runs children, each with its server if it has one, and keeps what they tell.

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, Result, ensure};

use crate::engine::Name;
use crate::options::Options;
use crate::programs::Programs;
use crate::report::Report;
use crate::rows::DataSet;
use crate::server::Server;
use crate::task::{self, Figures, Order, Task};
use crate::{machine, workload};

/// The word that makes this program a child.
pub const WORKER: &str = "--worker";

/// Everything that the parts share.
pub struct Bench {
    /// What is wanted.
    pub options: Options,
    /// Where the peers are.
    pub programs: Programs,
    /// The rows.
    pub data: DataSet,
    /// What was measured.
    pub report: Report,
    /// Live rows that an engine has had already.
    used: HashMap<PathBuf, u64>,
}

/// An engine with its data.
#[derive(Debug, Clone)]
pub struct Place {
    /// The engine.
    pub engine: Name,
    /// Its folder.
    pub folder: PathBuf,
}

/// A child that says what it keeps, until it is killed.
pub struct Keeping {
    child: Child,
    server: Option<Server>,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
    said: u64,
}

impl Bench {
    /// Makes the rows and looks for the peers.
    ///
    /// # Errors
    /// The folder takes no files.
    pub fn new(options: Options) -> Result<Bench> {
        eprintln!("making {} cycles, unless they are there", options.cycles * u64::from(workload::MOLDS));
        let data = workload::make(&options.folder.join("data"), options.cycles, options.live_rows())?;
        let programs = Programs::find();
        Ok(Bench { options, programs, data, report: Report::default(), used: HashMap::new() })
    }

    /// Those of the engines that are wanted and are here.
    #[must_use]
    pub fn here(&self, engines: &[Name]) -> Vec<Name> {
        let wanted = engines.iter().copied().filter(|engine| self.options.wants_engine(*engine));
        wanted.filter(|engine| self.programs.has(*engine)).collect()
    }

    /// The place of an engine's data, kept between parts.
    #[must_use]
    pub fn place(&self, engine: Name, room: &str) -> Place {
        Place { engine, folder: self.options.folder.join(room).join(engine.folder()) }
    }

    /// The same, empty.
    ///
    /// # Errors
    /// What is there cannot be removed.
    pub fn fresh(&self, engine: Name, room: &str) -> Result<Place> {
        let place = self.place(engine, room);
        remove(&place.folder)?;
        fs::create_dir_all(&place.folder).with_context(|| format!("make {}", place.folder.display()))?;
        Ok(place)
    }

    /// Has a child do a task, with the engine's server running only meanwhile.
    ///
    /// # Errors
    /// Server or child failed.
    pub fn run(&self, place: &Place, task: Task) -> Result<Figures> {
        let server = self.server(place)?;
        let output = self.child(place, server.as_ref(), task)?.output().context("run a child")?;
        let started = server.as_ref().map_or(0.0, |server| server.started.as_secs_f64() * 1e3);
        if let Some(server) = server {
            server.stop()?;
        }
        ensure!(
            output.status.success(),
            "{}: {}",
            output.status,
            why(&String::from_utf8_lossy(&output.stderr))
        );
        let mut figures: Figures =
            serde_json::from_slice(&output.stdout).context("read a child's figures")?;
        if let Task::Open = task {
            // A server has to be there before it can answer.
            figures.entry(task::FIRST.to_owned()).and_modify(|first| *first += started);
        }
        Ok(figures)
    }

    fn server(&self, place: &Place) -> Result<Option<Server>> {
        let engine = place.engine;
        engine.is_server().then(|| Server::start(engine, &place.folder, &self.programs)).transpose()
    }

    fn child(&self, place: &Place, server: Option<&Server>, task: Task) -> Result<Command> {
        let order = Order {
            engine: place.engine,
            folder: place.folder.clone(),
            address: server.map(|server| server.address.clone()).unwrap_or_default(),
            server: server.map(Server::pid),
            data: self.data.clone(),
            task,
        };
        let mut command = if place.engine.is_duckdb() {
            let mut python = Command::new(self.programs.python.as_ref().context("there is no DuckDB here")?);
            python.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/benches/store/duck.py"));
            python
        } else {
            let mut own = Command::new(std::env::current_exe()?);
            own.arg(WORKER);
            own
        };
        command.arg(serde_json::to_string(&order)?).stdin(Stdio::null());
        Ok(command)
    }

    /// Starts a child that puts row after row and says what is kept.
    ///
    /// # Errors
    /// Server or child do not start.
    pub fn keep(&self, place: &Place, skip: u64, seed: u64) -> Result<Keeping> {
        let server = self.server(place)?;
        let mut command = self.child(place, server.as_ref(), Task::Keep { skip, seed })?;
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().context("start a child")?;
        let lines = BufReader::new(child.stdout.take().context("a child's output")?).lines();
        Ok(Keeping { child, server, lines, said: skip })
    }

    /// The next live rows that a place has not had.
    #[must_use]
    pub fn next_rows(&self, place: &Place) -> u64 {
        self.data.history + self.used.get(&place.folder).copied().unwrap_or(0)
    }

    /// Notes that a place has had so many more live rows.
    pub fn use_rows(&mut self, place: &Place, rows: u64) {
        *self.used.entry(place.folder.clone()).or_default() += rows;
    }

    /// Bytes on disk of what the engine keeps.
    ///
    /// # Errors
    /// The folder cannot be looked through.
    pub fn size(place: &Place) -> Result<u64> {
        // PostgreSQL keeps gigabytes of log for re-use, which have nothing to do with how much is kept.
        let part = if place.engine == Name::Postgres { "cluster/base" } else { "" };
        machine::size(&place.folder.join(part))
    }
}

impl Keeping {
    /// Reads what it says until it has said `lines` things.
    ///
    /// # Errors
    /// It ended by itself.
    pub fn wait_for(&mut self, lines: u64) -> Result<()> {
        for _ in 0..lines {
            let line = self.lines.next().with_context(|| self.last_words())??;
            self.note(&line);
        }
        Ok(())
    }

    fn last_words(&mut self) -> String {
        let mut said = String::new();
        let read = self.child.stderr.as_mut().map(|stderr| stderr.read_to_string(&mut said));
        match read {
            Some(Ok(_)) => format!("the child ended by itself: {}", why(&said)),
            _ => "the child ended by itself, and what it said cannot be read".to_owned(),
        }
    }

    fn note(&mut self, line: &str) {
        if let Some(said) = line.strip_prefix("kept ").and_then(|number| number.parse::<u64>().ok()) {
            self.said = self.said.max(said);
        }
    }

    /// Kills server and child and tells what was said to be kept.
    ///
    /// # Errors
    /// One cannot be killed.
    pub fn kill(mut self) -> Result<u64> {
        if let Some(server) = self.server.take() {
            server.kill()?;
        }
        self.child.kill()?;
        self.child.wait()?;
        // The last line may be cut short; one that is whole was said.
        while let Some(Ok(line)) = self.lines.next() {
            self.note(&line);
        }
        Ok(self.said)
    }
}

/// The line in which a child, in Rust or Python, says why it failed.
fn why(said: &str) -> &str {
    let mut lines = said.lines().rev().filter(|line| !line.trim().is_empty());
    let last = lines.clone().next().unwrap_or("it said nothing");
    lines.find(|line| line.contains("Error:") || line.contains("Exception:")).unwrap_or(last)
}

/// Removes a folder, if it is there.
///
/// # Errors
/// Something in it cannot be removed.
pub fn remove(folder: &Path) -> Result<()> {
    match fs::remove_dir_all(folder) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            Err(error).with_context(|| format!("remove {}", folder.display()))
        }
        _ => Ok(()),
    }
}
