//! Everyone who may come in, and who may change that into what.

use std::time::Duration;

use domain::{Role, Timestamp};
use serde::{Deserialize, Serialize};

use super::{
    CodeHash, Email, Factor, FactorChange, Machine, MachineName, PasswordHash, Rules, TokenHash, User,
    UserName,
};
use crate::audit::{Act, What};

/// So long a code that an administrator gave is good: over a weekend.
pub const INVITATION_LIFE: Duration = Duration::from_hours(72);
/// So long the console's code is good: longer than anybody has to wait who guessed wrong.
pub const RESET_LIFE: Duration = Duration::from_hours(2);
/// Far more people than a plant has.
const MOST: usize = 1_000;

/// A code lets somebody choose a password. Key: the code's hash.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Invitation {
    /// The name they sign in with.
    pub name: UserName,
    /// Where they are written to.
    pub email: Option<Email>,
    /// What they may do.
    pub role: Role,
    /// Until when the code is good.
    pub ends: Timestamp,
}

/// Why the register was not changed; safe to show.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// There is an administrator already.
    #[error("the box is set up already")]
    SetUp,
    /// Somebody has that name.
    #[error("there is somebody with the name {0} already")]
    Taken(UserName),
    /// Nobody has it.
    #[error("there is nobody with the name {0}")]
    Nobody(UserName),
    /// Somebody must be left who can let people in.
    #[error("this is the only administrator: make another one first")]
    LastAdministrator,
    /// They are not let in, so a password is of no use to them.
    #[error("{0} is not let in: allow that first")]
    Disabled(UserName),
    /// No such code, or it is not good any more.
    #[error("this code is not good, or not any more")]
    Code,
    /// There are too many.
    #[error("there is no room for more people or machines")]
    TooMany,
    /// They have a second factor.
    #[error("there is a second factor already")]
    Factor,
    /// They have none.
    #[error("{0} has no second factor")]
    NoFactor(UserName),
    /// Whoever asks it of others has it.
    #[error("set up a second factor of your own first, in your profile")]
    OwnFactor,
    /// A machine has that name.
    #[error("there is a token for {0} already: revoke that first, or choose another name")]
    MachineTaken(MachineName),
    /// No machine has it.
    #[error("there is no token for {0}")]
    NoMachine(MachineName),
}

/// Whose sessions end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ends {
    /// Whose.
    pub user: UserName,
    /// All but this one.
    pub but: Option<TokenHash>,
}

/// What changes, all of it or nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Change {
    /// A person as they are then.
    pub user: Option<User>,
    /// A new code.
    pub code: Option<(CodeHash, Invitation)>,
    /// Codes that are not good any more.
    pub gone: Vec<CodeHash>,
    /// Sessions that end.
    pub ends: Vec<Ends>,
    /// A machine that comes in from now on.
    pub machine: Option<(TokenHash, Machine)>,
    /// One that does not any more.
    pub dismissed: Option<TokenHash>,
    /// A second factor.
    pub factor: Option<FactorChange>,
    /// What is set about signing in.
    pub rules: Option<Rules>,
    /// What is written down.
    pub acts: Vec<Act>,
}

/// Everyone who may come in, every code that is good, machines, and second factors.
#[derive(Debug, Clone, Default)]
pub struct Register {
    /// People, by name.
    pub users: Vec<User>,
    /// Codes.
    pub codes: Vec<(CodeHash, Invitation)>,
    /// Machines, by their tokens.
    pub machines: Vec<(TokenHash, Machine)>,
    /// Second factors, by [`UserName::key`].
    pub factors: Vec<(String, Factor)>,
    /// What is set about signing in.
    pub rules: Rules,
}

impl Register {
    /// The person of that name.
    #[must_use]
    pub fn user(&self, name: &UserName) -> Option<&User> {
        let key = name.key();
        self.users.iter().find(|user| user.name.key() == key)
    }

    /// What a code that somebody typed is good for.
    ///
    /// # Errors
    /// Nothing.
    pub fn invitation(&self, code: &CodeHash, now: Timestamp) -> Result<&Invitation, Unfit> {
        let found = self.codes.iter().find(|(known, _)| known == code);
        found.map(|(_, invitation)| invitation).filter(|invitation| now < invitation.ends).ok_or(Unfit::Code)
    }

