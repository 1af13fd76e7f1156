//! The program from outside: its words, its exit statuses, and how it ends.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails here fails the test")]

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

#[allow(dead_code, reason = "other tests ask for more")]
mod running;

use running::{Held, Running, platen, serve, text, until};

fn run(words: &[&str], input: &[u8]) -> Output {
    let mut child = platen()
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(input).unwrap();
    child.wait_with_output().unwrap()
}

fn start(data: &Path, words: &[&str]) -> Running {
    Running::start(data, words, Stdio::null())
}

fn is_healthy(data: &Path) -> bool {
    platen().args(["healthcheck", "--data"]).arg(data).stderr(Stdio::null()).status().unwrap().success()
}

#[test]
fn the_printed_configuration_starts_a_box() {
    let dir = tempfile::tempdir().unwrap();
    let printed = run(&["config"], b"");
    assert!(printed.status.success());
    let file = dir.path().join("platen.toml");
    std::fs::write(&file, &printed.stdout).unwrap();
    let data = dir.path().join("data");
    let mut running = start(&data, &[]);
    running.said("address");
    drop(running);
    assert!(text(&printed.stdout).contains("[web]"));
    // The same file, read by a command that stops at once: what it says is understood.
    let asked = run(&["healthcheck", "--config", file.to_str().unwrap(), "--data", "/nowhere"], b"");
    assert_eq!(asked.status.code(), Some(1), "{}", text(&asked.stderr));
}

#[test]
fn settings_that_make_no_sense_stop_the_start_with_status_2() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("platen.toml");
    std::fs::write(&file, "data = \"/tmp\"\n[web]\nlissten = \"127.0.0.1:0\"\n").unwrap();
    let refused = run(&["serve", "--config", file.to_str().unwrap()], b"");
    assert_eq!(refused.status.code(), Some(2));
    let said = text(&refused.stderr);
    for part in ["platen.toml", "line 3", "lissten", "http_redirect"] {
        assert!(said.contains(part), "{part} is missing: {said}");
    }
    assert_eq!(run(&["serve", "--no-such-word"], b"").status.code(), Some(2));
}

