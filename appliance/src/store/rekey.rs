//! The store's file written anew under other keys: what was plain becomes encrypted, keys are rotated.
//!
//! A whole second file is written beside the first, and takes its name only when it is on the disk: whenever the power
//! goes, one of the two is there whole. Nobody may have the store open meanwhile.

use std::fs::{self, File, TryLockError};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use redb::backends::FileBackend;
use redb::{Durability, ReadableTable};
use secrecy::ExposeSecret;

use super::error::{Cause, Fault, OpenStore, Undecodable};
use super::journal::Reading;
use super::keys::StoreKeys;
use super::seal::SealingKey;
use super::tables::SECRETS;
use super::xts::{BLOCK, SectorKey, Sectors};
use super::{FILE, JOURNAL, disk, handle, open, row};

/// The second file, while it is written.
const NEXT: &str = "store.redb.next";
const PIECE: usize = 1 << 20;
/// So much stays free beside the second file.
const MARGIN: u64 = 1 << 20;

/// The store's file while nobody else has it open, nor gets it open until this is dropped.
#[derive(Debug)]
pub struct Held {
    file: Option<File>,
    dir: PathBuf,
}

/// Takes hold of the store in a data directory; there may be none.
///
/// # Errors
/// Somebody has it open, or the file cannot be read.
pub fn hold(dir: &Path) -> Result<Held, OpenStore> {
    let path = dir.join(FILE);
    let file = match File::open(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => None,
        Err(source) => return Err(OpenStore::Database { path, source: source.into() }),
        // redb takes the same lock before it opens a file.
        Ok(file) => match file.try_lock() {
            Ok(()) => Some(file),
            Err(TryLockError::WouldBlock) => return Err(OpenStore::InUse { path }),
            Err(TryLockError::Error(source)) => {
                return Err(OpenStore::Database { path, source: source.into() });
            }
        },
    };
    Ok(Held { file, dir: dir.to_owned() })
}

impl Held {
    /// There is no file.
    pub(super) fn is_none(&self) -> bool {
        self.file.is_none()
    }

    /// Removes what an interrupted rewriting left.
    ///
    /// # Errors
    /// It is there and cannot be removed.
    pub fn sweep(&self) -> io::Result<()> {
        match fs::remove_file(self.dir.join(NEXT)) {
            Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }
}

/// Encrypts the plain file of earlier days.
pub(super) fn encrypt(dir: &Path, keys: &StoreKeys) -> Result<(), OpenStore> {
    let held = hold(dir)?;
    let Some(file) = &held.file else { return Ok(()) };
    let _next = Next::write(&held, file, None, &keys.sectors)?.take_its_place()?;
    tracing::info!(path = %dir.join(FILE).display(), "the store's file is encrypted now");
    Ok(())
}

/// Writes the file anew under other keys, and seals its secrets anew. Where there is no store, nothing is done. The
/// former file and its journal are gone afterwards, as far as a disk lets go of anything. Everything must be in the
/// database ([`Store::checkpoint`](super::Store::checkpoint)).
///
/// # Errors
/// The disk, too little room on it, or a secret that the former key does not open; nothing was changed then.
pub fn rekey(held: &Held, former: &StoreKeys, keys: &StoreKeys) -> Result<Option<Held>, OpenStore> {
    let Some(file) = &held.file else { return Ok(None) };
    let next = Next::write(held, file, Some(&former.sectors), &keys.sectors)?;
    seal_anew(&held.dir, &next.path, former, keys).map_err(|fault| next.failed(fault.cause()))?;
    let taken = next.take_its_place()?;
    // Nothing in it is needed any more, whether it goes or stays.
    if let Err(error) = fs::remove_file(held.dir.join(JOURNAL))
        && error.kind() != ErrorKind::NotFound
    {
        tracing::warn!(%error, "the journal under the former key is not removed");
    }
    Ok(Some(taken))
}

fn seal_anew(dir: &Path, path: &Path, former: &StoreKeys, keys: &StoreKeys) -> Result<(), Fault> {
    let database = disk::database_in(path, &keys.sectors)?;
    if holds_commits(&dir.join(JOURNAL), &former.sealing, handle::progress(&database)?)? {
        let why = "the journal holds commits that are not in the database yet: start the box, end it, and try again";
        return Err(Fault::Refused(why.to_owned()));
    }
    let mut txn = database.begin_write()?;
    txn.set_durability(Durability::Immediate)?;
    {
        let mut table = txn.open_table(SECRETS)?;
        let mut secrets = Vec::new();
        for item in table.iter()? {
            let (name, value) = item?;
            secrets.push((name.value().to_owned(), value.value().to_vec()));
        }
        for (name, value) in secrets {
            let body = row::body(&value).map_err(|why| Undecodable {
                table: "secrets",
                key: format!("{name:?}"),
                why,
            })?;
            let sealed = former
                .sealing
                .open(&name, body)
                .and_then(|plain| keys.sealing.seal(&name, plain.expose_secret()))
                .ok_or_else(|| Fault::Sealed(name.clone()))?;
            table.insert(name.as_str(), sealed.as_slice())?;
        }
    }
    open::write_canary(&txn, &keys.sealing)?;
    txn.commit()?;
    Ok(())
}

/// Whether anything is in the journal alone. Records that the database has are never opened again, under whichever key.
fn holds_commits(path: &Path, key: &SealingKey, (packed, journaled): (u64, u64)) -> Result<bool, Fault> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(journaled > packed),
        file => file.map_err(|error| Fault::Database(Box::new(error.into())))?,
    };
    let file = FileBackend::new(file)?;
    let reading = Reading::after(&file, key, (packed, journaled))?;
    Ok(!reading.records.is_empty() || !reading.missing.is_empty())
}

