//! AES-CCM with a 128-bit key and a nonce of 13 bytes (RFC 3610, L = 2): with a seal of 4 bytes what our adverts and BTHome's
//! have in common, with one of 8 the sealed channel's.

use aes::Aes128;
use aes::cipher::BlockCipherEncrypt;
use ccm::aead::AeadInOut;
use ccm::consts::{U4, U8, U13};
use ccm::{Ccm, KeyInit};
use zeroize::Zeroizing;

type Cipher = Ccm<Aes128, U4, U13>;

type LongCipher = Ccm<Aes128, U8, U13>;

/// Bytes of a seal.
pub(super) const TAG: usize = 4;
/// Bytes of a long seal.
pub(super) const LONG_TAG: usize = 8;

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

    /// Another key, for another purpose or another time: what a block of 16 bytes becomes under this one.
    pub(super) fn derive(&self, block: [u8; 16]) -> Self {
        let mut derived = Zeroizing::new(block);
        Aes128::new((&*self.0).into()).encrypt_block((&mut *derived).into());
        Key(derived)
    }

    /// Encrypts and appends the long seal. A nonce must never be used twice with a key.
    pub(super) fn seal_long(
        &self,
        nonce: [u8; 13],
        clear: &[u8],
        mut bytes: Vec<u8>,
    ) -> Result<Vec<u8>, BadSeal> {
        let cipher = LongCipher::new((&*self.0).into());
        let tag = cipher.encrypt_inout_detached(&nonce.into(), clear, bytes.as_mut_slice().into());
        bytes.extend(tag.map_err(|_| BadSeal)?);
        Ok(bytes)
    }

    /// What was sealed with the long seal at its end.
    pub(super) fn open_long(&self, nonce: [u8; 13], clear: &[u8], bytes: &[u8]) -> Result<Vec<u8>, BadSeal> {
        let (sealed, tag) = bytes.split_last_chunk::<LONG_TAG>().ok_or(BadSeal)?;
        let mut opened = sealed.to_vec();
        let cipher = LongCipher::new((&*self.0).into());
        let done =
            cipher.decrypt_inout_detached(&nonce.into(), clear, opened.as_mut_slice().into(), tag.into());
        done.map(|()| opened).map_err(|_| BadSeal)
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
