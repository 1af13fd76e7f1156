//! The file `keys`, as bytes: the store's keys wrapped under a master key. No I/O but for random bytes.
//!
//! ```text
//! "platen keys 1\n"
//! 0                                                       the master key is a key
//! 1, salt (16), memory in KiB, passes, lanes (32 bits)    it is argon2id of a passphrase
//! nonce (24)
//! XChaCha20-Poly1305 of one or two times 96 bytes; all that stands before the nonce is bound to it
//! SHA-256 of all that (32), which tells damage from a wrong key
//! ```
//! Numbers have their low byte first. There are two sets of keys only while the store is written anew: the second is
//! for the file that is to take the first one's place.

use argon2::{Algorithm, Argon2, Params, Version};
use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{XChaCha20Poly1305, XNonce};
use rand::TryRngCore;
use rand::rngs::OsRng;
use secrecy::{ExposeSecret, SecretBox, SecretString};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

use crate::store::StoreKeys;

const NAME: &[u8] = b"platen keys ";
const VERSION: u8 = b'1';
const NONCE: usize = 24;
const DIGEST: usize = 32;

/// Memory of argon2id in KiB, its passes and lanes for a new file. Once at each start, so it may cost more than a
/// log-in; it is given back before the box has anything else in memory.
const USUAL: (u32, u32, u32) = (64 * 1024, 3, 1);
/// A damaged or malicious file does not take the machine with it.
const MOST: (u32, u32, u32) = (1024 * 1024, 64, 16);

/// What unwraps the keys.
pub(super) enum Master {
    Key(SecretBox<[u8; 32]>),
    Passphrase(SecretString),
}

/// The keys of a store.
pub(super) struct Ring {
    pub(super) current: StoreKeys,
    /// Those of the file that is to take the place of the present one.
    pub(super) next: Option<StoreKeys>,
}

/// Why keys could not be wrapped.
#[derive(Debug, thiserror::Error)]
pub enum Wrap {
    /// The system gives no random bytes.
    #[error("draw random bytes")]
    Random(#[from] rand::rand_core::OsError),
    /// A library refuses.
    #[error("the cipher refuses: {0}")]
    Cipher(String),
}

/// Why keys do not come out of the file.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unwrap {
    /// It is something else, or not what was written.
    #[error("the file is damaged, or no file of keys: put it back from a backup")]
    Damaged,
    /// A later version of this program wrote it.
    #[error("the file has version {found}; this program knows version 1: use a newer one")]
    Newer {
        /// Its version.
        found: char,
    },
    /// The other kind is needed.
    #[error("they are under a passphrase, and a key was given")]
    IsPassphrase,
    /// The other kind is needed.
    #[error("they are under a key, and a passphrase was given")]
    IsKey,
    /// It is not the one.
    #[error("it is not the one they were wrapped under; nothing was changed")]
    Wrong,
}

/// How the master key comes about.
#[derive(Clone, Copy)]
enum Lock {
    Key,
    Passphrase { salt: [u8; 16], memory_kib: u32, passes: u32, lanes: u32 },
}

impl Ring {
    /// The file's bytes.
    pub(super) fn wrap(&self, master: &Master) -> Result<Vec<u8>, Wrap> {
        self.wrap_at(master, USUAL)
    }

    /// With a passphrase that costs as much as is said.
    pub(super) fn wrap_at(
        &self,
        master: &Master,
        (memory_kib, passes, lanes): (u32, u32, u32),
    ) -> Result<Vec<u8>, Wrap> {
        let lock = match master {
            Master::Key(_) => Lock::Key,
            Master::Passphrase(_) => {
                let mut salt = [0; 16];
                OsRng.try_fill_bytes(&mut salt)?;
                Lock::Passphrase { salt, memory_kib, passes, lanes }
            }
        };
        let mut bytes = lock.header();
        let mut nonce = [0; NONCE];
        OsRng.try_fill_bytes(&mut nonce)?;
        let sets = [Some(&self.current), self.next.as_ref()];
        let mut plain = Zeroizing::new(Vec::with_capacity(2 * StoreKeys::LENGTH));
        for keys in sets.into_iter().flatten() {
            plain.extend_from_slice(keys.to_bytes().as_slice());
        }
        let key = lock.key(master).map_err(Wrap::Cipher)?;
        let sealed = XChaCha20Poly1305::new((&*key).into())
            .encrypt(XNonce::from_slice(&nonce), Payload { msg: &plain, aad: &bytes })
            .map_err(|error| Wrap::Cipher(error.to_string()))?;
        bytes.extend_from_slice(&nonce);
        bytes.extend_from_slice(&sealed);
        let digest = Sha256::digest(&bytes);
        bytes.extend_from_slice(&digest);
        Ok(bytes)
    }

