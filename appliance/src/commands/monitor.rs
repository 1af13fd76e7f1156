//! `platen monitor`: a monitor on a USB serial port, read and initialised for its mold; a Bluetooth monitor, enrolled.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use appliance::clock::{Clock, WallClock};
use appliance::config::Humane;
use appliance::control::{self, Request};
use clap::Subcommand;
use dashboard::port::EnrolWish;
use domain::{CycleTime, Initialisation, MoldName, MonitorSerial, Passkey};
use radio::usb::{self, Shown};
use radio::v3::serial::Port;

use super::Done;
use super::settings::Folder;

/// What a monitor's USB port runs at, where it has a rate at all.
const BAUD: u32 = 115_200;

/// Words of `platen monitor`.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// Say which monitor it is, which mold it counts for, and how it is
    Show {
        /// The USB serial port
        #[arg(long, value_name = "PATH")]
        port: PathBuf,
    },
    /// Have it count for a mold from now on
    Init {
        /// The USB serial port
        #[arg(long, value_name = "PATH")]
        port: PathBuf,
        /// The mold's number
        #[arg(long)]
        mold: MoldName,
        /// What the mold makes
        #[arg(long, default_value = "")]
        description: String,
        /// The validated cycle time, as in 24.5s
        #[arg(long, value_name = "TIME", value_parser = |text: &str| Humane::try_from(text.to_owned()))]
        approved: Option<Humane>,
        /// Cycles the mold is built for
        #[arg(long, value_name = "CYCLES")]
        design_life: Option<u64>,
        /// Cycles it made before
        #[arg(long, value_name = "CYCLES", default_value_t = 0)]
        baseline: u64,
    },
    /// Make a Bluetooth monitor one of the running box's, and wait for that
    Enrol(Enrol),
}

#[derive(clap::Args)]
struct Enrol {
    /// The serial on its label: V4-00012345
    #[arg(long)]
    serial: MonitorSerial,
    /// The file with the passkey on its label; "-" reads a line of the standard input, so that no list of processes has it
    #[arg(long, value_name = "FILE", default_value = "-")]
    passkey: PathBuf,
    /// Bond without a passkey: whoever is near at this moment could take the monitor's place
    #[arg(long)]
    without_passkey: bool,
    /// The mold it is to count for; without this it stays with the one that is recorded in it
    #[arg(long)]
    mold: Option<MoldName>,
    /// That mold's validated cycle time, as in 24.5s, where the box does not know the mold
    #[arg(long, value_name = "TIME", value_parser = |text: &str| Humane::try_from(text.to_owned()))]
    approved: Option<Humane>,
    #[command(flatten)]
    folder: Folder,
}

pub fn run(args: Args, credentials: Option<PathBuf>) -> Done {
    match args.what {
        What::Enrol(words) => enrol(words, credentials),
        what => on_usb(what),
    }
}

fn enrol(words: Enrol, credentials: Option<PathBuf>) -> Done {
    let passkey = if words.without_passkey { None } else { Some(passkey(&words.passkey)?) };
    let approved = words.approved.map(cycle_time).transpose()?;
    let wish = EnrolWish { serial: words.serial, passkey, mold: words.mold, approved };
    let place = words.folder.read(credentials)?;
    control::ask(&place.data, &Request::Enrol(wish), &mut std::io::stdout())?;
    Ok(ExitCode::SUCCESS)
}

fn passkey(path: &Path) -> anyhow::Result<Passkey> {
    let mut text = String::new();
    if path == Path::new("-") {
        std::io::stdin().read_line(&mut text).context("read the passkey")?;
    } else {
        text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
    }
    Ok(text.parse::<Passkey>()?)
}

fn on_usb(what: What) -> Done {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let shown = runtime.block_on(async {
        let open = |path| Port::open(path, BAUD, false).context("open the monitor's port");
        Ok::<_, anyhow::Error>(match what {
            // Goes over the air and not over a cable.
            What::Enrol(_) => return Err(anyhow::anyhow!("enrolling needs no port")),
            What::Show { port } => usb::show(&mut open(&port)?).await?,
            What::Init { port, mold, description, approved, design_life, baseline } => {
                let approved = approved.map(cycle_time).transpose()?;
                let on = WallClock.now();
                let record = Initialisation { mold, description, approved, design_life, baseline, on };
                usb::initialise(&mut open(&port)?, &record).await?
            }
        })
    })?;
    std::io::stdout().write_all(words(&shown).as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

fn cycle_time(length: Humane) -> anyhow::Result<CycleTime> {
    let millis = u32::try_from(length.0.as_millis()).context("no cycle takes that long")?;
    Ok(CycleTime::from_millis(millis))
}

fn words(shown: &Shown) -> String {
    let mut text = String::new();
    let mut line = |what: &str, value: String| text.push_str(&format!("{what:<16}{value}\n"));
    let number = |number: Option<u64>| number.map_or_else(|| "-".to_owned(), |number| number.to_string());
    line("serial", shown.serial.to_string());
    match &shown.initialisation {
        None => line("initialised", "never".to_owned()),
        Some(record) => {
            let on = jiff::Timestamp::from_millisecond(record.on.as_millis());
            line("initialised", on.map_or_else(|_| "-".to_owned(), |on| on.to_string()));
            line("mold", record.mold.to_string());
            line("description", record.description.clone());
            line("approved", record.approved.map_or_else(|| "-".to_owned(), |approved| approved.to_string()));
            line("design life", number(record.design_life));
            line("baseline", number(Some(record.baseline)));
            line("count", number(Some(u64::from(shown.status.count))));
            line("unacknowledged", number(Some(u64::from(shown.status.unacknowledged))));
        }
    }
    let battery = Some(shown.status.battery).filter(|percent| *percent <= 100);
    line("battery", battery.map_or_else(|| "-".to_owned(), |percent| format!("{percent} %")));
    text
}
