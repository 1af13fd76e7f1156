//! Drives one stick, for ever: waits for it, finds out how to speak with it, passes what it hears to the box and what
//! the box asks to it, and begins anew when it is gone.
//!
//! Only here are a port, a clock and channels touched; what is right to say is decided in [`super::network`].

mod backoff;
mod context;
mod messages;
mod probe;
mod session;

use std::path::PathBuf;
use std::time::Duration;

use domain::LinkName;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;
use tracing::Instrument;

use super::network::{Expected, Facts, FormPolicy};
use super::profile::Registry;
use super::serial::{Port, SerialError};
use crate::capture::Tap;
use crate::chain::chain;
use crate::command::RadioCommand;
use crate::event::{Heard, LinkState, RadioEvent};
use backoff::Backoff;
use context::{Context, End};
use probe::Found;

pub use crate::Clock;

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
    /// The radio only passes bytes and has no command mode that could be asked: the line is taken as it is.
    pub raw: bool,
    /// What the box has recorded; `None` for a link that never was up.
    pub expected: Option<Expected>,
    /// What to do with a stick that has no network.
    pub form: FormPolicy,
    /// Who reads and writes payloads.
    pub profiles: Registry,
    /// Sees every byte, keys excepted.
    pub tap: Option<Box<dyn Tap>>,
}

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
    let LinkSettings { name, path, baud, rts_cts, raw, expected, form, profiles, tap } = settings;
    // Nobody tells on a raw line whose it is.
    let expected = expected.filter(|_| !raw);
    let span = tracing::info_span!("link", %name);
    let context = Context::new(name, events, commands, clock, shutdown, expected, form, profiles, tap);
    Link { context, path, baud, rts_cts, raw, backoff: Backoff::new() }.live().instrument(span).await;
}

struct Link {
    context: Context,
    path: PathBuf,
    baud: u32,
    rts_cts: bool,
    raw: bool,
    backoff: Backoff,
}

/// The link is to stop.
struct Stopped;

impl Link {
    async fn live(mut self) {
        // Without a receiver of events or after the shutdown there is nothing left to do.
        while let Ok(()) = self.once().await {}
        self.context.close();
    }

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
        tracing::warn!(%reason, "link lost");
        let pause = self.backoff.pause(self.context.was_up_for());
        self.context.lost(reason).await.map_err(|_| Stopped)?;
        self.rest(pause).await
    }

    async fn use_port(&mut self, mut port: Port) -> End {
        if let Err(end) = self.context.tell(Heard::Link(LinkState::Probing)).await {
            return end;
        }
        let found = if self.raw {
            Found::Text(Facts::of_raw_line())
        } else {
            match self.context.probe(&mut port, self.baud).await {
                Ok(found) => found,
                Err(end) => return end,
            }
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
        self.backoff.forget();
        Ok(())
    }

    /// Waits before the next attempt, but no longer than until the device was plugged out.
    async fn rest(&mut self, pause: Duration) -> Result<(), Stopped> {
        let mut left = pause;
        while !left.is_zero() && self.path.exists() {
            let step = left.min(LOOK_EVERY);
            left -= step;
            self.context.sleep(step).await.map_err(|_| Stopped)?;
        }
        Ok(())
    }
}
