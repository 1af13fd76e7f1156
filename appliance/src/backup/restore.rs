//! A box from a backup. Nothing of what is there is touched before the backup is proved to the last byte.

use std::fs::{self, File};
use std::io::{self, Read};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use domain::Timestamp;

use super::names::stamp;
use super::proof::{Proof, Prove, Scratch, prove};
use super::sealed::{Keys, OpenSealed, Opener};
use super::swap::{self, FinishRestore};
use crate::config::StoreKey;
use crate::keys::{self, GetKeys};
use crate::store;

const SCRATCH: &str = "restoring-";
const BEFORE: &str = "before-restore-";
/// Findings told in a refusal.
const TOLD: usize = 5;

/// Why nothing was restored.
#[derive(Debug, thiserror::Error)]
pub enum RestoreBox {
    /// It does not open.
    #[error(transparent)]
    Open(#[from] OpenSealed),
    /// No sound store comes of it.
    #[error(transparent)]
    Prove(#[from] Prove),
    /// The store that came of it is against its own laws.
    #[error("the store in the backup is not in order: {0}")]
    Findings(String),
    /// There is a store, and nobody said that it may go.
    #[error("there is a store in {} already: say --replace to put it aside", .0.display())]
    There(PathBuf),
    /// A box runs on it.
    #[error("a box is running on {}: stop it first", .0.display())]
    InUse(PathBuf),
    /// Its keys cannot be wrapped.
    #[error("wrap the keys of the restored store")]
    Keys(#[from] GetKeys),
    /// The data folder cannot be used.
    #[error("use the data folder {}", .0.display())]
    Folder(PathBuf, #[source] io::Error),
    /// It was not put in place whole; trying again or starting the box finishes it.
    #[error(transparent)]
    Finish(#[from] FinishRestore),
}

impl RestoreBox {
    /// What was there is there as it was.
    #[must_use]
    pub fn changed_nothing(&self) -> bool {
        !matches!(self, RestoreBox::Finish(_))
    }
}

/// Where a backup is restored to, and how.
#[derive(Debug, Clone)]
pub struct Target {
    /// The data folder.
    pub data: PathBuf,
    /// What is to open the restored store.
    pub key: StoreKey,
    /// A store that is there may be put aside.
    pub replace: bool,
    /// A store that is not in order is better than none.
    pub with_findings: bool,
    /// For the names of folders.
    pub now: Timestamp,
}

/// What a restore did.
#[derive(Debug, Clone)]
pub struct Restored {
    /// What the backup held.
    pub proof: Proof,
    /// Where the former store is, if there was one.
    pub before: Option<PathBuf>,
}

/// Makes the box in the data folder from a sealed backup.
///
/// # Errors
/// With why; what was there is untouched, except after [`RestoreBox::Finish`].
pub fn restore(sealed: impl Read, keys: &Keys, target: &Target) -> Result<Restored, RestoreBox> {
    let data = &target.data;
    let failed = |error| RestoreBox::Folder(data.clone(), error);
    swap::finish(data)?;
    refuse(target)?;
    let opened = Opener::new(keys, sealed)?;
    let made = match fs::DirBuilder::new().mode(0o700).create(data) {
        Ok(()) => true,
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => false,
        Err(error) => return Err(failed(error)),
    };
    let restored = into_place(opened, target);
    if made && restored.is_err() {
        // Only an empty one goes.
        let _ = fs::remove_dir(data);
    }
    restored
}

fn into_place(opened: impl Read, target: &Target) -> Result<Restored, RestoreBox> {
    let data = &target.data;
    let failed = |error| RestoreBox::Folder(data.clone(), error);
    sweep(data).map_err(failed)?;
    let stamp = stamp(target.now);
    let scratch = Scratch::new(data.join(format!("{SCRATCH}{stamp}"))).map_err(failed)?;
    let (proof, keys) = prove(scratch.path(), opened)?;
    if !proof.report.is_clean() && !target.with_findings {
        return Err(RestoreBox::Findings(findings(&proof)));
    }
    // Under the master key of the box that it becomes; the one of the box that it was is not needed.
    keys::put(scratch.path(), data, keys, &target.key)?;
    settle(data, scratch.path()).map_err(failed)?;
    refuse(target)?;
    let before = format!("{BEFORE}{stamp}");
    swap::begin(data, scratch.path(), &before)?;
    scratch.keep();
    let before = Some(data.join(before)).filter(|before| before.exists());
    Ok(Restored { proof, before })
}

fn refuse(target: &Target) -> Result<(), RestoreBox> {
    if !target.data.join(store::FILE).exists() {
        return Ok(());
    }
    if !target.replace {
        return Err(RestoreBox::There(target.data.clone()));
    }
    if store::in_use(&target.data) { Err(RestoreBox::InUse(target.data.clone())) } else { Ok(()) }
}

/// What a restore left behind that was cut short goes: it is nobody's store.
fn sweep(data: &Path) -> io::Result<()> {
    for entry in fs::read_dir(data)? {
        let entry = entry?;
        if entry.file_name().to_str().is_some_and(|name| name.starts_with(SCRATCH)) {
            fs::remove_dir_all(entry.path())?;
        }
    }
    Ok(())
}

/// On the disk, and owned by whoever owns the data folder.
fn settle(data: &Path, scratch: &Path) -> io::Result<()> {
    for entry in fs::read_dir(scratch)? {
        let path = entry?.path();
        swap::own_as(data, &path)?;
        File::open(&path)?.sync_all()?;
    }
    swap::own_as(data, scratch)?;
    File::open(scratch)?.sync_all()
}

/// The first findings, for people.
pub(super) fn findings(proof: &Proof) -> String {
    let all = &proof.report.findings;
    let mut told: Vec<String> = all.iter().take(TOLD).map(ToString::to_string).collect();
    if all.len() > TOLD {
        told.push(format!("and {} more", all.len() - TOLD));
    }
    told.join("; ")
}

/// Restores a sealed backup into a folder of its own, which is gone afterwards, and tells what it held. `folder` must
/// not be there, or holds nothing that anybody misses.
///
/// # Errors
/// It does not open, or no store comes of it.
pub fn test(sealed: impl Read, keys: &Keys, folder: &Path) -> Result<Proof, RestoreBox> {
    let opened = Opener::new(keys, sealed)?;
    let scratch =
        Scratch::new(folder.to_owned()).map_err(|error| RestoreBox::Folder(folder.to_owned(), error))?;
    Ok(prove(scratch.path(), opened)?.0)
}