    /// Makes the first administrator.
    ///
    /// # Errors
    /// There is somebody already.
    pub fn set_up(&self, first: User) -> Result<Change, Unfit> {
        if !self.users.is_empty() {
            return Err(Unfit::SetUp);
        }
        let act = Act::new(What::SetUp, first.name.as_str()).after(first.role.word());
        Ok(Change { user: Some(first), acts: vec![act], ..Change::default() })
    }

    /// Invites somebody new; a former invitation to that name is not good any more.
    ///
    /// # Errors
    /// Somebody has that name.
    pub fn invite(&self, code: CodeHash, invitation: Invitation) -> Result<Change, Unfit> {
        if self.user(&invitation.name).is_some() {
            return Err(Unfit::Taken(invitation.name));
        }
        if self.users.len().saturating_add(self.codes.len()) >= MOST {
            return Err(Unfit::TooMany);
        }
        let email = invitation.email.as_ref().map_or("no e-mail address", Email::as_str);
        let after = format!("{}, {email}", invitation.role.word());
        let act = Act::new(What::Invite, invitation.name.as_str()).after(after);
        Ok(self.with_code(code, invitation, act))
    }

    /// Gives somebody a code to choose another password with. Theirs is good until then.
    ///
    /// # Errors
    /// There is no such person, or they are not let in.
    pub fn give_code(&self, name: &UserName, code: CodeHash, now: Timestamp) -> Result<Change, Unfit> {
        let user = self.known(name)?;
        if user.disabled.is_some() {
            return Err(Unfit::Disabled(user.name.clone()));
        }
        let act = Act::new(What::GiveCode, user.name.as_str());
        Ok(self.with_code(code, code_for(user, now.later_by(INVITATION_LIFE)), act))
    }

    /// Takes an invitation back.
    ///
    /// # Errors
    /// Nobody of that name is invited.
    pub fn withdraw(&self, name: &UserName) -> Result<Change, Unfit> {
        let gone = self.codes_of(name);
        if gone.is_empty() {
            return Err(Unfit::Nobody(name.clone()));
        }
        Ok(Change { gone, acts: vec![Act::new(What::Withdraw, name.as_str())], ..Change::default() })
    }

    /// Somebody uses a code, with a password that they chose.
    ///
    /// # Errors
    /// The code is not good.
    pub fn take_up(&self, code: &CodeHash, password: PasswordHash, now: Timestamp) -> Result<Change, Unfit> {
        let Invitation { name, email, role, .. } = self.invitation(code, now)?.clone();
        let (user, act) = match self.user(&name) {
            Some(user) if user.disabled.is_some() => return Err(Unfit::Code),
            Some(user) => (User { password, ..user.clone() }, Act::new(What::Renew, user.name.as_str())),
            None => {
                let act = Act::new(What::Join, name.as_str()).after(role.word());
                (User { name, email, role, password, created: now, disabled: None }, act)
            }
        };
        Ok(Change {
            gone: self.codes_of(&user.name),
            ends: vec![Ends { user: user.name.clone(), but: None }],
            user: Some(user),
            acts: vec![act],
            ..Change::default()
        })
    }

    /// Gives somebody another role; they sign in again.
    ///
    /// # Errors
    /// There is no such person, or no administrator would be left.
    pub fn set_role(&self, name: &UserName, role: Role) -> Result<Change, Unfit> {
        let user = self.known(name)?;
        if user.role == role {
            return Ok(Change::default());
        }
        self.keeps_administrator(user)?;
        let act = Act::new(What::ChangeRole, user.name.as_str()).before(user.role.word()).after(role.word());
        // A code that waits must not bring the former role back.
        Ok(Change { gone: self.codes_of(name), ..changed(User { role, ..user.clone() }, act) })
    }

    /// Lets somebody in no more.
    ///
    /// # Errors
    /// There is no such person, or no administrator would be left.
    pub fn disable(&self, name: &UserName, now: Timestamp) -> Result<Change, Unfit> {
        let user = self.known(name)?;
        if user.disabled.is_some() {
            return Ok(Change::default());
        }
        self.keeps_administrator(user)?;
        let act = Act::new(What::Disable, user.name.as_str());
        let user = User { disabled: Some(now), ..user.clone() };
        Ok(Change { gone: self.codes_of(name), ..changed(user, act) })
    }

