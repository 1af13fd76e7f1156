//! Backups from end to end: made, opened, restored, tested, and refused.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

use domain::{Cycle, CycleFlags, CycleTime, EntryKind, LedgerEntry, Mold, MoldId, TimeSource, Timestamp};
use secrecy::ExposeSecret;

use super::driver::Nightly;
use super::night::{self, Night};
use super::sealed::Sealer;
use super::*;
use crate::config::{KeyFrom, StoreKey};
use crate::keys;
use crate::plant::{Batch, LedgerChange};
use crate::store::{BackUp, Store};

/// 24 November 2026, 02:15 UTC.
const NOW: i64 = 1_795_486_500_000;

fn at(millis: i64) -> Timestamp {
    Timestamp::from_millis(NOW + millis)
}

fn beside() -> StoreKey {
    StoreKey { from: KeyFrom::Unnamed, credentials: None, beside: true }
}

/// A box with a mold, a few cycles and a secret.
fn plant(data: &Path) -> Store {
    let store = Store::open(data, &keys::to_serve(data, &beside()).unwrap()).unwrap();
    let mold = MoldId(1);
    let cycle = |ordinal: u64| Cycle {
        ordinal,
        ended: at(i64::try_from(ordinal).unwrap() * 20_000),
        cycle_time: CycleTime::from_millis(20_000),
        temperature: None,
        source: TimeSource::Device,
        flags: CycleFlags::default(),
    };
    let entry = LedgerEntry {
        number: 0,
        at: at(0),
        until: at(0),
        kind: EntryKind::Delta,
        cycles: 50,
        monitor: None,
        device_before: Some(0),
        device_after: Some(50),
    };
    let record = Mold {
        id: mold,
        name: "M-1".parse().unwrap(),
        description: "lid".to_owned(),
        approved: None,
        design_life: None,
        baseline: 0,
        registered: at(0),
    };
    let batch = Batch {
        molds: vec![record],
        ledger: vec![(mold, LedgerChange::Append(entry))],
        cycles: vec![(mold, (1..=50).map(cycle).collect())],
        ..Batch::default()
    };
    store.commit(&batch).unwrap();
    store.put_secret("ca", b"the key of the authority").unwrap();
    store
}

struct Bench {
    dir: tempfile::TempDir,
    store: Store,
    keys: Keys,
    recipient: Recipient,
}

impl Bench {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let store = plant(&dir.path().join("data"));
        let recipient = new_identity(&dir.path().join("identity")).unwrap();
        let keys = identities(&dir.path().join("identity")).unwrap();
        Bench { dir, store, keys, recipient }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    fn seal(&self) -> Seal {
        Seal::Recipients(vec![self.recipient.clone()])
    }

    fn sealed(&self) -> Vec<u8> {
        let path = self.path("a.age");
        make(&path, &self.seal(), |to| self.store.back_up(at(0), to)).unwrap();
        fs::read(path).unwrap()
    }

    fn target(&self, name: &str) -> Target {
        Target { data: self.path(name), key: beside(), replace: false, with_findings: false, now: at(5_000) }
    }
}

fn counted(data: &Path) -> u64 {
    let store = Store::open(data, &keys::to_look(data, &beside()).unwrap()).unwrap();
    assert_eq!(store.secret("ca").unwrap().unwrap().expose_secret(), b"the key of the authority");
    store.counts(MoldId(1)).unwrap().unwrap().displayed
}

/// Every file below a folder, with what it holds.
fn tree(folder: &Path) -> Vec<(PathBuf, Vec<u8>)> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_owned()];
    while let Some(folder) = waiting.pop() {
        let Ok(entries) = fs::read_dir(&folder) else { continue };
        for path in entries.map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                found.push((path.clone(), Vec::new()));
                waiting.push(path);
            } else {
                found.push((path.clone(), fs::read(&path).unwrap()));
            }
        }
    }
    found.sort();
    found
}

