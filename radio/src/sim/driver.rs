//! Runs a plant behind real ports: the only part of the simulation that reads a clock or touches a device.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;

use super::control;
use super::plant::Plant;
use super::port::{Port, PortError};
use super::truth::Truth;

/// Where and how a plant is offered.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// The ports' names are put here: `stick-a`, `stick-b`, `usb`.
    pub dir: PathBuf,
    /// Requests are taken on a socket of this name.
    pub control: Option<PathBuf>,
    /// Each stick's line carries so many bits a second; `None`: as many as there are.
    pub pace: Option<u32>,
    /// A host whose port has another rate than the stick's BD hears and says only garbage.
    pub strict_baud: bool,
    /// Offers the plant's USB monitor on a port.
    pub usb: bool,
}

/// Why a simulation ended early.
#[derive(Debug, thiserror::Error)]
pub enum SimError {
    /// The folder for the ports is not there and cannot be made.
    #[error("make the folder {path}")]
    Folder {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// The socket for requests cannot be opened.
    #[error("listen on {path}")]
    Listen {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
    /// A port.
    #[error(transparent)]
    Port(#[from] PortError),
    /// Waiting for ports.
    #[error("wait for the ports")]
    Wait(#[source] Errno),
}

/// Bytes that may wait for a host before the modules are held back.
const BACKLOG: usize = 48 * 1024;
/// Nobody is looked after less often than this.
const LONGEST_WAIT_MS: u64 = 50;
/// A line carries eight bits, a start and a stop bit for each byte.
const BITS_A_BYTE: f64 = 10.0;
/// A request longer than this is none.
const LONGEST_REQUEST: u64 = 64 * 1024;

/// A port and what the driver knows of it.
struct Slot {
    path: PathBuf,
    port: Option<Port>,
    open: bool,
    /// The last write took less than there was.
    blocked: bool,
    /// Bytes that a paced line may carry now.
    allowance: f64,
}

impl Slot {
    fn new(path: PathBuf) -> Self {
        Slot { path, port: None, open: false, blocked: false, allowance: 0.0 }
    }

    /// Plugs in or pulls out; a port that its host has closed is replaced, so that the next one finds it as new.
    /// Answers whether a host has just opened it.
    fn tend(&mut self, plugged: bool) -> Result<bool, PortError> {
        if !plugged {
            self.port = None;
            self.open = false;
            return Ok(false);
        }
        let open = self.port.as_ref().is_some_and(Port::is_open);
        if self.port.is_none() || (self.open && !open) {
            let fresh = Port::plug_in(&self.path)?;
            self.port = Some(fresh);
            self.open = false;
            return Ok(false);
        }
        let opened = open && !self.open;
        self.open = open;
        Ok(opened)
    }

    /// Bytes of the host.
    fn take(&self, buffer: &mut [u8], mut each: impl FnMut(&[u8])) -> Result<(), PortError> {
        let Some(port) = self.port.as_ref().filter(|_| self.open) else { return Ok(()) };
        loop {
            let read = port.read(buffer)?;
            match buffer.get(..read) {
                Some(bytes) if read > 0 => each(bytes),
                _ => return Ok(()),
            }
        }
    }

    /// Gives the host what fits.
    fn give(&mut self, bytes: &mut Vec<u8>) -> Result<(), PortError> {
        let Some(port) = self.port.as_ref().filter(|_| self.open) else {
            // A line that nobody listens to carries everything away.
            bytes.clear();
            return Ok(());
        };
        let most = bytes.len().min(self.allowance as usize);
        let Some(front) = bytes.get(..most).filter(|front| !front.is_empty()) else {
            self.blocked = false;
            return Ok(());
        };
        let written = port.write(front)?;
        self.blocked = written < most;
        self.allowance -= written as f64;
        bytes.drain(..written);
        Ok(())
    }
}

/// Runs a plant until `stop` is set or a request says so; answers what really happened.
pub fn run(plant: &mut Plant, options: &Options, stop: &AtomicBool) -> Result<Truth, SimError> {
    let folder = |source| SimError::Folder { path: options.dir.clone(), source };
    std::fs::create_dir_all(&options.dir).map_err(folder)?;
    let mut driver = Driver::new(plant, options);
    let started = Instant::now();
    let mut passed = started;
    // Whoever can ask for something finds the ports there already.
    driver.turn(plant, 0, Duration::ZERO)?;
    driver.control = options.control.as_deref().map(Control::listen).transpose()?;
    while !stop.load(Ordering::Relaxed) && !driver.quit {
        let real_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        let wait_ms = driver.turn(plant, real_ms, passed.elapsed())?;
        passed = Instant::now();
        driver.wait(wait_ms)?;
    }
    let real_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    Ok(plant.truth(plant.now(real_ms)))
}

struct Driver<'a> {
    options: &'a Options,
    sticks: Vec<Slot>,
    usb: Option<(Slot, Vec<u8>)>,
    control: Option<Control>,
    buffer: Vec<u8>,
    quit: bool,
}

impl<'a> Driver<'a> {
    fn new(plant: &Plant, options: &'a Options) -> Self {
        let name = |letter: &str| options.dir.join(format!("stick-{letter}"));
        Driver {
            options,
            sticks: plant.pans().iter().map(|pan| Slot::new(name(pan.letter()))).collect(),
            usb: options.usb.then(|| (Slot::new(options.dir.join("usb")), Vec::new())),
            control: None,
            buffer: vec![0; BACKLOG],
            quit: false,
        }
    }

    /// One round: time, bytes in, bytes out, requests. Answers how long there is nothing to do.
    fn turn(&mut self, plant: &mut Plant, real_ms: u64, passed: Duration) -> Result<u64, SimError> {
        let now = plant.now(real_ms);
        plant.advance(now);
        let mut more = false;
        for (index, slot) in self.sticks.iter_mut().enumerate() {
            let opened = slot.tend(plant.is_plugged(index))?;
            if opened {
                plant.line_opened(index, now);
            }
            if self.options.strict_baud
                && let (Some(pan), Some(port)) = (plant.pan_mut(index), &slot.port)
            {
                pan.stick_mut().set_host_baud(port.baud());
            }
            slot.take(&mut self.buffer, |bytes| plant.receive(index, bytes, now))?;
            slot.allowance = match self.options.pace {
                None => BACKLOG as f64,
                Some(bits) => {
                    let rate = f64::from(bits) / BITS_A_BYTE;
                    // No more than what a line carries in 20 ms is ever owed.
                    (slot.allowance + rate * passed.as_secs_f64()).min(rate * 0.02)
                }
            };
            if slot.open {
                let backlog = if self.options.pace.is_some() { BACKLOG / 16 } else { BACKLOG };
                plant.fill(index, now, backlog);
            }
            if let Some(pan) = plant.pan_mut(index) {
                slot.give(pan.stick_mut().output())?;
                more |= pan.stick().backlog() > 0 && !slot.blocked;
            }
        }
        if let Some((slot, out)) = &mut self.usb {
            slot.tend(true)?;
            slot.take(&mut self.buffer, |bytes| out.extend(plant.receive_usb(bytes, now)))?;
            slot.allowance = BACKLOG as f64;
            slot.give(out)?;
        }
        if let Some(control) = &mut self.control {
            self.quit = control.serve(plant, real_ms);
        }
        // With a paced line there is more in a moment, without one at once.
        let next = plant.next_at(now).saturating_sub(real_ms).clamp(1, LONGEST_WAIT_MS);
        Ok(match (more, self.options.pace) {
            (true, None) => 0,
            (true, Some(_)) => 2.min(next),
            (false, _) => next,
        })
    }

    fn wait(&self, ms: u64) -> Result<(), SimError> {
        let mut fds = Vec::new();
        let slots = self.sticks.iter().chain(self.usb.iter().map(|(slot, _)| slot));
        for slot in slots.filter(|slot| slot.open) {
            let Some(port) = &slot.port else { continue };
            let out = if slot.blocked { PollFlags::OUT } else { PollFlags::empty() };
            fds.push(PollFd::new(port, PollFlags::IN | out));
        }
        if let Some(control) = &self.control {
            control.watch(&mut fds);
        }
        let timeout = Timespec { tv_sec: 0, tv_nsec: i64::try_from(ms.min(900) * 1_000_000).unwrap_or(0) };
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(source) => Err(SimError::Wait(source)),
        }
    }
}

/// The socket for requests.
struct Control {
    path: PathBuf,
    listener: UnixListener,
    clients: Vec<Client>,
}

struct Client {
    stream: UnixStream,
    said: Vec<u8>,
    answers: Vec<u8>,
    ended: bool,
}

impl Control {
    fn listen(path: &Path) -> Result<Self, SimError> {
        let listen = |source| SimError::Listen { path: path.to_owned(), source };
        // A socket that an earlier simulation left behind.
        if UnixStream::connect(path).is_err() {
            let _ = std::fs::remove_file(path);
        }
        let listener = UnixListener::bind(path).map_err(listen)?;
        listener.set_nonblocking(true).map_err(listen)?;
        Ok(Control { path: path.to_owned(), listener, clients: Vec::new() })
    }

    fn watch<'f>(&'f self, fds: &mut Vec<PollFd<'f>>) {
        fds.push(PollFd::new(&self.listener, PollFlags::IN));
        for client in &self.clients {
            let out = if client.answers.is_empty() { PollFlags::empty() } else { PollFlags::OUT };
            let read = if client.ended { PollFlags::empty() } else { PollFlags::IN };
            fds.push(PollFd::from_borrowed_fd(client.stream.as_fd(), read | out));
        }
    }

    /// Takes and answers requests; answers whether one was to quit.
    fn serve(&mut self, plant: &mut Plant, real_ms: u64) -> bool {
        while let Ok((stream, _)) = self.listener.accept() {
            if stream.set_nonblocking(true).is_ok() {
                self.clients.push(Client { stream, said: Vec::new(), answers: Vec::new(), ended: false });
            }
        }
        let mut quit = false;
        self.clients.retain_mut(|client| client.serve(plant, real_ms, &mut quit));
        quit
    }
}

impl Client {
    /// Answers whether it is still there.
    fn serve(&mut self, plant: &mut Plant, real_ms: u64, quit: &mut bool) -> bool {
        if !self.listen() {
            return false;
        }
        let lines = BufReader::new(self.said.as_slice());
        let mut taken = 0;
        for line in lines.split(b'\n').map_while(Result::ok) {
            let end = taken + line.len();
            if self.said.get(end) != Some(&b'\n') {
                break;
            }
            taken = end + 1;
            let line = String::from_utf8_lossy(&line);
            let answer = control::obey(line.trim(), plant, plant.now(real_ms));
            self.answers.extend(answer.line.bytes());
            self.answers.push(b'\n');
            *quit |= answer.quit;
        }
        self.said.drain(..taken);
        if *quit {
            // The last words are worth waiting for.
            let _ = self.stream.set_nonblocking(false);
            let _ = self.stream.set_write_timeout(Some(Duration::from_secs(2)));
            let _ = self.stream.write_all(&self.answers);
            return false;
        }
        match self.stream.write(&self.answers) {
            Ok(written) => drop(self.answers.drain(..written)),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(_) => return false,
        }
        !(self.ended && self.answers.is_empty())
    }

    /// Answers whether it can still be answered.
    fn listen(&mut self) -> bool {
        let mut buffer = [0; 4096];
        while !self.ended {
            match self.stream.read(&mut buffer) {
                Ok(0) => self.ended = true,
                Ok(read) => self.said.extend(buffer.iter().take(read)),
                Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => break,
                Err(_) => return false,
            }
            if self.said.len() as u64 > LONGEST_REQUEST {
                return false;
            }
        }
        true
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}
