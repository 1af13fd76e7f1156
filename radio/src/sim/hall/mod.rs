//! A hall with V4 monitors in the air, on a bus of its own with a stand-in for bluetoothd: so a box, its drivers and all,
//! is tried on a machine without Bluetooth. What each monitor really did is known.

mod bus;
mod control;
mod driver;
mod monitor;
mod sensor;
mod spec;

pub use bus::{Bus, BusError, VARIABLE};
pub use control::{Label, MonitorTruth, SensorLabel, SensorTruth, Truth};
pub use driver::{HallError, run};
pub use sensor::SensorKind;
pub use spec::HallSpec;
