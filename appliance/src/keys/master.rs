//! Where the master key comes from.

use std::path::Path;

use super::files::{self, Guard};
use super::ring::Master;
use super::{BESIDE, GetKeys, KEY_CREDENTIAL, PASSPHRASE_CREDENTIAL, terminal};
use crate::config::{KeyFrom, StoreKey};

/// What the master key is wanted for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Want {
    /// To open what is there.
    Open,
    /// To wrap keys for the first time, or anew: whoever types a passphrase types it twice.
    Wrap,
}

/// The master key and the words for where it comes from.
pub(super) fn obtain(place: &StoreKey, data: &Path, want: Want) -> Result<(Master, String), GetKeys> {
    let key = |path: &Path, guard| {
        let key = files::read_key(path, guard)?;
        Ok((Master::Key(key), format!("the key {}", path.display())))
    };
    let passphrase = |path: &Path, guard| {
        let passphrase = files::read_passphrase(path, guard)?;
        Ok((Master::Passphrase(passphrase), format!("the passphrase from {}", path.display())))
    };
    match &place.from {
        KeyFrom::File(path) => return key(path, Guard::Mode),
        KeyFrom::Passphrase(path) => return passphrase(path, Guard::Mode),
        KeyFrom::Terminal => {
            let typed = match want {
                Want::Open => terminal::ask()?,
                Want::Wrap => terminal::ask_twice()?,
            };
            return Ok((Master::Passphrase(typed), "the passphrase from the terminal".to_owned()));
        }
        KeyFrom::Unnamed => {}
    }
    if let Some(folder) = &place.credentials {
        let credential = folder.join(KEY_CREDENTIAL);
        if credential.exists() {
            return key(&credential, Guard::Folder);
        }
        let credential = folder.join(PASSPHRASE_CREDENTIAL);
        if credential.exists() {
            return passphrase(&credential, Guard::Folder);
        }
    }
    if !place.beside {
        return Err(GetKeys::NotNamed);
    }
    let path = data.join(BESIDE);
    if !path.exists() {
        if want == Want::Open {
            return Err(GetKeys::NotBeside(path));
        }
        files::make_folder(data)?;
        files::new_key(&path)?;
    }
    tracing::warn!(
        path = %path.display(),
        "the store's key lies beside its data: whoever takes the disk can read everything. A box with a configuration \
         names a key that lies elsewhere"
    );
    key(&path, Guard::Mode)
}
