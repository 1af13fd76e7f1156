//! What is wrong with a file, row by row.

use std::fmt;

/// So many are listed; the rest is only counted.
const LISTED: usize = 1_000;

/// Something wrong with one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Its line in the file, from 1; in a Parquet file its row, from 1, and 0 for the file's schema.
    pub row: u64,
    /// Under which column, if under one.
    pub column: Option<String>,
    /// What.
    pub reason: String,
}

/// Without the row.
impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.column {
            Some(column) => write!(f, "{column} {}", self.reason),
            None => f.write_str(&self.reason),
        }
    }
}

/// Everything wrong with a file: the first thousand in words, all of them counted.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems {
    listed: Vec<Problem>,
    count: u64,
}

impl Problems {
    pub(super) fn add(&mut self, row: u64, column: Option<&str>, reason: impl Into<String>) {
        self.count = self.count.saturating_add(1);
        if self.listed.len() < LISTED {
            self.listed.push(Problem { row, column: column.map(str::to_owned), reason: reason.into() });
        }
    }

    pub(super) fn sort(&mut self) {
        self.listed.sort_by_key(|problem| problem.row);
    }

    /// Those in words, by row.
    #[must_use]
    pub fn listed(&self) -> &[Problem] {
        &self.listed
    }

    /// How many there are that are not listed.
    #[must_use]
    pub fn more(&self) -> u64 {
        self.count.saturating_sub(self.listed.len() as u64)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.count
    }
}
