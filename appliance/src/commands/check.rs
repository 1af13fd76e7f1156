//! `platen check`: holds a store against its laws. Exit status 0 all is well, 1 something was found, 2 could not look.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use appliance::control::{Everything, Request};

use super::{Done, export};

/// Words of `platen check`.
#[derive(clap::Args)]
pub struct Args {
    /// The folder that holds everything the box keeps; the box may be running
    #[arg(long)]
    data: PathBuf,
}

pub fn run(args: Args) -> Done {
    match export::give(&args.data, &Request::Check(Everything {}), &mut io::stdout().lock()) {
        Ok(true) => Ok(ExitCode::SUCCESS),
        Ok(false) => Ok(ExitCode::FAILURE),
        Err(error) => {
            let _ = writeln!(io::stderr(), "platen: {error:#}");
            Ok(ExitCode::from(2))
        }
    }
}
