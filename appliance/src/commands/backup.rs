//! `platen backup`: a sealed copy of a box, running or not; keys for it; what became of those the box makes itself.

use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, bail};
use appliance::backup::{self, Recipient, Seal, Status};
use appliance::clock::{Clock, WallClock};
use appliance::control::{self, Ask, Request};
use appliance::keys;
use appliance::store::{self, BackUp, OpenStore, Store};
use clap::Subcommand;
use domain::Timestamp;

use super::Done;
use super::restore::{self, Key};
use super::settings::{Folder, Place};

/// How long a store that is in use is waited for.
const PATIENCE: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(50);

/// Words of `platen backup`.
#[derive(clap::Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub struct Args {
    #[command(subcommand)]
    what: Option<What>,
    /// The file to write, or - for the standard output
    #[arg(long, value_name = "FILE", required = true)]
    to: Option<PathBuf>,
    #[command(flatten)]
    seal: SealWords,
    #[command(flatten)]
    folder: Folder,
}

#[derive(Subcommand)]
enum What {
    /// Keys to seal backups for
    Key {
        #[command(subcommand)]
        what: KeyWhat,
    },
    /// Restore a backup into a folder that is gone afterwards, and check it
    Test(Test),
    /// What became of the backups that the box makes by itself; exit status 0, or 1 when something is wrong
    Status(Folder),
}

#[derive(Subcommand)]
enum KeyWhat {
    /// Make an identity in a new file and print the recipient that goes with it
    New {
        /// The file; keep it away from the box, or with it only if the box is to test its backups whole
        file: PathBuf,
    },
}

#[derive(clap::Args)]
struct Test {
    /// The backup
    file: PathBuf,
    #[command(flatten)]
    key: Key,
    /// Where to make the folder; it takes as much room as the store
    #[arg(long, value_name = "DIR", default_value = "/var/tmp")]
    scratch: PathBuf,
}

#[derive(clap::Args)]
#[group(required = true, multiple = true)]
struct SealWords {
    /// Seal it for this recipient, age1...; may be repeated
    #[arg(long, value_name = "AGE1")]
    recipient: Vec<Recipient>,
    /// Seal it for the recipients in this file, one a line
    #[arg(long, value_name = "FILE")]
    recipients_file: Option<PathBuf>,
    /// Seal it with the passphrase in the first line of this file
    #[arg(long, value_name = "FILE", conflicts_with_all = ["recipient", "recipients_file"])]
    passphrase_file: Option<PathBuf>,
}

impl SealWords {
    fn read(self) -> anyhow::Result<Seal> {
        if let Some(path) = self.passphrase_file {
            return Ok(Seal::Passphrase(backup::passphrase(&path)?));
        }
        let mut recipients = self.recipient;
        if let Some(path) = self.recipients_file {
            recipients.extend(backup::recipients(&path)?);
        }
        Ok(Seal::Recipients(recipients))
    }
}

pub fn run(args: Args, credentials: Option<PathBuf>) -> Done {
    match (args.what, args.to) {
        (Some(What::Key { what: KeyWhat::New { file } }), _) => {
            let recipient = backup::new_identity(&file)?;
            writeln!(io::stdout(), "{recipient}")?;
            Ok(ExitCode::SUCCESS)
        }
        (Some(What::Test(test)), _) => prove(&test),
        (Some(What::Status(folder)), _) => status(&folder.read(credentials)?.data),
        (None, Some(to)) => make(&to, &args.seal.read()?, &args.folder.read(credentials)?),
        // The words are held against each other before.
        (None, None) => Err(anyhow!("expected --to, or one of key, test and status").into()),
    }
}

