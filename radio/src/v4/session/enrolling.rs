//! A window is open: link, bond, proof of the bond's strength, identity, key of adverts; then it is one of ours.
//!
//! Whatever fails closes the window: a passkey that never changes is not tried again and again.

use domain::Timestamp;

use super::link::Link;
use super::{
    Draining, EnrolmentRefused, EnrolmentWindow, Input, LostBond, Memory, Next, Resting, Seen, State, Told,
};
use crate::v4::air::{Act, Doing, Strength, Way};
use crate::v4::open::{Characteristic, FromMonitor, LEAST_MTU};

/// See the file.
pub(super) struct Enrolling {
    window: Box<EnrolmentWindow>,
    /// No bond that is weaker is left standing.
    least: Strength,
    /// Where it comes from, when the window closes without a bond.
    back: Back,
    stage: Stage,
}

enum Back {
    Stranger,
    /// It had a bond when the window was opened; one that it lost, or others beside the new one.
    Ours,
}

enum Stage {
    /// It waits for a way.
    Wanted,
    Connecting(Way),
    Pairing(Way),
    Identity {
        way: Way,
        strength: Strength,
    },
    Handover {
        way: Way,
        strength: Strength,
    },
}

impl Stage {
    fn way(&self) -> Option<&Way> {
        match self {
            Stage::Wanted => None,
            Stage::Connecting(way)
            | Stage::Pairing(way)
            | Stage::Identity { way, .. }
            | Stage::Handover { way, .. } => Some(way),
        }
    }
}

impl Enrolling {
    /// Unless the window is closed already.
    pub(super) fn begin(memory: &Memory, window: Box<EnrolmentWindow>, now: Timestamp) -> Next {
        let back = if memory.bonds.is_empty() { Back::Stranger } else { Back::Ours };
        let (least, late) = (window.least(), window.until <= now);
        let enrolling = Enrolling { window, least, back, stage: Stage::Wanted };
        if late {
            return enrolling.refuse(memory, EnrolmentRefused::TooLate);
        }
        Next::stay(State::Enrolling(enrolling))
    }

    pub(super) fn way(&self) -> Option<&Way> {
        self.stage.way()
    }

    pub(super) fn until(&self) -> Timestamp {
        self.window.until
    }

    pub(super) fn take(mut self, memory: &mut Memory, input: Input, now: Timestamp) -> Next {
        let stage = std::mem::replace(&mut self.stage, Stage::Wanted);
        match (stage, input) {
            (stage, Input::Close) => {
                self.stage = stage;
                self.refuse(memory, EnrolmentRefused::TooLate)
            }
            (stage, Input::Tick) if now >= self.window.until => {
                self.stage = stage;
                self.refuse(memory, EnrolmentRefused::TooLate)
            }
            (Stage::Wanted, Input::Go(way)) => {
                self.stage = Stage::Connecting(way.clone());
                // What is left of a bond that the monitor lost would be taken for the new one.
                let stale = memory.bonds.remove(&way).is_some();
                let next = Next::stay(State::Enrolling(self));
                let next = if stale { next.act(Act::Forget(way.clone())) } else { next };
                next.act(Act::Connect(way))
            }
            (Stage::Connecting(way), Input::Connected { mtu }) if mtu >= LEAST_MTU => {
                let passkey = self.window.passkey.take();
                let asked = Act::Pair { way: way.clone(), passkey };
                self.stage = Stage::Pairing(way);
                Next::stay(State::Enrolling(self)).act(asked)
            }
            (Stage::Pairing(way), Input::Paired(strength)) => self.paired(memory, way, strength),
            (Stage::Identity { way, strength }, Input::Value(Characteristic::Identity, bytes)) => {
                self.identified(memory, (way, strength), &bytes)
            }
            (Stage::Handover { way, strength }, Input::Done(Doing::Write(Characteristic::Handover))) => {
                memory.bonds.insert(way.clone(), strength);
                memory.strikes.clear();
                let enrolled = Told::Enrolled { way: way.clone(), strength };
                let mut next = Draining::begin(memory, Link::new(way), now);
                next.step.told.insert(0, enrolled);
                next
            }
            (stage, Input::Failed(Doing::Pair, why)) => {
                self.stage = stage;
                self.refuse(memory, EnrolmentRefused::Pairing(why))
            }
            // So a monitor goes that was told a wrong passkey.
            (stage @ Stage::Pairing(_), Input::Disconnected) => {
                self.stage = stage;
                self.refuse(memory, EnrolmentRefused::LostWhileBonding)
            }
            (stage, Input::Failed(..) | Input::Disconnected | Input::Connected { .. }) => {
                self.stage = stage;
                self.refuse(memory, EnrolmentRefused::LinkLost)
            }
            (stage, _) => {
                self.stage = stage;
                Next::stay(State::Enrolling(self))
            }
        }
    }

    fn paired(mut self, memory: &mut Memory, way: Way, strength: Strength) -> Next {
        let least = self.least;
        if strength < least {
            self.stage = Stage::Pairing(way);
            let weak = Told::WeakBond { found: strength, least };
            let mut next = self.refuse(memory, EnrolmentRefused::Weak);
            next.step.told.insert(0, weak);
            return next;
        }
        self.stage = Stage::Identity { way: way.clone(), strength };
        Next::stay(State::Enrolling(self)).act(Act::Read(way, Characteristic::Identity))
    }

    fn identified(mut self, memory: &mut Memory, (way, strength): (Way, Strength), bytes: &[u8]) -> Next {
        let characteristic = Characteristic::Identity;
        match FromMonitor::decode(characteristic, bytes) {
            Ok(FromMonitor::Identity(identity)) if identity.serial == memory.serial => {
                let handover = self.window.handover.encode();
                self.stage = Stage::Handover { way: way.clone(), strength };
                memory.identified = identity.initialised.as_ref().map(|initialised| initialised.era);
                Next::stay(State::Enrolling(self)).tell(Told::Identity(identity)).act(Act::Write(
                    way,
                    Characteristic::Handover,
                    handover,
                ))
            }
            Ok(FromMonitor::Identity(identity)) => {
                self.stage = Stage::Identity { way, strength };
                self.refuse(memory, EnrolmentRefused::Another(identity.serial))
            }
            Ok(_) => {
                self.stage = Stage::Identity { way, strength };
                Next::stay(State::Enrolling(self))
            }
            Err(why) => {
                self.stage = Stage::Identity { way, strength };
                let unreadable = Told::Unreadable { characteristic, why, bytes: bytes.to_vec() };
                let mut next = self.refuse(memory, EnrolmentRefused::LinkLost);
                next.step.told.insert(0, unreadable);
                next
            }
        }
    }

    /// Closes the window. What there is of a bond by this way goes with it; bonds by others stay.
    fn refuse(self, memory: &Memory, why: EnrolmentRefused) -> Next {
        let state = match self.back {
            _ if !memory.bonds.is_empty() => State::Resting(Resting),
            Back::Ours => State::LostBond(LostBond),
            Back::Stranger => State::Seen(Seen),
        };
        let next = Next::stay(state).tell(Told::NotEnrolled(why));
        match self.stage {
            Stage::Wanted => next,
            Stage::Connecting(way)
            | Stage::Pairing(way)
            | Stage::Identity { way, .. }
            | Stage::Handover { way, .. } => next.act(Act::Forget(way)),
        }
    }
}
