//! The second radio generation: monitors that speak Bluetooth Low Energy, and sensors that anyone can buy.
//!
//! What is here reads and writes bytes; there is no I/O in it and no clock, but in [`bluez`], which drives the adapters, and in
//! [`run`] and [`repeat`](fn@repeat), which have them driven, as a box and as a repeater.
//! The document is `docs/protocol/open-v4.md`. "Core" in comments is the Bluetooth Core Specification 5.4, "CSS" its Supplement
//! version 11, "Assigned Numbers" the Bluetooth SIG's document of that name.

pub mod advert;
pub mod air;
pub mod bluez;
pub mod conductor;
mod describe;
mod driver;
mod heard;
mod key;
mod keyring;
pub mod open;
mod repeat;
pub mod repeater;
pub mod sealed;
pub mod sensors;
pub mod session;
mod uuid;

pub use describe::Listener;
pub use domain::{BluetoothAddress as Address, BluetoothAddressError as AddressError};
pub use driver::{Kept, Settings, run};
pub use key::Key;
pub use keyring::{Keyring, KeyringError};
pub use repeat::repeat;
pub use uuid::{Uuid, UuidError};
