//! Rows out of the store, a page at a time.

use std::borrow::Cow;
use std::io::{self, Write};

use domain::{Cycle, EntryKind, Mold, MoldName, MonitorSerial, Temperature, TimeSource, Timestamp};

use super::column::{Cell, Column, Kind, always, maybe};
use super::request::{Subject, Wanted};
use super::sheet::Sheet;
use crate::store::{ChainedEntry, DailyRollup, Read, Store};

/// Rows read at a time: between two pages no snapshot of the store is held, however slowly the rows are taken.
const PAGE: usize = 10_000;

const COUNTS: &[Column] = &[
    always("mold", Kind::Text),
    always("baseline", Kind::Count),
    always("counted", Kind::Amount),
    always("displayed", Kind::Count),
    always("times_unknown", Kind::Count),
];
const CYCLES: &[Column] = &[
    always("mold", Kind::Text),
    always("ordinal", Kind::Count),
    always("ended", Kind::Instant),
    always("cycle_ms", Kind::Count),
    maybe("temperature_c", Kind::Real),
    always("source", Kind::Text),
    always("late", Kind::Flag),
    always("first", Kind::Flag),
    always("counter", Kind::Count),
];
const ROLLUPS: &[Column] = &[
    always("mold", Kind::Text),
    always("day", Kind::Day),
    always("cycles", Kind::Count),
    always("valid", Kind::Count),
    always("sum_ms", Kind::Count),
    maybe("min_ms", Kind::Count),
    maybe("mean_ms", Kind::Count),
    maybe("max_ms", Kind::Count),
    always("late", Kind::Count),
    always("temperatures", Kind::Count),
    maybe("temperature_c", Kind::Real),
    always("first_ended", Kind::Instant),
    always("last_ended", Kind::Instant),
    always("first_ordinal", Kind::Count),
    always("last_ordinal", Kind::Count),
];
const LEDGER: &[Column] = &[
    always("mold", Kind::Text),
    always("number", Kind::Count),
    always("at", Kind::Instant),
    always("until", Kind::Instant),
    always("kind", Kind::Text),
    always("cycles", Kind::Amount),
    maybe("monitor", Kind::Text),
    maybe("device_before", Kind::Count),
    maybe("device_after", Kind::Count),
    maybe("filled", Kind::Count),
    maybe("monitor_before", Kind::Text),
    maybe("by", Kind::Text),
    maybe("reason", Kind::Text),
    maybe("confirms", Kind::Count),
    always("open", Kind::Flag),
    always("hash", Kind::Text),
];