#[test]
fn decoding_streams_and_goes_on_after_damage() {
    let mut child = platen()
        .args(["decode", "xbee", "--api", "1"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    for frame in [&[0x7E, 0x00, 0x02, 0x8A, 0x06, 0x6F][..], &[0xFF, 0x7E, 0x00, 0x02, 0x8A, 0x06, 0x6F]] {
        input.write_all(frame).unwrap();
        input.flush().unwrap();
        line.clear();
        // The line comes while the input stays open.
        output.read_line(&mut line).unwrap();
        assert!(line.contains("0x8A") || line.contains("garbage"), "{line}");
    }
    drop(input);
    let mut rest = String::new();
    output.read_to_string(&mut rest).unwrap();
    assert!(rest.contains("0x8A"), "{rest}");
    assert!(child.wait().unwrap().success());
}

/// Adverts from `radio/tests/vectors`: a monitor that waits, a sealed status, the same passed on by a repeater, and the
/// encrypted example of bthome.io.
const WAITING: &str = "0201061721379733A644658788BB41251A01003337110000303900";
const STATUS: &str = "0201041AFF99045034120A1B2C3D000000020327FE9CBB6BD5603B49586F";
const REPEATED: &str = "1EFF9904503413010A1B2C3D000000020327FE9CBB6BD5603B49586FB97101";
const BTHOME: &str = "02010612 16D2FC41A47266C95F7300112233 78237214";
const KEYS: &str = "# hall a
54:48:E6:8F:80:A5 231d39c1d7cc1ab1aee224cd096db932
0A1B2C3D 0f1e2d3c4b5a69788796a5b4c3d2e1f0
";

fn json_lines(output: &Output) -> Vec<serde_json::Value> {
    text(&output.stdout).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn adverts_are_decoded_and_opened_with_keys_from_a_file() {
    let dir = tempfile::tempdir().unwrap();
    let keys = dir.path().join("adverts.keys");
    std::fs::write(&keys, KEYS).unwrap();
    std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o600)).unwrap();
    let input = format!("{WAITING}\n{STATUS}\n{REPEATED}\n54:48:E6:8F:80:A5 {BTHOME}\n0201\n");
    let decoded = run(&["decode", "ble", "--keys", keys.to_str().unwrap()], input.as_bytes());
    assert_eq!(decoded.status.code(), Some(0), "{}", text(&decoded.stderr));
    let lines = json_lines(&decoded);
    assert_eq!(lines.len(), 5);
    assert_eq!(lines[0]["open"]["serial"], "V4-00012345");
    assert_eq!(lines[1]["open"]["status"]["count"], 1000);
    assert_eq!(lines[1]["open"]["news"], true);
    assert_eq!(lines[2]["open"]["status"], lines[1]["open"]["status"]);
    assert_eq!(lines[2]["open"]["news"], false, "a repeater passed on what was heard before");
    assert_eq!(lines[3]["bthome"]["readings"][0]["temperature_mc"], 25_060);
    assert_eq!(lines[4]["damage"], "truncated");
    for key in KEYS.split_whitespace().filter(|word| word.len() == 32) {
        assert!(!text(&decoded.stdout).to_lowercase().contains(key), "a key is never printed");
    }
    // Without keys the same lines say what everybody can see.
    let closed = json_lines(&run(&["decode", "ble"], input.as_bytes()));
    assert_eq!(closed[1]["open"]["id"], "0A1B2C3D");
    assert_eq!(closed[1]["open"].get("status"), None);
    assert_eq!(closed[3]["bthome"].get("readings"), None);
}

#[test]
fn keys_that_others_may_read_are_refused_and_so_is_what_is_no_advert() {
    let dir = tempfile::tempdir().unwrap();
    let keys = dir.path().join("adverts.keys");
    std::fs::write(&keys, KEYS).unwrap();
    std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o640)).unwrap();
    let refused = run(&["decode", "ble", "--keys", keys.to_str().unwrap()], b"");
    assert_eq!(refused.status.code(), Some(1));
    assert!(text(&refused.stderr).contains("chmod 600"), "{}", text(&refused.stderr));
    std::fs::set_permissions(&keys, std::fs::Permissions::from_mode(0o600)).unwrap();
    std::fs::write(&keys, "54:48:E6:8F:80:A5 231d39c1").unwrap();
    let refused = run(&["decode", "ble", "--keys", keys.to_str().unwrap()], b"");
    assert_eq!(refused.status.code(), Some(1));
    let said = text(&refused.stderr);
    assert!(said.contains("line 1") && !said.contains("231d39c1"), "{said}");
    // What came before a wrong digit is printed.
    let stopped = run(&["decode", "ble"], format!("{WAITING}\nan advert\n").as_bytes());
    assert_eq!(stopped.status.code(), Some(1));
    assert_eq!(json_lines(&stopped).len(), 1);
    assert!(text(&stopped.stderr).contains("line 2: character 2 is 'n'"), "{}", text(&stopped.stderr));
    let help = run(&["decode", "ble", "--help"], b"");
    assert!(help.status.success() && text(&help.stdout).contains("--keys"));
}

#[test]
fn a_box_says_where_it_is_and_how_to_get_in_and_ends_when_asked() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    assert!(!is_healthy(&data));
    let mut running = start(&data, &[]);
    assert!(running.said("address").starts_with("https://127.0.0.1:"));
    assert_eq!(running.said("certificate").len(), "SHA-256 ".len() + 95);
    assert_eq!(running.said("authority").len(), "SHA-256 ".len() + 95);
    assert_eq!(running.said("set-up code").len(), 19);
    until("the box to be healthy", || is_healthy(&data));
    let data_text = data.to_str().unwrap();
    let counts = run(&["export", "counts", "--mold", "all", "--format", "jsonl", "--data", data_text], b"");
    assert!(counts.status.success(), "{}", text(&counts.stderr));
    running.held.end();
    assert!(!is_healthy(&data));
}

#[test]
fn two_boxes_do_not_share_a_folder() {
    let dir = tempfile::tempdir().unwrap();
    let mut first = start(dir.path(), &[]);
    first.said("address");
    let mut second = start(dir.path(), &[]);
    assert_eq!(second.held.wait().code(), Some(1));
    until("the box to be healthy", || is_healthy(dir.path()));
}

fn counts(data: &Path) -> String {
    let data = data.to_str().unwrap();
    let counts = run(&["export", "counts", "--mold", "all", "--format", "jsonl", "--data", data], b"");
    text(&counts.stdout)
}

