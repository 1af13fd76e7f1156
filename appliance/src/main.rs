//! The program `platen`: reads its words, does what they say, tells how it went.
//!
//! Exit status: 0 done; 1 not done, not healthy, or something found; 2 words or settings that make no sense.

mod commands;

use std::io::{Read, Write};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;

use commands::{Cli, Failure};

fn main() -> ExitCode {
    let cli = Cli::parse();
    if cli.until_stdin_closes {
        end_with_stdin();
    }
    let credentials = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    match cli.run(credentials) {
        Ok(code) => code,
        Err(failure) => {
            let _ = writeln!(std::io::stderr(), "platen: {:#}", failure.error());
            match failure {
                Failure::Settings(_) => ExitCode::from(2),
                Failure::Work(_) => ExitCode::FAILURE,
            }
        }
    }
}

/// Ends the program, as if it were asked to, when whoever started it goes away, however that happens.
fn end_with_stdin() {
    std::thread::spawn(|| {
        let mut rest = [0; 256];
        while std::io::stdin().read(&mut rest).is_ok_and(|length| length > 0) {}
        let _ = nix::sys::signal::raise(nix::sys::signal::Signal::SIGTERM);
        std::thread::sleep(Duration::from_secs(15));
        // It was asked and did not listen.
        std::process::exit(1);
    });
}
