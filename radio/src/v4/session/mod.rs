//! One monitor as the box deals with it: a state for each thing that can be going on, a file for each state.
//!
//! A session takes facts, what the box has kept and the time, and answers with acts and what is to be told. It has no
//! clock and does nothing itself. When it may have a link is not its business: it says what it wants, and whoever has
//! the adapters gives it a way (see [`super::conductor`]).
//!
//! The law of it: a monitor is told that something is kept only after the box said so. What was sent and is not kept
//! when a link ends is sent again on the next one.

mod connecting;
mod draining;
mod enrolling;
mod gone;
mod link;
mod live;
mod lost_bond;
mod resting;
mod seen;

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use domain::{Thresholds, Timestamp};

use super::advert::{Status, Waiting};
use super::air::{Act, Doing, Failure, Passkey, Strength, Way};
use super::open::{Alert, Characteristic, Handover, Identity, LinkStatus, MessageError, Serial, ToMonitor};
use crate::bluetooth::Standing;
use crate::open::{Stretch, Ticks};

use connecting::Connecting;
use draining::Draining;
use enrolling::Enrolling;
use gone::Gone;
use live::Live;
use lost_bond::LostBond;
use resting::Resting;
use seen::Seen;

/// A link that came about and was given up so often within [`STRIKES_WITHIN`], while the monitor was heard, means that the
/// monitor has no bond any more.
pub const STRIKES: usize = 3;
/// See [`STRIKES`].
pub const STRIKES_WITHIN: Duration = Duration::from_secs(60);
/// A monitor that was heard neither in an advert nor over a link for so long is gone.
pub const GONE_AFTER: Duration = Duration::from_secs(600);

/// Leave to bond with one monitor, given by a person.
pub struct EnrolmentWindow {
    /// What its label says; none if an administrator allowed bonding without one, for this window alone.
    pub passkey: Option<Passkey>,
    /// It closes by itself then.
    pub until: Timestamp,
    /// The name and key that the monitor seals its adverts with from then on.
    pub handover: Handover,
}

impl EnrolmentWindow {
    /// No bond that is weaker is left standing.
    fn least(&self) -> Strength {
        if self.passkey.is_some() { Strength::Passkey } else { Strength::JustWorks }
    }
}

/// Something that a session takes notice of.
pub enum Input {
    /// It waits for enrolment, and says so to anyone.
    Waiting(Waiting),
    /// Its sealed advert was opened.
    Status(Status),
    /// A person opened a window for it.
    Open(Box<EnrolmentWindow>),
    /// A person closed the window.
    Close,
    /// It may have a link, by this way.
    Go(Way),
    /// Somebody else needs the link.
    Leave,
    /// The link is there.
    Connected {
        /// Its ATT_MTU.
        mtu: usize,
    },
    /// The bond is there.
    Paired(Strength),
    /// The monitor said something.
    Value(Characteristic, Vec<u8>),
    /// Something was written, or subscribed to.
    Done(Doing),
    /// Something was not done.
    Failed(Doing, Failure),
    /// The link is gone.
    Disconnected,
    /// Something for it, to be written as soon as there is a link.
    Say(ToMonitor),
    /// Nothing happened but time.
    Tick,
}

/// What came of it.
#[derive(Default)]
pub struct Step {
    /// To be done, in this order.
    pub acts: Vec<Act>,
    /// To be told, in this order.
    pub told: Vec<Told>,
}

