//! A real browser: headless Chromium through its own WebDriver, both children of the test.

use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result};
use fantoccini::wd::WebDriverCompatibleCommand;
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

/// How large the window is and how it looks.
#[derive(Debug, Clone, Copy)]
pub struct Look {
    /// Width, CSS pixels.
    pub width: u32,
    /// Height, CSS pixels.
    pub height: u32,
    /// The person prefers a dark page.
    pub dark: bool,
}

impl Look {
    /// An office screen.
    pub const DESKTOP: Look = Look { width: 1440, height: 900, dark: false };
    /// The tablet at the press.
    pub const TABLET: Look = Look { width: 820, height: 1180, dark: false };
    /// A phone.
    pub const PHONE: Look = Look { width: 360, height: 780, dark: false };

    /// The same window for a person who prefers a dark page.
    #[must_use]
    pub const fn dark(self) -> Look {
        Look { dark: true, ..self }
    }
}

impl std::fmt::Display for Look {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}-{}", self.width, if self.dark { "dark" } else { "light" })
    }
}

/// Chromium and its driver; both end with it.
pub struct Browser {
    /// Commands for the page.
    pub page: Client,
    _driver: Child,
    _profile: TempDir,
}

fn program(variable: &str, usual: &[&str]) -> Result<PathBuf> {
    if let Some(path) = std::env::var_os(variable) {
        return Ok(path.into());
    }
    usual
        .iter()
        .flat_map(|name| ["/usr/bin", "/usr/local/bin", "/snap/bin"].map(|dir| PathBuf::from(dir).join(name)))
        .find(|path| path.exists())
        .with_context(|| format!("no {}: run `./justw setup`, or set {variable}", usual[0]))
}

impl Browser {
    /// Starts a fresh browser without any profile of a person.
    pub async fn start(look: Look) -> Result<Browser> {
        Browser::start_with(look, &[]).await
    }

    /// As [`Self::start`]; its camera sees this film (Y4M), and it may use it.
    pub async fn start_with_camera(look: Look, film: &std::path::Path) -> Result<Browser> {
        let words = [
            "--use-fake-device-for-media-stream".to_owned(),
            "--use-fake-ui-for-media-stream".to_owned(),
            format!("--use-file-for-fake-video-capture={}", film.display()),
        ];
        Browser::start_with(look, &words).await
    }

    async fn start_with(look: Look, more: &[String]) -> Result<Browser> {
        let chromium = program("PLATEN_CHROMIUM", &["chromium", "chromium-browser", "google-chrome"])?;
        let driver = program("PLATEN_CHROMEDRIVER", &["chromedriver"])?;
        let profile = TempDir::new()?;
        let mut driver = Command::new(&driver)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .kill_on_drop(true)
            .spawn()
            .with_context(|| format!("start {}", driver.display()))?;
        let mut lines = BufReader::new(driver.stdout.take().context("the driver's output")?).lines();
        let port: u16 = loop {
            let line = lines.next_line().await?.context("chromedriver ended before it told its port")?;
            if let Some((_, port)) = line.split_once("started successfully on port ") {
                break port.trim_end_matches('.').parse().context("chromedriver's port")?;
            }
        };
        tokio::spawn(async move { while let Ok(Some(_)) = lines.next_line().await {} });

        let mut arguments = vec![
            "--headless=new".to_owned(),
            "--disable-gpu".to_owned(),
            "--disable-dev-shm-usage".to_owned(),
            "--no-first-run".to_owned(),
            "--disable-quic".to_owned(),
            "--disable-background-networking".to_owned(),
            "--disable-component-update".to_owned(),
            "--disable-sync".to_owned(),
            "--hide-scrollbars".to_owned(),
            format!("--window-size={},{}", look.width, look.height),
            format!("--user-data-dir={}", profile.path().display()),
        ];
        arguments.extend_from_slice(more);
        if std::fs::metadata("/proc/self").is_ok_and(|me| std::os::unix::fs::MetadataExt::uid(&me) == 0) {
            // Chromium's sandbox refuses to run as root.
            arguments.push("--no-sandbox".to_owned());
        }
        if look.dark {
            arguments.push("--blink-settings=preferredColorScheme=0".to_owned());
        }
        let mut options = json!({ "binary": chromium, "args": arguments });
        if look.width < 500 {
            // A window has a least width; a phone is emulated.
            let metrics =
                json!({ "width": look.width, "height": look.height, "pixelRatio": 2.0, "touch": true });
            options["mobileEmulation"] = json!({ "deviceMetrics": metrics });
        }
        let capabilities = json!({
            "goog:chromeOptions": options,
            "goog:loggingPrefs": { "browser": "ALL" },
            // The box's own authority is not installed in a throw-away browser.
            "acceptInsecureCerts": true,
        });
        let capabilities = capabilities.as_object().cloned().context("capabilities")?;
        let page = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{port}"))
            .await
            .context("open a browser window")?;
        Ok(Browser { page, _driver: driver, _profile: profile })
    }

    /// What a script in the page returns.
    pub async fn eval(&self, script: &str) -> Result<serde_json::Value> {
        Ok(self.page.execute(script, vec![]).await?)
    }

    /// Waits until the script returns true.
    pub async fn until(&self, what: &str, script: &str) -> Result<()> {
        self.until_within(what, script, Duration::from_secs(30)).await
    }

    /// Waits so long until the script returns true.
    pub async fn until_within(&self, what: &str, script: &str, patience: Duration) -> Result<()> {
        crate::wait::until(what, patience, || async { Ok(self.eval(script).await? == json!(true)) }).await
    }

    /// What the browser complained of since it was last asked: errors of scripts, refusals of the page's policy,
    /// pages that the browser's half drew otherwise than the box's.
    pub async fn complaints(&self) -> Result<Vec<String>> {
        let log = self.page.issue_cmd(ConsoleLog).await.context("read the browser's console")?;
        let entries = log.as_array().context("the console's entries")?;
        let grave = entries.iter().filter(|entry| entry["level"] == "SEVERE" || entry["level"] == "WARNING");
        Ok(grave.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect())
    }

    /// Writes what the window shows to a PNG.
    pub async fn picture(&self, path: &std::path::Path) -> Result<()> {
        let png = self.page.screenshot().await?;
        std::fs::write(path, png).with_context(|| format!("write {}", path.display()))
    }

    /// Ends the session; the programs end with the value.
    pub async fn close(self) -> Result<()> {
        Ok(self.page.close().await?)
    }
}

/// Chromedriver's own command for what the console says; the standard has none.
#[derive(Debug)]
struct ConsoleLog;

impl WebDriverCompatibleCommand for ConsoleLog {
    fn endpoint(&self, base: &url::Url, session: Option<&str>) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (http::Method::POST, Some(json!({ "type": "browser" }).to_string()))
    }
}
