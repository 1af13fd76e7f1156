//! The box's end: what is to be done with characteristics goes out as frames, one thing after the other, and comes back as it
//! would come from an adapter.

use std::collections::VecDeque;
use std::time::Duration;

use domain::Timestamp;
use zeroize::Zeroizing;

use super::{Channel, Message, Opening, What};
use crate::chain::chain;
use crate::v4::air::{Doing, Fact, Failure, Way};
use crate::v4::open::Characteristic;

/// The monitor has so long for an answer, as on a link of the box's own (Core, volume 3, part F, 3.3.3).
const ANSWER: Duration = Duration::from_secs(30);
/// A channel on which nothing was heard for so long is asked how the monitor is: so one that ended unheard is found.
const SILENT: Duration = Duration::from_secs(45);

/// What is to be sent, and what is to be told.
#[derive(Default)]
pub struct Step {
    /// Frames, in this order.
    pub frames: Vec<Vec<u8>>,
    /// Facts about the way.
    pub facts: Vec<Fact>,
}

enum State {
    Opening(Opening),
    Open(Channel),
}

/// See the file.
pub struct Client {
    way: Way,
    state: State,
    /// To be asked, oldest first.
    waiting: VecDeque<(Doing, Zeroizing<Vec<u8>>)>,
    /// Asked, and since when.
    asked: Option<(Doing, Timestamp)>,
    heard: Timestamp,
}

impl Client {
    /// Begins a channel; the first frame is what it says first.
    #[must_use]
    pub fn new(way: Way, opening: Opening, now: Timestamp) -> (Self, Vec<u8>) {
        let begin = opening.begin();
        let (waiting, state) = (VecDeque::new(), State::Opening(opening));
        (Client { way, state, waiting, asked: None, heard: now }, begin)
    }

    /// Asks for something of an open channel.
    ///
    /// # Errors
    /// The channel is over.
    pub fn ask(&mut self, what: Doing, bytes: Zeroizing<Vec<u8>>, now: Timestamp) -> Result<Step, Failure> {
        self.waiting.push_back((what, bytes));
        let mut step = Step::default();
        self.go_on(now, &mut step)?;
        Ok(step)
    }

    /// A frame came.
    ///
    /// # Errors
    /// The channel is over.
    pub fn take(&mut self, frame: &[u8], now: Timestamp) -> Result<Step, Failure> {
        let mut step = Step::default();
        match &mut self.state {
            State::Opening(opening) => {
                let channel = opening.welcome(frame).map_err(|why| Failure::Other(chain(&why)))?;
                // What a packet of a link of the box's own would have beside it.
                let mtu = channel.fits() + 3;
                self.state = State::Open(channel);
                step.facts.push(Fact::Connected { way: self.way.clone(), mtu });
            }
            State::Open(channel) => {
                if let Some(message) = channel.open(frame).map_err(|why| Failure::Other(chain(&why)))? {
                    self.hear(message, &mut step)?;
                }
            }
        }
        self.heard = now;
        self.go_on(now, &mut step)?;
        Ok(step)
    }

    /// Nothing happened but time.
    ///
    /// # Errors
    /// No answer came in time: the channel is over.
    pub fn tick(&mut self, now: Timestamp) -> Result<Step, Failure> {
        let since = match (&self.state, &self.asked) {
            (State::Opening(_), _) => Some(self.heard),
            (State::Open(_), asked) => asked.as_ref().map(|(_, since)| *since),
        };
        if since.is_some_and(|since| now.since(since) >= ANSWER) {
            return Err(Failure::TimedOut);
        }
        if since.is_none() && now.since(self.heard) >= SILENT {
            return self.ask(Doing::Read(Characteristic::Cycles), Zeroizing::default(), now);
        }
        Ok(Step::default())
    }

    fn hear(&mut self, message: Message, step: &mut Step) -> Result<(), Failure> {
        let Message { what, on, bytes } = message;
        let way = self.way.clone();
        let answered = self.asked.as_ref().map(|(doing, _)| *doing);
        let fact = match (what, answered) {
            (What::Notify, _) => Fact::Value { way, characteristic: on, bytes: bytes.to_vec() },
            (What::Indicate, _) => {
                step.frames.extend(self.seal(&Message::of(What::Confirm, on))?);
                Fact::Value { way, characteristic: on, bytes: bytes.to_vec() }
            }
            (What::Value, Some(Doing::Read(of))) if of == on => {
                self.asked = None;
                Fact::Value { way, characteristic: on, bytes: bytes.to_vec() }
            }
            (What::Done, Some(doing @ (Doing::Subscribe(of) | Doing::Write(of)))) if of == on => {
                self.asked = None;
                Fact::Done { way, what: doing }
            }
            (What::Refused, Some(doing @ (Doing::Subscribe(of) | Doing::Write(of) | Doing::Read(of))))
                if of == on =>
            {
                self.asked = None;
                let code = bytes.first().copied().unwrap_or_default();
                Fact::Failed { way, what: doing, why: Failure::Att(code) }
            }
            _ => return Err(Failure::Other(format!("it said {} where nobody asked", what.name()))),
        };
        step.facts.push(fact);
        Ok(())
    }

    fn go_on(&mut self, now: Timestamp, step: &mut Step) -> Result<(), Failure> {
        if self.asked.is_some() || !matches!(self.state, State::Open(_)) {
            return Ok(());
        }
        let Some((doing, bytes)) = self.waiting.pop_front() else { return Ok(()) };
        let (what, on) = match doing {
            Doing::Subscribe(on) => (What::Subscribe, on),
            Doing::Read(on) => (What::Read, on),
            Doing::Write(on) => (What::Write, on),
            Doing::Connect | Doing::Pair => return Ok(()),
        };
        self.asked = Some((doing, now));
        step.frames.extend(self.seal(&Message { what, on, bytes })?);
        Ok(())
    }

    fn seal(&mut self, message: &Message) -> Result<Vec<Vec<u8>>, Failure> {
        let State::Open(channel) = &mut self.state else { return Err(Failure::Vanished) };
        channel.seal(message).map_err(|why| Failure::Other(chain(&why)))
    }
}
