//! `platen capture`: records what a port says, and says nothing to it.
//!
//! Nothing is asked, set or acknowledged, so that the stick stays as it is and the monitors still have everything for
//! the box. A box records both sides of its own links when `capture` is set in its configuration.

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, bail};
use appliance::clock::{Clock, WallClock};
use appliance::telemetry;
use domain::LinkName;
use radio::capture::{Direction, Header, Recorder, Tap};
use radio::v3::serial::Port;
use tokio::io::{AsyncRead, AsyncReadExt};
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
    /// The rate the stick is set to; no other is tried
    #[arg(long, default_value_t = 115_200)]
    baud: u32,
    /// The stick's RTS and CTS are wired and in use
    #[arg(long)]
    rts_cts: bool,
}

pub fn run(args: Args) -> Done {
    telemetry::start("info")?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let (ended, summary) = runtime.block_on(async {
        let shutdown = CancellationToken::new();
        signals::end_on_signal(shutdown.clone()).context("listen for signals")?;
        let port = Port::open(&args.port, args.baud, args.rts_cts).context("open the stick's port")?;
        let header = Header { link: args.name, start: WallClock.now() };
        let mut recorder = Recorder::create(&args.to, &header)
            .with_context(|| format!("record to {}", args.to.display()))?;
        let ended = record(port, &mut recorder, &shutdown).await;
        anyhow::Ok((ended, recorder.finish()))
    })?;
    let summary = summary.with_context(|| format!("record to {}", args.to.display()))?;
    let mut console = std::io::stderr();
    let _ = writeln!(console, "recorded {} bytes, lost {}", summary.recorded, summary.lost);
    ended?;
    Ok(if summary.lost == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Until it is told to end. A port that can only be read is all it is given.
async fn record(
    mut port: impl AsyncRead + Unpin,
    recorder: &mut Recorder,
    shutdown: &CancellationToken,
) -> anyhow::Result<()> {
    let mut buffer = vec![0; 64 * 1024];
    while !recorder.is_broken() {
        let length = tokio::select! {
            read = port.read(&mut buffer) => read.context("hear the stick")?,
            () = shutdown.cancelled() => break,
        };
        if length == 0 {
            bail!("the stick was unplugged");
        }
        recorder.bytes(WallClock.now(), Direction::Heard, buffer.get(..length).unwrap_or_default());
    }
    Ok(())
}
