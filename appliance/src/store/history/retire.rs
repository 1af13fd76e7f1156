//! What of history may be retired, and what was: whole chunks, oldest first, never the last one of a mold, so that its
//! last cycle is always known.

use domain::{MoldId, Timestamp};
use redb::ReadableTable;
use serde::{Deserialize, Serialize};

use super::Key;
use super::piece::Piece;
use super::recent::{Now, OfMold};
use crate::store::error::Fault;
use crate::store::tables::Bytes;

/// What was retired of a mold's history: everything up to an ordinal.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(in crate::store) struct Gone {
    /// Cycles of the chunks that were dropped. The sums of their days have them still.
    pub(in crate::store) cycles: u64,
    /// Cycles whose place was retired before they came. The ledger counts them, and no sum has them.
    pub(in crate::store) too_late: u64,
    /// The highest ordinal that was retired.
    pub(in crate::store) last_ordinal: u64,
    /// The last UTC day on which one of them ended.
    pub(in crate::store) last_day: i64,
}

impl Gone {
    /// All cycles that the ledger counts and history does not have for this reason.
    pub(in crate::store) fn all(&self) -> u64 {
        self.cycles.saturating_add(self.too_late)
    }

    /// Whether cycles that ended on that day may have been retired.
    pub(in crate::store) fn covers(&self, day: i64) -> bool {
        day <= self.last_day
    }

    /// Takes in one more chunk.
    pub(in crate::store) fn add(&mut self, chunk: &Retiring) {
        self.last_day = if self.cycles == 0 { chunk.last_day } else { self.last_day.max(chunk.last_day) };
        self.cycles = self.cycles.saturating_add(chunk.cycles);
        self.last_ordinal = self.last_ordinal.max(chunk.last_ordinal);
    }
}

/// A chunk that may be retired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Retiring {
    pub(in crate::store) mold: MoldId,
    /// Its first ordinal, which is its key.
    pub(in crate::store) first_ordinal: u64,
    pub(in crate::store) last_ordinal: u64,
    pub(in crate::store) cycles: u64,
    /// The last UTC day on which one of its cycles ended.
    pub(in crate::store) last_day: i64,
}

/// Chunks all of whose cycles ended before an instant and that lie below every chunk of their mold that stays: at most
/// `most` of them, of molds from `from` on. A chunk that cannot be read stays, and everything above it. So does what lies
/// above a cycle that still waits to be packed.
pub(in crate::store) fn retiring(
    chunks: &impl ReadableTable<Key, Bytes>,
    now: &Now,
    before: Timestamp,
    from: MoldId,
    most: usize,
) -> Result<Vec<Retiring>, Fault> {
    let mut all = Vec::new();
    let mut next = Some(from.0);
    while let Some(from) = next.filter(|_| all.len() < most) {
        let Some(item) = chunks.range((from, 0)..)?.next() else { break };
        let (mold, _) = item?.0.value();
        of_mold(chunks, now, before, MoldId(mold), most, &mut all)?;
        next = mold.checked_add(1);
    }
    Ok(all)
}

fn of_mold(
    chunks: &impl ReadableTable<Key, Bytes>,
    now: &Now,
    before: Timestamp,
    mold: MoldId,
    most: usize,
    all: &mut Vec<Retiring>,
) -> Result<(), Fault> {
    let waiting = now.mold(mold).and_then(OfMold::first_waiting);
    let mut range = chunks.range((mold.0, 0)..=(mold.0, u64::MAX))?;
    let mut this = range.next().transpose()?;
    for above in range {
        let Some((key, value)) = this.replace(above?) else { break };
        let (_, first_ordinal) = key.value();
        let Ok(piece) = Piece::parse(first_ordinal, value.value()) else { break };
        let ((_, latest), last_ordinal) = (piece.span(), piece.last_ordinal());
        let stays = latest >= before.as_millis() || waiting.is_some_and(|waiting| waiting <= last_ordinal);
        if stays || all.len() >= most {
            break;
        }
        let last_day = Timestamp::from_millis(latest).utc_day();
        all.push(Retiring { mold, first_ordinal, last_ordinal, cycles: piece.count(), last_day });
    }
    Ok(())
}