/// The second file, not yet in the first one's place.
struct Next<'a> {
    held: &'a Held,
    path: PathBuf,
}

impl<'a> Next<'a> {
    fn write(
        held: &'a Held,
        file: &File,
        former: Option<&SectorKey>,
        key: &SectorKey,
    ) -> Result<Self, OpenStore> {
        let next = Next { held, path: held.dir.join(NEXT) };
        next.has_room(file)?;
        let written = held.sweep().and_then(|()| {
            let to = File::options().write(true).create_new(true).mode(0o600).open(&next.path)?;
            copy(file, former.map(Sectors::new).as_ref(), &to, &Sectors::new(key))
        });
        written.map_err(|source| next.failed(source.into()))?;
        Ok(next)
    }

    fn has_room(&self, file: &File) -> Result<(), OpenStore> {
        let io = |source: io::Error| self.failed(source.into());
        let needed = file.metadata().map_err(io)?.len().saturating_add(MARGIN);
        let space = nix::sys::statvfs::statvfs(&self.held.dir).map_err(|errno| io(errno.into()))?;
        let free = space.blocks_available().saturating_mul(space.fragment_size());
        if free < needed {
            return Err(OpenStore::NoRoom { path: self.held.dir.join(FILE), free, needed });
        }
        Ok(())
    }

    /// From here on the second file is the store; held like the first, whose name it takes.
    fn take_its_place(self) -> Result<Held, OpenStore> {
        let dir = &self.held.dir;
        let taken = File::open(&self.path).and_then(|file| {
            file.sync_all()?;
            file.try_lock()?;
            fs::rename(&self.path, dir.join(FILE))?;
            File::open(dir)?.sync_all()?;
            Ok(file)
        });
        let file = taken.map_err(|source| self.failed(source.into()))?;
        Ok(Held { file: Some(file), dir: dir.clone() })
    }

    fn failed(&self, source: Cause) -> OpenStore {
        let _ = self.held.sweep();
        OpenStore::Encrypt { path: self.held.dir.join(FILE), source }
    }
}

/// Every block from one key (none: it is plain) to another; where nothing was ever written nothing is.
fn copy(from: &File, former: Option<&Sectors>, to: &File, sectors: &Sectors) -> io::Result<()> {
    let length = from.metadata()?.len();
    // Only a damaged file ends within a block. Of an encrypted one nobody can read that part.
    let length = if former.is_some() { length - length % BLOCK as u64 } else { length };
    to.set_len(length.next_multiple_of(BLOCK as u64))?;
    let mut buffer = vec![0; PIECE];
    let mut at = 0;
    while at < length {
        let there = usize::try_from(length - at).unwrap_or(PIECE).min(PIECE);
        let (piece, rest) = buffer.split_at_mut(there);
        from.read_exact_at(piece, at)?;
        rest.fill(0);
        let whole = there.next_multiple_of(BLOCK);
        if let Some(piece) = buffer.get_mut(..whole).filter(|piece| piece.iter().any(|byte| *byte != 0)) {
            let first = at / BLOCK as u64;
            if let Some(former) = former {
                former.decrypt(first, piece);
            }
            sectors.encrypt(first, piece);
            to.write_all_at(piece, at)?;
        }
        at = at.saturating_add(there as u64);
    }
    to.sync_all()
}

#[cfg(test)]
mod tests;
