//! Rows written in one of the forms.

pub(super) mod csv;
mod jsonl;
mod parquet;

use std::io::{self, Write};

use self::csv::CsvSheet;
use self::jsonl::JsonSheet;
use self::parquet::ParquetSheet;
use super::column::{Cell, Column};
use super::request::Format;

/// Rows being written.
pub(super) enum Sheet<W: Write + Send> {
    Csv(Box<CsvSheet<W>>),
    Jsonl(JsonSheet<W>),
    Parquet(Box<ParquetSheet<W>>),
}

impl<W: Write + Send> Sheet<W> {
    pub(super) fn begin(format: Format, columns: &'static [Column], to: W) -> io::Result<Self> {
        Ok(match format {
            Format::Csv => Sheet::Csv(Box::new(CsvSheet::begin(columns, to)?)),
            Format::Jsonl => Sheet::Jsonl(JsonSheet::new(columns, to)),
            Format::Parquet => Sheet::Parquet(Box::new(ParquetSheet::begin(columns, to)?)),
        })
    }

    /// One row: a cell a column.
    pub(super) fn put(&mut self, row: &[Cell<'_>]) -> io::Result<()> {
        match self {
            Sheet::Csv(sheet) => sheet.put(row),
            Sheet::Jsonl(sheet) => sheet.put(row),
            Sheet::Parquet(sheet) => sheet.put(row),
        }
    }

    /// What stands after the rows.
    pub(super) fn end(self) -> io::Result<()> {
        match self {
            Sheet::Csv(sheet) => sheet.end(),
            Sheet::Jsonl(sheet) => sheet.end(),
            Sheet::Parquet(sheet) => sheet.end(),
        }
    }
}
