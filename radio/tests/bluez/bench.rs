//! A bus of the test's own, and the test on it.
//!
//! Both D-Bus libraries find the system bus by an environment variable, which is the whole process's. So each test starts
//! a dbus-daemon in a temporary folder, and then itself once more as a process that is told of it.

use std::any::type_name;
use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

const VARIABLE: &str = "DBUS_SYSTEM_BUS_ADDRESS";
const FOLDER: &str = "PLATEN_TEST_FOLDER";

/// Everyone may do everything, and the bus tells how many rules a connection holds.
const CONFIGURATION: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <listen>unix:path=SOCKET</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"#;

struct Bus(Child);

impl Bus {
    fn start(folder: &Path) -> (Self, String) {
        let socket = folder.join("bus");
        let configuration = folder.join("bus.conf");
        fs::write(&configuration, CONFIGURATION.replace("SOCKET", socket.to_str().unwrap())).unwrap();
        let mut child = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", configuration.display()))
            .args(["--nofork", "--nopidfile", "--print-address=1"])
            .stdout(Stdio::piped())
            .spawn()
            .expect(
                "dbus-daemon is needed: `.ci/setup tests` brings it (Debian: apt-get install dbus-daemon)",
            );
        let mut address = String::new();
        BufReader::new(child.stdout.take().unwrap()).read_line(&mut address).unwrap();
        let bus = Bus(child);
        assert!(!address.trim().is_empty(), "dbus-daemon did not start");
        (bus, address.trim().to_owned())
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

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
    let (_bus, address) = Bus::start(folder.path());
    let status = Command::new(env::current_exe().unwrap())
        .args(["--exact", name, "--nocapture", "--test-threads=1"])
        .env(VARIABLE, address)
        .env(FOLDER, folder.path())
        .status()
        .unwrap();
    assert!(status.success(), "{name} failed on its bus: {status}");
    assert_eq!(fs::read_to_string(folder.path().join("ran")).unwrap(), name, "the test did not run");
}
