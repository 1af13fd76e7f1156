//! `platen sim`: plants to try a box with. What they can be asked while they run is told in `docs/simulator.md`.

mod v4;

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::Context;
use appliance::clock::{Clock, WallClock};
use clap::{Subcommand, ValueEnum};
use radio::event::Family;
use radio::sim::driver::{self, Options};
use radio::sim::plant::{Plant, PlantSpec};
use tokio_util::sync::CancellationToken;

use super::{Done, signals};

/// Words of `platen sim`.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// XBee sticks on pseudo-terminals, with press modules and V3 monitors behind them
    V3(Box<V3>),
    /// V4 monitors in the air, behind a stand-in for the system's Bluetooth service on a D-Bus of its own
    V4(v4::Args),
}

#[derive(clap::Args)]
struct V3 {
    /// The ports are named here: stick-a, stick-b and so on, and usb
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// The socket for requests; DIR/control.sock if not given
    #[arg(long, value_name = "PATH")]
    control: Option<PathBuf>,
    /// Networks, each with its stick
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u8).range(1..=26))]
    sticks: u8,
    /// Families of the sticks, in order; zigbee where none is given
    #[arg(long, value_enum, value_name = "FAMILY", value_delimiter = ',')]
    families: Vec<FamilyWord>,
    /// Presses; as many of them as needed have two molds at a time
    #[arg(long, value_name = "N", default_value_t = 24, value_parser = clap::value_parser!(u16).range(1..=2000))]
    presses: u16,
    /// Molds; those that find no press lie on a shelf and take turns
    #[arg(long, value_name = "N", default_value_t = 40, value_parser = clap::value_parser!(u16).range(1..=4000))]
    molds: u16,
    /// Everything that is chance comes from this number
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// Molds and monitors' clocks run so much faster than real time
    #[arg(long, value_name = "X", default_value_t = 1.0, value_parser = speed)]
    speed: f64,
    /// So many days of past cycles are in the monitors' memories
    #[arg(long, value_name = "DAYS", default_value_t = 90.0, value_parser = days)]
    history_days: f64,
    /// Faults by chance, so many a minute, or off
    #[arg(long, value_name = "RATE", default_value = "4", value_parser = rate)]
    faults: Rate,
    /// Sticks and modules as they come from the factory: nothing is formed, nothing has joined
    #[arg(long)]
    fresh: bool,
    /// With --fresh: modules are given the network's link key as soon as there is one; without this, a person
    /// registers them by what is printed on them (request "labels")
    #[arg(long)]
    bench: bool,
    /// The first N monitors are new and count from shortly below their counters' top, so that they go past it
    #[arg(long, value_name = "N", default_value_t = 0)]
    start_near_top: u16,
    /// A monitor that was never initialised, on a USB port; the request "plug" wires it to a press
    #[arg(long)]
    usb: bool,
    /// Each line carries only so many bits a second
    #[arg(long, value_name = "BAUD")]
    pace: Option<u32>,
    /// A port opened at another rate than its stick's hears and says only garbage
    #[arg(long)]
    strict_baud: bool,
}

#[derive(Clone, Copy, ValueEnum)]
enum FamilyWord {
    Zigbee,
    Digimesh,
    Transparent,
}

#[derive(Clone, Copy)]
struct Rate(f64);

fn number(text: &str, least: f64, most: f64) -> Result<f64, String> {
    let refuse = || format!("expected a number from {least} to {most}");
    text.parse().ok().filter(|number| (least..=most).contains(number)).ok_or_else(refuse)
}

fn speed(text: &str) -> Result<f64, String> {
    number(text, 0.001, 10_000.0)
}

fn days(text: &str) -> Result<f64, String> {
    number(text, 0.0, 3_650.0)
}

fn rate(text: &str) -> Result<Rate, String> {
    if text == "off" { Ok(Rate(0.0)) } else { number(text, 0.0, 6_000.0).map(Rate) }
}

pub fn run(args: Args) -> Done {
    match args.what {
        What::V3(v3) => run_v3(&v3),
        What::V4(args) => v4::run(&args),
    }
}

fn run_v3(v3: &V3) -> Done {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let stop = Arc::new(AtomicBool::new(false));
    let shutdown = CancellationToken::new();
    runtime.block_on(async { signals::end_on_signal(shutdown.clone()) }).context("listen for signals")?;
    let flag = Arc::clone(&stop);
    runtime.spawn(async move {
        shutdown.cancelled().await;
        flag.store(true, Ordering::Relaxed);
    });
    let started = WallClock.now();
    let mut plant = Plant::new(v3.spec(started));
    let truth = driver::run(&mut plant, &v3.options(), &stop).context("run the simulated plant")?;
    runtime.shutdown_background();
    say(&truth);
    Ok(ExitCode::SUCCESS)
}

/// Tells what really happened. Whoever started it may be gone and not want to know.
fn say(truth: &impl serde::Serialize) {
    let mut console = std::io::stdout().lock();
    let _ = serde_json::to_writer(&mut console, truth)
        .map_err(std::io::Error::from)
        .and_then(|()| writeln!(console));
}

impl V3 {
    fn spec(&self, started: domain::Timestamp) -> PlantSpec {
        let family = |word: &FamilyWord| match word {
            FamilyWord::Zigbee => Family::Zigbee,
            FamilyWord::Digimesh => Family::DigiMesh,
            FamilyWord::Transparent => Family::Transparent,
        };
        // The seconds of the start: monitors that begin anew must not look like those of an earlier start.
        let era = u32::try_from(started.as_millis() / 1_000).unwrap_or(1);
        PlantSpec {
            seed: self.seed,
            sticks: usize::from(self.sticks),
            families: self.families.iter().map(family).collect(),
            presses: usize::from(self.presses),
            molds: usize::from(self.molds),
            speed: self.speed,
            history_days: self.history_days,
            faults_per_minute: self.faults.0,
            fresh: self.fresh,
            bench: self.bench,
            usb: self.usb,
            near_top: usize::from(self.start_near_top),
            era,
            started,
            ..PlantSpec::default()
        }
    }

    fn options(&self) -> Options {
        let control = self.control.clone().unwrap_or_else(|| self.dir.join("control.sock"));
        Options {
            dir: self.dir.clone(),
            control: Some(control),
            pace: self.pace,
            strict_baud: self.strict_baud,
            usb: self.usb,
        }
    }
}