#[test]
fn a_fresh_box_from_a_backup_has_counts_secrets_and_the_key_that_opens_them() {
    use std::os::unix::fs::PermissionsExt;
    let bench = Bench::new();
    let sealed = bench.sealed();
    for plain in [&b"the key of the authority"[..], b"lid", b"M-1"] {
        assert!(!sealed.windows(plain.len()).any(|part| part == plain));
    }
    let restored = restore(sealed.as_slice(), &bench.keys, &bench.target("fresh")).unwrap();
    assert_eq!((restored.proof.made, restored.before), (at(0), None));
    assert!(restored.proof.report.is_clean() && restored.proof.report.pages_verified);
    assert_eq!(counted(&bench.path("fresh")), 50);
    let names: Vec<_> = tree(&bench.path("fresh")).into_iter().map(|(path, _)| path).collect();
    assert_eq!(
        names,
        ["journal", "keys", "store.key", "store.redb"].map(|name| bench.path("fresh").join(name))
    );
    for path in names {
        assert_eq!(fs::metadata(path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}

#[test]
fn a_passphrase_opens_what_was_sealed_with_it_and_nothing_else_does() {
    let bench = Bench::new();
    let seal = Seal::Passphrase("correct horse battery".to_owned().into());
    let mut sealer = Sealer::with_work(&seal, Vec::new(), 4).unwrap();
    bench.store.back_up(at(0), &mut sealer).unwrap();
    let sealed = sealer.finish().unwrap();
    let with = |text: &str| Keys::Passphrase(text.to_owned().into());
    let fresh = bench.target("fresh");
    let refused = |keys: &Keys, bytes: &[u8]| match restore(bytes, keys, &fresh) {
        Err(RestoreBox::Open(why)) => why,
        other => panic!("{other:?}"),
    };
    assert!(matches!(refused(&with("another passphrase"), &sealed), OpenSealed::WrongPassphrase));
    assert!(matches!(refused(&bench.keys, &sealed), OpenSealed::WantsPassphrase));
    assert!(matches!(refused(&with("a passphrase"), &bench.sealed()), OpenSealed::WrongPassphrase));
    assert!(!fresh.data.exists());
    restore(sealed.as_slice(), &with("correct horse battery"), &fresh).unwrap();
    assert_eq!(counted(&fresh.data), 50);
}

#[test]
fn a_backup_for_others_or_of_something_else_changes_nothing_and_says_why() {
    let bench = Bench::new();
    new_identity(&bench.path("other")).unwrap();
    let other = identities(&bench.path("other")).unwrap();
    let sealed = bench.sealed();
    fs::remove_file(bench.path("a.age")).unwrap();
    let before = tree(bench.dir.path());
    let target = Target { replace: true, ..bench.target("fresh") };
    let refused = restore(sealed.as_slice(), &other, &target).unwrap_err();
    assert!(matches!(refused, RestoreBox::Open(OpenSealed::WrongKey)), "{refused}");
    for foreign in [&b""[..], b"PK\x03\x04", b"age-encryption.org/v9\n-> X25519 abc\n", &[0xFF; 4_000]] {
        let refused = restore(foreign, &bench.keys, &target).unwrap_err();
        let why = matches!(refused, RestoreBox::Open(OpenSealed::Foreign | OpenSealed::Damaged));
        assert!(why, "{refused}");
    }
    // Sealed for this box, and no backup.
    let mut sealer = Sealer::new(&bench.seal(), Vec::new()).unwrap();
    sealer.write_all(b"a letter").unwrap();
    let letter = sealer.finish().unwrap();
    let refused = restore(letter.as_slice(), &bench.keys, &target).unwrap_err().to_string();
    assert_eq!(refused, "this is no backup of a box");
    assert!(tree(bench.dir.path()) == before);
}

#[test]
fn a_backup_that_is_altered_or_cut_at_any_place_changes_nothing() {
    let bench = Bench::new();
    let sealed = bench.sealed();
    let fresh = bench.target("fresh");
    for place in 0..sealed.len() {
        let mut altered = sealed.clone();
        altered[place] ^= 1 << (place % 8);
        assert!(restore(altered.as_slice(), &bench.keys, &fresh).is_err(), "byte {place}");
        assert!(restore(&sealed[..place], &bench.keys, &fresh).is_err(), "cut at {place}");
        assert!(!fresh.data.exists(), "byte {place}");
    }
    let mut longer = sealed;
    longer.push(0);
    assert!(restore(longer.as_slice(), &bench.keys, &fresh).is_err());
    assert!(!fresh.data.exists());
}

#[test]
fn a_store_that_is_there_goes_only_when_told_and_is_kept() {
    let bench = Bench::new();
    let sealed = bench.sealed();
    let data = bench.path("other");
    let other = Store::open(&data, &keys::to_serve(&data, &beside()).unwrap()).unwrap();
    other.put_secret("of the other", b"x").unwrap();
    let target = bench.target("other");
    let refused = restore(sealed.as_slice(), &bench.keys, &target).unwrap_err();
    assert!(
        matches!(refused, RestoreBox::There(_)) && refused.to_string().contains("--replace"),
        "{refused}"
    );
    let target = Target { replace: true, ..target };
    assert!(matches!(restore(sealed.as_slice(), &bench.keys, &target), Err(RestoreBox::InUse(_))));
    drop(other);
    let before = tree(&data);
    let mut altered = sealed.clone();
    let last = altered.len() - 1;
    altered[last] ^= 1;
    restore(altered.as_slice(), &bench.keys, &target).unwrap_err();
    assert!(tree(&data) == before);
    let restored = restore(sealed.as_slice(), &bench.keys, &target).unwrap();
    assert_eq!(counted(&data), 50);
    let aside = restored.before.unwrap();
    assert_eq!(aside, data.join("before-restore-20261124T021505Z"));
    let aside = {
        fs::copy(data.join(keys::BESIDE), aside.join(keys::BESIDE)).unwrap();
        Store::open(&aside, &keys::to_look(&aside, &beside()).unwrap()).unwrap()
    };
    assert!(aside.secret("of the other").unwrap().is_some());
}

#[test]
fn a_file_that_is_there_is_never_written_over_and_a_failure_leaves_none() {
    let bench = Bench::new();
    let path = bench.path("a.age");
    fs::write(&path, "mine").unwrap();
    let refused = make(&path, &bench.seal(), |to| bench.store.back_up(at(0), to)).unwrap_err();
    assert!(matches!(refused, MakeFile::There(_)));
    assert_eq!(fs::read(&path).unwrap(), b"mine");
    let before = tree(bench.dir.path());
    let failed = make(&bench.path("b.age"), &bench.seal(), |_| Err::<(), _>(BackUp::Table(String::new())))
        .unwrap_err();
    assert!(matches!(failed, MakeFile::Plain(BackUp::Table(_))));
    assert!(make(&bench.path("no/such/folder"), &bench.seal(), |to| bench.store.back_up(at(0), to)).is_err());
    assert!(tree(bench.dir.path()) == before);
}

fn plan(bench: &Bench) -> Nightly {
    Nightly {
        place: Place::Folder { path: bench.path("backups"), must_be_mounted: false },
        series: "box".parse().unwrap(),
        recipients: vec![bench.recipient.clone()],
        identity: Some(bench.path("identity")),
        hour: 2,
        keep: Keep { daily: 2, weekly: 0, monthly: 0 },
    }
}

fn night(bench: &Bench, plan: &Nightly, days: i64) -> Result<Done, Night> {
    let now = at(days * 86_400_000);
    night::make(plan, &bench.path("data"), &bench.store, now, &AtomicBool::new(false))
}

fn files(bench: &Bench) -> Vec<String> {
    let all = tree(&bench.path("backups"));
    all.iter().map(|(path, _)| path.file_name().unwrap().to_str().unwrap().to_owned()).collect()
}

#[test]
fn the_boxs_own_backups_are_restored_as_a_test_and_the_oldest_go() {
    let bench = Bench::new();
    let plan = plan(&bench);
    for day in 0..3 {
        let done = night(&bench, &plan, day).unwrap();
        assert_eq!(done.tested, Tested::Restored);
        assert!(done.bytes > 0 && done.rows > 0);
    }
    assert_eq!(files(&bench), ["box-20261125T021500Z.platen.age", "box-20261126T021500Z.platen.age"]);
    assert!(!bench.path("data/backup-test").exists());
    let file = fs::File::open(bench.path("backups/box-20261126T021500Z.platen.age")).unwrap();
    restore(file, &bench.keys, &bench.target("fresh")).unwrap();
    assert_eq!(counted(&bench.path("fresh")), 50);
}

#[test]
fn without_an_identity_the_content_is_tested_before_it_is_sealed_and_nothing_more_is_claimed() {
    let bench = Bench::new();
    let plan = Nightly { identity: None, ..plan(&bench) };
    let done = night(&bench, &plan, 0).unwrap();
    assert_eq!(done.tested, Tested::ReadBack);
    assert!(done.tested.told().contains("not opened"));
    // An identity that is of no use for these recipients claims no more.
    let other = new_identity(&bench.path("other")).unwrap();
    let plan = Nightly { recipients: vec![other], identity: Some(bench.path("identity")), ..plan };
    assert_eq!(night(&bench, &plan, 1).unwrap().tested, Tested::ReadBack);
}

#[test]
fn a_store_that_is_not_in_order_makes_no_backup_that_counts_and_lets_no_former_one_go() {
    let bench = Bench::new();
    for identity in [Some(bench.path("identity")), None] {
        let plan = Nightly { identity, keep: Keep { daily: 1, weekly: 0, monthly: 0 }, ..plan(&bench) };
        let good = night(&bench, &plan, 0).unwrap();
        let gap = crate::store::tests::hole(&bench.store, MoldId(1));
        let refused = night(&bench, &plan, 1).unwrap_err();
        assert!(matches!(refused, Night::Findings(_)), "{refused}");
        assert_eq!(Trouble::of(&refused), Trouble::NotInOrder);
        assert!(refused.to_string().contains("platen check"), "{refused}");
        let name = good.file.file_name().unwrap().to_str().unwrap().to_owned();
        assert_eq!(files(&bench), [name, "box-20261125T021500Z.platen.age.untested".to_owned()]);
        // It can be restored by who knows what they do.
        let file = || fs::File::open(bench.path("backups/box-20261125T021500Z.platen.age.untested")).unwrap();
        let fresh = bench.target("fresh");
        assert!(matches!(restore(file(), &bench.keys, &fresh), Err(RestoreBox::Findings(_))));
        assert!(!fresh.data.exists());
        let taken = restore(file(), &bench.keys, &Target { with_findings: true, ..fresh.clone() }).unwrap();
        assert!(!taken.proof.report.is_clean());
        crate::store::tests::mend(&bench.store, MoldId(1), gap);
        let good = night(&bench, &plan, 2).unwrap();
        assert_eq!(files(&bench), [good.file.file_name().unwrap().to_str().unwrap()]);
        fs::remove_dir_all(bench.path("backups")).unwrap();
        fs::remove_dir_all(fresh.data).unwrap();
    }
}

#[test]
fn a_box_that_stops_gives_its_backup_up_and_leaves_no_part_of_it() {
    let bench = Bench::new();
    for identity in [Some(bench.path("identity")), None] {
        let plan = Nightly { identity, ..plan(&bench) };
        let stopped =
            night::make(&plan, &bench.path("data"), &bench.store, at(0), &AtomicBool::new(true)).unwrap_err();
        assert!(matches!(stopped, Night::Make(_)), "{stopped}");
        assert_eq!(files(&bench), Vec::<String>::new());
        assert!(!bench.path("data/backup-test").exists());
    }
}

#[test]
fn an_identity_that_cannot_be_read_is_told_and_the_backup_is_made_all_the_same() {
    let bench = Bench::new();
    let plan = Nightly { identity: Some(bench.path("nowhere")), ..plan(&bench) };
    let told = night(&bench, &plan, 0).unwrap_err();
    assert!(matches!(told, Night::Keys(_)), "{told}");
    assert_eq!(files(&bench), ["box-20261124T021500Z.platen.age.untested"]);
}

#[test]
fn what_became_of_a_backup_reads_back_and_damage_is_as_if_nothing_was_noted() {
    let dir = tempfile::tempdir().unwrap();
    assert_eq!(Status::load(dir.path()).unwrap(), None);
    let status = Status {
        failure: Some(Failed { at: at(1), why: "no disk".to_owned(), trouble: Trouble::PlaceAway }),
        attempt: Some(at(1)),
        ..Status::new(at(0))
    };
    status.save(dir.path()).unwrap();
    assert_eq!(Status::load(dir.path()).unwrap(), Some(status));
    fs::write(dir.path().join("backup.status"), "{").unwrap();
    assert_eq!(Status::load(dir.path()).unwrap(), None);
}

#[test]
fn a_place_that_is_away_is_another_trouble_than_one_that_is_of_no_use() {
    let bench = Bench::new();
    let at = |path: PathBuf, must_be_mounted| {
        let plan = Nightly { place: Place::Folder { path, must_be_mounted }, ..plan(&bench) };
        Trouble::of(&night(&bench, &plan, 0).unwrap_err())
    };
    assert_eq!(at(bench.dir.path().to_owned(), true), Trouble::PlaceAway);
    fs::write(bench.path("file"), "in the way").unwrap();
    assert_eq!(at(bench.path("file"), false), Trouble::PlaceUnusable);
}

#[test]
fn a_backup_is_asked_for_once_however_often_the_bell_is_rung() {
    let bench = Bench::new();
    let (driver, backups) = Driver::new(Some(plan(&bench)), bench.path("data"), at(0));
    for _ in 0..3 {
        assert_eq!(backups.ask(), Ok(()));
    }
    assert_eq!(backups.bell.capacity(), 0, "one waits");
    drop(driver);
    assert_eq!(backups.ask(), Err(NotAsked::Stopping));
    let (_driver, none) = Driver::new(None, bench.path("data"), at(0));
    assert_eq!(none.ask(), Err(NotAsked::NoPlace));
}