/// What a session tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Told {
    /// Who it is and what it is on.
    Identity(Identity),
    /// Cycles, live or from memory.
    Cycles(Stretch),
    /// How it is.
    Status(LinkStatus),
    /// Before everything else.
    Alert(Alert),
    /// It is one of the box's monitors now, by this way.
    Enrolled {
        /// By which.
        way: Way,
        /// How well the bond keeps others out.
        strength: Strength,
    },
    /// It is not: the window is closed.
    NotEnrolled(EnrolmentRefused),
    /// A bond was weaker than it must be, and was removed.
    WeakBond {
        /// What it was.
        found: Strength,
        /// What it must be at least.
        least: Strength,
    },
    /// The monitor has no bond any more; a person has to enrol it again.
    NeedsRepairing,
    /// It was not heard for long.
    Gone,
    /// It is heard again.
    Back,
    /// It did not do what was written to it, and told so by this error of ATT.
    Refused {
        /// What was to be done.
        what: Doing,
        /// See [`super::open::Refusal`].
        code: u8,
    },
    /// The limits that it watches by itself.
    Thresholds(Thresholds),
    /// Its clocks.
    Clock {
        /// The one that cycles are timed with.
        clock: Ticks,
        /// What it takes for the time of day; `None` if nobody told it since it started.
        time: Option<Timestamp>,
    },
    /// A link was given up.
    LinkLost(LinkTrouble),
    /// It said something that nobody understands.
    Unreadable {
        /// On which characteristic.
        characteristic: Characteristic,
        /// Why not.
        why: MessageError,
        /// The bytes.
        bytes: Vec<u8>,
    },
}

/// Why a monitor was not enrolled.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EnrolmentRefused {
    /// The window closed before it came about.
    #[error("the window closed before the monitor was bonded")]
    TooLate,
    /// Bonding failed.
    #[error("bond with the monitor: {0}{hint}", hint = if *.0 == Failure::Refused { ": is the passkey right?" } else { "" })]
    Pairing(Failure),
    /// The link ended while it was being bonded.
    #[error("the link ended while it was bonded: is the passkey right?")]
    LostWhileBonding,
    /// The bond was too weak.
    #[error("the bond was weaker than it must be")]
    Weak,
    /// It is another monitor than the one the window is for.
    #[error("it says that it is monitor {}", .0.monitor())]
    Another(Serial),
    /// The link was lost meanwhile.
    #[error("the link was lost")]
    LinkLost,
}

/// Why a link was given up.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LinkTrouble {
    /// It did not come about, or something on it failed.
    #[error("{what}: {why}")]
    Failed {
        /// What was done.
        what: Doing,
        /// Why it failed.
        why: Failure,
    },
    /// Its ATT_MTU is less than a monitor has to grant.
    #[error("it grants an ATT_MTU of {0}, which is too small")]
    SmallMtu(usize),
    /// It ended.
    #[error("it ended")]
    Ended,
}

/// What a session wants a link for, what is most pressing first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Want {
    /// Alerts wait to be told.
    Alerts,
    /// A person waits in front of an enrolment window.
    Enrolment,
    /// The box has something to say.
    Say,
    /// Cycles wait.
    Cycles,
    /// To hear how it is.
    Round,
}

/// Where a monitor stands.
enum State {
    Seen(Seen),
    Enrolling(Enrolling),
    Resting(Resting),
    Connecting(Connecting),
    Draining(Draining),
    Live(Live),
    LostBond(LostBond),
    Gone(Gone),
}

/// What a session remembers whichever state it is in.
struct Memory {
    serial: Serial,
    /// A window that a person opened while there was a link: it waits for the end of that.
    window: Option<Box<EnrolmentWindow>>,
    /// Ways with a bond.
    bonds: BTreeMap<Way, Strength>,
    /// Last heard, in an advert or over a link.
    heard: Timestamp,
    /// When links were given up before they were encrypted.
    strikes: Vec<Timestamp>,
    /// What its last advert, or what it said last over a link, says of it.
    alerts_wait: bool,
    cycles_wait: bool,
    /// To be written on the next link, oldest first.
    to_say: VecDeque<ToMonitor>,
    /// The run of counting that its identity was read in; none before it was read.
    identified: Option<u32>,
    /// The run of counting that it said its thresholds in; none before that.
    watched: Option<u32>,
    /// What it last said to anyone; none since its adverts are sealed.
    waiting: Option<Waiting>,
}

