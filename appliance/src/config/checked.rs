//! From the file and the flags to settings the rest of the program need not doubt.

use std::collections::BTreeSet;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use domain::{CycleTime, Initialisation, LinkName, Timestamp};
use radio::v3::profile::switch::{Analog, Contact, SwitchModule, SwitchProfile};

use super::backup;
use super::raw::{RawBluetooth, RawConfig, RawLink, RawStore, RawSwitch};
use super::values::{self, Form, HostName, HttpRedirect, Humane};
use crate::backup::Nightly;
use crate::plant::Retention;

/// Why the box does not start with these settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("read the configuration {}", path.display())]
    Read {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A key nobody knows or a value of the wrong kind.
    #[error("understand the configuration {}", path.display())]
    Parse {
        /// Which file.
        path: PathBuf,
        /// Line, key and what was expected.
        #[source]
        source: Box<toml::de::Error>,
    },
    /// Values that do not go together.
    #[error("understand the configuration {origin}: {key}: {expected}")]
    Value {
        /// The file, or "flags".
        origin: String,
        /// Which key, as in `link[1].name`.
        key: String,
        /// What was expected.
        expected: String,
    },
}

/// Flags, each stronger than the file.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// `--data`
    pub data: Option<PathBuf>,
    /// `--listen`
    pub listen: Option<SocketAddr>,
    /// `--http`
    pub http: Option<HttpRedirect>,
    /// `--serial`, in place of the links in the file.
    pub serial: Vec<PathBuf>,
    /// `--key`, in place of whatever the file says about the store's key.
    pub key: Option<PathBuf>,
    /// Where systemd laid the service's credentials, if it did.
    pub credentials: Option<PathBuf>,
}

/// What opens the store, as far as somebody said so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyFrom {
    /// A file with a key.
    File(PathBuf),
    /// A file with a passphrase.
    Passphrase(PathBuf),
    /// A passphrase that is asked for on the terminal.
    Terminal,
    /// Nobody said so: a credential, if there is one.
    Unnamed,
}

/// Where to look for the key that opens the store.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreKey {
    /// What was said.
    pub from: KeyFrom,
    /// The folder with the service's credentials.
    pub credentials: Option<PathBuf>,
    /// There is no configuration: a key may lie beside the data, and is made there.
    pub beside: bool,
}

/// Settings of the web server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Web {
    /// TLS.
    pub listen: SocketAddr,
    /// Sent on to TLS.
    pub http_redirect: Option<SocketAddr>,
    /// For the certificate.
    pub names: Vec<HostName>,
    /// How long somebody may do nothing before they have to sign in again.
    pub idle: Option<Duration>,
    /// A file with the authorities whose clients alone may connect.
    pub client_authority: Option<PathBuf>,
}

/// Settings of ingest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Ingest {
    /// Longest time from heard to written.
    pub window: Duration,
    /// Most cycles from heard to written.
    pub window_cycles: u32,
    /// Payloads kept as they came.
    pub raw_ring: u64,
}

/// Bluetooth.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bluetooth {
    /// Links that an adapter can have at once.
    pub slots: usize,
    /// Where bluetoothd keeps bonds.
    pub bonds: PathBuf,
}

/// A stick.
#[derive(Debug, Clone, PartialEq)]
pub struct Link {
    /// The plant's name for it.
    pub name: LinkName,
    /// Where it is plugged in.
    pub path: PathBuf,
    /// Tried first.
    pub baud: u32,
    /// Hardware flow control.
    pub rts_cts: bool,
    /// It only passes bytes and is not asked anything.
    pub raw: bool,
    /// What to do when it has no network.
    pub form: Form,
    /// Where to record it, if it is to be recorded.
    pub capture: Option<PathBuf>,
    /// Contacts behind it.
    pub switches: Vec<SwitchModule>,
}

