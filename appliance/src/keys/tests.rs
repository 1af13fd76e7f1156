use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::*;
use crate::config::{KeyFrom, StoreKey};
use crate::store::{self, Store, StoreKeys};

/// A box that was started with flags only.
fn beside() -> StoreKey {
    StoreKey { from: KeyFrom::Unnamed, credentials: None, beside: true }
}

/// A box with a configuration.
fn named(from: KeyFrom) -> StoreKey {
    StoreKey { from, credentials: None, beside: false }
}

fn key_file(dir: &Path, name: &str) -> PathBuf {
    let path = dir.join(name);
    new_key(&path).unwrap();
    path
}

fn bytes(keys: &StoreKeys) -> Vec<u8> {
    keys.to_bytes().to_vec()
}

/// Everything in a folder.
fn files(dir: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut files: Vec<_> = fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect();
    files.sort();
    files
}

/// A store with a secret in it.
fn begin(data: &Path, place: &StoreKey) -> StoreKeys {
    let keys = to_serve(data, place).unwrap();
    Store::open(data, &keys).unwrap().put_secret("hall-a", b"link key").unwrap();
    keys
}

fn holds_the_secret(data: &Path, keys: &StoreKeys) {
    let store = Store::open(data, keys).unwrap();
    assert_eq!(secrecy::ExposeSecret::expose_secret(&store.secret("hall-a").unwrap().unwrap()), b"link key");
}

#[test]
fn a_box_with_a_configuration_never_makes_its_key_beside_its_data() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let refused = to_serve(&data, &named(KeyFrom::Unnamed)).err().unwrap();
    assert!(matches!(refused, GetKeys::NotNamed), "{refused}");
    assert!(refused.to_string().contains("platen key new FILE"), "{refused}");
    assert!(!data.exists());
    let refused = to_serve(&data, &named(KeyFrom::File(dir.path().join("none")))).err().unwrap();
    assert!(refused.to_string().contains(dir.path().join("none").to_str().unwrap()), "{refused}");
    assert!(!data.exists());
}

#[test]
fn a_box_with_flags_only_makes_its_key_once_beside_its_data() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let keys = bytes(&begin(&data, &beside()));
    let before = files(&data);
    for name in [FILE, BESIDE] {
        assert_eq!(fs::metadata(data.join(name)).unwrap().permissions().mode() & 0o777, 0o600);
    }
    assert_eq!(fs::metadata(&data).unwrap().permissions().mode() & 0o777, 0o700);
    assert_eq!(bytes(&to_serve(&data, &beside()).unwrap()), keys);
    assert_eq!(bytes(&to_look(&data, &beside()).unwrap()), keys);
    fs::remove_file(data.join(BESIDE)).unwrap();
    let refused = to_serve(&data, &beside()).err().unwrap();
    assert!(matches!(refused, GetKeys::NotBeside(_)), "{refused}");
    assert!(!data.join(BESIDE).exists());
    assert_eq!(files(&data).len(), before.len() - 1);
}

#[test]
fn keys_come_from_a_file_a_passphrase_or_a_credential_and_what_is_named_comes_first() {
    let dir = tempfile::tempdir().unwrap();
    let credentials = dir.path().join("credentials");
    fs::create_dir(&credentials).unwrap();
    let key = key_file(dir.path(), "key");
    let passphrase = dir.path().join("passphrase");
    files::write_whole(&passphrase, b"a long sentence\n").unwrap();
    let with_credentials = |from| StoreKey { credentials: Some(credentials.clone()), ..named(from) };

    let file = dir.path().join("file");
    let keys = bytes(&begin(&file, &named(KeyFrom::File(key.clone()))));
    let sentence = dir.path().join("sentence");
    let others = bytes(&begin(&sentence, &named(KeyFrom::Passphrase(passphrase.clone()))));
    assert_ne!(keys, others);

    fs::copy(&passphrase, credentials.join(PASSPHRASE_CREDENTIAL)).unwrap();
    assert_eq!(bytes(&to_serve(&sentence, &with_credentials(KeyFrom::Unnamed)).unwrap()), others);
    fs::copy(&key, credentials.join(KEY_CREDENTIAL)).unwrap();
    assert_eq!(bytes(&to_serve(&file, &with_credentials(KeyFrom::Unnamed)).unwrap()), keys);
    assert_eq!(
        bytes(&to_serve(&sentence, &with_credentials(KeyFrom::Passphrase(passphrase))).unwrap()),
        others
    );
}

