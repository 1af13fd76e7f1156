//! The real driver against a stand-in for bluetoothd, on a D-Bus of each test's own.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "what fails here fails the test")]

mod bench;
mod bonds;
mod comings;
mod links;
mod monitor;
mod repeater;
mod world;
