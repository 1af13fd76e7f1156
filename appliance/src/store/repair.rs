//! Repair: whatever is whole goes into a new file, what is not is named, and nobody invents anything.
//!
//! The old file stays beside the new one. Counts are in the ledger and survive the loss of a chunk; what is lost then
//! is when those cycles were made, and that is written down in a table of its own, so that the sums still close.

mod copy;
mod recount;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use domain::Timestamp;
use serde::{Deserialize, Serialize};

use super::check::{CheckReport, Finding, check};
use super::error::{Commit, OpenStore, Read};
use super::keys::StoreKeys;
use super::open::Store;
use super::rekey::hold;
use super::{FILE, JOURNAL};

/// Where the new store is made.
const FOLDER: &str = "repaired";

/// Cycles of a mold that a damaged disk took: counted, and their times are not known any more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lost {
    /// The lowest ordinal that may be among them.
    pub first_ordinal: u64,
    /// The highest.
    pub last_ordinal: u64,
    /// How many they are.
    pub cycles: u64,
    /// When the loss was found.
    pub found: Timestamp,
}

/// What a repair did.
#[derive(Debug)]
pub struct Repair {
    /// What could not be saved.
    pub lost: Vec<Finding>,
    /// What was made again from what was whole.
    pub mended: Vec<Finding>,
    /// What a check of the new store says.
    pub report: CheckReport,
    /// The old file, whose name it has now.
    pub old: PathBuf,
}

/// Why a store was not repaired. Nothing was changed then.
#[derive(Debug, thiserror::Error)]
pub enum RepairStore {
    /// The old store cannot be opened at all, or the new one cannot be made.
    #[error(transparent)]
    Open(#[from] OpenStore),
    /// The new store cannot be written.
    #[error("write the repaired store")]
    Write(#[source] Commit),
    /// The new store cannot be read.
    #[error("read the repaired store")]
    Read(#[source] Read),
    /// A file cannot be moved or copied.
    #[error("{act} {}", path.display())]
    File {
        /// What was to be done.
        act: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Repairs the store in a data directory that nobody has open.
///
/// # Errors
/// Nothing of it can be read, or the new one cannot be written; nothing was changed then.
pub fn repair(dir: &Path, keys: &StoreKeys, now: Timestamp) -> Result<Repair, RepairStore> {
    let failed = |act, path: &Path| {
        let path = path.to_owned();
        move |source| RepairStore::File { act, path, source }
    };
    let held = hold(dir)?;
    if held.is_none() {
        return Err(OpenStore::Missing { path: dir.join(FILE) }.into());
    }
    let folder = dir.join(FOLDER);
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(failed("remove what an earlier repair left,", &folder))?;
    }
    drop(Store::open(&folder, keys)?);
    let mut lost = copy::whole_rows(dir, &folder, keys)?;
    let journal = dir.join(JOURNAL);
    if journal.exists() {
        fs::copy(&journal, folder.join(JOURNAL)).map_err(failed("copy the journal", &journal))?;
    }
    let (store, refused) = Store::open_tolerant(&folder, keys)?;
    lost.extend(refused);
    store.checkpoint().map_err(RepairStore::Write)?;
    let mended = recount::recount(&store, now, &mut lost)?;
    store.checkpoint().map_err(RepairStore::Write)?;
    let report = check(&store).map_err(RepairStore::Read)?;
    drop(store);

    // The new file has everything of the journal: whatever lies beside it counts no more.
    let seconds = now.as_millis() / 1000;
    let old = dir.join(format!("{FILE}.damaged-{seconds}"));
    fs::hard_link(dir.join(FILE), &old).map_err(failed("keep the old file as", &old))?;
    if journal.exists() {
        let kept = dir.join(format!("{JOURNAL}.damaged-{seconds}"));
        fs::copy(&journal, &kept).map_err(failed("keep the old journal as", &kept))?;
    }
    let new = folder.join(FILE);
    let placed = File::open(&new).and_then(|file| {
        file.sync_all()?;
        fs::rename(&new, dir.join(FILE))?;
        File::open(dir)?.sync_all()
    });
    placed.map_err(failed("put in its place", &new))?;
    fs::remove_dir_all(&folder).map_err(failed("remove", &folder))?;
    Ok(Repair { lost, mended, report, old })
}
