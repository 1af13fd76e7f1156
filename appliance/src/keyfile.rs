//! The key that seals the box's secrets: 32 random bytes in a file of their own, which only the box may read.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::{Path, PathBuf};

use rand::TryRngCore;
use rand::rngs::OsRng;
use zeroize::Zeroizing;

use crate::store::{self, SealingKey};

/// The file in the data folder.
pub const FILE: &str = "sealing.key";

/// Why there is no sealing key.
#[derive(Debug, thiserror::Error)]
pub enum GetKey {
    /// The folder cannot be made.
    #[error("make the folder {}", .0.display())]
    Folder(PathBuf, #[source] io::Error),
    /// The file cannot be read.
    #[error("read the sealing key {}", .0.display())]
    Read(PathBuf, #[source] io::Error),
    /// The file cannot be made.
    #[error("make the sealing key {}", .0.display())]
    Make(PathBuf, #[source] io::Error),
    /// The file is something else.
    #[error("the sealing key {} has {length} bytes instead of 32", path.display())]
    Length {
        /// The file.
        path: PathBuf,
        /// Its length.
        length: usize,
    },
    /// Others may read it.
    #[error("the sealing key {} may be read by others (mode {mode:o}): make it yours alone with chmod 600", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// There is a store, and its key is gone.
    #[error("the store is there and its sealing key {} is not: put it back, or its secrets stay sealed", .0.display())]
    Gone(PathBuf),
}

/// The key in a data folder that has one; nothing is made.
///
/// # Errors
/// It is missing or cannot be read.
pub fn get_existing(data: &Path) -> Result<SealingKey, GetKey> {
    let path = data.join(FILE);
    if path.exists() { get(data) } else { Err(GetKey::Read(path, io::ErrorKind::NotFound.into())) }
}

/// The key in a data folder; both are made when there is no store yet.
///
/// # Errors
/// It cannot be read or made, or it is missing beside a store that needs it.
pub fn get(data: &Path) -> Result<SealingKey, GetKey> {
    let path = data.join(FILE);
    match read(&path) {
        Ok((_, mode)) if mode & 0o077 != 0 => Err(GetKey::Open { path, mode }),
        Ok((bytes, _)) => {
            let key = <[u8; 32]>::try_from(bytes.as_slice()).map(Zeroizing::new);
            key.map(|key| SealingKey::from_bytes(*key))
                .map_err(|_| GetKey::Length { path, length: bytes.len() })
        }
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(GetKey::Read(path, error)),
        Err(_) if data.join(store::FILE).exists() => Err(GetKey::Gone(path)),
        Err(_) => make(data, path),
    }
}

/// What is in the file, and who may read it.
fn read(path: &Path) -> io::Result<(Zeroizing<Vec<u8>>, u32)> {
    let mut file = File::open(path)?;
    let mode = file.metadata()?.permissions().mode() & 0o777;
    let mut bytes = Zeroizing::new(Vec::new());
    file.read_to_end(&mut bytes)?;
    Ok((bytes, mode))
}

/// Writes a key that a backup brought into a data folder that has none.
///
/// # Errors
/// It cannot be written.
pub fn put(data: &Path, key: &SealingKey) -> Result<(), GetKey> {
    let path = data.join(FILE);
    write(data, &path, key.bytes()).map_err(|error| GetKey::Make(path, error))
}

fn make(data: &Path, path: PathBuf) -> Result<SealingKey, GetKey> {
    let mut folder = fs::DirBuilder::new();
    folder.recursive(true).mode(0o700).create(data).map_err(|e| GetKey::Folder(data.to_owned(), e))?;
    let mut key = Zeroizing::new([0u8; 32]);
    let drawn = OsRng.try_fill_bytes(key.as_mut_slice()).map_err(io::Error::other);
    drawn.and_then(|()| write(data, &path, &key)).map_err(|e| GetKey::Make(path, e))?;
    Ok(SealingKey::from_bytes(*key))
}

/// Whole or not at all: a power cut must not leave half a key.
fn write(data: &Path, path: &Path, key: &[u8; 32]) -> io::Result<()> {
    let part = path.with_extension("part");
    let mut file = File::options().write(true).create(true).truncate(true).mode(0o600).open(&part)?;
    file.write_all(key)?;
    file.sync_all()?;
    fs::rename(&part, path)?;
    File::open(data)?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_made_once_and_for_the_box_alone() {
        let dir = tempfile::tempdir().unwrap();
        let data = dir.path().join("data");
        get(&data).unwrap();
        let bytes = fs::read(data.join(FILE)).unwrap();
        assert_eq!(bytes.len(), 32);
        get(&data).unwrap();
        assert_eq!(fs::read(data.join(FILE)).unwrap(), bytes);
        assert_eq!(fs::metadata(data.join(FILE)).unwrap().permissions().mode() & 0o777, 0o600);
        assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    }

    #[test]
    fn a_store_whose_key_is_gone_gets_no_other_key() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(store::FILE), "").unwrap();
        assert!(matches!(get(dir.path()), Err(GetKey::Gone(_))));
        assert!(!dir.path().join(FILE).exists());
    }

    #[test]
    fn half_a_key_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join(FILE), [0; 31]).unwrap();
        fs::set_permissions(dir.path().join(FILE), fs::Permissions::from_mode(0o600)).unwrap();
        assert!(matches!(get(dir.path()), Err(GetKey::Length { length: 31, .. })));
    }

    #[test]
    fn a_key_that_others_may_read_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        get(dir.path()).unwrap();
        for mode in [0o640, 0o604, 0o620, 0o602] {
            fs::set_permissions(dir.path().join(FILE), fs::Permissions::from_mode(mode)).unwrap();
            assert!(matches!(get(dir.path()), Err(GetKey::Open { mode: told, .. }) if told == mode));
        }
        for mode in [0o600, 0o400] {
            fs::set_permissions(dir.path().join(FILE), fs::Permissions::from_mode(mode)).unwrap();
            get(dir.path()).unwrap();
        }
    }
}
