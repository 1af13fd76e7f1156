//! Packing: what the journal holds goes into the database, beside the commits and the readers.
//!
//! Cycles are set aside, encoded while everybody else goes on, then written in one go. Only that last step holds
//! commits off, for as long as the disk takes a few megabytes; readers are held off by nothing.

use std::collections::BTreeMap;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use domain::MoldId;
use redb::{ReadTransaction, WriteTransaction};

use super::error::{Commit, Fault};
use super::handle::Handle;
use super::history::{self, End, Unpacked, days};
use super::open::{Inner, Store};
use super::tables::{DAYS, HISTORY};

/// So many cycles wait before they are packed: enough for a chunk to grow by more than it costs to write it anew.
pub(super) const CYCLES: usize = 128 * 1024;
/// So many times as many wait at most.
pub(super) const CROWD: usize = 2;
/// How long after a failure packing is tried again.
const PAUSE: Duration = Duration::from_secs(5);

impl Store {
    /// Brings everything that was committed into the database and frees the journal. The store does so by itself from
    /// time to time; before a copy is taken and at the end it is worth while.
    ///
    /// # Errors
    /// The disk is full or fails; nothing is lost.
    pub fn checkpoint(&self) -> Result<(), Commit> {
        self.inner.pack(End::Tight)
    }
}

impl Inner {
    pub(super) fn pack(&self, end: End) -> Result<(), Commit> {
        let _one_at_a_time = self.packing.lock().unwrap_or_else(PoisonError::into_inner);
        let handle = {
            let _writer = self.writer();
            self.ready()?
        };
        self.pack_in(&handle, end).map_err(|fault| {
            if fault.is_broken_handle() {
                self.disk.retire(handle);
            }
            fault.into()
        })
    }

    fn pack_in(&self, handle: &Arc<Handle>, end: End) -> Result<(), Fault> {
        let (number, frozen) = {
            let _writer = self.writer();
            handle.freeze()?
        };
        let chunks = encode(handle, &frozen, end)?;
        let _writer = self.writer();
        handle.thaw(number, |txn| write(txn, &chunks, &frozen))
    }

    /// Everything that was committed, packed, as of one instant; only the last little bit holds commits off.
    pub(super) fn settled(&self) -> Result<(Arc<Handle>, ReadTransaction), Commit> {
        if !self.disk.only_looks() {
            self.pack(End::Loose)?;
        }
        let _one_at_a_time = self.packing.lock().unwrap_or_else(PoisonError::into_inner);
        let _writer = self.writer();
        // Who only looks packs above a shadow: the file stays as it is.
        let handle = if self.disk.only_looks() { self.disk.to_read()? } else { self.ready()? };
        let settled = handle.freeze().and_then(|(number, frozen)| {
            let chunks = encode(&handle, &frozen, End::Loose)?;
            handle.thaw(number, |txn| write(txn, &chunks, &frozen))?;
            Ok(handle.look()?.0)
        });
        match settled {
            Ok(txn) => Ok((handle, txn)),
            Err(fault) => {
                if fault.is_broken_handle() {
                    self.disk.retire(handle);
                }
                Err(fault.into())
            }
        }
    }
}

fn write(txn: &WriteTransaction, packed: &Chunks, frozen: &[(MoldId, Arc<Unpacked>)]) -> Result<(), Fault> {
    let mut chunks = txn.open_table(HISTORY)?;
    for (key, bytes) in packed {
        match bytes {
            Some(bytes) => chunks.insert(*key, bytes.as_slice())?,
            None => chunks.remove(*key)?,
        };
    }
    let mut days = txn.open_table(DAYS)?;
    for (mold, unpacked) in frozen {
        days::add(&mut days, *mold, unpacked.days().values())?;
    }
    Ok(())
}

/// Values to write; none where one is to be removed.
type Chunks = BTreeMap<(u32, u64), Option<Vec<u8>>>;

/// The chunks to write and to remove. Chunks change by packing alone, and one packs at a time.
fn encode(handle: &Handle, frozen: &[(MoldId, Arc<Unpacked>)], end: End) -> Result<Chunks, Fault> {
    let (txn, memory) = handle.look()?;
    let table = txn.open_table(HISTORY)?;
    let mut chunks = Chunks::new();
    for (mold, unpacked) in frozen {
        history::pack_into(&table, *mold, unpacked.cycles(), end, &mut |key, bytes| {
            chunks.insert((mold.0, key), bytes);
        })?;
    }
    if end == End::Tight {
        for (mold, _) in
            memory.now.molds().filter(|(mold, _)| frozen.iter().all(|(frozen, _)| frozen != mold))
        {
            history::tighten(&table, mold, &mut |key, bytes| {
                chunks.insert((mold.0, key), bytes);
            })?;
        }
    }
    Ok(chunks)
}

/// Asks for packing, from wherever.
#[derive(Default)]
pub(super) struct Bell {
    state: Mutex<Ring>,
    rung: Condvar,
}

#[derive(Default, Clone, Copy, PartialEq, Eq)]
enum Ring {
    #[default]
    Quiet,
    Pack,
    End,
}

impl Bell {
    pub(super) fn ring(&self) {
        self.set(Ring::Pack);
    }

    fn set(&self, ring: Ring) {
        let mut state = self.lock();
        if *state != Ring::End {
            *state = ring;
        }
        self.rung.notify_all();
    }

    fn wait(&self) -> Ring {
        let mut state = self.lock();
        while *state == Ring::Quiet {
            state = self.rung.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        let rung = *state;
        if rung == Ring::Pack {
            *state = Ring::Quiet;
        }
        rung
    }

    /// Waits for the end, but no longer than the pause after a failure.
    fn rest(&self) {
        let state = self.lock();
        let ended = |ring: &mut Ring| *ring != Ring::End;
        drop(self.rung.wait_timeout_while(state, PAUSE, ended).unwrap_or_else(PoisonError::into_inner));
    }

    fn lock(&self) -> MutexGuard<'_, Ring> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The thread that packs. Dropping it waits for its end.
pub(super) struct Packer {
    bell: Arc<Bell>,
    thread: Option<JoinHandle<()>>,
}

impl Packer {
    /// Packs whenever the bell rings, as long as the store is there.
    pub(super) fn start(inner: &Arc<Inner>) -> std::io::Result<Self> {
        let bell = Arc::clone(&inner.bell);
        let (weak, rung) = (Arc::downgrade(inner), Arc::clone(&bell));
        let thread = thread::Builder::new().name("store-packer".to_owned()).spawn(move || {
            while rung.wait() == Ring::Pack {
                let Some(inner) = weak.upgrade() else { break };
                if let Err(error) = inner.pack(End::Loose) {
                    tracing::warn!(
                        error = &error as &dyn std::error::Error,
                        "could not pack history; trying again"
                    );
                    drop(inner);
                    rung.rest();
                }
            }
        })?;
        Ok(Packer { bell, thread: Some(thread) })
    }
}

impl Drop for Packer {
    fn drop(&mut self) {
        self.bell.set(Ring::End);
        if let Some(thread) = self.thread.take() {
            // A panic in there has been printed; there is nobody to tell it again.
            let _ = thread.join();
        }
    }
}
