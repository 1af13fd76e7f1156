//! The program half of the site: bindings for the browser, then the optimiser.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};
use wasm_bindgen_cli_support::Bindgen;

use crate::command_line::CommandLine;

/// Flags for `wasm-opt`. Every feature is named: `--all-features` emits imports that browsers
/// refuse, and leaving one of these out makes the optimiser reject what the compiler emits.
pub const OPTIMISE_FLAGS: &[&str] = &[
    "-Oz",
    "--enable-bulk-memory",
    "--enable-bulk-memory-opt",
    "--enable-reference-types",
    "--enable-nontrapping-float-to-int",
    "--enable-sign-ext",
    "--enable-mutable-globals",
    "--enable-multivalue",
];

/// The dashboard as a browser can load it, still under its plain names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Program {
    /// `app.js`, which loads `app_bg.wasm`.
    pub script: String,
    /// `app_bg.wasm`.
    pub wasm: Vec<u8>,
    /// Scripts that libraries bring along, by their path from `app.js` (without `./`).
    pub snippets: Vec<(String, String)>,
}

/// Makes the program from the compiled dashboard.
pub fn bind(wasm: &[u8], line: &CommandLine) -> Result<Program> {
    let scratch = Scratch::beside(&line.out)?;
    let mut bindgen = Bindgen::new();
    bindgen.input_bytes("app", wasm.to_vec()).typescript(false).remove_producers_section(true);
    bindgen.remove_name_section(!line.fast).omit_default_module_path(false);
    bindgen.web(true).context("choose browser output")?;
    bindgen.generate(&scratch.0).context("make browser bindings for the dashboard")?;

    let script_path = scratch.0.join("app.js");
    let script =
        fs::read_to_string(&script_path).with_context(|| format!("read {}", script_path.display()))?;
    let bound = scratch.0.join("app_bg.wasm");
    let wasm_path = match &line.wasm_opt {
        Some(optimiser) => optimise(optimiser, &bound)?,
        None => bound,
    };
    let wasm = fs::read(&wasm_path).with_context(|| format!("read {}", wasm_path.display()))?;
    let mut snippets = Vec::new();
    collect_snippets(&scratch.0.join("snippets"), "snippets", &mut snippets)?;
    snippets.sort();
    Ok(Program { script, wasm, snippets })
}

fn optimise(optimiser: &Path, bound: &Path) -> Result<PathBuf> {
    let smaller = bound.with_file_name("app_small.wasm");
    let status = Command::new(optimiser)
        .args(OPTIMISE_FLAGS)
        .arg(bound)
        .arg("-o")
        .arg(&smaller)
        .status()
        .with_context(|| format!("start {}", optimiser.display()))?;
    if !status.success() {
        bail!("{} ended with {status}", optimiser.display());
    }
    Ok(smaller)
}

fn collect_snippets(folder: &Path, prefix: &str, snippets: &mut Vec<(String, String)>) -> Result<()> {
    if !folder.exists() {
        return Ok(());
    }
    for entry in fs::read_dir(folder).with_context(|| format!("list {}", folder.display()))? {
        let path = entry.with_context(|| format!("list {}", folder.display()))?.path();
        let Some(name) = path.file_name().and_then(|name| name.to_str()) else {
            bail!("the name of {} is not plain text", path.display());
        };
        let name = format!("{prefix}/{name}");
        if path.is_dir() {
            collect_snippets(&path, &name, snippets)?;
        } else {
            let text = fs::read_to_string(&path).with_context(|| format!("read {}", path.display()))?;
            snippets.push((name, text));
        }
    }
    Ok(())
}

/// A folder beside the finished site that goes away with this value.
struct Scratch(PathBuf);

impl Scratch {
    fn beside(out: &Path) -> Result<Self> {
        let folder = out.with_extension(format!("scratch-{}", std::process::id()));
        fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
        Ok(Self(folder))
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        // Left-overs of a killed run are harmless: nothing reads them.
        let _ = fs::remove_dir_all(&self.0);
    }
}
