//! `platen certificate`: the web server's certificates, beside a running box or of one that is stopped.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

use anyhow::{Context, anyhow};
use appliance::audit::Trail;
use appliance::clock::WallClock;
use appliance::config::HostName;
use appliance::control::{self, Ask, Form, Request};
use appliance::web::{Certificates, LONGEST_CERTIFICATE, Offer, Wish};
use secrecy::SecretString;
use zeroize::Zeroizing;

use super::Done;
use super::settings::{Folder, Place};

/// Words of `platen certificate`.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(clap::Subcommand)]
enum What {
    /// Tell what browsers see, and what waits
    Show {
        /// The form of the answer
        #[arg(long, value_enum, default_value = "text")]
        format: Form,
        #[command(flatten)]
        folder: Folder,
    },
    /// Make a request for the plant's authority to sign, and print it; its key never leaves the box
    Request {
        /// Names and addresses for it; all that the box has if there are none
        #[arg(value_name = "NAME")]
        names: Vec<HostName>,
        #[command(flatten)]
        folder: Folder,
    },
    /// Take a certificate into use: PEM, DER or PKCS #12, with the authorities above it
    #[command(
        after_help = "The certificate is held against its key, the box's names, the clock and the order of the file. What does \
                      not do is refused, and what was in use stays in use."
    )]
    Install {
        /// The file; "-" for the standard input
        file: PathBuf,
        /// A file with the passphrase of a PKCS #12 file
        #[arg(long, value_name = "FILE")]
        passphrase: Option<PathBuf>,
        #[command(flatten)]
        folder: Folder,
    },
    /// Go back to the box's own certificate
    Own {
        #[command(flatten)]
        folder: Folder,
    },
}

pub fn run(args: Args, credentials: Option<PathBuf>) -> Done {
    let (wish, folder) = match args.what {
        What::Show { format, folder } => (Wish::Show { json: format == Form::Json }, folder),
        What::Request { names, folder } => (Wish::Request { names }, folder),
        What::Install { file, passphrase, folder } => {
            (Wish::Install(offer(&file, passphrase.as_deref())?), folder)
        }
        What::Own { folder } => (Wish::Own {}, folder),
    };
    give(&folder.read(credentials)?, wish)?;
    Ok(ExitCode::SUCCESS)
}

/// What is in the file. Its passphrase goes no further than here.
fn offer(file: &Path, passphrase: Option<&Path>) -> anyhow::Result<Offer> {
    let bytes = read(file)?;
    let passphrase = match passphrase {
        None => SecretString::from(String::new()),
        Some(path) => {
            let typed = Zeroizing::new(String::from_utf8(read(path)?.to_vec())?);
            SecretString::from(typed.trim_end_matches(['\r', '\n']).to_owned())
        }
    };
    Offer::read(&bytes, &passphrase).with_context(|| format!("take a certificate from {}", file.display()))
}

fn read(path: &Path) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let limit = u64::try_from(LONGEST_CERTIFICATE)?.saturating_add(1);
    let mut bytes = Zeroizing::new(Vec::new());
    let from: Box<dyn Read> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(std::fs::File::open(path).with_context(|| format!("open {}", path.display()))?)
    };
    from.take(limit).read_to_end(&mut bytes).with_context(|| format!("read {}", path.display()))?;
    Ok(bytes)
}

/// Asks the box that runs on the folder, or deals with the store of one that is stopped.
fn give(place: &Place, wish: Wish) -> anyhow::Result<()> {
    let mut to = io::stdout();
    let request = Request::Certificate(wish);
    match control::ask(&place.data, &request, &mut to) {
        Err(Ask::NotRunning) => {}
        answer => return answer.map(drop).map_err(Into::into),
    }
    let Request::Certificate(wish) = request else { return Ok(()) };
    let missing = !place.data.join(appliance::store::FILE).exists();
    anyhow::ensure!(!missing, "there is no box in {}", place.data.display());
    let store = place.open_stopped("deal with its certificates")?;
    let clock = Arc::new(WallClock);
    let trail = Arc::new(Trail::new(store.clone(), clock.clone()));
    let certificates =
        Certificates::open(store, trail, clock, place.names.clone()).context("look at the certificates")?;
    let answer = certificates.answer(&wish).map_err(|why| anyhow!(why))?;
    Ok(writeln!(to, "{answer}")?)
}
