//! Why someone was not let in, or not given what they asked for.

use std::time::Duration;

use dashboard::port::Refusal;

use crate::accounts::{LONGEST_DAYS, MachineNameError, PasswordError, Unfit};
use crate::telemetry::Chain;

/// Why someone was not let in. What is shown of it is [`Refused::word`].
#[derive(Debug, thiserror::Error)]
pub(in crate::web) enum Refused {
    #[error("wrong name or password")]
    Wrong,
    #[error("wrong set-up code")]
    Code,
    #[error("the current password is wrong")]
    Current,
    #[error("too many wrong guesses, wait {0:?}")]
    Wait(Duration),
    #[error("not a name")]
    Name,
    #[error("not an e-mail address")]
    Email,
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("the two passwords differ")]
    Mismatch,
    #[error("there is an administrator already")]
    Taken,
    #[error(transparent)]
    Unfit(Unfit),
    #[error("this code is not right, or it was used already")]
    Factor,
    #[error("this took too long")]
    Late,
    #[error(transparent)]
    Machine(MachineNameError),
    #[error("a token is good for 1 to {LONGEST_DAYS} days")]
    Days,
    #[error("too many people sign in at once")]
    Busy,
    #[error("change who may come in")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Refused {
    /// For the page that shows it.
    pub(in crate::web) const fn word(&self) -> &'static str {
        match self {
            Refused::Wrong => "wrong",
            Refused::Code => "code",
            Refused::Current => "current",
            Refused::Wait(_) => "wait",
            Refused::Name => "name",
            Refused::Email => "email",
            Refused::Password(PasswordError::Length) => "password-length",
            Refused::Password(PasswordError::LettersAndNumbers) => "password-letters",
            Refused::Password(PasswordError::Common) => "password-common",
            Refused::Mismatch => "mismatch",
            Refused::Taken => "taken",
            Refused::Factor => "factor",
            Refused::Late => "late",
            Refused::Unfit(Unfit::Factor) => "has-factor",
            Refused::Unfit(_) => "invitation",
            Refused::Machine(_) | Refused::Days => "machine",
            Refused::Busy => "busy",
            Refused::Failed(_) => "failed",
        }
    }

    /// For a screen that asked; the cause is for the log.
    pub(in crate::web) fn refusal(&self) -> Refusal {
        match self {
            Refused::Failed(cause) => {
                tracing::error!(cause = %Chain(cause.as_ref()), "people could not be read or changed");
                Refusal::Failed
            }
            Refused::Name => {
                Refusal::Invalid("a name is 1 to 64 characters without blanks at either end".to_owned())
            }
            Refused::Email => Refusal::Invalid("an e-mail address looks like marta@plant.example".to_owned()),
            other => Refusal::Invalid(other.to_string()),
        }
    }
}

pub(in crate::web) fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Refused {
    Refused::Failed(error.into())
}
