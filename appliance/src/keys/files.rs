//! Files with keys: who may read them, and how they are written whole or not at all.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt, PermissionsExt};
use std::path::Path;

use rand::TryRngCore;
use rand::rngs::OsRng;
use secrecy::{SecretBox, SecretString};
use zeroize::{Zeroize, Zeroizing};

use super::GetKeys;

/// How a key file begins; its 32 bytes follow as hexadecimal digits.
const KEY: &str = "platen-store-key-1:";
/// Nothing that is read here is longer.
const LONGEST: u64 = 4096;
/// What other keys are expected to take.
const MOST: u64 = 1 << 20;

/// Who lets a file be read: the owner alone, or systemd, which guards the folder of credentials itself and gives each
/// file the group's bits as it needs them.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Guard {
    Mode,
    Folder,
}

/// Makes a key file with a new key. For the owner alone; one that is there is never overwritten.
///
/// # Errors
/// The file is there, or cannot be written.
pub fn new_key(path: &Path) -> Result<(), GetKeys> {
    let mut key = Zeroizing::new([0; 32]);
    OsRng.try_fill_bytes(key.as_mut_slice())?;
    let text = text_of(&key);
    let written = File::options().write(true).create_new(true).mode(0o600).open(path).and_then(|mut file| {
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        sync_folder_of(path)
    });
    match written {
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Err(GetKeys::Exists(path.to_owned())),
        Err(error) => Err(GetKeys::Write(path.to_owned(), error)),
        Ok(()) => Ok(()),
    }
}

/// The key in a key file.
pub(super) fn read_key(path: &Path, guard: Guard) -> Result<SecretBox<[u8; 32]>, GetKeys> {
    let bytes = read(path, guard)?;
    key_in(&bytes).ok_or_else(|| GetKeys::NoKey(path.to_owned()))
}

/// What stands in a key file.
pub(super) fn text_of(key: &[u8; 32]) -> Zeroizing<String> {
    Zeroizing::new(format!("{KEY}{}\n", &*Zeroizing::new(hex::encode(key))))
}

/// The key in the bytes of a key file.
pub(super) fn key_in(bytes: &[u8]) -> Option<SecretBox<[u8; 32]>> {
    let digits = std::str::from_utf8(bytes).ok()?.trim().strip_prefix(KEY)?;
    let mut key = Box::new([0; 32]);
    if hex::decode_to_slice(digits, key.as_mut_slice()).is_err() {
        key.zeroize();
        return None;
    }
    Some(SecretBox::new(key))
}

/// The passphrase in a file, without the line's end.
pub(super) fn read_passphrase(path: &Path, guard: Guard) -> Result<SecretString, GetKeys> {
    let bytes = read(path, guard)?;
    let text = std::str::from_utf8(&bytes).unwrap_or_default();
    passphrase(text.trim_end_matches(['\r', '\n']), path.display().to_string())
}

/// A text as a passphrase. The shortest that is taken holds off a guesser only because each guess costs much.
pub(super) fn passphrase(text: &str, origin: String) -> Result<SecretString, GetKeys> {
    if (12..=1024).contains(&text.chars().count()) && !text.contains('\0') {
        Ok(SecretString::from(text))
    } else {
        Err(GetKeys::Passphrase(origin))
    }
}

/// The sealing key of earlier days: 32 bytes as they are.
pub(super) fn read_sealing(path: &Path) -> Result<Option<Zeroizing<[u8; 32]>>, GetKeys> {
    if !path.exists() {
        return Ok(None);
    }
    let bytes = read(path, Guard::Mode)?;
    let key = <[u8; 32]>::try_from(bytes.as_slice()).map(|key| Some(Zeroizing::new(key)));
    key.map_err(|_| GetKeys::Length { path: path.to_owned(), length: bytes.len() })
}

