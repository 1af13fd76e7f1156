//! Records what goes over a link to a file, and reads it again.
//!
//! The file's bytes are in `docs/capture.md`. Nothing here knows what the bytes mean; a link whose bytes hold keys
//! hides them before they come here (for V3 that is [`crate::v3::veil`]).

mod format;
mod recorder;

pub use format::{Damage, Header, Reader, ReaderError, Record, Writer};
pub use recorder::{CaptureError, Recorder, Summary};

use domain::Timestamp;

/// Which way bytes went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Direction {
    /// From the device.
    Heard,
    /// From the box.
    Sent,
}

/// Something that is told every byte of a link.
pub trait Tap: Send {
    /// Takes bytes. Must return at once: a slow disk must not hold up the link.
    fn bytes(&mut self, at: Timestamp, direction: Direction, bytes: &[u8]);
}

#[cfg(test)]
mod tests;
