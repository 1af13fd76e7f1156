//! `platen export`: rows of the store on the standard output, from a running box or from its folder.

use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::Path;
use std::process::ExitCode;
use std::str::FromStr;
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow};
use appliance::control::{self, Answer, Ask, Request};
use appliance::exchange::{self, Format, Subject, Wanted};
use appliance::keyfile::{self, LookAt};
use appliance::store::OpenStore;
use domain::{MoldName, Timestamp};

use super::Done;
use super::settings::Folder;

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

pub fn run(args: Args) -> Done {
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
    match give(&args.folder.read()?, &request, &mut BufWriter::new(io::stdout())) {
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
pub fn give(data: &Path, request: &Request, to: &mut (dyn Write + Send)) -> anyhow::Result<bool> {
    let begun = Instant::now();
    let store = loop {
        match control::ask(data, request, to) {
            Err(Ask::NotRunning) => {}
            answer => return Ok(answer?),
        }
        match keyfile::look_at(data) {
            // A box holds the store before it answers, and a while after.
            Err(LookAt::Open(OpenStore::InUse { .. })) if begun.elapsed() < PATIENCE => thread::sleep(PAUSE),
            Err(LookAt::Open(OpenStore::InUse { .. })) => {
                return Err(anyhow!("the store is in use and nobody answers for it: try again in a moment"));
            }
            store => break store.context("open the store")?,
        }
    };
    let well = control::answer(&store, request, to)?;
    to.flush().map_err(Answer::Write)?;
    Ok(well)
}
