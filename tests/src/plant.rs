//! A simulated plant in a process of its own.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};

use crate::appliance::program;
use crate::wait::until;

/// The simulator: its sticks' ports, and the truth of what its monitors did.
pub struct Plant {
    folder: PathBuf,
    control: PathBuf,
    _child: Child,
}

impl Plant {
    /// Starts `platen sim v3` with its ports in `folder`.
    pub async fn start(folder: &Path, words: &[&str]) -> Result<Plant> {
        std::fs::create_dir_all(folder)?;
        let control = folder.join("control.sock");
        let child = Command::new(program())
            .args(["sim", "v3", "--dir"])
            .arg(folder)
            .arg("--control")
            .arg(&control)
            .args(words)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("start {}", program().display()))?;
        let plant = Plant { folder: folder.to_owned(), control, _child: child };
        until("the simulated plant", Duration::from_secs(60), || async {
            Ok(plant.ask(&json!({"do": "status"})).await.is_ok())
        })
        .await?;
        Ok(plant)
    }

    /// The sticks by name, as a box's links.
    pub fn links(&self) -> Result<Vec<(String, PathBuf)>> {
        let mut links = Vec::new();
        for entry in std::fs::read_dir(&self.folder)? {
            let path = entry?.path();
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if let Some(stick) = name.strip_prefix("stick-") {
                links.push((format!("hall-{stick}"), path));
            }
        }
        links.sort();
        if links.is_empty() {
            bail!("no stick in {}", self.folder.display());
        }
        Ok(links)
    }

    /// One request to the simulator, one answer.
    pub async fn ask(&self, request: &Value) -> Result<Value> {
        let mut socket = UnixStream::connect(&self.control).await.context("reach the simulator")?;
        socket.write_all(format!("{request}\n").as_bytes()).await?;
        let mut line = String::new();
        BufReader::new(socket).read_line(&mut line).await?;
        serde_json::from_str(&line).with_context(|| format!("the simulator's answer to {request}: {line:?}"))
    }
}
