//! Brings a stick up, keeps watch over its network and carries out what the box asks: a state machine without I/O.
//!
//! Frames go into [`Network::hear`], frames to send come out of [`Network::poll`], everything else out of
//! [`Network::take`]. Nothing is written to a stick, and nothing it passes on is believed, until it was found to be
//! the one, in the network, that the box has its records of.

mod ask;
mod facts;
mod job;
mod modules;
mod plan;
mod says;
mod verify;

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use domain::{Eui64, PanId, Timestamp};

use super::frame::{ApiMode, Frame, ModemStatus};
use super::modem::{Answer, Incoming, Modem, Moment, Ticket};
use crate::command::{CommandId, Key};
use crate::event::{CommandDone, CommandRefused, Family, Heard, LinkState, NetworkReport};
pub use facts::{Facts, family_of};
use job::{Doing, Job};
use modules::Modules;
pub use verify::Expected;

/// Both clocks at one instant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Since the link began; for time-outs.
    pub moment: Moment,
    /// The box's clock; for people.
    pub clock: Timestamp,
}

/// What to do with a stick that has no network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FormPolicy {
    /// Say so and wait for [`crate::command::Ask::Form`].
    #[default]
    WhenAsked,
    /// Form one on any of these channels, but only if the stick is as the factory sent it.
    Factory {
        /// Bit n = channel 11 + n; 0 leaves the choice as it is.
        channels: u16,
    },
}

/// Where keys come from: a new random one with every call.
pub type KeySource = Box<dyn FnMut() -> Key + Send>;

/// What comes out.
#[derive(Debug)]
pub enum Out {
    /// For the box.
    Heard(Heard),
    /// A payload from the network, with when it came: for the profiles.
    Payload(Frame, Timestamp),
    /// Read and write in this framing from now on.
    Framing(ApiMode),
    /// The stick does not answer: close the line and begin anew.
    Dead(String),
}

/// How far the stick is trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// No stick.
    Down,
    /// Being questioned.
    Unknown,
    /// Not the one expected.
    Foreign,
    /// The one expected.
    Trusted,
}

/// After the stick's last answer it is asked whether it still hears us; that it still speaks proves less.
const WATCH_EVERY: Duration = Duration::from_secs(30);
/// Between two discoveries, each of them a broadcast that every radio answers.
const DISCOVER_EVERY: Duration = Duration::from_secs(10);
/// Payloads kept while the stick is being questioned.
const MOST_HELD: usize = 10_000;
/// Above this many modules a network needs a collector (Digi 90001537).
const SMALL_NETWORK: usize = 40;

/// What a transmission, registration or discovery was for.
#[derive(Debug)]
enum Waiter {
    Transmission(Option<CommandId>),
    Registration(Option<CommandId>),
    Discovery,
}

/// See the module.
pub struct Network {
    modem: Modem,
    policy: FormPolicy,
    keys: KeySource,
    known: Option<Expected>,
    facts: Facts,
    phase: Phase,
    framing: ApiMode,
    /// The stick is not spoken with in frames.
    in_text: bool,
    /// A factory-new stick is formed by itself once and not again and again.
    tried_forming: bool,
    jobs: VecDeque<Job>,
    doing: Option<(Job, Doing)>,
    waiters: HashMap<Ticket, Waiter>,
    held: VecDeque<(Frame, Timestamp)>,
    modules: Modules,
    /// Payloads heard so far.
    payloads: u64,
    collects: bool,
    /// Whose addresses, ways and modules are remembered.
    here: (Option<Eui64>, Option<PanId>),
    started: bool,
    join_until: Option<Now>,
    /// What the stick said of the network's id, and until when people are told.
    conflict: Option<(ModemStatus, Moment)>,
    watched: Moment,
    /// Commands that wait for the same discovery.
    discoverers: Vec<Option<CommandId>>,
    discovering: bool,
    next_discovery: Moment,
    told_state: Option<LinkState>,
    told_network: Option<NetworkReport>,
    out: VecDeque<Out>,
}

