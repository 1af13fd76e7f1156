use super::*;
use crate::store::Store;
use crate::store::contents::{Contents, contents};
use crate::store::tests::plant::*;

fn store(dir: &Path) -> Vec<u8> {
    fs::read(dir.join(FILE)).unwrap()
}

#[test]
fn after_a_rotation_only_the_new_keys_open_the_store_and_all_is_there() {
    let dir = tempfile::tempdir().unwrap();
    let opened = open(dir.path());
    opened.commit(&counted(1, 3_000)).unwrap();
    opened.put_secret("hall-a", b"link key").unwrap();
    opened.checkpoint().unwrap();
    drop(opened);
    let new = StoreKeys::from_bytes([77; 96]);
    rekey(&hold(dir.path()).unwrap(), &key(), &new).unwrap();

    assert_eq!(contents(dir.path(), &key()).unwrap(), Contents::Foreign);
    assert!(matches!(Store::open(dir.path(), &key()), Err(OpenStore::Foreign { .. })));
    let opened = Store::open(dir.path(), &new).unwrap();
    assert_eq!(history(&opened, 1), cycles(1..=3_000));
    assert_eq!(opened.secret("hall-a").unwrap().unwrap().expose_secret(), b"link key");
    clean(&opened);
    assert!(!dir.path().join(NEXT).exists());
}

#[test]
fn a_rotation_that_fails_changes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).put_secret("hall-a", b"link key").unwrap();
    let before = store(dir.path());
    // Its secrets are sealed under another key than it is told.
    let former = key().with_sealing(SealingKey::from_bytes([1; 32]));
    let new = StoreKeys::from_bytes([77; 96]);
    let refused = rekey(&hold(dir.path()).unwrap(), &former, &new).unwrap_err();
    assert!(matches!(refused, OpenStore::Encrypt { .. }), "{refused}");
    assert!(store(dir.path()) == before);
    assert!(!dir.path().join(NEXT).exists());
    assert_eq!(open(dir.path()).secret("hall-a").unwrap().unwrap().expose_secret(), b"link key");
}

#[test]
fn what_is_in_the_journal_alone_is_not_left_behind_by_a_rotation() {
    let dir = tempfile::tempdir().unwrap();
    open(dir.path()).commit(&counted(1, 30)).unwrap();
    let before = store(dir.path());
    let new = StoreKeys::from_bytes([77; 96]);
    let refused = rekey(&hold(dir.path()).unwrap(), &key(), &new).unwrap_err();
    assert!(matches!(refused, OpenStore::Encrypt { .. }), "{refused}");
    assert!(store(dir.path()) == before);
    assert_eq!(history(&open(dir.path()), 1), cycles(1..=30));
}

#[test]
fn a_store_that_somebody_has_open_is_not_rewritten() {
    let dir = tempfile::tempdir().unwrap();
    let opened = open(dir.path());
    assert!(matches!(hold(dir.path()), Err(OpenStore::InUse { .. })));
    drop(opened);
    let held = hold(dir.path()).unwrap();
    assert!(matches!(Store::open(dir.path(), &key()), Err(OpenStore::InUse { .. })));
    let held = (rekey(&held, &key(), &key()).unwrap(), held);
    assert!(matches!(Store::open(dir.path(), &key()), Err(OpenStore::InUse { .. })));
    drop(held);
    open(dir.path());
}

#[test]
fn a_plain_file_is_encrypted_when_it_is_opened_and_left_alone_by_who_looks() {
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/store-v1.redb");
    let dir = tempfile::tempdir().unwrap();
    fs::copy(&golden, dir.path().join(FILE)).unwrap();
    let plain = store(dir.path());
    // What an interrupted attempt left.
    fs::write(dir.path().join(NEXT), "half").unwrap();
    assert_eq!(contents(dir.path(), &key()).unwrap(), Contents::Plain);
    assert_eq!(Store::look_at(dir.path(), &key()).unwrap().molds().unwrap().len(), 2);
    assert!(store(dir.path()) == plain);

    let opened = open(dir.path());
    assert_eq!(contents(dir.path(), &key()).unwrap(), Contents::Encrypted);
    assert_eq!(opened.molds().unwrap().len(), 2);
    assert!(!dir.path().join(NEXT).exists());
}
