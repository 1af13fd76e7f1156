//! A simulated plant: sticks, press modules and monitors behind pseudo-terminals, for training and acceptance tests.

pub mod air;
pub mod control;
pub mod dice;
pub mod driver;
pub mod faults;
pub mod monitor;
pub mod pan;
pub mod plant;
pub mod port;
pub mod press_module;
pub mod process;
pub mod replay;
pub mod stick;
pub mod truth;