impl Network {
    /// For a link with this record.
    #[must_use]
    pub fn new(expected: Option<Expected>, policy: FormPolicy, keys: KeySource) -> Self {
        Network {
            modem: Modem::default(),
            policy,
            keys,
            known: expected,
            facts: Facts::default(),
            phase: Phase::Down,
            framing: ApiMode::Escaped,
            in_text: false,
            tried_forming: false,
            jobs: VecDeque::new(),
            doing: None,
            waiters: HashMap::new(),
            held: VecDeque::new(),
            modules: Modules::default(),
            payloads: 0,
            collects: false,
            here: (None, None),
            started: false,
            join_until: None,
            conflict: None,
            watched: Moment::ZERO,
            discoverers: Vec::new(),
            discovering: false,
            next_discovery: Moment::ZERO,
            told_state: None,
            told_network: None,
            out: VecDeque::new(),
        }
    }

    /// A stick answered in this framing: question it.
    pub fn begin(&mut self, now: Now, framing: ApiMode) {
        self.framing = framing;
        self.in_text = false;
        self.told_state = None;
        self.told_network = None;
        self.question(now);
    }

    /// A stick that only passes bytes, or may not be told to do more, has told these facts; there is nothing more to
    /// ask.
    pub fn begin_text(&mut self, now: Now, facts: Facts) {
        self.told_state = None;
        self.told_network = None;
        self.watched = now.moment;
        self.in_text = true;
        self.facts = facts;
        self.judge(now);
        if self.phase == Phase::Trusted && !self.is_transparent() {
            let reason = match self.facts.family() {
                Some(_) => "the stick does not take to frames".to_owned(),
                None => self.facts.without_family(),
            };
            self.out.push_back(Out::Dead(reason));
        }
    }

    /// Whether a text-mode stick may be written to: it is the recorded one, or there is no record yet.
    #[must_use]
    pub fn may_write_to(&self, stick: Eui64) -> bool {
        self.known.is_none_or(|known| known.eui64 == stick)
    }

    fn question(&mut self, now: Now) {
        self.phase = Phase::Unknown;
        self.watched = now.moment;
        self.abandon();
        self.facts = Facts::default();
        self.jobs.push_back(Job::identify());
        self.run(now);
    }

    /// The line is gone: what was asked and not answered has failed, and says so.
    pub fn lose(&mut self) {
        self.phase = Phase::Down;
        self.held.clear();
        self.abandon();
    }

    /// The stick is not trusted any more: what was asked and not carried out has failed, and says so. Nothing of it
    /// may reach a stick that turns out to be another.
    fn abandon(&mut self) {
        self.modem.lose();
        self.abandon_jobs();
        for (_, waiter) in std::mem::take(&mut self.waiters) {
            if let Waiter::Transmission(id) | Waiter::Registration(id) = waiter {
                self.refuse(id, CommandRefused::LinkDown);
            }
        }
        self.discovering = false;
        for id in std::mem::take(&mut self.discoverers) {
            self.refuse(id, CommandRefused::LinkDown);
        }
        self.join_until = None;
    }

    /// A frame was read.
    pub fn hear(&mut self, now: Now, frame: Frame) {
        match self.modem.hear(frame) {
            Incoming::Answer(ticket, answer) => self.answered(now, ticket, answer),
            Incoming::Unasked(frame) => self.unasked(now, frame),
            Incoming::Unmatched => {}
        }
        self.run(now);
    }

    /// Time passed.
    pub fn tick(&mut self, now: Now) {
        for (ticket, answer) in self.modem.expire(now.moment) {
            self.answered(now, ticket, answer);
        }
        if self.phase == Phase::Trusted && self.join_until.is_some_and(|until| until.moment <= now.moment) {
            // The stick closes by itself; telling it so costs nothing and holds for one that does not.
            self.join_until = None;
            self.jobs.push_back(Job::close_join(None));
        }
        if self.conflict.is_some_and(|(_, until)| until <= now.moment) {
            self.conflict = None;
            self.report();
        }
        if self.phase != Phase::Down
            && self.doing.is_none()
            && self.jobs.is_empty()
            && now.moment >= self.watched + WATCH_EVERY
            && let Some(family) = self.facts.family().filter(|family| *family != Family::Transparent)
        {
            self.jobs.push_back(Job::watch(family));
        }
        self.discover_when_due(now);
        self.run(now);
    }

