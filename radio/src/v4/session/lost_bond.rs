//! The monitor has no bond any more: its battery was changed, it was reset, or somebody else stands in its place. Only a
//! person gets it out of here, by opening a window; never is it paired again by itself.

use domain::Timestamp;

use super::{Enrolling, Input, Memory, Next, State};

/// See the file.
#[derive(Debug)]
pub(super) struct LostBond;

impl LostBond {
    pub(super) fn take(self, memory: &Memory, input: Input, now: Timestamp) -> Next {
        match input {
            Input::Open(window) => Enrolling::begin(memory, window, now),
            _ => Next::stay(State::LostBond(self)),
        }
    }
}
