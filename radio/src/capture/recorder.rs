//! The recorder: the link hands bytes over, a thread of its own writes them.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TryRecvError, TrySendError, sync_channel};
use std::thread::JoinHandle;

use domain::Timestamp;

use super::{Direction, Header, Tap, Writer};

/// Stretches of bytes that may wait for the disk: at 115,200 baud, many seconds.
const WAITING: usize = 1024;
/// Bytes in them, so that long stretches do not fill the memory.
const WAITING_BYTES: usize = 4 << 20;

/// Why there is no recording, or no more of it.
#[derive(Debug, thiserror::Error)]
pub enum CaptureError {
    /// The file cannot be made; one that is there is never overwritten.
    #[error("create the capture file")]
    Create(#[source] io::Error),
    /// The disk does not take the bytes.
    #[error("write the capture")]
    Write(#[source] io::Error),
    /// The system gives no thread to write with.
    #[error("start writing the capture")]
    Start(#[source] io::Error),
    /// The thread that writes broke down.
    #[error("the writing of the capture broke down")]
    Broken,
}

/// What a recording holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Bytes in the file.
    pub recorded: u64,
    /// Bytes that are not, because the disk was too slow; the file says where.
    pub lost: u64,
}

struct Stretch {
    at: Timestamp,
    direction: Direction,
    bytes: Vec<u8>,
    /// Bytes lost just before it.
    lost: u64,
}

/// Records a link. Never waits for the disk.
#[derive(Debug)]
pub struct Recorder {
    /// `None` once the recording is over.
    waiting: Option<SyncSender<Stretch>>,
    writer: Option<JoinHandle<io::Result<u64>>>,
    /// Bytes that wait for the disk.
    waiting_bytes: Arc<AtomicUsize>,
    /// Why the writer is gone.
    broken: Option<CaptureError>,
    lost: u64,
    lost_before_next: u64,
    last: Timestamp,
}

impl Recorder {
    /// Records to a new file that only its owner may read.
    pub fn create(path: &Path, header: &Header) -> Result<Self, CaptureError> {
        let mut options = File::options();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let file = options.open(path).map_err(CaptureError::Create)?;
        Recorder::start(BufWriter::new(file), header)
    }

    /// Records to anything that takes bytes.
    pub fn start(out: impl Write + Send + 'static, header: &Header) -> Result<Self, CaptureError> {
        let writer = Writer::new(out, header).map_err(CaptureError::Write)?;
        let (waiting, stretches) = sync_channel(WAITING);
        let thread = std::thread::Builder::new().name(format!("capture {}", header.link));
        let waiting_bytes = Arc::new(AtomicUsize::new(0));
        let bytes = Arc::clone(&waiting_bytes);
        let handle =
            thread.spawn(move || write_all(writer, &stretches, &bytes)).map_err(CaptureError::Start)?;
        let (waiting, writer) = (Some(waiting), Some(handle));
        let last = header.start;
        Ok(Recorder { waiting, writer, waiting_bytes, broken: None, lost: 0, lost_before_next: 0, last })
    }

    /// Whether the recording ended early: nothing more is written.
    #[must_use]
    pub fn is_broken(&self) -> bool {
        self.broken.is_some()
    }

    /// Writes what is waiting and says how it went.
    pub fn finish(mut self) -> Result<Summary, CaptureError> {
        self.close()
    }

    fn close(&mut self) -> Result<Summary, CaptureError> {
        if self.lost_before_next > 0
            && let Some(waiting) = &self.waiting
        {
            let (at, direction, lost) = (self.last, Direction::Heard, self.lost_before_next);
            // If the writer is gone, its own error says why.
            let _ = waiting.send(Stretch { at, direction, bytes: Vec::new(), lost });
        }
        self.waiting = None;
        if let Some(error) = self.broken.take() {
            return Err(error);
        }
        let recorded = self.join()?;
        Ok(Summary { recorded, lost: self.lost })
    }

    fn join(&mut self) -> Result<u64, CaptureError> {
        let Some(writer) = self.writer.take() else { return Ok(0) };
        writer.join().map_err(|_| CaptureError::Broken)?.map_err(CaptureError::Write)
    }

    fn lose(&mut self, bytes: usize) {
        self.lost += bytes as u64;
        self.lost_before_next += bytes as u64;
    }

    /// The writer is gone before its time, for a reason of its own.
    fn give_up(&mut self) {
        self.waiting = None;
        let error = self.join().err().unwrap_or(CaptureError::Broken);
        tracing::error!(error = %error, cause = ?std::error::Error::source(&error), "the capture ends here");
        self.broken = Some(error);
    }
}

impl Tap for Recorder {
    fn bytes(&mut self, at: Timestamp, direction: Direction, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        self.last = at;
        if self.writer.as_ref().is_some_and(JoinHandle::is_finished) {
            self.give_up();
        }
        let length = bytes.len();
        let fits = self.waiting_bytes.load(Ordering::Relaxed) + length <= WAITING_BYTES;
        let sent = self.waiting.as_ref().filter(|_| fits).map(|waiting| {
            let stretch = Stretch { at, direction, bytes: bytes.to_vec(), lost: self.lost_before_next };
            self.waiting_bytes.fetch_add(length, Ordering::Relaxed);
            waiting.try_send(stretch)
        });
        match sent {
            Some(Ok(())) => self.lost_before_next = 0,
            Some(Err(TrySendError::Full(_) | TrySendError::Disconnected(_))) => {
                self.waiting_bytes.fetch_sub(length, Ordering::Relaxed);
                self.lose(length);
            }
            None => self.lose(length),
        }
    }
}

impl Drop for Recorder {
    fn drop(&mut self) {
        if self.writer.is_some()
            && let Err(error) = self.close()
        {
            tracing::warn!(%error, "a capture was not finished");
        }
    }
}

/// Ends when the recorder is gone. Bytes reach the disk whenever nothing else is waiting.
fn write_all<W: Write>(
    mut writer: Writer<W>,
    stretches: &Receiver<Stretch>,
    waiting_bytes: &AtomicUsize,
) -> io::Result<u64> {
    let mut recorded = 0;
    loop {
        let next = match stretches.try_recv() {
            Ok(stretch) => Some(stretch),
            Err(TryRecvError::Disconnected) => None,
            Err(TryRecvError::Empty) => {
                writer.flush()?;
                stretches.recv().ok()
            }
        };
        let Some(Stretch { at, direction, bytes, lost }) = next else { break };
        if lost > 0 {
            writer.lost(at, lost)?;
        }
        writer.bytes(at, direction, &bytes)?;
        waiting_bytes.fetch_sub(bytes.len(), Ordering::Relaxed);
        recorded += bytes.len() as u64;
    }
    writer.flush()?;
    Ok(recorded)
}
