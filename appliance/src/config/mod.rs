//! What a plant may set: [`RawConfig`] as written, [`Config`] as checked.
//!
//! The same structs read the file and print the commented one of `platen config`.

mod backup;
mod checked;
#[cfg(any(test, fuzzing))]
pub(crate) mod fuzzing;
mod keep;
mod print;
mod raw;
mod values;

#[cfg(test)]
mod tests;

pub use checked::{Bluetooth, Config, ConfigError, Ingest, KeyFrom, Link, Overrides, StoreKey, Web, read};
pub use keep::{Bytes, HowLong};
pub use print::commented;
pub use raw::{RawBackup, RawBluetooth, RawConfig, RawIngest, RawKeep, RawLink, RawStore, RawSwitch, RawWeb};
pub use values::{Form, HostName, HttpRedirect, Humane};
