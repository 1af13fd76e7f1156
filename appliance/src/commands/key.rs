//! `platen key`: makes, changes and rotates what the store is encrypted with.

use std::io::{self, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context;
use appliance::config::{KeyFrom, StoreKey};
use appliance::{keys, telemetry};

use super::Done;
use super::settings::Folder;

/// Words of `platen key`.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Make a file with a new key; one that is there is never overwritten
    New {
        /// The file: best on another disk than the data, with a copy in another place
        #[arg(value_name = "FILE")]
        file: PathBuf,
    },
    /// Let another key or passphrase open the store from now on; the store itself stays as it is
    Change {
        #[command(flatten)]
        folder: Folder,
        #[command(flatten)]
        to: To,
    },
    /// Draw new keys for the store itself and encrypt it anew; the box must be stopped
    #[command(
        after_help = "Room for a second copy of the store is needed. The key file or passphrase stays the same."
    )]
    Rotate {
        #[command(flatten)]
        folder: Folder,
    },
}

#[derive(clap::Args)]
#[group(required = true, multiple = false)]
struct To {
    /// The file with the new key; `platen key new` makes one
    #[arg(long = "to", value_name = "FILE")]
    to_key: Option<PathBuf>,
    /// A file with the new passphrase; "-" asks on the terminal
    #[arg(long, value_name = "FILE")]
    to_passphrase: Option<PathBuf>,
}

pub fn run(args: Args, credentials: Option<PathBuf>) -> Done {
    let said = match args.what {
        What::New { file } => {
            keys::new_key(&file).context("make a key")?;
            format!(
                "{} is made. Keep a copy in another place: without it nobody opens the store again.\n\
                 Name it in the configuration:\n[store]\nkey = {:?}\n",
                file.display(),
                file
            )
        }
        What::Change { folder, to } => {
            let place = folder.read(credentials)?;
            let from = match (to.to_key, to.to_passphrase) {
                (Some(key), _) => KeyFrom::File(key),
                (None, Some(path)) => KeyFrom::passphrase(path),
                (None, None) => KeyFrom::Unnamed,
            };
            let to = StoreKey { from, credentials: None, beside: false };
            keys::change(&place.data, &place.key, &to).context("change the key")?;
            "The former key opens the store no more. Name the new one in the configuration.\n".to_owned()
        }
        What::Rotate { folder } => {
            telemetry::start("warn")?;
            let place = folder.read(credentials)?;
            keys::rotate(&place.data, &place.key).context("rotate the keys of the store")?;
            "The store is encrypted anew; the same key or passphrase opens it.\n".to_owned()
        }
    };
    io::stdout().write_all(said.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
