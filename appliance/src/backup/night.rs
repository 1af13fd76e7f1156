//! One backup of the schedule: made, tested, and what is too old taken away. Blocks.

use std::fs::{self, File};
use std::io::{self, PipeWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Instant;

use domain::Timestamp;

use super::driver::Nightly;
use super::file::{self, MakeFile};
use super::keys::{self, GetKeys};
use super::place::FindPlace;
use super::proof::{Proof, Prove, Scratch, prove};
use super::restore::findings;
use super::rotation;
use super::sealed::{Keys, OpenSealed, Opener, Seal};
use super::status::{Done, Tested};
use crate::store::{BackUp, Store, Written};

const SCRATCH: &str = "backup-test";
/// A file of ours that did not pass its test ends so, and counts for nothing.
const UNTESTED: &str = ".untested";
/// So much of the data disk is left alone by a test, beside what the restored store takes.
const ROOM: u64 = 256 << 20;

/// Why there is no new backup that can be counted on.
#[derive(Debug, thiserror::Error)]
pub(super) enum Night {
    #[error(transparent)]
    Place(#[from] FindPlace),
    #[error(transparent)]
    Make(#[from] MakeFile<BackUp>),
    #[error("name the backup {}", .0.display())]
    Name(PathBuf, #[source] io::Error),
    #[error("the backup is made, and could not be tested: read the box's identity")]
    Keys(#[source] GetKeys),
    #[error(
        "the backup is made, and could not be tested: {needed} bytes must be free in the data folder, {free} are"
    )]
    NoRoom { free: u64, needed: u64 },
    #[error("the backup is made, and its file could not be read back")]
    ReadBack(#[source] io::Error),
    #[error(
        "the backup is made, and its file is not what was written: the disk it is on is not to be trusted"
    )]
    Altered,
    #[error("the backup is made, and does not open")]
    Open(#[source] OpenSealed),
    #[error("the backup is made, and failed its test")]
    Prove(#[source] Prove),
    #[error("the backup is made, and what was restored from it is not what went in")]
    Other,
    #[error("the backup is made, and the store in it is not in order: {0}; run platen check on the box")]
    Findings(String),
}

/// Takes away what a test left behind that was cut short.
pub(super) fn tidy(data: &Path) {
    match fs::remove_dir_all(data.join(SCRATCH)) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            tracing::warn!(%error, "the scratch folder of a backup's test stays behind");
        }
        _ => {}
    }
}

/// Makes a backup, tests it, gives it its name, and takes away what the rotation does not keep.
pub(super) fn make(
    plan: &Nightly,
    data: &Path,
    store: &Store,
    now: Timestamp,
    stopping: &AtomicBool,
) -> Result<Done, Night> {
    let begun = Instant::now();
    let folder = plan.place.find()?;
    sweep(&folder, plan, ".part");
    let path = folder.join(plan.series.file(now));
    let part = file::part_of(&path);
    let seal = Seal::Recipients(plan.recipients.clone());
    let keys = plan.identity.as_deref().map(keys::identities).transpose();
    let opens = keys.as_ref().ok().and_then(Option::as_ref).filter(|keys| keys.open(&seal));
    let scratch = room(data, store).and_then(|()| {
        let path = data.join(SCRATCH);
        Scratch::new(path.clone()).map_err(|error| Night::Prove(Prove::Scratch(path, error)))
    });
    let outcome = match (&scratch, opens) {
        (Ok(scratch), None) => teed(&part, &seal, store, scratch, now, stopping),
        (_, _) => plain(&part, &seal, store, now, stopping).map(|(made, written)| (made, written, None)),
    };
    let (made, written, proved) = outcome.inspect_err(|_| _ = fs::remove_file(&part))?;
    let tested = scratch.and_then(|scratch| test(&part, &made, &written, proved, opens, &scratch));
    let tested = tested.and_then(|tested| match keys {
        Err(error) => Err(Night::Keys(error)),
        Ok(_) => Ok(tested),
    });
    let named = |to: &Path| file::name(&part, to).map_err(|error| Night::Name(to.to_owned(), error));
    match tested {
        Ok(tested) => {
            named(&path)?;
            sweep(&folder, plan, UNTESTED);
            rotate(&folder, plan, now);
            let took_ms = u64::try_from(begun.elapsed().as_millis()).unwrap_or(u64::MAX);
            Ok(Done { at: now, file: path, bytes: made.bytes, rows: written.rows, took_ms, tested })
        }
        Err(error) => {
            // Better than none, and not in the way of those that passed.
            sweep(&folder, plan, UNTESTED);
            let mut untested = path.into_os_string();
            untested.push(UNTESTED);
            named(Path::new(&untested))?;
            Err(error)
        }
    }
}

fn plain(
    part: &Path,
    seal: &Seal,
    store: &Store,
    now: Timestamp,
    stopping: &AtomicBool,
) -> Result<(file::Made, Written), Night> {
    Ok(file::write(part, seal, |to| store.back_up(now, &mut Watched { to, beside: None, stopping }))?)
}

/// What is told of a stream that was restored while it was written.
type Proved = Option<Result<Proof, Prove>>;

/// Writes the file, and restores the same bytes beside it before they are sealed.
fn teed(
    part: &Path,
    seal: &Seal,
    store: &Store,
    scratch: &Scratch,
    now: Timestamp,
    stopping: &AtomicBool,
) -> Result<(file::Made, Written, Proved), Night> {
    let failed = |error| Night::Prove(Prove::Scratch(scratch.path().to_owned(), error));
    let (from, to) = io::pipe().map_err(failed)?;
    thread::scope(|scope| {
        let prover = scope.spawn(|| prove(scratch.path(), from).map(|(proof, _)| proof));
        let written = file::write(part, seal, |sealed| {
            // The pipe ends with this, and with it the prover.
            store.back_up(now, &mut Watched { to: sealed, beside: Some(to), stopping })
        });
        let proved = prover.join().map_err(|_| failed(io::Error::other("the test broke down")));
        let (made, written) = written?;
        Ok((made, written, Some(proved?)))
    })
}

fn test(
    part: &Path,
    made: &file::Made,
    written: &Written,
    proved: Proved,
    opens: Option<&Keys>,
    scratch: &Scratch,
) -> Result<Tested, Night> {
    if file::read_back(part).map_err(Night::ReadBack)? != made.sha256 {
        return Err(Night::Altered);
    }
    let (proof, tested) = match (opens, proved) {
        (Some(keys), _) => {
            let opened =
                Opener::new(keys, File::open(part).map_err(Night::ReadBack)?).map_err(Night::Open)?;
            (prove(scratch.path(), opened).map(|(proof, _)| proof), Tested::Restored)
        }
        (None, Some(proof)) => (proof, Tested::ReadBack),
        (None, None) => return Err(Night::Other),
    };
    let proof = proof.map_err(Night::Prove)?;
    if (proof.rows, proof.sha256) != (written.rows, written.sha256) {
        return Err(Night::Other);
    }
    if !proof.report.is_clean() {
        return Err(Night::Findings(findings(&proof)));
    }
    Ok(tested)
}

/// A test must not fill the disk that cycles are kept on.
fn room(data: &Path, store: &Store) -> Result<(), Night> {
    let Ok(space) = nix::sys::statvfs::statvfs(data) else { return Ok(()) };
    let free = space.blocks_available().saturating_mul(space.fragment_size());
    let needed = store.bytes_on_disk().saturating_add(ROOM);
    if free < needed { Err(Night::NoRoom { free, needed }) } else { Ok(()) }
}

/// Takes away files of this series whose names end so.
fn sweep(folder: &Path, plan: &Nightly, end: &str) {
    for name in names(folder) {
        if name.strip_suffix(end).is_some_and(|file| plan.series.made(file).is_some()) {
            remove(&folder.join(name));
        }
    }
}

/// The files where backups go, looked at once; `None`: the place is not there.
pub(super) fn look(plan: &Nightly) -> Option<Vec<String>> {
    plan.place.find().ok().map(|folder| names(&folder))
}

fn rotate(folder: &Path, plan: &Nightly, now: Timestamp) {
    let names = names(folder);
    let files: Vec<&str> = names.iter().map(String::as_str).collect();
    for file in rotation::surplus(&files, &plan.series, plan.keep, now) {
        remove(&folder.join(file));
    }
}

fn names(folder: &Path) -> Vec<String> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) => {
            tracing::warn!(folder = %folder.display(), %error, "former backups cannot be listed");
            return Vec::new();
        }
    };
    entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect()
}

fn remove(path: &Path) {
    match fs::remove_file(path) {
        Ok(()) => tracing::info!(path = %path.display(), "a former backup was taken away"),
        Err(error) => tracing::warn!(path = %path.display(), %error, "a former backup stays"),
    }
}

/// Passes bytes on, to a second one too as long as that takes them, until the box stops.
struct Watched<'a> {
    to: &'a mut dyn Write,
    beside: Option<PipeWriter>,
    stopping: &'a AtomicBool,
}

impl Write for Watched<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.stopping.load(Ordering::Relaxed) {
            return Err(io::Error::other("the box is stopping"));
        }
        let written = self.to.write(bytes)?;
        let taken = bytes.get(..written).unwrap_or_default();
        if self.beside.as_mut().is_some_and(|beside| beside.write_all(taken).is_err()) {
            // The test has failed already and says why; the file is written all the same.
            self.beside = None;
        }
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