/// One monitor.
pub struct Session {
    memory: Memory,
    /// None only while a step is made.
    state: Option<State>,
}

/// What a state makes of an input.
struct Next {
    state: State,
    step: Step,
}

impl Session {
    /// A monitor that was heard and has no bond with the box.
    #[must_use]
    pub fn stranger(serial: Serial, now: Timestamp) -> Self {
        Session { memory: Memory::new(serial, BTreeMap::new(), now), state: Some(State::Seen(Seen)) }
    }

    /// A monitor of the box, as its store knows it.
    #[must_use]
    pub fn bonded(serial: Serial, bonds: BTreeMap<Way, Strength>, now: Timestamp) -> Self {
        let memory = Memory::new(serial, bonds, now);
        Session { memory, state: Some(State::Resting(Resting)) }
    }

    /// Which monitor it is.
    #[must_use]
    pub fn serial(&self) -> Serial {
        self.memory.serial
    }

    /// The ways with a bond.
    pub fn bonds(&self) -> impl Iterator<Item = (&Way, Strength)> + Clone {
        self.memory.bonds.iter().map(|(way, strength)| (way, *strength))
    }

    /// What is going on with it.
    #[must_use]
    pub fn standing(&self) -> Standing {
        match &self.state {
            Some(State::Seen(_)) | None => Standing::Seen,
            Some(State::Enrolling(_)) => Standing::Enrolling,
            Some(State::Resting(_)) => Standing::Resting,
            Some(State::Connecting(_)) => Standing::Connecting,
            Some(State::Draining(_)) => Standing::Draining,
            Some(State::Live(_)) => Standing::Live,
            Some(State::LostBond(_)) => Standing::LostBond,
            Some(State::Gone(_)) => Standing::Gone,
        }
    }

    /// When it was last heard.
    #[must_use]
    pub fn heard(&self) -> Timestamp {
        self.memory.heard
    }

    /// What it says to anyone, while it waits for enrolment.
    #[must_use]
    pub fn waiting(&self) -> Option<Waiting> {
        self.memory.waiting
    }

    /// The end of the enrolment window that is open for it.
    #[must_use]
    pub fn window_until(&self) -> Option<Timestamp> {
        match self.state.as_ref()? {
            State::Enrolling(enrolling) => Some(enrolling.until()),
            _ => None,
        }
    }

    /// The way it has a link by, or is about to have one.
    #[must_use]
    pub fn way(&self) -> Option<&Way> {
        match self.state.as_ref()? {
            State::Enrolling(enrolling) => enrolling.way(),
            State::Connecting(connecting) => Some(connecting.way()),
            State::Draining(draining) => Some(draining.link().way()),
            State::Live(live) => Some(live.link().way()),
            State::Seen(_) | State::Resting(_) | State::LostBond(_) | State::Gone(_) => None,
        }
    }

    /// What it wants a link for; none where it has one, or can have none.
    #[must_use]
    pub fn want(&self) -> Option<Want> {
        match self.state.as_ref()? {
            State::Enrolling(enrolling) => enrolling.way().is_none().then_some(Want::Enrolment),
            State::Resting(_) => Some(self.memory.want()),
            _ => None,
        }
    }

    /// Whether nobody is kept waiting when its link goes to somebody else.
    #[must_use]
    pub fn is_live(&self) -> bool {
        matches!(self.state, Some(State::Live(_)))
    }

    /// It is none of the box's.
    #[must_use]
    pub fn is_stranger(&self) -> bool {
        matches!(self.state, Some(State::Seen(_)))
    }

    /// A stranger that was not heard for long.
    #[must_use]
    pub fn is_forgotten(&self, now: Timestamp) -> bool {
        self.is_stranger() && self.memory.is_gone(now)
    }

