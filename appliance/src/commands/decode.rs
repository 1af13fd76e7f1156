//! `platen decode`: what was heard as JSON lines. Their form is told in `docs/decode.md`.

mod ble;
mod digits;
mod xbee;

use std::io::{self, ErrorKind};
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Subcommand, ValueEnum};
use radio::v3::frame::ApiMode;

use super::Done;

/// Words of `platen decode`.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// What an XBee stick's serial port says
    Xbee {
        /// How the port is framed (AP)
        #[arg(long, value_enum)]
        api: Api,
        /// The input is text: hexadecimal digits, with blanks, commas, colons or dashes between them
        #[arg(long)]
        hex: bool,
    },
    /// Bluetooth LE adverts, one a line: [ADDRESS] and the advert in hexadecimal digits
    Ble {
        /// A file with keys of adverts, a line each: an address or a monitor's id, a blank, 32 hexadecimal digits.
        /// Nobody else may read it
        #[arg(long, value_name = "FILE")]
        keys: Option<PathBuf>,
    },
}

#[derive(Clone, Copy, ValueEnum)]
enum Api {
    /// Plain
    #[value(name = "1")]
    One,
    /// Escaped
    #[value(name = "2")]
    Two,
}

pub fn run(args: Args) -> Done {
    let result = match args.what {
        What::Xbee { api: Api::One, hex } => xbee::run(ApiMode::Plain, hex),
        What::Xbee { api: Api::Two, hex } => xbee::run(ApiMode::Escaped, hex),
        What::Ble { keys } => {
            let keyring = ble::keyring(keys.as_deref())?;
            ble::decode(io::stdin().lock(), io::stdout().lock(), keyring)
        }
    };
    match result {
        // Whoever read the lines has enough of them.
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ExitCode::SUCCESS),
        result => Ok(result.map(|()| ExitCode::SUCCESS)?),
    }
}
