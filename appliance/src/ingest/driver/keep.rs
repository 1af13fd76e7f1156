//! What the driver needs of a store.

use domain::LinkName;
use radio::command::NetworkSecrets;
use secrecy::ExposeSecret;
use zeroize::Zeroizing;

use crate::plant::Batch;
use crate::store::{Commit, Store};

/// Keeps commits. Everything here blocks and is called from a thread of its own.
pub trait Keep: Clone + Send + 'static {
    /// Writes a commit; when this returns, it is on the disk.
    ///
    /// # Errors
    /// With why it is not.
    fn commit(&self, batch: &Batch) -> Result<(), Commit>;

    /// Why a commit would be refused now, as far as that can be told before trying.
    fn refusal(&self) -> Option<Commit>;

    /// Keeps a secret under a name, sealed.
    ///
    /// # Errors
    /// With why it was not.
    fn keep_secret(&self, name: &str, plain: &[u8]) -> Result<(), Commit>;
}

impl Keep for Store {
    fn commit(&self, batch: &Batch) -> Result<(), Commit> {
        Store::commit(self, batch)
    }

    fn refusal(&self) -> Option<Commit> {
        Store::refusal(self)
    }

    fn keep_secret(&self, name: &str, plain: &[u8]) -> Result<(), Commit> {
        self.put_secret(name, plain)
    }
}

/// The name under which the secrets of a link's network are kept: the stick's address (8 bytes), the network's id (8
/// bytes, zero when unknown), the preconfigured link key (16 bytes).
#[must_use]
pub fn secret_name(link: &LinkName) -> String {
    format!("network/{link}")
}

/// A secret as it is kept.
pub(super) fn plain(secrets: &NetworkSecrets) -> Zeroizing<Vec<u8>> {
    let mut plain = Zeroizing::new(Vec::with_capacity(32));
    plain.extend(secrets.eui64.to_be_bytes());
    plain.extend(secrets.pan.map_or(0, |pan| pan.0).to_be_bytes());
    plain.extend(secrets.link_key.expose_secret());
    plain
}
