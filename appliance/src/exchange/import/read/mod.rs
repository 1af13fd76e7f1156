//! Rows out of a file, in one of the forms.

mod csv;
mod jsonl;
mod parquet;

use std::fs::File;
use std::io::{BufReader, Seek, SeekFrom};
use std::panic::{AssertUnwindSafe, catch_unwind};

use super::ImportError;
use super::field::Cells;
use super::problem::Problems;
use crate::exchange::Format;

/// A file that is read row by row.
pub(super) trait Rows {
    /// The next row that could be taken apart, and its place in the file; what could not goes to `problems`.
    ///
    /// # Errors
    /// The file cannot be read on.
    fn next(&mut self, cells: &mut Cells, problems: &mut Problems) -> Result<Option<u64>, ImportError>;
}

/// Reads the header; `None`, and why in `problems`, when it makes no sense.
pub(super) fn begin(
    mut file: File,
    format: Format,
    problems: &mut Problems,
) -> Result<Option<Box<dyn Rows>>, ImportError> {
    file.seek(SeekFrom::Start(0)).map_err(ImportError::Read)?;
    let boxed = |rows: Option<_>| rows.map(|rows| Box::new(rows) as Box<dyn Rows>);
    match format {
        Format::Csv => {
            Ok(csv::CsvRows::begin(BufReader::new(file), problems)?
                .map(|rows| Box::new(rows) as Box<dyn Rows>))
        }
        Format::Jsonl => Ok(Some(Box::new(jsonl::JsonRows::new(BufReader::new(file))))),
        Format::Parquet => {
            let rows = unharmed(|| parquet::ParquetRows::begin(file, problems))?;
            Ok(boxed(rows.map(Unharmed)))
        }
    }
}

/// A library that reads a damaged file may panic where it should say so.
fn unharmed<T>(read: impl FnOnce() -> Result<T, ImportError>) -> Result<T, ImportError> {
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(result) => result,
        Err(_) => Err(ImportError::Damaged("its bytes make no sense".to_owned())),
    }
}

struct Unharmed<R>(R);

impl<R: Rows> Rows for Unharmed<R> {
    fn next(&mut self, cells: &mut Cells, problems: &mut Problems) -> Result<Option<u64>, ImportError> {
        unharmed(|| self.0.next(cells, problems))
    }
}
