//! Rows for other programs and rows from them: what the box gives out as CSV, JSON lines or Parquet, and the cycles
//! that a plant brings from the system it leaves. docs/data.md is the contract.
//!
//! Memory is bounded whatever is asked for: rows are read from the store by the page and written as they come; what
//! comes in is sorted through a scratch file.

mod column;
mod export;
pub mod import;
mod request;
mod sheet;
#[cfg(test)]
mod tests;

pub use column::instant as instant_text;
pub use export::{Export, ExportError, export};
pub use request::{Format, Subject, Wanted, instant};