/// Checked settings.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    /// The folder that holds everything the box keeps.
    pub data: PathBuf,
    /// What goes to the log.
    pub log: String,
    /// The web server.
    pub web: Web,
    /// What opens the store.
    pub store: StoreKey,
    /// Ingest.
    pub ingest: Ingest,
    /// Backups that the box makes by itself, if it is to make any.
    pub backup: Option<Nightly>,
    /// What is kept how long.
    pub keep: Retention,
    /// Bluetooth, if the box is to listen there.
    pub bluetooth: Option<Bluetooth>,
    /// Sticks, no name and no path twice.
    pub links: Vec<Link>,
}

/// Reads the file, if one is given, lays the flags over it and checks the whole.
///
/// # Errors
/// With file, key and what was expected.
pub fn read(file: Option<&Path>, overrides: Overrides) -> Result<Config, ConfigError> {
    let Some(path) = file else { return understand(None, overrides) };
    let text = std::fs::read_to_string(path)
        .map_err(|source| ConfigError::Read { path: path.to_owned(), source })?;
    understand(Some((path, &text)), overrides)
}

/// As [`read`], of a file that was read.
pub(super) fn understand(file: Option<(&Path, &str)>, overrides: Overrides) -> Result<Config, ConfigError> {
    let raw = match file {
        None => RawConfig::default(),
        Some((path, text)) => toml::from_str(text)
            .map_err(|source| ConfigError::Parse { path: path.to_owned(), source: Box::new(source) })?,
    };
    let file = file.map(|(path, _)| path);
    let origin = file.map_or_else(|| "flags".to_owned(), |path| path.display().to_string());
    let credentials = overrides.credentials.clone();
    let raw = overrides.lay_over(raw, file.is_none(), &origin)?;
    let store = StoreKey { from: key_from(&raw.store, &origin)?, credentials, beside: file.is_none() };
    check(raw, store, &origin)
}

fn key_from(raw: &RawStore, origin: &str) -> Result<KeyFrom, ConfigError> {
    let said = |path: &Path| !path.as_os_str().is_empty();
    match (said(&raw.key), said(&raw.passphrase)) {
        (true, true) => Err(ConfigError::Value {
            origin: origin.to_owned(),
            key: "store.passphrase".to_owned(),
            expected: "expected \"\", for store.key names a key: one of them opens the store".to_owned(),
        }),
        (true, false) => Ok(KeyFrom::File(raw.key.clone())),
        (false, true) => Ok(KeyFrom::passphrase(raw.passphrase.clone())),
        (false, false) => Ok(KeyFrom::Unnamed),
    }
}

impl KeyFrom {
    /// A passphrase in a file; "-" is the terminal.
    #[must_use]
    pub fn passphrase(path: PathBuf) -> Self {
        if path == Path::new("-") { KeyFrom::Terminal } else { KeyFrom::Passphrase(path) }
    }
}

impl Overrides {
    fn lay_over(self, mut raw: RawConfig, only_flags: bool, origin: &str) -> Result<RawConfig, ConfigError> {
        let refuse = |flag: &str, expected: &str| ConfigError::Value {
            origin: origin.to_owned(),
            key: flag.to_owned(),
            expected: expected.to_owned(),
        };
        if let Some(data) = self.data {
            raw.data = values::not_empty(data).map_err(|expected| refuse("--data", expected))?;
        }
        if let Some(key) = self.key {
            let key = values::not_empty(key).map_err(|expected| refuse("--key", expected))?;
            raw.store = RawStore { key, ..RawStore::default() };
        }
        if let Some(listen) = self.listen {
            raw.web.listen = listen;
            // Whoever says where to listen does not want a second door that they did not name.
            if only_flags {
                raw.web.http_redirect = HttpRedirect(None);
            }
        }
        if let Some(http) = self.http {
            raw.web.http_redirect = http;
        }
        if !self.serial.is_empty() {
            raw.link = self
                .serial
                .into_iter()
                .enumerate()
                .map(|(n, path)| {
                    let path = values::not_empty(path).map_err(|expected| refuse("--serial", expected))?;
                    let name = format!("link-{}", n + 1)
                        .parse()
                        .map_err(|error: domain::IdError| refuse("--serial", &error.to_string()))?;
                    Ok(RawLink::new(name, path))
                })
                .collect::<Result<_, ConfigError>>()?;
        }
        Ok(raw)
    }
}

