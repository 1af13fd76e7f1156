//! Signing in and out, and who may: the rules of [`crate::accounts`] with clock, randomness and store put to them.

mod factor;
mod own;
mod refused;
mod registrar;
mod sessions;
mod sign_in;

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use dashboard::port::{IssuedCode, IssuedToken};
use domain::{Role, Timestamp};
use rand::TryRngCore;
use rand::rngs::OsRng;
use secrecy::SecretString;
use tokio::sync::Semaphore;

use crate::accounts::{
    self, Attempts, Change, Code, CodeHash, Guesser, Guesses, Machine, Password, PasswordHash, Register,
    Session, TokenHash, Unfit,
};
use crate::audit::{Act, By, Trail, What};
use crate::clock::Clock;
use crate::store::Store;
use crate::telemetry::Chain;
use crate::watch::Entries;
use crate::web::machines::{Known, Machines};

pub(super) use factor::Entered;
use factor::Halves;
pub(super) use own::OwnDesk;
pub(super) use refused::{Refused, failed};
pub(super) use registrar::Registrar;
use sessions::Sessions;

/// One password is hashed at a time: each takes 19 MiB, and the other core belongs to the radio.
const HASHING: usize = 1;
/// So many may wait for it; a flood beyond that is turned away at once.
const WAITING: usize = 16;

/// Random bytes from the system.
pub(super) fn random<const N: usize>() -> Result<[u8; N], rand::rand_core::OsError> {
    let mut bytes = [0; N];
    OsRng.try_fill_bytes(&mut bytes)?;
    Ok(bytes)
}

/// Everyone who may come in, and every machine.
pub(super) struct People {
    store: Store,
    sessions: Arc<Sessions>,
    trail: Arc<Trail>,
    clock: Arc<dyn Clock>,
    setup: Mutex<SetUp>,
    guesses: Mutex<Guesses>,
    /// Codes by the session that they are to be shown in, once.
    issued: Mutex<HashMap<TokenHash, IssuedCode>>,
    /// Tokens of machines, in the same way.
    issued_tokens: Mutex<HashMap<TokenHash, IssuedToken>>,
    machines: Machines,
    halves: Halves,
    /// Wrong guesses, and guesses turned away because somebody had to wait, since the start.
    wrong: AtomicU64,
    locked_out: AtomicU64,
    /// Taken through a whole set-up, so that two at once make one administrator.
    setup_turn: tokio::sync::Mutex<()>,
    hashing: Arc<Semaphore>,
    waiting: Arc<Semaphore>,
    /// Compared with when nobody has the name, so that names cannot be told by the time an answer takes.
    nobody: PasswordHash,
}

struct SetUp {
    code: Option<CodeHash>,
    attempts: Attempts,
}

impl People {
    /// With the code for the console, if nobody has been set up yet. Whoever does nothing for `idle` has to sign in
    /// again.
    pub(super) fn new(
        store: Store,
        trail: Arc<Trail>,
        clock: Arc<dyn Clock>,
        idle: Option<Duration>,
    ) -> Result<(Self, Option<Code>), Refused> {
        let code = if store.is_set_up().map_err(failed)? { None } else { Some(draw_code()?) };
        let nobody = Password::choose(SecretString::from(format!(
            "x1{}",
            hex::encode(random::<16>().map_err(failed)?)
        )))?;
        let machines = Machines::new(store.clone()).map_err(failed)?;
        let people = People {
            sessions: Arc::new(Sessions::new(store.clone(), idle)),
            guesses: Mutex::new(Guesses::new(store.attempts().map_err(failed)?)),
            store,
            trail,
            clock,
            setup: Mutex::new(SetUp { code: code.as_ref().map(Code::hash), attempts: Attempts::default() }),
            issued: Mutex::default(),
            issued_tokens: Mutex::default(),
            machines,
            halves: Halves::default(),
            wrong: AtomicU64::default(),
            locked_out: AtomicU64::default(),
            setup_turn: tokio::sync::Mutex::default(),
            hashing: Arc::new(Semaphore::new(HASHING)),
            waiting: Arc::new(Semaphore::new(WAITING)),
            nobody: accounts::hash(&nobody, random().map_err(failed)?).map_err(failed)?,
        };
        Ok((people, code))
    }

    /// Whether the first administrator is still to be made.
    pub(super) fn needs_setup(&self) -> bool {
        self.setup().code.is_some()
    }

    fn setup(&self) -> MutexGuard<'_, SetUp> {
        self.setup.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The session behind a cookie, if it still holds; asking for it is using it.
    pub(super) async fn use_session(&self, token: TokenHash) -> Option<Session> {
        let session = self.session(token).await?;
        self.sessions.used(&token, self.clock.now());
        Some(session)
    }

    /// The session behind a cookie, if it still holds.
    pub(super) async fn session(&self, token: TokenHash) -> Option<Session> {
        let now = self.clock.now();
        match self.sessions.remembered(&token, now) {
            Some(known) => known,
            None => {
                let sessions = Arc::clone(&self.sessions);
                blocking(move || sessions.look_up(&token, now)).await.ok()?
            }
        }
    }

