//! Our own open protocol, version 1: what a Press Module and the box say to each other, in at most 66 bytes.
//!
//! The byte tables and rules are in `docs/protocol/open-v1.md`. Both directions are here, because the simulator is
//! the other end. Every message stands alone, so that loss, duplication and reordering do no harm; there is exactly
//! one way to write a message, so that what was decoded encodes to the same bytes.

mod cycles;
mod decode;
mod encode;
mod message;
mod profile;
mod record;
mod units;

pub use crate::open::{CycleTicks, DeciCelsius, FieldError, Made, Record, RecordError, Ticks, crc16};
pub use cycles::{Cycles, CyclesHead, Packed};
pub use decode::DecodeError;
pub use message::{Message, Refusal, Status, Tether, Tethering};
pub use profile::OpenProfile;
pub use record::{Assembly, RecordPart};
pub use units::Serial;

/// The version these bytes are of.
pub const VERSION: u8 = 1;

/// No message is longer: an encrypted ZigBee packet takes as much unfragmented.
pub const MAX_MESSAGE: usize = 66;

#[cfg(test)]
mod tests;
