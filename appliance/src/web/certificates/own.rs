//! The box's own authority and certificate: made at the first start, kept sealed, given anew in time.

use std::collections::BTreeSet;

use domain::Timestamp;
use secrecy::{ExposeSecret, SecretSlice};

use super::NoCertificate;
use super::authority::{self, Kept};
use crate::config::HostName;
use crate::store::Store;
use crate::telemetry::Chain;
use crate::web::people::random;

const AUTHORITY: &str = "web authority";
const LEAF: &str = "web certificate";

/// The authority and what it signed.
pub(super) struct Pair {
    pub authority: Kept,
    pub leaf: Kept,
}

impl Pair {
    /// As it is sent to browsers.
    pub(super) fn chain(&self) -> Vec<Vec<u8>> {
        [&self.leaf, &self.authority].map(|kept| kept.certificate().to_vec()).into()
    }
}

/// The kept ones, with what is missing or about to end made anew.
pub(super) fn prepare(
    store: &Store,
    names: &BTreeSet<HostName>,
    now: Timestamp,
) -> Result<Pair, NoCertificate> {
    let authority = match kept(store, AUTHORITY)? {
        Some(authority) => authority,
        None => {
            let tag = hex::encode_upper(random::<4>().map_err(NoCertificate::Random)?);
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

/// Gives the server's certificate anew if it is about to end or the names have changed; tells whether it did.
pub(super) fn refresh(
    store: &Store,
    pair: &mut Pair,
    names: &BTreeSet<HostName>,
    now: Timestamp,
) -> Result<bool, NoCertificate> {
    if pair.leaf.serves(names, now) {
        return Ok(false);
    }
    pair.leaf = renew(store, &pair.authority, names, now)?;
    tracing::info!("the web server's certificate was given anew");
    Ok(true)
}

/// A disk that refuses is no reason to serve a wrong one: the next start makes another.
fn renew(
    store: &Store,
    authority: &Kept,
    names: &BTreeSet<HostName>,
    now: Timestamp,
) -> Result<Kept, NoCertificate> {
    let fresh = authority::make_leaf(authority, names, now)?;
    if let Err(error) = keep(store, LEAF, &fresh) {
        tracing::warn!(cause = %Chain(&error), "the web server's certificate is in use and not kept");
    }
    Ok(fresh)
}

/// A secret of the store, if it is there.
pub(super) fn secret(store: &Store, name: &str) -> Result<Option<SecretSlice<u8>>, NoCertificate> {
    store.secret(name).map_err(NoCertificate::Read)
}

fn kept(store: &Store, name: &str) -> Result<Option<Kept>, NoCertificate> {
    Ok(secret(store, name)?.map(|secret| Kept::from_secret(&secret)).transpose()?)
}

fn keep(store: &Store, name: &str, fresh: &Kept) -> Result<(), NoCertificate> {
    store.put_secret(name, fresh.to_secret()?.expose_secret()).map_err(NoCertificate::Keep)
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
