//! Ways in and out, and another password.

use std::net::IpAddr;
use std::sync::Arc;

use domain::Role;
use secrecy::SecretString;

use super::{Caller, Entered, People, Refused, blocking, failed};
use crate::accounts::{
    self, CodeHash, Email, Guesser, Password, Session, SessionToken, Unfit, User, UserName,
};
use crate::audit::{Act, By, What};

/// What a name that nobody has is called in the audit trail: it may be a password in the wrong field.
const UNKNOWN: &str = "a name that nobody has";

impl People {
    /// Makes the first administrator and signs them in.
    pub(in crate::web) async fn set_up(
        &self,
        code: &str,
        name: &str,
        email: &str,
        password: SecretString,
        from: Option<IpAddr>,
    ) -> Result<SessionToken, Refused> {
        let _turn = self.setup_turn.lock().await;
        if let Err(refused) = self.check_code(code) {
            if matches!(refused, Refused::Code) {
                self.note(By::stranger(from), Act::new(What::CodeFailed, "set-up")).await;
            }
            return Err(refused);
        }
        let name: UserName = name.trim().parse().map_err(|_| Refused::Name)?;
        let email = match email.trim() {
            "" => None,
            email => Some(email.parse::<Email>().map_err(|_| Refused::Email)?),
        };
        let password = self.hash(Password::choose(password)?).await?;
        let (role, created) = (Role::Administrator, self.clock.now());
        let user = User { name, email, role, password, created, disabled: None };
        let (by, first) = (By::person(user.name.as_str(), from), user.clone());
        self.change(by, move |known| known.set_up(first)).await?;
        self.setup().code = None;
        self.open(user, from).await
    }

    fn check_code(&self, typed: &str) -> Result<(), Refused> {
        let now = self.clock.now();
        let mut setup = self.setup();
        let Some(code) = setup.code else { return Err(Refused::Taken) };
        if let Some(wait) = setup.attempts.wait(accounts::FREE, now) {
            return Err(Refused::Wait(wait));
        }
        if code.fits(typed) {
            return Ok(());
        }
        setup.attempts.failed(now);
        Err(Refused::Code)
    }

    /// Begins a session.
    pub(in crate::web) async fn log_in(
        &self,
        name: &str,
        password: SecretString,
        from: Option<IpAddr>,
    ) -> Result<Entered, Refused> {
        let name = name.trim().parse::<UserName>().ok();
        // What can be nobody's name is counted as well: the answer says nothing about names.
        let guesser = Guesser::at_password(&name.as_ref().map(UserName::key).unwrap_or_default(), from);
        self.begin_guess(&guesser)?;
        let store = self.store.clone();
        let user =
            blocking(move || name.map_or(Ok(None), |name| store.user(&name))).await?.map_err(failed)?;
        let kept = user.as_ref().map_or_else(|| self.nobody.clone(), |user| user.password.clone());
        let fits = self.hashed(move || accounts::verify(&password, &kept)).await?;
        match user {
            Some(user) if fits && user.disabled.is_none() => self.enter(user, guesser, from).await,
            known => {
                let known = known.map_or_else(|| UNKNOWN.to_owned(), |user| user.name.to_string());
                let act = Act::new(What::SignInFailed, known);
                self.guessed_wrong(guesser, By::stranger(from), act).await;
                Err(Refused::Wrong)
            }
        }
    }

    /// Uses a code that an administrator or the console gave: chooses a password and begins a session.
    pub(in crate::web) async fn take_up(
        &self,
        code: &str,
        password: SecretString,
        from: Option<IpAddr>,
    ) -> Result<Entered, Refused> {
        let guesser = Guesser::at_code(from);
        self.begin_guess(&guesser)?;
        let (code, store, now) = (CodeHash::of_typed(code), self.store.clone(), self.clock.now());
        let known = blocking(move || store.people()).await?.map_err(failed)?;
        let invited = match known.invitation(&code, now) {
            Ok(invitation) => invitation.name.clone(),
            Err(unfit) => {
                let act = Act::new(What::CodeFailed, "invitation");
                self.guessed_wrong(guesser, By::stranger(from), act).await;
                return Err(Refused::Unfit(unfit));
            }
        };
        self.guessed_right(guesser).await;
        let password = self.hash(Password::choose(password)?).await?;
        let by = By::person(invited.as_str(), from);
        let change = self.change(by, move |known| known.take_up(&code, password, now)).await?;
        let user = change.user.ok_or(Refused::Unfit(Unfit::Code))?;
        // Whoever was kept out by somebody else's guesses comes in. A code for a password is no second factor.
        let guesser = Guesser::at_password(&user.name.key(), None);
        self.guessed_right(guesser).await;
        self.enter(user, guesser, from).await
    }

    /// Chooses another password, for whoever knows the present one. The other sessions end.
    pub(in crate::web) async fn change_password(
        &self,
        caller: &Caller,
        current: SecretString,
        new: SecretString,
    ) -> Result<(), Refused> {
        self.knows_password(caller, current, What::ChangePasswordFailed).await?;
        let password = self.hash(Password::choose(new)?).await?;
        let (name, this) = (caller.name.clone(), caller.token);
        self.change(caller.by(), move |known| known.set_password(&name, password, Some(this))).await?;
        Ok(())
    }

    /// Ends a session, whatever the store says.
    pub(in crate::web) async fn log_out(&self, caller: &Caller) -> Result<(), Refused> {
        let (sessions, now, token) = (Arc::clone(&self.sessions), self.clock.now(), caller.token);
        blocking(move || sessions.leave(&token, now)).await?;
        self.note(caller.by(), Act::new(What::SignOut, "")).await;
        Ok(())
    }

    /// Begins a session for somebody who proved to be that user, unless that has changed meanwhile.
    pub(super) async fn open(&self, user: User, from: Option<IpAddr>) -> Result<SessionToken, Refused> {
        let token = SessionToken::from_random(super::random().map_err(failed)?);
        let (hash, opened) = (token.hash(), self.clock.now());
        let by = By::person(user.name.as_str(), from);
        let (store, name, role) = (self.store.clone(), user.name.clone(), user.role);
        let role = blocking(move || store.people().map(|known| known.role_of(&name, role)))
            .await?
            .map_err(failed)?;
        let session = Session { user: user.name.clone(), role, opened, from };
        let sessions = Arc::clone(&self.sessions);
        if !blocking(move || sessions.open(hash, session, &user)).await? {
            return Err(Refused::Wrong);
        }
        self.note(by, Act::new(What::SignIn, "")).await;
        Ok(token)
    }
}
