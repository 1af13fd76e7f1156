//! What stands inside a radio payload, and how it is read: one profile for each way of saying it.
//!
//! The bytes of the reference system's own hardware are not public. A profile written later takes its place in the
//! [`Registry`] beside the ones here; every payload is kept raw for a while, so that it can be read again.

pub mod open;
pub mod switch;

use domain::{Eui64, Timestamp};

use crate::chain::chain;
use crate::command::Ask;
use crate::event::{Heard, RawHeard, Sender};
use crate::v3::frame::{ExplicitRx, Frame, IoSample};

/// A payload as it came out of a radio frame.
#[derive(Debug, Clone, Copy)]
pub struct Payload<'a> {
    /// The module that sent it.
    pub source: Eui64,
    /// What it sent.
    pub kind: PayloadKind<'a>,
}

/// What a module sent.
#[derive(Debug, Clone, Copy)]
pub enum PayloadKind<'a> {
    /// Bytes of an application (frames 90 and 91, or a transparent line).
    Bytes(&'a [u8]),
    /// Levels of the radio's own inputs (frame 92).
    IoSample(&'a IoSample),
    /// What no application said and no profile reads, kept as the whole frame: samples of other kinds (83, 94), and
    /// what radios say to each other about the network (91 of the ZigBee device profile).
    Other(&'a Frame),
}

impl<'a> Payload<'a> {
    /// What a frame carries; `None` where it does not come from another radio's inputs or applications.
    #[must_use]
    pub fn of(frame: &'a Frame) -> Option<Self> {
        let (source, kind) = match frame {
            Frame::Rx(f) => (f.source, PayloadKind::Bytes(&f.data)),
            Frame::ExplicitRx(f) if concerns_the_network(f) => (f.source, PayloadKind::Other(frame)),
            Frame::ExplicitRx(f) => (f.source, PayloadKind::Bytes(&f.data)),
            Frame::IoSample(f) => (f.source, PayloadKind::IoSample(f)),
            Frame::SensorRead(f) => (f.source, PayloadKind::Other(frame)),
            // It tells only its 16-bit address.
            Frame::RawIoSample(_) => (Eui64::UNKNOWN, PayloadKind::Other(frame)),
            _ => return None,
        };
        Some(Payload { source, kind })
    }

    /// The bytes for the ring of raw payloads; an input sample as frame 92 has it after its options byte.
    #[must_use]
    pub fn bytes(&self) -> Vec<u8> {
        match self.kind {
            PayloadKind::Bytes(bytes) => bytes.to_vec(),
            PayloadKind::IoSample(sample) => {
                let mut bytes = vec![sample.sets];
                bytes.extend(sample.digital_mask.to_be_bytes());
                bytes.push(sample.analog_mask);
                bytes.extend(sample.digital.into_iter().flat_map(u16::to_be_bytes));
                bytes.extend(sample.analog.iter().copied().flat_map(u16::to_be_bytes));
                bytes
            }
            PayloadKind::Other(frame) => frame.encode(),
        }
    }
}

/// Profile 0 and endpoint 0 are the ZigBee device profile's (ZDO), whatever a radio's applications are.
fn concerns_the_network(frame: &ExplicitRx) -> bool {
    frame.profile == 0 || frame.dest_endpoint == 0
}

/// Why a profile could not read a payload that is its own.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// It is no good open message.
    #[error("read an open message")]
    Open(#[source] open::DecodeError),
    /// It is a good open message, of the kind that only the box sends.
    #[error("a module sent the box's own message {0}")]
    WrongWay(&'static str),
    /// The parts of an initialisation record do not make a record.
    #[error("put an initialisation record together")]
    Record(#[source] open::RecordError),
    /// A sample does not have the input it is configured for.
    #[error("a sample without {input}, which the module is configured for")]
    NoInput {
        /// Which input.
        input: String,
    },
}

impl ProfileError {
    /// The payload may as well be somebody else's: without a good check only its first byte claims to be an open
    /// message.
    fn leaves_doubt(&self) -> bool {
        matches!(self, ProfileError::Open(open::DecodeError::Check { .. }))
    }
}

/// Bytes to send to a module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outgoing {
    /// To whom.
    pub module: Eui64,
    /// The payload, which fits an unfragmented packet.
    pub bytes: Vec<u8>,
}

/// A way of saying things inside radio payloads.
pub trait PayloadProfile: Send {
    /// Its name in logs and in the ring of raw payloads.
    fn name(&self) -> &'static str;

    /// Reads a payload; `None` when it is not this profile's.
    fn read(&mut self, payload: &Payload<'_>, now: Timestamp) -> Option<Result<Vec<Heard>, ProfileError>>;

    /// Puts what the box wants into bytes; `None` when this profile does not speak with that monitor, or has no
    /// words for it.
    fn write(&self, ask: &Ask, now: Timestamp) -> Option<Outgoing>;

    /// What there is to say because time passed. To be called often (every 100 ms or so) and cheap when idle.
    fn tick(&mut self, now: Timestamp) -> Vec<Heard> {
        let _ = now;
        Vec::new()
    }
}

/// What became of a payload.
#[derive(Debug)]
pub struct Read {
    /// What it said, in order.
    pub heard: Vec<Heard>,
    /// The payload itself, for the ring, with the profile that read it or why none did.
    pub raw: RawHeard,
}

/// The profiles of a link, in the order they are asked.
#[derive(Default)]
pub struct Registry {
    profiles: Vec<Box<dyn PayloadProfile>>,
}

impl Registry {
    /// With these profiles, the first being asked first.
    #[must_use]
    pub fn new(profiles: Vec<Box<dyn PayloadProfile>>) -> Self {
        Registry { profiles }
    }

    /// Has the first profile read the payload whose own it is. One that may be its own only is shown to the others
    /// too.
    pub fn read(&mut self, payload: &Payload<'_>, now: Timestamp) -> Read {
        let mut read_as = None;
        let mut heard = Vec::new();
        for profile in &mut self.profiles {
            match profile.read(payload, now) {
                None => {}
                Some(Ok(events)) => {
                    heard = events;
                    read_as = Some(Ok(profile.name()));
                    break;
                }
                Some(Err(error)) => {
                    let told = Err(format!("{}: {}", profile.name(), chain(&error)));
                    if !error.leaves_doubt() {
                        read_as = Some(told);
                        break;
                    }
                    read_as.get_or_insert(told);
                }
            }
        }
        let read_as = read_as.unwrap_or_else(|| Err("no profile knows this payload".to_owned()));
        Read {
            heard,
            raw: RawHeard { from: Sender::Module(payload.source), payload: payload.bytes(), read_as },
        }
    }

    /// Has the first profile write what the box wants that has words for it.
    #[must_use]
    pub fn write(&self, ask: &Ask, now: Timestamp) -> Option<Outgoing> {
        self.profiles.iter().find_map(|profile| profile.write(ask, now))
    }

    /// What the profiles have to say because time passed.
    pub fn tick(&mut self, now: Timestamp) -> Vec<Heard> {
        self.profiles.iter_mut().flat_map(|profile| profile.tick(now)).collect()
    }
}

#[cfg(test)]
mod tests;
