//! Backups with the real program: beside a box that counts, onto a fresh box, and by the box itself.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails here fails the test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;

use serde_json::Value;

/// What the client of the other tests is built on.
mod fixture {
    use std::net::{SocketAddr, TcpStream};

    pub fn connect(address: SocketAddr) -> TcpStream {
        TcpStream::connect(address).unwrap()
    }
}

#[allow(dead_code, reason = "other tests ask for more")]
#[path = "web/client.rs"]
mod client;
#[allow(dead_code, reason = "other tests ask for more")]
mod running;

use client::Client;
use running::{Running, ask, platen, simulate, text, until};

/// A box that answers, and what it said at its start.
struct Answering {
    running: Running,
    address: String,
    authority: String,
}

impl Answering {
    fn start(data: &Path, words: &[&str], log: &Path) -> Answering {
        let log = fs::File::options().create(true).append(true).open(log).unwrap();
        let mut running = Running::start(data, words, log);
        let (address, authority) = (running.said("address"), running.said("authority"));
        until("the box to answer", || data.join("control.sock").exists());
        Answering { running, address, authority }
    }

    fn client(&self, data: &Path) -> Client {
        let address = self.address.trim_start_matches("https://").trim_end_matches('/').parse().unwrap();
        let authority = fs::read_to_string(data.join("ca.pem")).unwrap();
        Client::new(address, &authority, rustls::ALL_VERSIONS)
    }

    fn end(self) {
        self.running.held.end();
    }
}

fn run(words: &[&str]) -> Output {
    platen().args(words).output().unwrap()
}

