//! Secrets on disk are sealed with XChaCha20-Poly1305 under a key that is not in the store.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::TryRngCore;
use rand::rngs::OsRng;
use secrecy::{ExposeSecret, SecretBox, SecretSlice};

use super::row::VERSION;

const NONCE: usize = 24;

/// The key that the secrets of a store are sealed with: 32 random bytes from a file of their own. It is never
/// printed nor written, and wiped from memory when dropped.
pub struct SealingKey(SecretBox<[u8; 32]>);

impl SealingKey {
    /// From the bytes of the key file.
    #[must_use]
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        SealingKey(SecretBox::new(Box::new(bytes)))
    }

    /// A key of its own for the same cipher.
    pub(super) fn duplicate(&self) -> Self {
        SealingKey::from_bytes(*self.0.expose_secret())
    }

    /// The bytes of the key file, for a backup.
    pub(crate) fn bytes(&self) -> &[u8; 32] {
        self.0.expose_secret()
    }

    /// Seals `plain`; it opens only under the same `name`. `None` when the system gives no random bytes.
    pub(super) fn seal(&self, name: &str, plain: &[u8]) -> Option<Vec<u8>> {
        let mut nonce = [0u8; NONCE];
        OsRng.try_fill_bytes(&mut nonce).ok()?;
        let payload = Payload { msg: plain, aad: &bound(name) };
        let sealed = self.cipher().encrypt(XNonce::from_slice(&nonce), payload).ok()?;
        let mut bytes = Vec::with_capacity(1 + NONCE + sealed.len());
        bytes.push(VERSION);
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        Some(bytes)
    }

    /// Opens what [`SealingKey::seal`] made, without the version byte; `None` when it does not open.
    pub(super) fn open(&self, name: &str, body: &[u8]) -> Option<SecretSlice<u8>> {
        let (nonce, sealed) = body.split_at_checked(NONCE)?;
        let payload = Payload { msg: sealed, aad: &bound(name) };
        let plain = self.cipher().decrypt(XNonce::from_slice(nonce), payload).ok()?;
        Some(SecretSlice::from(plain))
    }

    fn cipher(&self) -> XChaCha20Poly1305 {
        XChaCha20Poly1305::new(self.0.expose_secret().into())
    }
}

/// A sealed value cannot be moved to another name.
fn bound(name: &str) -> Vec<u8> {
    [b"platen secret 1 ".as_slice(), name.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn open(key: &SealingKey, name: &str, sealed: &[u8]) -> Option<Vec<u8>> {
        key.open(name, &sealed[1..]).map(|plain| plain.expose_secret().to_vec())
    }

    #[test]
    fn a_secret_opens_only_with_its_key_and_under_its_name() {
        let key = SealingKey::from_bytes([7; 32]);
        let sealed = key.seal("hall-a", b"link key").unwrap();
        assert!(!sealed.windows(8).any(|part| part == b"link key"));
        assert_eq!(open(&key, "hall-a", &sealed), Some(b"link key".to_vec()));
        assert_eq!(open(&key, "hall-b", &sealed), None);
        assert_eq!(open(&SealingKey::from_bytes([8; 32]), "hall-a", &sealed), None);
    }

    #[test]
    fn an_altered_secret_does_not_open() {
        let key = SealingKey::from_bytes([7; 32]);
        let sealed = key.seal("hall-a", b"link key").unwrap();
        for place in 1..sealed.len() {
            let mut altered = sealed.clone();
            altered[place] ^= 1;
            assert_eq!(open(&key, "hall-a", &altered), None);
        }
        assert_eq!(key.open("hall-a", &[]).map(|_| ()), None);
    }

    #[test]
    fn the_same_secret_is_never_sealed_alike() {
        let key = SealingKey::from_bytes([7; 32]);
        assert_ne!(key.seal("hall-a", b"link key"), key.seal("hall-a", b"link key"));
    }
}
