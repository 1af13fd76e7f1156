//! The name someone signs in with.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// Why a text cannot be a person's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a name is 1 to 64 printable characters without blanks at either end")]
pub struct UserNameError;

/// The name someone signs in with: 1 to 64 printable characters. Large and small letters are the same person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct UserName(String);

impl UserName {
    /// As its owner wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The same for every way of writing the name in large and small letters.
    #[must_use]
    pub fn key(&self) -> String {
        self.0.to_lowercase()
    }
}

impl FromStr for UserName {
    type Err = UserNameError;

    fn from_str(text: &str) -> Result<Self, UserNameError> {
        let length = text.chars().count();
        let fits = (1..=64).contains(&length) && text.trim() == text && !text.chars().any(char::is_control);
        if fits { Ok(UserName(text.to_owned())) } else { Err(UserNameError) }
    }
}

impl TryFrom<String> for UserName {
    type Error = UserNameError;

    fn try_from(text: String) -> Result<Self, UserNameError> {
        text.parse()
    }
}

impl From<UserName> for String {
    fn from(name: UserName) -> String {
        name.0
    }
}

impl fmt::Display for UserName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_and_small_letters_are_the_same_person() {
        let name: UserName = "Marta Koch".parse().unwrap();
        assert_eq!(name.key(), "MARTA koch".parse::<UserName>().unwrap().key());
        assert_eq!(name.as_str(), "Marta Koch");
    }

    #[test]
    fn an_odd_name_is_refused() {
        for text in ["", " ", " marta", "marta ", "a\nb", "a\u{0}b", &"a".repeat(65)] {
            assert_eq!(text.parse::<UserName>(), Err(UserNameError), "{text:?}");
        }
    }
}
