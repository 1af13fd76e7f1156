//! Everything the site is made from, read once.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use anyhow::{Context, Result, bail};
use sha2::{Digest, Sha256};

use crate::command_line::CommandLine;
use crate::program;

/// A file below the assets folder, with its path from there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asset {
    /// Path from the assets folder, with `/` between the parts.
    pub name: String,
    /// What is in it.
    pub bytes: Vec<u8>,
}

/// The raw material of a site.
#[derive(Debug)]
pub struct Inputs {
    /// The dashboard as the compiler left it.
    pub wasm: Vec<u8>,
    /// All style sheets, joined in the order of their names.
    pub style: String,
    /// Pictures, fonts and the like, in the order of their names.
    pub assets: Vec<Asset>,
}

impl Inputs {
    /// Reads all that the command line names.
    pub fn read(line: &CommandLine) -> Result<Self> {
        let wasm = fs::read(&line.wasm)
            .with_context(|| format!("read the compiled dashboard {}", line.wasm.display()))?;
        Ok(Self { wasm, style: read_style(&line.style)?, assets: read_assets(&line.assets)? })
    }

    /// A digest that is the same exactly when a run would do the same work again.
    pub fn fingerprint(&self, line: &CommandLine) -> Result<String> {
        let mut digest = Sha256::new();
        let mut add = |part: &[u8]| {
            digest.update(part.len().to_le_bytes());
            digest.update(part);
        };
        add(&self.wasm);
        add(self.style.as_bytes());
        for asset in &self.assets {
            add(asset.name.as_bytes());
            add(&asset.bytes);
        }
        let optimiser = line.wasm_opt.as_deref().map(|path| path.to_string_lossy().into_owned());
        add(optimiser.unwrap_or_default().as_bytes());
        add(program::OPTIMISE_FLAGS.join(" ").as_bytes());
        add(&[u8::from(line.fast)]);
        let own = std::env::current_exe().and_then(fs::read).context("read the bundler itself")?;
        add(&own);
        Ok(hex::encode(digest.finalize()))
    }
}

fn read_style(folder: &Path) -> Result<String> {
    let mut sheets = Vec::new();
    for asset in read_assets(folder)? {
        if !asset.name.ends_with(".css") {
            bail!("{} in {} is not a style sheet", asset.name, folder.display());
        }
        let text = String::from_utf8(asset.bytes)
            .with_context(|| format!("read {} in {} as text", asset.name, folder.display()))?;
        sheets.push(text);
    }
    if sheets.is_empty() {
        bail!("no style sheet in {}", folder.display());
    }
    Ok(sheets.join("\n"))
}

fn read_assets(folder: &Path) -> Result<Vec<Asset>> {
    let mut assets = Vec::new();
    collect(folder, "", &mut assets)?;
    assets.sort_by(|a, b| a.name.cmp(&b.name));
    Ok(assets)
}

fn collect(folder: &Path, prefix: &str, assets: &mut Vec<Asset>) -> Result<()> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        // Git keeps no empty folders, so a missing one holds nothing.
        Err(error) if error.kind() == ErrorKind::NotFound && prefix.is_empty() => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("list {}", folder.display())),
    };
    for entry in entries {
        let entry = entry.with_context(|| format!("list {}", folder.display()))?;
        let path = entry.path();
        let Ok(name) = entry.file_name().into_string() else {
            bail!("the name of {} is not plain text", path.display());
        };
        if name.starts_with('.') {
            continue;
        }
        if path.is_dir() {
            collect(&path, &format!("{prefix}{name}/"), assets)?;
        } else {
            let bytes = fs::read(&path).with_context(|| format!("read {}", path.display()))?;
            assets.push(Asset { name: format!("{prefix}{name}"), bytes });
        }
    }
    Ok(())
}
