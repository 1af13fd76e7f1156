//! `platen storage` from outside: beside a running box, from a stopped one, and where there is none.

#![expect(clippy::unwrap_used, clippy::panic, reason = "what fails here fails the test")]

use std::fs;
use std::path::Path;
use std::process::Output;
use std::time::{Duration, Instant};

use serde_json::Value;

#[allow(dead_code, reason = "other tests ask for more")]
mod running;

use running::{Held, platen, serve};

fn storage(config: &Path, words: &[&str]) -> Output {
    platen().arg("storage").args(words).arg("--config").arg(config).output().unwrap()
}

fn told(config: &Path, words: &[&str]) -> String {
    let output = storage(config, words);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_box_tells_its_room_its_policy_and_its_forecast() {
    let dir = tempfile::tempdir().unwrap();
    let (data, config) = (dir.path().join("data"), dir.path().join("platen.toml"));
    let key = dir.path().join("store.key");
    assert!(platen().args(["key", "new"]).arg(&key).output().unwrap().status.success());
    let text = format!(
        "data = {:?}\n[store]\nkey = {:?}\n[keep]\ncycles = \"3y\"\nraw_frames = \"2w\"\nfree = \"512MiB\"\n",
        data.display().to_string(),
        key.display().to_string()
    );
    fs::write(&config, text).unwrap();
    assert!(!storage(&config, &[]).status.success(), "where there is no store there is nothing to tell");
    assert!(!data.exists(), "looking makes nothing");

    let running = Held::start_unheard(serve().arg("--config").arg(&config));
    let begun = Instant::now();
    let policy = "policy    cycles 3 years; raw payloads 2 weeks; 512.0 MiB to stay free";
    loop {
        let output = storage(&config, &[]);
        if output.status.success() && String::from_utf8_lossy(&output.stdout).contains(policy) {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(60), "{output:?}");
        std::thread::sleep(Duration::from_millis(50));
    }
    let beside: Value = serde_json::from_str(&told(&config, &["--format", "json"])).unwrap();
    assert_eq!((&beside["cycles_kept"], &beside["cycles_retired"]), (&0.into(), &0.into()));
    assert_eq!((&beside["forecast"], &beside["days_measured"]), (&"too_early".into(), &1.into()));
    assert_eq!(beside["keep"]["free_bytes"], 512 << 20);
    assert!(beside["used_bytes"].as_u64().unwrap() > 0 && beside["free_bytes"].as_u64().unwrap() > 0);
    assert_eq!(beside["bytes_per_cycle"], Value::Null);

    let refused = storage(&config, &["--shrink"]);
    assert!(!refused.status.success());
    assert!(String::from_utf8_lossy(&refused.stderr).contains("the box is running: stop it first"));

    running.end();
    let stopped = told(&config, &[]);
    assert!(stopped.contains(policy) && stopped.contains("too early to tell: 1 of 3 days"), "{stopped}");

    // The journal alone takes 32 MiB of a box that has just begun.
    let used = |told: &Value| told["used_bytes"].as_u64().unwrap();
    let small: Value = serde_json::from_str(&told(&config, &["--shrink", "--format", "json"])).unwrap();
    assert!(used(&small) + (30 << 20) < used(&beside), "{} of {}", used(&small), used(&beside));
    assert!(told(&config, &[]).contains(policy));
}
