//! A scripted stick behind a pseudo-terminal, in a thread of its own. Not the product's simulator: this one only knows a
//! table of settings and does what a test says.

#![expect(clippy::unwrap_used, reason = "what fails here fails the test")]

use std::collections::HashMap;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::pty::{PtyMaster, grantpt, posix_openpt, ptsname_r, unlockpt};
use radio::v3::frame::{ApiMode, AtCommand, AtResponse, AtStatus, Decoder, Frame, Piece, encode};

/// What the stick is set to and was told.
pub struct Settings {
    pub values: HashMap<String, Vec<u8>>,
    /// Everything that changed something: `AO=00`.
    pub written: Vec<String>,
    /// Answers come twice, and one of an earlier request goes before each.
    pub confused: bool,
    /// It reads and says nothing.
    pub silent: bool,
}

impl Settings {
    pub fn zigbee() -> Self {
        let values: [(&str, &str); 16] = [
            ("HV", "4141"),
            ("VR", "100D"),
            ("SH", "0013A200"),
            ("SL", "40522BAA"),
            ("AP", "02"),
            ("AO", "00"),
            ("ID", "0000000000000000"),
            ("OP", "A1B2C3D4E5F60718"),
            ("OI", "1234"),
            ("CH", "0F"),
            ("EE", "01"),
            ("EO", "02"),
            ("NJ", "00"),
            ("AI", "00"),
            ("NT", "003C"),
            ("AR", "FF"),
        ];
        let values =
            values.iter().map(|(name, hex)| ((*name).to_owned(), hex::decode(hex).unwrap())).collect();
        Settings { values, written: Vec::new(), confused: false, silent: false }
    }

    pub fn with(mut self, name: &str, hex: &str) -> Self {
        self.values.insert(name.to_owned(), hex::decode(hex).unwrap());
        self
    }

    fn number(&self, name: &str) -> u8 {
        self.values.get(name).and_then(|value| value.last()).copied().unwrap_or(0)
    }

    fn mode(&self) -> Option<ApiMode> {
        match self.number("AP") {
            1 => Some(ApiMode::Plain),
            2 => Some(ApiMode::Escaped),
            _ => None,
        }
    }

    fn ask(&mut self, name: &str, parameter: &[u8]) -> (AtStatus, Vec<u8>) {
        let executes = ["AC", "WR", "FR", "CN"].contains(&name);
        if parameter.is_empty() && !executes {
            return match self.values.get(name) {
                Some(value) => (AtStatus::Ok, value.clone()),
                None => (AtStatus::InvalidCommand, Vec::new()),
            };
        }
        if name == "AP" && !self.values.contains_key(name) {
            return (AtStatus::InvalidCommand, Vec::new());
        }
        self.written.push(format!("{name}={}", hex::encode_upper(parameter)));
        self.values.insert(name.to_owned(), parameter.to_vec());
        (AtStatus::Ok, Vec::new())
    }
}

/// The stick, plugged in.
pub struct Peer {
    link: PathBuf,
    say: Option<Sender<Vec<u8>>>,
    pub settings: Arc<Mutex<Settings>>,
    thread: Option<JoinHandle<()>>,
}

impl Peer {
    /// Plugs it in: `link` appears.
    pub fn plug(link: &Path, settings: Settings) -> Self {
        let master = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY).unwrap();
        grantpt(&master).unwrap();
        unlockpt(&master).unwrap();
        let device = ptsname_r(&master).unwrap();
        let settings = Arc::new(Mutex::new(settings));
        let (say, hear) = channel();
        let shared = Arc::clone(&settings);
        let thread = std::thread::spawn(move || live(master, &hear, &shared));
        std::os::unix::fs::symlink(device, link).unwrap();
        Peer { link: link.to_owned(), say: Some(say), settings, thread: Some(thread) }
    }

    /// Sends bytes as they are.
    pub fn say(&self, bytes: Vec<u8>) {
        self.say.as_ref().unwrap().send(bytes).unwrap();
    }

    pub fn say_frame(&self, frame: &Frame) {
        self.say(encode(frame, ApiMode::Escaped).unwrap());
    }

    pub fn written(&self) -> Vec<String> {
        self.settings.lock().unwrap().written.clone()
    }
}

