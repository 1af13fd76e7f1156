//! AES-CCM with a 128-bit key, a nonce of 13 bytes and a seal of 4 (RFC 3610, M = 4, L = 2): what our adverts and
//! BTHome's have in common.

use aes::Aes128;
use ccm::aead::AeadInOut;
use ccm::consts::{U4, U13};
use ccm::{Ccm, KeyInit};
use zeroize::Zeroizing;

type Cipher = Ccm<Aes128, U4, U13>;

/// Bytes of a seal.
pub(super) const TAG: usize = 4;

/// A 128-bit key. Neither shown nor written out; zeroed when dropped.
#[derive(Clone)]
pub struct Key(Zeroizing<[u8; 16]>);

/// The seal is not one of that key: another key, another message, or a changed one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadSeal;

impl Key {
    /// These bytes.
    #[must_use]
    pub fn new(bytes: [u8; 16]) -> Self {
        Key(Zeroizing::new(bytes))
    }

    /// The bytes, for the one place that hands them on.
    #[must_use]
    pub fn expose(&self) -> &[u8; 16] {
        &self.0
    }

    fn cipher(&self) -> Cipher {
        Cipher::new((&*self.0).into())
    }

    /// Encrypts in place and gives the seal. A nonce must never be used twice with a key.
    pub(crate) fn seal(&self, nonce: [u8; 13], clear: &[u8], bytes: &mut [u8]) -> Result<[u8; TAG], BadSeal> {
        let tag = self.cipher().encrypt_inout_detached(&nonce.into(), clear, bytes.into());
        tag.map(Into::into).map_err(|_| BadSeal)
    }

    /// Decrypts in place, if the seal is good; otherwise the bytes become zeros.
    pub(super) fn open(
        &self,
        nonce: [u8; 13],
        clear: &[u8],
        bytes: &mut [u8],
        tag: [u8; TAG],
    ) -> Result<(), BadSeal> {
        let opened = self.cipher().decrypt_inout_detached(&nonce.into(), clear, bytes.into(), &tag.into());
        opened.map_err(|_| BadSeal)
    }
}
