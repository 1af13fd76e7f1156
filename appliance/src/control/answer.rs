//! What the box answers, whether asked over its socket or with its store at hand.

use std::io::{self, Write};

use domain::MoldName;

use super::request::{Request, ResetAdministrator};
use super::storage;
use crate::accounts::Unfit;
use crate::audit::By;
use crate::exchange::{self, ExportError};
use crate::store::{self, BackUp, Commit, Read, Store};

/// Why there is no whole answer.
#[derive(Debug, thiserror::Error)]
pub enum Answer {
    /// The store.
    #[error("could not read the store")]
    Read(#[source] Read),
    /// The disk.
    #[error("could not measure the room on the disk")]
    Room(#[source] io::Error),
    /// Nobody takes the answer.
    #[error("could not write the answer")]
    Write(#[source] io::Error),
    /// The store does not give a whole backup.
    #[error("could not back up the store")]
    Backup(#[source] BackUp),
    /// The store does not take it.
    #[error("could not change the store")]
    Commit(#[source] Commit),
    /// The register of people does not.
    #[error(transparent)]
    People(Unfit),
    /// There is no mold of that name.
    #[error("there is no mold {0}")]
    NoSuchMold(MoldName),
    /// What was asked makes no sense.
    #[error("{0}")]
    Request(&'static str),
}

impl From<Read> for Answer {
    fn from(error: Read) -> Self {
        Answer::Read(error)
    }
}

impl From<ExportError> for Answer {
    fn from(error: ExportError) -> Self {
        match error {
            ExportError::Read(error) => Answer::Read(error),
            ExportError::Write(error) => Answer::Write(error),
            ExportError::NoSuchMold(mold) => Answer::NoSuchMold(mold),
            ExportError::Nonsense(why) => Answer::Request(why),
        }
    }
}

impl From<io::Error> for Answer {
    fn from(error: io::Error) -> Self {
        Answer::Write(error)
    }
}

/// Answers a request from the store; tells whether all was well (a check may find something).
///
/// # Errors
/// The store cannot be read, the request makes no sense, or nobody takes the answer.
pub fn answer(store: &Store, request: &Request, to: &mut (dyn Write + Send)) -> Result<bool, Answer> {
    match request {
        Request::Export(wanted) => {
            exchange::export(store, wanted, to)?;
            Ok(true)
        }
        Request::Check(_) => check(store, to),
        Request::Backup(backup) => {
            store.back_up(backup.at, to).map_err(Answer::Backup)?;
            Ok(true)
        }
        Request::Storage(how) => {
            storage::tell(store, how.form, to)?;
            Ok(true)
        }
        Request::ResetAdministrator(ResetAdministrator { name, code, at }) => {
            let reset = store.change_people(&By::console(), *at, |known| known.reset(name, *code, *at));
            reset.map_err(Answer::Commit)?.map_err(Answer::People)?;
            Ok(true)
        }
        Request::Health(_) => {
            store.is_set_up()?;
            Ok(true)
        }
        Request::Enrol(_) | Request::Sensor(_) => {
            Err(Answer::Request("only a running box deals with monitors and sensors"))
        }
    }
}

fn check(store: &Store, to: &mut dyn Write) -> Result<bool, Answer> {
    let report = store::check(store)?;
    for finding in &report.findings {
        writeln!(to, "{finding}")?;
    }
    if report.lost > 0 {
        writeln!(to, "{} cycles are counted and their times were lost before", report.lost)?;
    }
    if report.retired > 0 {
        writeln!(
            to,
            "{} cycles were retired: the sums of {} days of molds are kept and not proved by cycles any more",
            report.retired, report.unproven_days
        )?;
    }
    writeln!(
        to,
        "the audit trail has {} entries; the hash of the last one is {}",
        report.trail,
        hex::encode(report.trail_hash)
    )?;
    let pages =
        if report.pages_verified { "every page of the file" } else { "not the file's pages, it is in use" };
    writeln!(
        to,
        "looked at {} molds, {} ledger entries, {} cycles, {} other values and {pages}: {}",
        report.molds,
        report.entries,
        report.cycles,
        report.values,
        match report.findings.len() {
            0 => "all is well".to_owned(),
            1 => "1 finding".to_owned(),
            n => format!("{n} findings"),
        }
    )?;
    Ok(report.is_clean())
}
