//! What redb writes through: straight to the disk, or, when the disk takes no more, into memory above it.
//!
//! A database that was not closed in order must be repaired before it can be read, and repairing writes. Above a
//! shadow that repair happens in memory, so that everything kept stays readable while the disk is full or read-only.

use std::collections::BTreeMap;
use std::io::{self, ErrorKind};
use std::ops::Bound;
use std::sync::{Mutex, PoisonError};

use redb::{BackendError, StorageBackend};

const PAGE: usize = 4096;

/// A backend with or without a shadow.
#[derive(Debug)]
pub(super) struct Layer {
    under: Box<dyn StorageBackend>,
    shadow: Option<Mutex<Shadow>>,
    /// Whoever opens it holds the file already.
    held: bool,
}

/// What was written above the disk.
#[derive(Debug)]
struct Shadow {
    length: u64,
    /// So much of the disk is still seen; what was cut off once does not come back.
    seen: u64,
    pages: BTreeMap<u64, Vec<u8>>,
}

impl Layer {
    /// Every write goes to the disk.
    pub(super) fn through(under: Box<dyn StorageBackend>) -> Self {
        Layer { under, shadow: None, held: false }
    }

    /// No write goes to the disk.
    pub(super) fn above(under: Box<dyn StorageBackend>) -> io::Result<Self> {
        let length = under.len()?;
        let shadow = Shadow { length, seen: length, pages: BTreeMap::new() };
        Ok(Layer { under, shadow: Some(Mutex::new(shadow)), held: false })
    }

    /// No write goes to the disk, and nobody is asked for a lock: the one who opens it has it.
    pub(super) fn above_held(under: Box<dyn StorageBackend>) -> io::Result<Self> {
        Ok(Layer { held: true, ..Layer::above(under)? })
    }
}

impl Shadow {
    /// The bytes of a page as they were before anything was written above.
    fn disk_page(&self, under: &dyn StorageBackend, page: u64) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; PAGE];
        let begin = page.saturating_mul(PAGE as u64);
        let there = usize::try_from(self.seen.saturating_sub(begin)).unwrap_or(PAGE).min(PAGE);
        if let Some(part) = bytes.get_mut(..there).filter(|part| !part.is_empty()) {
            under.read(begin, part)?;
        }
        Ok(bytes)
    }

    /// Gives every piece of a range: page, place in it, place in the range, length.
    fn pieces(offset: u64, length: usize) -> impl Iterator<Item = (u64, usize, usize, usize)> {
        let mut done = 0;
        std::iter::from_fn(move || {
            let at = offset.checked_add(done as u64)?;
            let within = usize::try_from(at % PAGE as u64).ok()?;
            let piece = (PAGE - within).min(length - done);
            let item = (at / PAGE as u64, within, done, piece);
            done += piece;
            (piece > 0).then_some(item)
        })
    }

    fn read(&self, under: &dyn StorageBackend, offset: u64, out: &mut [u8]) -> io::Result<()> {
        if offset.checked_add(out.len() as u64).is_none_or(|end| end > self.length) {
            return Err(ErrorKind::UnexpectedEof.into());
        }
        for (page, within, place, piece) in Shadow::pieces(offset, out.len()) {
            let fresh;
            let bytes = match self.pages.get(&page) {
                Some(bytes) => bytes,
                None => {
                    fresh = self.disk_page(under, page)?;
                    &fresh
                }
            };
            if let (Some(to), Some(from)) =
                (out.get_mut(place..place + piece), bytes.get(within..within + piece))
            {
                to.copy_from_slice(from);
            }
        }
        Ok(())
    }

    fn write(&mut self, under: &dyn StorageBackend, offset: u64, data: &[u8]) -> io::Result<()> {
        for (page, within, place, piece) in Shadow::pieces(offset, data.len()) {
            if !self.pages.contains_key(&page) {
                let bytes = self.disk_page(under, page)?;
                self.pages.insert(page, bytes);
            }
            let bytes = self.pages.get_mut(&page).and_then(|bytes| bytes.get_mut(within..within + piece));
            if let (Some(to), Some(from)) = (bytes, data.get(place..place + piece)) {
                to.copy_from_slice(from);
            }
        }
        self.length = self.length.max(offset.saturating_add(data.len() as u64));
        Ok(())
    }

    fn set_len(&mut self, under: &dyn StorageBackend, length: u64) -> io::Result<()> {
        if length < self.length {
            let (page, within) = (length / PAGE as u64, usize::try_from(length % PAGE as u64).unwrap_or(0));
            self.pages.split_off(&page.saturating_add(u64::from(within > 0)));
            if within > 0 {
                let mut bytes = match self.pages.remove(&page) {
                    Some(bytes) => bytes,
                    None => self.disk_page(under, page)?,
                };
                if let Some(cut) = bytes.get_mut(within..) {
                    cut.fill(0);
                }
                self.pages.insert(page, bytes);
            }
            self.seen = self.seen.min(length);
        }
        self.length = length;
        Ok(())
    }
}

