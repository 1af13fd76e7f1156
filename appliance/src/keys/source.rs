//! Where the master key comes from: decided from what was said and from what lies there, without opening it.

use std::path::{Path, PathBuf};

use super::{BESIDE, KEY_CREDENTIAL, PASSPHRASE_CREDENTIAL};
use crate::config::{KeyFrom, StoreKey};

/// Where the master key comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A key file that the configuration names.
    File(PathBuf),
    /// A file with a passphrase that the configuration names.
    Passphrase(PathBuf),
    /// A passphrase that is typed at each start.
    Terminal,
    /// A key that systemd gives the service.
    KeyCredential(PathBuf),
    /// A passphrase that systemd gives the service.
    PassphraseCredential(PathBuf),
    /// A key file that lies beside the data.
    Beside(PathBuf),
}

impl Source {
    /// The source for a data folder; `None`: nobody named one, and none may lie beside the data.
    #[must_use]
    pub fn of(place: &StoreKey, data: &Path) -> Option<Source> {
        match &place.from {
            KeyFrom::File(path) => return Some(Source::File(path.clone())),
            KeyFrom::Passphrase(path) => return Some(Source::Passphrase(path.clone())),
            KeyFrom::Terminal => return Some(Source::Terminal),
            KeyFrom::Unnamed => {}
        }
        let credential = |name| {
            let path = place.credentials.as_ref()?.join(name);
            path.exists().then_some(path)
        };
        let key = credential(KEY_CREDENTIAL).map(Source::KeyCredential);
        let given = key.or_else(|| credential(PASSPHRASE_CREDENTIAL).map(Source::PassphraseCredential));
        given.or_else(|| place.beside.then(|| Source::Beside(data.join(BESIDE))))
    }
}
