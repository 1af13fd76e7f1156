//! Runs a test once more in a network namespace of its own, in which there is loopback and what the test lays beside it.

use std::process::Command;

/// Set for the test that runs in the namespace.
const INSIDE: &str = "PLATEN_ALONE";
/// As root in a namespace of users, or as root.
const WAYS: [&[&str]; 2] = [&["unshare", "-rn"], &["unshare", "-n"]];

/// Whether this runs in the namespace. Else the test of that name is run in one, which `prepare`, a shell's words, lays
/// out; it fails if that one fails. Where the kernel gives nobody a namespace this is said, and nothing is tried.
pub fn inside(test: &str, prepare: &str) -> bool {
    if std::env::var_os(INSIDE).is_some() {
        return true;
    }
    let able = |way: &&&[&str]| {
        let [program, flag] = way else { return false };
        let up = [flag, "ip", "link", "set", "lo", "up"];
        Command::new(program).args(up).output().is_ok_and(|output| output.status.success())
    };
    let Some([program, flag]) = WAYS.iter().find(able) else {
        assert!(std::env::var_os("PLATEN_NAMESPACES").is_none(), "there are no network namespaces here");
        eprintln!("SKIPPED: {test}: nobody here may make a network namespace (unshare -rn ip link)");
        return false;
    };
    let script = format!("set -e; ip link set lo up; {prepare}; exec \"$@\"");
    let status = Command::new(program)
        .args([flag, "sh", "-c", &script, "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", test, "--nocapture"])
        .env(INSIDE, "1")
        .status();
    assert!(status.unwrap().success(), "{test} failed in its network namespace, see above");
    false
}
