//! The box's own store, through its public interface, given what ingest would give it.
//!
//! What the store's interface calls things is in the small functions at the end.

use std::ops::ControlFlow;
use std::path::Path;

use anyhow::{Context, Result};
pub use appliance::store::JOURNAL;
use appliance::store::{SealingKey, Store};
use domain::{Cycle, MoldId, Timestamp};

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
        pack(&self.store)
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
                let from = Timestamp::from_millis(span.tail_from + 1);
                for hour in hours(&self.store, mold, from, end)? {
                    answer.add(hour.cycles);
                }
            }
            Question::Now => {
                for span in spans {
                    answer.add(now(&self.store, MoldId(span.mold))?);
                }
            }
            Question::Days => {
                for span in spans {
                    for day in self.store.daily(MoldId(span.mold), i64::MIN, i64::MAX)? {
                        answer.add(day.cycles);
                    }
                }
            }
        }
        Ok(answer)
    }
}

/// What an hour's row on a screen needs.
struct Hour {
    hour: i64,
    cycles: u64,
    sum_ms: u64,
    min_ms: u32,
    max_ms: u32,
}

fn open_store(folder: &Path) -> Result<Store> {
    Ok(Store::open(folder, &SealingKey::from_bytes([7; 32]))?)
}

/// Makes everything as small as it will be.
fn pack(store: &Store) -> Result<()> {
    Ok(store.checkpoint()?)
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

/// Cycles between two instants by hour.
fn hours(store: &Store, mold: MoldId, from: Timestamp, to: Timestamp) -> Result<Vec<Hour>> {
    let mut hours: Vec<Hour> = Vec::new();
    store.cycles(mold, from, to, |cycle| {
        let (hour, ms) = (cycle.ended.as_millis().div_euclid(3_600_000), cycle.cycle_time.as_millis());
        match hours.last_mut().filter(|last| last.hour == hour) {
            Some(last) => {
                last.cycles += 1;
                last.sum_ms += u64::from(ms);
                last.min_ms = last.min_ms.min(ms);
                last.max_ms = last.max_ms.max(ms);
            }
            None => hours.push(Hour { hour, cycles: 1, sum_ms: ms.into(), min_ms: ms, max_ms: ms }),
        }
        ControlFlow::Continue(())
    })?;
    // A screen shows all of it.
    Ok(std::hint::black_box(hours))
}

/// A mold's count now.
fn now(store: &Store, mold: MoldId) -> Result<u64> {
    Ok(store.counts(mold)?.map_or(0, |counts| counts.displayed))
}
