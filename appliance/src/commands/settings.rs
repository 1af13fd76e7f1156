//! The words that say where the settings are; several commands have them.

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context, anyhow};
use appliance::config::{self, Config, ConfigError, HostName, HttpRedirect, Overrides, StoreKey};
use appliance::keys;
use appliance::store::{OpenStore, Store};

/// Where the settings come from. Flags are stronger than the file.
#[derive(clap::Args)]
pub struct Settings {
    /// The configuration file; `platen config` prints one
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The folder that holds everything the box keeps
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Where browsers are served over TLS
    #[arg(long, value_name = "ADDR")]
    listen: Option<SocketAddr>,
    /// Where browsers that come without TLS are sent on to it; "" for nowhere
    #[arg(long, value_name = "ADDR", value_parser = |text: &str| HttpRedirect::try_from(text.to_owned()))]
    http: Option<HttpRedirect>,
    /// The sticks, in place of those in the file
    #[arg(long, value_name = "PATH", num_args = 1..)]
    serial: Vec<PathBuf>,
    /// The file with the key that opens the store; `platen key new` makes one
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

impl Settings {
    /// The checked settings.
    pub fn read(self, credentials: Option<PathBuf>) -> Result<Config, ConfigError> {
        let overrides = Overrides {
            data: self.data,
            listen: self.listen,
            http: self.http,
            serial: self.serial,
            key: self.key,
            credentials,
        };
        config::read(self.config.as_deref(), overrides)
    }
}

/// Which box's folder is meant, and what opens its store.
#[derive(clap::Args)]
pub struct Folder {
    /// The folder that holds everything the box keeps
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The configuration file that names it, and the key
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// The file with the key that opens the store
    #[arg(long, value_name = "FILE")]
    key: Option<PathBuf>,
}

/// A folder and what opens the store in it.
pub struct Place {
    /// The folder.
    pub data: PathBuf,
    /// The key.
    pub key: StoreKey,
    /// Names of the box, besides the host's own.
    pub names: Vec<HostName>,
}

impl Place {
    /// The store of a box that is stopped; one that is not there is made. `act` is what the box is stopped for.
    pub fn open_stopped(&self, act: &str) -> anyhow::Result<Store> {
        let keys = keys::to_serve(&self.data, &self.key).context("get the keys of the store")?;
        Store::open(&self.data, &keys).map_err(|error| refused(error, act))
    }
}

/// Why the store of a box that is to be stopped does not open. `act` is what it is stopped for.
pub fn refused(error: OpenStore, act: &str) -> anyhow::Error {
    match error {
        OpenStore::InUse { .. } => anyhow!("the box is running: stop it first, {act}, then start it again"),
        other => anyhow::Error::new(other).context("open the store"),
    }
}

impl Folder {
    /// The folder: by flag, by file, or where a box keeps its data when nobody says otherwise.
    pub fn read(self, credentials: Option<PathBuf>) -> Result<Place, ConfigError> {
        let overrides = Overrides { data: self.data, key: self.key, credentials, ..Overrides::default() };
        let config = config::read(self.config.as_deref(), overrides)?;
        Ok(Place { data: config.data, key: config.store, names: config.web.names })
    }
}