/// Why rows could not be given out.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The store.
    #[error("could not read the store")]
    Read(#[from] Read),
    /// Nobody takes the rows.
    #[error("could not write the rows")]
    Write(#[source] io::Error),
    /// There is no mold of that name.
    #[error("there is no mold {0}")]
    NoSuchMold(MoldName),
    /// What was asked makes no sense.
    #[error("{0}")]
    Nonsense(&'static str),
}

/// Rows on their way out. Whoever wants them calls [`Export::step`] until there are no more; between two steps
/// nothing of the store is held.
pub struct Export<W: Write + Send> {
    store: Store,
    wanted: Wanted,
    molds: std::vec::IntoIter<Mold>,
    /// The mold whose rows are under way, and where they go on.
    under_way: Option<(Mold, u64)>,
    sheet: Option<Sheet<W>>,
}

impl<W: Write + Send> Export<W> {
    /// Looks what there is to give and writes what stands before the rows.
    ///
    /// # Errors
    /// There is no such mold, the store cannot be read, what is wanted makes no sense, or nobody takes the rows.
    pub fn begin(store: Store, wanted: Wanted, to: W) -> Result<Self, ExportError> {
        wanted.refuse_nonsense()?;
        let mut molds = store.molds()?;
        if let Some(name) = &wanted.mold {
            molds.retain(|mold| mold.name == *name);
            if molds.is_empty() {
                return Err(ExportError::NoSuchMold(name.clone()));
            }
        }
        molds.sort_by(|a, b| a.name.cmp(&b.name));
        let columns = match wanted.subject {
            Subject::Counts => COUNTS,
            Subject::Cycles => CYCLES,
            Subject::Rollups => ROLLUPS,
            Subject::Ledger => LEDGER,
        };
        let sheet = Sheet::begin(wanted.format, columns, to).map_err(ExportError::Write)?;
        Ok(Export { store, wanted, molds: molds.into_iter(), under_way: None, sheet: Some(sheet) })
    }

    /// Writes some more rows; `false` when those were the last and everything is written.
    ///
    /// # Errors
    /// The store cannot be read, or nobody takes the rows.
    pub fn step(&mut self) -> Result<bool, ExportError> {
        let Some(sheet) = &mut self.sheet else { return Ok(false) };
        let Some((mold, next)) = self.under_way.take().or_else(|| self.molds.next().map(|mold| (mold, 0)))
        else {
            if let Some(sheet) = self.sheet.take() {
                sheet.end().map_err(ExportError::Write)?;
            }
            return Ok(false);
        };
        let after = match self.wanted.subject {
            Subject::Counts => counts(&self.store, &mold, sheet)?,
            Subject::Cycles => cycles(&self.store, &self.wanted, &mold, next, sheet)?,
            Subject::Rollups => rollups(&self.store, &self.wanted, &mold, sheet)?,
            Subject::Ledger => ledger(&self.store, &self.wanted, &mold, next, sheet)?,
        };
        self.under_way = after.map(|after| (mold, after));
        Ok(true)
    }
}

/// Writes all that was asked for.
///
/// # Errors
/// As [`Export::begin`] and [`Export::step`].
pub fn export(store: &Store, wanted: &Wanted, to: &mut (dyn Write + Send)) -> Result<(), ExportError> {
    let mut export = Export::begin(store.clone(), wanted.clone(), to)?;
    while export.step()? {}
    Ok(())
}

type Put = Result<Option<u64>, ExportError>;

fn put<W: Write + Send>(sheet: &mut Sheet<W>, row: &[Cell<'_>]) -> Result<(), ExportError> {
    sheet.put(row).map_err(ExportError::Write)
}

fn counts<W: Write + Send>(store: &Store, mold: &Mold, sheet: &mut Sheet<W>) -> Put {
    if let Some(counts) = store.counts(mold.id)? {
        let row = [
            Cell::text(mold.name.as_str()),
            Cell::Count(counts.baseline),
            Cell::Amount(counts.counted),
            Cell::Count(counts.displayed),
            Cell::Count(counts.times_unknown),
        ];
        put(sheet, &row)?;
    }
    Ok(None)
}

fn cycles<W: Write + Send>(
    store: &Store,
    wanted: &Wanted,
    mold: &Mold,
    next: u64,
    sheet: &mut Sheet<W>,
) -> Put {
    let from = wanted.from.unwrap_or(Timestamp::from_millis(i64::MIN));
    let to = wanted.to.unwrap_or(Timestamp::from_millis(i64::MAX));
    let page = store.cycles_page(mold.id, next, (from, to), PAGE)?;
    for cycle in &page {
        put(sheet, &cycle_row(mold, cycle))?;
    }
    let full = page.len() == PAGE;
    Ok(page.last().filter(|_| full).and_then(|last| last.ordinal.checked_add(1)))
}

fn cycle_row<'a>(mold: &'a Mold, cycle: &Cycle) -> [Cell<'a>; 9] {
    let source = match cycle.source {
        TimeSource::Device => "device",
        TimeSource::Received => "received",
        TimeSource::Estimated => "estimated",
    };
    [
        Cell::text(mold.name.as_str()),
        Cell::Count(cycle.ordinal),
        Cell::Instant(cycle.ended),
        Cell::Count(cycle.cycle_time.as_millis().into()),
        cycle.temperature.map_or(Cell::Empty, |temperature| Cell::Real(temperature.as_celsius())),
        Cell::text(source),
        Cell::Flag(cycle.flags.late),
        Cell::Flag(cycle.flags.first),
        Cell::Count(mold.baseline.saturating_add(cycle.ordinal)),
    ]
}

fn rollups<W: Write + Send>(store: &Store, wanted: &Wanted, mold: &Mold, sheet: &mut Sheet<W>) -> Put {
    let from = wanted.from.map_or(i64::MIN, Timestamp::utc_day);
    let before = |to: Timestamp| Timestamp::from_millis(to.as_millis().saturating_sub(1)).utc_day();
    for day in store.daily(mold.id, from, wanted.to.map_or(i64::MAX, before))? {
        put(sheet, &rollup_row(mold, &day))?;
    }
    Ok(None)
}

fn rollup_row<'a>(mold: &'a Mold, day: &DailyRollup) -> [Cell<'a>; 15] {
    let when_valid = |ms: u32| if day.valid > 0 { Cell::Count(ms.into()) } else { Cell::Empty };
    let temperature = i64::try_from(day.temperatures)
        .ok()
        .and_then(|number| day.temperature_sum.checked_div(number))
        .and_then(|milli| i32::try_from(milli).ok())
        .map(|milli| Temperature::from_milli_celsius(milli).as_celsius());
    [
        Cell::text(mold.name.as_str()),
        Cell::Day(day.day),
        Cell::Count(day.cycles),
        Cell::Count(day.valid),
        Cell::Count(day.sum_ms),
        when_valid(day.min_ms),
        day.mean_ms().map_or(Cell::Empty, |ms| Cell::Count(ms.into())),
        when_valid(day.max_ms),
        Cell::Count(day.late),
        Cell::Count(day.temperatures),
        temperature.map_or(Cell::Empty, Cell::Real),
        Cell::Instant(Timestamp::from_millis(day.first_ended)),
        Cell::Instant(Timestamp::from_millis(day.last_ended)),
        Cell::Count(day.first_ordinal),
        Cell::Count(day.last_ordinal),
    ]
}

fn ledger<W: Write + Send>(
    store: &Store,
    wanted: &Wanted,
    mold: &Mold,
    next: u64,
    sheet: &mut Sheet<W>,
) -> Put {
    let page = store.ledger_from(mold.id, next, PAGE)?;
    for chained in &page {
        let entry = &chained.entry;
        let in_time =
            wanted.from.is_none_or(|from| entry.until >= from) && wanted.to.is_none_or(|to| entry.at < to);
        if in_time {
            put(sheet, &ledger_row(mold, chained))?;
        }
    }
    let full = page.len() == PAGE;
    Ok(page.last().filter(|_| full).and_then(|last| last.entry.number.checked_add(1)))
}

fn ledger_row<'a>(mold: &'a Mold, chained: &'a ChainedEntry) -> [Cell<'a>; 16] {
    let entry = &chained.entry;
    let serial =
        |serial: &'a Option<MonitorSerial>| Cell::maybe_text(serial.as_ref().map(MonitorSerial::as_str));
    let (mut filled, mut before, mut by, mut reason, mut confirms) =
        (Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty, Cell::Empty);
    match &entry.kind {
        EntryKind::Fill { filled: cycles } => filled = Cell::Count(*cycles),
        EntryKind::Swap { before: monitor } => before = serial(monitor),
        EntryKind::Adjust { by: who, reason: why, confirms: number } => {
            (by, reason) = (Cell::text(who), Cell::text(why));
            confirms = Cell::maybe_count(*number);
        }
        EntryKind::Brought { by: who, file, sha256 } => {
            let what = format!("{file}, SHA-256 {}", hex::encode(sha256));
            (by, reason) = (Cell::text(who), Cell::Text(Cow::Owned(what)));
        }
        EntryKind::Delta | EntryKind::Gap | EntryKind::Rollover | EntryKind::Reset | EntryKind::Import => {}
    }
    [
        Cell::text(mold.name.as_str()),
        Cell::Count(entry.number),
        Cell::Instant(entry.at),
        Cell::Instant(entry.until),
        Cell::text(entry.kind.word()),
        Cell::Amount(entry.cycles),
        serial(&entry.monitor),
        Cell::maybe_count(entry.device_before),
        Cell::maybe_count(entry.device_after),
        filled,
        before,
        by,
        reason,
        confirms,
        Cell::Flag(chained.open),
        Cell::Text(Cow::Owned(hex::encode(chained.hash))),
    ]
}
