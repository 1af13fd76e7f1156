//! The box: everything that keeps state.

pub mod accounts;
pub mod alarms;
pub mod audit;
pub mod backup;
pub mod clock;
pub mod config;
pub mod control;
pub mod desk;
pub mod exchange;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod ingest;
pub mod keys;
pub mod live;
pub mod plant;
mod run;
pub mod store;
pub mod telemetry;
pub mod upkeep;
pub mod watch;
pub mod web;

pub use run::{ADDRESS_FILE, AUTHORITY_FILE, Announcement, RunBox, run};
