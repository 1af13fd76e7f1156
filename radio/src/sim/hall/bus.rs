//! A bus of the hall's own: a dbus-daemon that ends with whoever started it.

use std::fs;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// D-Bus libraries find the system's bus by this variable of the environment.
pub const VARIABLE: &str = "DBUS_SYSTEM_BUS_ADDRESS";

/// The socket and the configuration, in the folder.
const SOCKET: &str = "bus";
const CONFIGURATION: &str = "bus.conf";

/// Everyone may do everything, and the bus tells how many rules a connection holds.
const TEXT: &str = r#"<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
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

/// Why there is no bus.
#[derive(Debug, thiserror::Error)]
pub enum BusError {
    /// Its files.
    #[error("write {path}")]
    Files {
        /// Which.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The program is not there, or does not start.
    #[error("start dbus-daemon (Debian: apt-get install dbus-daemon)")]
    Start(#[source] io::Error),
    /// It ended at once; what it said is on the console.
    #[error("dbus-daemon ended before it had a bus")]
    Ended,
}

/// A bus. It ends when this is dropped.
#[derive(Debug)]
pub struct Bus {
    child: Child,
    address: String,
}

impl Bus {
    /// Starts one with its socket in a folder, which is there.
    ///
    /// # Errors
    /// dbus-daemon is not on this machine, or does not start.
    pub fn start(folder: &Path) -> Result<Self, BusError> {
        let configuration = folder.join(CONFIGURATION);
        let socket = folder.join(SOCKET).display().to_string();
        // What an earlier one left.
        let _ = fs::remove_file(&socket);
        fs::write(&configuration, TEXT.replace("SOCKET", &socket))
            .map_err(|source| BusError::Files { path: configuration.clone(), source })?;
        let mut child = Command::new("dbus-daemon")
            .arg(format!("--config-file={}", configuration.display()))
            .args(["--nofork", "--nopidfile", "--print-address=1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(BusError::Start)?;
        let mut address = String::new();
        if let Some(output) = child.stdout.take() {
            // It says its address when it listens there.
            let _ = BufReader::new(output).read_line(&mut address);
        }
        let bus = Bus { child, address: address.trim().to_owned() };
        if bus.address.is_empty() { Err(BusError::Ended) } else { Ok(bus) }
    }

    /// For whoever is to be on it.
    #[must_use]
    pub fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
