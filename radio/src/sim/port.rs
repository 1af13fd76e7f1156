//! A pseudo-terminal that looks like a serial port: a stable name like those in `/dev/serial/by-id`, to be plugged in
//! and pulled out.

use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use rustix::io::Errno;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{OptionalActions, tcgetattr, tcsetattr};

/// Why there is no port.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// The system gives no pseudo-terminal.
    #[error("make a pseudo-terminal for {path}")]
    Make {
        /// The port's name.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: Errno,
    },
    /// Its name cannot be put in the folder.
    #[error("name a pseudo-terminal {path}")]
    Name {
        /// The port's name.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// It does not take or give bytes any more.
    #[error("use the port {path}")]
    Use {
        /// The port's name.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: Errno,
    },
}

/// A port that is plugged in. Dropping it pulls it out: whoever has it open is hung up, and its name is gone.
#[derive(Debug)]
pub struct Port {
    path: PathBuf,
    master: OwnedFd,
}

impl Port {
    /// Plugs a port in under this name; what was there under it is replaced.
    pub fn plug_in(path: &Path) -> Result<Self, PortError> {
        let make = |source| PortError::Make { path: path.to_owned(), source };
        let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).map_err(make)?;
        grantpt(&master).map_err(make)?;
        unlockpt(&master).map_err(make)?;
        let mut raw = tcgetattr(&master).map_err(make)?;
        raw.make_raw();
        tcsetattr(&master, OptionalActions::Now, &raw).map_err(make)?;
        let flags = fcntl_getfl(&master).map_err(make)?;
        fcntl_setfl(&master, flags | OFlags::NONBLOCK).map_err(make)?;
        let slave = ptsname(&master, Vec::new()).map_err(make)?;
        let slave = PathBuf::from(std::ffi::OsStr::from_bytes(slave.as_bytes()));
        // Opened and closed once: only then does the system tell when nobody has it open.
        let name = |source| PortError::Name { path: path.to_owned(), source };
        drop(std::fs::OpenOptions::new().read(true).write(true).open(&slave).map_err(name)?);
        // A new name is moved over the old one, so that at no time something else stands there.
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let fresh = path.with_file_name(format!(".{file}-plugging-in"));
        let _ = std::fs::remove_file(&fresh);
        std::os::unix::fs::symlink(&slave, &fresh).map_err(name)?;
        std::fs::rename(&fresh, path).map_err(name)?;
        Ok(Port { path: path.to_owned(), master })
    }

    /// Its name.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Whether somebody has it open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        let mut look = [PollFd::new(&self.master, PollFlags::empty())];
        let now = Timespec { tv_sec: 0, tv_nsec: 0 };
        match poll(&mut look, Some(&now)) {
            Ok(_) => !look.iter().any(|fd| fd.revents().contains(PollFlags::HUP)),
            Err(_) => false,
        }
    }

    /// The rate that whoever has it open has set, bits a second.
    #[must_use]
    pub fn baud(&self) -> Option<u32> {
        tcgetattr(&self.master).ok().map(|termios| termios.output_speed())
    }

    /// Takes what is there; 0: nothing at present.
    pub fn read(&self, buffer: &mut [u8]) -> Result<usize, PortError> {
        match rustix::io::read(&self.master, buffer) {
            Ok(read) => Ok(read),
            // EIO: it was closed since.
            Err(Errno::AGAIN | Errno::INTR | Errno::IO) => Ok(0),
            Err(source) => Err(PortError::Use { path: self.path.clone(), source }),
        }
    }

    /// Gives what fits; 0: nothing at present.
    pub fn write(&self, bytes: &[u8]) -> Result<usize, PortError> {
        match rustix::io::write(&self.master, bytes) {
            Ok(written) => Ok(written),
            Err(Errno::AGAIN | Errno::INTR | Errno::IO) => Ok(0),
            Err(source) => Err(PortError::Use { path: self.path.clone(), source }),
        }
    }
}

impl AsFd for Port {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.master.as_fd()
    }
}

impl Drop for Port {
    fn drop(&mut self) {
        // Only its own name: a port that was plugged in since may stand there.
        let own = ptsname(&self.master, Vec::new()).ok();
        let there = std::fs::read_link(&self.path).ok();
        if let (Some(own), Some(there)) = (own, there)
            && there.as_os_str().as_bytes() == own.as_bytes()
        {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    fn until(mut done: impl FnMut() -> bool) {
        let patience = std::time::Instant::now() + std::time::Duration::from_secs(20);
        while !done() {
            assert!(std::time::Instant::now() < patience, "it never came about");
            std::thread::yield_now();
        }
    }

    #[test]
    fn bytes_pass_unchanged_both_ways() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("stick-a");
        let port = Port::plug_in(&path).unwrap();
        assert!(!port.is_open());
        let mut host = std::fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
        assert!(port.is_open());
        let all: Vec<u8> = (0..=255).collect();
        assert_eq!(port.write(&all).unwrap(), 256);
        let mut heard = vec![0; 256];
        host.read_exact(&mut heard).unwrap();
        assert_eq!(heard, all);
        host.write_all(&all).unwrap();
        let (mut said, mut buffer) = (Vec::new(), [0; 100]);
        until(|| {
            let read = port.read(&mut buffer).unwrap();
            said.extend_from_slice(&buffer[..read]);
            said.len() == 256
        });
        assert_eq!(said, all);
        drop(host);
        until(|| !port.is_open());
    }

    #[test]
    fn pulling_it_out_hangs_up_and_takes_the_name_away() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("stick-a");
        let port = Port::plug_in(&path).unwrap();
        let mut host = std::fs::OpenOptions::new().read(true).write(true).open(&path).unwrap();
        drop(port);
        assert!(!path.is_symlink());
        let mut buffer = [0; 1];
        assert!(matches!(host.read(&mut buffer), Ok(0) | Err(_)));
        assert!(host.write(b"x").is_err());
        let again = Port::plug_in(&path).unwrap();
        assert!(path.is_symlink());
        drop(again);
    }
}
