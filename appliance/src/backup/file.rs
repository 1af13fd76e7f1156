//! A backup as a file: written whole or not at all.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read, Seek, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use nix::fcntl::{PosixFadviseAdvice, posix_fadvise};
use sha2::{Digest, Sha256};

use super::sealed::{Seal, SealFor, Sealer};

/// Why there is no backup file. Nothing is left behind then.
#[derive(Debug, thiserror::Error)]
pub enum MakeFile<E: std::error::Error + 'static> {
    /// There is something of that name.
    #[error("there is a file {} already", .0.display())]
    There(PathBuf),
    /// It cannot be made or written.
    #[error("write the backup {}", .0.display())]
    Write(PathBuf, #[source] io::Error),
    /// It cannot be sealed.
    #[error(transparent)]
    Seal(#[from] SealFor),
    /// The box does not give what belongs into it.
    #[error("read what belongs into the backup")]
    Plain(#[source] E),
}

/// A file that was made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Made {
    /// Its length in bytes.
    pub bytes: u64,
    /// The SHA-256 of what was written.
    pub sha256: [u8; 32],
}

/// Seals what `plain` writes into a file, which has its name only when it is whole and on the disk.
///
/// # Errors
/// The file is there already or cannot be written, it cannot be sealed, or `plain` fails.
pub fn make<T, E: std::error::Error + 'static>(
    path: &Path,
    seal: &Seal,
    plain: impl FnOnce(&mut dyn Write) -> Result<T, E>,
) -> Result<(Made, T), MakeFile<E>> {
    if path.exists() {
        return Err(MakeFile::There(path.to_owned()));
    }
    let part = part_of(path);
    let done = write(&part, seal, plain).and_then(|done| {
        name(&part, path).map_err(|error| MakeFile::Write(path.to_owned(), error))?;
        Ok(done)
    });
    if done.is_err() {
        let _ = fs::remove_file(&part);
    }
    done
}

/// Where a file is before it is whole.
pub(super) fn part_of(path: &Path) -> PathBuf {
    let mut part = path.as_os_str().to_owned();
    part.push(".part");
    PathBuf::from(part)
}

/// Gives a file that is whole its name; on the disk when this returns.
pub(super) fn name(part: &Path, path: &Path) -> io::Result<()> {
    fs::rename(part, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    match File::open(folder).and_then(|folder| folder.sync_all()) {
        // Some shares cannot sync a folder; the file itself is on the disk.
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        other => other,
    }
}

/// Writes the file under the name of its part.
pub(super) fn write<T, E: std::error::Error + 'static>(
    part: &Path,
    seal: &Seal,
    plain: impl FnOnce(&mut dyn Write) -> Result<T, E>,
) -> Result<(Made, T), MakeFile<E>> {
    let failed = |error| MakeFile::Write(part.to_owned(), error);
    let file =
        File::options().write(true).create(true).truncate(true).mode(0o600).open(part).map_err(failed)?;
    let hashed = Hashed { to: file, hash: Sha256::new(), bytes: 0 };
    let mut sealer = Sealer::new(seal, BufWriter::with_capacity(256 << 10, hashed))?;
    let told = plain(&mut sealer).map_err(MakeFile::Plain)?;
    let hashed =
        sealer.finish().and_then(|buffer| buffer.into_inner().map_err(io::Error::from)).map_err(failed)?;
    hashed.to.sync_all().map_err(failed)?;
    Ok((Made { bytes: hashed.bytes, sha256: hashed.hash.finalize().into() }, told))
}

/// Seals what `plain` writes into a stream that is no file.
///
/// # Errors
/// As [`make`].
pub fn stream<T, E: std::error::Error + 'static>(
    to: &mut dyn Write,
    seal: &Seal,
    plain: impl FnOnce(&mut dyn Write) -> Result<T, E>,
) -> Result<T, MakeFile<E>> {
    let failed = |error| MakeFile::Write(PathBuf::from("-"), error);
    let mut sealer = Sealer::new(seal, to)?;
    let told = plain(&mut sealer).map_err(MakeFile::Plain)?;
    sealer.finish().and_then(|to| to.flush()).map_err(failed)?;
    Ok(told)
}

/// The SHA-256 of a file as the disk has it.
pub(super) fn read_back(path: &Path) -> io::Result<[u8; 32]> {
    let mut file = File::open(path)?;
    // What memory still has of it would prove nothing about the disk.
    let _ = posix_fadvise(&file, 0, 0, PosixFadviseAdvice::POSIX_FADV_DONTNEED);
    file.rewind()?;
    let (mut hash, mut buffer) = (Sha256::new(), vec![0; 256 << 10]);
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(hash.finalize().into()),
            length => hash.update(buffer.get(..length).unwrap_or_default()),
        }
    }
}

struct Hashed {
    to: File,
    hash: Sha256,
    bytes: u64,
}

impl Write for Hashed {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.to.write(bytes)?;
        self.hash.update(bytes.get(..written).unwrap_or_default());
        self.bytes = self.bytes.saturating_add(written as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
