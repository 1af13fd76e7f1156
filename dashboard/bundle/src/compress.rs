//! Brotli siblings, made once here so that the box never spends its own time on them.

use std::io::Write;

use anyhow::{Context, Result};

use crate::site::Site;

/// How hard to press.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effort {
    /// Brotli 5: for tests and development.
    Quick,
    /// Brotli 11: for what is shipped.
    Best,
}

/// Adds the compressed form of every file that gets smaller by it.
pub fn with_siblings(mut site: Site, effort: Effort) -> Result<Site> {
    for file in &mut site.files {
        let pressed = brotli_of(&file.bytes, effort).with_context(|| format!("compress {}", file.name))?;
        file.brotli = (pressed.len() < file.bytes.len()).then_some(pressed);
    }
    Ok(site)
}

fn brotli_of(bytes: &[u8], effort: Effort) -> Result<Vec<u8>> {
    let quality = match effort {
        Effort::Quick => 5,
        Effort::Best => 11,
    };
    let mut pressed = Vec::new();
    // A 4 MB window covers the whole program, and every browser accepts it.
    let mut writer = brotli::CompressorWriter::new(&mut pressed, 64 * 1024, quality, 22);
    writer.write_all(bytes)?;
    drop(writer);
    Ok(pressed)
}
