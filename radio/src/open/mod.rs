//! What the open protocols of both generations have in common: how numbers are written, quantities, a stretch of
//! cycles, the record of an initialisation.
//!
//! The documents are `docs/protocol/open-v1.md` and `docs/protocol/open-v4.md`.

mod record;
#[cfg(test)]
pub(crate) mod samples;
mod stretch;
mod units;
pub(crate) mod wire;

pub use record::{Record, RecordError};
pub use stretch::{Made, PackedStretch, Stretch, StretchHead};
pub use units::{CycleTicks, DeciCelsius, Ticks};
pub use wire::{FieldError, crc16};

/// A monitor's counter has 32 bits, whichever generation it is of.
pub(crate) const COUNTER: domain::CounterWidth = domain::CounterWidth::Bits(32);
