//! `platen check`: holds a store against its laws. Exit status 0 all is well, 1 something was found, 2 could not look.

use std::io::{self, Write};
use std::process::ExitCode;

use appliance::control::{Everything, Request};

use super::settings::Folder;
use super::{Done, export};

/// Words of `platen check`.
#[derive(clap::Args)]
#[command(
    after_help = "Exit status: 0 all is well, 1 something was found, 2 it could not look. Looking alters nothing."
)]
pub struct Args {
    #[command(flatten)]
    folder: Folder,
}

pub fn run(args: Args) -> Done {
    match export::give(&args.folder.read()?, &Request::Check(Everything {}), &mut io::stdout()) {
        Ok(true) => Ok(ExitCode::SUCCESS),
        Ok(false) => Ok(ExitCode::FAILURE),
        Err(error) => {
            let _ = writeln!(io::stderr(), "platen: {error:#}");
            Ok(ExitCode::from(2))
        }
    }
}
