//! Sums of days in the database: up to 32 days of a mold in one value, by span of 32 days and mold.
//!
//! What screens ask of all molds lies side by side, a mold's years are a hundred values, and packing writes each mold's
//! newest value anew, which is a kilobyte.

mod row;

use std::collections::BTreeMap;

use domain::MoldId;
use redb::{ReadableTable, Table};

use super::rollup::DailyRollup;
use crate::store::error::{Damage, Fault, Undecodable};
use crate::store::tables::Bytes;

/// Days of a value; day 0 is 1970-01-01, the first of its span.
const SPAN: i64 = 32;
const NAME: &str = "days";

/// By span and mold.
pub(in crate::store) type Key = (i64, u32);

/// Whether a value is whole.
pub(in crate::store) fn prove(span: i64, bytes: &[u8]) -> Result<(), Damage> {
    row::decode(span, bytes, |_| ())
}

/// Gives the days of every mold whose spans touch the days between the two, both included, in order of span, mold and
/// day; what is damaged goes to `wrong`.
pub(in crate::store) fn each(
    table: &impl ReadableTable<Key, Bytes>,
    (from, to): (i64, i64),
    mut each: impl FnMut(MoldId, DailyRollup),
    mut wrong: impl FnMut(MoldId, Undecodable) -> Result<(), Fault>,
) -> Result<(), Fault> {
    if from > to {
        return Ok(());
    }
    for item in table.range((span_of(from), 0)..=(span_of(to), u32::MAX))? {
        let (key, value) = item?;
        let (span, mold) = key.value();
        if let Err(why) = row::decode(span, value.value(), |sum| each(MoldId(mold), sum)) {
            wrong(MoldId(mold), undecodable((span, mold), why))?;
        }
    }
    Ok(())
}

/// Sums that are not in the table, by its keys; in order of their days.
pub(in crate::store) type Waiting = BTreeMap<Key, Vec<DailyRollup>>;

/// Puts a mold's sums where they wait.
pub(in crate::store) fn wait(
    waiting: &mut Waiting,
    mold: MoldId,
    sums: impl IntoIterator<Item = DailyRollup>,
) {
    for sum in sums {
        waiting.entry((span_of(sum.day), mold.0)).or_default().push(sum);
    }
}

/// Gives every mold's days between the two, both included, with what waits, in order of span, mold and day.
pub(in crate::store) fn of_all(
    table: &impl ReadableTable<Key, Bytes>,
    (from, to): (i64, i64),
    mut waiting: Waiting,
    mut take: impl FnMut(MoldId, &DailyRollup),
) -> Result<(), Fault> {
    if from > to {
        return Ok(());
    }
    let mut give = |mold: u32, days: &[DailyRollup]| {
        let wanted = days.iter().filter(|sum| (from..=to).contains(&sum.day));
        wanted.for_each(|sum| take(MoldId(mold), sum));
    };
    let mut days = Vec::new();
    for item in table.range((span_of(from), 0)..=(span_of(to), u32::MAX))? {
        let (key, value) = item?;
        let (span, mold) = key.value();
        while let Some(earlier) = waiting.first_entry().filter(|entry| *entry.key() < (span, mold)) {
            give(earlier.key().1, &earlier.remove());
        }
        days.clear();
        row::decode(span, value.value(), |sum| days.push(sum))
            .map_err(|why| undecodable((span, mold), why))?;
        for sum in waiting.remove(&(span, mold)).unwrap_or_default() {
            match days.binary_search_by_key(&sum.day, |there| there.day) {
                Ok(at) => days.get_mut(at).into_iter().for_each(|there| there.merge(&sum)),
                Err(at) => days.insert(at, sum),
            }
        }
        give(mold, &days);
    }
    waiting.iter().for_each(|((_, mold), days)| give(*mold, days));
    Ok(())
}

