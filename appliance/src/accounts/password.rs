//! What a password must be, and what is kept of it.

use std::fmt;

use argon2::password_hash::{PasswordHash as Parsed, SaltString};
use argon2::{Algorithm, Argon2, Params, PasswordHasher, PasswordVerifier, Version};
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Shortest password, in characters.
const SHORTEST: usize = 10;
/// Longest password, in characters: what a long sentence needs, and no way to make the box hash megabytes.
const LONGEST: usize = 128;

/// Memory of one hash, KiB. 19 MiB with two passes is the least that OWASP's password storage cheat sheet
/// gives for argon2id; the box has 2 GB for everything and hashes one password at a time, so that the whole
/// stays below its 128 MB. A guesser with a graphics card is held up by the memory, not by the passes.
const MEMORY_KIB: u32 = 19 * 1024;
/// Passes over that memory; with it, some 30 ms on the box.
const PASSES: u32 = 2;
/// Lanes: one, because the other core belongs to the radio.
const LANES: u32 = 1;

/// What guessers try first, of all that the rules for length, letters and numbers let through.
const COMMON: &str = include_str!("common-passwords.txt");

/// Why a text cannot be a password; safe to show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordError {
    /// Fewer than 10 or more than 128 characters.
    #[error("a password has 10 to 128 characters")]
    Length,
    /// Letters and numbers are both needed.
    #[error("a password has letters and numbers")]
    LettersAndNumbers,
    /// Guessers try it among the first.
    #[error("this password is one of the most common")]
    Common,
}

/// Why a password could not be hashed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("hash a password: {0}")]
pub struct HashPassword(String);

/// A password that keeps the rules. Neither shown nor written out; zeroed when dropped.
pub struct Password(SecretString);

impl Password {
    /// Holds a text against the rules: 10 to 128 characters, letters and numbers among them, none of the most common.
    ///
    /// # Errors
    /// The rule that is broken.
    pub fn choose(text: SecretString) -> Result<Self, PasswordError> {
        let chars = || text.expose_secret().chars();
        if !(SHORTEST..=LONGEST).contains(&chars().count()) {
            return Err(PasswordError::Length);
        }
        if !chars().any(char::is_alphabetic) || !chars().any(char::is_numeric) {
            return Err(PasswordError::LettersAndNumbers);
        }
        if is_common(text.expose_secret()) {
            return Err(PasswordError::Common);
        }
        Ok(Password(text))
    }
}

/// Whether it is on the list, in whatever mixture of large and small letters.
fn is_common(text: &str) -> bool {
    let small = Zeroizing::new(text.to_lowercase());
    COMMON.lines().filter(|line| !line.starts_with('#')).any(|common| common == small.as_str())
}

/// What is kept of a password: argon2id's text with its parameters and salt. Not shown.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PasswordHash(String);

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(..)")
    }
}

fn argon2() -> Result<Argon2<'static>, HashPassword> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|e| HashPassword(e.to_string()))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

/// Hashes a password with a random salt. Takes tens of milliseconds and 19 MiB: never on a thread that serves others.
///
/// # Errors
/// The library refuses; not because of what the password is.
pub fn hash(password: &Password, salt: [u8; 16]) -> Result<PasswordHash, HashPassword> {
    let salt = SaltString::encode_b64(&salt).map_err(|e| HashPassword(e.to_string()))?;
    let hash = argon2()?
        .hash_password(password.0.expose_secret().as_bytes(), &salt)
        .map_err(|e| HashPassword(e.to_string()))?;
    Ok(PasswordHash(hash.to_string()))
}

/// Whether `offered` is the password behind `kept`; costs the same whether it is or not.
///
/// A text that could never have been chosen is refused without looking: it is too long, or no password.
#[must_use]
pub fn verify(offered: &SecretString, kept: &PasswordHash) -> bool {
    // Longer than any password in UTF-8: the only thing told apart early, and it says nothing about `kept`.
    if offered.expose_secret().len() > LONGEST * 4 {
        return false;
    }
    let Ok(parsed) = Parsed::new(&kept.0) else { return false };
    argon2().is_ok_and(|argon2| argon2.verify_password(offered.expose_secret().as_bytes(), &parsed).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(text: &str) -> Result<Password, PasswordError> {
        Password::choose(text.to_owned().into())
    }

    #[test]
    fn a_password_has_10_to_128_characters_with_letters_and_numbers() {
        assert!(chosen("press hal1").is_ok());
        assert!(chosen(&format!("{}1", "a".repeat(127))).is_ok());
        assert!(chosen("пресс-форма 7").is_ok());
        assert_eq!(chosen("abcdefgh1").err(), Some(PasswordError::Length));
        assert_eq!(chosen(&format!("{}1", "a".repeat(128))).err(), Some(PasswordError::Length));
        assert_eq!(chosen("abcdefghij").err(), Some(PasswordError::LettersAndNumbers));
        assert_eq!(chosen("1234567890").err(), Some(PasswordError::LettersAndNumbers));
    }

    #[test]
    fn a_common_password_is_refused_however_it_is_written() {
        for text in ["password12", "PassWord12", "1q2w3e4r5t", "qwerty12345"] {
            assert_eq!(chosen(text).err(), Some(PasswordError::Common), "{text}");
        }
        assert!(chosen("password12 of hall 7").is_ok());
    }

    #[test]
    fn the_list_has_only_what_the_other_rules_let_through() {
        let list: Vec<&str> = COMMON.lines().filter(|line| !line.starts_with('#')).collect();
        assert!(list.len() > 1_000, "{} are no list", list.len());
        for common in list {
            assert_eq!(chosen(common).err(), Some(PasswordError::Common), "{common}");
            assert_eq!(common, common.to_lowercase());
        }
    }

    #[test]
    fn only_the_same_password_fits_its_hash() {
        let kept = hash(&chosen("correct horse 1").unwrap(), [7; 16]).unwrap();
        assert!(verify(&"correct horse 1".to_owned().into(), &kept));
        assert!(!verify(&"correct horse 2".to_owned().into(), &kept));
        assert!(!verify(&"a".repeat(1 << 20).into(), &kept));
    }

    #[test]
    fn another_salt_gives_another_hash() {
        let password = chosen("correct horse 1").unwrap();
        assert_ne!(hash(&password, [1; 16]).unwrap(), hash(&password, [2; 16]).unwrap());
    }

    #[test]
    fn a_hash_is_argon2id_and_never_shown() {
        let kept = hash(&chosen("correct horse 1").unwrap(), [7; 16]).unwrap();
        assert!(kept.0.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert_eq!(format!("{kept:?}"), "PasswordHash(..)");
    }
}
