//! `platen storage`: the room that a box takes, what it keeps how long, and when the disk will be full.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context, anyhow};
use appliance::control::{Form, Request, Storage};
use appliance::keys;

use super::settings::{Folder, Place};
use super::{Done, export};

/// Words of `platen storage`.
#[derive(clap::Args)]
pub struct Args {
    /// The form of the answer
    #[arg(long, value_enum, default_value = "text")]
    format: Form,
    /// First make the files as small as they get, before they are copied; the box must be stopped
    #[arg(long)]
    shrink: bool,
    #[command(flatten)]
    folder: Folder,
}

pub fn run(args: Args, credentials: Option<PathBuf>) -> Done {
    let request = Request::Storage(Storage { form: args.format });
    let place = args.folder.read(credentials)?;
    if args.shrink {
        shrink(&place)?;
    }
    export::give(&place, &request, &mut io::stdout())?;
    Ok(ExitCode::SUCCESS)
}

fn shrink(place: &Place) -> anyhow::Result<()> {
    // A store that is not there is not made.
    keys::to_look(&place.data, &place.key).context("get the keys of the store")?;
    let store = place.open_stopped("shrink")?;
    if store.shrink().context("make the files of the store small")? {
        Ok(())
    } else {
        Err(anyhow!("somebody else reads the store: nothing was made smaller"))
    }
}
