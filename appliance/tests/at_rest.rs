//! What whoever steals the disk finds on it, and what the program says to whoever comes with the wrong key.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails here fails the test")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Output;
use std::time::Duration;

use appliance::accounts::{Password, Session, TokenHash, User, hash};
use appliance::config::{KeyFrom, StoreKey};
use appliance::keys;
use appliance::plant::{
    AlarmKey, AlarmRecord, Batch, LedgerChange, ModuleRecord, MonitorRecord, NetworkRecord, RawRecord,
};
use appliance::store::Store;
use domain::{EntryKind, Generation, LedgerEntry, Mold, MoldId, Press, PressId, Role, Timestamp};

#[allow(dead_code, reason = "other tests ask for more")]
mod running;

use running::{Held, platen, told, until};

const MOLD: &str = "M-4711-SECRETNAME";
const SERIAL: &str = "V3-00471100";
const PRESS: &str = "Press of Hall Nine";
const EMAIL: &str = "marta.koch@plant.example";
const ADJUSTER: &str = "Jon Fotherington";
const PAYLOAD: &[u8] = b"raw payload of a module";

fn run(words: &[&str]) -> Output {
    platen().args(words).output().unwrap()
}

/// A box's folder with a key and a configuration beside it.
struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    fn new() -> Place {
        let place = Place { dir: tempfile::tempdir().unwrap() };
        place.new_key("store.key");
        place.configure("store.key");
        place
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn text(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    fn new_key(&self, name: &str) {
        assert!(run(&["key", "new", &self.text(name)]).status.success());
    }

    fn configure(&self, key: &str) {
        let text = format!(
            "data = {:?}\n[store]\nkey = {:?}\n[web]\nlisten = \"127.0.0.1:0\"\nhttp_redirect = \"\"\n",
            self.path("data"),
            self.path(key)
        );
        fs::write(self.path("platen.toml"), text).unwrap();
    }

    fn with_config(&self, words: &[&str]) -> Output {
        run(&[words, &["--config", &self.text("platen.toml")]].concat())
    }

    /// The store with a plant in it whose names are found easily.
    fn fill(&self) {
        let place =
            StoreKey { from: KeyFrom::File(self.path("store.key")), credentials: None, beside: false };
        let keys = keys::to_serve(&self.path("data"), &place).unwrap();
        let store = Store::open(&self.path("data"), &keys).unwrap();
        store.commit(&plant()).unwrap();
        let password = Password::choose("correct+horse+1".to_owned().into()).unwrap();
        let password = hash(&password, [1; 16]).unwrap();
        let (name, email, role) = (EMAIL.parse().unwrap(), EMAIL.parse().ok(), Role::Administrator);
        store.set_up(&User { name, email, role, password, created: at(0), disabled: None }).unwrap();
        let session = Session { user: EMAIL.parse().unwrap(), role, opened: at(1), from: None };
        store.put_session(&TokenHash([9; 32]), &session).unwrap();
        store.put_secret(MOLD, PAYLOAD).unwrap();
    }

    /// Runs the box until it is healthy, and ends it.
    fn run(&self) {
        let child = Held::start_unheard(platen().args(["serve", "--config", &self.text("platen.toml")]));
        until("the box to be healthy", || self.with_config(&["healthcheck"]).status.success());
        child.end();
    }

    fn export(&self) -> String {
        let output = self.with_config(&["export", "counts", "--mold", "all", "--format", "jsonl"]);
        assert!(output.status.success(), "{}", told(&output));
        told(&output)
    }
}

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(1_700_000_000_000 + millis)
}