    /// Takes notice of something.
    pub fn take(&mut self, input: Input, now: Timestamp) -> Step {
        let Some(state) = self.state.take() else { return Step::default() };
        let memory = &mut self.memory;
        memory.note(&input, now);
        let input = match (&state, input) {
            // One of ours that has a link by one adapter may get a bond with another: first that link has to end.
            (State::Connecting(_) | State::Draining(_) | State::Live(_), Input::Open(window)) => {
                memory.window = Some(window);
                Input::Leave
            }
            (State::Draining(_) | State::Live(_) | State::Seen(_), input) => input,
            // Without a link it waits for the next one; a stranger is told nothing.
            (_, Input::Say(message)) => {
                link::queue(&mut memory.to_say, message);
                self.state = Some(state);
                return Step::default();
            }
            (_, input) => input,
        };
        let Next { state, step } = match state {
            State::Seen(seen) => seen.take(memory, input, now),
            State::Enrolling(enrolling) => enrolling.take(memory, input, now),
            State::Resting(resting) => resting.take(memory, input, now),
            State::Connecting(connecting) => connecting.take(memory, input, now),
            State::Draining(draining) => draining.take(memory, input, now),
            State::Live(live) => live.take(memory, input, now),
            State::LostBond(lost) => lost.take(memory, input, now),
            State::Gone(gone) => gone.take(memory, input, now),
        };
        let Next { state, step } = match (state, memory.window.take()) {
            (State::Resting(_) | State::LostBond(_), Some(window)) => {
                Enrolling::begin(memory, window, now).after(step)
            }
            (state, window) => {
                memory.window = window;
                Next { state, step }
            }
        };
        self.state = Some(state);
        step
    }
}

impl Memory {
    fn new(serial: Serial, bonds: BTreeMap<Way, Strength>, now: Timestamp) -> Self {
        Memory {
            serial,
            window: None,
            bonds,
            heard: now,
            strikes: Vec::new(),
            alerts_wait: false,
            cycles_wait: false,
            to_say: VecDeque::new(),
            identified: None,
            watched: None,
            waiting: None,
        }
    }

    /// What is remembered in every state.
    fn note(&mut self, input: &Input, now: Timestamp) {
        match input {
            Input::Waiting(waiting) => {
                self.heard = now;
                self.waiting = Some(*waiting);
            }
            Input::Connected { .. } | Input::Value(..) => self.heard = now,
            Input::Close => self.window = None,
            Input::Status(status) => {
                self.heard = now;
                self.waiting = None;
                self.alerts_wait = status.alerts_wait;
                self.cycles_wait = status.cycles_wait;
            }
            _ => {}
        }
    }

    fn want(&self) -> Want {
        if self.alerts_wait {
            Want::Alerts
        } else if self.to_say.iter().any(presses) {
            Want::Say
        } else if self.cycles_wait {
            Want::Cycles
        } else {
            Want::Round
        }
    }

    fn is_gone(&self, now: Timestamp) -> bool {
        now.since(self.heard) >= GONE_AFTER
    }

    /// Another link was given up before it was encrypted; whether that makes it certain.
    fn strike(&mut self, now: Timestamp) -> bool {
        self.strikes.retain(|then| now.since(*then) < STRIKES_WITHIN);
        self.strikes.push(now);
        self.strikes.len() >= STRIKES
    }
}

impl Next {
    fn stay(state: State) -> Self {
        Next { state, step: Step::default() }
    }

    /// What was done and told before stands before it.
    fn after(mut self, Step { mut acts, mut told }: Step) -> Self {
        acts.append(&mut self.step.acts);
        told.append(&mut self.step.told);
        self.step = Step { acts, told };
        self
    }

    fn act(mut self, act: Act) -> Self {
        self.step.acts.push(act);
        self
    }

    fn tell(mut self, told: Told) -> Self {
        self.step.told.push(told);
        self
    }
}

/// Whether something is worth a link of its own. That cycles are kept is not: a monitor whose link ended before that could be
/// said would come before all others, again and again.
fn presses(message: &ToMonitor) -> bool {
    !matches!(message, ToMonitor::Kept { .. } | ToMonitor::AlertsKept { .. })
}
