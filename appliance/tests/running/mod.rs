//! The real program, and a box of it, as tests run them: nothing outlives its test.

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, ExitStatus, Output, Stdio};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

/// The program.
pub fn platen() -> Command {
    Command::new(env!("CARGO_BIN_EXE_platen"))
}

/// A box that listens on free ports; its folder is named with the rest of its words.
pub fn serve() -> Command {
    let mut command = platen();
    command.args(["serve", "--listen", "127.0.0.1:0", "--http", ""]);
    command
}

pub fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// All that a command said.
pub fn told(output: &Output) -> String {
    text(&output.stdout) + &text(&output.stderr)
}

/// Waits for a condition.
pub fn until(what: &str, mut there: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !there() {
        assert!(begun.elapsed() < Duration::from_secs(120), "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A child that does not outlive its test.
pub struct Held(pub Child);

impl Held {
    pub fn start(command: &mut Command) -> Held {
        Held(command.spawn().unwrap())
    }

    /// One that is not listened to.
    pub fn start_unheard(command: &mut Command) -> Held {
        Held::start(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()))
    }

    pub fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(i32::try_from(self.0.id()).unwrap()), signal).unwrap();
    }

    pub fn wait(&mut self) -> ExitStatus {
        self.0.wait().unwrap()
    }

    /// Asks it to end, which it does well.
    pub fn end(mut self) {
        self.signal(Signal::SIGTERM);
        assert!(self.wait().success());
    }

    /// Asks it to end and tells whether it did, and well, within that time.
    pub fn ends_within(&mut self, patience: Duration) -> bool {
        self.signal(Signal::SIGTERM);
        let begun = Instant::now();
        while begun.elapsed() < patience {
            if let Some(status) = self.0.try_wait().unwrap() {
                return status.success();
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        false
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// A box and what it says on its console.
pub struct Running {
    pub held: Held,
    console: BufReader<ChildStdout>,
}

impl Running {
    /// A box in that folder, with those words and that log.
    pub fn start(data: &Path, words: &[&str], log: impl Into<Stdio>) -> Running {
        let mut command = serve();
        command.arg("--data").arg(data).args(words);
        let mut held = Held::start(command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log));
        let console = BufReader::new(held.0.stdout.take().unwrap());
        Running { held, console }
    }

    /// Reads the console as far as this line and answers the rest of it.
    pub fn said(&mut self, label: &str) -> String {
        let mut line = String::new();
        while self.console.read_line(&mut line).unwrap() > 0 {
            if let Some(rest) = line.strip_prefix(label) {
                return rest.trim().to_owned();
            }
            line.clear();
        }
        panic!("the box did not say {label}")
    }
}

/// A simulated plant in that folder, its stick behind `stick-a`.
pub fn simulate(plant: &Path) -> Held {
    let words = ["--sticks", "1", "--presses", "4", "--molds", "6", "--speed", "60", "--faults", "off"];
    let mut command = platen();
    command.args(["sim", "v3"]).args(words).args(["--history-days", "0.2", "--dir"]).arg(plant);
    let held = Held::start(command.stdin(Stdio::null()).stdout(Stdio::null()));
    until("the simulated plant", || plant.join("control.sock").exists() && plant.join("stick-a").exists());
    held
}

/// One request to the simulator, one answer.
pub fn ask(plant: &Path, request: &str) -> Value {
    let mut socket = UnixStream::connect(plant.join("control.sock")).unwrap();
    writeln!(socket, "{request}").unwrap();
    let mut line = String::new();
    BufReader::new(socket).read_line(&mut line).unwrap();
    serde_json::from_str(&line).unwrap()
}
