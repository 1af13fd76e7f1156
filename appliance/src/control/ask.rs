//! The asking side.

use std::io::{self, BufRead, BufReader, ErrorKind, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::pieces;
use super::request::Request;
use super::socket::Place;

/// The last line of an answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    /// That was all.
    Done {
        /// Lines before this one.
        lines: u64,
        /// All was well.
        clean: bool,
    },
    /// It was not all, and why.
    Failed(String),
}

/// Why a box gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum Ask {
    /// No box runs on that directory.
    #[error("no box answers in this data directory")]
    NotRunning,
    /// The talk with it failed.
    #[error("could not talk with the box")]
    Talk(#[source] io::Error),
    /// Nobody takes the answer.
    #[error("could not write the answer")]
    Write(#[source] io::Error),
    /// The box says why.
    #[error("{0}")]
    Refused(String),
    /// The answer ended early.
    #[error("the answer was cut short: the box stopped or the connection broke")]
    CutShort,
}

/// Asks the box that keeps its data in `dir`; tells whether all was well.
///
/// # Errors
/// No box, no whole answer, or the box refuses.
pub fn ask(dir: &Path, request: &Request, to: &mut dyn Write) -> Result<bool, Ask> {
    let place = Place::in_directory(dir).map_err(Ask::Talk)?;
    let mut stream = match UnixStream::connect(place.path()) {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused) => {
            return Err(Ask::NotRunning);
        }
        Err(error) => return Err(Ask::Talk(error)),
    };
    let mut line = serde_json::to_vec(request).map_err(|error| Ask::Talk(error.into()))?;
    line.push(b'\n');
    stream.write_all(&line).map_err(Ask::Talk)?;
    let from = BufReader::new(stream);
    if request.is_answered_in_lines() { copy(from, to) } else { pieces::copy(from, to) }
}

/// Whether a box answers in this data directory.
#[must_use]
pub fn is_running(dir: &Path) -> bool {
    Place::in_directory(dir).is_ok_and(|place| UnixStream::connect(place.path()).is_ok())
}

/// Passes every line on but the last, which is the status.
pub(super) fn copy(mut from: impl BufRead, to: &mut dyn Write) -> Result<bool, Ask> {
    let mut held: Vec<u8> = Vec::new();
    let mut lines = 0u64;
    loop {
        let mut line = Vec::new();
        let length = match from.read_until(b'\n', &mut line) {
            Ok(length) => length,
            // A box that goes away resets the connection.
            Err(error) if error.kind() == ErrorKind::ConnectionReset => 0,
            Err(error) => return Err(Ask::Talk(error)),
        };
        if length == 0 {
            break;
        }
        if !held.is_empty() {
            to.write_all(&held).map_err(Ask::Write)?;
            lines = lines.saturating_add(1);
        }
        held = line;
    }
    to.flush().map_err(Ask::Write)?;
    settle(&held, lines)
}

/// What the status says, `before` lines or pieces after the answer began.
pub(super) fn settle(status: &[u8], before: u64) -> Result<bool, Ask> {
    match serde_json::from_slice(status) {
        Ok(Status::Done { lines: told, clean }) if told == before => Ok(clean),
        Ok(Status::Failed(why)) => Err(Ask::Refused(why)),
        Ok(Status::Done { .. }) | Err(_) => Err(Ask::CutShort),
    }
}
