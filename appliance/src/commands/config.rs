//! `platen config`

use std::io::Write;
use std::process::ExitCode;

use super::Done;

pub fn run() -> Done {
    std::io::stdout().write_all(appliance::config::commented()?.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}