    /// What a passphrase to these bytes would cost, KiB gone through; `None` without one.
    #[cfg(any(test, fuzzing))]
    pub(super) fn cost(bytes: &[u8]) -> Option<u64> {
        match Lock::read(bytes)? {
            (Lock::Passphrase { memory_kib, passes, .. }, _) => {
                Some(u64::from(memory_kib) * u64::from(passes))
            }
            (Lock::Key, _) => None,
        }
    }

    /// The keys in the file's bytes.
    pub(super) fn unwrap(bytes: &[u8], master: &Master) -> Result<Ring, Unwrap> {
        let (body, digest) = bytes.split_last_chunk::<DIGEST>().ok_or(Unwrap::Damaged)?;
        if Sha256::digest(body).as_slice() != digest {
            return Err(Unwrap::Damaged);
        }
        match body.strip_prefix(NAME) {
            Some([VERSION, b'\n', ..]) => {}
            Some([found, b'\n', ..]) => return Err(Unwrap::Newer { found: char::from(*found) }),
            _ => return Err(Unwrap::Damaged),
        }
        let (lock, length) = Lock::read(body).ok_or(Unwrap::Damaged)?;
        let (header, rest) = body.split_at_checked(length).ok_or(Unwrap::Damaged)?;
        let (nonce, sealed) = rest.split_at_checked(NONCE).ok_or(Unwrap::Damaged)?;
        match (lock, master) {
            (Lock::Key, Master::Passphrase(_)) => return Err(Unwrap::IsKey),
            (Lock::Passphrase { .. }, Master::Key(_)) => return Err(Unwrap::IsPassphrase),
            _ => {}
        }
        let key = lock.key(master).map_err(|_| Unwrap::Damaged)?;
        let plain = XChaCha20Poly1305::new((&*key).into())
            .decrypt(XNonce::from_slice(nonce), Payload { msg: sealed, aad: header })
            .map_err(|_| Unwrap::Wrong)?;
        let plain = Zeroizing::new(plain);
        let (sets, []) = plain.as_chunks::<{ StoreKeys::LENGTH }>() else { return Err(Unwrap::Damaged) };
        match sets {
            [one] => Ok(Ring { current: StoreKeys::from_bytes(*one), next: None }),
            [one, two] => {
                Ok(Ring { current: StoreKeys::from_bytes(*one), next: Some(StoreKeys::from_bytes(*two)) })
            }
            _ => Err(Unwrap::Damaged),
        }
    }
}

impl Lock {
    fn header(&self) -> Vec<u8> {
        let mut bytes = [NAME, &[VERSION, b'\n']].concat();
        match self {
            Lock::Key => bytes.push(0),
            Lock::Passphrase { salt, memory_kib, passes, lanes } => {
                bytes.push(1);
                bytes.extend_from_slice(salt);
                for number in [memory_kib, passes, lanes] {
                    bytes.extend_from_slice(&number.to_le_bytes());
                }
            }
        }
        bytes
    }

    /// What stands in the file, and how long it is with all before it.
    fn read(body: &[u8]) -> Option<(Lock, usize)> {
        let begin = NAME.len() + 2;
        let (kind, rest) = body.get(begin..)?.split_first()?;
        match kind {
            0 => Some((Lock::Key, begin + 1)),
            1 => {
                let (salt, rest) = rest.split_first_chunk::<16>()?;
                let (memory_kib, rest) = rest.split_first_chunk::<4>()?;
                let (passes, rest) = rest.split_first_chunk::<4>()?;
                let (lanes, _) = rest.split_first_chunk::<4>()?;
                let (memory_kib, passes, lanes) = (
                    u32::from_le_bytes(*memory_kib),
                    u32::from_le_bytes(*passes),
                    u32::from_le_bytes(*lanes),
                );
                let bearable = memory_kib <= MOST.0 && passes <= MOST.1 && lanes <= MOST.2;
                let lock = Lock::Passphrase { salt: *salt, memory_kib, passes, lanes };
                bearable.then_some((lock, begin + 1 + 16 + 12))
            }
            _ => None,
        }
    }