fn check(raw: RawConfig, store: StoreKey, origin: &str) -> Result<Config, ConfigError> {
    let refuse =
        |key: String, expected: String| ConfigError::Value { origin: origin.to_owned(), key, expected };
    if let Err(error) = raw.log.parse::<tracing_subscriber::EnvFilter>() {
        return Err(refuse("log".to_owned(), format!("{:?}: {error}", raw.log)));
    }
    let (mut names, mut paths) = (BTreeSet::new(), BTreeSet::new());
    for (n, link) in raw.link.iter().enumerate() {
        if !names.insert(&link.name) {
            let text = format!("expected a name of its own, {} is taken", link.name);
            return Err(refuse(format!("link[{n}].name"), text));
        }
        if link.name.is_bluetooth() {
            let text = format!("expected another name, {} is Bluetooth's", link.name);
            return Err(refuse(format!("link[{n}].name"), text));
        }
        if !paths.insert(&link.path) {
            let text = format!("expected a path of its own, {} is taken", link.path.display());
            return Err(refuse(format!("link[{n}].path"), text));
        }
    }
    let mut links = Vec::with_capacity(raw.link.len());
    for (n, link) in raw.link.into_iter().enumerate() {
        let switches: Vec<_> = link.switch.into_iter().map(switch).collect();
        // The profile's own rules; what it would watch is made once the counts are known.
        SwitchProfile::new(switches.clone(), &[], 0)
            .map_err(|error| refuse(format!("link[{n}].switch"), error.to_string()))?;
        links.push(Link {
            name: link.name,
            path: link.path,
            baud: link.baud,
            rts_cts: link.rts_cts,
            raw: link.raw,
            form: link.form,
            capture: (!link.capture.as_os_str().is_empty()).then_some(link.capture),
            switches,
        });
    }
    if raw.web.http_redirect.0.is_some_and(|http| http.port() != 0 && http == raw.web.listen) {
        let text = format!("expected another address than web.listen, {}", raw.web.listen);
        return Err(refuse("web.http_redirect".to_owned(), text));
    }
    let backup = backup::check(raw.backup, &refuse)?;
    let RawBluetooth { enabled, slots, bonds } = raw.bluetooth;
    Ok(Config {
        data: raw.data,
        log: raw.log,
        web: Web {
            listen: raw.web.listen,
            http_redirect: raw.web.http_redirect.0,
            names: raw.web.names,
            idle: raw.web.idle.0,
            client_authority: (!raw.web.client_authority.as_os_str().is_empty())
                .then_some(raw.web.client_authority),
        },
        store,
        ingest: Ingest {
            window: raw.ingest.window.0,
            window_cycles: raw.ingest.window_cycles,
            raw_ring: raw.ingest.raw_ring,
        },
        backup,
        keep: Retention {
            cycles: raw.keep.cycles.0,
            raw_frames: raw.keep.raw_frames.0,
            free: raw.keep.free.0,
        },
        bluetooth: enabled.then_some(Bluetooth { slots: usize::from(slots), bonds }),
        links,
    })
}

fn switch(raw: RawSwitch) -> SwitchModule {
    let millis = |length: Humane| u32::try_from(length.0.as_millis()).unwrap_or(u32::MAX);
    let temperature = raw.temperature_pin.map(|pin| Analog {
        pin,
        celsius_per_step: raw.celsius_per_step,
        celsius_at_zero: raw.celsius_at_zero,
    });
    SwitchModule {
        module: raw.module,
        contact: Contact {
            pin: raw.pin,
            closed: raw.closed,
            sampling_ms: millis(raw.sampling),
            may_miss: raw.may_miss,
            debounce_ms: millis(raw.debounce),
            shortest_cycle_ms: millis(raw.shortest_cycle),
        },
        temperature,
        mold: Some(Initialisation {
            mold: raw.mold,
            description: raw.description,
            approved: raw.approved.map(|approved| CycleTime::from_millis(millis(approved))),
            design_life: raw.design_life,
            baseline: raw.baseline,
            // No program wrote this into a monitor on any day.
            on: Timestamp::from_millis(0),
        }),
    }
}
