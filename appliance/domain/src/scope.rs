//! What a machine may do.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a machine may do by its token. One scope a token, and none holds another; they are in this order on the disk too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Scope {
    /// Reads molds, alarms and rows, as a viewer does.
    Read,
    /// Shows the wall, and nothing else.
    Wall,
    /// Reads what the box measures of itself.
    Metrics,
}

/// A text is no scope.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a scope is read, wall or metrics")]
pub struct ScopeError;

impl Scope {
    /// All of them.
    pub const ALL: [Scope; 3] = [Scope::Read, Scope::Wall, Scope::Metrics];

    /// As it stands in forms and records, and as people read it.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Scope::Read => "read",
            Scope::Wall => "wall",
            Scope::Metrics => "metrics",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

impl FromStr for Scope {
    type Err = ScopeError;

    fn from_str(text: &str) -> Result<Self, ScopeError> {
        Self::ALL.into_iter().find(|scope| scope.word() == text).ok_or(ScopeError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scope_reads_back_from_its_word_and_nothing_else_does() {
        for scope in Scope::ALL {
            assert_eq!(scope.word().parse(), Ok(scope));
        }
        for odd in ["", "Read", "write", "administrator"] {
            assert_eq!(odd.parse::<Scope>(), Err(ScopeError), "{odd:?}");
        }
    }
}
