//! Cycles that a plant brings from the system it leaves. docs/data.md says what a file may hold and what it does.
//!
//! A file is read once, whole, and held against the box before anything is written: [`Import::read`] tells everything
//! that is wrong with it, [`Import::write`] writes only a file that nothing is wrong with.

mod field;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod lines;
mod problem;
mod read;
mod row;
mod spool;
#[cfg(test)]
mod tests;
mod walk;
mod write;

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use domain::{MoldId, MoldName, Timestamp};
use sha2::{Digest, Sha256};

use self::field::Cells;
pub use self::problem::{Problem, Problems};
use self::row::Understood;
use self::spool::{Sorted, Spool};
use self::walk::{Known, Named, Sum, Verdict, walk};
use self::write::{Addition, Origin, Writer};
use super::Format;
use crate::ingest::MOST_MOLDS;
use crate::plant::Snapshot;
use crate::store::{self, Store};

/// Why a file was not imported.
#[derive(Debug, thiserror::Error)]
pub enum ImportError {
    /// It cannot be opened.
    #[error("open {}", .0.display())]
    Open(PathBuf, #[source] io::Error),
    /// It is a folder, a pipe, a device.
    #[error("{} is not a file", .0.display())]
    NoFile(PathBuf),
    /// It cannot be read.
    #[error("read the file")]
    Read(#[source] io::Error),
    /// It is not what its form says.
    #[error("the file is damaged: {0}")]
    Damaged(String),
    /// Somebody writes to it.
    #[error("the file was changed while it was read: nothing is imported")]
    Changed,
    /// Its rows could not be sorted.
    #[error("use the scratch file in which rows are sorted")]
    Scratch(#[source] io::Error),
    /// The store.
    #[error("could not read the store")]
    Store(#[source] store::Read),
    /// The store took some of it and no more.
    #[error(
        "could not write to the store; {kept} cycles are kept, and the same command again goes on from there"
    )]
    Commit {
        /// Cycles kept so far.
        kept: u64,
        /// Why.
        #[source]
        source: store::Commit,
    },
    /// There are bad rows.
    #[error("the file has bad rows: nothing is imported")]
    Bad,
}

/// What the file does to one mold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoldImport {
    /// The mold.
    pub mold: MoldName,
    /// The box did not know it.
    pub new: bool,
    /// What it had made before the box knows of its cycles.
    pub baseline: u64,
    /// Cycles that the import counts.
    pub counted: u64,
    /// Rows that become cycles of history.
    pub timed: u64,
    /// Rows that change nothing: history has them.
    pub there: u64,
}

/// A file that was read and held against the box.
pub struct Import {
    sorted: Sorted,
    molds: Vec<Named>,
    sums: Vec<Sum>,
    snapshot: Snapshot,
    problems: Problems,
    sha256: [u8; 32],
    file: String,
}

impl Import {
    /// Reads a file of cycles and holds it against the store, if there is one. Rows wait in a file without a name in
    /// the folder `scratch` when there are many.
    ///
    /// # Errors
    /// The file, the store or the scratch file cannot be used. Rows that make no sense are no error: see
    /// [`Import::problems`].
    pub fn read(
        path: &Path,
        format: Format,
        store: Option<&Store>,
        scratch: &Path,
    ) -> Result<Self, ImportError> {
        let open = |error| ImportError::Open(path.to_owned(), error);
        let mut file = File::open(path).map_err(open)?;
        let before = file.metadata().map_err(open)?;
        if !before.is_file() {
            return Err(ImportError::NoFile(path.to_owned()));
        }
        let sha256 = fingerprint(&mut file).map_err(ImportError::Read)?;
        let mut problems = Problems::default();
        let again = file.try_clone().map_err(ImportError::Read)?;
        let (sorted, mut molds) = gather(again, format, scratch, &mut problems)?;
        let after = file.metadata().map_err(ImportError::Read)?;
        let changed = before.len() != after.len() || before.modified().ok() != after.modified().ok();
        if changed {
            return Err(ImportError::Changed);
        }
        let snapshot =
            store.map(Store::snapshot).transpose().map_err(ImportError::Store)?.unwrap_or_default();
        for named in &mut molds {
            named.known = Known::of(&named.name, &snapshot);
            if let (Some(known), Some((baseline, row))) = (&named.known, named.baseline)
                && known.baseline != baseline
            {
                let what = format!(
                    "begins the mold after {baseline} cycles (counter less ordinal), the box began after {}",
                    known.baseline
                );
                problems.add(row, Some("ordinal"), what);
            }
        }
        let new = molds.iter().filter(|named| named.known.is_none()).count();
        if snapshot.molds.len().saturating_add(new) > MOST_MOLDS {
            let what =
                format!("with those of the file there would be more than the {MOST_MOLDS} molds of a box");
            problems.add(0, Some("mold"), what);
        }
        let sums = walk(&sorted, &molds, store, &mut |_, told, verdict| {
            if let Verdict::Refused(what) = verdict {
                problems.add(told.row, Some("counter"), what);
            }
            Ok(())
        })?;
        problems.sort();
        let file = path.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned());
        Ok(Import { sorted, molds, sums, snapshot, problems, sha256, file: field::shortened(&file) })
    }

