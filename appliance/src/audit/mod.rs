//! The audit trail: who did what, when, from where, and how it was before and after.
//!
//! Entries are only ever appended, each with a hash over itself and everything before it; `platen check` verifies
//! that. Nothing switches it off: there is no setting for it.

mod act;
mod chain;
mod trail;

pub use act::{Act, By, Happened, Origin, What};
pub use chain::{Entry, Hash, genesis, link};
pub use trail::{Trail, Unwritten};