/// Plugged out: the name goes, and the line hangs up.
impl Drop for Peer {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.link);
        self.say = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The master is closed by the thread that reads it: closing it elsewhere would not hang up.
fn live(mut master: PtyMaster, hear: &Receiver<Vec<u8>>, settings: &Mutex<Settings>) {
    let mut mode = settings.lock().unwrap().mode();
    let mut decoder = Decoder::new(mode.unwrap_or(ApiMode::Plain));
    let mut text = Vec::new();
    let mut commanded = false;
    let mut last_answer: Option<Vec<u8>> = None;
    loop {
        match hear.try_recv() {
            Ok(bytes) => master.write_all(&bytes).unwrap(),
            Err(std::sync::mpsc::TryRecvError::Disconnected) => return,
            Err(std::sync::mpsc::TryRecvError::Empty) => {}
        }
        let mut fds = [PollFd::new(master.as_fd(), PollFlags::POLLIN)];
        let _ = poll(&mut fds, PollTimeout::from(5_u8));
        let events = fds[0].revents().unwrap_or(PollFlags::empty());
        if !events.contains(PollFlags::POLLIN) {
            if events.contains(PollFlags::POLLHUP) {
                // Nobody has it open.
                std::thread::yield_now();
            }
            continue;
        }
        let mut buffer = [0; 4096];
        let Ok(read) = master.read(&mut buffer) else { continue };
        let mut settings = settings.lock().unwrap();
        if settings.silent {
            continue;
        }
        let Some(current) = mode else {
            text.extend_from_slice(&buffer[..read]);
            for answer in in_text(&mut text, &mut commanded, &mut settings) {
                master.write_all(answer.as_bytes()).unwrap();
            }
            if !commanded {
                mode = settings.mode();
                decoder = Decoder::new(mode.unwrap_or(ApiMode::Plain));
            }
            continue;
        };
        for piece in decoder.push(&buffer[..read]) {
            let Piece::Frame { frame: Frame::At(AtCommand { id, name, parameter }), .. } = piece else {
                continue;
            };
            let (status, value) = settings.ask(&name.to_string(), &parameter);
            let answer = Frame::AtResponse(AtResponse { id, name, status, value });
            let answer = encode(&answer, current).unwrap();
            if settings.confused {
                if let Some(last) = &last_answer {
                    master.write_all(last).unwrap();
                }
                master.write_all(&answer).unwrap();
            }
            master.write_all(&answer).unwrap();
            last_answer = Some(answer);
            if name.to_string() == "AP" && !parameter.is_empty() {
                mode = settings.mode();
            }
        }
        if mode != Some(current) {
            decoder = Decoder::new(mode.unwrap_or(ApiMode::Plain));
        }
    }
}

/// Command mode: `+++`, then a line per command. Frames are passed on unread, as a stick in transparent mode does.
fn in_text(text: &mut Vec<u8>, commanded: &mut bool, settings: &mut Settings) -> Vec<String> {
    let mut answers = Vec::new();
    if !*commanded {
        if text.ends_with(b"+++") {
            *commanded = true;
            answers.push("OK\r".to_owned());
        }
        text.clear();
    }
    while let Some(end) = text.iter().position(|byte| *byte == b'\r') {
        let line: Vec<u8> = text.drain(..=end).collect();
        let line = String::from_utf8_lossy(&line).trim().to_owned();
        let (name, parameter) = line.trim_start_matches("AT").split_at(2);
        let parameter =
            hex::decode(format!("{parameter:0>width$}", width = parameter.len().div_ceil(2) * 2)).unwrap();
        *commanded &= name != "CN";
        answers.push(match settings.ask(name, &parameter) {
            (AtStatus::Ok, value) if value.is_empty() => "OK\r".to_owned(),
            (AtStatus::Ok, value) => format!("{}\r", hex::encode_upper(value).trim_start_matches('0')),
            _ => "ERROR\r".to_owned(),
        });
    }
    answers
}
