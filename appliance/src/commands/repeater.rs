//! `platen repeater`: passes on what Bluetooth monitors say that are out of a box's reach. It has nothing to configure, keeps
//! nothing, and holds no key.

use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::Context;
use appliance::telemetry;
use domain::Timestamp;
use radio::v4::{Address, bluez};
use tokio_util::sync::CancellationToken;

use super::{Done, signals};

/// Words of `platen repeater`.
#[derive(clap::Args)]
pub struct Args {
    /// The Bluetooth adapter to use, by its address, where the machine has several; else it is the first that is found
    #[arg(long, value_name = "ADDRESS")]
    adapter: Option<Address>,
}

pub fn run(args: Args) -> Done {
    telemetry::start("info")?;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build()?;
    let shutdown = CancellationToken::new();
    runtime.block_on(async { signals::end_on_signal(shutdown.clone()) }).context("listen for signals")?;
    let began = Instant::now();
    // Time that passes, whatever the time of day: small boards learn that late.
    let clock: radio::Clock = Arc::new(move || {
        Timestamp::from_millis(i64::try_from(began.elapsed().as_millis()).unwrap_or(i64::MAX))
    });
    let settings = bluez::Settings { only: args.adapter.into_iter().collect(), ..bluez::Settings::default() };
    tracing::info!(version = env!("CARGO_PKG_VERSION"), "looking for a Bluetooth adapter");
    runtime.block_on(radio::v4::repeat(settings, clock, shutdown));
    runtime.shutdown_background();
    Ok(ExitCode::SUCCESS)
}
