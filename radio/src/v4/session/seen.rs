//! Heard, and not one of the box's monitors: nothing is done with it until a person opens a window.

use domain::Timestamp;

use super::{Enrolling, Input, Memory, Next, State};

/// See the file.
#[derive(Debug)]
pub(super) struct Seen;

impl Seen {
    pub(super) fn take(self, memory: &Memory, input: Input, now: Timestamp) -> Next {
        match input {
            Input::Open(window) => Enrolling::begin(memory, window, now),
            _ => Next::stay(State::Seen(self)),
        }
    }
}
