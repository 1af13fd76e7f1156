//! Comma-separated values that are safe to open in a spreadsheet.

use std::borrow::Cow;
use std::io::{self, Write};

use crate::exchange::column::{self, Cell, Column};

pub(in crate::exchange) struct CsvSheet<W: Write> {
    to: csv::Writer<W>,
}

impl<W: Write> CsvSheet<W> {
    pub(super) fn begin(columns: &[Column], to: W) -> io::Result<Self> {
        let mut to = csv::WriterBuilder::new().has_headers(false).from_writer(to);
        to.write_record(columns.iter().map(|column| column.name)).map_err(not_written)?;
        Ok(CsvSheet { to })
    }

    pub(super) fn put(&mut self, row: &[Cell<'_>]) -> io::Result<()> {
        for cell in row {
            self.to.write_field(&*text(cell)).map_err(not_written)?;
        }
        self.to.write_record(None::<&[u8]>).map_err(not_written)
    }

    pub(super) fn end(mut self) -> io::Result<()> {
        self.to.flush()
    }
}

fn text<'a>(cell: &'a Cell<'_>) -> Cow<'a, str> {
    match cell {
        Cell::Empty => Cow::Borrowed(""),
        Cell::Text(text) => guarded(text),
        Cell::Count(count) => Cow::Owned(count.to_string()),
        Cell::Amount(amount) => Cow::Owned(amount.to_string()),
        Cell::Real(real) => Cow::Owned(format!("{real:?}")),
        Cell::Flag(flag) => Cow::Borrowed(if *flag { "true" } else { "false" }),
        Cell::Instant(at) => Cow::Owned(column::instant(*at)),
        Cell::Day(day) => Cow::Owned(column::day(*day)),
    }
}

/// What a spreadsheet takes for a formula, behind any number of our own guards.
fn is_formula(text: &str) -> bool {
    text.trim_start_matches('\'').starts_with(['=', '+', '-', '@', '\t', '\r'])
}

/// A text that a spreadsheet does not take for a formula.
fn guarded(text: &str) -> Cow<'_, str> {
    if is_formula(text) { Cow::Owned(format!("'{text}")) } else { Cow::Borrowed(text) }
}

/// The text that was guarded.
pub(in crate::exchange) fn unguarded(text: &str) -> &str {
    text.strip_prefix('\'').filter(|rest| is_formula(rest)).unwrap_or(text)
}

fn not_written(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_guarded_text_is_no_formula_and_comes_back_as_it_was() {
        for text in ["M-1", "=1+1", "'=1", "''@x", "-1", "'quoted", "", "'", "+", "\tx", "a=b"] {
            let shown = guarded(text);
            assert!(!shown.starts_with(['=', '+', '-', '@', '\t', '\r']), "{shown}");
            assert_eq!(unguarded(&shown), text);
        }
    }
}
