//! What the bundler is asked to do.

use std::path::PathBuf;

use anyhow::{Result, bail};

use crate::compress::Effort;

/// The checked command line.
#[derive(Debug, PartialEq, Eq)]
pub struct CommandLine {
    /// The dashboard as the compiler left it.
    pub wasm: PathBuf,
    /// Style sheets, joined in the order of their names.
    pub style: PathBuf,
    /// Pictures, fonts and the like; may be missing.
    pub assets: PathBuf,
    /// Where the finished site goes; replaced as a whole.
    pub out: PathBuf,
    /// The optimiser to run over the wasm, if there is one.
    pub wasm_opt: Option<PathBuf>,
    /// Trade bytes for a shorter wait: for tests and development.
    pub fast: bool,
}

impl CommandLine {
    /// Reads the arguments after the program's own name.
    pub fn parse(arguments: impl Iterator<Item = String>) -> Result<Self> {
        let mut places = Vec::new();
        let mut wasm_opt = None;
        let mut fast = false;
        let mut arguments = arguments;
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--fast" => fast = true,
                "--wasm-opt" => match arguments.next() {
                    Some(program) => wasm_opt = Some(PathBuf::from(program)),
                    None => bail!("--wasm-opt needs the path of a program"),
                },
                unknown if unknown.starts_with("--") => bail!("unknown option {unknown}"),
                _ => places.push(PathBuf::from(argument)),
            }
        }
        let Ok([wasm, style, assets, out]) = <[PathBuf; 4]>::try_from(places) else {
            bail!("usage: bundle WASM STYLE_DIR ASSETS_DIR OUT_DIR [--wasm-opt PROGRAM] [--fast]");
        };
        Ok(Self { wasm, style, assets, out, wasm_opt, fast })
    }

    /// How hard to press.
    pub fn effort(&self) -> Effort {
        if self.fast { Effort::Quick } else { Effort::Best }
    }
}
