//! Making the files as small as they get, for who has the store alone.
//!
//! Packing leaves free pages behind, which the next cycles use, and the journal has its size from the first day on. Both
//! are right for a box that runs, and of no use in a copy or an image of it.

use std::sync::PoisonError;

use super::error::{Commit, Fault};
use super::handle::Handle;
use super::open::Store;

impl Store {
    /// Packs everything and gives back to the disk what the files do not need; the first commit afterwards takes the
    /// journal's room again. It holds commits off for as long as it takes. `false`: somebody else reads or has written
    /// meanwhile, and the files are as large as they were.
    ///
    /// # Errors
    /// The disk is full or fails; nothing is lost.
    pub fn shrink(&self) -> Result<bool, Commit> {
        self.checkpoint()?;
        let inner = &self.inner;
        let _one_at_a_time = inner.packing.lock().unwrap_or_else(PoisonError::into_inner);
        let _writer = inner.writer();
        let shrunk = inner.disk.alone(Handle::shrink);
        shrunk.map_or(Ok(false), |shrunk| {
            shrunk.map_err(|fault: Fault| {
                if fault.is_broken_handle()
                    && let Ok(handle) = inner.disk.to_read()
                {
                    inner.disk.retire(handle);
                }
                fault.into()
            })
        })
    }
}
