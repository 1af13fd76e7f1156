//! A bus of the test's own, and the test on it.
//!
//! Both D-Bus libraries find the system bus by an environment variable, which is the whole process's. So each test starts
//! a dbus-daemon in a temporary folder, and then itself once more as a process that is told of it.

use std::any::type_name;
use std::env;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use radio::sim::hall::{Bus, VARIABLE};

const FOLDER: &str = "PLATEN_TEST_FOLDER";

/// Where the test runs: the bus's address and a folder for its files.
pub struct Place {
    pub address: String,
    pub folder: PathBuf,
}

/// Runs the test on a bus of its own. The name of the test is the name of the function that the closure stands in.
pub fn on_a_bus<T, F>(test: T)
where
    T: FnOnce(Place) -> F,
    F: Future<Output = ()>,
{
    let path = type_name::<T>();
    let path = path.strip_suffix("::{{closure}}").unwrap_or(path);
    let (_, name) = path.split_once("::").unwrap();
    if let Ok(folder) = env::var(FOLDER) {
        let folder = PathBuf::from(folder);
        fs::write(folder.join("ran"), name).unwrap();
        let place = Place { address: env::var(VARIABLE).unwrap(), folder };
        let runtime =
            tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(test(place));
        runtime.shutdown_background();
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let bus = Bus::start(folder.path()).expect("`.ci/setup tests` brings dbus-daemon");
    let status = Command::new(env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(VARIABLE, bus.address())
        .env(FOLDER, folder.path())
        .status()
        .unwrap();
    assert!(status.success(), "{name} failed on its bus: {status}");
    assert_eq!(fs::read_to_string(folder.path().join("ran")).unwrap(), name, "the test did not run");
}