    /// Lets somebody in again.
    ///
    /// # Errors
    /// There is no such person.
    pub fn enable(&self, name: &UserName) -> Result<Change, Unfit> {
        let user = self.known(name)?;
        if user.disabled.is_none() {
            return Ok(Change::default());
        }
        let act = Act::new(What::Enable, user.name.as_str());
        Ok(changed(User { disabled: None, ..user.clone() }, act))
    }

    /// Somebody chose another password; their other sessions end.
    ///
    /// # Errors
    /// There is no such person.
    pub fn set_password(
        &self,
        name: &UserName,
        password: PasswordHash,
        but: Option<TokenHash>,
    ) -> Result<Change, Unfit> {
        let user = self.known(name)?;
        let act = Act::new(What::ChangePassword, user.name.as_str());
        let ends = vec![Ends { user: user.name.clone(), but }];
        Ok(Change { gone: self.codes_of(name), ends, ..changed(User { password, ..user.clone() }, act) })
    }

    /// Ends every session of somebody.
    ///
    /// # Errors
    /// There is no such person.
    pub fn end_sessions(&self, name: &UserName) -> Result<Change, Unfit> {
        let user = self.known(name)?;
        let act = Act::new(What::EndSessions, user.name.as_str());
        let ends = vec![Ends { user: user.name.clone(), but: None }];
        Ok(Change { ends, acts: vec![act], ..Change::default() })
    }

    /// For the console: whoever has that name is an administrator, is let in, and has a code for a new password.
    ///
    /// # Errors
    /// There is no room for another person.
    pub fn reset(&self, name: &UserName, code: CodeHash, now: Timestamp) -> Result<Change, Unfit> {
        let role = Role::Administrator;
        let ends = now.later_by(RESET_LIFE);
        let act = Act::new(What::ResetAdministrator, name.as_str()).after(role.word());
        let Some(user) = self.user(name) else {
            if self.users.len().saturating_add(self.codes.len()) >= MOST {
                return Err(Unfit::TooMany);
            }
            let invitation = Invitation { name: name.clone(), email: None, role, ends };
            return Ok(self.with_code(code, invitation, act));
        };
        let stood = if user.disabled.is_some() { "not let in" } else { "let in" };
        let act = act.before(format!("{}, {stood}", user.role.word()));
        let user = User { role, disabled: None, ..user.clone() };
        let code = self.with_code(code, code_for(&user, ends), act);
        // Whoever lost the telephone has the console.
        let factor = self.factor(name).map(|_| FactorChange::Removed(user.name.clone()));
        // Sessions end when the code is used: until then whoever has one may no more than before.
        Ok(Change { user: Some(user), factor, ..code })
    }

    fn known(&self, name: &UserName) -> Result<&User, Unfit> {
        self.user(name).ok_or_else(|| Unfit::Nobody(name.clone()))
    }

    fn codes_of(&self, name: &UserName) -> Vec<CodeHash> {
        let key = name.key();
        let of = |invitation: &Invitation| invitation.name.key() == key;
        self.codes.iter().filter(|(_, invitation)| of(invitation)).map(|(code, _)| *code).collect()
    }

    fn with_code(&self, code: CodeHash, invitation: Invitation, act: Act) -> Change {
        let gone = self.codes_of(&invitation.name);
        Change { code: Some((code, invitation)), gone, acts: vec![act], ..Change::default() }
    }

    /// Whether there is an administrator beside this person, if they are one who can come in.
    fn keeps_administrator(&self, user: &User) -> Result<(), Unfit> {
        let can = |user: &&User| user.role == Role::Administrator && user.disabled.is_none();
        let last = can(&user) && self.users.iter().filter(can).count() <= 1;
        if last { Err(Unfit::LastAdministrator) } else { Ok(()) }
    }
}

fn code_for(user: &User, ends: Timestamp) -> Invitation {
    Invitation { name: user.name.clone(), email: user.email.clone(), role: user.role, ends }
}

fn changed(user: User, act: Act) -> Change {
    let ends = vec![Ends { user: user.name.clone(), but: None }];
    Change { user: Some(user), ends, acts: vec![act], ..Change::default() }
}

#[cfg(test)]
mod tests;
