//! Rows for people's own programs.

use std::borrow::Cow;
use std::io::Write;

use domain::{Cycle, EntryKind, Mold, MoldId, MonitorSerial, TimeSource, Timestamp};
use serde::Serialize;

use super::answer::Answer;
use super::request::{Export, Format, Subject};
use crate::store::{ChainedEntry, Counts, Store};

/// Rows read at a time: between two pages no snapshot of the store is held, however slowly the rows are taken.
const PAGE: usize = 10_000;

const COUNTS: &[&str] = &["mold", "baseline", "counted", "displayed", "times_unknown"];
const CYCLES: &[&str] = &["mold", "ordinal", "ended", "cycle_ms", "temperature_c", "source", "late", "first"];
const LEDGER: &[&str] = &[
    "mold",
    "number",
    "at",
    "until",
    "kind",
    "cycles",
    "monitor",
    "device_before",
    "device_after",
    "filled",
    "monitor_before",
    "by",
    "reason",
    "confirms",
    "open",
    "hash",
];

#[derive(Serialize)]
struct CountsRow<'a> {
    mold: Cow<'a, str>,
    baseline: u64,
    counted: i64,
    displayed: u64,
    times_unknown: u64,
}

#[derive(Serialize)]
struct CycleRow<'a> {
    mold: &'a str,
    ordinal: u64,
    ended: String,
    cycle_ms: u32,
    temperature_c: Option<f64>,
    source: &'static str,
    late: bool,
    first: bool,
}

#[derive(Serialize)]
struct LedgerRow<'a> {
    mold: &'a str,
    number: u64,
    at: String,
    until: String,
    kind: &'static str,
    cycles: i64,
    monitor: Option<Cow<'a, str>>,
    device_before: Option<u64>,
    device_after: Option<u64>,
    filled: Option<u64>,
    monitor_before: Option<Cow<'a, str>>,
    by: Option<Cow<'a, str>>,
    reason: Option<Cow<'a, str>>,
    confirms: Option<u64>,
    open: bool,
    hash: String,
}

/// Writes what was asked for.
pub(super) fn export(store: &Store, export: &Export, to: &mut dyn Write) -> Result<(), Answer> {
    let mut molds = store.molds()?;
    if let Some(name) = &export.mold {
        molds.retain(|mold| mold.name == *name);
        if molds.is_empty() {
            return Err(Answer::NoSuchMold(name.clone()));
        }
    }
    molds.sort_by(|a, b| a.name.cmp(&b.name));
    let columns = match export.subject {
        Subject::Counts => COUNTS,
        Subject::Cycles => CYCLES,
        Subject::Ledger => LEDGER,
    };
    let mut rows = Rows::begin(export.format, columns, to)?;
    for mold in &molds {
        match export.subject {
            Subject::Counts => {
                if let Some(counts) = store.counts(mold.id)? {
                    counts_row(mold, &counts, &mut rows)?;
                }
            }
            Subject::Cycles => cycles(store, mold, export, &mut rows)?,
            Subject::Ledger => ledger(store, mold, export, &mut rows)?,
        }
    }
    rows.end()
}

fn counts_row(mold: &Mold, counts: &Counts, rows: &mut Rows<'_>) -> Result<(), Answer> {
    let name = rows.text(mold.name.as_str());
    rows.put(&CountsRow {
        mold: name,
        baseline: counts.baseline,
        counted: counts.counted,
        displayed: counts.displayed,
        times_unknown: counts.times_unknown,
    })
}

fn cycles(store: &Store, mold: &Mold, export: &Export, rows: &mut Rows<'_>) -> Result<(), Answer> {
    let from = export.from.unwrap_or(Timestamp::from_millis(i64::MIN));
    let to = export.to.unwrap_or(Timestamp::from_millis(i64::MAX));
    let name = rows.text(mold.name.as_str());
    let mut next = 0;
    loop {
        let page = store.cycles_page(mold.id, next, (from, to), PAGE)?;
        for cycle in &page {
            rows.put(&cycle_row(&name, cycle))?;
        }
        match page.last().and_then(|last| last.ordinal.checked_add(1)) {
            Some(after) if page.len() == PAGE => next = after,
            _ => return Ok(()),
        }
    }
}

fn cycle_row<'a>(mold: &'a str, cycle: &Cycle) -> CycleRow<'a> {
    CycleRow {
        mold,
        ordinal: cycle.ordinal,
        ended: instant(cycle.ended),
        cycle_ms: cycle.cycle_time.as_millis(),
        temperature_c: cycle.temperature.map(domain::Temperature::as_celsius),
        source: match cycle.source {
            TimeSource::Device => "device",
            TimeSource::Received => "received",
            TimeSource::Estimated => "estimated",
        },
        late: cycle.flags.late,
        first: cycle.flags.first,
    }
}

