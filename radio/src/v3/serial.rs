//! A serial port. The only file that names tokio-serial.

use std::io;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio_serial::{DataBits, FlowControl, Parity, SerialPort, SerialStream, StopBits};

/// Why a port was not opened or set.
#[derive(Debug, thiserror::Error)]
pub enum SerialError {
    /// There is no such device.
    #[error("there is no {}", .0.display())]
    Absent(PathBuf),
    /// Another process has it open.
    #[error("{} is in use by another program", .0.display())]
    Busy(PathBuf),
    /// The user may not open it.
    #[error("no permission to open {} (group dialout)", .0.display())]
    Forbidden(PathBuf),
    /// Any other refusal.
    #[error("open {}", path.display())]
    Open {
        /// The device.
        path: PathBuf,
        /// Why.
        #[source]
        source: tokio_serial::Error,
    },
    /// The rate was not taken.
    #[error("set {baud} baud")]
    Baud {
        /// The rate.
        baud: u32,
        /// Why.
        #[source]
        source: tokio_serial::Error,
    },
}

/// An open port: 8 data bits, no parity, one stop bit. The modem lines are left as they are, because DTR or RTS can
/// reset an XBee or send it into its boot loader.
#[derive(Debug)]
pub struct Port {
    stream: SerialStream,
}

impl Port {
    /// Opens a port for this process alone. Flow control that the device does not have is done without.
    pub fn open(path: &Path, baud: u32, rts_cts: bool) -> Result<Port, SerialError> {
        let wish = if rts_cts { FlowControl::Hardware } else { FlowControl::None };
        let open = |flow| {
            let name = path.to_string_lossy();
            let builder = tokio_serial::new(name, baud)
                .data_bits(DataBits::Eight)
                .parity(Parity::None)
                .stop_bits(StopBits::One)
                .flow_control(flow);
            SerialStream::open(&builder)
        };
        let opened = match open(wish) {
            Err(error) if rts_cts && is_not_a_typewriter(&error) => open(FlowControl::None),
            opened => opened,
        };
        opened.map(|stream| Port { stream }).map_err(|source| explain(path, source))
    }

    /// Changes the rate.
    pub fn set_baud(&mut self, baud: u32) -> Result<(), SerialError> {
        self.stream.set_baud_rate(baud).map_err(|source| SerialError::Baud { baud, source })
    }
}

/// A device in use is told with the same kind as a missing one, so look which it is.
fn explain(path: &Path, source: tokio_serial::Error) -> SerialError {
    let path = path.to_owned();
    match source.kind() {
        tokio_serial::ErrorKind::NoDevice | tokio_serial::ErrorKind::Io(io::ErrorKind::NotFound) => {
            if !path.exists() {
                return SerialError::Absent(path);
            }
            if source.to_string().contains("lock") || source.to_string().contains("busy") {
                return SerialError::Busy(path);
            }
            SerialError::Open { path, source }
        }
        tokio_serial::ErrorKind::Io(io::ErrorKind::PermissionDenied) => SerialError::Forbidden(path),
        tokio_serial::ErrorKind::Io(io::ErrorKind::ResourceBusy) => SerialError::Busy(path),
        _ => SerialError::Open { path, source },
    }
}

/// ENOTTY: what pseudo-terminals say to questions about modem lines.
fn is_not_a_typewriter(error: &tokio_serial::Error) -> bool {
    error.to_string().contains("typewriter") || error.to_string().contains("Inappropriate ioctl")
}

impl AsyncRead for Port {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_read(cx, buf)
    }
}

impl AsyncWrite for Port {
    fn poll_write(mut self: Pin<&mut Self>, cx: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(cx, bytes)
    }

    /// Bytes go out by themselves; waiting for the last of them (tcdrain) would hold up the whole thread.
    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}
