//! `platen serve`

use std::io::Write;
use std::path::PathBuf;
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::Context;
use appliance::clock::WallClock;
use appliance::{Announcement, backup, keys, telemetry, web};
use tokio_util::sync::CancellationToken;

use super::settings::Settings;
use super::{Done, signals};

/// Words of `platen serve`.
#[derive(clap::Args)]
pub struct Args {
    #[command(flatten)]
    settings: Settings,
}

pub fn run(args: Args, credentials: Option<PathBuf>) -> Done {
    let config = args.settings.read(credentials)?;
    telemetry::start(&config.log)?;
    let listeners = web::bind(&config.web)?;
    // Before anything listens for signals: a passphrase may have to be typed.
    // A restore that a power cut ended goes on before anything looks at the store.
    if backup::finish(&config.data)? {
        tracing::info!("a restore that was interrupted is finished");
    }
    let keys = keys::to_serve(&config.data, &config.store).context("get the keys of the store")?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .context("start the runtime")?;
    let outcome = runtime.block_on(async {
        let shutdown = CancellationToken::new();
        signals::end_on_signal(shutdown.clone()).context("listen for signals")?;
        appliance::run(config, keys, listeners, Arc::new(WallClock), shutdown, announce)
            .await
            .context("run the box")
    });
    runtime.shutdown_timeout(std::time::Duration::from_secs(5));
    outcome?;
    Ok(ExitCode::SUCCESS)
}

/// Tells whoever looks at the console where the box is and how to get in.
fn announce(announcement: &Announcement) {
    let mut text = format!("address      {}\n", announcement.address);
    text.push_str(&format!("certificate  SHA-256 {}\n", announcement.certificate));
    text.push_str(&format!("authority    SHA-256 {}\n", announcement.authority));
    if let Some(code) = &announcement.setup_code {
        text.push_str(&format!("set-up code  {code}\n"));
    }
    // A console that is gone is no reason not to serve.
    let mut console = std::io::stdout();
    let _ = console.write_all(text.as_bytes()).and_then(|()| console.flush());
}
