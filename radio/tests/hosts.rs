//! Hosts that nobody here wrote open the simulated stick, query it, form with it, let modules join, send and receive.
#![cfg(feature = "sim")]
#![allow(clippy::expect_used, clippy::panic, reason = "helpers of tests fail like tests")]

mod plant_thread;

use std::path::PathBuf;
use std::process::Command;

use plant_thread::Running;
use radio::sim::driver::Options;
use radio::sim::plant::{Plant, PlantSpec};

fn python() -> PathBuf {
    match std::env::var_os("PLATEN_PYTHON") {
        Some(python) => python.into(),
        None => panic!(
            "PLATEN_PYTHON names no Python with digi-xbee and zigpy-xbee: run `just setup`, then the tests by `just test`"
        ),
    }
}

fn spec() -> PlantSpec {
    PlantSpec {
        sticks: 1,
        presses: 3,
        molds: 3,
        history_days: 0.02,
        speed: 20.0,
        forming_ms: 500,
        ..PlantSpec::default()
    }
}

/// Runs a script against the first stick of the plant, with the rate its port should have.
fn content(script: &str, spec: PlantSpec, more: &[&str]) {
    let plant = Plant::new(spec);
    let pan = &plant.pans()[0];
    let stick = pan.stick().spec().eui64.to_string();
    let module = pan.modules()[0].eui64().to_string();
    // Ports of these hosts have the rate they say, so that the garbling of a wrong one is under test as well.
    let running = Running::start(plant, Options { strict_baud: true, ..Options::default() });
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/hosts").join(script);
    let output = Command::new(python())
        .arg(&script)
        .arg(running.stick("a"))
        .args(["115200", &stick, &module])
        .args(more)
        .output()
        .expect("start Python");
    running.end();
    assert!(
        output.status.success(),
        "{}\n{}\n{}",
        script.display(),
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn digis_own_library_is_content_with_the_stick() {
    content("with_digi_xbee.py", spec(), &["PRESS-01"]);
}

#[test]
fn zigpy_forms_a_network_and_lets_modules_join() {
    content("with_zigpy_xbee.py", PlantSpec { bench: true, fresh: true, ..spec() }, &[]);
}
