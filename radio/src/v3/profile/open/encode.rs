//! A message as bytes.

use super::{Message, Status, Tether, Tethering, VERSION, crc16};
use crate::open::DeciCelsius;

/// The low half of a message's first byte.
pub(super) mod kind {
    pub(in super::super) const TETHER: u8 = 0x1;
    pub(in super::super) const CYCLES: u8 = 0x2;
    pub(in super::super) const STATUS: u8 = 0x3;
    pub(in super::super) const UNTETHER: u8 = 0x4;
    pub(in super::super) const REFUSED: u8 = 0x5;
    pub(in super::super) const KEPT: u8 = 0x8;
    pub(in super::super) const SEND_FROM: u8 = 0x9;
    pub(in super::super) const TIME: u8 = 0xA;
    pub(in super::super) const IDENTIFY: u8 = 0xB;
    pub(in super::super) const SHOW: u8 = 0xC;
    pub(in super::super) const INITIALISE: u8 = 0xD;
}

impl Message {
    /// The one way to write it; at most [`super::MAX_MESSAGE`] bytes.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(super::MAX_MESSAGE);
        bytes.push(VERSION << 4 | self.kind());
        match self {
            Message::Tether(tether) => write_tether(&mut bytes, tether),
            Message::Cycles(cycles) => cycles.write(&mut bytes),
            Message::Status(status) => write_status(&mut bytes, status),
            Message::Untether { serial, plug } => {
                bytes.extend(serial.0.to_be_bytes());
                bytes.extend(plug.to_be_bytes());
            }
            Message::Refused { serial, why } => {
                bytes.extend(serial.0.to_be_bytes());
                bytes.push(u8::from(*why));
            }
            Message::Kept { serial, era, up_to: count } | Message::SendFrom { serial, era, after: count } => {
                bytes.extend(serial.0.to_be_bytes());
                bytes.extend(era.to_be_bytes());
                bytes.extend(count.to_be_bytes());
            }
            Message::Time { serial, now } => {
                bytes.extend(serial.0.to_be_bytes());
                bytes.extend(now.as_millis().to_be_bytes());
            }
            Message::Identify { serial } => bytes.extend(serial.0.to_be_bytes()),
            Message::Show => {}
            Message::Initialise(part) => {
                bytes.push(part.place());
                part.write(&mut bytes);
            }
        }
        let check = crc16(&bytes);
        bytes.extend(check.to_be_bytes());
        bytes
    }

    const fn kind(&self) -> u8 {
        match self {
            Message::Tether(_) => kind::TETHER,
            Message::Cycles(_) => kind::CYCLES,
            Message::Status(_) => kind::STATUS,
            Message::Untether { .. } => kind::UNTETHER,
            Message::Refused { .. } => kind::REFUSED,
            Message::Kept { .. } => kind::KEPT,
            Message::SendFrom { .. } => kind::SEND_FROM,
            Message::Time { .. } => kind::TIME,
            Message::Identify { .. } => kind::IDENTIFY,
            Message::Show => kind::SHOW,
            Message::Initialise(_) => kind::INITIALISE,
        }
    }
}

fn write_tether(bytes: &mut Vec<u8>, tether: &Tether) {
    bytes.extend(tether.serial.0.to_be_bytes());
    bytes.extend(tether.plug.to_be_bytes());
    match &tether.state {
        Tethering::Uninitialised => bytes.push(0),
        Tethering::Initialised { era, count, part } => {
            bytes.push(part.place());
            bytes.extend(era.to_be_bytes());
            bytes.extend(count.to_be_bytes());
            part.write(bytes);
        }
    }
}

fn write_status(bytes: &mut Vec<u8>, status: &Status) {
    bytes.extend(status.serial.0.to_be_bytes());
    bytes.extend(status.era.to_be_bytes());
    bytes.extend(status.count.to_be_bytes());
    bytes.push(u8::from(status.asleep));
    bytes.extend(DeciCelsius::to_wire(status.temperature));
    bytes.push(status.battery);
    bytes.extend(status.uptime.to_be_bytes());
    bytes.extend(status.stored.to_be_bytes());
    bytes.extend(status.unacknowledged.to_be_bytes());
}
