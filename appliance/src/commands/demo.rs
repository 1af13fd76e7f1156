//! `platen demo`: a box and a simulated plant, each a process of its own, that end with this one.

mod hall;

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, Command, ExitCode, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use appliance::config::{HttpRedirect, RawBluetooth, RawConfig, RawLink, RawStore, RawWeb};
use appliance::keys;
use radio::sim::hall::VARIABLE;
use tokio::signal::unix::{SignalKind, signal};

use super::{Done, healthcheck};

/// Ninety days of cycles of forty molds are written first.
const READY_WITHIN: Duration = Duration::from_secs(300);
const LOOK: Duration = Duration::from_millis(100);

/// Words of `platen demo`.
#[derive(clap::Args)]
pub struct Args {
    /// The folder for everything the demonstration keeps
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Where browsers are served
    #[arg(long, value_name = "ADDR", default_value = "127.0.0.1:8443")]
    listen: SocketAddr,
    /// So many days of history
    #[arg(long, value_name = "DAYS", default_value_t = 90)]
    history_days: u32,
}

pub fn run(args: Args) -> Done {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    // Before anything is started, so that no signal falls between.
    let (mut interrupt, mut terminate) = {
        let _in = runtime.enter();
        (signal(SignalKind::interrupt())?, signal(SignalKind::terminate())?)
    };
    let Running { mut plant, mut hall, mut platen } = start(&args)?;
    runtime.block_on(async {
        loop {
            tokio::select! {
                _ = interrupt.recv() => return Ok::<_, anyhow::Error>(()),
                _ = terminate.recv() => return Ok(()),
                () = tokio::time::sleep(LOOK) => {}
            }
            plant.look()?;
            hall.iter_mut().try_for_each(Process::look)?;
            platen.look()?;
        }
    })?;
    // The box first: what the plant still says would only be lost links to it.
    platen.end();
    plant.end();
    hall.iter_mut().for_each(Process::end);
    Ok(ExitCode::SUCCESS)
}

/// What runs.
struct Running {
    plant: Process,
    /// Bluetooth monitors; none on a machine without a bus for them.
    hall: Option<Process>,
    platen: Process,
}

fn start(args: &Args) -> Result<Running> {
    fs::create_dir_all(&args.dir).with_context(|| format!("make {}", args.dir.display()))?;
    let dir = fs::canonicalize(&args.dir).context("find the folder")?;
    let (sticks, air, data) = (dir.join("plant"), dir.join("hall"), dir.join("data"));
    begin_anew(&dir, &[&sticks, &air, &data])?;
    say("starting a simulated plant: three networks, 24 presses, 40 molds");
    let mut plant = Process::start(
        "the simulated plant",
        &dir.join("plant.log"),
        Command::new(program()?)
            .args(["--until-stdin-closes", "sim", "v3", "--dir"])
            .arg(&sticks)
            .args(["--history-days", &args.history_days.to_string()]),
    )?;
    let links = plant.wait(READY_WITHIN, || sticks_in(&sticks))?;
    let hall = hall::start(&dir, &air)?;

    say("starting the box");
    let settings = dir.join("platen.toml");
    // A demonstration has nothing to hide from whoever has its disk.
    let key = dir.join("store.key");
    if !key.exists() {
        keys::new_key(&key).context("make the key of the store")?;
    }
    let bonds = hall.as_ref().map(|_| air.join("bonds"));
    fs::write(&settings, toml(&data, key, args.listen, &links, bonds)?).context("write the configuration")?;
    let mut command = Command::new(program()?);
    command.args(["--until-stdin-closes", "serve", "--config"]).arg(&settings);
    if hall.is_some() {
        command.env(VARIABLE, hall::bus(&air));
    }
    let mut platen = Process::start("the box", &dir.join("box.log"), &mut command)?;
    platen.wait(READY_WITHIN, || Ok(healthcheck::ask(&data).is_ok().then_some(())))?;
    for line in platen.said() {
        say(&line);
    }
    if hall.is_some() {
        hall::enrol(&air, &sticks, &data)?;
        hall::use_sensors(&air, &data)?;
    }
    say(&format!("logs are in {}; Ctrl-C ends everything", dir.display()));
    Ok(Running { plant, hall, platen })
}

