//! The proof of a backup: a store is made from it in a folder of its own and held against its laws.

use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use domain::Timestamp;

use super::sealed::damage;
use crate::store::{self, CheckReport, OpenStore, Read as ReadStore, Restore, Store, StoreKeys};

/// A folder that is gone when this is dropped, unless it was kept.
pub(super) struct Scratch {
    path: Option<PathBuf>,
}

impl Scratch {
    /// Makes the folder; what was left there is taken away first.
    pub(super) fn new(path: PathBuf) -> io::Result<Self> {
        match fs::remove_dir_all(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::DirBuilder::new().mode(0o700).create(&path)?;
        Ok(Scratch { path: Some(path) })
    }

    pub(super) fn path(&self) -> &Path {
        self.path.as_deref().unwrap_or(Path::new(""))
    }

    /// Leaves the folder there.
    pub(super) fn keep(mut self) {
        self.path = None;
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        if let Some(path) = &self.path
            && let Err(error) = fs::remove_dir_all(path)
        {
            tracing::warn!(path = %path.display(), %error, "a scratch folder stays behind");
        }
    }
}

/// What a backup turned out to hold.
#[derive(Debug, Clone)]
pub struct Proof {
    /// When it was made.
    pub made: Timestamp,
    /// The version of the program that made it.
    pub program: String,
    /// Rows of all tables.
    pub rows: u64,
    /// The SHA-256 that the stream ends with.
    pub sha256: [u8; 32],
    /// What the restored store's check saw.
    pub report: CheckReport,
}

/// Why a backup is not proved.
#[derive(Debug, thiserror::Error)]
pub enum Prove {
    /// The folder to restore into cannot be made.
    #[error("make the folder {}", .0.display())]
    Scratch(PathBuf, #[source] io::Error),
    /// No store comes of it.
    #[error(transparent)]
    Restore(Restore),
    /// What comes of it does not open.
    #[error("open the restored store")]
    Open(#[source] OpenStore),
    /// What comes of it cannot be read.
    #[error("check the restored store")]
    Check(#[source] ReadStore),
}

/// Makes a store from an open stream in an empty folder, opens it and checks it. It stays there.
pub(super) fn prove(folder: &Path, plain: impl Read) -> Result<(Proof, StoreKeys), Prove> {
    let restored = store::restore(folder, plain).map_err(|error| Prove::Restore(damage(error)))?;
    // Opened once for writing: a store of a former format becomes one of today's.
    drop(Store::open(folder, &restored.keys).map_err(Prove::Open)?);
    let looked = Store::look_at(folder, &restored.keys).map_err(Prove::Open)?;
    let report = store::check(&looked).map_err(Prove::Check)?;
    let proof = Proof {
        made: restored.made,
        program: restored.program,
        rows: restored.rows,
        sha256: restored.sha256,
        report,
    };
    Ok((proof, restored.keys))
}