    /// Everything wrong with the file.
    #[must_use]
    pub fn problems(&self) -> &Problems {
        &self.problems
    }

    /// SHA-256 of the file.
    #[must_use]
    pub fn sha256(&self) -> &[u8; 32] {
        &self.sha256
    }

    /// What the file does, by mold.
    #[must_use]
    pub fn molds(&self) -> Vec<MoldImport> {
        let mold = |sum: &Sum| {
            let named = self.molds.get(sum.mold)?;
            Some(MoldImport {
                mold: named.name.clone(),
                new: named.known.is_none(),
                baseline: sum.baseline,
                counted: sum.after.saturating_sub(sum.before),
                timed: sum.new,
                there: sum.there,
            })
        };
        self.sums.iter().filter_map(mold).collect()
    }

    /// Writes it, in the name of `by`. Up to 100,000 cycles are there whole or not at all; of a larger file that was
    /// cut short the same command again writes the rest, and the count is right from the beginning.
    ///
    /// `store` is the one the file was held against, and nobody else has written to it since; where there was none, it
    /// is a new one.
    ///
    /// # Errors
    /// The file has bad rows, or the store does not take it.
    pub fn write(&self, store: &Store, by: &str, now: Timestamp) -> Result<(), ImportError> {
        if self.problems.count() > 0 {
            return Err(ImportError::Bad);
        }
        let origin = Origin { by: by.to_owned(), file: self.file.clone(), sha256: self.sha256 };
        let mut next = self.snapshot.molds.iter().map(|(mold, _)| mold.id.0).max().unwrap_or(0);
        let mut ids: HashMap<usize, MoldId> = HashMap::new();
        let mut writer = Writer::new(store, now);
        for sum in self.sums.iter().filter(|sum| sum.new > 0) {
            let Some(named) = self.molds.get(sum.mold) else { continue };
            let id = named.known.as_ref().map_or_else(
                || {
                    next = next.saturating_add(1);
                    MoldId(next)
                },
                |known| known.id,
            );
            let stand = self.snapshot.molds.iter().find(|(mold, _)| mold.id == id);
            let stand = stand.map(|(_, stand)| stand.clone()).unwrap_or_default();
            let new = named.known.is_none().then(|| named.name.clone());
            writer.count(Addition { id, new, stand, sum }, &origin)?;
            ids.insert(sum.mold, id);
        }
        walk(
            &self.sorted,
            &self.molds,
            Some(store),
            &mut |mold, _, verdict| match (verdict, ids.get(&mold)) {
                (Verdict::New(cycle), Some(id)) => writer.put(*id, cycle),
                _ => Ok(()),
            },
        )?;
        writer.end()
    }
}

fn fingerprint(file: &mut File) -> io::Result<[u8; 32]> {
    file.seek(SeekFrom::Start(0))?;
    let mut hash = Sha256::new();
    let mut bytes = vec![0; 64 << 10];
    loop {
        let read = file.read(&mut bytes)?;
        match bytes.get(..read) {
            Some(read) if !read.is_empty() => hash.update(read),
            _ => return Ok(hash.finalize().into()),
        }
    }
}

/// Reads every row; what can be understood is sorted.
fn gather(
    file: File,
    format: Format,
    scratch: &Path,
    problems: &mut Problems,
) -> Result<(Sorted, Vec<Named>), ImportError> {
    let mut spool = Spool::new(scratch);
    let mut molds: Vec<Named> = Vec::new();
    let mut places: HashMap<MoldName, u32> = HashMap::new();
    if let Some(mut rows) = read::begin(file, format, problems)? {
        let mut cells = Cells::default();
        while let Some(row) = rows.next(&mut cells, problems)? {
            let Some(Understood { mold, baseline, told }) = row::understand(row, &cells, problems) else {
                continue;
            };
            let place = match places.get(&mold) {
                Some(place) => *place,
                None if molds.len() >= MOST_MOLDS => {
                    let what = format!("is one more than the {MOST_MOLDS} molds of a box");
                    problems.add(row, Some("mold"), what);
                    continue;
                }
                None => {
                    let place = u32::try_from(molds.len()).unwrap_or(u32::MAX);
                    places.insert(mold.clone(), place);
                    molds.push(Named { name: mold, baseline: None, known: None });
                    place
                }
            };
            if let (Some(baseline), Some(named)) = (baseline, molds.get_mut(place as usize)) {
                let (first, in_row) = *named.baseline.get_or_insert((baseline, row));
                if first != baseline {
                    let what = format!(
                        "begins the mold after {baseline} cycles (counter less ordinal), and at {in_row} after {first}"
                    );
                    problems.add(row, Some("ordinal"), what);
                }
            }
            spool.put(row::Told { mold: place, ..told }).map_err(ImportError::Scratch)?;
        }
    }
    Ok((spool.end().map_err(ImportError::Scratch)?, molds))
}
