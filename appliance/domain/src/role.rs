//! What a person may do.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// What a person may do. Each role may do all that the ones before it may; roles are in this order on the disk too.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// Reads, and takes rows away.
    Viewer,
    /// Confirms what the plant asks a person about, and has monitors blink.
    Technician,
    /// Answers for the molds.
    ToolingManager,
    /// Everything: radios, backups, people, the audit trail.
    Administrator,
}

/// A text is no role.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a role is viewer, technician, tooling-manager or administrator")]
pub struct RoleError;

impl Role {
    /// From the one that may least to the one that may all.
    pub const ALL: [Role; 4] = [Role::Viewer, Role::Technician, Role::ToolingManager, Role::Administrator];

    /// As it stands in forms and records.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Role::Viewer => "viewer",
            Role::Technician => "technician",
            Role::ToolingManager => "tooling-manager",
            Role::Administrator => "administrator",
        }
    }

    /// As people read it.
    #[must_use]
    pub const fn label(self) -> &'static str {
        match self {
            Role::ToolingManager => "tooling manager",
            other => other.word(),
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.label())
    }
}

impl FromStr for Role {
    type Err = RoleError;

    fn from_str(text: &str) -> Result<Self, RoleError> {
        Self::ALL.into_iter().find(|role| role.word() == text).ok_or(RoleError)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_reads_back_from_its_word_and_nothing_else_does() {
        for role in Role::ALL {
            assert_eq!(role.word().parse(), Ok(role));
        }
        for odd in ["", "Administrator", "root", "tooling manager"] {
            assert_eq!(odd.parse::<Role>(), Err(RoleError), "{odd:?}");
        }
    }

    #[test]
    fn each_role_may_what_the_ones_before_it_may() {
        assert!(Role::ALL.is_sorted());
        assert!(Role::Administrator > Role::ToolingManager && Role::Technician > Role::Viewer);
    }
}
