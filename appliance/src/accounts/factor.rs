//! The second factor: codes that an app on somebody's telephone makes from the time (RFC 6238), and recovery codes for
//! whoever lost the telephone.

use std::fmt::Write;

use domain::Timestamp;
use hmac::{Hmac, KeyInit, Mac};
use secrecy::{ExposeSecret, SecretBox};
use serde::{Deserialize, Serialize};
use sha1::Sha1;
use subtle::ConstantTimeEq;

use super::{CodeHash, UserName};

/// A code is good for so long, ms: what every app takes for granted.
const STEP_MS: i64 = 30_000;
/// Six digits, as every app shows.
const MODULUS: u32 = 1_000_000;
/// Letters of RFC 4648, in which apps take a secret that is typed.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// What app and box share: 160 random bits, as long as the hash (RFC 4226, 4). HMAC with SHA-1 is what apps speak; what
/// is broken of SHA-1 (collisions) is of no use against it. Neither shown nor written out in clear; zeroed when dropped.
pub struct FactorSecret(SecretBox<[u8; FactorSecret::LENGTH]>);

impl FactorSecret {
    /// Bytes of a secret.
    pub const LENGTH: usize = 20;

    /// From random bytes.
    #[must_use]
    pub fn from_random(bytes: [u8; Self::LENGTH]) -> Self {
        FactorSecret(SecretBox::new(Box::new(bytes)))
    }

    /// From what was sealed; nothing where that is none.
    #[must_use]
    pub fn from_sealed(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self::from_random)
    }

    /// For who seals it.
    pub(crate) fn expose(&self) -> &[u8] {
        self.0.expose_secret()
    }

    /// As people type it into an app, in groups of four letters.
    #[must_use]
    pub fn for_people(&self) -> String {
        let letters = base32(self.expose());
        letters.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join(" ")
    }

    /// As an app reads it from a picture.
    #[must_use]
    pub fn for_apps(&self, name: &UserName) -> String {
        let mut label = String::new();
        for byte in name.as_str().bytes() {
            if byte.is_ascii_alphanumeric() {
                label.push(char::from(byte));
            } else {
                // Writing to a string cannot fail.
                let _ = write!(label, "%{byte:02X}");
            }
        }
        format!("otpauth://totp/Platen:{label}?secret={}&issuer=Platen", base32(self.expose()))
    }

    /// The step whose code was typed: the one of `now`, the one before or the one after it, for clocks and fingers are
    /// slow; and later than the last one that was used, so that no code is good twice.
    #[must_use]
    pub fn step_of(&self, typed: &str, now: Timestamp, used: Option<u64>) -> Option<u64> {
        let digits: String = typed.chars().filter(|c| !c.is_whitespace()).take(7).collect();
        if digits.len() != 6 || !digits.bytes().all(|digit| digit.is_ascii_digit()) {
            return None;
        }
        let typed: u32 = digits.parse().ok()?;
        let present = u64::try_from(now.as_millis().div_euclid(STEP_MS)).ok()?;
        let mut found = None;
        // All three are worked out whatever fits.
        for step in present.saturating_sub(1)..=present.saturating_add(1) {
            let fits = bool::from(self.code(step)?.ct_eq(&typed));
            if fits && used.is_none_or(|used| step > used) {
                found = found.or(Some(step));
            }
        }
        found
    }

    /// The code of a step (RFC 4226, 5.3).
    fn code(&self, step: u64) -> Option<u32> {
        let mut mac = Hmac::<Sha1>::new_from_slice(self.expose()).ok()?;
        mac.update(&step.to_be_bytes());
        let hash: [u8; 20] = mac.finalize().into_bytes().into();
        let at = usize::from(hash[19] & 0xF);
        let bytes: [u8; 4] = hash.get(at..at + 4)?.try_into().ok()?;
        Some((u32::from_be_bytes(bytes) & 0x7FFF_FFFF) % MODULUS)
    }
}

fn base32(bytes: &[u8]) -> String {
    let mut letters = String::with_capacity(bytes.len().div_ceil(5) * 8);
    for five in bytes.chunks(5) {
        let mut group = [0u8; 8];
        group.iter_mut().skip(3).zip(five).for_each(|(place, byte)| *place = *byte);
        let group = u64::from_be_bytes(group);
        for letter in (0..8).rev() {
            let place = usize::try_from((group >> (letter * 5)) & 0x1F).unwrap_or_default();
            letters.extend(BASE32.get(place).map(|letter| char::from(*letter)));
        }
    }
    letters
}

/// What is kept of somebody's second factor beside its secret, which is sealed. Key: [`UserName::key`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Factor {
    /// Since when.
    pub since: Timestamp,
    /// The step of the last code that was used: it and those before it are good no more.
    pub used: u64,
    /// Recovery codes that are left, each good once.
    pub recovery: Vec<CodeHash>,
}

impl Factor {
    /// So many recovery codes there are at first.
    pub const RECOVERY: usize = 10;

    /// The name of the sealed secret.
    #[must_use]
    pub fn secret_name(name: &UserName) -> String {
        format!("factor/{}", name.key())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> FactorSecret {
        FactorSecret::from_random(*b"12345678901234567890")
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_millis(seconds * 1_000)
    }

    /// RFC 6238, appendix B, SHA-1; the last six of its eight digits.
    #[test]
    fn codes_are_those_of_the_standard() {
        for (seconds, code) in [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ] {
            let step = u64::try_from(seconds / 30).unwrap();
            assert_eq!(secret().step_of(code, at(seconds), None), Some(step), "{seconds}");
        }
    }

    #[test]
    fn a_code_is_good_one_step_before_and_after_and_no_further() {
        let code = "287082";
        for (seconds, good) in [(-1, false), (0, true), (29, true), (59, true), (89, true), (90, false)] {
            assert_eq!(secret().step_of(code, at(seconds), None).is_some(), good, "{seconds}");
        }
    }

    #[test]
    fn a_code_that_was_used_is_good_no_more_nor_is_one_before_it() {
        assert_eq!(secret().step_of("287082", at(59), Some(1)), None);
        assert_eq!(secret().step_of("287082", at(59), Some(2)), None);
        assert_eq!(secret().step_of("287082", at(59), Some(0)), Some(1));
    }

    #[test]
    fn a_code_is_six_digits_and_blanks_do_not_matter() {
        assert!(secret().step_of(" 287 082 ", at(59), None).is_some());
        for odd in ["", "28708", "2870822", "+87082", "28708x", "٢٨٧٠٨٢"] {
            assert_eq!(secret().step_of(odd, at(59), None), None, "{odd}");
        }
    }

    /// RFC 4648, 10, as far as whole groups of five bytes go; secrets are four of them.
    #[test]
    fn a_secret_is_typed_and_photographed_in_base32() {
        assert_eq!(base32(b"fooba"), "MZXW6YTB");
        assert_eq!(secret().for_people(), "GEZD GNBV GY3T QOJQ GEZD GNBV GY3T QOJQ");
        assert_eq!(
            secret().for_apps(&"Marta Köch".parse().unwrap()),
            "otpauth://totp/Platen:Marta%20K%C3%B6ch?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Platen"
        );
    }
}
