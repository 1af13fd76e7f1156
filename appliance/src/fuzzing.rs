//! The door of the fuzz targets of `appliance/fuzz`: a function for each parser that bytes from outside reach. Each takes
//! any bytes, and panics only where a law is broken. It is built for fuzzing and for tests, never into the program.

pub use crate::config::fuzzing::configuration;
pub use crate::exchange::import::fuzzing::{csv, jsonl, parquet};
pub use crate::keys::fuzzing::keys;
pub use crate::store::fuzzing::{backup, block, chunk, journal, record, restored};
pub use crate::web::certificates::fuzzing::certificate;

#[cfg(test)]
mod tests;
