//! The socket's place. A Unix socket's path may be 107 bytes long, a directory's path may be longer.

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};

use super::SOCKET;

const LONGEST: usize = 100;

/// A path to the socket that is short enough; it holds as long as this value lives.
pub(super) struct Place {
    path: PathBuf,
    _directory: Option<File>,
}

impl Place {
    /// The socket of a data directory.
    pub(super) fn in_directory(dir: &Path) -> io::Result<Self> {
        let path = dir.join(SOCKET);
        if path.as_os_str().len() <= LONGEST {
            return Ok(Place { path, _directory: None });
        }
        let directory = File::open(dir)?;
        let path = PathBuf::from(format!("/proc/self/fd/{}", directory.as_raw_fd())).join(SOCKET);
        Ok(Place { path, _directory: Some(directory) })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }
}
