//! The log: short lines, on the standard error stream.
//!
//! Never in it: keys, link keys and install codes, passwords, set-up codes, session tokens, the bytes of payloads.
//! They live in types without `Display`, and either without `Debug` as well, so that naming one in a log line does not
//! compile, or with a `Debug` that hides them (join codes, hashes, and what holds a radio key, through `secrecy`).
//! `never_a_key_a_password_or_a_session_in_the_log` reads the log at its most talkative.

use std::collections::VecDeque;
use std::error::Error;
use std::fmt;
use std::io::{self, IsTerminal};
use std::sync::{Mutex, PoisonError};

use tracing_subscriber::filter::{ParseError, filter_fn};
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Layer, fmt as lines, registry};

/// The last of the log, for the support bundle; bytes.
const RECENT: usize = 256 << 10;
/// What people did is told by the audit trail, with their names; nobody's name goes into a support bundle.
const NAMES_PEOPLE: &str = "appliance::audit";

static RECENTLY: Mutex<VecDeque<u8>> = Mutex::new(VecDeque::new());

/// Why there is no log.
#[derive(Debug, thiserror::Error)]
pub enum StartLog {
    /// The filter is not one.
    #[error("understand the log filter {0:?}")]
    Filter(String, #[source] ParseError),
    /// There is one already.
    #[error("start the log")]
    Start(#[source] Box<dyn Error + Send + Sync>),
}

/// Starts the log with a filter such as `info` or `info,radio=debug`.
///
/// # Errors
/// The filter is not one, or there is a log already.
pub fn start(filter: &str) -> Result<(), StartLog> {
    let parsed = EnvFilter::builder().parse(filter).map_err(|e| StartLog::Filter(filter.to_owned(), e))?;
    let to_console = lines::layer().with_writer(io::stderr).with_ansi(io::stderr().is_terminal());
    let to_memory = lines::layer()
        .with_writer(|| Recent)
        .with_ansi(false)
        .with_filter(filter_fn(|line| !line.target().starts_with(NAMES_PEOPLE)));
    let started = registry().with(parsed).with(to_console).with(to_memory).try_init();
    started.map_err(|why| StartLog::Start(why.into()))
}

/// The last lines of the log, but for those that name people.
#[must_use]
pub fn recent() -> String {
    let kept: Vec<u8> = RECENTLY.lock().unwrap_or_else(PoisonError::into_inner).iter().copied().collect();
    let text = String::from_utf8_lossy(&kept);
    // The first line may be cut.
    if kept.len() < RECENT {
        text.into_owned()
    } else {
        text.lines().skip(1).map(|line| format!("{line}\n")).collect()
    }
}

/// Keeps the end of what is written.
struct Recent;

impl io::Write for Recent {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let mut kept = RECENTLY.lock().unwrap_or_else(PoisonError::into_inner);
        kept.extend(bytes);
        let over = kept.len().saturating_sub(RECENT);
        kept.drain(..over);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// An error with everything that lies under it, on one line.
pub struct Chain<'a>(pub &'a (dyn Error + 'static));

impl fmt::Display for Chain<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = self.0.source();
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
