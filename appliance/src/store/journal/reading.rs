//! What a journal's file holds: the records of commits that the database does not have as a whole.

use redb::StorageBackend;
use secrecy::{ExposeSecret, SecretSlice};

use super::failed;
use super::record::{self, BLOCK, HEAD, Head};
use crate::store::error::Fault;
use crate::store::seal::SealingKey;

/// A record that was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Found {
    /// The commit.
    pub(in crate::store) number: u64,
    pub(super) place: u64,
    sealed: u32,
}

impl Found {
    pub(super) fn end(&self) -> u64 {
        let head = Head { number: self.number, sealed: self.sealed };
        self.place.saturating_add(head.blocks().saturating_mul(BLOCK as u64))
    }
}

/// A journal's file, read.
pub(in crate::store) struct Reading<'a> {
    file: &'a dyn StorageBackend,
    key: &'a SealingKey,
    /// The records after the commit that was asked for, in order of their numbers.
    pub(in crate::store) records: Vec<Found>,
    /// Commits that should lie between them and do not open: something that was told as kept is gone. One that does
    /// not open behind all others was being written when the power went, and was not told as kept.
    pub(in crate::store) missing: Vec<u64>,
}

impl<'a> Reading<'a> {
    /// Looks for records of commits after number `packed`, up to `journaled` at least.
    pub(in crate::store) fn after(
        file: &'a dyn StorageBackend,
        key: &'a SealingKey,
        (packed, journaled): (u64, u64),
    ) -> Result<Self, Fault> {
        let length = file.len().map_err(failed)?;
        let mut reading = Reading { file, key, records: Vec::new(), missing: Vec::new() };
        let mut records = Vec::new();
        let mut place = 0u64;
        while place.saturating_add(BLOCK as u64) <= length {
            let mut bytes = [0; HEAD];
            file.read(place, &mut bytes).map_err(failed)?;
            let end_of_segment = if place < length / 2 { length / 2 } else { length };
            let found = Head::parse(&bytes)
                .map(|head| Found { number: head.number, place, sealed: head.sealed })
                // Those that the database has long had are not opened, and what is not opened is not believed: not
                // even how long it is.
                .filter(|found| found.number > packed && found.end() <= end_of_segment)
                .filter(|found| reading.open(found).is_ok_and(|it| it.is_some()));
            place = found.map_or(place + BLOCK as u64, |found| found.end());
            records.extend(found);
        }
        records.sort_by_key(|found| found.number);
        reading.records = reading.once(&records)?;
        let mut there = reading.records.iter().map(|found| found.number).peekable();
        let last = records.last().map_or(packed, |found| found.number).max(journaled);
        let missing =
            (packed.saturating_add(1)..=last).filter(|number| there.next_if_eq(number).is_none()).collect();
        reading.missing = missing;
        Ok(reading)
    }

    /// Each commit once, of records in order of their numbers. The journal writes none twice, but whoever has the disk
    /// can copy blocks. Two that differ are both left out, for nobody knows which one was told as kept.
    fn once(&self, records: &[Found]) -> Result<Vec<Found>, Fault> {
        let mut once = Vec::with_capacity(records.len());
        for same in records.chunk_by(|a, b| a.number == b.number) {
            let Some((first, others)) = same.split_first() else { continue };
            let mut alike = true;
            if !others.is_empty() {
                let plain = self.open(first)?;
                for other in others {
                    let other = self.open(other)?;
                    alike &= plain.as_ref().map(|it| it.expose_secret())
                        == other.as_ref().map(|it| it.expose_secret());
                }
            }
            once.extend(alike.then_some(*first));
        }
        Ok(once)
    }

    /// What a record holds; `None` when it does not open.
    pub(in crate::store) fn open(&self, found: &Found) -> Result<Option<SecretSlice<u8>>, Fault> {
        let mut sealed = vec![0; usize::try_from(found.sealed).unwrap_or(usize::MAX)];
        self.file.read(found.place.saturating_add(HEAD as u64), &mut sealed).map_err(failed)?;
        Ok(record::open(self.key, found.number, &sealed))
    }
}
