//! The words that say where the settings are; several commands have them.

use std::net::SocketAddr;
use std::path::PathBuf;

use appliance::config::{self, Config, ConfigError, HttpRedirect, Overrides};

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
}

impl Settings {
    /// The checked settings.
    pub fn read(self) -> Result<Config, ConfigError> {
        let overrides =
            Overrides { data: self.data, listen: self.listen, http: self.http, serial: self.serial };
        config::read(self.config.as_deref(), overrides)
    }
}

/// Which box's folder is meant, by those who only look into it.
#[derive(clap::Args)]
pub struct Folder {
    /// The folder that holds everything the box keeps; the box may be running
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// The configuration file that names it
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Folder {
    /// The folder: by flag, by file, or where a box keeps its data when nobody says otherwise.
    pub fn read(self) -> Result<PathBuf, ConfigError> {
        let overrides = Overrides { data: self.data, ..Overrides::default() };
        Ok(config::read(self.config.as_deref(), overrides)?.data)
    }
}
