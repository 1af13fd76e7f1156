//! A simulated plant on a thread of its own.
#![allow(dead_code, reason = "each test uses its part")]
#![allow(clippy::expect_used, reason = "helpers of tests fail like tests")]

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use radio::sim::driver::{self, Options};
use radio::sim::plant::Plant;
use radio::sim::truth::Truth;

/// A plant behind ports in a folder of its own.
pub struct Running {
    dir: tempfile::TempDir,
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<Truth>>,
}

impl Running {
    /// Starts it and waits for its ports.
    pub fn start(mut plant: Plant, options: Options) -> Running {
        let dir = tempfile::tempdir().expect("make a folder");
        let control = dir.path().join("control.sock");
        let options = Options { dir: dir.path().to_owned(), control: Some(control.clone()), ..options };
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = Arc::clone(&stop);
        let thread =
            std::thread::spawn(move || driver::run(&mut plant, &options, &stopped).expect("run the plant"));
        let patience = Instant::now() + Duration::from_secs(60);
        while !control.exists() {
            assert!(Instant::now() < patience && !thread.is_finished(), "the plant did not start");
            std::thread::sleep(Duration::from_millis(5));
        }
        Running { dir, stop, thread: Some(thread) }
    }

    /// The port of a stick.
    pub fn stick(&self, letter: &str) -> PathBuf {
        self.dir.path().join(format!("stick-{letter}"))
    }

    /// The port of the USB monitor.
    pub fn usb(&self) -> PathBuf {
        self.dir.path().join("usb")
    }

    /// A request, and its answer.
    pub fn ask(&self, request: &str) -> serde_json::Value {
        use std::io::{BufRead, BufReader, Write};
        let mut socket = std::os::unix::net::UnixStream::connect(self.dir.path().join("control.sock"))
            .expect("reach the plant");
        socket.write_all(format!("{request}\n").as_bytes()).expect("ask the plant");
        let mut line = String::new();
        BufReader::new(socket).read_line(&mut line).expect("hear the plant");
        serde_json::from_str(&line).expect("read the plant's answer")
    }

    /// Ends it.
    pub fn end(mut self) -> Truth {
        self.stop.store(true, Ordering::Relaxed);
        let thread = self.thread.take().expect("it ends once");
        thread.join().expect("end the plant")
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        self.stop.store(true, Ordering::Relaxed);
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
