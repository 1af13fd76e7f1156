//! Who may open a backup: recipients, identities and passphrases, from files and from words.

use std::fmt;
use std::fs::File;
use std::io::{self, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::sealed::{Keys, Seal};

/// A file of keys is never longer.
const LONGEST: u64 = 64 << 10;
/// Shorter ones are guessed.
const SHORTEST_PASSPHRASE: usize = 12;

/// The public half of an age identity, `age1…`: backups are sealed for it.
#[derive(Clone, PartialEq, Eq)]
pub struct Recipient(pub(super) age::x25519::Recipient);

impl FromStr for Recipient {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        text.trim().parse().map(Recipient).map_err(|why: &str| {
            format!("{text:?} is no recipient ({why}); expected one like \"age1…\", as `platen backup key new` prints it")
        })
    }
}

impl fmt::Display for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Recipient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// Why there is no key.
#[derive(Debug, thiserror::Error)]
pub enum GetKeys {
    /// The file cannot be read.
    #[error("read the keys in {}", .0.display())]
    Read(PathBuf, #[source] io::Error),
    /// A line is no key; what it says stays out of the message.
    #[error("line {line} of {} is no {what}", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// Which line, from 1.
        line: usize,
        /// What was expected.
        what: &'static str,
    },
    /// There is none in the file.
    #[error("there is no {what} in {}", path.display())]
    Empty {
        /// The file.
        path: PathBuf,
        /// What was expected.
        what: &'static str,
    },
    /// A passphrase that is too short.
    #[error("the passphrase in {} is shorter than {SHORTEST_PASSPHRASE} characters", .0.display())]
    Short(PathBuf),
    /// The file cannot be made, or is there already.
    #[error("make the identity {}", .0.display())]
    Make(PathBuf, #[source] io::Error),
}

/// Recipients from a file: one a line; empty lines and those that begin with `#` are passed over.
///
/// # Errors
/// The file cannot be read, a line is none, or there is none.
pub fn recipients(path: &Path) -> Result<Vec<Recipient>, GetKeys> {
    lines(path, "recipient (age1…)", |line| line.parse().ok())
}

/// The identities in a file, as `platen backup key new` makes it.
///
/// # Errors
/// The file cannot be read, a line is none, or there is none.
pub fn identities(path: &Path) -> Result<Keys, GetKeys> {
    lines(path, "identity (AGE-SECRET-KEY-1…)", |line| line.parse().ok()).map(Keys::Identities)
}

fn lines<T>(path: &Path, what: &'static str, parse: impl Fn(&str) -> Option<T>) -> Result<Vec<T>, GetKeys> {
    let text = read(path)?;
    let mut found = Vec::new();
    for (n, line) in text.lines().map(str::trim).enumerate() {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        found.push(parse(line).ok_or_else(|| GetKeys::Line { path: path.to_owned(), line: n + 1, what })?);
    }
    if found.is_empty() { Err(GetKeys::Empty { path: path.to_owned(), what }) } else { Ok(found) }
}

/// The passphrase in a file: its first line.
///
/// # Errors
/// The file cannot be read, or the passphrase is too short.
pub fn passphrase(path: &Path) -> Result<SecretString, GetKeys> {
    let text = read(path)?;
    let line = text.lines().next().unwrap_or_default();
    if line.chars().count() < SHORTEST_PASSPHRASE {
        return Err(GetKeys::Short(path.to_owned()));
    }
    Ok(SecretString::from(line))
}

fn read(path: &Path) -> Result<Zeroizing<String>, GetKeys> {
    let failed = |error| GetKeys::Read(path.to_owned(), error);
    // As long as the longest at once: growing would leave copies behind.
    let mut text = Zeroizing::new(String::with_capacity(usize::try_from(LONGEST).unwrap_or(0)));
    File::open(path).and_then(|file| file.take(LONGEST).read_to_string(&mut text)).map_err(failed)?;
    Ok(text)
}

/// Makes an identity in a file of its own, which only its owner may read; gives the recipient. A file that is there is
/// left alone.
///
/// # Errors
/// The file is there already or cannot be made.
pub fn new_identity(path: &Path) -> Result<Recipient, GetKeys> {
    let failed = |error| GetKeys::Make(path.to_owned(), error);
    let identity = age::x25519::Identity::generate();
    let recipient = Recipient(identity.to_public());
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path).map_err(failed)?;
    let secret = identity.to_string();
    let text = Zeroizing::new(format!("# public key: {recipient}\n{}\n", secret.expose_secret()));
    let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_all());
    if let Err(error) = written {
        // Half a key helps nobody.
        let _ = std::fs::remove_file(path);
        return Err(failed(error));
    }
    Ok(recipient)
}

impl Keys {
    /// For whom these keys can open.
    #[must_use]
    pub fn recipients(&self) -> Vec<Recipient> {
        match self {
            Keys::Identities(identities) => identities.iter().map(|one| Recipient(one.to_public())).collect(),
            Keys::Passphrase(_) => Vec::new(),
        }
    }

    /// Whether they open what was sealed so.
    #[must_use]
    pub fn open(&self, seal: &Seal) -> bool {
        match seal {
            Seal::Recipients(sealed_for) => self.recipients().iter().any(|own| sealed_for.contains(own)),
            Seal::Passphrase(_) => matches!(self, Keys::Passphrase(_)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn an_identity_is_made_once_for_its_owner_alone_and_opens_what_is_sealed_for_it() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("backup.key");
        let recipient = new_identity(&path).unwrap();
        assert!(recipient.to_string().starts_with("age1"));
        assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        let keys = identities(&path).unwrap();
        assert!(keys.recipients() == std::slice::from_ref(&recipient));
        assert!(keys.open(&Seal::Recipients(vec![recipient.clone()])));
        assert!(!keys.open(&Seal::Passphrase("a long passphrase".into())));
        let before = std::fs::read(&path).unwrap();
        assert!(matches!(new_identity(&path), Err(GetKeys::Make(..))));
        assert_eq!(std::fs::read(&path).unwrap(), before);
        assert_eq!(recipient.to_string().parse::<Recipient>().unwrap(), recipient);
    }

    #[test]
    fn a_line_that_is_no_key_is_told_by_number_and_not_by_what_it_says() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("keys");
        std::fs::write(&path, "# mine\n\nAGE-SECRET-KEY-1SECRET\n").unwrap();
        let error = identities(&path).err().unwrap().to_string();
        assert!(error.contains("line 3") && !error.contains("SECRET-KEY-1SECRET"), "{error}");
        std::fs::write(&path, "# nothing\n").unwrap();
        assert!(matches!(identities(&path), Err(GetKeys::Empty { .. })));
        assert!(matches!(recipients(&path), Err(GetKeys::Empty { .. })));
        std::fs::write(&path, "short\n").unwrap();
        assert!(matches!(passphrase(&path), Err(GetKeys::Short(_))));
    }
}
