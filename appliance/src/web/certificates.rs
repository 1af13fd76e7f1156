//! The box's certificates: made at the first start, kept sealed, given anew in time.

use std::collections::BTreeSet;

use domain::Timestamp;

use super::authority::{self, Certify, Kept};
use super::people::random;
use super::tls::{Current, SetUpTls};
use crate::config::HostName;
use crate::store::{Commit, Read, Store};
use crate::telemetry::Chain;

const AUTHORITY: &str = "web authority";
const LEAF: &str = "web certificate";

/// Why there are no certificates.
#[derive(Debug, thiserror::Error)]
pub enum Certificates {
    /// The kept ones cannot be read.
    #[error("read the certificates")]
    Read(#[source] Read),
    /// New ones cannot be kept.
    #[error("keep the certificates")]
    Keep(#[source] Commit),
    /// New ones cannot be made.
    #[error("make the certificates")]
    Make(#[from] Certify),
    /// They cannot be used.
    #[error("use the certificates")]
    Use(#[from] SetUpTls),
    /// The system gives no random bytes.
    #[error("draw random bytes")]
    Random(#[source] rand::rand_core::OsError),
}

/// The certificates in use.
pub(super) struct Pair {
    pub authority: Kept,
    pub leaf: Kept,
}

/// The kept ones, with what is missing or about to end made anew.
pub(super) fn prepare(
    store: &Store,
    names: &BTreeSet<HostName>,
    now: Timestamp,
) -> Result<Pair, Certificates> {
    let authority = match kept(store, AUTHORITY)? {
        Some(authority) => authority,
        None => {
            let tag = hex::encode_upper(random::<4>().map_err(Certificates::Random)?);
            let authority = authority::make_authority(&tag, now)?;
            keep(store, AUTHORITY, &authority)?;
            authority
        }
    };
    let leaf = match kept(store, LEAF)? {
        Some(leaf) if leaf.serves(names, now) => leaf,
        _ => renew(store, &authority, names, now)?,
    };
    Ok(Pair { authority, leaf })
}

/// Gives the server's certificate anew if it is about to end or the names have changed.
pub(super) fn refresh(
    store: &Store,
    pair: &mut Pair,
    current: &Current,
    names: &BTreeSet<HostName>,
    now: Timestamp,
) -> Result<(), Certificates> {
    if pair.leaf.serves(names, now) {
        return Ok(());
    }
    pair.leaf = renew(store, &pair.authority, names, now)?;
    tracing::info!("the web server's certificate was given anew");
    Ok(current.replace(&pair.leaf, &pair.authority)?)
}

/// A disk that refuses is no reason to serve a wrong one: the next start makes another.
fn renew(
    store: &Store,
    authority: &Kept,
    names: &BTreeSet<HostName>,
    now: Timestamp,
) -> Result<Kept, Certificates> {
    let fresh = authority::make_leaf(authority, names, now)?;
    if let Err(error) = keep(store, LEAF, &fresh) {
        tracing::warn!(cause = %Chain(&error), "the web server's certificate is in use and not kept");
    }
    Ok(fresh)
}

fn kept(store: &Store, name: &str) -> Result<Option<Kept>, Certificates> {
    let secret = store.secret(name).map_err(Certificates::Read)?;
    Ok(secret.map(|secret| Kept::from_secret(&secret)).transpose()?)
}

fn keep(store: &Store, name: &str, fresh: &Kept) -> Result<(), Certificates> {
    use secrecy::ExposeSecret;
    store.put_secret(name, fresh.to_secret()?.expose_secret()).map_err(Certificates::Keep)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::tests::filling;

    #[test]
    fn with_a_full_disk_the_box_is_served_under_its_new_name() {
        let now = Timestamp::from_millis(1_795_000_000_000);
        let names = |name: &str| BTreeSet::from([name.parse().unwrap()]);
        let disk = filling();
        let first = prepare(&disk.store, &names("box"), now).unwrap();
        disk.fill(true);
        let later = prepare(&disk.store, &names("press-hall"), now).unwrap();
        assert!(later.leaf.serves(&names("press-hall"), now));
        assert_eq!(later.authority.fingerprint(), first.authority.fingerprint());
    }
}
