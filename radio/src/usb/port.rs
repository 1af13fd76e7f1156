//! Asking over a byte stream. Opening the port is somebody else's.

use std::io;
use std::time::Duration;

use domain::{Initialisation, MonitorSerial};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::time::{Instant, timeout_at};

use super::{Progress, Reply, Request, Session, SessionError, Shown};
use crate::v3::profile::open::Refusal;

/// A monitor answers from its memory within a tenth of that.
const ANSWER_WITHIN: Duration = Duration::from_secs(1);
const ATTEMPTS: u32 = 3;

/// Why a monitor on a port was not read or initialised.
#[derive(Debug, thiserror::Error)]
pub enum PortError {
    /// The port does not take bytes.
    #[error("send to the monitor")]
    Send(#[source] io::Error),
    /// The port gives no bytes.
    #[error("hear the monitor")]
    Hear(#[source] io::Error),
    /// The port was unplugged.
    #[error("the port was closed before the monitor answered")]
    Closed,
    /// Nothing understandable came.
    #[error("no monitor answered: is it plugged in, and is this its port?")]
    Silent,
    /// The request or the answer is not right.
    #[error("speak with the monitor")]
    Session(#[source] SessionError),
    /// The monitor does not do it.
    #[error("monitor {serial} refused: {why}")]
    Refused {
        /// Which monitor.
        serial: MonitorSerial,
        /// Why.
        why: Refusal,
    },
}

/// Reads the monitor on this port.
pub async fn show<P: AsyncRead + AsyncWrite + Unpin>(port: &mut P) -> Result<Shown, PortError> {
    ask(port, Request::Show).await
}

/// Initialises the monitor on this port for a mold and reads back what it recorded. The date is the caller's.
pub async fn initialise<P: AsyncRead + AsyncWrite + Unpin>(
    port: &mut P,
    initialisation: &Initialisation,
) -> Result<Shown, PortError> {
    ask(port, Request::Initialise(initialisation.clone())).await
}

async fn ask<P: AsyncRead + AsyncWrite + Unpin>(port: &mut P, request: Request) -> Result<Shown, PortError> {
    let mut session = Session::new(request).map_err(PortError::Session)?;
    for _ in 0..ATTEMPTS {
        port.write_all(session.request()).await.map_err(PortError::Send)?;
        port.flush().await.map_err(PortError::Send)?;
        match answer(port, &mut session, Instant::now() + ANSWER_WITHIN).await? {
            Some(Reply::Shown(shown)) => return Ok(shown),
            Some(Reply::Refused { serial, why }) => return Err(PortError::Refused { serial, why }),
            None => {}
        }
    }
    Err(PortError::Silent)
}

/// `None` when the time is over.
async fn answer<P: AsyncRead + Unpin>(
    port: &mut P,
    session: &mut Session,
    until: Instant,
) -> Result<Option<Reply>, PortError> {
    let mut buffer = [0; 256];
    loop {
        let Ok(read) = timeout_at(until, port.read(&mut buffer)).await else { return Ok(None) };
        let bytes = match read.map_err(PortError::Hear)? {
            0 => return Err(PortError::Closed),
            length => buffer.get(..length).unwrap_or_default(),
        };
        if let Progress::Answered(reply) = session.push(bytes).map_err(PortError::Session)? {
            return Ok(Some(reply));
        }
    }
}
