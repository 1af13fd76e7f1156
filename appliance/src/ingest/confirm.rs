//! A person confirms that a counter was reset.

use domain::{EntryKind, MoldId};

use super::{Ingest, Moment};
use crate::plant::AlarmKey;

/// No reset of that number waits for a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("no reset of that number waits to be confirmed")]
pub struct NothingToConfirm;

impl Ingest {
    /// Enters that `by` confirmed the reset in entry `number`. The entry itself is closed and stays as it is.
    ///
    /// # Errors
    /// The entry is no reset, or was confirmed before.
    pub fn confirm_reset(
        &mut self,
        mold: MoldId,
        number: u64,
        by: &str,
        now: Moment,
    ) -> Result<(), NothingToConfirm> {
        let key = AlarmKey::ResetUnconfirmed(mold, number);
        let book = self.books.get_mut(&mold).ok_or(NothingToConfirm)?;
        if !self.alarms.stands(&key) {
            return Err(NothingToConfirm);
        }
        let kind = EntryKind::Adjust {
            by: by.to_owned(),
            reason: "the reset of the monitor's counter is confirmed".to_owned(),
            confirms: Some(number),
        };
        book.note(now.wall, kind, None);
        self.alarms.clear(&key, now.wall);
        self.next.books.insert(mold);
        self.told.molds.insert(mold);
        Ok(())
    }
}