/// Adds the days of a mold between the two, both included, to what is there; what is damaged goes to `wrong`.
pub(in crate::store) fn of_mold(
    table: &impl ReadableTable<Key, Bytes>,
    mold: MoldId,
    (from, to): (i64, i64),
    days: &mut BTreeMap<i64, DailyRollup>,
    mut wrong: impl FnMut(Undecodable) -> Result<(), Fault>,
) -> Result<(), Fault> {
    let mut span = span_of(from);
    while from <= to && span <= span_of(to) {
        match table.get(&(span, mold.0))? {
            Some(value) => {
                let add = |sum: DailyRollup| {
                    if (from..=to).contains(&sum.day) {
                        days.entry(sum.day).or_insert_with(|| DailyRollup::empty(sum.day)).merge(&sum);
                    }
                };
                if let Err(why) = row::decode(span, value.value(), add) {
                    wrong(undecodable((span, mold.0), why))?;
                }
                span += 1;
            }
            None => match next_span(table, (span, mold.0))? {
                Some(next) => span = next,
                None => break,
            },
        }
    }
    Ok(())
}

/// The next span that any mold has a value of: a clock that once stood in 1970 must not cost a look at every span since.
fn next_span(table: &impl ReadableTable<Key, Bytes>, (span, mold): Key) -> Result<Option<i64>, Fault> {
    let Some(item) = table.range((span, mold)..)?.next() else { return Ok(None) };
    let (next, other) = item?.0.value();
    Ok(Some(if other > mold { next.saturating_add(i64::from(next == span)) } else { next }))
}

/// Adds sums to those that are there.
pub(in crate::store) fn add<'d>(
    table: &mut Table<'_, Key, Bytes>,
    mold: MoldId,
    sums: impl IntoIterator<Item = &'d DailyRollup>,
) -> Result<(), Fault> {
    change(table, mold, sums, |there, sum| there.merge(sum))
}

/// Puts sums in the place of those that are there.
pub(in crate::store) fn replace<'d>(
    table: &mut Table<'_, Key, Bytes>,
    mold: MoldId,
    sums: impl IntoIterator<Item = &'d DailyRollup>,
) -> Result<(), Fault> {
    change(table, mold, sums, |there, sum| *there = *sum)
}

fn change<'d>(
    table: &mut Table<'_, Key, Bytes>,
    mold: MoldId,
    sums: impl IntoIterator<Item = &'d DailyRollup>,
    how: impl Fn(&mut DailyRollup, &DailyRollup),
) -> Result<(), Fault> {
    let mut by_span: BTreeMap<i64, Vec<&DailyRollup>> = BTreeMap::new();
    for sum in sums {
        by_span.entry(span_of(sum.day)).or_default().push(sum);
    }
    for (span, sums) in by_span {
        let key = (span, mold.0);
        let mut days = BTreeMap::new();
        if let Some(value) = table.get(&key)? {
            let there = row::decode(span, value.value(), |sum| {
                days.insert(sum.day, sum);
            });
            there.map_err(|why| undecodable(key, why))?;
        }
        for sum in sums {
            how(days.entry(sum.day).or_insert_with(|| DailyRollup::empty(sum.day)), sum);
        }
        let days: Vec<DailyRollup> = days.into_values().collect();
        table.insert(key, row::encode(span, &days).as_slice())?;
    }
    Ok(())
}

/// What was read is written, and read again.
#[cfg(any(test, fuzzing))]
pub(super) fn again(span: i64, bytes: &[u8]) {
    let read = |bytes: &[u8]| {
        let mut days = Vec::new();
        row::decode(span, bytes, |sum| days.push(sum)).map(|()| days)
    };
    let Ok(days) = read(bytes) else { return };
    assert_eq!(read(&row::encode(span, &days)).ok(), Some(days));
}

fn span_of(day: i64) -> i64 {
    day.div_euclid(SPAN)
}

fn undecodable(key: Key, why: Damage) -> Undecodable {
    Undecodable { table: NAME, key: format!("{key:?}"), why }
}
