//! A wire between a stick and the box that looks at what goes over it.

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::SystemTime;

use anyhow::{Context, Result};
use nix::fcntl::{OFlag, open};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::openpty;
use nix::sys::stat::Mode;
use nix::sys::termios::{SetArg, cfmakeraw, tcgetattr, tcsetattr};

/// Bytes of the stick, with when they were handed to the box.
pub type Moment = (SystemTime, Vec<u8>);

/// Passes bytes both ways between a stick's port and one of its own, until it is dropped.
pub struct Wire {
    path: PathBuf,
    to_box: Arc<AtomicU64>,
    to_stick: Arc<AtomicU64>,
    ended: Arc<AtomicBool>,
    passing: Option<JoinHandle<()>>,
    // Keeps the box's side open, so that its end is no hang-up for us.
    _slave: OwnedFd,
}

fn raw(port: impl AsFd) -> Result<()> {
    let mut settings = tcgetattr(&port).context("read the port's settings")?;
    cfmakeraw(&mut settings);
    tcsetattr(&port, SetArg::TCSANOW, &settings).context("make the port raw")
}

impl Wire {
    /// From the stick at `stick` to a port named `path`; `look` is given every stretch of bytes after the box got it.
    pub fn new(stick: &Path, path: &Path, mut look: impl FnMut(Moment) + Send + 'static) -> Result<Wire> {
        let stick = open(stick, OFlag::O_RDWR | OFlag::O_NOCTTY, Mode::empty())
            .with_context(|| format!("open {}", stick.display()))?;
        raw(&stick)?;
        let pty = openpty(None, None).context("make a pseudo-terminal")?;
        raw(&pty.slave)?;
        let name = nix::unistd::ttyname(&pty.slave).context("name the pseudo-terminal")?;
        std::os::unix::fs::symlink(name, path).with_context(|| format!("make {}", path.display()))?;
        let (to_box, to_stick) = (Arc::<AtomicU64>::default(), Arc::<AtomicU64>::default());
        let ended = Arc::<AtomicBool>::default();
        let (mut stick, mut master) = (File::from(stick), File::from(pty.master));
        let counts = (Arc::clone(&to_box), Arc::clone(&to_stick), Arc::clone(&ended));
        let passing = std::thread::spawn(move || {
            let (to_box, to_stick, ended) = counts;
            let mut buffer = [0; 4096];
            while !ended.load(Ordering::Relaxed) {
                let mut ports = [
                    PollFd::new(stick.as_fd(), PollFlags::POLLIN),
                    PollFd::new(master.as_fd(), PollFlags::POLLIN),
                ];
                if poll(&mut ports, PollTimeout::from(100u8)).is_err() {
                    continue;
                }
                let ready = ports.map(|port| port.any().unwrap_or(false));
                if ready[0] {
                    let Ok(read @ 1..) = stick.read(&mut buffer) else { return };
                    if master.write_all(&buffer[..read]).is_err() {
                        return;
                    }
                    to_box.fetch_add(read as u64, Ordering::Relaxed);
                    look((SystemTime::now(), buffer[..read].to_vec()));
                }
                if ready[1] {
                    let Ok(read @ 1..) = master.read(&mut buffer) else { return };
                    if stick.write_all(&buffer[..read]).is_err() {
                        return;
                    }
                    to_stick.fetch_add(read as u64, Ordering::Relaxed);
                }
            }
        });
        Ok(Wire { path: path.to_owned(), to_box, to_stick, ended, passing: Some(passing), _slave: pty.slave })
    }

    /// Where the box finds the stick.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes so far: from the stick to the box, and back.
    #[must_use]
    pub fn bytes(&self) -> (u64, u64) {
        (self.to_box.load(Ordering::Relaxed), self.to_stick.load(Ordering::Relaxed))
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.ended.store(true, Ordering::Relaxed);
        if let Some(passing) = self.passing.take() {
            let _ = passing.join();
        }
        let _ = std::fs::remove_file(&self.path);
    }
}
