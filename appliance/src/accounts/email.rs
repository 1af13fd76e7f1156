//! Where a person is written to.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// The longest address that mail has (RFC 5321, errata 1690).
const LONGEST: usize = 254;

/// Why a text cannot be an e-mail address.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("an e-mail address has a part before and a part after one @, no blanks, and 254 characters at most")]
pub struct EmailError;

/// An e-mail address, for people to reach each other: the box sends no mail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Email(String);

impl Email {
    /// The address.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Email {
    type Err = EmailError;

    fn from_str(text: &str) -> Result<Self, EmailError> {
        let odd = |c: char| c.is_whitespace() || c.is_control();
        let fits = text.len() <= LONGEST && !text.contains(odd);
        match text.split_once('@') {
            Some((before, after))
                if fits && !before.is_empty() && !after.is_empty() && !after.contains('@') =>
            {
                Ok(Email(text.to_owned()))
            }
            _ => Err(EmailError),
        }
    }
}

impl TryFrom<String> for Email {
    type Error = EmailError;

    fn try_from(text: String) -> Result<Self, EmailError> {
        text.parse()
    }
}

impl From<Email> for String {
    fn from(email: Email) -> String {
        email.0
    }
}

impl fmt::Display for Email {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_two_parts_and_no_blanks() {
        for text in ["marta@plant.example", "m@box", "marta.koch+press@plant.example", "märta@plant.example"]
        {
            assert_eq!(text.parse::<Email>().map(String::from).as_deref(), Ok(text));
        }
        let long = format!("m@{}", "a".repeat(253));
        for text in ["", "marta", "@plant", "marta@", "a@b@c", "a b@c", "a@b\n", long.as_str()] {
            assert_eq!(text.parse::<Email>(), Err(EmailError), "{text:?}");
        }
    }
}
