//! The monitor's side of the port, for the simulator and for firmware to be checked against.

use domain::Initialisation;

use super::Request;
use super::codec::{self, Decoder, FrameError};
use crate::v3::profile::open::{
    Assembly, Message, Record, RecordError, RecordPart, Refusal, Serial, Status, Tether, Tethering,
};

/// Why what the box sent is no request.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RequestError {
    /// The bytes make no message.
    #[error("find a message on the port")]
    Frame(#[source] FrameError),
    /// The parts make no record; to be answered with [`refused`].
    #[error("put the record together")]
    Record(#[source] RecordError),
    /// A message that is no request.
    #[error("{0} is no request of this port")]
    NoRequest(&'static str),
}

/// Finds the requests in what the box sends.
#[derive(Debug, Default)]
pub struct Listener {
    decoder: Decoder,
    record: Assembly,
}

impl Listener {
    /// Waits for the first request.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes bytes and tells what they complete.
    pub fn push(&mut self, bytes: &[u8]) -> Vec<Result<Request, RequestError>> {
        let found = self.decoder.push(bytes);
        found.into_iter().filter_map(|message| self.take(message).transpose()).collect()
    }

    fn take(&mut self, message: Result<Message, FrameError>) -> Result<Option<Request>, RequestError> {
        match message.map_err(RequestError::Frame)? {
            Message::Show => Ok(Some(Request::Show)),
            Message::Initialise(part) => {
                let record = self.record.add(&part).map_err(RequestError::Record)?;
                Ok(record.map(Request::Initialise))
            }
            other => Err(RequestError::NoRequest(other.name())),
        }
    }
}

/// The answer to both requests: who the monitor is, how it is. `None` stands for a monitor never initialised, whose
/// status says zero for era and count.
pub fn shown(initialisation: Option<&Initialisation>, status: Status) -> Result<Vec<u8>, RecordError> {
    let tether = |state| {
        // Over USB nothing is plugged into a module.
        codec::encode(&Message::Tether(Tether { serial: status.serial, plug: 0, state }))
    };
    let mut bytes = match initialisation {
        None => tether(Tethering::Uninitialised),
        Some(initialisation) => {
            let state =
                |part: RecordPart| Tethering::Initialised { era: status.era, count: status.count, part };
            Record::new(initialisation)?.parts().into_iter().flat_map(|part| tether(state(part))).collect()
        }
    };
    bytes.extend(codec::encode(&Message::Status(status)));
    Ok(bytes)
}

/// The answer to a request the monitor does not carry out.
#[must_use]
pub fn refused(serial: Serial, why: Refusal) -> Vec<u8> {
    codec::encode(&Message::Refused { serial, why })
}
