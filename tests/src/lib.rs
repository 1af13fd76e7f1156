//! The box from outside: what the scenarios are told with. A box is the real program; a plant is the simulator in a
//! process of its own behind pseudo-terminals; a browser is a real one.

pub mod appliance;
pub mod backups;
pub mod browser;
pub mod film;
pub mod hall;
pub mod person;
pub mod plant;
pub mod usage;
pub mod wait;
pub mod wire;