    /// When to call [`Network::tick`] next, if nothing is heard before.
    #[must_use]
    pub fn next_deadline(&self, now: Moment) -> Option<Moment> {
        if self.phase == Phase::Down || self.is_transparent() {
            return None;
        }
        let doing = self.doing.as_ref().and_then(|(_, doing)| doing.deadline());
        let watch = self.doing.is_none().then_some(self.watched + WATCH_EVERY);
        let discovery = self.discovery_waits().then_some(self.next_discovery);
        let join = self.join_until.map(|until| until.moment);
        let conflict = self.conflict.map(|(_, until)| until);
        [self.modem.next_deadline(now), doing, watch, discovery, join, conflict].into_iter().flatten().min()
    }

    /// The next frame to send, if one may go now.
    pub fn poll(&mut self, now: Moment) -> Option<Frame> {
        self.modem.poll(now)
    }

    /// The next thing that came out.
    pub fn take(&mut self) -> Option<Out> {
        self.out.pop_front()
    }

    /// Replies that matched no request, since this was last asked.
    pub fn take_unmatched(&mut self) -> u64 {
        self.modem.take_unmatched()
    }

    /// The stick only passes bytes.
    #[must_use]
    pub fn is_transparent(&self) -> bool {
        self.phase != Phase::Down && self.facts.family() == Some(Family::Transparent)
    }

    /// Whether payloads are believed and commands carried out.
    #[must_use]
    pub fn is_trusted(&self) -> bool {
        self.phase == Phase::Trusted
    }

    /// As far as is known; not necessarily at this moment.
    fn has_network(&self) -> bool {
        self.known.is_some_and(|known| known.pan.is_some())
    }

    fn payload(&mut self, now: Now, frame: Frame) {
        match self.phase {
            Phase::Trusted => {
                let (source, short) = match &frame {
                    Frame::Rx(f) => (f.source, f.short),
                    Frame::ExplicitRx(f) => (f.source, f.short),
                    Frame::IoSample(f) => (f.source, f.short),
                    Frame::SensorRead(f) => (f.source, f.short),
                    // Its sender is not told apart from others: kept, and no module of it made.
                    Frame::RawIoSample(_) => return self.out.push_back(Out::Payload(frame, now.clock)),
                    _ => return,
                };
                self.payloads += 1;
                self.module(now, source, Some(short), None, None);
                self.out.push_back(Out::Payload(frame, now.clock));
                if self.doing.is_none()
                    && self.jobs.is_empty()
                    && self.modules.lacks_signal(now.moment, source)
                {
                    self.jobs.push_back(Job::signal(source, self.payloads));
                }
            }
            Phase::Unknown if self.held.len() < MOST_HELD => self.held.push_back((frame, now.clock)),
            // Not believed. A monitor keeps what nobody acknowledged and sends it again.
            Phase::Unknown | Phase::Foreign | Phase::Down => {}
        }
    }

    fn module(
        &mut self,
        now: Now,
        eui64: Eui64,
        short: Option<u16>,
        name: Option<String>,
        rssi_dbm: Option<i16>,
    ) {
        if self.phase != Phase::Trusted {
            return;
        }
        if let Some(report) = self.modules.heard(now.moment, eui64, short, name, rssi_dbm) {
            self.out.push_back(Out::Heard(Heard::Module(report)));
        }
        if !self.collects
            && self.modules.count() > SMALL_NETWORK
            && self.facts.family() == Some(Family::Zigbee)
        {
            self.collects = true;
            self.jobs.push_back(Job::collect_routes());
        }
    }

