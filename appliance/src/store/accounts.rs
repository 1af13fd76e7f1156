//! People, their sessions, and what the plant is called.

use redb::ReadableTableMetadata;
use serde::{Deserialize, Serialize};

use super::error::{Commit, Fault, Read};
use super::open::Store;
use super::row;
use super::tables::{self, SESSIONS, USERS};
use crate::accounts::{Session, TokenHash, User, UserName};

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
        self.write(|txn| {
            let mut users = txn.open_table(USERS)?;
            if !users.is_empty()? {
                return Err(Fault::Refused("the box is set up already".to_owned()));
            }
            users.insert(first.name.key().as_str(), row::encode(first)?.as_slice())?;
            Ok(())
        })
    }

    /// The user of that name.
    ///
    /// # Errors
    /// The store cannot be read.
    pub fn user(&self, name: &UserName) -> Result<Option<User>, Read> {
        self.read(|txn| tables::one(&txn.open_table(USERS)?, "users", name.key().as_str()))
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
        self.write(|txn| {
            txn.open_table(SESSIONS)?.retain(|_, value| {
                // One that cannot be read lets nobody in and is of no use.
                row::decode::<Session>("sessions", "a token", value).is_ok_and(|session| keep(&session))
            })?;
            Ok(())
        })
    }
}
