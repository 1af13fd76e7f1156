//! The keys of a store: one for the file's sectors, one for the secrets in it.

use rand::TryRngCore;
use rand::rand_core::OsError;
use rand::rngs::OsRng;
use zeroize::Zeroizing;

use super::seal::SealingKey;
use super::xts::SectorKey;

/// Bytes of both keys together.
const LENGTH: usize = 96;

/// What opens a store. Never printed nor written as it is; wiped from memory when dropped.
pub struct StoreKeys {
    pub(super) sectors: SectorKey,
    pub(super) sealing: SealingKey,
}

impl StoreKeys {
    /// So many bytes are both keys.
    pub const LENGTH: usize = LENGTH;

    /// From their bytes: 64 for the sectors, 32 for sealing.
    #[must_use]
    pub fn from_bytes(bytes: [u8; LENGTH]) -> Self {
        let bytes = Zeroizing::new(bytes);
        let (mut sectors, mut sealing) = (Zeroizing::new([0; 64]), Zeroizing::new([0; 32]));
        let (first, second) = bytes.split_at(sectors.len());
        sectors.copy_from_slice(first);
        sealing.copy_from_slice(second);
        StoreKeys { sectors: SectorKey::from_bytes(*sectors), sealing: SealingKey::from_bytes(*sealing) }
    }

    /// New random keys.
    ///
    /// # Errors
    /// The system gives no random bytes.
    pub fn draw() -> Result<Self, OsError> {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        OsRng.try_fill_bytes(bytes.as_mut_slice())?;
        Ok(StoreKeys::from_bytes(*bytes))
    }

    /// The same with another sealing key: one that was there before the file was encrypted.
    #[must_use]
    pub fn with_sealing(self, sealing: SealingKey) -> Self {
        StoreKeys { sealing, ..self }
    }

    /// The one for secrets.
    pub(crate) fn sealing(&self) -> &SealingKey {
        &self.sealing
    }

    /// The bytes, for who wraps them.
    pub(crate) fn to_bytes(&self) -> Zeroizing<[u8; LENGTH]> {
        let mut bytes = Zeroizing::new([0; LENGTH]);
        let (sectors, sealing) = bytes.split_at_mut(self.sectors.expose().len());
        sectors.copy_from_slice(self.sectors.expose());
        sealing.copy_from_slice(self.sealing.expose());
        bytes
    }
}
