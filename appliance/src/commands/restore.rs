//! `platen restore`: a box from a backup.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use appliance::backup::{self, Keys, Proof, Target};
use appliance::clock::{Clock, WallClock};

use super::Done;
use super::settings::Folder;

/// Words of `platen restore`.
#[derive(clap::Args)]
#[command(
    after_help = "Nothing of what is there is touched before the whole backup is restored into a folder beside it and \
                  checked. Exit status: 0 restored, 1 not restored."
)]
pub struct Args {
    /// The backup
    file: PathBuf,
    #[command(flatten)]
    key: Key,
    /// Put a store that is there aside, into a folder before-restore-... in the data folder
    #[arg(long)]
    replace: bool,
    /// Restore a store that is not in order, too: better than none
    #[arg(long)]
    with_findings: bool,
    #[command(flatten)]
    folder: Folder,
}

/// What opens a backup.
#[derive(clap::Args)]
#[group(required = true, multiple = false)]
pub struct Key {
    /// The file with the identity, as `platen backup key new` makes it
    #[arg(long, value_name = "FILE")]
    identity: Option<PathBuf>,
    /// A file whose first line is the passphrase
    #[arg(long, value_name = "FILE")]
    passphrase_file: Option<PathBuf>,
}

impl Key {
    /// Reads it.
    pub fn read(&self) -> anyhow::Result<Keys> {
        match (&self.identity, &self.passphrase_file) {
            (Some(identity), _) => Ok(backup::identities(identity)?),
            (_, Some(passphrase)) => Ok(Keys::Passphrase(backup::passphrase(passphrase)?)),
            // The words are held against each other before.
            (None, None) => anyhow::bail!("expected --identity or --passphrase-file"),
        }
    }
}

pub fn run(args: Args, credentials: Option<PathBuf>) -> Done {
    let place = args.folder.read(credentials)?;
    let target = Target {
        data: place.data,
        key: place.key,
        replace: args.replace,
        with_findings: args.with_findings,
        now: WallClock.now(),
    };
    let restored = backup::restore(open(&args.file)?, &args.key.read()?, &target).map_err(|error| {
        let changed = if error.changed_nothing() { ": nothing was changed" } else { "" };
        anyhow::Error::new(error).context(format!("restore {}{changed}", args.file.display()))
    })?;
    let mut out = io::stdout().lock();
    writeln!(out, "restored to {}: {}", target.data.display(), told(&restored.proof))?;
    for finding in &restored.proof.report.findings {
        writeln!(out, "not in order: {finding}")?;
    }
    if let Some(before) = restored.before {
        writeln!(out, "what was there is in {}", before.display())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The file of a backup.
pub fn open(path: &Path) -> anyhow::Result<File> {
    File::open(path).with_context(|| format!("open the backup {}", path.display()))
}

/// What a backup holds.
pub fn told(proof: &Proof) -> String {
    let made = jiff::Timestamp::from_millisecond(proof.made.as_millis())
        .map_or_else(|_| "an unknown time".to_owned(), |at| format!("{at:.0}"));
    let report = &proof.report;
    format!(
        "the box as of {made}, made by version {}: {} molds, {} ledger entries, {} cycles, {} rows in all, {}",
        proof.program,
        report.molds,
        report.entries,
        report.cycles,
        proof.rows,
        if report.is_clean() { "all is well" } else { "NOT all is well" },
    )
}
