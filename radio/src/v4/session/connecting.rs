//! A link to one of ours is about to come about, under the bond that there is.

use domain::Timestamp;

use super::link::Link;
use super::{Draining, Input, LinkTrouble, LostBond, Memory, Next, Resting, State, Told};
use crate::v4::air::{Act, Doing, Failure, Way};
use crate::v4::open::LEAST_MTU;

/// See the file.
#[derive(Debug)]
pub(super) struct Connecting(Way);

impl Connecting {
    pub(super) fn begin(way: Way) -> Next {
        Next::stay(State::Connecting(Connecting(way.clone()))).act(Act::Connect(way))
    }

    pub(super) fn way(&self) -> &Way {
        &self.0
    }

    pub(super) fn take(self, memory: &mut Memory, input: Input, now: Timestamp) -> Next {
        let resting = || State::Resting(Resting);
        match input {
            Input::Connected { mtu } if mtu < LEAST_MTU => {
                let small = Told::LinkLost(LinkTrouble::SmallMtu(mtu));
                Next::stay(resting()).act(Act::Disconnect(self.0)).tell(small)
            }
            Input::Connected { .. } => Draining::begin(memory, Link::new(self.0), now),
            Input::Failed(what @ Doing::Connect, why) => {
                // So it looks when a bond is gone, and now and then for no reason at all: three times is no accident.
                let lost = matches!(why, Failure::Aborted | Failure::Refused) && memory.strike(now);
                let trouble = Told::LinkLost(LinkTrouble::Failed { what, why });
                if lost {
                    Next::stay(State::LostBond(LostBond)).tell(trouble).tell(Told::NeedsRepairing)
                } else {
                    Next::stay(resting()).tell(trouble)
                }
            }
            Input::Disconnected => Next::stay(resting()).tell(Told::LinkLost(LinkTrouble::Ended)),
            Input::Leave => Next::stay(resting()).act(Act::Disconnect(self.0)),
            _ => Next::stay(State::Connecting(self)),
        }
    }
}
