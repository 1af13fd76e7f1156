//! The keys in a data folder: made, opened, and brought in order after an interruption.

use std::fs::{self, File, TryLockError};
use std::io::ErrorKind;
use std::path::Path;

use super::master::{Want, obtain};
use super::ring::{Master, Ring};
use super::{FILE, GetKeys, files};
use crate::config::StoreKey;
use crate::store::{self, Contents, SealingKey, StoreKeys};
use crate::telemetry::Chain;

/// The key of earlier days.
pub const FORMER: &str = "sealing.key";

/// The keys for a box that serves; a box that begins gets new ones. Finishes an interrupted rotation.
///
/// # Errors
/// No master key, the wrong one, or files that do not go together. Nothing was changed then.
pub fn to_serve(data: &Path, place: &StoreKey) -> Result<StoreKeys, GetKeys> {
    let Some(bytes) = read(data)? else { return first(data, place) };
    let (ring, master) = open(data, &bytes, place)?;
    if ring.next.is_none() {
        return Ok(ring.current);
    }
    let _held = hold(data)?;
    // Another command may have been at work when it was read.
    let bytes = read(data)?.ok_or_else(|| GetKeys::Gone(data.join(FILE)))?;
    settle(data, unwrap(data, &bytes, &master, "the same key as before".to_owned())?, &master)
}

/// The keys for whoever only looks; changes nothing.
///
/// # Errors
/// As [`to_serve`]; also when there is no store to look at.
pub fn to_look(data: &Path, place: &StoreKey) -> Result<StoreKeys, GetKeys> {
    let Some(bytes) = read(data)? else {
        let (keys, contents) = unwrapped(data)?;
        return if contents == Contents::Nothing { Err(GetKeys::NoStore(data.to_owned())) } else { Ok(keys) };
    };
    let (ring, _) = open(data, &bytes, place)?;
    fitting(data, ring)
}

/// Writes the keys of a restored store into a folder, under the master key of the box in `data`.
///
/// # Errors
/// No master key, or the folder cannot be written.
pub fn put(folder: &Path, data: &Path, current: StoreKeys, place: &StoreKey) -> Result<(), GetKeys> {
    let (master, _) = obtain(place, data, Want::Wrap)?;
    write(folder, &Ring { current, next: None }, &master)
}

/// Removes the key of earlier days, once the store is encrypted and the wrapped keys hold its bytes.
pub fn forget_former(data: &Path, keys: &StoreKeys) {
    let path = data.join(FORMER);
    let forgotten = files::read_sealing(&path).and_then(|former| {
        let held =
            former.is_some_and(|former| *former == *keys.sealing().expose()) && data.join(FILE).exists();
        if held && store::contents(data, keys)? == Contents::Encrypted {
            fs::remove_file(&path).map_err(|error| GetKeys::Write(path.clone(), error))?;
            tracing::info!(path = %path.display(), "removed: the wrapped keys hold it now");
        }
        Ok(())
    });
    // It does no more than lie there; the next start tries again.
    if let Err(error) = forgotten {
        tracing::warn!(path = %path.display(), error = %Chain(&error), "the key of earlier days is not removed");
    }
}

pub(super) fn read(data: &Path) -> Result<Option<Vec<u8>>, GetKeys> {
    let path = data.join(FILE);
    match fs::read(&path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(GetKeys::Read(path, error)),
    }
}

pub(super) fn open(data: &Path, bytes: &[u8], place: &StoreKey) -> Result<(Ring, Master), GetKeys> {
    let (master, with) = obtain(place, data, Want::Open)?;
    Ok((unwrap(data, bytes, &master, with)?, master))
}

fn unwrap(data: &Path, bytes: &[u8], master: &Master, with: String) -> Result<Ring, GetKeys> {
    let ring = Ring::unwrap(bytes, master);
    ring.map_err(|source| GetKeys::Unwrap { path: data.join(FILE), with, source })
}

pub(super) fn write(data: &Path, ring: &Ring, master: &Master) -> Result<(), GetKeys> {
    files::write_whole(&data.join(FILE), &ring.wrap(master).map_err(GetKeys::Wrap)?)
}

/// Nobody else works on the keys while this is held.
pub(super) fn hold(data: &Path) -> Result<File, GetKeys> {
    let folder = File::open(data).map_err(|error| GetKeys::Folder(data.to_owned(), error))?;
    match folder.try_lock() {
        Ok(()) => Ok(folder),
        Err(TryLockError::WouldBlock) => Err(GetKeys::Busy(data.to_owned())),
        Err(TryLockError::Error(error)) => Err(GetKeys::Folder(data.to_owned(), error)),
    }
}

/// New keys where none are wrapped yet, and what is there already.
fn unwrapped(data: &Path) -> Result<(StoreKeys, Contents), GetKeys> {
    let keys = StoreKeys::draw()?;
    let contents = store::contents(data, &keys)?;
    let path = data.join(FORMER);
    let former = files::read_sealing(&path)?;
    match (contents, former) {
        (Contents::Encrypted | Contents::Foreign, _) => Err(GetKeys::Gone(data.join(FILE))),
        (Contents::Plain, None) => Err(GetKeys::Gone(path)),
        (_, Some(former)) => Ok((keys.with_sealing(SealingKey::from_bytes(*former)), contents)),
        (Contents::Nothing, None) => Ok((keys, contents)),
    }
}

fn first(data: &Path, place: &StoreKey) -> Result<StoreKeys, GetKeys> {
    let (current, _) = unwrapped(data)?;
    let (master, _) = obtain(place, data, Want::Wrap)?;
    files::make_folder(data)?;
    let _held = hold(data)?;
    // Another box may have begun here meanwhile.
    if data.join(FILE).exists() {
        return Err(GetKeys::Busy(data.to_owned()));
    }
    let ring = Ring { current, next: None };
    write(data, &ring, &master)?;
    Ok(ring.current)
}

/// Which of two sets opens the file that is there: the second one's file takes the place of the first in one instant.
fn fitting(data: &Path, ring: Ring) -> Result<StoreKeys, GetKeys> {
    match ring.next {
        Some(next) if store::contents(data, &next)? == Contents::Encrypted => Ok(next),
        _ => Ok(ring.current),
    }
}

/// After an interrupted rotation: one of the two sets stays. Whoever calls this holds the keys.
pub(super) fn settle(data: &Path, ring: Ring, master: &Master) -> Result<StoreKeys, GetKeys> {
    let held = store::hold(data)?;
    let current = fitting(data, ring)?;
    let ring = Ring { current, next: None };
    let settled = held
        .sweep()
        .map_err(|error| GetKeys::Folder(data.to_owned(), error))
        .and_then(|()| write(data, &ring, master));
    if let Err(error) = settled {
        // The disk may be full or read-only; the keys are known, and the next start tries again.
        tracing::warn!(error = %Chain(&error), "an interrupted rotation of the keys is not yet finished");
    }
    Ok(ring.current)
}
