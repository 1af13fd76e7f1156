//! Secrets, sealed: link keys of networks, private keys of certificates.

use secrecy::SecretSlice;

use super::error::{Commit, Fault, Read, Undecodable};
use super::open::Store;
use super::row;
use super::tables::SECRETS;

impl Store {
    /// Keeps a secret under a name, in place of the one before.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn put_secret(&self, name: &str, plain: &[u8]) -> Result<(), Commit> {
        let key = &self.inner.seal;
        let sealed = key.seal(name, plain).ok_or_else(|| Fault::Sealed(name.to_owned()))?;
        self.write(|txn| {
            txn.open_table(SECRETS)?.insert(name, sealed.as_slice())?;
            Ok(())
        })
    }

    /// Keeps a secret no longer; nothing happens when there is none.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn drop_secret(&self, name: &str) -> Result<(), Commit> {
        self.write(|txn| {
            txn.open_table(SECRETS)?.remove(name)?;
            Ok(())
        })
    }

    /// The names of secrets that begin so.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn secret_names(&self, prefix: &str) -> Result<Vec<String>, Read> {
        self.read(|txn| {
            let mut names = Vec::new();
            for item in txn.open_table(SECRETS)?.range(prefix..)? {
                let (name, _) = item?;
                if !name.value().starts_with(prefix) {
                    break;
                }
                names.push(name.value().to_owned());
            }
            Ok(names)
        })
    }

    /// The secret of that name.
    ///
    /// # Errors
    /// The store cannot be read, or the secret does not open with it.
    pub fn secret(&self, name: &str) -> Result<Option<SecretSlice<u8>>, Read> {
        let key = &self.inner.seal;
        self.read(|txn| {
            let table = txn.open_table(SECRETS)?;
            let Some(value) = table.get(name)? else { return Ok(None) };
            let body = row::body(value.value()).map_err(|why| Undecodable {
                table: "secrets",
                key: format!("{name:?}"),
                why,
            })?;
            let plain = key.open(name, body).ok_or_else(|| Fault::Sealed(name.to_owned()))?;
            Ok(Some(plain))
        })
    }
}
