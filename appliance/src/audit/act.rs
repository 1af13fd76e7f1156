//! What is written down, before it has a number.

use std::fmt;
use std::net::IpAddr;

use domain::Timestamp;

/// What somebody did. Words are in stored entries: add, never rename.
macro_rules! whats {
    ($($(#[$doc:meta])* $what:ident = $word:literal;)*) => {
        /// What somebody did.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum What { $($(#[$doc])* $what,)* }

        impl What {
            /// As it is kept, for good.
            #[must_use]
            pub const fn word(self) -> &'static str {
                match self { $(What::$what => $word,)* }
            }
        }
    };
}

whats! {
    /// The first administrator was made.
    SetUp = "set-up";
    /// Somebody signed in.
    SignIn = "sign-in";
    /// A name and a password did not fit.
    SignInFailed = "sign-in-failed";
    /// A code was none.
    CodeFailed = "code-failed";
    /// Somebody left.
    SignOut = "sign-out";
    /// A session was ended from another one.
    EndSession = "end-session";
    /// Every session of a person was ended.
    EndSessions = "end-sessions";
    /// Somebody changed their own password.
    ChangePassword = "change-password";
    /// Somebody tried to change their own password and did not know it.
    ChangePasswordFailed = "change-password-failed";
    /// A person was invited.
    Invite = "invite";
    /// An invitation was taken back.
    Withdraw = "withdraw";
    /// A person was given a code for another password.
    GiveCode = "give-code";
    /// A person took an invitation up.
    Join = "join";
    /// A person chose another password by a code.
    Renew = "renew";
    /// A person got another role.
    ChangeRole = "change-role";
    /// A person is not let in any more.
    Disable = "disable";
    /// A person is let in again.
    Enable = "enable";
    /// Rows were taken away.
    Export = "export";
    /// A backup was taken away or asked for.
    BackUp = "back-up";
    /// Cycles of another system were taken in.
    Import = "import";
    /// A counter's reset was confirmed.
    ConfirmReset = "confirm-reset";
    /// Limits were set for a mold, for its monitor to watch.
    SetLimits = "set-limits";
    /// A radio was told to do something.
    Radio = "radio";
    /// A sensor was put to use, changed or ended.
    Sensor = "sensor";
    /// The trail was read.
    ReadTrail = "read-trail";
    /// An administrator was helped in from the console.
    ResetAdministrator = "reset-administrator";
    /// So many entries found no room while the disk refused.
    Missed = "missed";
}

/// From where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// A browser at that address.
    Address(IpAddr),
    /// The box's own machine.
    Console,
    /// It cannot be told.
    Unknown,
}

impl From<Option<IpAddr>> for Origin {
    fn from(address: Option<IpAddr>) -> Self {
        address.map_or(Origin::Unknown, |address| Origin::Address(address.to_canonical()))
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Origin::Address(address) => write!(f, "{address}"),
            Origin::Console => f.write_str("console"),
            Origin::Unknown => Ok(()),
        }
    }
}

/// Who did it, and from where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// The name of somebody who is signed in.
    pub name: Option<String>,
    /// From where.
    pub from: Origin,
}

impl By {
    /// Somebody who is signed in.
    #[must_use]
    pub fn person(name: impl Into<String>, from: Option<IpAddr>) -> Self {
        By { name: Some(name.into()), from: from.into() }
    }

    /// Somebody who is not.
    #[must_use]
    pub fn stranger(from: Option<IpAddr>) -> Self {
        By { name: None, from: from.into() }
    }

    /// Whoever has the box's own machine.
    #[must_use]
    pub const fn console() -> Self {
        By { name: None, from: Origin::Console }
    }
}

/// What was done to what.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Act {
    /// What was done.
    pub what: What,
    /// To whom or what; empty for the one who did it.
    pub subject: String,
    /// How it was before, where that is anything.
    pub before: Option<String>,
    /// How it is then.
    pub after: Option<String>,
}

impl Act {
    /// Something done to something.
    #[must_use]
    pub fn new(what: What, subject: impl Into<String>) -> Self {
        Act { what, subject: subject.into(), before: None, after: None }
    }

    /// How it was before.
    #[must_use]
    pub fn before(mut self, before: impl Into<String>) -> Self {
        self.before = Some(before.into());
        self
    }

    /// How it is then.
    #[must_use]
    pub fn after(mut self, after: impl Into<String>) -> Self {
        self.after = Some(after.into());
        self
    }
}

/// An act with who and when, to be written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Happened {
    /// When, by the box's clock.
    pub at: Timestamp,
    /// Who, and from where.
    pub by: By,
    /// What.
    pub act: Act,
}