/// The simulated monitors begin anew each time, and so does the box: to one that remembered the former ones, forty
/// monitors would have been reset at once. Only what an earlier demonstration left is removed.
fn begin_anew(dir: &Path, folders: &[&Path]) -> Result<()> {
    let mark = dir.join("this-is-a-demonstration");
    for folder in folders.iter().filter(|folder| folder.exists()) {
        if !mark.exists() {
            bail!("{} is there and no demonstration made it: give another --dir", folder.display());
        }
        fs::remove_dir_all(folder).with_context(|| format!("remove {}", folder.display()))?;
    }
    fs::write(&mark, "Everything here is made anew by each `platen demo`.\n").context("mark the folder")
}

fn program() -> Result<PathBuf> {
    std::env::current_exe().context("find this program")
}

fn say(line: &str) {
    let mut console = std::io::stdout();
    let _ = writeln!(console, "{line}").and_then(|()| console.flush());
}

/// The simulator's ports, once they are all there.
fn sticks_in(folder: &Path) -> Result<Option<Vec<(String, PathBuf)>>> {
    if !folder.join("control.sock").exists() {
        return Ok(None);
    }
    let mut links = Vec::new();
    for entry in fs::read_dir(folder).context("look for the sticks")? {
        let path = entry.context("look for the sticks")?.path();
        let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
        if let Some(stick) = name.strip_prefix("stick-") {
            links.push((format!("hall-{stick}"), path));
        }
    }
    links.sort();
    Ok((!links.is_empty()).then_some(links))
}

fn toml(
    data: &Path,
    key: PathBuf,
    listen: SocketAddr,
    links: &[(String, PathBuf)],
    bonds: Option<PathBuf>,
) -> Result<String> {
    let link = links
        .iter()
        .map(|(name, path)| Ok(RawLink::new(name.parse()?, path.clone())))
        .collect::<Result<_>>()?;
    let web = RawWeb { listen, http_redirect: HttpRedirect(None), ..RawWeb::default() };
    let store = RawStore { key, ..RawStore::default() };
    let usual = RawBluetooth::default();
    let bluetooth = bonds.map_or(usual.clone(), |bonds| RawBluetooth { enabled: true, bonds, ..usual });
    let raw = RawConfig { data: data.to_owned(), store, web, bluetooth, link, ..RawConfig::default() };
    ::toml::to_string(&raw).context("write the configuration")
}

/// A child that ends when this process does, however that happens: it holds the other end of its input.
struct Process {
    name: &'static str,
    child: Child,
    input: Option<ChildStdin>,
    lines: Receiver<String>,
    log: PathBuf,
}

impl Process {
    fn start(name: &'static str, log: &Path, command: &mut Command) -> Result<Process> {
        let file = File::create(log).with_context(|| format!("write {}", log.display()))?;
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::from(file))
            .spawn()
            .with_context(|| format!("start {name}"))?;
        let (to, lines) = channel();
        if let Some(output) = child.stdout.take() {
            // Reads on to the end, so that the child never waits for a full pipe.
            std::thread::spawn(move || {
                for line in BufReader::new(output).lines().map_while(Result::ok) {
                    let _ = to.send(line);
                }
            });
        }
        Ok(Process { name, input: child.stdin.take(), child, lines, log: log.to_owned() })
    }

    /// What it has said on its console since it was last asked.
    fn said(&self) -> Vec<String> {
        self.lines.try_iter().collect()
    }

    /// Fails when it has ended.
    fn look(&mut self) -> Result<()> {
        let Some(status) = self.child.try_wait().with_context(|| format!("look after {}", self.name))? else {
            return Ok(());
        };
        let log = fs::read_to_string(&self.log).unwrap_or_default();
        let mut last: Vec<&str> = log.lines().rev().take(5).collect();
        last.reverse();
        bail!("{} ended with {status}:\n{}", self.name, last.join("\n"))
    }

    fn wait<T>(&mut self, within: Duration, mut there: impl FnMut() -> Result<Option<T>>) -> Result<T> {
        let begun = Instant::now();
        while begun.elapsed() < within {
            self.look()?;
            if let Some(it) = there()? {
                return Ok(it);
            }
            std::thread::sleep(LOOK);
        }
        bail!("{} is not ready after {within:?}; see {}", self.name, self.log.display())
    }

    /// Closes its input, which it takes for a request to end, and waits for that.
    fn end(&mut self) {
        self.input = None;
        let begun = Instant::now();
        while begun.elapsed() < Duration::from_secs(10) {
            if !matches!(self.child.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(LOOK);
        }
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            self.end();
        }
    }
}
