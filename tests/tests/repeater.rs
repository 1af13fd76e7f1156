//! `platen repeater` as a service of a small board lives: nothing to configure, a Bluetooth service that may not be there yet,
//! and an end in order.

use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use e2e::appliance::program;
use e2e::hall::Hall;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};
use tokio::time::timeout;

const PATIENCE: Duration = Duration::from_secs(60);

struct Repeater {
    child: Child,
    log: Lines<BufReader<ChildStderr>>,
}

impl Repeater {
    fn start(bus: &str) -> Result<Self> {
        let mut child = Command::new(program())
            .args(["--until-stdin-closes", "repeater"])
            .env("DBUS_SYSTEM_BUS_ADDRESS", bus)
            .stdin(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()?;
        let log = BufReader::new(child.stderr.take().context("its log")?).lines();
        Ok(Repeater { child, log })
    }

    /// Waits for a line of its log.
    async fn says(&mut self, text: &str) -> Result<String> {
        let search = async {
            loop {
                let line =
                    self.log.next_line().await?.with_context(|| format!("it ended without {text:?}"))?;
                if line.contains(text) {
                    return anyhow::Ok(line);
                }
            }
        };
        timeout(PATIENCE, search).await.with_context(|| format!("it never said {text:?}"))?
    }

    async fn end(mut self) -> Result<()> {
        let pid = i32::try_from(self.child.id().context("its number")?)?;
        kill(Pid::from_raw(pid), Signal::SIGTERM)?;
        let status = timeout(PATIENCE, self.child.wait()).await.context("it does not end")??;
        ensure!(status.success(), "it ended with {status}");
        Ok(())
    }
}

#[tokio::test]
async fn a_repeater_finds_an_adapter_by_itself_and_ends_in_order() -> Result<()> {
    let folder = TempDir::new()?;
    let hall = folder.path().join("hall");
    let _hall = Hall::start(&hall, &["--monitors", "1"]).await?;
    let mut repeater = Repeater::start(&format!("unix:path={}", hall.join("bus").display()))?;
    let line = repeater.says("repeating").await?;
    ensure!(line.contains("ble-"), "it says by which adapter: {line}");
    repeater.end().await
}

#[tokio::test]
async fn a_repeater_without_a_bluetooth_service_says_so_and_looks_again() -> Result<()> {
    let folder = TempDir::new()?;
    let mut repeater = Repeater::start(&format!("unix:path={}", folder.path().join("nothing").display()))?;
    for _ in 0..2 {
        let line = repeater.says("out of reach").await?;
        ensure!(line.contains("cannot reach the system's D-Bus"), "{line}");
    }
    repeater.end().await
}
