//! A box: the real program, its data in a throw-away folder, its web server on loopback.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use anyhow::{Context, Result, bail, ensure};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use crate::wait::until;

/// The program under test: `PLATEN_BIN`, or the developer's build.
#[must_use]
pub fn program() -> PathBuf {
    std::env::var_os("PLATEN_BIN")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/debug/platen"), PathBuf::from)
}

/// A box that can be killed and started again on the same data.
pub struct Appliance {
    folder: PathBuf,
    port: u16,
    links: Vec<(String, PathBuf)>,
    section: String,
    bus: Option<String>,
    child: Option<Child>,
    console: Arc<Mutex<String>>,
}

impl Appliance {
    /// A box in `folder` that hears the sticks at these paths, by name. Not started yet.
    pub fn new(folder: &Path, links: &[(String, PathBuf)]) -> Result<Appliance> {
        std::fs::create_dir_all(folder)?;
        // Asked for and given back: the kernel hands out the next free port, so that two boxes do not meet.
        let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        Ok(Appliance {
            folder: folder.to_owned(),
            port,
            links: links.to_vec(),
            section: String::new(),
            bus: None,
            child: None,
            console: Arc::default(),
        })
    }

    /// The same with another section in its configuration.
    #[must_use]
    pub fn with(self, section: &str) -> Appliance {
        Appliance { section: section.to_owned(), ..self }
    }

    /// The same with the system's bus elsewhere: at this address.
    #[must_use]
    pub fn on_bus(self, address: &str) -> Appliance {
        Appliance { bus: Some(address.to_owned()), ..self }
    }

    /// Where the box keeps its data.
    #[must_use]
    pub fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    /// Its configuration, once it was started.
    #[must_use]
    pub fn config(&self) -> PathBuf {
        self.folder.join("platen.toml")
    }

    /// Address of a page.
    #[must_use]
    pub fn url(&self, path: &str) -> String {
        format!("https://localhost:{}{path}", self.port)
    }

    /// Everything the box has said on its console so far.
    #[must_use]
    pub fn console(&self) -> String {
        self.console.lock().map(|text| text.clone()).unwrap_or_default()
    }

    /// The word after `label` on the console.
    pub fn said(&self, label: &str) -> Result<String> {
        let console = self.console();
        console
            .lines()
            .rev()
            .find_map(|line| line.split_once(label))
            .map(|(_, rest)| rest.trim().to_owned())
            .with_context(|| format!("the box did not say {label:?}:\n{console}"))
    }

    /// The process.
    #[must_use]
    pub fn pid(&self) -> Option<u32> {
        self.child.as_ref().and_then(Child::id)
    }

    fn write_config(&self) -> Result<PathBuf> {
        let (path, key) = (self.config(), self.folder.join("store.key"));
        if !key.exists() {
            let made = std::process::Command::new(program()).args(["key", "new"]).arg(&key).output()?;
            ensure!(made.status.success(), "make a key: {}", String::from_utf8_lossy(&made.stderr));
        }
        let mut text = format!(
            "data = {:?}\n[store]\nkey = {key:?}\n[web]\nlisten = \"127.0.0.1:{}\"\nhttp_redirect = \"\"\n",
            self.data(),
            self.port
        );
        text.push_str(&self.section);
        for (name, link) in &self.links {
            text.push_str(&format!("[[link]]\nname = {name:?}\npath = {link:?}\n"));
        }
        std::fs::write(&path, text)?;
        Ok(path)
    }

    /// Starts the program and waits until it says that it is healthy.
    pub async fn start(&mut self) -> Result<()> {
        let config = self.write_config()?;
        let mut command = Command::new(program());
        command.envs(self.bus.as_ref().map(|bus| ("DBUS_SYSTEM_BUS_ADDRESS", bus)));
        let mut child = command
            .arg("serve")
            .arg("--config")
            .arg(&config)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("start {} (is it built? `just build`)", program().display()))?;
        self.listen(child.stdout.take());
        self.listen(child.stderr.take());
        self.child = Some(child);
        let healthy = until("the box to be healthy", Duration::from_secs(60), || async {
            Ok(self.run(&["healthcheck", "--config", &config.display().to_string()]).await?.status.success())
        });
        healthy.await.with_context(|| format!("the box's console:\n{}", self.console()))
    }

    fn listen(&self, pipe: Option<impl tokio::io::AsyncRead + Unpin + Send + 'static>) {
        let Some(pipe) = pipe else { return };
        let console = Arc::clone(&self.console);
        tokio::spawn(async move {
            let mut lines = BufReader::new(pipe).lines();
            while let Ok(Some(line)) = lines.next_line().await {
                if let Ok(mut text) = console.lock() {
                    text.push_str(&line);
                    text.push('\n');
                }
            }
        });
    }

    async fn end(&mut self, signal: Signal) -> Result<()> {
        let Some(mut child) = self.child.take() else { bail!("the box does not run") };
        let pid = child.id().context("the box has ended by itself")?;
        kill(Pid::from_raw(i32::try_from(pid)?), signal)?;
        tokio::time::timeout(Duration::from_secs(30), child.wait())
            .await
            .context("the box does not end")??;
        Ok(())
    }

    /// Pulls the plug: SIGKILL.
    pub async fn kill(&mut self) -> Result<()> {
        self.end(Signal::SIGKILL).await
    }

    /// Asks the box to end.
    pub async fn stop(&mut self) -> Result<()> {
        self.end(Signal::SIGTERM).await
    }

    /// Runs the program with other words, beside the box.
    pub async fn run(&self, words: &[&str]) -> Result<Output> {
        let words = words.to_owned();
        Command::new(program())
            .args(&words)
            .stdin(Stdio::null())
            .output()
            .await
            .with_context(|| format!("run {words:?}"))
    }

    /// Runs the program and insists on success; what it wrote.
    pub async fn must(&self, words: &[&str]) -> Result<String> {
        let output = self.run(words).await?;
        if !output.status.success() {
            bail!("{words:?} ended with {}: {}", output.status, String::from_utf8_lossy(&output.stderr));
        }
        Ok(String::from_utf8(output.stdout)?)
    }
}