fn ledger(store: &Store, mold: &Mold, export: &Export, rows: &mut Rows<'_>) -> Result<(), Answer> {
    let name = rows.text(mold.name.as_str());
    let mut next = 0;
    loop {
        let page = entries(store, mold.id, next)?;
        for chained in &page {
            let entry = &chained.entry;
            let wanted = export.from.is_none_or(|from| entry.until >= from)
                && export.to.is_none_or(|to| entry.at < to);
            if wanted {
                rows.put(&ledger_row(&name, chained, rows.format))?;
            }
        }
        match page.last().and_then(|last| last.entry.number.checked_add(1)) {
            Some(after) if page.len() == PAGE => next = after,
            _ => return Ok(()),
        }
    }
}

fn entries(store: &Store, mold: MoldId, from: u64) -> Result<Vec<ChainedEntry>, Answer> {
    Ok(store.ledger_from(mold, from, PAGE)?)
}

fn ledger_row<'a>(mold: &'a str, chained: &'a ChainedEntry, format: Format) -> LedgerRow<'a> {
    let entry = &chained.entry;
    let serial =
        |serial: &'a Option<MonitorSerial>| serial.as_ref().map(|serial| safe(serial.as_str(), format));
    let mut row = LedgerRow {
        mold,
        number: entry.number,
        at: instant(entry.at),
        until: instant(entry.until),
        kind: entry.kind.word(),
        cycles: entry.cycles,
        monitor: serial(&entry.monitor),
        device_before: entry.device_before,
        device_after: entry.device_after,
        filled: None,
        monitor_before: None,
        by: None,
        reason: None,
        confirms: None,
        open: chained.open,
        hash: hex::encode(chained.hash),
    };
    match &entry.kind {
        EntryKind::Fill { filled } => row.filled = Some(*filled),
        EntryKind::Swap { before } => row.monitor_before = serial(before),
        EntryKind::Adjust { by, reason, confirms } => {
            row.by = Some(safe(by, format));
            row.reason = Some(safe(reason, format));
            row.confirms = *confirms;
        }
        EntryKind::Delta | EntryKind::Gap | EntryKind::Rollover | EntryKind::Reset | EntryKind::Import => {}
    }
    row
}

/// An instant as text, UTC; plain milliseconds where a calendar has no such day.
fn instant(at: Timestamp) -> String {
    jiff::Timestamp::from_millisecond(at.as_millis())
        .map_or_else(|_| at.as_millis().to_string(), |instant| format!("{instant:.3}"))
}

/// A text that a spreadsheet does not take for a formula.
fn safe(text: &str, format: Format) -> Cow<'_, str> {
    let formula = text.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if format == Format::Csv && formula { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// Writes rows in either form.
struct Rows<'w> {
    format: Format,
    to: Form<'w>,
}

enum Form<'w> {
    Csv(Box<csv::Writer<&'w mut dyn Write>>),
    Jsonl(&'w mut dyn Write),
}

impl<'w> Rows<'w> {
    fn begin(format: Format, columns: &[&str], to: &'w mut dyn Write) -> Result<Self, Answer> {
        let to = match format {
            Format::Jsonl => Form::Jsonl(to),
            Format::Csv => {
                let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(to);
                writer.write_record(columns).map_err(not_written)?;
                Form::Csv(Box::new(writer))
            }
        };
        Ok(Rows { format, to })
    }

    fn text<'t>(&self, text: &'t str) -> Cow<'t, str> {
        safe(text, self.format)
    }

    fn put(&mut self, row: &impl Serialize) -> Result<(), Answer> {
        match &mut self.to {
            Form::Csv(writer) => writer.serialize(row).map_err(not_written),
            Form::Jsonl(to) => {
                let mut line = serde_json::to_vec(row).map_err(std::io::Error::from)?;
                line.push(b'\n');
                Ok(to.write_all(&line)?)
            }
        }
    }

    fn end(self) -> Result<(), Answer> {
        match self.to {
            Form::Csv(mut writer) => Ok(writer.flush()?),
            Form::Jsonl(to) => Ok(to.flush()?),
        }
    }
}

fn not_written(error: csv::Error) -> Answer {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => Answer::Write(error),
        other => Answer::Write(std::io::Error::other(format!("{other:?}"))),
    }
}
