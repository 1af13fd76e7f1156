//! The second factor: setting it up, proving who one is by it, taking it away.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dashboard::port::{FactorSetUp, Picture, RecoveryCodes};
use domain::Timestamp;
use qrcode::{Color, QrCode};
use secrecy::{ExposeSecret, SecretString};

use super::{Caller, People, Refused, blocking, draw_code, failed, random};
use crate::accounts::{
    self, Code, CodeHash, Factor, FactorSecret, Guesser, SessionToken, TokenHash, Unfit, User, UserName,
};
use crate::audit::{Act, By, What};
use crate::telemetry::Chain;

/// So long somebody has to type the code after the password, or the first code after the picture.
const PATIENCE: Duration = Duration::from_secs(600);
/// More people than sign in, or set a factor up, at the same time.
const MOST: usize = 256;

/// Who got in, or half in.
pub(in crate::web) enum Entered {
    /// The session is begun.
    Session(SessionToken),
    /// The password was right; a code is needed too. The token is of no other use.
    Half(SessionToken),
}

/// What waits for a code.
#[derive(Default)]
pub(super) struct Halves(Mutex<Waiting>);

#[derive(Default)]
struct Waiting {
    /// Whose password was right, and until when that counts.
    entering: HashMap<TokenHash, (User, Timestamp)>,
    /// Secrets by the session that sets them up, and until when.
    setting_up: HashMap<TokenHash, (FactorSecret, Timestamp)>,
    /// Recovery codes by the session that they are to be shown in, once.
    to_show: HashMap<TokenHash, Vec<String>>,
    /// The last steps that were used, beside what the store has: a disk that takes nothing makes no code good twice.
    used: HashMap<String, u64>,
}

impl Halves {
    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What is shown to a session of somebody who sets a factor up.
    pub(super) fn set_up(&self, caller: &Caller, now: Timestamp) -> Option<FactorSetUp> {
        let waiting = self.lock();
        let (secret, _) = waiting.setting_up.get(&caller.token).filter(|(_, until)| now < *until)?;
        let picture = picture(&secret.for_apps(&caller.name))?;
        Some(FactorSetUp { secret: secret.for_people(), picture })
    }

    /// Recovery codes, in the first view after they were made and in no other.
    pub(super) fn recovery(&self, caller: &Caller) -> Option<RecoveryCodes> {
        self.lock().to_show.remove(&caller.token).map(RecoveryCodes)
    }
}

/// The squares of a QR code as one outline.
fn picture(text: &str) -> Option<Picture> {
    let code = QrCode::new(text).ok()?;
    let width = code.width();
    let mut path = String::new();
    for (place, colour) in code.to_colors().into_iter().enumerate() {
        if colour == Color::Dark {
            path.push_str(&format!("M{} {}h1v1h-1z", place % width, place / width));
        }
    }
    Some(Picture { width, path })
}

fn make_room<V>(of: &mut HashMap<TokenHash, (V, Timestamp)>, now: Timestamp) {
    of.retain(|_, (_, until)| now < *until);
    if of.len() >= MOST {
        of.clear();
    }
}

impl People {
    /// The password was right: begins a session, or asks for a code where there is a second factor.
    pub(super) async fn enter(
        &self,
        user: User,
        guesser: Guesser,
        from: Option<IpAddr>,
    ) -> Result<Entered, Refused> {
        let (store, name) = (self.store.clone(), user.name.clone());
        let known = blocking(move || store.people()).await?.map_err(failed)?;
        if known.factor(&name).is_none() {
            self.guessed_right(guesser).await;
            return self.open(user, from).await.map(Entered::Session);
        }
        self.guesses().half_right(&guesser);
        let (token, now) = (SessionToken::from_random(random().map_err(failed)?), self.clock.now());
        let mut waiting = self.halves.lock();
        make_room(&mut waiting.entering, now);
        waiting.entering.insert(token.hash(), (user, now.later_by(PATIENCE)));
        Ok(Entered::Half(token))
    }

    /// Whose password was right proves the rest by a code of their app or a recovery code, and begins a session. Wrong
    /// codes count as wrong passwords do.
    pub(in crate::web) async fn prove(
        &self,
        half: TokenHash,
        typed: SecretString,
        from: Option<IpAddr>,
    ) -> Result<SessionToken, Refused> {
        let now = self.clock.now();
        let entering = self.halves.lock().entering.get(&half).cloned();
        let (user, _) = entering.filter(|(_, until)| now < *until).ok_or(Refused::Late)?;
        let guesser = Guesser::at_password(&user.name.key(), from);
        self.begin_guess(&guesser)?;
        match self.take_code(&user.name, typed, By::person(user.name.as_str(), from)).await {
            Ok(()) => {}
            Err(Refused::Unfit(_)) => {
                let act = Act::new(What::FactorFailed, user.name.as_str());
                self.guessed_wrong(guesser, By::stranger(from), act).await;
                return Err(Refused::Factor);
            }
            Err(refused) => return Err(refused),
        }
        self.halves.lock().entering.remove(&half);
        self.guessed_right(guesser).await;
        self.open(user, from).await
    }

