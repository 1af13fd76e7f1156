//! Machines that come in by a token.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use domain::{Scope, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use zeroize::Zeroize;

use super::{Change, Register, TokenHash, Unfit};
use crate::audit::{Act, What};

/// Tokens begin so, that one which was left somewhere is known for what it is.
const BEGIN: &str = "platen-";
/// A token is good for so many days at most.
pub const LONGEST_DAYS: u16 = 1_095;
/// Far more machines than a plant has.
const MOST: usize = 200;

/// What a machine shows to be known: 256 random bits. Neither shown nor written out; zeroed when dropped.
pub struct MachineToken([u8; 32]);

impl MachineToken {
    /// From 32 random bytes.
    #[must_use]
    pub const fn from_random(bytes: [u8; 32]) -> Self {
        MachineToken(bytes)
    }

    /// From what a machine says: `platen-` and 64 hexadecimal digits, anything else is no token.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = [0; 32];
        hex::decode_to_slice(text.strip_prefix(BEGIN)?, &mut bytes).ok()?;
        Some(MachineToken(bytes))
    }

    /// The text, for whoever is to have it and nobody else.
    #[must_use]
    pub fn for_machines(&self) -> String {
        format!("{BEGIN}{}", hex::encode(self.0))
    }

    /// What the box keeps of it. One SHA-256 is enough: slow hashes are for what people think up, and nobody finds 256
    /// random bits by trying.
    #[must_use]
    pub fn hash(&self) -> TokenHash {
        // Not the hash that a session of the same bits would have: neither is ever taken for the other.
        TokenHash(Sha256::new().chain_update(b"machine\0").chain_update(self.0).finalize().into())
    }
}

impl Drop for MachineToken {
    fn drop(&mut self) {
        self.0.zeroize();
    }
}

/// Why a text cannot be a machine's name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "a machine's name is 1 to 40 letters, digits, blanks, dots, dashes and underscores, without blanks at either end"
)]
pub struct MachineNameError;

/// What people call a machine. Plain characters alone: it is told in a place of the audit trail that says what it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct MachineName(String);

impl MachineName {
    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for MachineName {
    type Err = MachineNameError;

    fn from_str(text: &str) -> Result<Self, MachineNameError> {
        let plain = |c: char| c.is_alphanumeric() || matches!(c, ' ' | '.' | '-' | '_');
        let fits = (1..=40).contains(&text.chars().count()) && text.trim() == text && text.chars().all(plain);
        if fits { Ok(MachineName(text.to_owned())) } else { Err(MachineNameError) }
    }
}

impl TryFrom<String> for MachineName {
    type Error = MachineNameError;

    fn try_from(text: String) -> Result<Self, MachineNameError> {
        text.parse()
    }
}

impl From<MachineName> for String {
    fn from(name: MachineName) -> String {
        name.0
    }
}

impl fmt::Display for MachineName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A machine that comes in by a token. Key: the token's hash. Who made it is in the audit trail alone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Machine {
    /// What people call it.
    pub name: MachineName,
    /// What it may do.
    pub scope: Scope,
    /// Since when.
    pub made: Timestamp,
    /// Until when its token is good.
    pub ends: Timestamp,
    /// When its token was last used, to a few minutes.
    pub used: Option<Timestamp>,
}

impl Machine {
    /// A new one, whose token is good for so many days.
    #[must_use]
    pub fn new(name: MachineName, scope: Scope, days: u16, now: Timestamp) -> Self {
        let days = days.clamp(1, LONGEST_DAYS);
        let ends = now.later_by(Duration::from_secs(u64::from(days) * 86_400));
        Machine { name, scope, made: now, ends, used: None }
    }

    /// Whether its token is good at `now`.
    #[must_use]
    pub fn holds(&self, now: Timestamp) -> bool {
        now < self.ends
    }
}

