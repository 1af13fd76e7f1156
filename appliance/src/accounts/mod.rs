//! Who may come in, and as what, as rules that read neither clock nor store.

mod attempts;
mod code;
mod email;
mod factor;
mod factors;
mod machine;
mod name;
mod password;
mod register;
mod session;

pub use attempts::{Attempts, FREE, Guesser, GuesserKey, Guesses};
pub use code::{Code, CodeHash};
pub use email::{Email, EmailError};
pub use factor::{Factor, FactorSecret};
pub use factors::{FactorChange, Rules};
pub use machine::{LONGEST_DAYS, Machine, MachineName, MachineNameError, MachineToken};
pub use name::{UserName, UserNameError};
pub use password::{HashPassword, Password, PasswordError, PasswordHash, hash, verify};
pub use register::{Change, Ends, INVITATION_LIFE, Invitation, RESET_LIFE, Register, Unfit};
pub use session::{LIFE, Session, SessionToken, TokenHash};

use domain::{Role, Timestamp};
use serde::{Deserialize, Serialize};

/// Someone who may sign in. Key: [`UserName::key`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct User {
    /// The name as its owner wrote it.
    pub name: UserName,
    /// Where they are written to; the first administrator may leave it out.
    pub email: Option<Email>,
    /// What they may do.
    pub role: Role,
    /// What is kept of the password.
    pub password: PasswordHash,
    /// Since when the box knows this person.
    pub created: Timestamp,
    /// Since when they are not let in, if so.
    pub disabled: Option<Timestamp>,
}