fn play(recording: &Path, port: &Path, data: &Path) -> String {
    let replay = platen()
        .arg("replay")
        .arg(recording)
        .args(["--pace", "0", "--port"])
        .arg(port)
        .stderr(Stdio::null())
        .spawn();
    let mut replay = replay.unwrap();
    until("the recording's port", || port.exists());
    let running = Held::start_unheard(serve().arg("--data").arg(data).arg("--serial").arg(port));
    assert!(replay.wait().unwrap().success());
    running.end();
    counts(data)
}

#[test]
fn a_recorded_link_counts_in_another_box_and_counts_once() {
    let dir = tempfile::tempdir().unwrap();
    let sim =
        ["sim", "v3", "--sticks", "1", "--presses", "2", "--molds", "2", "--speed", "60", "--faults", "off"];
    let plant = dir.path().join("plant");
    let simulator = Held::start(
        platen().args(sim).args(["--history-days", "0", "--dir"]).arg(&plant).stdout(Stdio::null()),
    );
    let stick = plant.join("stick-a");
    until("the simulated stick", || stick.exists());
    let recording = dir.path().join("recording");
    let mut recorder = Held::start(
        platen().args(["capture", "--port"]).arg(&stick).arg("--to").arg(&recording).stderr(Stdio::null()),
    );
    until("a few cycles", || std::fs::metadata(&recording).is_ok_and(|file| file.len() > 6_000));
    recorder.signal(Signal::SIGINT);
    assert!(recorder.wait().success());
    simulator.end();

    let (port, data) = (dir.path().join("port"), dir.path().join("data"));
    let once = play(&recording, &port, &data);
    assert!(once.contains("\"counted\":") && !once.contains("\"counted\":0,"), "{once}");
    assert_eq!(play(&recording, &port, &data), once);
}

#[test]
fn a_box_started_for_someone_ends_with_them() {
    let dir = tempfile::tempdir().unwrap();
    let mut running = start(dir.path(), &["--until-stdin-closes"]);
    running.said("address");
    drop(running.held.0.stdin.take());
    assert!(running.held.wait().success());
}

/// Runs a command with a stick that never stops talking; how it ended, and what the stick was told.
fn told_while(command: &mut Command, port: &Path, done: impl Fn(&mut Child) -> bool) -> (Output, Vec<u8>) {
    let stick = radio::sim::port::Port::plug_in(port).unwrap();
    let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let (mut told, mut buffer) = (Vec::new(), [0; 1024]);
    until("the command to end", || {
        stick.write(&[0x7E, 0x00, 0x02, 0x8A, 0x06, 0x6F]).unwrap();
        let length = stick.read(&mut buffer).unwrap();
        told.extend_from_slice(&buffer[..length]);
        done(&mut child)
    });
    (child.wait_with_output().unwrap(), told)
}

#[test]
fn a_recording_says_nothing_to_the_stick() {
    let dir = tempfile::tempdir().unwrap();
    let (port, recording) = (dir.path().join("stick"), dir.path().join("recording"));
    let mut command = platen();
    command.args(["capture", "--port"]).arg(&port).arg("--to").arg(&recording);
    let (output, told) = told_while(&mut command, &port, |child| {
        if std::fs::metadata(&recording).is_ok_and(|file| file.len() > 200) {
            kill(Pid::from_raw(i32::try_from(child.id()).unwrap()), Signal::SIGINT).unwrap();
            return true;
        }
        false
    });
    assert!(output.status.success(), "{}", text(&output.stderr));
    assert!(text(&output.stderr).contains("lost 0"), "{}", text(&output.stderr));
    assert_eq!(told, b"");
}

#[test]
fn a_recording_that_the_disk_refuses_says_so_and_ends_with_status_1() {
    let dir = tempfile::tempdir().unwrap();
    let (port, recording) = (dir.path().join("stick"), dir.path().join("recording"));
    let mut command = Command::new("sh");
    // No file of this process may grow: what a full disk is to it.
    command.args(["-c", "trap '' XFSZ; ulimit -f 0; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_platen")]);
    command.args(["capture", "--port"]).arg(&port).arg("--to").arg(&recording);
    let (output, _) = told_while(&mut command, &port, |child| child.try_wait().unwrap().is_some());
    assert_eq!(output.status.code(), Some(1));
    assert!(text(&output.stderr).contains("write the capture"), "{}", text(&output.stderr));
}
