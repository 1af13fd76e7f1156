//! Where backups go: a folder, a folder that must be a mount, or a disk by its label.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use super::mounts;

const MOUNTS: &str = "/proc/self/mountinfo";
const LABELS: &str = "/dev/disk/by-label";

/// Where backups go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// A folder.
    Folder {
        /// Which.
        path: PathBuf,
        /// It is where something else is mounted, and of no use while nothing is.
        must_be_mounted: bool,
    },
    /// A folder on a disk that somebody else mounts.
    Disk {
        /// The label of its file system.
        label: String,
        /// The folder on it.
        folder: PathBuf,
    },
}

/// Why there is no place for a backup now.
#[derive(Debug, thiserror::Error)]
pub enum FindPlace {
    /// The disk is not plugged in.
    #[error("no disk with the label {0:?} is plugged in")]
    NoDisk(String),
    /// It is plugged in and not mounted.
    #[error("the disk with the label {0:?} is plugged in and not mounted")]
    NotMounted(String),
    /// Nothing is mounted at the folder.
    #[error("nothing is mounted at {}: the share or disk is not there", .0.display())]
    NoMount(PathBuf),
    /// What is mounted cannot be told.
    #[error("ask what is mounted")]
    Mounts(#[source] io::Error),
    /// The folder cannot be made or used.
    #[error("use the folder {}", .0.display())]
    Folder(PathBuf, #[source] io::Error),
}

impl Place {
    /// The folder, made if it is not there and may be.
    ///
    /// # Errors
    /// It is not there now.
    pub fn find(&self) -> Result<PathBuf, FindPlace> {
        match self {
            Place::Folder { path, must_be_mounted } => {
                let real = if *must_be_mounted {
                    let real = fs::canonicalize(path).map_err(|e| FindPlace::Folder(path.clone(), e))?;
                    if !mounts::is_mounted(&mounted()?, &real) {
                        return Err(FindPlace::NoMount(path.clone()));
                    }
                    real
                } else {
                    path.clone()
                };
                made(real)
            }
            Place::Disk { label, folder } => {
                let link = Path::new(LABELS).join(mounts::link_of(label));
                let device = fs::canonicalize(link).map_err(|_| FindPlace::NoDisk(label.clone()))?;
                let numbers = fs::metadata(&device).map_err(|_| FindPlace::NoDisk(label.clone()))?.rdev();
                let numbers =
                    format!("{}:{}", nix::sys::stat::major(numbers), nix::sys::stat::minor(numbers));
                let mounts = mounted()?;
                let at = mounts::of_device(&mounts, &device, &numbers)
                    .ok_or_else(|| FindPlace::NotMounted(label.clone()))?;
                made(at.join(folder))
            }
        }
    }
}

fn mounted() -> Result<Vec<mounts::Mount>, FindPlace> {
    Ok(mounts::parse(&fs::read_to_string(MOUNTS).map_err(FindPlace::Mounts)?))
}

fn made(folder: PathBuf) -> Result<PathBuf, FindPlace> {
    match fs::create_dir_all(&folder) {
        Ok(()) => Ok(folder),
        Err(error) => Err(FindPlace::Folder(folder, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_where_nothing_is_mounted_takes_no_backup_of_a_share() {
        let dir = tempfile::tempdir().unwrap();
        let place = Place::Folder { path: dir.path().to_owned(), must_be_mounted: true };
        let error = place.find().unwrap_err().to_string();
        assert!(error.contains("nothing is mounted at"), "{error}");
        let place = Place::Folder { path: dir.path().join("a/b"), must_be_mounted: false };
        assert!(place.find().unwrap().is_dir());
    }

    #[test]
    fn a_disk_that_is_not_plugged_in_is_told() {
        let place = Place::Disk { label: "NO SUCH DISK".to_owned(), folder: PathBuf::new() };
        let error = place.find().unwrap_err().to_string();
        assert!(error.contains("NO SUCH DISK") && error.contains("plugged in"), "{error}");
    }
}
