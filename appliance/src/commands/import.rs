//! `platen import`: cycles from the system that a plant leaves, into the store of a box that is stopped.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use appliance::audit::{Act, By, Happened, What};
use appliance::clock::{Clock, WallClock};
use appliance::exchange::Format;
use appliance::exchange::import::{Import, MoldImport, Problems};
use appliance::keys;
use appliance::store::{self, Store};

use super::Done;
use super::settings::{Folder, Place, refused};

/// What the box is stopped for.
const ACT: &str = "import";
/// The longest name of a person or account in the ledger.
const LONGEST_NAME: usize = 64;

/// Words of `platen import`.
#[derive(clap::Args)]
#[command(
    after_help = "Exit status: 0 all of it is there, 1 nothing was imported (bad rows are listed), 2 the command makes \
                  no sense. The box must be stopped. docs/data.md says what a file may hold and what it does."
)]
pub struct Args {
    /// What the file holds
    #[arg(value_enum)]
    subject: Subject,
    /// The file
    file: PathBuf,
    /// The form of its rows, if its name does not end in it
    #[arg(long, value_enum)]
    format: Option<Format>,
    /// Only say what would be done
    #[arg(long)]
    dry_run: bool,
    /// Who brings it, for the ledger; the account that runs this if nobody is named
    #[arg(long, value_name = "NAME", value_parser = name)]
    by: Option<String>,
    #[command(flatten)]
    folder: Folder,
}

/// What can be taken in.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Subject {
    /// Cycles with their times
    Cycles,
}

fn name(text: &str) -> Result<String, String> {
    let fits = (1..=LONGEST_NAME).contains(&text.chars().count())
        && text.trim() == text
        && !text.chars().any(char::is_control);
    if fits {
        Ok(text.to_owned())
    } else {
        Err(format!("a name is 1 to {LONGEST_NAME} printable characters"))
    }
}

pub fn run(args: Args, credentials: Option<PathBuf>) -> Done {
    let Subject::Cycles = args.subject;
    let ending = args.file.extension().and_then(|ending| ending.to_str());
    let Some(format) = args.format.or_else(|| ending.and_then(Format::of_ending)) else {
        return Err(anyhow!(
            "the file's name does not end in csv, jsonl or parquet: say its form with --format"
        )
        .into());
    };
    let place = args.folder.read(credentials)?;
    let store = if args.dry_run { look(&place)? } else { open_if_there(&place)? };
    let scratch = place.data.ancestors().find(|folder| folder.is_dir()).unwrap_or(Path::new("."));
    let import = Import::read(&args.file, format, store.as_ref(), scratch)
        .with_context(|| format!("import {}", args.file.display()))?;
    if import.problems().count() > 0 {
        list(import.problems(), format)?;
        let rows = count(import.problems().count(), "fault", "faults");
        return Err(anyhow!("nothing is imported: the file has {rows}").into());
    }
    if !args.dry_run {
        let store = match store {
            Some(store) => store,
            None => place.open_stopped(ACT)?,
        };
        let (by, now) = (args.by.unwrap_or_else(account), WallClock.now());
        import.write(&store, &by, now)?;
        let file = args.file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        let act = Act::new(What::Import, file).after(format!("SHA-256 {}", hex::encode(import.sha256())));
        let by = By { name: Some(by), ..By::console() };
        store.write_down(&[Happened { at: now, by, act }]).context("write down the import")?;
    }
    tell(&import, args.dry_run)?;
    Ok(ExitCode::SUCCESS)
}

/// To say what would be done, nothing is made or altered.
fn look(place: &Place) -> anyhow::Result<Option<Store>> {
    if !place.data.join(store::FILE).exists() {
        return Ok(None);
    }
    let keys = keys::to_look(&place.data, &place.key).context("get the keys of the store")?;
    Store::look_at(&place.data, &keys).map(Some).map_err(|error| refused(error, ACT))
}

/// A store that is not there is made when the file turns out to be good.
fn open_if_there(place: &Place) -> anyhow::Result<Option<Store>> {
    if place.data.join(store::FILE).exists() { place.open_stopped(ACT).map(Some) } else { Ok(None) }
}

/// The account that runs this.
fn account() -> String {
    let id = nix::unistd::Uid::current();
    let user = nix::unistd::User::from_uid(id).ok().flatten();
    user.map_or_else(|| format!("account {id}"), |user| user.name)
}

fn list(problems: &Problems, format: Format) -> io::Result<()> {
    let mut to = io::stderr().lock();
    for problem in problems.listed() {
        match (format, problem.row) {
            (Format::Parquet, 0) => write!(to, "schema")?,
            (Format::Parquet, row) => write!(to, "row {row}")?,
            (_, row) => write!(to, "line {row}")?,
        }
        writeln!(to, ": {problem}")?;
    }
    if problems.more() > 0 {
        writeln!(to, "and {} more", problems.more())?;
    }
    Ok(())
}

fn tell(import: &Import, dry_run: bool) -> io::Result<()> {
    let mut to = io::stdout().lock();
    let molds = import.molds();
    for mold in molds.iter().filter(|mold| mold.timed > 0) {
        writeln!(to, "{}", sentence(mold))?;
    }
    let there = molds.iter().map(|mold| mold.there).sum::<u64>();
    if there > 0 {
        writeln!(to, "{} there already: nothing changes for them", count(there, "row is", "rows are"))?;
    }
    writeln!(to, "file: SHA-256 {}", hex::encode(import.sha256()))?;
    if dry_run {
        writeln!(to, "nothing was written: this was a dry run")?;
    }
    Ok(())
}

fn sentence(mold: &MoldImport) -> String {
    let times = count(mold.timed, "cycle with its time", "cycles with their times");
    let counted = mold.counted;
    let name = &mold.mold;
    if mold.new {
        format!("{name}: {times}; {counted} counted on top of {} before; the mold is new", mold.baseline)
    } else {
        format!("{name}: {times}; {counted} counted")
    }
}

fn count(number: u64, one: &str, more: &str) -> String {
    format!("{number} {}", if number == 1 { one } else { more })
}
