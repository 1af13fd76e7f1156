//! A whole store as one stream of bytes, and a store made from such a stream.
//!
//! The stream is read from one transaction: it is the store as of one instant, whatever is committed meanwhile. Tables
//! are found in the file itself and not in a list, so that none can be forgotten; a row is its raw key and its raw
//! value, so that a stream of an older format makes a store of that format, which then migrates as any other would.
//!
//! The stream lies open: it holds the key that opens the sealed secrets, or a fresh box could not be this one. Whoever
//! writes it anywhere seals it first (see [`crate::backup`]). Sessions stay behind: who holds a token of a box that is
//! gone does not get into its successor.

mod error;
pub(in crate::store) mod format;
#[cfg(any(test, fuzzing))]
pub(in crate::store) mod fuzzing;
mod restore;
pub(in crate::store) mod shapes;
mod write;

pub use error::{BackUp, Restore};
pub use restore::{Restored, restore};
pub use write::Written;

/// Tables whose rows are not taken along; the tables themselves are.
const LEFT_BEHIND: &[&str] = &["sessions", "codes"];
/// The name of the sealing key among the secrets of a stream.
const SEALING: &str = "sealing";
