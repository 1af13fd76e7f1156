//! Signing in and out: the rules of [`crate::accounts`] with clock, randomness and store put to them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use domain::Timestamp;
use rand::TryRngCore;
use rand::rngs::OsRng;
use secrecy::SecretString;
use tokio::sync::Semaphore;

use super::sessions::Sessions;
use crate::accounts::{
    self, Attempts, Guesses, Password, PasswordError, PasswordHash, Session, SessionToken, SetupCode,
    SetupCodeHash, TokenHash, User, UserName,
};
use crate::clock::Clock;
use crate::store::Store;

/// One password is hashed at a time: each takes 19 MiB, and the other core belongs to the radio.
const HASHING: usize = 1;
/// So many may wait for it; a flood beyond that is turned away at once.
const WAITING: usize = 16;

/// Why someone was not let in. What is shown of it is [`Refused::word`].
#[derive(Debug, thiserror::Error)]
pub(super) enum Refused {
    #[error("wrong name or password")]
    Wrong,
    #[error("wrong set-up code")]
    Code,
    #[error("too many wrong guesses, wait {0:?}")]
    Wait(Duration),
    #[error("not a name")]
    Name,
    #[error(transparent)]
    Password(#[from] PasswordError),
    #[error("the two passwords differ")]
    Mismatch,
    #[error("there is an administrator already")]
    Taken,
    #[error("too many people sign in at once")]
    Busy,
    #[error("sign in")]
    Failed(#[source] Box<dyn std::error::Error + Send + Sync>),
}

impl Refused {
    /// For the page that shows it.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Refused::Wrong => "wrong",
            Refused::Code => "code",
            Refused::Wait(_) => "wait",
            Refused::Name => "name",
            Refused::Password(PasswordError::Length) => "password-length",
            Refused::Password(PasswordError::LettersAndNumbers) => "password-letters",
            Refused::Mismatch => "mismatch",
            Refused::Taken => "taken",
            Refused::Busy => "busy",
            Refused::Failed(_) => "failed",
        }
    }
}

