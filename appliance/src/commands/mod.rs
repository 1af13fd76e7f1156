//! What the program can be told to do, a file each: its words in `Args`, its work in `run`.

mod admin;
mod backup;
mod capture;
mod check;
mod config;
mod decode;
mod demo;
mod export;
mod healthcheck;
mod import;
mod key;
mod monitor;
mod repeater;
mod replay;
mod restore;
mod sensor;
mod serve;
mod settings;
mod signals;
mod sim;
mod storage;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

/// Hears the monitors on a plant's molds, keeps every cycle they make, and shows them in a browser.
#[derive(Parser)]
#[command(name = "platen", version, propagate_version = true)]
pub struct Cli {
    /// End when the standard input is closed: for whoever starts this program and must not leave it behind
    #[arg(long, global = true, hide = true)]
    pub until_stdin_closes: bool,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Run the box
    Serve(serve::Args),
    /// Print the full configuration with comments
    Config,
    /// Ask a running box whether it is up; exit status 0 or 1
    Healthcheck(healthcheck::Args),
    /// Frames on the standard input to JSON lines
    Decode(decode::Args),
    /// Record what a stick says to a file, while no box uses it; nothing is said to it
    Capture(capture::Args),
    /// Play a recorded link back into a box
    Replay(replay::Args),
    /// Read or initialise a monitor on a USB serial port, or enrol one over Bluetooth
    Monitor(monitor::Args),
    /// Pass on what Bluetooth monitors say that are out of a box's reach; nothing to configure
    Repeater(repeater::Args),
    /// List Bluetooth sensors that anyone can buy, and have them count for molds
    Sensor(sensor::Args),
    /// Run a box and a simulated plant together until Ctrl-C
    Demo(demo::Args),
    /// Run a simulated plant
    Sim(sim::Args),
    /// Give out cycles, sums of days, ledgers or counts
    Export(export::Args),
    /// Take in cycles from the system that a plant leaves
    Import(import::Args),
    /// Hold a store against its laws; exit status 0 or 1
    Check(check::Args),
    /// Let somebody in who is locked out
    Admin(admin::Args),
    /// Make, change or rotate the keys that the store is encrypted with
    Key(key::Args),
    /// Make, test and ask after backups
    Backup(backup::Args),
    /// Make a box from a backup
    Restore(restore::Args),
    /// Tell the room that is taken, what is kept how long, and when the disk will be full
    Storage(storage::Args),
}

/// Why a command was not done.
pub enum Failure {
    /// Its words or settings make no sense.
    Settings(anyhow::Error),
    /// It did not work.
    Work(anyhow::Error),
}

impl Failure {
    /// The cause.
    pub fn error(&self) -> &anyhow::Error {
        match self {
            Failure::Settings(error) | Failure::Work(error) => error,
        }
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        let unnamed = matches!(error.downcast_ref(), Some(appliance::keys::GetKeys::NotNamed));
        if unnamed || error.is::<appliance::config::ConfigError>() {
            Failure::Settings(error)
        } else {
            Failure::Work(error)
        }
    }
}

type Done = Result<ExitCode, Failure>;

impl Cli {
    /// Does it. `credentials` is the folder that systemd made for the service's credentials, if it did.
    pub fn run(self, credentials: Option<PathBuf>) -> Done {
        match self.command {
            Command::Serve(args) => serve::run(args, credentials),
            Command::Config => config::run(),
            Command::Healthcheck(args) => healthcheck::run(args),
            Command::Decode(args) => decode::run(args),
            Command::Capture(args) => capture::run(args),
            Command::Replay(args) => replay::run(args),
            Command::Monitor(args) => monitor::run(args, credentials),
            Command::Repeater(args) => repeater::run(args),
            Command::Sensor(args) => sensor::run(args, credentials),
            Command::Demo(args) => demo::run(args),
            Command::Sim(args) => sim::run(args),
            Command::Export(args) => export::run(args, credentials),
            Command::Import(args) => import::run(args, credentials),
            Command::Check(args) => check::run(args, credentials),
            Command::Admin(args) => admin::run(args, credentials),
            Command::Key(args) => key::run(args, credentials),
            Command::Backup(args) => backup::run(args, credentials),
            Command::Restore(args) => restore::run(args, credentials),
            Command::Storage(args) => storage::run(args, credentials),
        }
    }
}
