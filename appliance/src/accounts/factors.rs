//! Who has a second factor, and who must.

use domain::Role;
use serde::{Deserialize, Serialize};

use super::{Change, CodeHash, Ends, Factor, Register, TokenHash, Unfit, UserName};
use crate::audit::{Act, What};

/// What people set about signing in. One row of the settings.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Rules {
    /// An administrator without a second factor may no more than a viewer, until they have set one up.
    pub administrators_need_factor: bool,
}

/// What becomes of somebody's second factor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FactorChange {
    /// It is set up, with its secret, which is sealed already.
    Set(UserName, Factor, Vec<u8>),
    /// A code of it was used.
    Used(UserName, Factor),
    /// There is none any more.
    Removed(UserName),
}

impl Register {
    /// Somebody's second factor.
    #[must_use]
    pub fn factor(&self, name: &UserName) -> Option<&Factor> {
        let key = name.key();
        self.factors.iter().find(|(of, _)| *of == key).map(|(_, factor)| factor)
    }

    /// What somebody with that role may do when they have signed in.
    #[must_use]
    pub fn role_of(&self, name: &UserName, role: Role) -> Role {
        let lacks = role == Role::Administrator
            && self.rules.administrators_need_factor
            && self.factor(name).is_none();
        if lacks { Role::Viewer } else { role }
    }

    /// Somebody set a second factor up: its first code was used. Their other sessions end.
    ///
    /// # Errors
    /// There is no such person, or they have one.
    pub fn set_factor(
        &self,
        name: &UserName,
        factor: Factor,
        sealed: Vec<u8>,
        this: TokenHash,
    ) -> Result<Change, Unfit> {
        let user = self.user(name).ok_or_else(|| Unfit::Nobody(name.clone()))?;
        if self.factor(name).is_some() {
            return Err(Unfit::Factor);
        }
        Ok(Change {
            factor: Some(FactorChange::Set(user.name.clone(), factor, sealed)),
            ends: vec![Ends { user: user.name.clone(), but: Some(this) }],
            acts: vec![Act::new(What::SetFactor, user.name.as_str())],
            ..Change::default()
        })
    }

    /// A code of that step was typed: good once.
    ///
    /// # Errors
    /// It was used meanwhile, or there is no factor any more.
    pub fn use_step(&self, name: &UserName, step: u64) -> Result<Change, Unfit> {
        let factor = self.factor(name).filter(|factor| step > factor.used).ok_or(Unfit::Code)?;
        let factor = Factor { used: step, ..factor.clone() };
        Ok(Change { factor: Some(FactorChange::Used(name.clone(), factor)), ..Change::default() })
    }

    /// A recovery code was typed: good once.
    ///
    /// # Errors
    /// It is none, or not any more.
    pub fn use_recovery(&self, name: &UserName, code: &CodeHash) -> Result<Change, Unfit> {
        let mut factor = self.factor(name).ok_or(Unfit::Code)?.clone();
        let before = factor.recovery.len();
        factor.recovery.retain(|known| known != code);
        let left = factor.recovery.len();
        if left == before {
            return Err(Unfit::Code);
        }
        let act = Act::new(What::UseRecovery, name.as_str()).after(format!("{left} left"));
        Ok(Change {
            factor: Some(FactorChange::Used(name.clone(), factor)),
            acts: vec![act],
            ..Change::default()
        })
    }

    /// Takes somebody's second factor away. Their sessions end, but for the one that says so.
    ///
    /// # Errors
    /// They have none.
    pub fn remove_factor(&self, name: &UserName, but: Option<TokenHash>) -> Result<Change, Unfit> {
        let user = self.user(name).ok_or_else(|| Unfit::Nobody(name.clone()))?;
        if self.factor(name).is_none() {
            return Err(Unfit::NoFactor(user.name.clone()));
        }
        // Who must have one may less without it.
        let limited = user.role == Role::Administrator && self.rules.administrators_need_factor;
        Ok(Change {
            factor: Some(FactorChange::Removed(user.name.clone())),
            ends: vec![Ends { user: user.name.clone(), but: but.filter(|_| !limited) }],
            acts: vec![Act::new(What::RemoveFactor, user.name.as_str())],
            ..Change::default()
        })
    }

