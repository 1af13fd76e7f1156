//! One of ours that was not heard for long. It keeps its bond and what is to be said to it; the first sealed advert
//! brings it back.

use domain::Timestamp;

use super::{Enrolling, Input, Memory, Next, Resting, State, Told};

/// See the file.
#[derive(Debug)]
pub(super) struct Gone;

impl Gone {
    pub(super) fn take(self, memory: &Memory, input: Input, now: Timestamp) -> Next {
        match input {
            Input::Status(_) => Next::stay(State::Resting(Resting)).tell(Told::Back),
            Input::Open(window) => Enrolling::begin(memory, window, now),
            _ => Next::stay(State::Gone(self)),
        }
    }
}
