//! The hash chain of a ledger: whoever changes a closed entry must change every hash after it.
//!
//! The hash of an entry is SHA-256 over the hash before it and the entry's canonical bytes. Before the first entry
//! stands SHA-256 over `platen ledger 1`, the mold's number u32 and its baseline u64, so that the whole displayed count
//! hangs on the chain. Canonical bytes, all numbers big end first: number u64, at i64, until i64 (ms since the Unix epoch), the kind's word, cycles i64, monitor, reading before,
//! reading after, then what the kind carries. A text is its length in bytes, u32, and its UTF-8; what may be missing
//! is a byte 0, or a byte 1 and the value; values u64.

use domain::{EntryKind, LedgerEntry, MoldId, MonitorSerial};
use sha2::{Digest, Sha256};

/// SHA-256 of an entry and everything before it.
pub type EntryHash = [u8; 32];

/// What stands before a mold's first entry.
#[must_use]
pub fn genesis(mold: MoldId, baseline: u64) -> EntryHash {
    let mut hash = Sha256::new();
    hash.update(b"platen ledger 1");
    hash.update(mold.0.to_be_bytes());
    hash.update(baseline.to_be_bytes());
    hash.finalize().into()
}

/// The hash of an entry that stands after the one with hash `before`.
#[must_use]
pub fn link(before: &EntryHash, entry: &LedgerEntry) -> EntryHash {
    let mut hash = Sha256::new();
    hash.update(before);
    hash.update(canonical(entry));
    hash.finalize().into()
}

fn canonical(entry: &LedgerEntry) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128);
    bytes.extend_from_slice(&entry.number.to_be_bytes());
    bytes.extend_from_slice(&entry.at.as_millis().to_be_bytes());
    bytes.extend_from_slice(&entry.until.as_millis().to_be_bytes());
    text(&mut bytes, entry.kind.word());
    bytes.extend_from_slice(&entry.cycles.to_be_bytes());
    maybe_text(&mut bytes, entry.monitor.as_ref().map(MonitorSerial::as_str));
    maybe_number(&mut bytes, entry.device_before);
    maybe_number(&mut bytes, entry.device_after);
    match &entry.kind {
        EntryKind::Delta | EntryKind::Gap | EntryKind::Rollover | EntryKind::Reset | EntryKind::Import => {}
        EntryKind::Fill { filled } => bytes.extend_from_slice(&filled.to_be_bytes()),
        EntryKind::Swap { before } => maybe_text(&mut bytes, before.as_ref().map(MonitorSerial::as_str)),
        EntryKind::Adjust { by, reason, confirms } => {
            text(&mut bytes, by);
            text(&mut bytes, reason);
            maybe_number(&mut bytes, *confirms);
        }
        EntryKind::Brought { by, file, sha256 } => {
            text(&mut bytes, by);
            text(&mut bytes, file);
            bytes.extend_from_slice(sha256);
        }
    }
    bytes
}

fn text(bytes: &mut Vec<u8>, text: &str) {
    let length = u32::try_from(text.len()).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(text.as_bytes());
}

fn maybe_text(bytes: &mut Vec<u8>, value: Option<&str>) {
    bytes.push(u8::from(value.is_some()));
    if let Some(value) = value {
        text(bytes, value);
    }
}

fn maybe_number(bytes: &mut Vec<u8>, value: Option<u64>) {
    bytes.push(u8::from(value.is_some()));
    if let Some(value) = value {
        bytes.extend_from_slice(&value.to_be_bytes());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use domain::Timestamp;

    fn entry() -> LedgerEntry {
        LedgerEntry {
            number: 3,
            at: Timestamp::from_millis(1_000),
            until: Timestamp::from_millis(2_000),
            kind: EntryKind::Adjust { by: "Marta".into(), reason: "recount".into(), confirms: Some(2) },
            cycles: -4,
            monitor: "V3-1".parse().ok(),
            device_before: Some(10),
            device_after: None,
        }
    }

    #[test]
    fn every_field_of_an_entry_is_in_its_hash() {
        let genesis = genesis(MoldId(1), 7);
        let hash = link(&genesis, &entry());
        let changes: [fn(&mut LedgerEntry); 13] = [
            |e| e.number = 4,
            |e| e.at = Timestamp::from_millis(1_001),
            |e| e.until = Timestamp::from_millis(2_001),
            |e| e.kind = EntryKind::Import,
            |e| e.kind = EntryKind::Brought { by: "Marta".into(), file: "recount".into(), sha256: [2; 32] },
            |e| {
                e.kind = EntryKind::Adjust { by: "Martar".into(), reason: "ecount".into(), confirms: Some(2) }
            },
            |e| e.kind = EntryKind::Adjust { by: "Marta".into(), reason: "recount".into(), confirms: None },
            |e| e.kind = EntryKind::Fill { filled: 4 },
            |e| e.cycles = 4,
            |e| e.monitor = None,
            |e| e.monitor = "V3-2".parse().ok(),
            |e| e.device_before = None,
            |e| e.device_after = Some(10),
        ];
        for change in changes {
            let mut changed = entry();
            change(&mut changed);
            assert_ne!(link(&genesis, &changed), hash, "{changed:?}");
        }
    }

    #[test]
    fn an_entry_cannot_be_moved_to_another_mold_or_another_baseline() {
        let here = link(&genesis(MoldId(1), 7), &entry());
        assert_ne!(here, link(&genesis(MoldId(2), 7), &entry()));
        assert_ne!(here, link(&genesis(MoldId(1), 8), &entry()));
    }
}
