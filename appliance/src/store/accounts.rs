//! People, their codes and sessions, machines, wrong guesses, and what the plant is called.

use redb::{ReadableTable, ReadableTableMetadata, WriteTransaction};
use serde::{Deserialize, Serialize};

use domain::Timestamp;

use super::audit;
use super::error::{Commit, Fault, Read};
use super::open::Store;
use super::row;
use super::tables::{self, ATTEMPTS, CODES, FACTORS, MACHINES, SECRETS, SESSIONS, SETTINGS, Tables, USERS};
use crate::accounts::{
    Attempts, Change, CodeHash, Ends, Factor, FactorChange, GuesserKey, Invitation, Machine, Register, Rules,
    Session, TokenHash, User, UserName,
};
use crate::audit::{By, Happened};

/// Where the settings tell what is set about signing in.
pub(super) const RULES: &str = "entry";

/// So many names and addresses are kept. Those that are forgotten first have waited longest.
const GUESSERS: u64 = 4_096;

/// What people set about the plant as a whole.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlantSettings {
    /// The plant's name; empty until somebody gives it one.
    pub name: String,
    /// IANA time zone of the plant's clocks; empty for UTC.
    pub time_zone: String,
}

impl Store {
    /// Whether the first administrator has been made: nobody gets in with the one-time code any more.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn is_set_up(&self) -> Result<bool, Read> {
        self.read(|txn| Ok(!txn.open_table(USERS)?.is_empty()?))
    }

    /// Makes the first user.
    ///
    /// # Errors
    /// There is a user already, or the store cannot be written.
    pub fn set_up(&self, first: &User) -> Result<(), Commit> {
        let made =
            self.change_people(&By::stranger(None), first.created, |known| known.set_up(first.clone()))?;
        made.map(drop).map_err(|unfit| Commit::Refused(unfit.to_string()))
    }

    /// Everyone who may come in, and every code.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn people(&self) -> Result<Register, Read> {
        self.read(register)
    }

    /// The user of that name.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn user(&self, name: &UserName) -> Result<Option<User>, Read> {
        self.read(|txn| tables::one(&txn.open_table(USERS)?, "users", name.key().as_str()))
    }

    /// Changes people as `decide` says, told how they are now, with what is written down of it; all of it or nothing.
    ///
    /// # Errors
    /// The store cannot be written; the inner error is what `decide` says.
    pub fn change_people<E>(
        &self,
        by: &By,
        at: Timestamp,
        decide: impl FnOnce(&Register) -> Result<Change, E>,
    ) -> Result<Result<Change, E>, Commit> {
        let mut decided = None;
        let written = self.write(|txn| match decide(&register(txn)?) {
            Ok(change) => {
                apply(txn, &change)?;
                let happened = |act: &crate::audit::Act| Happened { at, by: by.clone(), act: act.clone() };
                audit::append(txn, &change.acts.iter().map(happened).collect::<Vec<_>>())?;
                decided = Some(Ok(change));
                Ok(())
            }
            Err(unfit) => {
                decided = Some(Err(unfit));
                Err(Fault::Refused("nothing is to be changed".to_owned()))
            }
        });
        match decided {
            Some(Err(unfit)) => Ok(Err(unfit)),
            Some(Ok(change)) => written.map(|()| Ok(change)),
            None => Err(written.err().unwrap_or_else(|| Commit::Refused("nothing was decided".to_owned()))),
        }
    }

    /// The session of that token.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn session(&self, token: &TokenHash) -> Result<Option<Session>, Read> {
        self.read(|txn| {
            // The key is a hash that opens nothing, yet it stays out of messages.
            match txn.open_table(SESSIONS)?.get(token.0)? {
                Some(value) => Ok(Some(row::decode("sessions", token, value.value())?)),
                None => Ok(None),
            }
        })
    }

    /// Every session.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn sessions(&self) -> Result<Vec<(TokenHash, Session)>, Read> {
        self.read(|txn| {
            let mut sessions = Vec::new();
            for item in txn.open_table(SESSIONS)?.iter()? {
                let (key, value) = item?;
                let token = TokenHash(key.value());
                sessions.push((token, row::decode("sessions", token, value.value())?));
            }
            Ok(sessions)
        })
    }

    /// Keeps a session.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn put_session(&self, token: &TokenHash, session: &Session) -> Result<(), Commit> {
        self.write(|txn| {
            txn.open_table(SESSIONS)?.insert(token.0, row::encode(session)?.as_slice())?;
            Ok(())
        })
    }

    /// Begins a session for somebody as they were when they proved who they are, and forgets sessions that are over;
    /// `false`: they are not so any more, and nothing was kept.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn open_session(&self, token: &TokenHash, session: &Session, as_of: &User) -> Result<bool, Commit> {
        let mut is_so = true;
        let written = self.write(|txn| {
            let user: Option<User> =
                tables::one(&txn.open_table(USERS)?, "users", as_of.name.key().as_str())?;
            if user.as_ref() != Some(as_of) {
                is_so = false;
                return Err(Fault::Refused("they are not who they were".to_owned()));
            }
            retain(txn, |_, kept| kept.holds(session.opened))?;
            txn.open_table(SESSIONS)?.insert(token.0, row::encode(session)?.as_slice())?;
            Ok(())
        });
        if is_so { written.map(|()| true) } else { Ok(false) }
    }

    /// Ends a session.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn remove_session(&self, token: &TokenHash) -> Result<(), Commit> {
        self.write(|txn| {
            txn.open_table(SESSIONS)?.remove(token.0)?;
            Ok(())
        })
    }

    /// Ends every session that `keep` does not hold on to.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn retain_sessions(&self, keep: impl Fn(&Session) -> bool) -> Result<(), Commit> {
        self.write(|txn| retain(txn, |_, session| keep(session)))
    }

    /// Writes down when machines last used their tokens, of those that are still let in.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn machines_used(&self, used: &[(TokenHash, Timestamp)]) -> Result<(), Commit> {
        self.write(|txn| {
            let mut table = txn.open_table(MACHINES)?;
            for (token, at) in used {
                let known = table.get(token.0)?;
                let known = known.map(|value| row::decode::<Machine>("machines", "a hash", value.value()));
                if let Some(known) = known.transpose()? {
                    let machine = Machine { used: Some(*at), ..known };
                    table.insert(token.0, row::encode(&machine)?.as_slice())?;
                }
            }
            Ok(())
        })
    }

    /// Wrong guesses that were counted.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn attempts(&self) -> Result<Vec<(GuesserKey, Attempts)>, Read> {
        self.read(|txn| {
            let mut counted = Vec::new();
            for item in txn.open_table(ATTEMPTS)?.iter()? {
                let (key, value) = item?;
                counted.push((GuesserKey(key.value()), row::decode("attempts", "a hash", value.value())?));
            }
            Ok(counted)
        })
    }

    /// Keeps wrong guesses, or forgets them.
    ///
    /// # Errors
    /// The store cannot be written.
    pub fn put_attempts(&self, counted: &[(GuesserKey, Option<Attempts>)]) -> Result<(), Commit> {
        self.write(|txn| {
            let mut table = txn.open_table(ATTEMPTS)?;
            for (key, attempts) in counted {
                match attempts {
                    Some(attempts) => drop(table.insert(key.0, row::encode(attempts)?.as_slice())?),
                    None => drop(table.remove(key.0)?),
                }
            }
            while table.len()? > GUESSERS {
                table.pop_first()?;
            }
            Ok(())
        })
    }
}

