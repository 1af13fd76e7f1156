//! The log: short lines, on the standard error stream.
//!
//! Never in it: keys, link keys and install codes, passwords, set-up codes, session tokens, the bytes of payloads.
//! They live in types without `Display`, and either without `Debug` as well, so that naming one in a log line does not
//! compile, or with a `Debug` that hides them (join codes, hashes, and what holds a radio key, through `secrecy`).
//! `never_a_key_a_password_or_a_session_in_the_log` reads the log at its most talkative.

use std::error::Error;
use std::fmt;
use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;

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
    tracing_subscriber::fmt()
        .with_env_filter(parsed)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .with_target(true)
        .try_init()
        .map_err(StartLog::Start)
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
