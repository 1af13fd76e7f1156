//! `platen export`: rows of the store on the standard output, from a running box or from its folder.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::str::FromStr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use appliance::control::{self, Answer, Ask, Request};
use appliance::exchange::{self, Format, Subject, Wanted};
use appliance::keys;
use appliance::store::{OpenStore, Store};
use domain::{MoldName, Timestamp};

use super::Done;
use super::settings::{Folder, Place};

/// How long a store that is in use is waited for.
const PATIENCE: Duration = Duration::from_secs(1);
const PAUSE: Duration = Duration::from_millis(50);

/// Words of `platen export`.
#[derive(clap::Args)]
pub struct Args {
    /// What to give out
    #[arg(value_enum)]
    subject: Subject,
    /// The mold's number, or `all`
    #[arg(long, allow_hyphen_values = true)]
    mold: Which,
    /// The form of the rows
    #[arg(long, value_enum)]
    format: Format,
    /// From then on: 2026-11-23, or 2026-11-23T06:00:00Z; UTC
    #[arg(long, value_parser = exchange::instant)]
    from: Option<Timestamp>,
    /// Before then
    #[arg(long, value_parser = exchange::instant)]
    to: Option<Timestamp>,
    #[command(flatten)]
    folder: Folder,
}

#[derive(Clone)]
enum Which {
    All,
    One(MoldName),
}

impl FromStr for Which {
    type Err = domain::MoldNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text == "all" { Ok(Which::All) } else { text.parse().map(Which::One) }
    }
}

pub fn run(args: Args, credentials: Option<PathBuf>) -> Done {
    let mold = match args.mold {
        Which::All => None,
        Which::One(name) => Some(name),
    };
    let request = Request::Export(Wanted {
        subject: args.subject,
        mold,
        format: args.format,
        from: args.from,
        to: args.to,
    });
    match give(&args.folder.read(credentials)?, &request, &mut BufWriter::new(io::stdout())) {
        Ok(_) => Ok(ExitCode::SUCCESS),
        // Whoever read the rows has enough of them.
        Err(error) if is_broken_pipe(&error) => Ok(ExitCode::SUCCESS),
        Err(error) => Err(error.into()),
    }
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    let io = match (error.downcast_ref(), error.downcast_ref()) {
        (Some(Ask::Write(io)), _) | (_, Some(Answer::Write(io))) => io,
        _ => return false,
    };
    io.kind() == ErrorKind::BrokenPipe
}

/// Asks the box that runs on the folder, or the store itself when none does.
pub fn give(place: &Place, request: &Request, to: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    if let Some(well) = asked(place, request, to)? {
        return Ok(well);
    }
    let keys = keys::to_look(&place.data, &place.key).context("get the keys of the store")?;
    let begun = Instant::now();
    let store = loop {
        match Store::look_at(&place.data, &keys) {
            // A box holds the store before it answers, and a while after.
            Err(OpenStore::InUse { .. }) if begun.elapsed() < PATIENCE => thread::sleep(PAUSE),
            Err(OpenStore::InUse { .. }) => {
                return Err(anyhow!("the store is in use and nobody answers for it: try again in a moment"));
            }
            store => break store.context("open the store")?,
        }
        if let Some(well) = asked(place, request, to)? {
            return Ok(well);
        }
    };
    let well = control::answer(&store, request, to)?;
    to.flush().map_err(Answer::Write)?;
    Ok(well)
}

/// What the box on the folder answers; nothing when none runs.
fn asked(place: &Place, request: &Request, to: &mut dyn Write) -> anyhow::Result<Option<bool>> {
    match control::ask(&place.data, request, to) {
        Err(Ask::NotRunning) => Ok(None),
        answer => Ok(Some(answer?)),
    }
}
