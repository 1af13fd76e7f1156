//! Turns the dashboard's wasm, style and pictures into what a browser fetches from the box:
//! content-hashed names, brotli siblings and a `manifest.json` that tells the server the names.
//!
//! `bundle WASM STYLE_DIR ASSETS_DIR OUT_DIR [--wasm-opt PROGRAM] [--fast]`

mod command_line;
mod compress;
mod inputs;
mod program;
mod site;
mod swap;

use std::process::ExitCode;

use anyhow::{Context, Result};

use crate::command_line::CommandLine;
use crate::inputs::Inputs;

fn main() -> ExitCode {
    let outcome = CommandLine::parse(std::env::args().skip(1)).and_then(|line| run(&line));
    match outcome {
        Ok(report) => {
            println!("{report}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("bundle: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(line: &CommandLine) -> Result<String> {
    let inputs = Inputs::read(line)?;
    let fingerprint = inputs.fingerprint(line)?;
    let stamp = swap::stamp_path(&line.out)?;
    if swap::is_current(&line.out, &stamp, &fingerprint) {
        return Ok(format!("bundle: nothing changed, {} is kept", line.out.display()));
    }

    let program = program::bind(&inputs.wasm, line)?;
    let site = site::assemble(program, &inputs.style, &inputs.assets)?;
    let site = compress::with_siblings(site, line.effort())?;
    let changed = swap::put(&line.out, &site.files_with_manifest()?).context("replace the finished site")?;
    std::fs::write(&stamp, &fingerprint).with_context(|| format!("write {}", stamp.display()))?;

    let mut report = site.report();
    if !changed {
        report.push_str("bundle: the same bytes as before, files left untouched");
    }
    Ok(report.trim_end().to_owned())
}

#[cfg(test)]
mod tests;
