//! The asking side.

use std::io::{self, BufRead, BufReader, ErrorKind, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::chunks;
use super::request::{Backup, Request};
use super::socket::Place;

/// A status is never longer.
const LONGEST_STATUS: u64 = 64 << 10;

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
    copy(talk(dir, request)?, to)
}

/// Asks the box that keeps its data in `dir` for the whole store as one open stream.
///
/// # Errors
/// As [`ask`].
pub fn ask_backup(dir: &Path, backup: Backup, to: &mut dyn Write) -> Result<(), Ask> {
    let mut from = talk(dir, &Request::Backup(backup))?;
    chunks::copy(&mut from, to)?;
    // What follows the chunks is the status and nothing else.
    copy_status(from).map(drop)
}

/// Whether a box answers in this data directory.
#[must_use]
pub fn is_running(dir: &Path) -> bool {
    Place::in_directory(dir).is_ok_and(|place| UnixStream::connect(place.path()).is_ok())
}

/// Says a request and gives what the answer is read from.
fn talk(dir: &Path, request: &Request) -> Result<BufReader<UnixStream>, Ask> {
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
    Ok(BufReader::new(stream))
}

fn copy_status(from: impl BufRead) -> Result<(), Ask> {
    let mut status = Vec::new();
    from.take(LONGEST_STATUS).read_to_end(&mut status).map_err(Ask::Talk)?;
    match serde_json::from_slice(&status) {
        Ok(Status::Done { clean: true, .. }) => Ok(()),
        Ok(Status::Failed(why)) => Err(Ask::Refused(why)),
        Ok(Status::Done { .. }) | Err(_) => Err(Ask::CutShort),
    }
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
    match serde_json::from_slice(&held) {
        Ok(Status::Done { lines: told, clean }) if told == lines => Ok(clean),
        Ok(Status::Failed(why)) => Err(Ask::Refused(why)),
        Ok(Status::Done { .. }) | Err(_) => Err(Ask::CutShort),
    }
}
