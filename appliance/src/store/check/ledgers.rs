//! Ledgers: numbers, hash chain and sums.

use domain::{EntryKind, LedgerEntry, MoldId};
use redb::{ReadTransaction, ReadableTable};

use super::plant::Plant;
use super::{CheckReport, decode_all, one};
use crate::plant::LedgerStand;
use crate::store::chain;
use crate::store::error::{Fault, Undecodable};
use crate::store::ledger::{Closed, Counts, Head, Standing};
use crate::store::memory::Memory;
use crate::store::row;
use crate::store::tables::{Bytes, HEADS, LEDGER};

/// Checks the ledger of every mold that has one.
pub(super) fn check(
    txn: &ReadTransaction,
    memory: &Memory,
    plant: &Plant,
    report: &mut CheckReport,
) -> Result<(), Fault> {
    let closed = txn.open_table(LEDGER)?;
    let heads = txn.open_table(HEADS)?;
    decode_all::<_, Head>(txn, HEADS, "heads", report)?;
    let mut ids: Vec<MoldId> = plant.molds.keys().copied().collect();
    ids.extend(memory.ledgers.all().map(|(mold, _)| mold));
    for item in heads.iter()? {
        ids.push(MoldId(item?.0.value()));
    }
    let mut next = Some(0);
    while let Some(from) = next {
        let item = closed.range((from, 0)..)?.next().transpose()?;
        next = item.and_then(|(key, _)| {
            let (id, _) = key.value();
            ids.push(MoldId(id));
            id.checked_add(1)
        });
    }
    ids.sort_unstable();
    ids.dedup();
    for id in ids {
        if !plant.molds.contains_key(&id) {
            report.find(format!("ledger of mold {id}"), "there is no such mold");
        }
        let standing = match memory.ledgers.of(id) {
            Some(standing) => Some(standing.as_ref().clone()),
            None => one::<_, Head>(&heads, "heads", id.0, report)?.map(Standing::new),
        };
        let head = standing.as_ref().map(|standing| &standing.head);
        let missing =
            plant.missing.get(&id).map_or(0, |gaps| gaps.iter().map(|gap| u128::from(gap.cycles)).sum());
        if head.is_some_and(|head| missing > u128::from(head.stand.times_unknown)) {
            let what = format!("monitors lack the times of {missing} cycles, more than the ledger does");
            report.find(format!("ledger of mold {id}"), what);
        }
        let baseline = plant.molds.get(&id).map_or(0, |mold| mold.baseline);
        ledger(&closed, id, baseline, standing, report)?;
    }
    Ok(())
}

fn ledger(
    closed: &impl ReadableTable<(u32, u64), Bytes>,
    mold: MoldId,
    baseline: u64,
    standing: Option<Standing>,
    report: &mut CheckReport,
) -> Result<(), Fault> {
    let here = format!("ledger of mold {mold}");
    let mut stand = LedgerStand::default();
    let mut hash = chain::genesis(mold, baseline);
    let mut displayed = Displayed { baseline, sum: 0 };
    let mut each = |number: u64, row: Result<Closed, Undecodable>, report: &mut CheckReport| {
        report.entries = report.entries.saturating_add(1);
        if number != stand.length {
            report.find(here.clone(), format!("entry {} is missing", stand.length));
            stand.length = number;
        }
        match row {
            Ok(row) => {
                if row.entry.number != number {
                    report.find(here.clone(), format!("entry {number} says it is {}", row.entry.number));
                }
                hash = chain::link(&hash, &row.entry);
                if hash != row.hash {
                    let what = if number == 0 {
                        "entry 0 or the baseline".to_owned()
                    } else {
                        format!("entry {number}")
                    };
                    report.find(here.clone(), format!("{what} was altered: its hash is another one"));
                    hash = row.hash;
                }
                lawful(&here, &row.entry, report);
                displayed.add(&row.entry);
                stand.append(&row.entry);
            }
            Err(error) => {
                report.undecodable(&error);
                stand.length = stand.length.saturating_add(1);
            }
        }
    };
    for item in closed.range((mold.0, 0)..=(mold.0, u64::MAX))? {
        let (key, value) = item?;
        each(key.value().1, row::decode("ledger", key.value(), value.value()), report);
    }
    let (head, waiting) = standing.map(|Standing { head, closed }| (head, closed)).unzip();
    for row in waiting.into_iter().flatten() {
        each(row.entry.number, Ok(row), report);
    }
    let Some(head) = head else {
        if stand.length > 0 {
            report.find(here, "it has entries and no head");
        }
        return Ok(());
    };
    if head.chain != hash {
        let what = if stand.length == 0 {
            "the baseline was altered: the hash chain begins with another one"
        } else {
            "the head of the hash chain is not the hash of the last closed entry"
        };
        report.find(here.clone(), what);
    }
    if head.closed() != stand.length {
        report
            .find(here.clone(), format!("{} closed entries, the head says {}", stand.length, head.closed()));
    }
    if let Some(run) = head.stand.open() {
        report.entries = report.entries.saturating_add(1);
        if run.number != stand.length {
            report.find(here.clone(), format!("the open run is number {}, not {}", run.number, stand.length));
        }
        lawful(&here, run, report);
        displayed.add(run);
        stand.append(run);
    } else if head.stand.last != stand.last {
        report.find(here.clone(), "the head's last entry is not the last closed one");
    }
    let shown = Counts::new(baseline, &head).displayed;
    if shown != displayed.count() {
        let what = format!("baseline and entries make {}, shown is {shown}", displayed.count());
        report.find(here.clone(), what);
    }
    let timed = stand.counted.saturating_sub(stand.adjusted).saturating_sub(cast(stand.times_unknown));
    for (word, found, made) in [
        ("counted", head.stand.counted, stand.counted),
        ("adjusted", head.stand.adjusted, stand.adjusted),
        ("times unknown", cast(head.stand.times_unknown), cast(stand.times_unknown)),
        ("timed cycles", cast(head.timed), timed),
    ] {
        if found != made {
            report.find(here.clone(), format!("{word}: the head says {found}, the entries make {made}"));
        }
    }
    Ok(())
}

/// Only an adjustment takes away, and what notes an event counts nothing.
fn lawful(place: &str, entry: &LedgerEntry, report: &mut CheckReport) {
    let (number, word, cycles) = (entry.number, entry.kind.word(), entry.cycles);
    let lawful = match entry.kind {
        EntryKind::Adjust { .. } => true,
        EntryKind::Delta | EntryKind::Gap | EntryKind::Import | EntryKind::Brought { .. } => cycles >= 0,
        EntryKind::Fill { .. } | EntryKind::Rollover | EntryKind::Reset | EntryKind::Swap { .. } => {
            cycles == 0
        }
    };
    if !lawful {
        report.find(place, format!("entry {number}, a {word}, counts {cycles} cycles"));
    }
}

/// Law 2, added up without holding a ledger of years in memory.
struct Displayed {
    baseline: u64,
    sum: i128,
}

impl Displayed {
    fn add(&mut self, entry: &LedgerEntry) {
        self.sum += i128::from(entry.cycles);
    }

    fn count(&self) -> u64 {
        u64::try_from((i128::from(self.baseline) + self.sum).max(0)).unwrap_or(u64::MAX)
    }
}

fn cast(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
