//! A link on which frames go both ways by one characteristic: written one after the other, and notified. To a monitor's
//! sealed channel, or to the next repeater.

use std::collections::VecDeque;

use zeroize::Zeroizing;

use crate::v4::air::{Act, Doing, Fact, Failure, Way};
use crate::v4::open::Characteristic;

/// Frames that wait to be written.
const MOST_WAITING: usize = 32;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    Closed,
    Connecting,
    Subscribing,
    Up,
    /// Its end was asked for and is not told yet.
    Ending,
}

/// What comes of a fact.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// The link is there, with frames of so many bytes at most.
    Up(usize),
    /// A frame came.
    Frame(Vec<u8>),
    /// It is over, or did not come about.
    Ended(Failure),
}

/// See the file.
#[derive(Debug)]
pub struct Pipe {
    way: Way,
    on: Characteristic,
    state: State,
    /// Bytes of a frame that fit.
    room: usize,
    waiting: VecDeque<Vec<u8>>,
    writing: bool,
}

impl Pipe {
    /// None yet.
    #[must_use]
    pub fn new(way: Way, on: Characteristic) -> Self {
        Pipe { way, on, state: State::Closed, room: 0, waiting: VecDeque::new(), writing: false }
    }

    /// To whom.
    #[must_use]
    pub fn way(&self) -> &Way {
        &self.way
    }

    /// Nothing of it is there, and it may be opened.
    #[must_use]
    pub fn is_closed(&self) -> bool {
        self.state == State::Closed
    }

    /// Frames pass.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.state == State::Up
    }

    /// The adapter has to do with making it.
    #[must_use]
    pub fn is_connecting(&self) -> bool {
        self.state == State::Connecting
    }

    /// Its end is on its way.
    #[must_use]
    pub fn is_ending(&self) -> bool {
        self.state == State::Ending
    }

    /// Bytes of the longest frame that fits.
    #[must_use]
    pub fn room(&self) -> usize {
        self.room
    }

    /// Makes the link, unless there is one.
    pub fn open(&mut self) -> Option<Act> {
        if self.state != State::Closed {
            return None;
        }
        self.state = State::Connecting;
        Some(Act::Connect(self.way.clone()))
    }

    /// Sends a frame, as soon as those before it are written; false where too many wait.
    pub fn send(&mut self, frame: Vec<u8>) -> (bool, Option<Act>) {
        if self.waiting.len() >= MOST_WAITING || self.state == State::Ending {
            return (false, None);
        }
        self.waiting.push_back(frame);
        (true, self.write())
    }

    /// Ends the link.
    pub fn close(&mut self) -> Option<Act> {
        self.waiting.clear();
        self.writing = false;
        match self.state {
            State::Closed | State::Ending => None,
            // Its end is the answer to what was asked, or comes after that.
            State::Connecting | State::Subscribing | State::Up => {
                self.state = State::Ending;
                Some(Act::Disconnect(self.way.clone()))
            }
        }
    }

    /// A fact about the way.
    pub fn take(&mut self, fact: Fact) -> (Vec<Act>, Vec<News>) {
        let over = |pipe: &mut Self, why| {
            let was = std::mem::replace(&mut pipe.state, State::Closed);
            pipe.waiting.clear();
            pipe.writing = false;
            if was == State::Ending || was == State::Closed { Vec::new() } else { vec![News::Ended(why)] }
        };
        match fact {
            Fact::Connected { mtu, .. } if self.state == State::Connecting => {
                self.state = State::Subscribing;
                self.room = mtu.saturating_sub(3);
                (vec![Act::Subscribe(self.way.clone(), self.on)], Vec::new())
            }
            // Nobody wants it any more.
            Fact::Connected { .. } if self.state == State::Ending || self.state == State::Closed => {
                self.state = State::Ending;
                (vec![Act::Disconnect(self.way.clone())], Vec::new())
            }
            Fact::Done { what: Doing::Subscribe(on), .. }
                if on == self.on && self.state == State::Subscribing =>
            {
                self.state = State::Up;
                (self.write().into_iter().collect(), vec![News::Up(self.room)])
            }
            Fact::Done { what: Doing::Write(on), .. } if on == self.on => {
                self.writing = false;
                (self.write().into_iter().collect(), Vec::new())
            }
            Fact::Value { characteristic, bytes, .. } if characteristic == self.on && self.is_up() => {
                (Vec::new(), vec![News::Frame(bytes)])
            }
            Fact::Failed { what: Doing::Connect, why, .. } => (Vec::new(), over(self, why)),
            Fact::Failed { .. } if self.state == State::Ending => (Vec::new(), Vec::new()),
            Fact::Failed { why, .. } => (self.close().into_iter().collect(), vec![News::Ended(why)]),
            Fact::Disconnected { .. } => (Vec::new(), over(self, Failure::Vanished)),
            _ => (Vec::new(), Vec::new()),
        }
    }

    fn write(&mut self) -> Option<Act> {
        if !self.is_up() || self.writing {
            return None;
        }
        let frame = self.waiting.pop_front()?;
        self.writing = true;
        Some(Act::Write(self.way.clone(), self.on, Zeroizing::new(frame)))
    }
}
