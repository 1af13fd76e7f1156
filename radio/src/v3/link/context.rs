//! What outlives a connection: the network's state, the profiles, the channels.

use std::collections::VecDeque;
use std::time::Duration;

use domain::{Eui64, LinkName, Timestamp};
use tokio::sync::mpsc;
use tokio::sync::mpsc::error::TrySendError;
use tokio::time::{Instant, sleep_until};
use tokio_util::sync::CancellationToken;

use super::Clock;
use crate::capture::{Direction, Tap};
use crate::command::{CommandId, Key, RadioCommand};
use crate::event::{CommandDone, CommandRefused, Heard, LinkState, RadioEvent, Traffic};
use crate::v3::frame::{ApiMode, Frame};
use crate::v3::network::{Expected, FormPolicy, Network, Now, Out};
use crate::v3::profile::{Payload, PayloadKind, Registry};
use crate::v3::veil::VeiledTap;

/// Commands taken in while nobody takes our events out.
const MOST_WAITING: usize = 4096;

/// Why a connection, or the link, ended.
pub(super) enum End {
    /// It is to stop.
    Stop,
    /// The stick is gone or silent.
    Lost(String),
}

/// Whichever tap the link was given.
struct AnyTap(Box<dyn Tap>);

impl Tap for AnyTap {
    fn bytes(&mut self, at: Timestamp, direction: Direction, bytes: &[u8]) {
        self.0.bytes(at, direction, bytes);
    }
}

pub(super) struct Context {
    name: LinkName,
    events: mpsc::Sender<RadioEvent>,
    commands: mpsc::Receiver<RadioCommand>,
    commands_open: bool,
    waiting: VecDeque<RadioCommand>,
    clock: Clock,
    shutdown: CancellationToken,
    begun: Instant,
    /// Time during which nobody took our events. It does not count: an answer is not late because we did not read it.
    stalled: Duration,
    pub(super) network: Network,
    pub(super) profiles: Registry,
    pub(super) traffic: Traffic,
    tap: Option<VeiledTap<AnyTap>>,
    up_since: Option<Instant>,
}

impl Context {
    #[expect(clippy::too_many_arguments, reason = "called once, with the parts of the settings")]
    pub(super) fn new(
        name: LinkName,
        events: mpsc::Sender<RadioEvent>,
        commands: mpsc::Receiver<RadioCommand>,
        clock: Clock,
        shutdown: CancellationToken,
        expected: Option<Expected>,
        form: FormPolicy,
        profiles: Registry,
        tap: Option<Box<dyn Tap>>,
    ) -> Self {
        Context {
            name,
            events,
            commands,
            commands_open: true,
            waiting: VecDeque::new(),
            clock,
            shutdown,
            begun: Instant::now(),
            stalled: Duration::ZERO,
            network: Network::new(expected, form, Box::new(random_key)),
            profiles,
            traffic: Traffic::default(),
            tap: tap.map(|tap| VeiledTap::new(AnyTap(tap))),
            up_since: None,
        }
    }

    pub(super) fn now(&self) -> Now {
        let moment = self.begun.elapsed().saturating_sub(self.stalled);
        Now { moment, clock: (self.clock)() }
    }

    /// The instant at which the link's own time will have come to `moment`.
    pub(super) fn instant(&self, moment: Duration) -> Instant {
        self.begun + self.stalled + moment
    }

    /// For how long the connection that ended had been up; forgets it.
    pub(super) fn was_up_for(&mut self) -> Duration {
        self.up_since.take().map_or(Duration::ZERO, |since| since.elapsed())
    }

    pub(super) async fn tell(&mut self, what: Heard) -> Result<(), End> {
        let at = (self.clock)();
        self.tell_at(at, what).await
    }

    /// Tells the box; waits for as long as it has no room, meanwhile taking its commands in, so that neither side
    /// waits for the other for ever.
    pub(super) async fn tell_at(&mut self, heard_at: Timestamp, what: Heard) -> Result<(), End> {
        if let Heard::Link(LinkState::Up | LinkState::NoNetwork) = what {
            self.up_since.get_or_insert_with(Instant::now);
        }
        let event = RadioEvent { link: self.name.clone(), heard_at, what };
        let event = match self.events.try_send(event) {
            Ok(()) => return Ok(()),
            Err(TrySendError::Closed(_)) => return Err(End::Stop),
            Err(TrySendError::Full(event)) => event,
        };
        let begun = Instant::now();
        loop {
            tokio::select! {
                permit = self.events.reserve() => {
                    permit.map_err(|_| End::Stop)?.send(event);
                    self.stalled += begun.elapsed();
                    return Ok(());
                }
                command = self.commands.recv(), if self.commands_open && self.waiting.len() < MOST_WAITING => {
                    match command {
                        Some(command) => self.waiting.push_back(command),
                        None => self.commands_open = false,
                    }
                }
                () = self.shutdown.cancelled() => return Err(End::Stop),
            }
        }
    }

