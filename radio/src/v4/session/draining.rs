//! A link is there and something waits: alerts first, then cycles, oldest first. What is kept is said as soon as it is.

use domain::Timestamp;

use super::link::Link;
use super::{Input, Live, Memory, Next, State};

/// See the file.
#[derive(Debug)]
pub(super) struct Draining(Link);

impl Draining {
    /// Over a link that has just come about.
    pub(super) fn begin(memory: &mut Memory, mut link: Link, now: Timestamp) -> Next {
        memory.strikes.clear();
        let acts = link.begin(memory, now);
        let mut next = Next::stay(State::Draining(Draining(link)));
        next.step.acts.extend(acts);
        next
    }

    pub(super) fn link(&self) -> &Link {
        &self.0
    }

    pub(super) fn take(self, memory: &mut Memory, input: Input, now: Timestamp) -> Next {
        match self.0.take(memory, input, now) {
            Ok((link, step)) if link.is_drained() => Next { state: State::Live(Live::new(link)), step },
            Ok((link, step)) => Next { state: State::Draining(Draining(link)), step },
            Err(next) => *next,
        }
    }
}
