//! A simulated hall of Bluetooth monitors in a process of its own, with a bus of its own.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, ensure};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use tokio::process::{Child, Command};

use crate::appliance::{Appliance, program};
use crate::wait::until;

/// The hall: its bus, and the truth of what its monitors did.
pub struct Hall {
    folder: PathBuf,
    _child: Child,
}

impl Hall {
    /// Starts `platen sim v4` in `folder`. It ends when its input is closed, and its bus with it.
    pub async fn start(folder: &Path, words: &[&str]) -> Result<Hall> {
        std::fs::create_dir_all(folder)?;
        let child = Command::new(program())
            .args(["--until-stdin-closes", "sim", "v4", "--dir"])
            .arg(folder)
            .args(words)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .with_context(|| format!("start {}", program().display()))?;
        let hall = Hall { folder: folder.to_owned(), _child: child };
        until("the simulated hall", Duration::from_secs(60), || async {
            Ok(hall.ask(&json!({"do": "truth"})).await.is_ok())
        })
        .await?;
        Ok(hall)
    }

    /// A box that listens there.
    #[must_use]
    pub fn heard_by(&self, appliance: Appliance) -> Appliance {
        let bonds = self.folder.join("bonds");
        appliance
            .with(&format!("[bluetooth]\nenabled = true\nbonds = {bonds:?}\n"))
            .on_bus(&format!("unix:path={}", self.folder.join("bus").display()))
    }

    /// One request to the simulator, one answer.
    pub async fn ask(&self, request: &Value) -> Result<Value> {
        let mut socket = UnixStream::connect(self.folder.join("control.sock")).await?;
        socket.write_all(format!("{request}\n").as_bytes()).await?;
        let mut line = String::new();
        BufReader::new(socket).read_line(&mut line).await?;
        let answer: Value = serde_json::from_str(&line)
            .with_context(|| format!("the hall's answer to {request}: {line:?}"))?;
        ensure!(answer["ok"] != json!(false), "the hall refuses {request}: {answer}");
        Ok(answer)
    }
}
