//! What the program can be told to do, a file each: its words in `Args`, its work in `run`.

mod backup;
mod capture;
mod check;
mod config;
mod decode;
mod demo;
mod export;
mod healthcheck;
mod monitor;
mod replay;
mod restore;
mod serve;
mod settings;
mod signals;
mod sim;

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
    /// Read or initialise a monitor on a USB serial port
    Monitor(monitor::Args),
    /// Run a box and a simulated plant together until Ctrl-C
    Demo(demo::Args),
    /// Run a simulated plant
    Sim(sim::Args),
    /// Give out cycles, ledgers or counts
    Export(export::Args),
    /// Hold a store against its laws; exit status 0 or 1
    Check(check::Args),
    /// Make, test and ask after backups
    Backup(backup::Args),
    /// Make a box from a backup
    Restore(restore::Args),
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
        if error.is::<appliance::config::ConfigError>() {
            Failure::Settings(error)
        } else {
            Failure::Work(error)
        }
    }
}

type Done = Result<ExitCode, Failure>;

impl Cli {
    /// Does it.
    pub fn run(self) -> Done {
        match self.command {
            Command::Serve(args) => serve::run(args),
            Command::Config => config::run(),
            Command::Healthcheck(args) => healthcheck::run(args),
            Command::Decode(args) => decode::run(args),
            Command::Capture(args) => capture::run(args),
            Command::Replay(args) => replay::run(args),
            Command::Monitor(args) => monitor::run(args),
            Command::Demo(args) => demo::run(args),
            Command::Sim(args) => sim::run(args),
            Command::Export(args) => export::run(args),
            Command::Check(args) => check::run(args),
            Command::Backup(args) => backup::run(args),
            Command::Restore(args) => restore::run(args),
        }
    }
}
