//! Format 4: people with roles, codes, wrong guesses, the audit trail; how far monitors' alerts were taken notice of, and a
//! list of that at the end of a commit in the journal. Closed with its release; never edit it then.

use redb::{ReadableTable, TableDefinition, WriteTransaction};
use serde::{Deserialize, Serialize};

use crate::store::error::Fault;

type Bytes = &'static [u8];
/// By name in small letters: a byte 1 and the person in postcard, or a byte 2 and the CRC-32 of the person before it.
const USERS: TableDefinition<&str, Bytes> = TableDefinition::new("users");
/// By SHA-256 of the token, in the same way.
const SESSIONS: TableDefinition<[u8; 32], Bytes> = TableDefinition::new("sessions");

/// Whoever could sign in before could do everything.
const ADMINISTRATOR: u32 = 3;

#[derive(Deserialize)]
struct Former {
    name: String,
    password: String,
    created: i64,
}

#[derive(Serialize)]
struct User {
    name: String,
    email: Option<String>,
    role: u32,
    password: String,
    created: i64,
    disabled: Option<i64>,
}

#[derive(Deserialize)]
struct FormerSession {
    user: String,
    opened: i64,
}

#[derive(Serialize)]
struct Session {
    user: String,
    role: u32,
    opened: i64,
    from: Option<()>,
}

/// Gives everybody a role. A damaged person or session stays as it is: `check` tells of it, and it lets nobody in.
pub(super) fn up(txn: &WriteTransaction) -> Result<(), Fault> {
    txn.open_table(TableDefinition::<[u8; 32], Bytes>::new("codes"))?;
    txn.open_table(TableDefinition::<[u8; 32], Bytes>::new("attempts"))?;
    txn.open_table(TableDefinition::<u64, Bytes>::new("audit"))?;
    // Nobody alerted before. Commits that still wait in the journal are read without that list.
    txn.open_table(TableDefinition::<&str, Bytes>::new("alert_marks"))?;

    let mut users = txn.open_table(USERS)?;
    let mut changed = Vec::new();
    for item in users.iter()? {
        let (key, value) = item?;
        if let Some(Former { name, password, created }) = body(value.value()) {
            let user = User { name, email: None, role: ADMINISTRATOR, password, created, disabled: None };
            changed.push((key.value().to_owned(), put(&user)?));
        }
    }
    for (key, value) in changed {
        users.insert(key.as_str(), value.as_slice())?;
    }
    let mut sessions = txn.open_table(SESSIONS)?;
    let mut changed = Vec::new();
    for item in sessions.iter()? {
        let (key, value) = item?;
        if let Some(FormerSession { user, opened }) = body(value.value()) {
            changed.push((key.value(), put(&Session { user, role: ADMINISTRATOR, opened, from: None })?));
        }
    }
    for (key, value) in changed {
        sessions.insert(key, value.as_slice())?;
    }
    let mut meta = txn.open_table(TableDefinition::<&str, Bytes>::new("meta"))?;
    meta.insert("format", [1u8, 4, 0, 0, 0].as_slice())?;
    Ok(())
}

fn body<T: for<'a> Deserialize<'a>>(bytes: &[u8]) -> Option<T> {
    let body = match bytes {
        [1, body @ ..] => body,
        [2, rest @ ..] => {
            let (sum, body) = rest.split_first_chunk::<4>()?;
            (crc32fast::hash(body).to_le_bytes() == *sum).then_some(body)?
        }
        _ => return None,
    };
    postcard::from_bytes(body).ok()
}

fn put<T: Serialize>(value: &T) -> Result<Vec<u8>, Fault> {
    let body =
        postcard::to_stdvec(value).map_err(|why| Fault::Refused(format!("could not encode: {why}")))?;
    let mut bytes = vec![2];
    bytes.extend(crc32fast::hash(&body).to_le_bytes());
    bytes.extend(body);
    Ok(bytes)
}
