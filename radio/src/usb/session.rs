//! One request and its answer, no I/O.

use domain::Initialisation;

use super::codec::{self, Decoder};
use super::{Reply, Request, Shown};
use crate::v3::profile::open::{
    Assembly, Message, Record, RecordError, RecordPart, Serial, Status, Tether, Tethering,
};

/// Why a request cannot be asked, or its answer not be understood.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SessionError {
    /// What is to be recorded does not fit the wire.
    #[error("write the initialisation record")]
    Write(#[source] RecordError),
    /// What the monitor has recorded makes no record.
    #[error("read the initialisation record")]
    Read(#[source] RecordError),
    /// The monitor does not say back what it was told.
    #[error("the monitor has recorded something else than it was told")]
    NotKept(Box<Shown>),
}

/// Where a request stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// More bytes are needed.
    Waiting,
    /// The answer.
    Answered(Reply),
}

/// A request on its way.
#[derive(Debug)]
pub struct Session {
    request: Vec<u8>,
    wanted: Option<Initialisation>,
    decoder: Decoder,
    record: Assembly,
    /// The monitor that is answering, and its record once it is whole.
    shown: Option<(Serial, Option<Initialisation>)>,
}

impl Session {
    /// For this request.
    pub fn new(request: Request) -> Result<Self, SessionError> {
        let (request, wanted) = match request {
            Request::Show => (codec::encode(&Message::Show), None),
            Request::Initialise(initialisation) => {
                let record = Record::new(&initialisation).map_err(SessionError::Write)?;
                let frame = |part: RecordPart| codec::encode(&Message::Initialise(part));
                (record.parts().into_iter().flat_map(frame).collect(), Some(initialisation))
            }
        };
        let (decoder, record) = (Decoder::new(), Assembly::default());
        Ok(Session { request, wanted, decoder, record, shown: None })
    }

    /// The bytes to send; again, if the monitor stays silent.
    #[must_use]
    pub fn request(&self) -> &[u8] {
        &self.request
    }

    /// Takes bytes the monitor sent. Damaged frames and messages that are no answer are passed over.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Progress, SessionError> {
        for message in self.decoder.push(bytes).into_iter().flatten() {
            if let Some(reply) = self.take(message)? {
                return Ok(Progress::Answered(reply));
            }
        }
        Ok(Progress::Waiting)
    }

    fn take(&mut self, message: Message) -> Result<Option<Reply>, SessionError> {
        match message {
            Message::Tether(Tether { serial, state, .. }) => self.tether(serial, &state).map(|()| None),
            Message::Status(status) => self.status(status),
            Message::Refused { serial, why } => Ok(Some(Reply::Refused { serial: serial.monitor(), why })),
            _ => Ok(None),
        }
    }

    fn tether(&mut self, serial: Serial, state: &Tethering) -> Result<(), SessionError> {
        match state {
            Tethering::Uninitialised => self.shown = Some((serial, None)),
            Tethering::Initialised { part, .. } => {
                if let Some(record) = self.record.add(part).map_err(SessionError::Read)? {
                    self.shown = Some((serial, Some(record)));
                }
            }
        }
        Ok(())
    }

    /// The status ends an answer, if its tether came whole before it.
    fn status(&mut self, status: Status) -> Result<Option<Reply>, SessionError> {
        let Some((_, initialisation)) = self.shown.take_if(|(serial, _)| *serial == status.serial) else {
            return Ok(None);
        };
        let shown = Shown { serial: status.serial.monitor(), initialisation, status };
        if self.wanted.is_some() && shown.initialisation != self.wanted {
            return Err(SessionError::NotKept(Box::new(shown)));
        }
        Ok(Some(Reply::Shown(shown)))
    }
}
