//! Hears the shop floor and knows nothing of store or web.
//!
//! Bytes on a serial line become frames ([`v3::frame`]), frames answers and payloads, payloads [`event::RadioEvent`]s.
//! What the box wants done comes the other way as [`command::RadioCommand`]s. Bluetooth adverts and messages are read
//! in [`v4`].

pub mod bluetooth;
pub mod capture;
mod chain;
pub mod command;
pub mod event;
pub mod open;
#[cfg(feature = "sim")]
pub mod sim;
pub mod usb;
pub mod v3;
pub mod v4;

/// Tells the time.
pub type Clock = std::sync::Arc<dyn Fn() -> domain::Timestamp + Send + Sync>;
