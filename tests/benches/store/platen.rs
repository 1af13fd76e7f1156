//! The box's own store, through its public interface, given what ingest would give it.
//!
//! What the store's interface calls things is in the small functions at the end.

use std::ops::ControlFlow;
use std::path::Path;

use anyhow::{Context, Result, ensure};
use appliance::store::{LONGEST_VALID_MS, Store, StoreKeys, Thinning};
use domain::{Cycle, CycleTime, MoldId, Timestamp};

use crate::batches::Batches;
use crate::engine::{Answer, Engine, Question};
use crate::rows::{Row, Span};
use crate::workload::MOLDS;

/// The store of a box, and the batches that ingest would make.
pub struct Platen {
    store: Store,
    batches: Batches,
}

impl Platen {
    pub fn open(folder: &Path, whole: bool) -> Result<Platen> {
        let store = open_store(folder)?;
        let mut batches = Batches::go_on_from(store.snapshot()?, whole)?;
        if let Some(first) = batches.registration()? {
            store.commit(&first).context("register the molds")?;
        }
        Ok(Platen { store, batches })
    }
}

impl Engine for Platen {
    fn put(&mut self, rows: &[Row]) -> Result<()> {
        let batch = self.batches.make(rows)?;
        Ok(self.store.commit(&batch)?)
    }

    fn finish(&mut self) -> Result<()> {
        ensure!(self.store.shrink()?, "somebody else has the store");
        Ok(())
    }

    fn count(&mut self) -> Result<u64> {
        let mut count = 0;
        for mold in 1..=MOLDS {
            count += self.store.counts(MoldId(mold))?.map_or(0, |counts| counts.timed);
        }
        Ok(count)
    }

    fn ask(&mut self, what: Question, spans: &[Span], at: usize) -> Result<Answer> {
        let span = spans[at];
        let (mold, end) = (MoldId(span.mold), Timestamp::from_millis(span.ended + 1));
        let mut answer = Answer::default();
        match what {
            Question::Day => {
                let from = Timestamp::from_millis(span.ended - 86_400_000);
                for cycle in cycles(&self.store, mold, from, end)? {
                    answer.add(cycle.cycle_time.as_millis().into());
                }
            }
            Question::Hours => {
                for cycles in hours(&self.store, mold, span.tail_from + 1, span.ended)? {
                    answer.add(cycles);
                }
            }
            Question::Now => {
                for (_, last) in self.store.last_cycles()? {
                    answer.add(last.ordinal);
                }
            }
            Question::Days => {
                self.store.daily_of_all(i64::MIN, i64::MAX, |_, day| answer.add(day.cycles))?;
            }
        }
        Ok(answer)
    }
}

fn open_store(folder: &Path) -> Result<Store> {
    Ok(Store::open(folder, &StoreKeys::from_bytes([7; 96]))?)
}

/// All cycles between two instants.
fn cycles(store: &Store, mold: MoldId, from: Timestamp, to: Timestamp) -> Result<Vec<Cycle>> {
    let mut found = Vec::new();
    store.cycles(mold, from, to, |cycle| {
        found.push(cycle);
        ControlFlow::Continue(())
    })?;
    Ok(found)
}

/// How many cycles ended in each hour that has any, of those that two instants lie in; mean, shortest and longest come
/// with them.
fn hours(store: &Store, mold: MoldId, from: i64, to: i64) -> Result<Vec<u64>> {
    const HOUR: i64 = 3_600_000;
    let (first, last) = (from.div_euclid(HOUR), to.div_euclid(HOUR) + 1);
    let bounds = (Timestamp::from_millis(first * HOUR), Timestamp::from_millis(last * HOUR));
    let how = Thinning {
        parts: usize::try_from(last - first)?,
        longest: CycleTime::from_millis(LONGEST_VALID_MS),
        temperatures: false,
    };
    let hours = store.trend(mold, bounds, how)?;
    Ok(hours.into_iter().map(|hour| hour.sums.cycles).filter(|cycles| *cycles > 0).collect())
}
