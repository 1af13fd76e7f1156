//! XBee API frames: bytes to frames and back, no I/O.
//!
//! `7E | length u16 | type, fields | checksum`, all numbers big-endian (Digi XBee 3 Zigbee user guide 90001539,
//! "API frames"). Both directions are here, because the simulated stick needs the other half.

mod codec;
mod decoder;
mod describe;
mod status;
mod types;

pub use codec::{MAX_LENGTH, Malformed, TooLong, checksum, encode, wrap};
pub use decoder::{Damage, Decoder, Piece};
pub use describe::{describe, name};
pub use status::{AssociationStatus, AtStatus, DeliveryStatus, DiscoveryStatus, ModemStatus, RegisterStatus};
pub use types::{
    AtCommand, AtName, AtResponse, CreateSourceRoute, ExplicitRx, ExplicitTx, Frame, IoSample,
    NodeIdentification, RawIoSample, RegisterDevice, RemoteAtCommand, RemoteAtResponse, RouteInformation,
    RouteRecord, Rx, SensorRead, Tx, TxStatus,
};

/// How a stick's serial port is framed (AP).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ApiMode {
    /// AP=1: bytes as they are; 7E may stand inside a frame.
    Plain,
    /// AP=2: 7E, 7D, 11 and 13 inside a frame are sent as 7D and the byte xor 20; a raw 7E always begins a frame.
    Escaped,
}
