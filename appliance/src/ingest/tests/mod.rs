//! The laws of counting, each on a plant made of one's own hands.

mod alarms;
mod alerts;
mod clocks;
mod eras;
mod limits;
mod order;
pub(in crate::ingest) mod plant;
mod resets;
mod sensors;
mod swaps;
mod watching;