/// A file of other keys than the store's, as it is; refused if others may read it.
pub fn read_private(path: &Path) -> Result<Zeroizing<Vec<u8>>, GetKeys> {
    let fail = |error| GetKeys::Read(path.to_owned(), error);
    let file = open(path, Guard::Mode)?;
    // In one piece: a vector that grows leaves what it held behind.
    let length = file.metadata().map_err(fail)?.len();
    let mut bytes = Zeroizing::new(Vec::with_capacity(usize::try_from(length.min(MOST)).unwrap_or_default()));
    file.take(MOST + 1).read_to_end(&mut bytes).map_err(fail)?;
    if bytes.len() as u64 > MOST {
        let error = io::Error::new(ErrorKind::InvalidData, format!("it has more than {MOST} bytes"));
        return Err(fail(error));
    }
    Ok(bytes)
}

fn read(path: &Path, guard: Guard) -> Result<Zeroizing<Vec<u8>>, GetKeys> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(256));
    let read = open(path, guard)?.take(LONGEST).read_to_end(&mut bytes);
    read.map_err(|error| GetKeys::Read(path.to_owned(), error))?;
    Ok(bytes)
}

fn open(path: &Path, guard: Guard) -> Result<File, GetKeys> {
    let fail = |error| GetKeys::Read(path.to_owned(), error);
    let file = File::open(path).map_err(fail)?;
    let mode = file.metadata().map_err(fail)?.permissions().mode() & 0o777;
    if guard == Guard::Mode && mode & 0o077 != 0 {
        return Err(GetKeys::Open { path: path.to_owned(), mode });
    }
    Ok(file)
}

/// Makes a folder for the box alone, where there is none.
pub(super) fn make_folder(path: &Path) -> Result<(), GetKeys> {
    let made = fs::DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(|error| GetKeys::Folder(path.to_owned(), error))
}

/// Writes a file for the owner alone, whole or not at all.
pub(super) fn write_whole(path: &Path, bytes: &[u8]) -> Result<(), GetKeys> {
    let part = path.with_extension("part");
    let written = (|| {
        match fs::remove_file(&part) {
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut file = File::options().write(true).create_new(true).mode(0o600).open(&part)?;
        file.write_all(bytes)?;
        file.sync_all()?;
        fs::rename(&part, path)?;
        sync_folder_of(path)
    })();
    written.map_err(|error| GetKeys::Write(path.to_owned(), error))
}

fn sync_folder_of(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;
    use secrecy::ExposeSecret;

    #[test]
    fn a_key_is_made_once_and_for_its_owner_alone() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.key");
        new_key(&path).unwrap();
        let bytes = fs::read(&path).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(matches!(new_key(&path), Err(GetKeys::Exists(_))));
        assert_eq!(fs::read(&path).unwrap(), bytes);
        let key = read_key(&path, Guard::Mode).unwrap();
        assert!(String::from_utf8(bytes).unwrap().contains(&hex::encode(key.expose_secret())));
    }

    #[test]
    fn a_key_that_others_may_read_is_refused_unless_systemd_guards_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.key");
        new_key(&path).unwrap();
        for mode in [0o640, 0o604, 0o620, 0o602] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            assert!(
                matches!(read_key(&path, Guard::Mode), Err(GetKeys::Open { mode: told, .. }) if told == mode)
            );
            read_key(&path, Guard::Folder).unwrap();
        }
        for mode in [0o600, 0o400] {
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            read_key(&path, Guard::Mode).unwrap();
        }
    }

    #[test]
    fn what_is_no_key_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("store.key");
        new_key(&path).unwrap();
        let whole = fs::read(&path).unwrap();
        for text in [&b""[..], b"secret", &[0; 32], &[0xFF; 5000], &whole[..whole.len() - 2], &whole[1..]] {
            fs::write(&path, text).unwrap();
            assert!(matches!(read_key(&path, Guard::Mode), Err(GetKeys::NoKey(_))));
        }
    }

    #[test]
    fn a_passphrase_is_the_line_and_not_its_end_and_no_short_one() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("passphrase");
        write_whole(&path, "Hülle und Fülle \r\n".as_bytes()).unwrap();
        assert_eq!(read_passphrase(&path, Guard::Mode).unwrap().expose_secret(), "Hülle und Fülle ");
        for bytes in [&b"elevenchars\n"[..], b"", &[0xFF; 20]] {
            fs::write(&path, bytes).unwrap();
            assert!(matches!(read_passphrase(&path, Guard::Mode), Err(GetKeys::Passphrase(_))));
        }
    }
}
