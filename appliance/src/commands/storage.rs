//! `platen storage`: the room that a box takes, what it keeps how long, and when the disk will be full.

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;

use appliance::control::{Form, Request, Storage};

use super::settings::Folder;
use super::{Done, export};

/// Words of `platen storage`.
#[derive(clap::Args)]
pub struct Args {
    /// The form of the answer
    #[arg(long, value_enum, default_value = "text")]
    format: Form,
    #[command(flatten)]
    folder: Folder,
}

pub fn run(args: Args, credentials: Option<PathBuf>) -> Done {
    let request = Request::Storage(Storage { form: args.format });
    export::give(&args.folder.read(credentials)?, &request, &mut io::stdout())?;
    Ok(ExitCode::SUCCESS)
}