    fn answered(&mut self, now: Now, ticket: Ticket, answer: Answer) {
        self.watched = now.moment;
        if let Some((_, Doing::Asked { ticket: asked, .. })) = &self.doing
            && *asked == ticket
        {
            self.job_answered(now, answer);
            return;
        }
        if let Answer::Node(node) = answer {
            let name = Some(node.name).filter(|name| !name.is_empty());
            self.module(now, node.eui64, Some(node.short), name, node.rssi_dbm);
            return;
        }
        match self.waiters.remove(&ticket) {
            Some(Waiter::Transmission(id)) => self.finish(id, ask::transmitted(answer)),
            Some(Waiter::Registration(id)) => self.finish(id, ask::registered(answer)),
            Some(Waiter::Discovery) => self.discovered(now, answer),
            None => {}
        }
    }

    /// Holds what the stick told against what is known, and goes on accordingly.
    fn judge(&mut self, now: Now) {
        match self.known.and_then(|known| known.differs(&self.facts).map(|reason| (known, reason))) {
            Some((known, reason)) => {
                self.phase = Phase::Foreign;
                self.held.clear();
                self.abandon();
                let found = self.facts.eui64().unwrap_or(Eui64::UNKNOWN);
                let expected = known.eui64;
                self.tell_state(LinkState::Foreign { expected, found, reason });
            }
            None => {
                if let Some(mut seen) = Expected::seen(&self.facts) {
                    // A record stays one, whatever the stick says less of at this moment.
                    seen.pan = seen.pan.or(self.known.and_then(|known| known.pan));
                    self.known = Some(seen);
                }
                self.forget_others();
                self.collects |= self.facts.number(super::commands::AR).is_some_and(|ar| ar != 0xFF);
                let steps = plan::settle(&self.facts, self.collects, self.join_until.is_some());
                self.phase = Phase::Trusted;
                if steps.is_empty() || self.facts.family() == Some(Family::Transparent) {
                    self.arrive(now);
                } else {
                    self.jobs.push_front(Job::settle(steps));
                }
            }
        }
    }

    /// The stick is as it should be.
    fn arrive(&mut self, now: Now) {
        let Some(family) = self.facts.family() else { return };
        self.modem.limits_mut().adapt(family, self.facts.is_encrypted(), self.facts.most_payload());
        self.modem.use_source_routes(self.collects);
        let up = self.facts.is_live();
        self.tell_state(if up { LinkState::Up } else { LinkState::NoNetwork });
        self.report();
        for (frame, heard_at) in std::mem::take(&mut self.held) {
            self.payload(Now { clock: heard_at, ..now }, frame);
        }
        if let (FormPolicy::Factory { channels }, false, false) = (self.policy, up, self.tried_forming) {
            self.form_by_itself(channels);
        }
    }

    /// The addresses, ways and modules of another stick or network lead nowhere.
    fn forget_others(&mut self) {
        let here = (self.facts.eui64(), self.facts.pan());
        if self.here != here {
            self.here = here;
            self.modem.forget_network();
            self.modules = Modules::default();
            self.collects = false;
        }
    }

    fn tell_state(&mut self, state: LinkState) {
        if self.told_state.as_ref() != Some(&state) {
            self.told_state = Some(state.clone());
            self.out.push_back(Out::Heard(Heard::Link(state)));
        }
    }

    /// Tells about the network if it changed.
    fn report(&mut self) {
        if self.phase != Phase::Trusted {
            return;
        }
        if let Some(mut report) = self.facts.report() {
            // An open network that the factory's settings formed is nobody's: the box is not to take it for its own.
            report.pan = report.pan.filter(|_| self.has_network());
            report.trouble = self.trouble();
            report.join_open_until = self.join_until.map(|until| until.clock);
            if self.told_network.as_ref() != Some(&report) {
                self.told_network = Some(report.clone());
                self.out.push_back(Out::Heard(Heard::Network(report)));
            }
        }
    }

    fn finish(&mut self, id: Option<CommandId>, outcome: Result<CommandDone, CommandRefused>) {
        match id {
            Some(id) => self.out.push_back(Out::Heard(Heard::Done { id, outcome })),
            None => {
                if let Err(refused) = outcome {
                    tracing::debug!(%refused, "a command nobody waits for");
                }
            }
        }
    }

    fn refuse(&mut self, id: Option<CommandId>, refused: CommandRefused) {
        self.finish(id, Err(refused));
    }
}

#[cfg(test)]
mod tests;