fn failed(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Refused {
    Refused::Failed(error.into())
}

/// Random bytes from the system.
pub(super) fn random<const N: usize>() -> Result<[u8; N], rand::rand_core::OsError> {
    let mut bytes = [0; N];
    OsRng.try_fill_bytes(&mut bytes)?;
    Ok(bytes)
}

/// Everyone who may come in.
pub(super) struct People {
    store: Store,
    sessions: Arc<Sessions>,
    clock: Arc<dyn Clock>,
    setup: Mutex<SetUp>,
    guesses: Mutex<Guesses>,
    /// Taken through a whole set-up, so that two at once make one administrator.
    setup_turn: tokio::sync::Mutex<()>,
    hashing: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// Compared with when nobody has the name, so that names cannot be told by the time an answer takes.
    nobody: PasswordHash,
}

struct SetUp {
    code: Option<SetupCodeHash>,
    attempts: Attempts,
}

impl People {
    /// With the code for the console, if nobody has been set up yet.
    pub(super) fn new(store: Store, clock: Arc<dyn Clock>) -> Result<(Self, Option<SetupCode>), Refused> {
        let code = if store.is_set_up().map_err(failed)? { None } else { Some(draw_code()?) };
        let nobody = Password::choose(SecretString::from(format!(
            "x1{}",
            hex::encode(random::<16>().map_err(failed)?)
        )))?;
        let people = People {
            sessions: Arc::new(Sessions::new(store.clone())),
            store,
            clock,
            guesses: Mutex::default(),
            setup: Mutex::new(SetUp {
                code: code.as_ref().map(SetupCode::hash),
                attempts: Attempts::default(),
            }),
            setup_turn: tokio::sync::Mutex::default(),
            hashing: Arc::new(Semaphore::new(HASHING)),
            waiting: Arc::new(Semaphore::new(WAITING)),
            nobody: accounts::hash(&nobody, random().map_err(failed)?).map_err(failed)?,
        };
        Ok((people, code))
    }

    /// Whether the first administrator is still to be made.
    pub(super) fn needs_setup(&self) -> bool {
        self.setup.lock().unwrap_or_else(PoisonError::into_inner).code.is_some()
    }

    /// Makes the first administrator and signs them in.
    pub(super) async fn set_up(
        &self,
        code: &str,
        name: &str,
        password: SecretString,
    ) -> Result<SessionToken, Refused> {
        let _turn = self.setup_turn.lock().await;
        self.check_code(code)?;
        let name: UserName = name.trim().parse().map_err(|_| Refused::Name)?;
        let password = Password::choose(password)?;
        let salt = random().map_err(failed)?;
        let hash = self.hashed(move || accounts::hash(&password, salt)).await?.map_err(failed)?;
        let user = User { name: name.clone(), password: hash, created: self.clock.now() };
        let store = self.store.clone();
        blocking(move || store.set_up(&user)).await?.map_err(failed)?;
        self.setup.lock().unwrap_or_else(PoisonError::into_inner).code = None;
        tracing::info!(%name, "the first administrator was made");
        self.open(name).await
    }

    fn check_code(&self, typed: &str) -> Result<(), Refused> {
        let now = self.clock.now();
        let mut setup = self.setup.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(code) = setup.code.clone() else { return Err(Refused::Taken) };
        if let Some(wait) = setup.attempts.wait(now) {
            return Err(Refused::Wait(wait));
        }
        if code.fits(typed) {
            return Ok(());
        }
        setup.attempts.failed(now);
        tracing::warn!("a wrong set-up code was entered");
        Err(Refused::Code)
    }

    /// Begins a session.
    pub(super) async fn log_in(&self, name: &str, password: SecretString) -> Result<SessionToken, Refused> {
        let name = name.trim().parse::<UserName>().ok();
        // What can be nobody's name is counted as well: the answer says nothing about names.
        let key = name.as_ref().map(UserName::key).unwrap_or_default();
        let begun = self.guesses().begin(&key, self.clock.now());
        begun.inspect_err(|_| tracing::warn!("too many sign-ins failed")).map_err(Refused::Wait)?;
        let store = self.store.clone();
        let user =
            blocking(move || name.map_or(Ok(None), |name| store.user(&name))).await?.map_err(failed)?;
        let kept = user.as_ref().map_or_else(|| self.nobody.clone(), |user| user.password.clone());
        let fits = self.hashed(move || accounts::verify(&password, &kept)).await?;
        match user {
            Some(user) if fits => {
                self.guesses().right(&key);
                tracing::info!(name = %user.name, "signed in");
                self.open(user.name).await
            }
            _ => {
                tracing::warn!("a sign-in failed");
                Err(Refused::Wrong)
            }
        }
    }

    fn guesses(&self) -> MutexGuard<'_, Guesses> {
        self.guesses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn open(&self, user: UserName) -> Result<SessionToken, Refused> {
        let token = SessionToken::from_random(random().map_err(failed)?);
        let (hash, opened) = (token.hash(), self.clock.now());
        let sessions = Arc::clone(&self.sessions);
        blocking(move || sessions.open(hash, Session { user, opened })).await?;
        Ok(token)
    }

    /// The session behind a cookie, if it still holds.
    pub(super) async fn session(&self, token: TokenHash) -> Option<Session> {
        let now = self.clock.now();
        let session = match self.sessions.remembered(&token) {
            Some(known) => known,
            None => {
                let sessions = Arc::clone(&self.sessions);
                blocking(move || sessions.look_up(&token, now)).await.ok()?
            }
        };
        session.filter(|session| session.holds(now))
    }

    /// Ends a session, whatever the store says.
    pub(super) async fn log_out(&self, token: TokenHash) -> Result<(), Refused> {
        let (sessions, now) = (Arc::clone(&self.sessions), self.clock.now());
        blocking(move || sessions.leave(&token, now)).await
    }

    /// Whether the box could keep what it is told.
    pub(super) async fn is_well(&self) -> bool {
        let store = self.store.clone();
        blocking(move || store.is_set_up().is_ok() && store.refusal().is_none()).await.unwrap_or(false)
    }

    /// The box's clock.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Does the slow work on a thread of its own, one at a time.
    async fn hashed<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, Refused> {
        let _place = Arc::clone(&self.waiting).try_acquire_owned().map_err(|_| Refused::Busy)?;
        let turn = Arc::clone(&self.hashing).acquire_owned().await.map_err(failed)?;
        // Held by the work itself: a browser that goes away does not make room for another hash beside it.
        blocking(move || {
            let _turn = turn;
            work()
        })
        .await
    }
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, Refused> {
    tokio::task::spawn_blocking(work).await.map_err(failed)
}

fn draw_code() -> Result<SetupCode, Refused> {
    let mut failure = None;
    let code = SetupCode::from_random(|below| {
        loop {
            match random::<1>() {
                // The largest multiple of `below` bounds the draw, so that every letter is equally likely.
                Ok([byte]) if usize::from(byte) < 256 / below * below => return usize::from(byte) % below,
                Ok(_) => {}
                Err(error) => {
                    failure = Some(error);
                    return 0;
                }
            }
        }
    });
    failure.map_or(Ok(code), |error| Err(failed(error)))
}
