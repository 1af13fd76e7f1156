//! What opens the store: its keys lie wrapped in the data folder, and what unwraps them comes from elsewhere.
//!
//! The file `keys` holds the store's keys under a master key: from a key file, a systemd credential, or a passphrase.
//! The master key can be changed in an instant, for only this file is written anew; new keys for the store itself
//! write the whole store anew. A box that has a configuration never lays its master key beside its data by itself.
//!
//! Before stores were encrypted the folder held `sealing.key`, 32 bytes for the secrets in a plain store. Those bytes
//! become the sealing key within `keys`, so that all secrets still open; once the store is encrypted the file goes.

mod change;
mod files;
mod folder;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod master;
mod ring;
mod source;
mod terminal;

pub use change::{change, rotate};
pub use files::{new_key, read_private};
pub use folder::{FORMER, forget_former, put, to_look, to_serve};
pub use ring::{Unwrap, Wrap};
pub use source::Source;

use std::io;
use std::path::PathBuf;

use crate::store::{Commit, OpenStore};

/// The file in the data folder that holds the store's keys, wrapped.
pub const FILE: &str = "keys";
/// The key file beside the data of a box that has no configuration.
pub const BESIDE: &str = "store.key";
/// The systemd credential with a key, in the form of a key file.
pub const KEY_CREDENTIAL: &str = "platen-store-key";
/// The systemd credential with a passphrase.
pub const PASSPHRASE_CREDENTIAL: &str = "platen-store-passphrase";

/// Why the store's keys are not to be had. Whatever it is, nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum GetKeys {
    /// Nobody said which key.
    #[error(
        "no key for the store is named. Make one with `platen key new FILE`, best on another disk than the data, and \
         name it in the configuration ([store] key = \"FILE\"); or give it to the service as the systemd credential \
         {KEY_CREDENTIAL}, or a passphrase as {PASSPHRASE_CREDENTIAL}"
    )]
    NotNamed,
    /// Nobody said which key, and where it would be otherwise there is none.
    #[error("there is no key at {}: name the one that the box runs with, by --config FILE or --key FILE", .0.display())]
    NotBeside(PathBuf),
    /// A file cannot be read.
    #[error("read {}", .0.display())]
    Read(PathBuf, #[source] io::Error),
    /// A file cannot be written.
    #[error("write {}", .0.display())]
    Write(PathBuf, #[source] io::Error),
    /// The folder cannot be made or used.
    #[error("use the folder {}", .0.display())]
    Folder(PathBuf, #[source] io::Error),
    /// A key file must never be lost by writing another over it.
    #[error("{} is there already, and a key is never overwritten: give another name", .0.display())]
    Exists(PathBuf),
    /// Others may read it.
    #[error("{} may be read by others (mode {mode:o}): make it yours alone with chmod 600", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The file is something else.
    #[error("{} is no key of Platen: `platen key new FILE` makes one", .0.display())]
    NoKey(PathBuf),
    /// The file of earlier days is something else.
    #[error("the sealing key {} has {length} bytes instead of 32", path.display())]
    Length {
        /// The file.
        path: PathBuf,
        /// Its length.
        length: usize,
    },
    /// The passphrase is no text, or too short to hold off a guesser.
    #[error("the passphrase from {0} is no text of 12 to 1024 characters")]
    Passphrase(String),
    /// Two different ones were typed.
    #[error("the passphrases are not the same")]
    NotTheSame,
    /// The terminal did not give an answer.
    #[error("ask for the passphrase on the terminal")]
    Ask(#[source] io::Error),
    /// The keys do not come out.
    #[error("open the keys in {} with {with}", path.display())]
    Unwrap {
        /// The file.
        path: PathBuf,
        /// Where the master key comes from.
        with: String,
        /// Why.
        #[source]
        source: Unwrap,
    },
    /// The keys could not be wrapped.
    #[error("wrap the keys of the store")]
    Wrap(#[source] Wrap),
    /// There is a store, and its keys are gone.
    #[error("the store is there and its keys {} are not: put the file back, from a backup if need be; nothing else opens the store", .0.display())]
    Gone(PathBuf),
    /// There is nothing to look at.
    #[error("there is no store in {}", .0.display())]
    NoStore(PathBuf),
    /// Another command works on the keys.
    #[error("another command works on the keys in {}: try again when it has ended", .0.display())]
    Busy(PathBuf),
    /// The store itself.
    #[error(transparent)]
    Store(#[from] OpenStore),
    /// What the store's journal holds could not be brought into the database.
    #[error("bring everything that was committed into the database")]
    Checkpoint(#[source] Commit),
    /// The system gives no random bytes.
    #[error("draw random bytes")]
    Random(#[from] rand::rand_core::OsError),
}

#[cfg(test)]
mod tests;
