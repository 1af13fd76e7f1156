//! `platen admin reset`: for whoever is locked out and has the box's console.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use appliance::accounts::{Code, UserName};
use appliance::clock::{Clock, WallClock};
use appliance::control::{self, Ask, Request, ResetAdministrator};
use rand::TryRngCore;
use rand::rngs::OsRng;

use super::Done;
use super::settings::{Folder, Place};

/// Words of `platen admin`.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Make somebody an administrator who is let in, and print a code to choose a password with
    #[command(
        after_help = "The code is good once, for 2 hours, whatever password there was and however often it was guessed wrong. \
                      It is written down in the audit trail. The box may run meanwhile."
    )]
    Reset {
        /// The name they sign in with; somebody new if nobody has it
        name: UserName,
        #[command(flatten)]
        folder: Folder,
    },
}

pub fn run(args: Args, credentials: Option<PathBuf>) -> Done {
    let What::Reset { name, folder } = args.what;
    let place = folder.read(credentials)?;
    let code = draw().context("draw a code")?;
    let reset = ResetAdministrator { name: name.clone(), code: code.hash(), at: WallClock.now() };
    give(&place, &Request::ResetAdministrator(reset))?;
    let mut to = io::stdout();
    writeln!(to, "{name} is let in as an administrator.")?;
    writeln!(to, "code  {}", code.for_people())?;
    writeln!(to, "It is good once, for 2 hours: open /accept on the box, type it and choose a password.")?;
    Ok(ExitCode::SUCCESS)
}

fn draw() -> Result<Code, rand::rand_core::OsError> {
    Code::draw(|| {
        let mut byte = [0];
        OsRng.try_fill_bytes(&mut byte)?;
        let [byte] = byte;
        Ok(byte)
    })
}

/// Asks the box that runs on the folder, or changes the store of one that is stopped.
fn give(place: &Place, request: &Request) -> anyhow::Result<()> {
    match control::ask(&place.data, request, &mut io::sink()) {
        Err(Ask::NotRunning) => {
            // A store that is not there would be made, with nobody in it but this one.
            let missing = !place.data.join(appliance::store::FILE).exists();
            anyhow::ensure!(!missing, "there is no box in {}", place.data.display());
            let store = place.open_stopped("let somebody in")?;
            control::answer(&store, request, &mut io::sink())?;
        }
        answer => drop(answer?),
    }
    Ok(())
}