    /// The key that wraps. With a passphrase it takes a while and much memory.
    fn key(&self, master: &Master) -> Result<Zeroizing<[u8; 32]>, String> {
        match (self, master) {
            (Lock::Passphrase { salt, memory_kib, passes, lanes }, Master::Passphrase(passphrase)) => {
                let mut key = Zeroizing::new([0; 32]);
                let params = Params::new(*memory_kib, *passes, *lanes, Some(key.len()));
                let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.map_err(text)?);
                argon2
                    .hash_password_into(passphrase.expose_secret().as_bytes(), salt, key.as_mut_slice())
                    .map_err(text)?;
                Ok(key)
            }
            (Lock::Key, Master::Key(key)) => Ok(Zeroizing::new(*key.expose_secret())),
            _ => Err("the master key is of the other kind".to_owned()),
        }
    }
}

fn text(error: argon2::Error) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(byte: u8) -> Master {
        Master::Key(SecretBox::new(Box::new([byte; 32])))
    }

    fn passphrase(text: &str) -> Master {
        Master::Passphrase(text.into())
    }

    fn ring() -> Ring {
        Ring { current: StoreKeys::from_bytes([1; 96]), next: Some(StoreKeys::from_bytes([2; 96])) }
    }

    fn bytes(ring: &Ring) -> Vec<[u8; 96]> {
        [Some(&ring.current), ring.next.as_ref()].into_iter().flatten().map(|keys| *keys.to_bytes()).collect()
    }

    fn refused(bytes: &[u8], master: &Master) -> Option<Unwrap> {
        Ring::unwrap(bytes, master).err()
    }

    #[test]
    fn keys_come_out_under_their_master_key_and_under_no_other() {
        for (right, wrong, other) in [
            (key(1), key(2), (passphrase("a long sentence"), Unwrap::IsKey)),
            (passphrase("a long sentence"), passphrase("a long sentence."), (key(1), Unwrap::IsPassphrase)),
        ] {
            let wrapped = ring().wrap(&right).unwrap();
            assert_eq!(bytes(&Ring::unwrap(&wrapped, &right).unwrap()), [[1; 96], [2; 96]]);
            assert_eq!(refused(&wrapped, &wrong), Some(Unwrap::Wrong));
            assert_eq!(refused(&wrapped, &other.0), Some(other.1));
            assert_ne!(ring().wrap(&right).unwrap(), wrapped);
            let one = Ring { next: None, ..ring() };
            let one = one.wrap(&right).unwrap();
            assert_eq!(bytes(&Ring::unwrap(&one, &right).unwrap()), [[1; 96]]);
        }
    }

    #[test]
    fn damage_is_told_from_a_wrong_key() {
        let wrapped = ring().wrap(&key(1)).unwrap();
        for place in 0..wrapped.len() {
            let mut altered = wrapped.clone();
            altered[place] ^= 1;
            assert_eq!(refused(&altered, &key(1)), Some(Unwrap::Damaged), "byte {place}");
            assert_eq!(refused(&wrapped[..place], &key(1)), Some(Unwrap::Damaged), "cut at {place}");
        }
    }

    /// Whoever can write the file can also write its digest.
    #[test]
    fn an_altered_file_with_a_right_digest_opens_nothing_and_takes_no_machine_along() {
        let again = |mut body: Vec<u8>| {
            let digest = Sha256::digest(&body);
            body.extend_from_slice(&digest);
            body
        };
        let wrapped = ring().wrap(&passphrase("a long sentence")).unwrap();
        let body = wrapped[..wrapped.len() - DIGEST].to_vec();
        let mut newer = body.clone();
        newer[NAME.len()] = b'2';
        assert_eq!(refused(&again(newer), &key(1)), Some(Unwrap::Newer { found: '2' }));
        let begin = NAME.len() + 3 + 16;
        for place in [begin + 3, begin + 7, begin + 11] {
            let mut costly = body.clone();
            costly[place] = 0xFF;
            assert_eq!(refused(&again(costly), &passphrase("a long sentence")), Some(Unwrap::Damaged));
        }
        let mut sealed = body.clone();
        *sealed.last_mut().unwrap() ^= 1;
        assert_eq!(refused(&again(sealed), &passphrase("a long sentence")), Some(Unwrap::Wrong));
    }
}
