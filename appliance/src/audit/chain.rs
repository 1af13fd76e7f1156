//! The hash chain: whoever changes or takes out an entry must change every hash after it.
//!
//! The hash of an entry is SHA-256 over the hash before it and the entry's canonical bytes; before the first one stands
//! SHA-256 over `platen audit 1`. Canonical bytes: number u64 and time i64 (ms since the Unix epoch), big end first,
//! then who, from where, what, subject, before and after. A text is its length in bytes, u32, and its UTF-8; what may
//! be missing is a byte 0, or a byte 1 and the text.

use domain::Timestamp;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::act::Happened;

/// SHA-256 of an entry and everything before it.
pub type Hash = [u8; 32];

/// An entry as it is kept. Words of later programs stay visible as they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// From 0 on, without a hole.
    pub number: u64,
    /// When, by the box's clock.
    pub at: Timestamp,
    /// Who was signed in; empty for nobody.
    pub who: String,
    /// An address, "console", or nothing where it could not be told.
    pub from: String,
    /// See [`super::What::word`].
    pub what: String,
    /// To whom or what; empty for the one who did it.
    pub subject: String,
    /// How it was before.
    pub before: Option<String>,
    /// How it was then.
    pub after: Option<String>,
}

impl Entry {
    /// With its number.
    #[must_use]
    pub fn new(number: u64, happened: &Happened) -> Self {
        let Happened { at, by, act } = happened;
        Entry {
            number,
            at: *at,
            who: by.name.clone().unwrap_or_default(),
            from: by.from.to_string(),
            what: act.what.word().to_owned(),
            subject: act.subject.clone(),
            before: act.before.clone(),
            after: act.after.clone(),
        }
    }
}

/// What stands before the first entry.
#[must_use]
pub fn genesis() -> Hash {
    Sha256::digest(b"platen audit 1").into()
}

/// The hash of an entry that stands after the one with hash `before`.
#[must_use]
pub fn link(before: &Hash, entry: &Entry) -> Hash {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(entry.number.to_be_bytes());
    hash.update(entry.at.as_millis().to_be_bytes());
    for part in [&entry.who, &entry.from, &entry.what, &entry.subject] {
        text(&mut hash, part);
    }
    for part in [&entry.before, &entry.after] {
        hash.update([u8::from(part.is_some())]);
        if let Some(part) = part {
            text(&mut hash, part);
        }
    }
    hash.finalize().into()
}

fn text(hash: &mut Sha256, text: &str) {
    hash.update(u32::try_from(text.len()).unwrap_or(u32::MAX).to_be_bytes());
    hash.update(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_of_an_entry_is_in_its_hash() {
        let entry = || Entry {
            number: 3,
            at: Timestamp::from_millis(1_000),
            who: "marta".to_owned(),
            from: "192.0.2.7".to_owned(),
            what: "change-role".to_owned(),
            subject: "eve".to_owned(),
            before: Some("viewer".to_owned()),
            after: None,
        };
        let hash = link(&genesis(), &entry());
        assert_ne!(link(&hash, &entry()), hash, "and what stands before it");
        let changes: [fn(&mut Entry); 9] = [
            |e| e.number = 4,
            |e| e.at = Timestamp::from_millis(1_001),
            |e| e.who = "martha".to_owned(),
            |e| e.from = "192.0.2.8".to_owned(),
            |e| e.what = "disable".to_owned(),
            |e| (e.what, e.subject) = ("change-rolee".to_owned(), "ve".to_owned()),
            |e| e.before = None,
            |e| e.after = Some(String::new()),
            |e| (e.before, e.after) = (None, Some("viewer".to_owned())),
        ];
        for change in changes {
            let mut changed = entry();
            change(&mut changed);
            assert_ne!(link(&genesis(), &changed), hash, "{changed:?}");
        }
    }
}