#[test]
fn a_wrong_key_a_damaged_file_and_a_missing_one_are_told_apart_and_change_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let right = named(KeyFrom::File(key_file(dir.path(), "right")));
    let wrong = named(KeyFrom::File(key_file(dir.path(), "wrong")));
    begin(&data, &right);
    let both =
        |place: &StoreKey| [to_serve(&data, place).err().unwrap(), to_look(&data, place).err().unwrap()];
    let unchanged = |what: &str, place: &StoreKey, words: [&str; 2]| {
        let before = files(&data);
        for refused in both(place) {
            let told = crate::telemetry::Chain(&refused).to_string();
            assert!(words.iter().all(|word| told.contains(word)), "{what}: {told}");
        }
        assert!(files(&data) == before, "{what}");
    };
    let keys = data.join(FILE);
    let name = keys.to_str().unwrap().to_owned();
    unchanged("a wrong key", &wrong, [&name, "not the one"]);
    let whole = fs::read(&keys).unwrap();
    for damaged in [&whole[..40], &[], &whole[1..]] {
        fs::write(&keys, damaged).unwrap();
        unchanged("a damaged file", &right, [&name, "damaged"]);
    }
    fs::remove_file(&keys).unwrap();
    unchanged("a missing file", &right, [&name, "put the file back"]);
    fs::write(&keys, &whole).unwrap();
    holds_the_secret(&data, &to_serve(&data, &right).unwrap());
}

#[test]
fn another_master_key_opens_the_same_store_and_the_former_one_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let old = named(KeyFrom::File(key_file(dir.path(), "old")));
    let new = named(KeyFrom::File(key_file(dir.path(), "new")));
    let keys = begin(&data, &old);
    let file = fs::read(data.join(store::FILE)).unwrap();
    // Also while a box runs.
    let running = Store::open(&data, &keys).unwrap();
    change(&data, &old, &new).unwrap();
    drop(running);
    assert_eq!(fs::read(data.join(store::FILE)).unwrap().len(), file.len());
    assert!(matches!(to_serve(&data, &old), Err(GetKeys::Unwrap { source: Unwrap::Wrong, .. })));
    holds_the_secret(&data, &to_serve(&data, &new).unwrap());
    change(&data, &old, &new).unwrap_err();
    let missing = named(KeyFrom::File(dir.path().join("none")));
    change(&data, &new, &missing).unwrap_err();
    holds_the_secret(&data, &to_serve(&data, &new).unwrap());
}

#[test]
fn a_rotation_changes_every_block_and_takes_nothing_away() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let former = begin(&data, &beside());
    let before = fs::read(data.join(store::FILE)).unwrap();
    rotate(&data, &beside()).unwrap();
    let keys = to_serve(&data, &beside()).unwrap();
    assert!(bytes(&keys)[..64] != bytes(&former)[..64] && bytes(&keys)[64..] != bytes(&former)[64..]);
    let after = fs::read(data.join(store::FILE)).unwrap();
    let same = before.chunks(16).zip(after.chunks(16)).filter(|(a, b)| a == b && **a != [0; 16]).count();
    assert_eq!(same, 0);
    holds_the_secret(&data, &keys);
    assert_eq!(files(&data).len(), 4, "{:?}", fs::read_dir(&data).unwrap().collect::<Vec<_>>());
}

#[test]
fn a_store_in_use_is_not_rotated() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let keys = begin(&data, &beside());
    let running = Store::open(&data, &keys).unwrap();
    let before = fs::read(data.join(FILE)).unwrap();
    let refused = rotate(&data, &beside()).unwrap_err();
    assert!(matches!(refused, GetKeys::Store(OpenStore::InUse { .. })), "{refused}");
    assert_eq!(fs::read(data.join(FILE)).unwrap(), before);
    drop(running);
    rotate(&data, &beside()).unwrap();
}