    /// Uses a code up.
    async fn take_code(&self, name: &UserName, typed: SecretString, by: By) -> Result<(), Refused> {
        let (store, of) = (self.store.clone(), name.clone());
        let read =
            move || Ok::<_, crate::store::Read>((store.people()?, store.secret(&Factor::secret_name(&of))?));
        let (known, secret) = blocking(read).await?.map_err(failed)?;
        let factor = known.factor(name).ok_or(Refused::Unfit(Unfit::Code))?;
        let secret = secret.and_then(|secret| FactorSecret::from_sealed(secret.expose_secret()));
        let step = secret.and_then(|secret| {
            let mut waiting = self.halves.lock();
            let remembered = waiting.used.get(&name.key()).copied().unwrap_or(0);
            let step =
                secret.step_of(typed.expose_secret(), self.clock.now(), Some(factor.used.max(remembered)))?;
            waiting.used.insert(name.key(), step);
            Some(step)
        });
        let (of, code) = (name.clone(), CodeHash::of_typed(typed.expose_secret()));
        let Some(step) = step else {
            return self.change(by, move |known| known.use_recovery(&of, &code)).await.map(drop);
        };
        match self.change(by, move |known| known.use_step(&of, step)).await {
            // A full disk keeps nobody out: whoever comes in then sees the alarm.
            Err(Refused::Failed(cause)) => {
                tracing::warn!(cause = %Chain(cause.as_ref()), "a used code is remembered in memory: the store does not take it");
                Ok(())
            }
            done => done.map(drop),
        }
    }

    /// Shows somebody who knows their password a new secret, in this session alone. Nothing is kept until its first code
    /// was typed.
    pub(in crate::web) async fn begin_factor(
        &self,
        caller: &Caller,
        password: SecretString,
    ) -> Result<(), Refused> {
        self.knows_password(caller, password, What::PasswordFailed).await?;
        let (store, name) = (self.store.clone(), caller.name.clone());
        let known = blocking(move || store.people()).await?.map_err(failed)?;
        if known.factor(&name).is_some() {
            return Err(Refused::Unfit(Unfit::Factor));
        }
        let (secret, now) = (FactorSecret::from_random(random().map_err(failed)?), self.clock.now());
        let mut waiting = self.halves.lock();
        make_room(&mut waiting.setting_up, now);
        waiting.setting_up.insert(caller.token, (secret, now.later_by(PATIENCE)));
        Ok(())
    }

    /// Keeps the secret that was shown, by its first code, and makes recovery codes.
    pub(in crate::web) async fn confirm_factor(
        &self,
        caller: &Caller,
        typed: SecretString,
    ) -> Result<(), Refused> {
        let now = self.clock.now();
        let (step, sealed) = {
            let waiting = self.halves.lock();
            let pending = waiting.setting_up.get(&caller.token).filter(|(_, until)| now < *until);
            let (secret, _) = pending.ok_or(Refused::Late)?;
            let step = secret.step_of(typed.expose_secret(), now, None).ok_or(Refused::Factor)?;
            (step, self.store.seal(&Factor::secret_name(&caller.name), secret.expose()).map_err(failed)?)
        };
        let codes: Vec<Code> = (0..Factor::RECOVERY).map(|_| draw_code()).collect::<Result<_, _>>()?;
        let recovery = codes.iter().map(Code::hash).collect();
        let factor = Factor { since: now, used: step, recovery };
        let (name, this) = (caller.name.clone(), caller.token);
        self.change(caller.by(), move |known| known.set_factor(&name, factor, sealed, this)).await?;
        let mut waiting = self.halves.lock();
        waiting.setting_up.remove(&caller.token);
        waiting.used.insert(caller.name.key(), step);
        if waiting.to_show.len() >= MOST {
            waiting.to_show.clear();
        }
        waiting.to_show.insert(caller.token, codes.iter().map(Code::for_people).collect());
        Ok(())
    }

    /// Takes one's own second factor away, for whoever knows the password.
    pub(in crate::web) async fn remove_factor(
        &self,
        caller: &Caller,
        password: SecretString,
    ) -> Result<(), Refused> {
        self.knows_password(caller, password, What::PasswordFailed).await?;
        let (name, this) = (caller.name.clone(), caller.token);
        self.change(caller.by(), move |known| known.remove_factor(&name, Some(this))).await?;
        Ok(())
    }

    /// Whether somebody who is signed in knows their password: a browser that was left open is no place to guess.
    pub(super) async fn knows_password(
        &self,
        caller: &Caller,
        typed: SecretString,
        failing: What,
    ) -> Result<(), Refused> {
        let guesser = Guesser::at_password(&caller.name.key(), caller.from);
        self.begin_guess(&guesser)?;
        let (store, name) = (self.store.clone(), caller.name.clone());
        let user = blocking(move || store.user(&name)).await?.map_err(failed)?.ok_or(Refused::Wrong)?;
        if !self.hashed(move || accounts::verify(&typed, &user.password)).await? {
            let act = Act::new(failing, caller.name.as_str());
            self.guessed_wrong(guesser, caller.by(), act).await;
            return Err(Refused::Current);
        }
        self.guessed_right(guesser).await;
        Ok(())
    }
}