fn register(tables: &impl Tables) -> Result<Register, Fault> {
    let users = tables::all(&tables.table(USERS)?, "users")?;
    let mut codes = Vec::new();
    for item in tables.table(CODES)?.iter()? {
        let (key, value) = item?;
        codes.push((CodeHash(key.value()), row::decode::<Invitation>("codes", "a hash", value.value())?));
    }
    let mut machines = Vec::new();
    for item in tables.table(MACHINES)?.iter()? {
        let (key, value) = item?;
        machines.push((TokenHash(key.value()), row::decode::<Machine>("machines", "a hash", value.value())?));
    }
    let mut factors = Vec::new();
    for item in tables.table(FACTORS)?.iter()? {
        let (key, value) = item?;
        factors.push((key.value().to_owned(), row::decode::<Factor>("factors", "a name", value.value())?));
    }
    let rules: Option<Rules> = tables::one(&tables.table(SETTINGS)?, "settings", RULES)?;
    let rules = rules.unwrap_or_default();
    Ok(Register { users, codes, machines, factors, rules })
}

fn apply(txn: &WriteTransaction, change: &Change) -> Result<(), Fault> {
    if let Some(user) = &change.user {
        txn.open_table(USERS)?.insert(user.name.key().as_str(), row::encode(user)?.as_slice())?;
    }
    let mut codes = txn.open_table(CODES)?;
    for gone in &change.gone {
        codes.remove(gone.0)?;
    }
    if let Some((code, invitation)) = &change.code {
        codes.insert(code.0, row::encode(invitation)?.as_slice())?;
    }
    drop(codes);
    if let Some((token, machine)) = &change.machine {
        txn.open_table(MACHINES)?.insert(token.0, row::encode(machine)?.as_slice())?;
    }
    if let Some(token) = change.dismissed {
        txn.open_table(MACHINES)?.remove(token.0)?;
    }
    match &change.factor {
        Some(FactorChange::Set(user, factor, sealed)) => {
            txn.open_table(FACTORS)?.insert(user.key().as_str(), row::encode(factor)?.as_slice())?;
            txn.open_table(SECRETS)?.insert(Factor::secret_name(user).as_str(), sealed.as_slice())?;
        }
        Some(FactorChange::Used(user, factor)) => {
            txn.open_table(FACTORS)?.insert(user.key().as_str(), row::encode(factor)?.as_slice())?;
        }
        Some(FactorChange::Removed(user)) => {
            txn.open_table(FACTORS)?.remove(user.key().as_str())?;
            txn.open_table(SECRETS)?.remove(Factor::secret_name(user).as_str())?;
        }
        None => {}
    }
    if let Some(rules) = &change.rules {
        txn.open_table(SETTINGS)?.insert(RULES, row::encode(rules)?.as_slice())?;
    }
    for Ends { user, but } in &change.ends {
        let key = user.key();
        retain(txn, |token, session| Some(token) == *but || session.user.key() != key)?;
    }
    Ok(())
}

fn retain(txn: &WriteTransaction, keep: impl Fn(TokenHash, &Session) -> bool) -> Result<(), Fault> {
    txn.open_table(SESSIONS)?.retain(|token, value| {
        // One that cannot be read lets nobody in and is of no use.
        let session = row::decode::<Session>("sessions", "a token", value);
        session.is_ok_and(|session| keep(TokenHash(token), &session))
    })?;
    Ok(())
}
