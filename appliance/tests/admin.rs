//! `platen admin reset` from outside: beside a running box, on a stopped one, and where there is none.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails here fails the test")]

use std::path::Path;

use appliance::accounts::{CodeHash, Invitation, UserName};
use appliance::config::{KeyFrom, StoreKey};
use appliance::keys;
use appliance::store::Store;
use domain::{Role, Timestamp};

#[allow(dead_code, reason = "other tests ask for more")]
mod running;

use running::{Running, platen, text, told};

/// The code that the console shows.
fn reset(data: &Path, name: &str) -> String {
    let output = platen().args(["admin", "reset", name, "--data"]).arg(data).output().unwrap();
    assert!(output.status.success(), "{}", told(&output));
    let out = text(&output.stdout);
    out.lines().find_map(|line| line.strip_prefix("code  ")).unwrap_or_else(|| panic!("{out}")).to_owned()
}

fn good_for(store: &Store, code: &str) -> Invitation {
    let known = store.people().unwrap();
    known.invitation(&CodeHash::of_typed(code), Timestamp::from_millis(0)).unwrap().clone()
}

#[test]
fn the_console_lets_an_administrator_in_whether_the_box_runs_or_not() {
    let dir = tempfile::tempdir().unwrap();
    let data = dir.path().join("data");
    let nowhere = platen().args(["admin", "reset", "Ada", "--data"]).arg(&data).output().unwrap();
    assert!(!nowhere.status.success() && !data.exists(), "{}", told(&nowhere));

    let mut running = Running::start(&data, &[], std::process::Stdio::null());
    running.said("address");
    let beside = reset(&data, "Ada Tooling");
    running.held.end();
    let stopped = reset(&data, "Eve Stone");
    let check = platen().args(["check", "--data"]).arg(&data).output().unwrap();
    assert!(
        check.status.success() && told(&check).contains("the audit trail has 2 entries"),
        "{}",
        told(&check)
    );

    let place = StoreKey { from: KeyFrom::Unnamed, credentials: None, beside: true };
    let store = Store::open(&data, &keys::to_serve(&data, &place).unwrap()).unwrap();
    for (code, name) in [(beside, "Ada Tooling"), (stopped, "Eve Stone")] {
        let invitation = good_for(&store, &code);
        assert_eq!(
            (invitation.name, invitation.role),
            (name.parse::<UserName>().unwrap(), Role::Administrator)
        );
    }
    let trail = store.trail(None, 9).unwrap();
    let told = |n: usize| {
        (trail[n].entry.what.as_str(), trail[n].entry.from.as_str(), trail[n].entry.subject.as_str())
    };
    assert_eq!(told(0), ("reset-administrator", "console", "Eve Stone"));
    assert_eq!(told(1), ("reset-administrator", "console", "Ada Tooling"));
}
