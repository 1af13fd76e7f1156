//! A link is there and nothing waits: what the monitor makes comes as it makes it, until somebody needs the link.

use domain::Timestamp;

use super::link::Link;
use super::{Input, Memory, Next, State};

/// See the file.
#[derive(Debug)]
pub(super) struct Live(Link);

impl Live {
    pub(super) fn new(link: Link) -> Self {
        Live(link)
    }

    pub(super) fn link(&self) -> &Link {
        &self.0
    }

    pub(super) fn take(self, memory: &mut Memory, input: Input, now: Timestamp) -> Next {
        match self.0.take(memory, input, now) {
            Ok((link, step)) => Next { state: State::Live(Live(link)), step },
            Err(next) => *next,
        }
    }
}