    /// The machine behind a token that is good. What is new of it is written down.
    pub(super) async fn machine(self: &Arc<Self>, token: TokenHash, from: Option<IpAddr>) -> Option<Machine> {
        let now = self.clock.now();
        let Known { machine, is_news, to_write } = self.machines.admit(&token, from, now)?;
        if is_news || to_write {
            let (people, name) = (Arc::clone(self), machine.name.to_string());
            let scope = machine.scope.word();
            let written = blocking(move || {
                if is_news {
                    people.trail.note(&By::machine(&*name, from), Act::new(What::UseToken, "").after(scope));
                }
                people.machines.write_use(&token, now);
            });
            written.await.ok()?;
        }
        Some(machine)
    }

    /// Every machine that is let in.
    pub(super) fn machines(&self) -> &Machines {
        &self.machines
    }

    /// Tokens that are still to be shown, once, by the session that made them.
    pub(super) fn issued_tokens(&self) -> &Mutex<HashMap<TokenHash, IssuedToken>> {
        &self.issued_tokens
    }

    /// Who comes in, in numbers. Blocks.
    pub(super) fn entries(&self) -> Entries {
        let sessions = self.sessions.list(None, self.clock.now()).map(|listed| listed.len() as u64);
        Entries {
            sessions: sessions.unwrap_or(0),
            wrong: self.wrong.load(Ordering::Relaxed),
            locked_out: self.locked_out.load(Ordering::Relaxed),
        }
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

    /// Changes who may come in, with what is written down of it, and ends the sessions that end with it.
    pub(super) async fn change(
        &self,
        by: By,
        decide: impl FnOnce(&Register) -> Result<Change, Unfit> + Send + 'static,
    ) -> Result<Change, Refused> {
        let (store, now) = (self.store.clone(), self.clock.now());
        let decided = blocking(move || store.change_people(&by, now, decide)).await?.map_err(failed)?;
        let change = decided.map_err(Refused::Unfit)?;
        change.ends.iter().for_each(|ends| self.sessions.forget(ends));
        self.machines.changed(&change);
        Ok(change)
    }

    /// Writes down what happened.
    async fn note(&self, by: By, act: Act) {
        let trail = Arc::clone(&self.trail);
        // A runtime that ends takes the note along.
        let _ = blocking(move || trail.note(&by, act)).await;
    }

    /// Writes down what is about to be done; what cannot be is not done.
    pub(super) async fn require(&self, by: By, act: Act) -> Result<(), Refused> {
        let trail = Arc::clone(&self.trail);
        blocking(move || trail.require(&by, act)).await?.map_err(failed)
    }

    /// Another guess at something secret.
    fn begin_guess(&self, guesser: &Guesser) -> Result<(), Refused> {
        self.guesses().begin(guesser, self.clock.now()).map_err(|wait| {
            self.locked_out.fetch_add(1, Ordering::Relaxed);
            Refused::Wait(wait)
        })
    }

    /// The guess was wrong: it is kept, so that starting the box anew forgives nobody, and written down.
    async fn guessed_wrong(&self, guesser: Guesser, by: By, act: Act) {
        self.wrong.fetch_add(1, Ordering::Relaxed);
        let (counted, wait) = {
            let guesses = self.guesses();
            (guesses.of(&guesser), guesses.wait(&guesser, self.clock.now()))
        };
        let act = match wait {
            Some(wait) => act.after(format!("has to wait {} s", wait.as_secs())),
            None => act,
        };
        let (store, trail) = (self.store.clone(), Arc::clone(&self.trail));
        let kept = blocking(move || {
            trail.note(&by, act);
            store.put_attempts(&counted)
        });
        if let Ok(Err(error)) = kept.await {
            tracing::warn!(cause = %Chain(&error), "a wrong guess is counted in memory: the store does not take it");
        }
    }

    /// The guess was right.
    async fn guessed_right(&self, guesser: Guesser) {
        let counted = {
            let mut guesses = self.guesses();
            guesses.right(&guesser);
            guesses.of(&guesser)
        };
        let store = self.store.clone();
        if let Ok(Err(error)) = blocking(move || store.put_attempts(&counted)).await {
            tracing::warn!(cause = %Chain(&error), "wrong guesses stay counted in the store: it takes nothing");
        }
    }

    fn guesses(&self) -> MutexGuard<'_, Guesses> {
        self.guesses.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Hashes a password that was chosen.
    async fn hash(&self, password: Password) -> Result<PasswordHash, Refused> {
        let salt = random().map_err(failed)?;
        self.hashed(move || accounts::hash(&password, salt)).await?.map_err(failed)
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

/// A random code.
pub(super) fn draw_code() -> Result<Code, Refused> {
    Code::draw(|| random::<1>().map(|[byte]| byte)).map_err(failed)
}

/// Somebody who is signed in, as far as what they may do goes.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) name: accounts::UserName,
    pub(super) token: TokenHash,
    /// What this session may.
    pub(super) role: Role,
    pub(super) from: Option<IpAddr>,
}

impl Caller {
    /// For the audit trail.
    pub(super) fn by(&self) -> By {
        By::person(self.name.as_str(), self.from)
    }
}
