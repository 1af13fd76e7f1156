//! What stands inside a radio payload, and how it is read: one profile for each way of saying it.
//!
//! The bytes of the reference system's own hardware are not public. A profile written later takes its place in the
//! [`Registry`] beside the ones here; every payload is kept raw for a while, so that it can be read again.

pub mod open;
pub mod switch;

use domain::{Eui64, Timestamp};

use crate::command::Ask;
use crate::event::{Heard, RawHeard};
use crate::v3::frame::IoSample;

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
}

impl Payload<'_> {
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
        }
    }
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

    /// Has the first profile read the payload whose own it is.
    pub fn read(&mut self, payload: &Payload<'_>, now: Timestamp) -> Read {
        let mut read_as = Err("no profile knows this payload".to_owned());
        let mut heard = Vec::new();
        for profile in &mut self.profiles {
            match profile.read(payload, now) {
                None => continue,
                Some(Ok(events)) => {
                    heard = events;
                    read_as = Ok(profile.name());
                }
                Some(Err(error)) => read_as = Err(format!("{}: {}", profile.name(), chain(&error))),
            }
            break;
        }
        Read { heard, raw: RawHeard { module: payload.source, payload: payload.bytes(), read_as } }
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

/// An error with its causes, on one line.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