/// The files as they lie there between any two steps of a rotation.
#[test]
fn a_rotation_that_the_power_cuts_anywhere_leaves_a_store_that_opens() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let former = begin(&data, &beside());
    let (keys_before, store_before) =
        (fs::read(data.join(FILE)).unwrap(), fs::read(data.join(store::FILE)).unwrap());
    let (_, master) =
        folder::open(&data, &keys_before, &beside()).map(|(ring, master)| (ring.next, master)).unwrap();
    let next = StoreKeys::draw().unwrap();
    let both = ring::Ring {
        current: StoreKeys::from_bytes(*former.to_bytes()),
        next: Some(StoreKeys::from_bytes(*next.to_bytes())),
    };
    let keys_between = both.wrap(&master).unwrap();
    store::rekey(&store::hold(&data).unwrap(), &former, &next).unwrap();
    let store_after = fs::read(data.join(store::FILE)).unwrap();

    for (step, keys, file, half, expected) in [
        ("before", &keys_before, &store_before, None, &former),
        ("both sets are written", &keys_between, &store_before, None, &former),
        (
            "the second file is half written",
            &keys_between,
            &store_before,
            Some(&store_after[..5_000]),
            &former,
        ),
        ("the second file is written", &keys_between, &store_before, Some(&store_after[..]), &former),
        ("the second file took its place", &keys_between, &store_after, None, &next),
    ] {
        fs::write(data.join(FILE), keys).unwrap();
        fs::write(data.join(store::FILE), file).unwrap();
        if let Some(half) = half {
            fs::write(data.join("store.redb.next"), half).unwrap();
        }
        let lies_there = files(&data);
        assert_eq!(bytes(&to_look(&data, &beside()).unwrap()), bytes(expected), "{step}");
        assert!(files(&data) == lies_there, "{step}: looking changed something");
        let found = to_serve(&data, &beside()).unwrap();
        assert_eq!(bytes(&found), bytes(expected), "{step}");
        holds_the_secret(&data, &found);
        assert!(!data.join("store.redb.next").exists(), "{step}");
        // It is settled: the other set is gone.
        let (ring, _) = folder::open(&data, &fs::read(data.join(FILE)).unwrap(), &beside()).unwrap();
        assert!(ring.next.is_none(), "{step}");
    }
}

/// A folder as it was before stores were encrypted.
fn former_folder(dir: &Path, key: Option<&[u8]>) -> PathBuf {
    let data = dir.join("data");
    fs::create_dir(&data).unwrap();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/store-v1.redb");
    fs::copy(golden, data.join(store::FILE)).unwrap();
    if let Some(key) = key {
        fs::write(data.join("sealing.key"), key).unwrap();
        fs::set_permissions(data.join("sealing.key"), fs::Permissions::from_mode(0o600)).unwrap();
    }
    data
}

#[test]
fn a_folder_of_earlier_days_keeps_its_secrets_and_its_open_key_goes() {
    let dir = tempfile::tempdir().unwrap();
    let data = former_folder(dir.path(), Some(&[42; 32]));
    let place = named(KeyFrom::File(key_file(dir.path(), "key")));
    let before = files(&data);
    let looked = to_look(&data, &place).unwrap();
    assert_eq!(Store::look_at(&data, &looked).unwrap().molds().unwrap().len(), 2);
    assert!(files(&data) == before);

    let keys = to_serve(&data, &place).unwrap();
    forget_former(&data, &keys);
    assert!(data.join("sealing.key").exists(), "the store is not encrypted yet");
    holds_the_secret(&data, &keys);
    forget_former(&data, &keys);
    assert!(!data.join("sealing.key").exists());
    holds_the_secret(&data, &to_serve(&data, &place).unwrap());
}

#[test]
fn a_store_whose_keys_are_gone_gets_no_others() {
    for key in [None, Some(&[42; 31][..])] {
        let dir = tempfile::tempdir().unwrap();
        let data = former_folder(dir.path(), key);
        let before = files(&data);
        let refused = to_serve(&data, &beside()).err().unwrap();
        assert!(matches!(refused, GetKeys::Gone(_) | GetKeys::Length { length: 31, .. }), "{refused}");
        assert!(files(&data) == before);
    }
}