    /// The next command; never ends when nobody can give one any more.
    pub(super) async fn command(&mut self) -> Result<RadioCommand, End> {
        if let Some(command) = self.waiting.pop_front() {
            return Ok(command);
        }
        tokio::select! {
            command = self.commands.recv(), if self.commands_open => match command {
                Some(command) => Ok(command),
                None => {
                    self.commands_open = false;
                    self.shutdown.cancelled().await;
                    Err(End::Stop)
                }
            },
            () = self.shutdown.cancelled() => Err(End::Stop),
        }
    }

    /// Lets time pass while there is no stick; commands are refused.
    pub(super) async fn sleep(&mut self, time: Duration) -> Result<(), End> {
        let until = Instant::now() + time;
        loop {
            tokio::select! {
                () = sleep_until(until) => return Ok(()),
                command = self.command() => self.refuse(command?).await?,
            }
        }
    }

    pub(super) async fn refuse(&mut self, command: RadioCommand) -> Result<(), End> {
        self.done(command.id, Err(CommandRefused::LinkDown)).await
    }

    /// Tells whoever waits for a command how it ended.
    pub(super) async fn done(
        &mut self,
        id: Option<CommandId>,
        outcome: Result<CommandDone, CommandRefused>,
    ) -> Result<(), End> {
        match id {
            Some(id) => self.tell(Heard::Done { id, outcome }).await,
            None => Ok(()),
        }
    }

    /// Says what came of everything that was under way, and that the stick is lost.
    pub(super) async fn lost(&mut self, reason: String) -> Result<(), End> {
        self.network.lose();
        while let Some(out) = self.network.take() {
            if let Out::Heard(what) = out {
                self.tell(what).await?;
            }
        }
        self.tell_traffic().await?;
        self.tell(Heard::Link(LinkState::Lost { reason })).await
    }

    pub(super) async fn tell_traffic(&mut self) -> Result<(), End> {
        self.traffic.unmatched += self.network.take_unmatched();
        let traffic = std::mem::take(&mut self.traffic);
        self.tell(Heard::Traffic(traffic)).await
    }

    /// Has the profiles read what a frame carries.
    pub(super) async fn payload(&mut self, frame: &Frame, heard_at: Timestamp) -> Result<(), End> {
        let Some(payload) = Payload::of(frame) else { return Ok(()) };
        self.read(&payload, heard_at).await
    }

    /// Bytes of a transparent line, which nobody signs.
    pub(super) async fn bytes(&mut self, bytes: &[u8], heard_at: Timestamp) -> Result<(), End> {
        self.read(&Payload { source: Eui64::UNKNOWN, kind: PayloadKind::Bytes(bytes) }, heard_at).await
    }

    async fn read(&mut self, payload: &Payload<'_>, heard_at: Timestamp) -> Result<(), End> {
        let read = self.profiles.read(payload, heard_at);
        self.tell_at(heard_at, Heard::Raw(read.raw)).await?;
        for what in read.heard {
            self.tell_at(heard_at, what).await?;
        }
        Ok(())
    }

    pub(super) fn tap_heard(&mut self, bytes: &[u8]) {
        if let Some(tap) = &mut self.tap {
            tap.heard((self.clock)(), bytes);
        }
    }

    pub(super) fn tap_sent(&mut self, framing: Option<ApiMode>, bytes: &[u8]) {
        if let Some(tap) = &mut self.tap {
            tap.sent((self.clock)(), framing, bytes);
        }
    }

    /// Refuses what still waits, as far as somebody listens.
    pub(super) fn close(mut self) {
        self.commands.close();
        self.network.lose();
        let under_way = std::iter::from_fn(|| self.network.take()).filter_map(|out| match out {
            Out::Heard(what) => Some(what),
            _ => None,
        });
        let mut last: Vec<Heard> = under_way.collect();
        let queued = std::iter::from_fn(|| self.commands.try_recv().ok());
        let refused = self.waiting.into_iter().chain(queued).filter_map(|command| command.id);
        last.extend(refused.map(|id| Heard::Done { id, outcome: Err(CommandRefused::LinkDown) }));
        for what in last {
            let _ =
                self.events.try_send(RadioEvent { link: self.name.clone(), heard_at: (self.clock)(), what });
        }
    }
}

/// From the operating system; never zero, for zero would mean no key at all.
fn random_key() -> Key {
    let mut key = [0; 16];
    while key == [0; 16] {
        rand::Rng::fill(&mut rand::rng(), &mut key);
    }
    Key::new(Box::new(key))
}
