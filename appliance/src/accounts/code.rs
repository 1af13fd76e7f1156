//! One-time codes: the one on the console that makes whoever reads it the first administrator, and those that
//! administrators give to people.

use std::fmt;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// No 0 and O, 1, I and L, U and V: read aloud or copied by hand, each is itself. 30 letters, 16 of them: 78 bits.
const ALPHABET: &[u8; 30] = b"23456789ABCDEFGHJKMNPQRSTVWXYZ";
const LETTERS: usize = 16;

/// A code in clear, for whoever is to have it and nobody else. Not `Debug`.
pub struct Code(String);

/// What is kept of a code. So random a code needs no slow hash.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeHash(pub [u8; 32]);

impl fmt::Debug for CodeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CodeHash(..)")
    }
}

impl Code {
    /// Drawn from random bytes, one at a time; every letter is equally likely.
    ///
    /// # Errors
    /// What `random` says when it has none.
    pub fn draw<E>(mut random: impl FnMut() -> Result<u8, E>) -> Result<Self, E> {
        // Bytes from the largest multiple of 30 on are drawn again.
        let fair = 256 / ALPHABET.len() * ALPHABET.len();
        let mut letters = String::with_capacity(LETTERS);
        while letters.len() < LETTERS {
            let byte = usize::from(random()?);
            let letter = ALPHABET.get(byte % ALPHABET.len()).filter(|_| byte < fair);
            letters.extend(letter.map(|letter| char::from(*letter)));
        }
        Ok(Code(letters))
    }

    /// In groups of four, as people copy it.
    #[must_use]
    pub fn for_people(&self) -> String {
        self.0.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join("-")
    }

    /// What is kept of it.
    #[must_use]
    pub fn hash(&self) -> CodeHash {
        CodeHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl CodeHash {
    /// Of what a person typed. Blanks, dashes and small letters do not matter.
    #[must_use]
    pub fn of_typed(typed: &str) -> Self {
        let letters: String = typed
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .take(LETTERS + 1)
            .map(|c| c.to_ascii_uppercase())
            .collect();
        CodeHash(Sha256::digest(letters.as_bytes()).into())
    }

    /// Whether a person typed that code; takes the same time for every wrong one.
    #[must_use]
    pub fn fits(&self, typed: &str) -> bool {
        CodeHash::of_typed(typed).0.ct_eq(&self.0).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code() -> Code {
        let mut n = 0u8;
        let drawn = Code::draw(|| {
            n = n.wrapping_add(83);
            Ok::<_, ()>(n)
        });
        drawn.unwrap()
    }

    #[test]
    fn every_letter_is_equally_likely() {
        let mut byte = 0u8;
        let mut counts = std::collections::BTreeMap::<char, u32>::new();
        // 15 codes have the 240 letters that all bytes make.
        for _ in 0..15 {
            let drawn = Code::draw(|| {
                byte = byte.wrapping_add(1);
                Ok::<_, ()>(byte.wrapping_sub(1))
            });
            drawn.unwrap().0.chars().for_each(|letter| *counts.entry(letter).or_default() += 1);
        }
        assert_eq!(counts.len(), ALPHABET.len());
        assert!(counts.values().all(|count| *count == 8), "{counts:?}");
        assert_eq!(Code::draw(|| Err("no")).err(), Some("no"));
    }

    #[test]
    fn a_code_is_four_groups_of_four_clear_letters() {
        let shown = code().for_people();
        assert_eq!(shown.len(), 19);
        assert_eq!(shown.split('-').map(str::len).collect::<Vec<_>>(), [4, 4, 4, 4]);
        assert!(!shown.contains(['0', 'O', '1', 'I', 'L', 'U']));
    }

    #[test]
    fn a_code_fits_however_it_is_typed() {
        let shown = code().for_people();
        let kept = code().hash();
        assert!(kept.fits(&shown));
        assert!(kept.fits(&shown.to_lowercase().replace('-', " ")));
    }

    #[test]
    fn another_code_does_not_fit() {
        let shown = code().for_people();
        let kept = code().hash();
        assert!(!kept.fits(""));
        assert!(!kept.fits(shown.get(..18).unwrap()));
        assert!(!kept.fits(&format!("{shown}2")));
        assert!(!kept.fits(&shown.chars().rev().collect::<String>()));
    }
}