impl StorageBackend for Layer {
    fn len(&self) -> io::Result<u64> {
        match &self.shadow {
            None => self.under.len(),
            Some(shadow) => Ok(shadow.lock().unwrap_or_else(PoisonError::into_inner).length),
        }
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        match &self.shadow {
            None => self.under.read(offset, out),
            Some(shadow) => {
                shadow.lock().unwrap_or_else(PoisonError::into_inner).read(self.under.as_ref(), offset, out)
            }
        }
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        match &self.shadow {
            None => self.under.set_len(len),
            Some(shadow) => {
                shadow.lock().unwrap_or_else(PoisonError::into_inner).set_len(self.under.as_ref(), len)
            }
        }
    }

    fn sync_data(&self) -> io::Result<()> {
        if self.shadow.is_none() { self.under.sync_data() } else { Ok(()) }
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        match &self.shadow {
            None => self.under.write(offset, data),
            Some(shadow) => {
                shadow.lock().unwrap_or_else(PoisonError::into_inner).write(self.under.as_ref(), offset, data)
            }
        }
    }

    fn close(&self) -> io::Result<()> {
        self.under.close()
    }

    fn try_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        // Who writes nothing needs nobody else to stop reading; a file open for reading could not ask for it either.
        match self.shadow {
            _ if self.held => Ok(true),
            None => self.under.try_lock_range(start, end),
            Some(_) => self.under.try_lock_shared_range(start, end),
        }
    }

    fn try_lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        if self.held { Ok(true) } else { self.under.try_lock_shared_range(start, end) }
    }

    fn lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        if self.held { Ok(()) } else { self.under.lock_range(start, end) }
    }

    fn lock_shared_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        if self.held { Ok(()) } else { self.under.lock_shared_range(start, end) }
    }

    fn unlock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<(), BackendError> {
        if self.held { Ok(()) } else { self.under.unlock_range(start, end) }
    }

    fn query_lock_range(&self, start: Bound<u64>, end: Bound<u64>) -> Result<bool, BackendError> {
        self.under.query_lock_range(start, end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use redb::backends::InMemoryBackend;

    #[derive(Debug, Clone)]
    enum Step {
        Write(u64, Vec<u8>),
        Length(u64),
    }

    fn any_step() -> impl Strategy<Value = Step> {
        prop_oneof![
            3 => (0..20_000u64, prop::collection::vec(any::<u8>(), 0..9_000)).prop_map(|(at, data)| Step::Write(at, data)),
            1 => (0..30_000u64).prop_map(Step::Length),
        ]
    }

    proptest! {
        #[test]
        fn a_shadow_reads_as_if_it_were_the_disk_and_changes_nothing_there(steps in prop::collection::vec(any_step(), 1..20)) {
            let before: Vec<u8> = (0..10_000u32).map(|n| n.to_le_bytes()[0]).collect();
            let disk = InMemoryBackend::new();
            disk.set_len(10_000).unwrap();
            disk.write(0, &before).unwrap();
            let layer = Layer::above(Box::new(disk)).unwrap();
            let mut model = before.clone();
            for step in steps {
                match step {
                    Step::Write(at, data) => {
                        layer.write(at, &data).unwrap();
                        let at = usize::try_from(at).unwrap();
                        model.resize(model.len().max(at + data.len()), 0);
                        model[at..at + data.len()].copy_from_slice(&data);
                    }
                    Step::Length(length) => {
                        layer.set_len(length).unwrap();
                        model.resize(usize::try_from(length).unwrap(), 0);
                    }
                }
                let mut found = vec![1; model.len()];
                prop_assert_eq!(layer.len().unwrap(), model.len() as u64);
                layer.read(0, &mut found).unwrap();
                prop_assert!(found == model);
            }
            let mut after = vec![0; 10_000];
            layer.under.read(0, &mut after).unwrap();
            prop_assert!(after == before);
        }
    }
}