fn make(to: &Path, seal: &Seal, place: &Place) -> Done {
    let at = WallClock.now();
    let mut source = Source::of(place)?;
    if to.as_os_str() == "-" {
        // Nobody may take half of it for a whole.
        backup::stream(&mut io::stdout().lock(), seal, |to| source.give(&place.data, at, to))?;
        return Ok(ExitCode::SUCCESS);
    }
    let (made, ()) = backup::make(to, seal, |to| source.give(&place.data, at, to))?;
    writeln!(io::stderr(), "{}: {} bytes", to.display(), made.bytes)?;
    Ok(ExitCode::SUCCESS)
}

/// Who gives what belongs into a backup.
enum Source {
    Running,
    Stopped(Store),
}

/// Why it is not given.
#[derive(Debug, thiserror::Error)]
enum Give {
    #[error("ask the running box")]
    Ask(#[source] Ask),
    #[error("read the store")]
    Store(#[source] BackUp),
}

impl Source {
    /// The box that runs on the folder, or the store itself when none does.
    fn of(place: &Place) -> anyhow::Result<Source> {
        let data = place.data.as_path();
        let begun = Instant::now();
        loop {
            if control::is_running(data) {
                return Ok(Source::Running);
            }
            if !data.join(store::FILE).exists() {
                return Err(OpenStore::Missing { path: data.join(store::FILE) }.into());
            }
            let keys = keys::to_look(data, &place.key).context("get the keys of the store")?;
            match Store::look_at(data, &keys) {
                Ok(store) => return Ok(Source::Stopped(store)),
                // A box holds the store before it answers, and a while after.
                Err(OpenStore::InUse { .. }) if begun.elapsed() < PATIENCE => thread::sleep(PAUSE),
                Err(OpenStore::InUse { .. }) => {
                    bail!("the store is in use and nobody answers for it: try again in a moment")
                }
                Err(error) => return Err(error).context("open the store"),
            }
        }
    }

    fn give(&mut self, data: &Path, at: Timestamp, to: &mut dyn Write) -> Result<(), Give> {
        match self {
            Source::Running => {
                let request = Request::Backup(control::Backup { at });
                control::ask(data, &request, to).map(drop).map_err(Give::Ask)
            }
            Source::Stopped(store) => store.back_up(at, to).map(drop).map_err(Give::Store),
        }
    }
}

fn prove(test: &Test) -> Done {
    let scratch = test.scratch.join(format!("platen-backup-test-{}", std::process::id()));
    let proof = backup::test(restore::open(&test.file)?, &test.key.read()?, &scratch)
        .with_context(|| format!("test {}", test.file.display()))?;
    let mut out = io::stdout().lock();
    for finding in &proof.report.findings {
        writeln!(out, "{finding}")?;
    }
    writeln!(out, "{}", restore::told(&proof))?;
    Ok(if proof.report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn status(data: &Path) -> Done {
    let status = Status::load(data).context("read what became of the last backups")?;
    let Some(status) = status else {
        writeln!(io::stdout(), "the box makes no backups by itself: see [backup] in its configuration")?;
        return Ok(ExitCode::FAILURE);
    };
    let mut text = String::new();
    match &status.success {
        None => writeln!(text, "no backup has been made and tested since {}", told(status.since)),
        Some(done) => writeln!(
            text,
            "last backup  {}\nfile         {}\nsize         {} bytes, {} rows, made and tested in {} s\ntested       {}",
            told(done.at),
            done.file.display(),
            done.bytes,
            done.rows,
            done.took_ms.div_ceil(1_000),
            done.tested.told()
        ),
    }?;
    if let Some(failed) = &status.failure {
        writeln!(text, "FAILED       {}: {}", told(failed.at), failed.why)?;
    }
    let complaint = status.complaint(WallClock.now());
    if let Some(why) = complaint.as_ref().filter(|_| status.failure.is_none()) {
        writeln!(text, "ALARM        {why}")?;
    }
    io::stdout().write_all(text.as_bytes())?;
    Ok(if complaint.is_none() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn told(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis())
        .map_or_else(|_| "an unknown time".to_owned(), |at| format!("{at:.0}"))
}
