//! One of ours without a link: its sealed adverts keep the floor live, what it stores waits for its turn.

use domain::Timestamp;

use super::{Connecting, Enrolling, Gone, Input, Memory, Next, State, Told};

/// See the file.
#[derive(Debug)]
pub(super) struct Resting;

impl Resting {
    pub(super) fn take(self, memory: &Memory, input: Input, now: Timestamp) -> Next {
        match input {
            // By a repeater goes what is sealed with a key that only a bonded monitor was handed.
            Input::Go(way) if memory.bonds.contains_key(&way) || way.adapter.is_repeater() => {
                Connecting::begin(way)
            }
            Input::Open(window) => Enrolling::begin(memory, window, now),
            Input::Tick if memory.is_gone(now) => Next::stay(State::Gone(Gone)).tell(Told::Gone),
            // Anyone can send an advert in clear: that it "waits to be enrolled" takes no bond away from a monitor of ours.
            _ => Next::stay(State::Resting(self)),
        }
    }
}
