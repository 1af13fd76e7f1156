//! The one-time code on the console that makes whoever reads it the first administrator.

use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// No 0 and O, 1, I and L, U and V: read aloud or copied by hand, each is itself. 30 letters, 16 of them: 78 bits.
const ALPHABET: &[u8; 30] = b"23456789ABCDEFGHJKMNPQRSTVWXYZ";
const LETTERS: usize = 16;

/// A code in clear, for the console only. Not `Debug`.
pub struct SetupCode(String);

/// What is kept of a code.
#[derive(Clone)]
pub struct SetupCodeHash([u8; 32]);

impl SetupCode {
    /// From random numbers below 30, which the caller draws.
    #[must_use]
    pub fn from_random(mut below: impl FnMut(usize) -> usize) -> Self {
        let letters =
            (0..LETTERS).filter_map(|_| ALPHABET.get(below(ALPHABET.len()))).map(|&b| char::from(b));
        SetupCode(letters.collect())
    }

    /// In groups of four, as people copy it.
    #[must_use]
    pub fn for_console(&self) -> String {
        self.0.as_bytes().chunks(4).map(String::from_utf8_lossy).collect::<Vec<_>>().join("-")
    }

    /// What is kept of it.
    #[must_use]
    pub fn hash(&self) -> SetupCodeHash {
        SetupCodeHash(Sha256::digest(self.0.as_bytes()).into())
    }
}

impl SetupCodeHash {
    /// Whether a person typed that code. Blanks, dashes and small letters do not matter; takes the same time for
    /// every wrong code.
    #[must_use]
    pub fn fits(&self, typed: &str) -> bool {
        let letters: String = typed
            .chars()
            .filter(|c| !c.is_whitespace() && *c != '-')
            .take(LETTERS + 1)
            .map(|c| c.to_ascii_uppercase())
            .collect();
        Sha256::digest(letters.as_bytes()).as_slice().ct_eq(&self.0).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code() -> SetupCode {
        let mut n = 0;
        SetupCode::from_random(|below| {
            n += 7;
            n % below
        })
    }

    #[test]
    fn a_code_is_four_groups_of_four_clear_letters() {
        let shown = code().for_console();
        assert_eq!(shown.len(), 19);
        assert_eq!(shown.split('-').map(str::len).collect::<Vec<_>>(), [4, 4, 4, 4]);
        assert!(!shown.contains(['0', 'O', '1', 'I', 'L', 'U']));
    }

    #[test]
    fn a_code_fits_however_it_is_typed() {
        let shown = code().for_console();
        let kept = code().hash();
        assert!(kept.fits(&shown));
        assert!(kept.fits(&shown.to_lowercase().replace('-', " ")));
    }

    #[test]
    fn another_code_does_not_fit() {
        let shown = code().for_console();
        let kept = code().hash();
        assert!(!kept.fits(""));
        assert!(!kept.fits(shown.get(..18).unwrap()));
        assert!(!kept.fits(&format!("{shown}2")));
        assert!(!kept.fits(&shown.chars().rev().collect::<String>()));
    }
}
