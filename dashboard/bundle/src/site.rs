//! Names by content, references rewritten to those names, and the manifest. No I/O.

use anyhow::{Context, Result, bail};
use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

use crate::inputs::Asset;
use crate::program::Program;

/// A file of the finished site.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The name under which the box serves it; changes exactly when the bytes do.
    pub name: String,
    /// The name people know it by, as in `app.js` or `logo.svg`.
    pub plain: String,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// The same, compressed, where that is smaller.
    pub brotli: Option<Vec<u8>>,
}

impl File {
    fn new(plain: &str, bytes: Vec<u8>) -> Self {
        Self { name: hashed_name(plain, &bytes), plain: plain.to_owned(), bytes, brotli: None }
    }

    fn over_the_wire(&self) -> usize {
        self.brotli.as_ref().map_or(self.bytes.len(), Vec::len)
    }
}

/// All that a browser fetches beside the pages themselves.
#[derive(Debug, PartialEq, Eq)]
pub struct Site {
    /// Script, wasm, style, snippets and assets.
    pub files: Vec<File>,
    script: String,
    wasm: String,
    style: String,
    assets: Vec<(String, String)>,
}

/// `logo.svg` with the content's hash put in: `logo.0123abcd.svg`.
pub fn hashed_name(plain: &str, bytes: &[u8]) -> String {
    let hash = hex::encode(Sha256::digest(bytes).get(..4).unwrap_or_default());
    let (folder, file) = plain.rsplit_once('/').map_or(("", plain), |(folder, file)| (folder, file));
    let file = match file.rsplit_once('.') {
        Some((stem, extension)) => format!("{stem}.{hash}.{extension}"),
        None => format!("{file}.{hash}"),
    };
    if folder.is_empty() { file } else { format!("{folder}/{file}") }
}

/// Gives every part its name and makes every reference follow.
pub fn assemble(program: Program, style: &str, assets: &[Asset]) -> Result<Site> {
    let mut files = Vec::new();

    let wasm = File::new("app_bg.wasm", program.wasm);
    let mut text = program.script;
    if !text.contains("app_bg.wasm") {
        bail!("app.js does not name app_bg.wasm");
    }
    text = text.replace("app_bg.wasm", &wasm.name);
    for (path, snippet) in program.snippets {
        if snippet.contains("from './") || snippet.contains("from \"./") || snippet.contains("from '../") {
            bail!("the snippet {path} imports a neighbour by name, which a hashed name would break");
        }
        let plain = path.rsplit('/').next().unwrap_or(&path);
        let file = File::new(plain, snippet.into_bytes());
        if !text.contains(&path) {
            bail!("app.js does not name the snippet {path}");
        }
        text = text.replace(&path, &file.name);
        if !files.contains(&file) {
            files.push(file);
        }
    }
    let script = File::new("app.js", text.into_bytes());

    let assets: Vec<File> = assets.iter().map(|asset| File::new(&asset.name, asset.bytes.clone())).collect();
    let style = File::new("style.css", point_at_assets(style, &assets)?.into_bytes());

    let site = Site {
        script: script.name.clone(),
        wasm: wasm.name.clone(),
        style: style.name.clone(),
        assets: assets.iter().map(|file| (file.plain.clone(), file.name.clone())).collect(),
        files: [script, wasm, style].into_iter().chain(files).chain(assets).collect(),
    };
    Ok(site)
}

/// Rewrites `url(logo.svg)` to the hashed name; what is not an asset must be inside the sheet itself.
fn point_at_assets(style: &str, assets: &[File]) -> Result<String> {
    let mut out = String::with_capacity(style.len());
    let mut rest = style;
    while let Some((before, after)) = rest.split_once("url(") {
        let (inside, after) = after.split_once(')').context("a url( in the style is never closed")?;
        let target = inside.trim().trim_matches(['"', '\'']);
        out.push_str(before);
        if target.starts_with("data:") || target.starts_with('#') {
            // A data address may itself hold a bracket when quoted; it is copied as it stands.
            out.push_str("url(");
            out.push_str(inside);
            out.push(')');
        } else {
            let Some(asset) = assets.iter().find(|asset| asset.plain == target) else {
                bail!("the style names {target}, which is not among the assets");
            };
            out.push_str(&format!("url(\"{}\")", asset.name));
        }
        rest = after;
    }
    out.push_str(rest);
    Ok(out)
}

impl Site {
    /// Every file to write: the files, their compressed siblings, and the manifest.
    pub fn files_with_manifest(&self) -> Result<Vec<(String, Vec<u8>)>> {
        let mut all = Vec::new();
        for file in &self.files {
            all.push((file.name.clone(), file.bytes.clone()));
            if let Some(brotli) = &file.brotli {
                all.push((format!("{}.br", file.name), brotli.clone()));
            }
        }
        let mut manifest = serde_json::to_vec_pretty(&self.manifest()).context("write the manifest")?;
        manifest.push(b'\n');
        all.push(("manifest.json".to_owned(), manifest));
        Ok(all)
    }

    fn manifest(&self) -> Value {
        let assets: Map<String, Value> =
            self.assets.iter().map(|(plain, name)| (plain.clone(), json!(name))).collect();
        let bytes: Map<String, Value> = self
            .files
            .iter()
            .map(|file| {
                let brotli = file.brotli.as_ref().map(Vec::len);
                (file.name.clone(), json!({ "raw": file.bytes.len(), "brotli": brotli }))
            })
            .collect();
        json!({
            "js": self.script,
            "wasm": self.wasm,
            "css": self.style,
            "assets": assets,
            "bytes": bytes,
        })
    }

    /// A line a file for the person who waits.
    pub fn report(&self) -> String {
        let mut text = String::new();
        for file in &self.files {
            let (raw, wire) = (file.bytes.len(), file.over_the_wire());
            text.push_str(&format!("{raw:>9} bytes, {wire:>8} over the wire  {}\n", file.name));
        }
        let wire: usize = self.files.iter().map(File::over_the_wire).sum();
        text.push_str(&format!("                 {wire:>8} over the wire in all\n"));
        text
    }
}
