//! What lies where the store's file is, as its first block tells.

use std::fs::File;
use std::io::{self, ErrorKind, Read};
use std::os::unix::fs::FileExt;
use std::path::Path;

use super::FILE;
use super::error::OpenStore;
use super::keys::StoreKeys;
use super::rekey::hold;
use super::xts::{BLOCK, SectorKey, Sectors};

/// How every file of redb begins.
const MAGIC: &[u8] = b"redb\x1A\x0A\xA9\x0D\x0A";
/// What stands there while redb makes a file: the beginning is written when all else of it is on the disk.
const NOT_YET: [u8; MAGIC.len()] = [0; MAGIC.len()];
/// Where the first page behind redb's header begins.
const HEADER: u64 = 4096;
const PIECE: usize = 1 << 20;

/// What lies where the store's file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Contents {
    /// No file, or one that a power cut left before anything was kept in it.
    Nothing,
    /// A store as it was kept before stores were encrypted.
    Plain,
    /// A store that these keys open.
    Encrypted,
    /// Something that these keys do not open.
    Foreign,
}

/// What lies in a data directory, seen with these keys.
///
/// # Errors
/// The file is there and cannot be read.
pub fn contents(dir: &Path, keys: &StoreKeys) -> Result<Contents, OpenStore> {
    let path = dir.join(FILE);
    seen(&path, &keys.sectors).map_err(|source| OpenStore::Database { path, source: source.into() })
}

fn seen(path: &Path, key: &SectorKey) -> io::Result<Contents> {
    let Some(mut begin) = beginning(path)? else { return Ok(Contents::Nothing) };
    let plain = begin;
    Sectors::new(key).decrypt(0, &mut begin);
    if plain.starts_with(MAGIC) {
        Ok(Contents::Plain)
    } else if begin.starts_with(MAGIC) {
        Ok(Contents::Encrypted)
    } else if [plain, begin].iter().any(|begin| begin.starts_with(&NOT_YET)) && is_void(path)? {
        Ok(Contents::Nothing)
    } else {
        Ok(Contents::Foreign)
    }
}

/// Whether nothing was ever written behind the header.
fn is_void(path: &Path) -> io::Result<bool> {
    let file = File::open(path)?;
    let (mut buffer, mut at) = (vec![0; PIECE], HEADER);
    loop {
        let read = file.read_at(&mut buffer, at)?;
        if buffer.iter().take(read).any(|byte| *byte != 0) {
            return Ok(false);
        }
        if read == 0 {
            return Ok(true);
        }
        at = at.saturating_add(read as u64);
    }
}

/// The first block, as far as the file reaches; none when there is no byte.
fn beginning(path: &Path) -> io::Result<Option<[u8; BLOCK]>> {
    let file = match File::open(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        file => file?,
    };
    let mut bytes = Vec::with_capacity(BLOCK);
    file.take(BLOCK as u64).read_to_end(&mut bytes)?;
    let mut block = [0; BLOCK];
    for (place, byte) in block.iter_mut().zip(&bytes) {
        *place = *byte;
    }
    Ok((!bytes.is_empty()).then_some(block))
}

/// Makes an empty file of one whose making was cut short; redb would refuse it for ever.
pub(super) fn begin_anew(dir: &Path, keys: &StoreKeys) -> Result<(), OpenStore> {
    let path = dir.join(FILE);
    let held = hold(dir)?;
    if held.is_none() || contents(dir, keys)? != Contents::Nothing {
        return Ok(());
    }
    let emptied = File::options().write(true).open(&path).and_then(|file| {
        file.set_len(0)?;
        file.sync_all()
    });
    emptied.map_err(|source| OpenStore::Database { path, source: source.into() })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use redb::StorageBackend;

    use super::*;
    use crate::store::Store;
    use crate::store::disk::{Part, Purpose};
    use crate::store::tests::backends::{FakeDisk, Mood};
    use crate::store::tests::plant::*;

    #[test]
    fn a_store_whose_making_the_power_cut_short_is_made_anew() {
        for cut in 0..30 {
            for kept in 0..4 {
                let disk = FakeDisk::new();
                disk.set(Mood::DiesIn(cut));
                let same = disk.clone();
                let open_part = move |part, purpose| same.open(part, purpose);
                drop(Store::with_backend(open_part, &key(), SMALL));
                let mut turn = 0;
                let disk = disk.after_power_cut(|| {
                    turn += 1;
                    kept == 0 || (kept < 3 && turn % 2 == kept - 1)
                });
                let dir = tempfile::tempdir().unwrap();
                for (part, name) in [(Part::Database, FILE), (Part::Journal, crate::store::JOURNAL)] {
                    let file = disk.open(part, Purpose::Read).unwrap();
                    let mut bytes = vec![0; usize::try_from(file.len().unwrap()).unwrap()];
                    file.read(0, &mut bytes).unwrap();
                    fs::write(dir.path().join(name), bytes).unwrap();
                }
                let opened = open(dir.path());
                opened.commit(&counted(1, 3)).unwrap();
                clean(&opened);
            }
        }
    }

    #[test]
    fn a_store_whose_beginning_is_gone_is_not_taken_for_an_empty_one() {
        let dir = tempfile::tempdir().unwrap();
        open(dir.path()).commit(&counted(1, 3)).unwrap();
        let mut bytes = fs::read(dir.path().join(FILE)).unwrap();
        for zeros in [16, 4096] {
            bytes[..zeros].fill(0);
            fs::write(dir.path().join(FILE), &bytes).unwrap();
            assert!(matches!(Store::open(dir.path(), &key()), Err(OpenStore::Foreign { .. })));
            assert!(fs::read(dir.path().join(FILE)).unwrap() == bytes);
        }
    }
}
