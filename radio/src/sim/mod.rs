//! A simulated plant: sticks, press modules and monitors behind pseudo-terminals, V4 monitors behind a stand-in for
//! bluetoothd; for training and acceptance tests.

pub mod air;
pub mod bluetoothd;
pub mod control;
pub mod dice;
pub mod driver;
pub mod faults;
pub mod hall;
pub mod monitor;
pub mod pan;
pub mod plant;
pub mod port;
pub mod press_module;
pub mod process;
pub mod replay;
pub mod stick;
pub mod truth;