fn plant() -> Batch {
    let mold = MoldId(1);
    let link: domain::LinkName = "hall-nine".parse().unwrap();
    let module = "0013A20040522BAA".parse().unwrap();
    let entry = LedgerEntry {
        number: 0,
        at: at(0),
        until: at(0),
        kind: EntryKind::Adjust { by: ADJUSTER.into(), reason: MOLD.into(), confirms: None },
        cycles: 5,
        monitor: SERIAL.parse().ok(),
        device_before: None,
        device_after: None,
    };
    let mut batch = Batch::default();
    batch.molds.push(Mold {
        id: mold,
        name: MOLD.parse().unwrap(),
        description: format!("lid, asked for by {EMAIL}"),
        approved: None,
        design_life: None,
        baseline: 0,
        registered: at(0),
    });
    batch.presses.push(Press { id: PressId(1), name: PRESS.into(), module: Some(module) });
    batch.monitors.push(MonitorRecord {
        serial: SERIAL.parse().unwrap(),
        generation: Generation::V3,
        mold: Some(mold),
        module: Some(module),
        link: Some(link.clone()),
        untethered: false,
        asleep: false,
        device: None,
        past: Vec::new(),
        last_heard: None,
        battery: None,
        temperature: None,
        unacknowledged: None,
    });
    batch.modules.push(ModuleRecord {
        eui64: module,
        name: Some(PRESS.into()),
        link: link.clone(),
        press: Some(PressId(1)),
        rssi_dbm: None,
        last_heard: at(0),
    });
    batch.networks.push(NetworkRecord { link: link.clone(), eui64: module, pan: None, channel: None });
    batch.ledger.push((mold, LedgerChange::Append(entry)));
    batch.raw.push(RawRecord {
        heard_at: at(0),
        link,
        module,
        payload: PAYLOAD.to_vec(),
        read_as: Err(MOLD.into()),
    });
    let key = AlarmKey::ResetUnconfirmed(mold, 3);
    batch.alarms.push(AlarmRecord { id: 1, key, raised: at(0), cleared: None, detail: MOLD.into() });
    batch
}

/// Every file under a folder.
fn files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        match fs::metadata(&path) {
            Ok(there) if there.is_dir() => files.extend(self::files(&path)),
            Ok(there) if there.is_file() => files.push((path.clone(), fs::read(&path).unwrap())),
            _ => {}
        }
    }
    files.sort();
    files
}

/// The ways a text may lie on a disk, in small letters.
fn ways(text: &[u8]) -> Vec<Vec<u8>> {
    let small = text.to_ascii_lowercase();
    let wide = |high_first: bool| -> Vec<u8> {
        small.iter().flat_map(|byte| if high_first { [0, *byte] } else { [*byte, 0] }).collect()
    };
    vec![wide(false), wide(true), small]
}

fn found(files: &[(PathBuf, Vec<u8>)], texts: &[&[u8]]) -> Vec<String> {
    let mut found = Vec::new();
    for (path, bytes) in files {
        let small = bytes.to_ascii_lowercase();
        for text in texts {
            if ways(text).iter().any(|way| small.windows(way.len()).any(|part| part == way)) {
                found.push(format!("{} in {}", String::from_utf8_lossy(text), path.display()));
            }
        }
    }
    found
}

#[test]
fn no_name_serial_or_address_is_anywhere_on_the_disk() {
    let place = Place::new();
    place.fill();
    place.run();
    assert!(place.export().contains(MOLD), "it is there for who has the key");
    let texts = [MOLD, "SECRETNAME", SERIAL, PRESS, EMAIL, "marta", ADJUSTER, "hall-nine", "argon2id"];
    let texts: Vec<&[u8]> = texts.iter().map(|text| text.as_bytes()).chain([PAYLOAD]).collect();
    let data = files(&place.path("data"));
    assert!(data.iter().any(|(path, bytes)| path.ends_with("store.redb") && bytes.len() > 100_000));
    assert_eq!(found(&data, &texts), Vec::<String>::new());
    // The search finds what lies there in any of these ways.
    for way in [&b"xm-4711-SecretName"[..], b"\0m\0a\0r\0t\0a", b"m\0A\0r\0t\0a\0"] {
        assert!(!found(&[(PathBuf::from("f"), way.to_vec())], &texts).is_empty(), "{way:?}");
    }
    // The key is nowhere, either; neither as it lies in its file nor as bytes.
    let key = fs::read_to_string(place.path("store.key")).unwrap();
    let digits = key.trim().rsplit(':').next().unwrap();
    assert_eq!(found(&data, &[digits.as_bytes(), &hex::decode(digits).unwrap()]), Vec::<String>::new());
}

