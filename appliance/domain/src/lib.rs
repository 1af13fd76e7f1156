//! The words of the plant, shared by every room: ids, units, molds, monitors, cycles, the count.
//!
//! The ground floor: no I/O, no clock, no randomness, no framework. Everything here compiles for wasm32,
//! so that a form in the browser checks with the same code as the box.

mod address;
mod alert;
mod bluetooth;
mod counter;
mod cycle;
mod ids;
mod join;
mod ledger;
mod mold;
mod role;
mod sensor;
mod state;
mod thresholds;
mod units;

pub use address::{BluetoothAddress, BluetoothAddressError};
pub use alert::AlertKind;
pub use bluetooth::{LabelError, MonitorLabel, Passkey, PasskeyError, Standing, Strength};
pub use counter::{CounterStep, CounterWidth, step};
pub use cycle::{Cycle, CycleFlags, TimeSource};
pub use ids::{Eui64, Generation, IdError, LinkName, MoldId, MonitorSerial, PanId, PressId};
pub use join::{JoinCode, JoinCodeError, JoinCodeKind};
pub use ledger::{EntryKind, LedgerEntry, displayed_count};
pub use mold::{Initialisation, Mold, MoldName, MoldNameError, Press};
pub use role::{Role, RoleError};
pub use sensor::{
    Axis, BindKey, BindKeyError, Channel, ChannelError, Contact, CycleRule, Edge, Measure, Said,
    SensorFormat, SensorRule, SensorRuleError, ShockRule, Unread,
};
pub use state::{MoldState, StateFacts, mold_state};
pub use thresholds::{Limit, ThresholdError, Thresholds, TypedLimit};
pub use units::{CycleTime, Percent, Temperature, Timestamp};