fn must(words: &[&str]) -> String {
    let output = run(words);
    assert!(output.status.success(), "{words:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stdout)
}

fn refused(words: &[&str]) -> String {
    let output = run(words);
    assert_eq!(output.status.code(), Some(1), "{words:?}: {}{}", text(&output.stdout), text(&output.stderr));
    text(&output.stderr)
}

fn word(path: &Path) -> &str {
    path.to_str().unwrap()
}

fn export(subject: &str, data: &Path) -> String {
    must(&["export", subject, "--mold", "all", "--format", "jsonl", "--data", word(data)])
}

fn displayed(data: &Path) -> u64 {
    let rows = export("counts", data);
    rows.lines().map(|row| serde_json::from_str::<Value>(row).unwrap()["displayed"].as_u64().unwrap()).sum()
}

/// Makes an identity; gives its file and the recipient.
fn identity(folder: &Path, name: &str) -> (PathBuf, String) {
    let file = folder.join(name);
    let recipient = must(&["backup", "key", "new", word(&file)]).trim().to_owned();
    (file, recipient)
}

#[test]
fn a_fresh_box_from_a_backup_of_a_counting_one_is_that_box() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let (plant, data, log) = (at("plant"), at("data"), at("log"));
    let simulator = simulate(&plant);
    let stick = plant.join("stick-a");
    let mut running = Answering::start(&data, &["--serial", word(&stick)], &log);
    let code = running.running.said("set-up code");
    let form = format!("code={code}&name=Marta&password=correct+horse+1");
    assert_eq!(running.client(&data).post("/setup", &form).location(), "/");
    until("the first cycles", || displayed(&data) > 0);
    let (key, recipient) = identity(dir.path(), "key");

    // While it counts.
    let before = displayed(&data);
    let first = at("first.age");
    must(&["backup", "--to", word(&first), "--recipient", &recipient, "--data", word(&data)]);
    let tested =
        must(&["backup", "test", word(&first), "--identity", word(&key), "--scratch", word(dir.path())]);
    assert!(tested.contains("6 molds") && tested.contains("all is well"), "{tested}");
    let after = displayed(&data);
    until("the count to go on", || displayed(&data) > after);
    let copy = at("copy");
    must(&["restore", word(&first), "--identity", word(&key), "--data", word(&copy)]);
    assert!((before..=after).contains(&displayed(&copy)), "{before} {} {after}", displayed(&copy));

    // At rest, to compare to the last byte; the second way out is the standard output.
    ask(&plant, r#"{"do":"pause"}"#);
    until("every cycle to be kept", || ask(&plant, r#"{"do":"status"}"#)["unacknowledged"] == 0);
    let mut seen = String::new();
    until("the box to be at rest", || {
        let now = export("counts", &data);
        std::mem::replace(&mut seen, now.clone()) == now
    });
    let sealed = platen()
        .args(["backup", "--to", "-", "--recipient", &recipient, "--data"])
        .arg(&data)
        .output()
        .unwrap();
    assert!(sealed.status.success(), "{}", text(&sealed.stderr));
    let second = at("second.age");
    fs::write(&second, &sealed.stdout).unwrap();
    drop(simulator);

    let told = refused(&["restore", word(&second), "--identity", word(&key), "--data", word(&copy)]);
    assert!(told.contains("--replace") && told.contains("nothing was changed"), "{told}");
    let (other, _) = identity(dir.path(), "other");
    let told = refused(&["restore", word(&second), "--identity", word(&other), "--data", word(&at("none"))]);
    assert!(told.contains("sealed for others"), "{told}");
    assert!(!at("none").exists());
    let told =
        must(&["restore", word(&second), "--identity", word(&key), "--data", word(&copy), "--replace"]);
    assert!(told.contains("before-restore-"), "{told}");
    for subject in ["counts", "ledger", "cycles"] {
        assert_eq!(export(subject, &copy), export(subject, &data), "{subject}");
    }
    assert!(must(&["check", "--data", word(&copy)]).contains("all is well"));

    let told =
        refused(&["restore", word(&second), "--identity", word(&key), "--data", word(&data), "--replace"]);
    assert!(told.contains("a box is running"), "{told}");
    let authority = running.authority.clone();
    running.end();
    let moved = Answering::start(&copy, &["--serial", word(&stick)], &log);
    assert_eq!(moved.authority, authority, "browsers trust it as they trusted the former one");
    let client = moved.client(&copy);
    assert_eq!(client.post("/login", "name=Marta&password=correct+horse+1").location(), "/");
    assert_eq!(client.post("/login", "name=Marta&password=correct+horse+2").location(), "/login?error=wrong");
    moved.end();
    let log = fs::read_to_string(&log).unwrap();
    assert!(!log.contains("cannot be read"), "{log}");

    // The stopped box gives one too.
    let third = at("third.age");
    must(&["backup", "--to", word(&third), "--recipient", &recipient, "--data", word(&data)]);
    let told = refused(&["backup", "--to", word(&third), "--recipient", &recipient, "--data", word(&data)]);
    assert!(told.contains("already"), "{told}");
    must(&["restore", word(&third), "--identity", word(&key), "--data", word(&at("third"))]);
    assert_eq!(export("ledger", &at("third")), export("ledger", &data));
}

fn status(data: &Path) -> (bool, String) {
    let output = run(&["backup", "status", "--data", word(data)]);
    (output.status.success(), text(&output.stdout))
}

#[test]
fn a_box_makes_and_tests_its_backups_by_itself_and_says_when_it_cannot() {
    let dir = tempfile::tempdir().unwrap();
    let at = |name: &str| dir.path().join(name);
    let (data, log, config) = (at("data"), at("log"), at("platen.toml"));
    let (key, recipient) = identity(dir.path(), "key");
    let set = |place: &str| {
        let text = format!(
            "[backup]\n{place}\nname = \"hall\"\nrecipients = [{recipient:?}]\nidentity = {:?}\n",
            word(&key)
        );
        fs::write(&config, text).unwrap();
    };
    must(&["key", "new", word(&at("store.key"))]);
    let store_key = at("store.key");
    let words = ["--config", word(&config), "--key", word(&store_key)];

    set("disk_label = \"NO SUCH DISK\"");
    let running = Answering::start(&data, &words, &log);
    until("the first try", || status(&data).1.contains("FAILED"));
    let (good, told) = status(&data);
    assert!(!good && told.contains("NO SUCH DISK"), "{told}");
    until("the alarm", || fs::read_to_string(&log).unwrap().contains("key=Backup"));
    running.end();

    // It is tried again a while later; what was noted of it is gone with its file.
    fs::remove_file(data.join("backup.status")).unwrap();
    set(&format!("folder = {:?}", word(&at("backups"))));
    let running = Answering::start(&data, &words, &log);
    until("the first backup", || status(&data).0 && status(&data).1.contains("last backup"));
    let (_, told) = status(&data);
    assert!(told.contains("restored into a scratch store"), "{told}");
    until("the end of the alarm", || fs::read_to_string(&log).unwrap().contains("alarm cleared"));
    running.end();
    let made: Vec<PathBuf> =
        fs::read_dir(at("backups")).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert_eq!(made.len(), 1, "{made:?}");
    must(&["restore", word(&made[0]), "--identity", word(&key), "--data", word(&at("fresh"))]);
    assert!(must(&["check", "--data", word(&at("fresh"))]).contains("all is well"));
}
