//! Rows of comma-separated values, with a header.

use std::borrow::Cow;
use std::io::BufRead;

use super::super::ImportError;
use super::super::field::{Cells, Field, Value, faults};
use super::super::lines::{Line, Lines};
use super::super::problem::Problems;
use super::Rows;
use crate::exchange::sheet::csv::unguarded;

pub(super) struct CsvRows<R> {
    lines: Lines<R>,
    fields: Vec<Field>,
}

impl<R: BufRead> CsvRows<R> {
    pub(super) fn begin(from: R, problems: &mut Problems) -> Result<Option<Self>, ImportError> {
        let mut lines = Lines::new(from);
        let (number, line) = match lines.next().map_err(ImportError::Read)? {
            Some((number, Line::Whole(line))) => (number, line),
            Some((number, Line::TooLong)) => {
                problems.add(number, None, "the line of column names is too long to be one");
                return Ok(None);
            }
            None => {
                problems.add(1, None, "the file is empty: a line of column names is wanted");
                return Ok(None);
            }
        };
        let text = String::from_utf8_lossy(line);
        let names: Vec<String> = split(&text).iter().map(|name| name.trim().to_owned()).collect();
        let faults = faults(names.iter().map(String::as_str));
        if faults.is_empty() {
            let fields = names.iter().filter_map(|name| Field::find(name)).collect();
            return Ok(Some(CsvRows { lines, fields }));
        }
        if names.len() == 1 && text.contains(';') {
            problems.add(number, None, "columns are parted by commas, not by semicolons");
        }
        for (column, reason) in faults {
            problems.add(number, column.as_deref(), reason);
        }
        Ok(None)
    }
}

impl<R: BufRead> Rows for CsvRows<R> {
    fn next(&mut self, cells: &mut Cells, problems: &mut Problems) -> Result<Option<u64>, ImportError> {
        while let Some((number, line)) = self.lines.next_row(problems)? {
            let Ok(text) = std::str::from_utf8(line) else {
                problems.add(number, None, "the line is no UTF-8 text");
                continue;
            };
            let texts = split(text);
            if texts.len() != self.fields.len() {
                let what =
                    format!("the line has {} cells, the header has {}", texts.len(), self.fields.len());
                problems.add(number, None, what);
                continue;
            }
            cells.clear();
            for (field, text) in self.fields.iter().zip(&texts) {
                let text = if *field == Field::Mold { unguarded(text) } else { text.trim() };
                let value = if text.is_empty() { Value::Empty } else { Value::Text(text.to_owned()) };
                cells.put(*field, value);
            }
            return Ok(Some(number));
        }
        Ok(None)
    }
}

/// The cells of a line. No cell of a row of cycles has a line break in it.
fn split(line: &str) -> Vec<Cow<'_, str>> {
    if !line.contains('"') {
        return line.split(',').map(Cow::Borrowed).collect();
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .buffer_capacity(line.len().max(1))
        .from_reader(line.as_bytes());
    let mut record = csv::StringRecord::new();
    match reader.read_record(&mut record) {
        Ok(true) => record.iter().map(|cell| Cow::Owned(cell.to_owned())).collect(),
        _ => Vec::new(),
    }
}
