//! Adverts: what anyone nearby hears without a connection.
//!
//! [`Advert`] takes an advert apart and puts one together, whoever sent it. Ours are a [`Waiting`] monitor's, in
//! clear, and the sealed status of one that is enrolled: [`Sealed`] as it travels, [`Status`] as it reads, [`Sealer`]
//! and [`Opener`] between the two. A repeater, which holds no key, sends a [`Repeated`] one.

mod ours;
mod seal;
mod sealed;
mod status;
mod structures;
mod waiting;
mod window;

pub use ours::{Ours, OursError};
pub use seal::{OpenError, Opened, Opener, Sealer};
pub use sealed::{MOST_HOPS, Repeated, Repeater, Sealed};
pub use status::{State, Status};
pub use structures::{AdKind, AdStructure, Advert, AdvertError, Company};
pub use waiting::Waiting;
pub use window::{FAR, Verdict, Window};

/// Bytes that a legacy advert has room for (Core, volume 6, part B, 2.3.1.1).
pub const LEGACY: usize = 31;

/// The version that the high half of an advert's head byte tells.
pub const VERSION: u8 = 1;

/// The low half of an advert's head byte.
mod kind {
    pub(super) const WAITING: u8 = 1;
    pub(super) const STATUS: u8 = 2;
    pub(super) const REPEATED: u8 = 3;
}

#[cfg(test)]
mod tests;
