//! The first radio generation: Press Modules behind an XBee or ZigBee stick on a serial port.

pub mod commands;
pub mod frame;
pub mod link;
pub mod modem;
pub mod network;
pub mod profile;
pub mod serial;
pub mod veil;
