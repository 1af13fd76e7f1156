//! The real program on a disk that fills up under it: a small tmpfs, a simulated plant, a file of ballast.
//!
//! Only root may mount; without that the test says so and proves nothing.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails here fails the test")]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

#[allow(dead_code, reason = "other tests ask for more")]
mod running;

use running::{Held, ask, platen, serve, simulate, until};

/// A small disk that is gone with its test.
struct Disk(tempfile::TempDir);

impl Disk {
    fn mount() -> Option<Disk> {
        let dir = tempfile::tempdir().unwrap();
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", "size=48m,mode=700", "tmpfs"])
            .arg(dir.path())
            .status();
        mounted.is_ok_and(|status| status.success()).then_some(Disk(dir))
    }

    fn data(&self) -> PathBuf {
        self.0.path().join("data")
    }

    fn ballast(&self) -> PathBuf {
        self.0.path().join("ballast")
    }

    /// Writes until nothing more fits.
    fn fill(&self) {
        let mut file = fs::File::create(self.ballast()).unwrap();
        while file.write_all(&[1; 64 << 10]).is_ok() {}
    }

    fn remount(&self, how: &str) {
        let how = format!("remount,{how}");
        assert!(Command::new("mount").args(["-o", &how]).arg(self.0.path()).status().unwrap().success());
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("--lazy").arg(self.0.path()).status();
    }
}

fn unacknowledged(plant: &Path) -> u64 {
    ask(plant, r#"{"do":"status"}"#)["unacknowledged"].as_u64().unwrap()
}

fn output(words: &[&str], data: &Path) -> String {
    let output = platen().args(words).arg("--data").arg(data).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{words:?}: {said}{}", String::from_utf8_lossy(&output.stderr));
    said
}

/// The sum of all molds' displayed counts, as an auditor gets them.
fn displayed(data: &Path) -> u64 {
    let rows = output(&["export", "counts", "--mold", "all", "--format", "jsonl"], data);
    rows.lines().map(|row| serde_json::from_str::<Value>(row).unwrap()["displayed"].as_u64().unwrap()).sum()
}

fn truth(plant: &Path) -> u64 {
    let truth = ask(plant, r#"{"do":"truth"}"#);
    truth["molds"].as_array().unwrap().iter().map(|mold| mold["count"].as_u64().unwrap()).sum()
}

fn begin(disk: &Disk, plant: &Path, log: &Path) -> Held {
    let log = fs::File::options().create(true).append(true).open(log).unwrap();
    let mut command = serve();
    command.arg("--serial").arg(plant.join("stick-a")).arg("--data").arg(disk.data());
    Held::start(command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log))
}

/// Nothing more is told as kept: what no box has kept only grows.
fn nothing_is_acknowledged(plant: &Path) {
    // What was on the disk just before may still be on its way to the monitors.
    std::thread::sleep(Duration::from_secs(3));
    let mut before = unacknowledged(plant);
    for _ in 0..5 {
        std::thread::sleep(Duration::from_secs(1));
        let now = unacknowledged(plant);
        assert!(now >= before, "{before} cycles were not kept, now {now}");
        before = now;
    }
    assert!(before > 0);
}

#[test]
fn a_full_or_read_only_disk_acknowledges_nothing_and_everything_is_there_in_the_end() {
    let Some(disk) = Disk::mount() else {
        eprintln!("not permitted to mount a tmpfs: nothing is proved here");
        return;
    };
    let outside = tempfile::tempdir().unwrap();
    let (plant, log) = (outside.path().join("plant"), outside.path().join("log"));
    let _simulator = simulate(&plant);
    let mut running = begin(&disk, &plant, &log);
    let data = disk.data();
    let answers = || data.join("control.sock").exists();
    until("the first cycles on the disk", || {
        answers() && displayed(&data) > 0 && unacknowledged(&plant) < 200
    });

    disk.fill();
    nothing_is_acknowledged(&plant);
    assert!(fs::read_to_string(&log).unwrap().contains("StoreRefuses"), "the alarm is raised");
    let kept = displayed(&data);
    assert!(
        running.ends_within(Duration::from_secs(20)),
        "a box whose disk is full ends when it is asked to"
    );
    assert_eq!(displayed(&data), kept, "a stopped box's count is read from a full disk");

    // It starts on the full disk, and goes on by itself when there is room.
    running = begin(&disk, &plant, &log);
    until("the box to answer", answers);
    assert_eq!(displayed(&data), kept);
    nothing_is_acknowledged(&plant);
    fs::remove_file(disk.ballast()).unwrap();
    until("the box to go on", || displayed(&data) > kept);

    // The kernel makes a disk read-only only while nobody has a file on it open for writing.
    assert!(running.ends_within(Duration::from_secs(20)));
    disk.remount("ro");
    let kept = displayed(&data);
    running = begin(&disk, &plant, &log);
    until("the alarm", || fs::read_to_string(&log).unwrap().contains("it is read-only"));
    nothing_is_acknowledged(&plant);
    assert_eq!(displayed(&data), kept);
    disk.remount("rw");
    until("the box to go on", || answers() && displayed(&data) > kept);

    ask(&plant, r#"{"do":"pause"}"#);
    until("every cycle to be kept", || unacknowledged(&plant) == 0);
    until("every cycle to be counted", || displayed(&data) == truth(&plant));
    assert!(running.ends_within(Duration::from_secs(20)));
    assert!(output(&["check"], &data).contains("all is well"));
    assert_eq!(displayed(&data), truth(&plant));
}
