//! `platen support`: a bundle for whoever helps.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use appliance::clock::{Clock, WallClock};
use appliance::control::{Backup, Request};

use super::settings::Folder;
use super::{Done, export};

/// Words of `platen support`.
#[derive(clap::Args)]
#[command(
    after_help = "In it: version, configuration, check, counts, storage, alarms, radios, measures and the last lines of the log; of a box \
                  that is stopped what its store tells. Not in it: keys, codes, tokens, passwords, people's names, cycles. It is written \
                  down in the audit trail of a running box."
)]
pub struct Args {
    /// The file to write, which must not be there: a .tar.zst
    file: PathBuf,
    #[command(flatten)]
    folder: Folder,
}

pub fn run(args: Args, credentials: Option<PathBuf>) -> Done {
    let place = args.folder.read(credentials)?;
    let mut bundle = Vec::new();
    export::give(&place, &Request::Support(Backup { at: WallClock.now() }), &mut bundle)?;
    let named = || format!("write {}", args.file.display());
    let mut file =
        OpenOptions::new().write(true).create_new(true).mode(0o600).open(&args.file).with_context(named)?;
    file.write_all(&bundle).with_context(named)?;
    file.sync_all().with_context(named)?;
    Ok(ExitCode::SUCCESS)
}
