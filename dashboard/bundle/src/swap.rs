//! Puts the finished site in place as a whole, and only when it differs.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

/// Where the fingerprint of the last run's inputs is kept: beside the site, so that it is not served.
pub fn stamp_path(out: &Path) -> Result<PathBuf> {
    let name = out.file_name().context("the output folder has no name")?;
    let mut name = name.to_os_string();
    name.push(".inputs");
    Ok(out.with_file_name(name))
}

/// Whether the site there was made from exactly these inputs.
pub fn is_current(out: &Path, stamp: &Path, fingerprint: &str) -> bool {
    out.join("manifest.json").is_file() && fs::read_to_string(stamp).is_ok_and(|kept| kept == fingerprint)
}

/// Replaces the folder by these files; says whether anything changed. Equal files are left alone with
/// their times, so that the build of the box does not start again for nothing.
pub fn put(out: &Path, files: &[(String, Vec<u8>)]) -> Result<bool> {
    let wanted: BTreeMap<&str, &[u8]> =
        files.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    if holds_exactly(out, &wanted) {
        return Ok(false);
    }

    let fresh = beside(out, "new")?;
    let old = beside(out, "old")?;
    for (name, bytes) in &wanted {
        let path = fresh.join(name);
        let folder = path.parent().unwrap_or(&fresh);
        fs::create_dir_all(folder).with_context(|| format!("make {}", folder.display()))?;
        fs::write(&path, bytes).with_context(|| format!("write {}", path.display()))?;
    }
    if out.exists() {
        fs::rename(out, &old).with_context(|| format!("move {} away", out.display()))?;
    }
    if let Err(error) = fs::rename(&fresh, out) {
        // Put the previous site back rather than leave none.
        let _ = fs::rename(&old, out);
        return Err(error).with_context(|| format!("move the new site to {}", out.display()));
    }
    if old.exists() {
        fs::remove_dir_all(&old).with_context(|| format!("remove {}", old.display()))?;
    }
    Ok(true)
}

/// A free folder name beside the site; what a killed run left there is removed first.
fn beside(out: &Path, what: &str) -> Result<PathBuf> {
    let path = out.with_extension(format!("{what}-{}", std::process::id()));
    if path.exists() {
        fs::remove_dir_all(&path).with_context(|| format!("remove {}", path.display()))?;
    }
    Ok(path)
}

fn holds_exactly(out: &Path, wanted: &BTreeMap<&str, &[u8]>) -> bool {
    let mut found = 0;
    let same = wanted.iter().all(|(name, bytes)| {
        found += 1;
        fs::read(out.join(name)).is_ok_and(|there| there == *bytes)
    });
    same && count_files(out).is_some_and(|there| there == found)
}

fn count_files(folder: &Path) -> Option<usize> {
    let mut n_files = 0;
    for entry in fs::read_dir(folder).ok()? {
        let path = entry.ok()?.path();
        n_files += if path.is_dir() { count_files(&path)? } else { 1 };
    }
    Some(n_files)
}
