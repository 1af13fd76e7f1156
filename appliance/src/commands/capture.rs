//! `platen capture`: brings a link up as a box would, records it, and keeps nothing else.
//!
//! Nothing is acknowledged, so that the monitors still have everything for the box. A box records its own links
//! when `capture` is set in its configuration.

use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use appliance::clock::{Clock, WallClock};
use appliance::telemetry;
use domain::LinkName;
use radio::capture::{Header, Recorder};
use radio::event::{Heard, RadioEvent};
use radio::v3::link::{self, LinkSettings};
use radio::v3::network::FormPolicy;
use radio::v3::profile::Registry;
use radio::v3::profile::open::OpenProfile;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::{Done, signals};

/// Words of `platen capture`.
#[derive(clap::Args)]
pub struct Args {
    /// The stick
    #[arg(long, value_name = "PATH")]
    port: PathBuf,
    /// The file to write; one that is there is never overwritten
    #[arg(long, value_name = "FILE")]
    to: PathBuf,
    /// What the plant calls the link
    #[arg(long, value_name = "NAME", default_value = "link-1")]
    name: LinkName,
    /// The baud rate that is tried first
    #[arg(long, default_value_t = 115_200)]
    baud: u32,
    /// The stick's RTS and CTS are wired and in use
    #[arg(long)]
    rts_cts: bool,
}

pub fn run(args: Args) -> Done {
    telemetry::start("info")?;
    let clock: link::Clock = Arc::new(|| WallClock.now());
    let header = Header { link: args.name.clone(), start: clock() };
    let recorder =
        Recorder::create(&args.to, &header).with_context(|| format!("record to {}", args.to.display()))?;
    let settings = LinkSettings {
        name: args.name,
        path: args.port,
        baud: args.baud,
        rts_cts: args.rts_cts,
        expected: None,
        form: FormPolicy::WhenAsked,
        profiles: Registry::new(vec![Box::new(OpenProfile::new())]),
        tap: Some(Box::new(recorder)),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let shutdown = CancellationToken::new();
        signals::end_on_signal(shutdown.clone()).context("listen for signals")?;
        let (events, mut heard) = mpsc::channel(256);
        // Held until the end: a link whose commands have ended has nothing to do.
        let (_way, commands) = mpsc::channel(1);
        let link = tokio::spawn(link::run(settings, events, commands, clock, shutdown));
        while let Some(event) = heard.recv().await {
            note(&event);
        }
        link.await.context("run the link")
    })?;
    Ok(ExitCode::SUCCESS)
}

fn note(event: &RadioEvent) {
    match &event.what {
        Heard::Link(state) => tracing::info!(?state, "link"),
        Heard::Traffic(traffic) => {
            tracing::info!(
                good = traffic.good,
                damaged = traffic.damaged,
                unknown = traffic.unknown,
                "traffic"
            );
        }
        _ => {}
    }
}
