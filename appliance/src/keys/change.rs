//! Another master key, or other keys for the store itself.

use std::path::Path;

use super::folder::{hold, open, read, settle, write};
use super::master::{Want, obtain};
use super::ring::Ring;
use super::{FILE, GetKeys};
use crate::config::StoreKey;
use crate::store::{self, Store, StoreKeys};

/// Wraps the keys under another master key. The store stays as it is; a running box does not notice.
///
/// # Errors
/// Either master key is not to be had, or the file cannot be written: the former one opens it still.
pub fn change(data: &Path, from: &StoreKey, to: &StoreKey) -> Result<(), GetKeys> {
    let _held = hold(data)?;
    let bytes = read(data)?.ok_or_else(|| GetKeys::Gone(data.join(FILE)))?;
    let (ring, _) = open(data, &bytes, from)?;
    let (master, _) = obtain(to, data, Want::Wrap)?;
    write(data, &ring, &master)
}

/// Draws new keys for the store and writes it anew under them. Both sets lie wrapped in the folder until the new file
/// has taken the old one's place, so that whenever the power goes, what is there can be opened.
///
/// # Errors
/// The store is in use, there is too little room, or the disk fails; the former keys open it still.
pub fn rotate(data: &Path, place: &StoreKey) -> Result<(), GetKeys> {
    let _held = hold(data)?;
    let bytes = read(data)?.ok_or_else(|| GetKeys::Gone(data.join(FILE)))?;
    let (ring, master) = open(data, &bytes, place)?;
    let current = match ring.next {
        None => ring.current,
        Some(_) => settle(data, ring, &master)?,
    };
    // Whatever the last box left to be done is done under the keys it was left with.
    let store = Store::open(data, &current)?;
    store.checkpoint().map_err(GetKeys::Checkpoint)?;
    drop(store);
    let held = store::hold(data)?;
    let mut ring = Ring { current, next: Some(StoreKeys::draw()?) };
    write(data, &ring, &master)?;
    let Some(next) = ring.next.take() else { return Ok(()) };
    match store::rekey(&held, &ring.current, &next) {
        Ok(_held) => write(data, &Ring { current: next, next: None }, &master),
        Err(error) => {
            // The next start does the same, should this fail.
            let _ = write(data, &ring, &master);
            Err(error.into())
        }
    }
}
