//! What can be asked of a stick, and what comes of it.

use std::time::Duration;

use domain::Eui64;

use super::node::Node;
use crate::v3::frame::{AtName, AtResponse, DeliveryStatus, RegisterStatus, RemoteAtResponse};

/// Names a request towards its asker.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(pub(super) u64);

/// Something to ask of the stick or of a radio behind it. Debug shows no values: some are keys.
#[derive(Clone, PartialEq, Eq)]
pub enum Request {
    /// A command to the stick; takes effect at once, with all that was queued.
    At {
        /// Which.
        name: AtName,
        /// Empty: a question.
        parameter: Vec<u8>,
    },
    /// A command to the stick that waits for the next of the other kind.
    AtQueued {
        /// Which.
        name: AtName,
        /// The value.
        parameter: Vec<u8>,
    },
    /// A command to a radio, applied at once.
    RemoteAt {
        /// To whom.
        dest: Eui64,
        /// Which.
        name: AtName,
        /// Empty: a question.
        parameter: Vec<u8>,
    },
    /// A payload to a radio, or to all of them.
    Transmit {
        /// To whom.
        dest: Eui64,
        /// The payload.
        data: Vec<u8>,
    },
    /// Enters a device in the trust centre's table, or removes it when the key is empty.
    Register(Registration),
    /// Node discovery, for so long.
    Discover {
        /// How long nodes may answer; the stick ends earlier if it can.
        window: Duration,
    },
}

impl Request {
    /// The whole network hears it.
    pub(super) fn is_broadcast(&self) -> bool {
        match self {
            Request::Discover { .. } => true,
            Request::Transmit { dest, .. } | Request::RemoteAt { dest, .. } => *dest == Eui64::BROADCAST,
            Request::At { .. } | Request::AtQueued { .. } | Request::Register(_) => false,
        }
    }
}

impl std::fmt::Debug for Request {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Request::At { name, .. } => write!(f, "At({name})"),
            Request::AtQueued { name, .. } => write!(f, "AtQueued({name})"),
            Request::RemoteAt { dest, name, .. } => write!(f, "RemoteAt({dest}, {name})"),
            Request::Transmit { dest, data } => write!(f, "Transmit({dest}, {} bytes)", data.len()),
            Request::Register(registration) => write!(f, "Register({})", registration.device),
            Request::Discover { window } => write!(f, "Discover({window:?})"),
        }
    }
}

/// A device for the trust centre's table. Its key is a secret: no Debug shows it.
#[derive(Clone, PartialEq, Eq)]
pub struct Registration {
    /// The device.
    pub device: Eui64,
    /// An install code with its CRC, not a link key.
    pub install_code: bool,
    /// The key; empty removes the device.
    pub key: Vec<u8>,
}

impl std::fmt::Debug for Registration {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Registration").field("device", &self.device).finish_non_exhaustive()
    }
}

/// What became of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// The stick's answer; to a discovery, its refusal.
    At(AtResponse),
    /// A radio's answer.
    RemoteAt(RemoteAtResponse),
    /// What became of a transmission.
    Sent(DeliveryStatus),
    /// What became of a registration.
    Registered(RegisterStatus),
    /// A node answered the discovery; more may come.
    Node(Node),
    /// The discovery is over.
    Discovered {
        /// How many nodes answered.
        modules: u32,
    },
    /// Nothing came within this time.
    TimedOut(Duration),
}
