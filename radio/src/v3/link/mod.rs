//! Drives one stick, for ever: waits for it, finds out how to speak with it, passes what it hears to the box and what
//! the box asks to it, and begins anew when it is gone.
//!
//! Only here are a port, a clock and channels touched; what is right to say is decided in [`super::network`].

mod context;
mod messages;
mod probe;
mod session;

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use domain::{LinkName, Timestamp};
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

use super::network::{Expected, FormPolicy};
use super::profile::Registry;
use super::serial::{Port, SerialError};
use crate::capture::Tap;
use crate::command::RadioCommand;
use crate::event::{Heard, LinkState, RadioEvent};
use context::{Context, End};

/// Tells the time.
pub type Clock = Arc<dyn Fn() -> Timestamp + Send + Sync>;

/// How to find a stick and what to do with it.
pub struct LinkSettings {
    /// What the plant calls it.
    pub name: LinkName,
    /// The device, best by its `/dev/serial/by-id/` name, which stays with the stick.
    pub path: PathBuf,
    /// The rate to try first.
    pub baud: u32,
    /// Hardware flow control.
    pub rts_cts: bool,
    /// What the box has recorded; `None` for a link that never was up.
    pub expected: Option<Expected>,
    /// What to do with a stick that has no network.
    pub form: FormPolicy,
    /// Who reads and writes payloads.
    pub profiles: Registry,
    /// Sees every byte, keys excepted.
    pub tap: Option<Box<dyn Tap>>,
}

/// The first pause after a failure; it doubles up to [`LONGEST_PAUSE`].
const FIRST_PAUSE: Duration = Duration::from_millis(250);
/// However long a stick fails.
const LONGEST_PAUSE: Duration = Duration::from_secs(30);
/// How soon a stick that was plugged in is seen.
const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Runs a link until `shutdown`. Every command that carries an id is answered, also while there is no stick. A full
/// `events` channel makes the link read slower and loses nothing.
pub async fn run(
    settings: LinkSettings,
    events: mpsc::Sender<RadioEvent>,
    commands: mpsc::Receiver<RadioCommand>,
    clock: Clock,
    shutdown: CancellationToken,
) {
    let LinkSettings { name, path, baud, rts_cts, expected, form, profiles, tap } = settings;
    let mut link = Link {
        context: Context::new(name, events, commands, clock, shutdown, expected, form, profiles, tap),
        path,
        baud,
        rts_cts,
        pause: FIRST_PAUSE,
    };
    // Without a receiver of events or after the shutdown there is nothing left to do.
    while let Ok(()) = link.once().await {}
    link.context.close();
}

struct Link {
    context: Context,
    path: PathBuf,
    baud: u32,
    rts_cts: bool,
    pause: Duration,
}

/// The link is to stop.
struct Stopped;

impl Link {
    /// From waiting for the stick to losing it.
    async fn once(&mut self) -> Result<(), Stopped> {
        self.wait_for_device().await?;
        let reason = match Port::open(&self.path, self.baud, self.rts_cts) {
            Ok(port) => match self.use_port(port).await {
                End::Stop => return Err(Stopped),
                End::Lost(reason) => reason,
            },
            Err(SerialError::Absent(_)) => return Ok(()),
            Err(error) => chain(&error),
        };
        tracing::warn!(link = %self.context.name, %reason, "link lost");
        if self.context.was_up() {
            self.pause = FIRST_PAUSE;
        }
        self.context.lost(reason).await.map_err(|_| Stopped)?;
        self.rest().await
    }

    async fn use_port(&mut self, mut port: Port) -> End {
        if let Err(end) = self.context.tell(Heard::Link(LinkState::Probing)).await {
            return end;
        }
        let found = match self.context.probe(&mut port, self.baud).await {
            Ok(found) => found,
            Err(end) => return end,
        };
        self.context.session(port, found).await
    }

    async fn wait_for_device(&mut self) -> Result<(), Stopped> {
        if self.path.exists() {
            return Ok(());
        }
        self.context.tell(Heard::Link(LinkState::Absent)).await.map_err(|_| Stopped)?;
        while !self.path.exists() {
            self.context.sleep(LOOK_EVERY).await.map_err(|_| Stopped)?;
        }
        self.pause = FIRST_PAUSE;
        Ok(())
    }

    /// Waits before the next attempt, but no longer than until the device was plugged out.
    async fn rest(&mut self) -> Result<(), Stopped> {
        let mut left = self.pause;
        self.pause = (self.pause * 2).min(LONGEST_PAUSE);
        while !left.is_zero() && self.path.exists() {
            let step = left.min(LOOK_EVERY);
            left -= step;
            self.context.sleep(step).await.map_err(|_| Stopped)?;
        }
        Ok(())
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