#[test]
fn a_wrong_key_is_told_and_changes_nothing() {
    let place = Place::new();
    place.fill();
    place.new_key("other.key");
    let before = files(&place.path("data"));
    place.configure("other.key");
    let export = ["export", "counts", "--mold", "all", "--format", "jsonl"];
    for (words, status) in [(&["check"][..], 2), (&export, 1), (&["serve"], 1), (&["key", "rotate"], 1)] {
        let output = place.with_config(words);
        assert_eq!(output.status.code(), Some(status), "{words:?}: {}", told(&output));
        for part in ["data/keys", "other.key", "not the one"] {
            assert!(told(&output).contains(part), "{words:?}: {part} is missing: {}", told(&output));
        }
    }
    assert!(files(&place.path("data")) == before);
    // The flag is stronger than the file.
    let output = place.with_config(&["check", "--key", &place.text("store.key")]);
    assert!(output.status.success(), "{}", told(&output));
    assert!(files(&place.path("data")) == before);
}

#[test]
fn a_box_with_a_configuration_and_no_key_says_what_to_do() {
    let place = Place::new();
    fs::write(
        place.path("platen.toml"),
        format!("data = {:?}\n[web]\nlisten = \"127.0.0.1:0\"\n", place.path("data")),
    )
    .unwrap();
    let refused = place.with_config(&["serve"]);
    assert_eq!(refused.status.code(), Some(2));
    for part in ["platen key new FILE", "[store] key", "platen-store-key"] {
        assert!(told(&refused).contains(part), "{part} is missing: {}", told(&refused));
    }
    assert!(!place.path("data").exists());
}

#[test]
fn a_credential_of_the_service_opens_the_store() {
    let place = Place::new();
    place.fill();
    fs::create_dir(place.path("credentials")).unwrap();
    fs::copy(place.path("store.key"), place.path("credentials/platen-store-key")).unwrap();
    fs::write(place.path("platen.toml"), format!("data = {:?}\n", place.path("data"))).unwrap();
    let output = platen()
        .args(["check", "--config", &place.text("platen.toml")])
        .env("CREDENTIALS_DIRECTORY", place.path("credentials"))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", told(&output));
}

#[test]
fn keys_are_changed_and_rotated_by_command() {
    let place = Place::new();
    place.fill();
    let counts = place.export();
    fs::write(place.path("passphrase"), "a long sentence\n").unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o600);
    fs::set_permissions(place.path("passphrase"), mode).unwrap();
    let changed = place.with_config(&["key", "change", "--to-passphrase", &place.text("passphrase")]);
    assert!(changed.status.success(), "{}", told(&changed));
    let refused = place.with_config(&["check"]);
    assert!(told(&refused).contains("under a passphrase"), "{}", told(&refused));

    place.new_key("new.key");
    let text = fs::read_to_string(place.path("platen.toml")).unwrap();
    let text = text.replace("\nkey = ", "\npassphrase = ").replace("store.key", "passphrase");
    fs::write(place.path("platen.toml"), text).unwrap();
    assert_eq!(place.export(), counts);
    let changed = place.with_config(&["key", "change", "--to", &place.text("new.key")]);
    assert!(changed.status.success(), "{}", told(&changed));
    place.configure("new.key");
    let before = files(&place.path("data"));
    let rotated = place.with_config(&["key", "rotate"]);
    assert!(rotated.status.success(), "{}", told(&rotated));
    assert!(files(&place.path("data")) != before);
    assert_eq!(place.export(), counts);
    let checked = place.with_config(&["check"]);
    assert!(checked.status.success(), "{}", told(&checked));
    // A key is never lost by making another.
    let key = fs::read(place.path("new.key")).unwrap();
    assert_eq!(run(&["key", "new", &place.text("new.key")]).status.code(), Some(1));
    assert_eq!(fs::read(place.path("new.key")).unwrap(), key);
}

/// Killed at moments that nobody chose, as a power cut would do it: whatever lies there then opens and is whole.
#[test]
fn a_rotation_that_is_killed_leaves_a_store_that_opens() {
    let place = Place::new();
    place.fill();
    let counts = place.export();
    let mut cut_short = 0;
    for round in 0..16u32 {
        let words = ["key", "rotate", "--config", &place.text("platen.toml")];
        let mut rotation = Held::start_unheard(platen().args(words));
        std::thread::sleep(Duration::from_millis(u64::from(round) * 12));
        rotation.0.kill().unwrap();
        cut_short += u32::from(!rotation.wait().success());
        let checked = place.with_config(&["check"]);
        assert!(checked.status.success(), "round {round}: {}", told(&checked));
        assert_eq!(place.export(), counts, "round {round}");
    }
    assert!(cut_short > 0);
    assert!(place.with_config(&["key", "rotate"]).status.success());
    assert_eq!(place.export(), counts);
}