impl Register {
    /// Lets a machine in.
    ///
    /// # Errors
    /// Another one has that name, or there are too many.
    pub fn admit_machine(&self, token: TokenHash, machine: Machine) -> Result<Change, Unfit> {
        if self.machines.iter().any(|(_, known)| known.name == machine.name) {
            return Err(Unfit::MachineTaken(machine.name));
        }
        if self.machines.len() >= MOST {
            return Err(Unfit::TooMany);
        }
        let until = jiff::Timestamp::from_millisecond(machine.ends.as_millis())
            .map_or_else(|_| machine.ends.as_millis().to_string(), |until| format!("{until:.0}"));
        let after = format!("scope {}, until {until}", machine.scope);
        let act = Act::new(What::MakeToken, machine.name.as_str()).after(after);
        Ok(Change { machine: Some((token, machine)), acts: vec![act], ..Change::default() })
    }

    /// Lets a machine in no more, at once.
    ///
    /// # Errors
    /// There is none of that name.
    pub fn dismiss_machine(&self, name: &MachineName) -> Result<Change, Unfit> {
        let known = self.machines.iter().find(|(_, known)| known.name == *name);
        let (token, machine) = known.ok_or_else(|| Unfit::NoMachine(name.clone()))?;
        let act = Act::new(What::RevokeToken, name.as_str()).before(format!("scope {}", machine.scope));
        Ok(Change { dismissed: Some(*token), acts: vec![act], ..Change::default() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);

    fn machine(name: &str, days: u16) -> Machine {
        Machine::new(name.parse().unwrap(), Scope::Read, days, NOW)
    }

    #[test]
    fn a_token_reads_back_from_its_text_and_nothing_else_does() {
        let token = MachineToken::from_random([0xA7; 32]);
        let text = token.for_machines();
        assert_eq!(MachineToken::parse(&text).unwrap().hash(), token.hash());
        let digits = text.strip_prefix("platen-").unwrap();
        for odd in ["", "platen-", digits, &text[..70], &format!("{text}a7"), &text.replace('a', "g")] {
            assert!(MachineToken::parse(odd).is_none(), "{odd}");
        }
    }

    #[test]
    fn what_is_kept_is_neither_the_token_nor_what_a_session_keeps() {
        let hash = MachineToken::from_random([1; 32]).hash();
        assert_ne!(hash.0, [1; 32]);
        assert_ne!(hash, crate::accounts::SessionToken::from_random([1; 32]).hash());
    }

    #[test]
    fn a_token_ends_by_the_clock() {
        let machine = machine("erp", 30);
        assert!(machine.holds(NOW.later_by(Duration::from_secs(30 * 86_400 - 1))));
        assert!(!machine.holds(NOW.later_by(Duration::from_secs(30 * 86_400))));
        let ends = |days| Machine::new("x".parse().unwrap(), Scope::Wall, days, NOW).ends;
        assert_eq!(ends(u16::MAX), ends(LONGEST_DAYS), "none is good for ever");
    }

    #[test]
    fn a_name_is_one_machines_and_comes_free_with_it() {
        let mut register = Register::default();
        let change = register.admit_machine(TokenHash([1; 32]), machine("erp", 30)).unwrap();
        assert_eq!(change.acts[0].subject, "erp");
        register.machines.extend(change.machine);
        let again = register.admit_machine(TokenHash([2; 32]), machine("erp", 30));
        assert_eq!(again, Err(Unfit::MachineTaken("erp".parse().unwrap())));
        let gone = register.dismiss_machine(&"erp".parse().unwrap()).unwrap();
        assert_eq!(gone.dismissed, Some(TokenHash([1; 32])));
        register.machines.clear();
        register.dismiss_machine(&"erp".parse().unwrap()).unwrap_err();
        register.admit_machine(TokenHash([2; 32]), machine("erp", 30)).unwrap();
    }

    #[test]
    fn a_machines_name_hides_nothing() {
        for odd in ["", " a", "a ", "a\nb", "a,b", "<b>", &"a".repeat(41)] {
            assert_eq!(odd.parse::<MachineName>(), Err(MachineNameError), "{odd:?}");
        }
        "Wall of hall 2, no".parse::<MachineName>().unwrap_err();
        "Wall of hall 2.b".parse::<MachineName>().unwrap();
    }
}
