//! `platen check`: holds a store against its laws. Exit status 0 all is well, 1 something was found, 2 could not look.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{SystemTime, UNIX_EPOCH};

use anyhow::Context;
use appliance::control::{Everything, Request};
use appliance::{keys, store};
use domain::Timestamp;

use super::settings::{Folder, Place};
use super::{Done, export};

/// Words of `platen check`.
#[derive(clap::Args)]
#[command(
    after_help = "Exit status: 0 all is well, 1 something was found, 2 it could not look. Looking alters nothing.\n\
                  A repair (of a box that is stopped) writes a new file from all that is whole, says what is lost, and \
                  leaves the old file beside it. Exit status then: 0 nothing was lost, 1 something was, 2 not repaired."
)]
pub struct Args {
    #[command(flatten)]
    folder: Folder,
    /// Save all that is whole into a new file, and say what is lost
    #[arg(long)]
    repair: bool,
}

pub fn run(args: Args, credentials: Option<PathBuf>) -> Done {
    let place = args.folder.read(credentials)?;
    if args.repair {
        return match repair(&place, &mut io::stdout()) {
            Ok(true) => Ok(ExitCode::SUCCESS),
            Ok(false) => Ok(ExitCode::FAILURE),
            Err(error) => {
                let _ = writeln!(io::stderr(), "platen: {error:#}");
                Ok(ExitCode::from(2))
            }
        };
    }
    match export::give(&place, &Request::Check(Everything {}), &mut io::stdout()) {
        Ok(true) => Ok(ExitCode::SUCCESS),
        Ok(false) => Ok(ExitCode::FAILURE),
        Err(error) => {
            let _ = writeln!(io::stderr(), "platen: {error:#}");
            Ok(ExitCode::from(2))
        }
    }
}

fn repair(place: &Place, to: &mut dyn Write) -> anyhow::Result<bool> {
    let keys = keys::to_look(&place.data, &place.key).context("get the keys of the store")?;
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = Timestamp::from_millis(i64::try_from(now.as_millis()).unwrap_or(i64::MAX));
    let repair = store::repair(&place.data, &keys, now).context("repair the store")?;
    for lost in &repair.lost {
        writeln!(to, "lost: {lost}")?;
    }
    for mended in &repair.mended {
        writeln!(to, "mended: {mended}")?;
    }
    for left in &repair.report.findings {
        writeln!(to, "left as it is: {left}")?;
    }
    writeln!(
        to,
        "the new store has {} molds, {} ledger entries and {} cycles; the old one is kept as {}",
        repair.report.molds,
        repair.report.entries,
        repair.report.cycles,
        repair.old.display()
    )?;
    Ok(repair.lost.is_empty() && repair.report.is_clean())
}