    /// Says whether administrators need a second factor.
    ///
    /// # Errors
    /// Who says so has none: they would be the first who may no more.
    pub fn need_factor(&self, by: &UserName, needed: bool) -> Result<Change, Unfit> {
        if needed && self.factor(by).is_none() {
            return Err(Unfit::OwnFactor);
        }
        let words = |needed| if needed { "needed" } else { "not needed" };
        let before = self.rules.administrators_need_factor;
        if before == needed {
            return Ok(Change::default());
        }
        let act = Act::new(What::NeedFactor, "administrators").before(words(before)).after(words(needed));
        let lacking = self
            .users
            .iter()
            .filter(|user| user.role == Role::Administrator && self.factor(&user.name).is_none())
            .map(|user| Ends { user: user.name.clone(), but: None });
        Ok(Change {
            rules: Some(Rules { administrators_need_factor: needed }),
            ends: if needed { lacking.collect() } else { Vec::new() },
            acts: vec![act],
            ..Change::default()
        })
    }
}

#[cfg(test)]
mod tests {
    use domain::Timestamp;

    use super::*;
    use crate::accounts::User;

    const NOW: Timestamp = Timestamp::from_millis(1_795_000_000_000);
    const THIS: TokenHash = TokenHash([1; 32]);

    fn name(text: &str) -> UserName {
        text.parse().unwrap()
    }

    fn user(text: &str) -> User {
        let password = serde_json::from_str("\"x\"").unwrap();
        let role = Role::Administrator;
        User { name: name(text), email: None, role, password, created: NOW, disabled: None }
    }

    fn factor() -> Factor {
        Factor { since: NOW, used: 7, recovery: vec![CodeHash([1; 32]), CodeHash([2; 32])] }
    }

    fn register() -> Register {
        let factors = vec![("marta".to_owned(), factor())];
        Register { users: vec![user("Marta"), user("eve")], factors, ..Register::default() }
    }

    #[test]
    fn a_code_and_a_recovery_code_are_good_once() {
        let mut register = register();
        register.use_step(&name("marta"), 7).unwrap_err();
        assert!(register.use_step(&name("MARTA"), 8).is_ok());
        register.use_step(&name("eve"), 8).unwrap_err();
        let used = register.use_recovery(&name("marta"), &CodeHash([1; 32])).unwrap();
        assert_eq!(used.acts[0].after.as_deref(), Some("1 left"));
        let Some(FactorChange::Used(_, left)) = used.factor else { unreachable!() };
        register.factors = vec![("marta".to_owned(), left)];
        assert_eq!(register.use_recovery(&name("marta"), &CodeHash([1; 32])), Err(Unfit::Code));
        register.use_recovery(&name("marta"), &CodeHash([2; 32])).unwrap();
    }

    #[test]
    fn who_must_have_a_second_factor_and_has_none_may_what_a_viewer_may() {
        let mut register = register();
        assert_eq!(register.role_of(&name("eve"), Role::Administrator), Role::Administrator);
        assert_eq!(register.need_factor(&name("eve"), true), Err(Unfit::OwnFactor));
        let change = register.need_factor(&name("marta"), true).unwrap();
        assert_eq!(change.ends, [Ends { user: name("eve"), but: None }]);
        register.rules = change.rules.unwrap();
        assert_eq!(register.role_of(&name("eve"), Role::Administrator), Role::Viewer);
        assert_eq!(register.role_of(&name("eve"), Role::Technician), Role::Technician);
        assert_eq!(register.role_of(&name("Marta"), Role::Administrator), Role::Administrator);
        // Taking it away ends the session that may less from then on.
        let gone = register.remove_factor(&name("marta"), Some(THIS)).unwrap();
        assert_eq!(gone.ends, [Ends { user: name("Marta"), but: None }]);
    }

    #[test]
    fn a_second_factor_is_set_up_once_and_taken_away_once() {
        let register = register();
        let again = register.set_factor(&name("marta"), factor(), Vec::new(), THIS);
        assert_eq!(again, Err(Unfit::Factor));
        let set = register.set_factor(&name("eve"), factor(), vec![1], THIS).unwrap();
        assert_eq!(set.ends, [Ends { user: name("eve"), but: Some(THIS) }]);
        let gone = register.remove_factor(&name("marta"), Some(THIS)).unwrap();
        assert_eq!(gone.factor, Some(FactorChange::Removed(name("Marta"))));
        assert_eq!(register.remove_factor(&name("eve"), None), Err(Unfit::NoFactor(name("eve"))));
    }
}
