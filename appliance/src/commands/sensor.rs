//! `platen sensor`: Bluetooth sensors that anyone can buy, listed, put to use and ended in the running box.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use appliance::config::Humane;
use appliance::control::{self, Request, SensorDeed};
use appliance::keys;
use clap::Subcommand;
use dashboard::port::SensorWish;
use domain::{
    BindKey, BluetoothAddress, Channel, CycleRule, CycleTime, Edge, MoldName, SensorRule, ShockRule,
};

use super::Done;
use super::settings::Folder;

/// Words of `platen sensor`.
#[derive(clap::Args)]
pub struct Args {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// List the sensors that are heard, what they say, and what they are used for
    List {
        #[command(flatten)]
        folder: Folder,
    },
    /// Have a sensor count for a mold, or by another rule
    Use(Box<Use>),
    /// Have a sensor count for no mold any more; what it counted stays
    Forget {
        /// Its address, as in 54:48:E6:8F:80:A5
        #[arg(long, value_name = "ADDRESS")]
        sensor: BluetoothAddress,
        #[command(flatten)]
        folder: Folder,
    },
}

#[derive(clap::Args)]
struct Use {
    /// Its address, as in 54:48:E6:8F:80:A5
    #[arg(long, value_name = "ADDRESS")]
    sensor: BluetoothAddress,
    /// The mold's number; one that the box does not know begins now
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
    #[command(flatten)]
    cycles: Cycles,
    /// Which temperature is the mold's, by its channel as `list` shows it: 02
    #[arg(long, value_name = "CHANNEL")]
    temperature: Option<Channel>,
    /// An acceleration of so much is a shock, in thousandths of g: 2000
    #[arg(long, value_name = "MG", conflicts_with = "shock_by_movement")]
    shock: Option<u32>,
    /// That it vibrates or is moved is a shock
    #[arg(long)]
    shock_by_movement: bool,
    /// An alarm stands after so many minutes without a word; 0 for none
    #[arg(long, value_name = "MINUTES", default_value_t = 60)]
    silent_after: u32,
    /// The file with its bind key, where it is encrypted; without this a key that the box has stays
    #[arg(long, value_name = "FILE")]
    bind_key: Option<PathBuf>,
    #[command(flatten)]
    folder: Folder,
}

#[derive(clap::Args)]
#[group(multiple = false)]
struct Which {
    /// A cycle is each step of this counter: 3D
    #[arg(long, value_name = "CHANNEL")]
    count: Option<Channel>,
    /// A cycle is each closing of this contact: 1A
    #[arg(long, value_name = "CHANNEL")]
    closes: Option<Channel>,
    /// A cycle is each opening of this contact: 1A
    #[arg(long, value_name = "CHANNEL")]
    opens: Option<Channel>,
    /// A cycle is each movement that it counts
    #[arg(long)]
    movements: bool,
}

#[derive(clap::Args)]
struct Cycles {
    #[command(flatten)]
    which: Which,
    /// Changes of a contact nearer to the last cycle are none
    #[arg(long, value_name = "TIME", default_value = "1s", value_parser = |text: &str| Humane::try_from(text.to_owned()))]
    apart: Humane,
}

pub fn run(args: Args, credentials: Option<PathBuf>) -> Done {
    let (deed, folder) = match args.what {
        What::List { folder } => (SensorDeed::List {}, folder),
        What::Forget { sensor, folder } => (SensorDeed::Forget { address: sensor }, folder),
        What::Use(words) => {
            let (wish, folder) = wish(*words)?;
            (SensorDeed::Use(Box::new(wish)), folder)
        }
    };
    let place = folder.read(credentials)?;
    control::ask(&place.data, &Request::Sensor(deed), &mut std::io::stdout())?;
    Ok(ExitCode::SUCCESS)
}

fn wish(words: Use) -> anyhow::Result<(SensorWish, Folder)> {
    let rule = SensorRule {
        cycles: cycles(&words.cycles)?,
        temperature: words.temperature,
        shock: match words.shock {
            Some(milli_g) => Some(ShockRule::Acceleration { milli_g }),
            None => words.shock_by_movement.then_some(ShockRule::Movement),
        },
        silent_after_min: Some(words.silent_after).filter(|minutes| *minutes > 0),
    };
    let approved = words.approved.map(|time| millis(time).map(CycleTime::from_millis)).transpose()?;
    let wish = SensorWish {
        address: words.sensor,
        mold: words.mold,
        description: words.description,
        approved,
        design_life: words.design_life,
        rule: rule.check()?,
        key: words.bind_key.as_deref().map(bind_key).transpose()?,
    };
    Ok((wish, words.folder))
}

fn cycles(Cycles { which, apart }: &Cycles) -> anyhow::Result<CycleRule> {
    let least_apart_ms = millis(*apart)?;
    let contact = |channel, edge| CycleRule::Contact { channel, edge, least_apart_ms };
    Ok(match *which {
        Which { count: Some(channel), .. } => CycleRule::Count { channel },
        Which { closes: Some(channel), .. } => contact(channel, Edge::Closes),
        Which { opens: Some(channel), .. } => contact(channel, Edge::Opens),
        Which { movements: true, .. } => CycleRule::Movements,
        Which { .. } => CycleRule::None,
    })
}

fn millis(time: Humane) -> anyhow::Result<u32> {
    u32::try_from(time.0.as_millis()).context("no cycle takes that long")
}

fn bind_key(path: &Path) -> anyhow::Result<BindKey> {
    let text = if path == Path::new("/dev/stdin") {
        fs::read(path).context("read the bind key")?
    } else {
        // One that others may read is refused.
        keys::read_private(path)?.to_vec()
    };
    let text = zeroize::Zeroizing::new(text);
    Ok(std::str::from_utf8(&text).context("a bind key is text")?.parse::<BindKey>()?)
}
