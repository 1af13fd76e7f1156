//! Who may come in, as rules that read neither clock nor store.
//!
//! Roles, lock-out and the audit trail belong here too and will come: today everyone who signs in is an administrator.

mod attempts;
mod name;
mod password;
mod session;
mod setup_code;

pub use attempts::{Attempts, Guesses};
pub use name::{UserName, UserNameError};
pub use password::{HashPassword, Password, PasswordError, PasswordHash, hash, verify};
pub use session::{LIFE, Session, SessionToken, TokenHash};
pub use setup_code::{SetupCode, SetupCodeHash};

use domain::Timestamp;
use serde::{Deserialize, Serialize};

/// Someone who may sign in. Key: [`UserName::key`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The name as its owner wrote it.
    pub name: UserName,
    /// What is kept of the password.
    pub password: PasswordHash,
    /// Since when the box knows this person.
    pub created: Timestamp,
}
