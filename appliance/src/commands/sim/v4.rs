//! `platen sim v4`: a hall with Bluetooth monitors.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use appliance::clock::{Clock, WallClock};
use radio::sim::hall::{self, HallSpec};
use tokio_util::sync::CancellationToken;

use super::{Done, say, signals};

/// Words of `platen sim v4`.
#[derive(clap::Args)]
pub struct Args {
    /// The bus, the bonds and the socket for requests are put here
    #[arg(long, value_name = "DIR")]
    dir: PathBuf,
    /// Monitors that are initialised, each on a mold that is cycling
    #[arg(long, value_name = "N", default_value_t = 6, value_parser = clap::value_parser!(u16).range(0..=500))]
    monitors: u16,
    /// Monitors as they come from the factory, on no mold
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u16).range(0..=100))]
    blank: u16,
    /// Bluetooth adapters of the box
    #[arg(long, value_name = "N", default_value_t = 1, value_parser = clap::value_parser!(u8).range(1..=8))]
    adapters: u8,
    /// Sensors that anyone can buy: a door contact, an encrypted counter, a Ruuvi tag, a Ruuvi Air, and so on
    #[arg(long, value_name = "N", default_value_t = 4, value_parser = clap::value_parser!(u16).range(0..=64))]
    sensors: u16,
    /// Cycles in each monitor's memory at the start
    #[arg(long, value_name = "CYCLES", default_value_t = 200, value_parser = clap::value_parser!(u32).range(0..=100_000))]
    history: u32,
    /// Everything that is chance comes from this number
    #[arg(long, value_name = "N", default_value_t = 1)]
    seed: u64,
    /// How the molds' numbers begin
    #[arg(long, value_name = "TEXT", default_value = "M-")]
    prefix: String,
}

pub fn run(args: &Args) -> Done {
    let dir = &args.dir;
    fs::create_dir_all(dir).with_context(|| format!("make {}", dir.display()))?;
    // The bus is told where it is in whole.
    let dir = fs::canonicalize(dir).with_context(|| format!("find {}", dir.display()))?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let shutdown = CancellationToken::new();
    let started = WallClock.now();
    let spec = HallSpec {
        seed: args.seed,
        monitors: args.monitors,
        blank: args.blank,
        adapters: args.adapters,
        sensors: args.sensors,
        history: args.history,
        prefix: args.prefix.clone(),
        started,
    };
    let truth = runtime.block_on(async {
        signals::end_on_signal(shutdown.clone()).context("listen for signals")?;
        let clock: radio::Clock = Arc::new(|| WallClock.now());
        hall::run(&spec, &dir, clock, shutdown).await.context("run the simulated hall")
    })?;
    runtime.shutdown_background();
    say(&truth);
    Ok(ExitCode::SUCCESS)
}
