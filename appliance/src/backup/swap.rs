//! Puts a restored store in the place of the one that is there, so that a power cut at any instant leaves a folder that
//! can be used: before the plan is on the disk it is the former box, from then on it is the new one as soon as somebody
//! finishes the plan. A box does so when it starts, a restore before anything else.
//!
//! The data folder itself stays: it may be a mount point, and other things lie in it.

use std::fs::{self, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt, chown};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::file;
use crate::{keys, store};

/// Everything in a data folder that makes it this box and no other.
pub(super) const PIECES: &[&str] = &[store::FILE, store::JOURNAL, keys::FILE, keys::FORMER];

/// The plan in the data folder while a store is being replaced.
const PLAN: &str = "restore.pending";

/// Why a store was not put in place. What is not done yet is done by the next try.
#[derive(Debug, thiserror::Error)]
#[error("put the restored store in place in {}", path.display())]
pub struct FinishRestore {
    path: PathBuf,
    #[source]
    source: io::Error,
}

#[derive(Debug, PartialEq, Eq, Serialize, Deserialize)]
struct Plan {
    /// The folder in which the new pieces wait.
    scratch: String,
    /// The folder that the former ones go to.
    before: String,
    /// Former pieces.
    former: Vec<String>,
}

/// Puts what a folder in the data folder holds in the place of the pieces that are there, which go to the folder
/// `before`, made here. From when the plan is on the disk it will be done.
pub(super) fn begin(data: &Path, scratch: &Path, before: &str) -> Result<(), FinishRestore> {
    decide(data, scratch, before).map_err(|source| FinishRestore { path: data.to_owned(), source })?;
    finish(data).map(drop)
}

fn decide(data: &Path, scratch: &Path, before: &str) -> io::Result<()> {
    let former: Vec<String> =
        PIECES.iter().filter(|piece| data.join(piece).exists()).map(|&piece| piece.to_owned()).collect();
    if !former.is_empty() {
        fs::DirBuilder::new().mode(0o700).create(data.join(before))?;
        own_as(data, &data.join(before))?;
    }
    let scratch = scratch.file_name().and_then(|name| name.to_str());
    let scratch = scratch.ok_or_else(|| io::Error::other("a folder without a name"))?.to_owned();
    let plan = Plan { scratch, before: before.to_owned(), former };
    let text = serde_json::to_vec(&plan)?;
    let path = data.join(PLAN);
    let part = file::part_of(&path);
    let mut to = File::options().write(true).create(true).truncate(true).mode(0o644).open(&part)?;
    io::Write::write_all(&mut to, &text)?;
    to.sync_all()?;
    file::name(&part, &path)
}

/// Gives something to whoever owns the data folder: a restore may be done by root, and the box is not root.
pub(super) fn own_as(data: &Path, path: &Path) -> io::Result<()> {
    let (owner, mine) = (fs::metadata(data)?, fs::metadata(path)?);
    if (owner.uid(), owner.gid()) == (mine.uid(), mine.gid()) {
        return Ok(());
    }
    chown(path, Some(owner.uid()), Some(owner.gid()))
}

/// Finishes what a restore began in this data folder and could not end; tells whether there was anything.
///
/// # Errors
/// The folder cannot be written; what is not done yet is done the next time.
pub fn finish(data: &Path) -> Result<bool, FinishRestore> {
    let failed = |source| FinishRestore { path: data.to_owned(), source };
    let text = match fs::read(data.join(PLAN)) {
        Ok(text) => text,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(failed(error)),
    };
    let plan: Plan = serde_json::from_slice(&text).map_err(|error| failed(error.into()))?;
    while step(data, &plan).map_err(failed)? {}
    Ok(true)
}

/// Does the next thing that is not done; tells whether there was one.
fn step(data: &Path, plan: &Plan) -> io::Result<bool> {
    if let Some((from, to)) = next_move(data, plan)? {
        fs::rename(from, to)?;
    } else if data.join(PLAN).exists() {
        match fs::remove_dir(data.join(&plan.scratch)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => fs::remove_file(data.join(PLAN))?,
        }
    } else {
        return Ok(false);
    }
    File::open(data)?.sync_all()?;
    Ok(true)
}

/// All former pieces go before the first new one comes.
fn next_move(data: &Path, plan: &Plan) -> io::Result<Option<(PathBuf, PathBuf)>> {
    let before = data.join(&plan.before);
    for piece in &plan.former {
        let (from, to) = (data.join(piece), before.join(piece));
        if !to.exists() && from.exists() {
            return Ok(Some((from, to)));
        }
    }
    let scratch = data.join(&plan.scratch);
    let waiting = match fs::read_dir(&scratch) {
        Ok(waiting) => waiting,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    match waiting.into_iter().next() {
        Some(entry) => {
            let name = entry?.file_name();
            Ok(Some((scratch.join(&name), data.join(&name))))
        }
        None => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(dir: &Path, text: &str) {
        for piece in PIECES {
            fs::write(dir.join(piece), format!("{text} {piece}")).unwrap();
        }
    }

    fn holds(dir: &Path, text: &str) -> bool {
        PIECES.iter().all(|piece| {
            fs::read_to_string(dir.join(piece)).is_ok_and(|found| found == format!("{text} {piece}"))
        })
    }

    #[test]
    fn a_power_cut_between_any_two_moves_leaves_a_plan_that_ends_in_the_new_box() {
        for steps in 0..10 {
            let dir = tempfile::tempdir().unwrap();
            let data = dir.path();
            let scratch = data.join("restoring-1");
            fs::create_dir(&scratch).unwrap();
            fill(data, "former");
            fill(&scratch, "new");
            fs::write(data.join("other"), "stays").unwrap();
            decide(data, &scratch, "before-restore-1").unwrap();
            let plan: Plan = serde_json::from_slice(&fs::read(data.join(PLAN)).unwrap()).unwrap();
            for _ in 0..steps {
                step(data, &plan).unwrap();
            }
            finish(data).unwrap();
            assert!(holds(data, "new"), "after {steps}");
            assert!(holds(&data.join("before-restore-1"), "former"), "after {steps}");
            assert!(!scratch.exists() && !data.join(PLAN).exists());
            assert_eq!(fs::read_to_string(data.join("other")).unwrap(), "stays");
            assert!(!finish(data).unwrap());
        }
    }

    #[test]
    fn before_the_plan_is_written_the_former_box_is_whole() {
        let dir = tempfile::tempdir().unwrap();
        fill(dir.path(), "former");
        fs::create_dir(dir.path().join("restoring-1")).unwrap();
        assert!(!finish(dir.path()).unwrap());
        assert!(holds(dir.path(), "former"));
    }
}
