//! Where the master key comes from.

use std::path::Path;

use super::files::{self, Guard};
use super::ring::Master;
use super::source::Source;
use super::{GetKeys, terminal};
use crate::config::StoreKey;

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
    let path = match Source::of(place, data).ok_or(GetKeys::NotNamed)? {
        Source::File(path) => return key(&path, Guard::Mode),
        Source::Passphrase(path) => return passphrase(&path, Guard::Mode),
        Source::KeyCredential(path) => return key(&path, Guard::Folder),
        Source::PassphraseCredential(path) => return passphrase(&path, Guard::Folder),
        Source::Terminal => {
            let typed = match want {
                Want::Open => terminal::ask()?,
                Want::Wrap => terminal::ask_twice()?,
            };
            return Ok((Master::Passphrase(typed), "the passphrase from the terminal".to_owned()));
        }
        Source::Beside(path) => path,
    };
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
