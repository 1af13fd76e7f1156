//! The answering side.

use std::fs::Permissions;
use std::io::{self, ErrorKind, Write};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures::future::BoxFuture;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::Semaphore;
use tracing::{debug, warn};

use super::answer::{Answer, answer};
use super::ask::Status;
use super::pieces::Pieces;
use super::request::{Deed, Request};
use super::socket::Place;
use crate::audit::{Act, By, Trail};
use crate::store::Store;
use crate::telemetry::Chain;

/// Answers at a time; who comes later waits.
const AT_ONCE: usize = 4;
const LONGEST_REQUEST: u64 = 64 << 10;
/// How long a request may take to arrive, and how long an answer may lie before somebody takes it.
const PATIENCE: Duration = Duration::from_secs(10);
/// A backup may wait for a slow disk or share.
const BACKUP_PATIENCE: Duration = Duration::from_secs(300);

/// Why the door is not open.
#[derive(Debug, thiserror::Error)]
pub enum Serve {
    /// The socket could not be made.
    #[error("could not open the control socket in {path}")]
    Bind {
        /// The data directory.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Does something with the running plant and answers how that ended, for people.
pub type Plant = Arc<dyn Fn(Deed) -> BoxFuture<'static, Result<String, String>> + Send + Sync>;

/// What answers.
#[derive(Clone)]
pub struct Door {
    /// What is given out.
    pub store: Store,
    /// What is taken away is written down.
    pub trail: Arc<Trail>,
    /// Monitors are enrolled, sensors put to use.
    pub plant: Plant,
}

/// Serves the socket in a data directory until `shutdown`; then answers under way are cut short, and say so. What is
/// taken away is written down.
///
/// Only the process that holds the store may call this: a socket that is there already is a dead one.
///
/// # Errors
/// The socket cannot be made.
pub async fn serve(dir: &Path, of: Door, shutdown: impl Future<Output = ()>) -> Result<(), Serve> {
    let failed = |source| Serve::Bind { path: dir.to_owned(), source };
    let place = Place::in_directory(dir).map_err(failed)?;
    match std::fs::remove_file(place.path()) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(failed(error)),
        _ => {}
    }
    let listener = UnixListener::bind(place.path()).map_err(failed)?;
    std::fs::set_permissions(place.path(), Permissions::from_mode(0o600)).map_err(failed)?;
    let owner = std::fs::metadata(place.path()).map_err(failed)?.uid();

    let places = Arc::new(Semaphore::new(AT_ONCE));
    let stopping = Arc::new(AtomicBool::new(false));
    tokio::pin!(shutdown);
    loop {
        let accepted = tokio::select! {
            () = &mut shutdown => break,
            accepted = listener.accept() => accepted,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Out of file handles, most likely: trying again at once would only burn the processor.
                warn!(%error, "the control socket does not accept");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (of, places, stopping) = (of.clone(), Arc::clone(&places), Arc::clone(&stopping));
        tokio::spawn(async move {
            let Ok(_place) = places.acquire().await else { return };
            if let Err(error) = talk(stream, owner, of, stopping).await {
                debug!(%error, "a talk over the control socket ended early");
            }
        });
    }
    stopping.store(true, Ordering::Relaxed);
    let _ = std::fs::remove_file(place.path());
    Ok(())
}

async fn talk(
    stream: UnixStream,
    owner: u32,
    Door { store, trail, plant }: Door,
    stopping: Arc<AtomicBool>,
) -> io::Result<()> {
    let peer = stream.peer_cred()?.uid();
    if peer != owner && peer != 0 {
        return Err(io::Error::new(ErrorKind::PermissionDenied, format!("user {peer} may not ask")));
    }
    let mut reader = BufReader::new(stream.take(LONGEST_REQUEST));
    let mut line = String::new();
    tokio::time::timeout(PATIENCE, reader.read_line(&mut line)).await??;
    let stream = reader.into_inner().into_inner();
    let request = serde_json::from_str::<Request>(&line);
    let act = request.as_ref().ok().and_then(Request::act);
    let deed = match request {
        Ok(Request::Enrol(wish)) => Ok(Deed::Enrol(wish)),
        Ok(Request::Sensor(deed)) => Ok(Deed::Sensor(deed)),
        other => Err(other),
    };
    let request = match deed {
        Err(request) => request,
        Ok(deed) => return done(deed, act, (trail, plant), stream).await,
    };
    let stream = stream.into_std()?;
    stream.set_nonblocking(false)?;
    stream.set_write_timeout(Some(PATIENCE))?;
    tokio::task::spawn_blocking(move || give(request, act, (&store, &trail), stream, stopping)).await?
}

/// Does what is asked of the running plant and says how that ended.
async fn done(
    deed: Deed,
    act: Option<Act>,
    (trail, plant): (Arc<Trail>, Plant),
    mut stream: UnixStream,
) -> io::Result<()> {
    let done = if written_down(trail, act).await {
        plant(deed).await
    } else {
        Err("it cannot be written down who asked for this".to_owned())
    };
    let (text, status) = match done {
        Ok(text) => {
            let lines = u64::try_from(text.lines().count()).unwrap_or(u64::MAX);
            (format!("{text}\n"), Status::Done { lines, clean: true })
        }
        Err(why) => (String::new(), Status::Failed(why)),
    };
    let answer = format!("{text}{}\n", serde_json::to_string(&status)?);
    stream.write_all(answer.as_bytes()).await
}

/// What changes the plant is written down first, or not done.
async fn written_down(trail: Arc<Trail>, act: Option<Act>) -> bool {
    let Some(act) = act else { return true };
    let written = tokio::task::spawn_blocking(move || trail.require(&By::console(), act));
    matches!(written.await, Ok(Ok(())))
}

fn give(
    request: serde_json::Result<Request>,
    act: Option<Act>,
    (store, trail): (&Store, &Trail),
    stream: std::os::unix::net::UnixStream,
    stopping: Arc<AtomicBool>,
) -> io::Result<()> {
    if matches!(request, Ok(Request::Backup(_))) {
        stream.set_write_timeout(Some(BACKUP_PATIENCE))?;
    }
    if let Some(act) = act {
        trail.note(&By::console(), act);
    }
    let mut to = Counting { to: io::BufWriter::with_capacity(64 << 10, stream), lines: 0, stopping };
    let status = match request {
        Err(error) => Status::Failed(format!("the request is none: {error}")),
        Ok(request) if request.is_answered_in_lines() => {
            let answered = answer(store, &request, &mut to);
            status(answered, to.lines)
        }
        Ok(request) => {
            let mut pieces = Pieces::new(&mut to);
            let answered = answer(store, &request, &mut pieces);
            status(answered, pieces.end()?)
        }
    };
    let mut last = serde_json::to_vec(&status)?;
    last.push(b'\n');
    to.to.write_all(&last)?;
    to.to.flush()
}

fn status(answered: Result<bool, Answer>, lines: u64) -> Status {
    match answered {
        Ok(clean) => Status::Done { lines, clean },
        Err(error) => Status::Failed(Chain(&error).to_string()),
    }
}

/// Counts lines and gives up when the box stops.
struct Counting<W: Write> {
    to: W,
    lines: u64,
    stopping: Arc<AtomicBool>,
}

impl<W: Write> Write for Counting<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.stopping.load(Ordering::Relaxed) {
            return Err(io::Error::other("the box is stopping"));
        }
        let written = self.to.write(bytes)?;
        let lines = bytes.iter().take(written).filter(|byte| **byte == b'\n').count();
        self.lines = self.lines.saturating_add(lines as u64);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.to.flush()
    }
}
