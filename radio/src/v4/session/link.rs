//! A link to a monitor that is bonded: what it says is told, what it is to be told is written, one thing at a time.

use std::collections::VecDeque;

use domain::Timestamp;
use zeroize::Zeroizing;

use super::{Input, LinkTrouble, LostBond, Memory, Next, Resting, State, Step, Told};
use crate::v4::air::{Act, Doing, Failure, Way};
use crate::v4::open::{Characteristic, FromMonitor, LinkStatus, ToMonitor};

/// ATT's words for a link that is not encrypted, or not with a key that is good enough (Core, volume 3, part F, 3.4.1.1).
const NOT_ENCRYPTED: [u8; 2] = [0x05, 0x0F];

/// See the file.
#[derive(Debug)]
pub(super) struct Link {
    way: Way,
    /// To be written, oldest first.
    outbox: VecDeque<ToMonitor>,
    /// Being written.
    writing: Option<ToMonitor>,
    /// How the monitor last said it is.
    status: Option<LinkStatus>,
    /// The last thing that is kept: era and count, era and number.
    kept: Option<(u32, u32)>,
    alerts_kept: Option<(u32, u32)>,
    /// The last alert that was told, and is not kept unless `alerts_kept` says so.
    alerted: Option<(u32, u32)>,
    /// It was asked to end.
    leaving: bool,
    /// Its identity was asked for and did not come yet.
    asked_who: bool,
    /// Its thresholds were asked for.
    asked_limits: bool,
}

impl Link {
    pub(super) fn new(way: Way) -> Self {
        Link {
            way,
            outbox: VecDeque::new(),
            writing: None,
            status: None,
            kept: None,
            alerts_kept: None,
            alerted: None,
            leaving: false,
            asked_who: false,
            asked_limits: false,
        }
    }

    pub(super) fn way(&self) -> &Way {
        &self.way
    }

    /// Begins a visit: alerts first, then cycles, then how it is.
    pub(super) fn begin(&mut self, memory: &mut Memory, now: Timestamp) -> Vec<Act> {
        self.outbox.extend(memory.to_say.drain(..));
        let way = || self.way.clone();
        let mut acts = vec![
            Act::Subscribe(way(), Characteristic::Alerts),
            Act::Subscribe(way(), Characteristic::Cycles),
            Act::Read(way(), Characteristic::Cycles),
        ];
        acts.extend(self.write(now));
        acts
    }

    /// Everything that it had when it last said so is kept.
    pub(super) fn is_drained(&self) -> bool {
        let cycles =
            |status: &LinkStatus| status.unacknowledged == 0 || self.kept == Some((status.era, status.count));
        let alerts = || self.alerted.is_none() || self.alerted <= self.alerts_kept;
        self.status.as_ref().is_some_and(cycles) && alerts()
    }

    /// Takes notice of something while the link lasts; the state after it when it is over.
    pub(super) fn take(
        mut self,
        memory: &mut Memory,
        input: Input,
        now: Timestamp,
    ) -> Result<(Self, Step), Box<Next>> {
        let mut step = Step::default();
        match input {
            Input::Value(characteristic, bytes) => {
                let told = self.hear(memory, characteristic, bytes);
                if let Told::Status(status) = &told {
                    // A run of counting that is new to us: what it is of stands in its identity.
                    if memory.identified != Some(status.era) && !std::mem::replace(&mut self.asked_who, true)
                    {
                        step.acts.push(Act::Read(self.way.clone(), Characteristic::Identity));
                    }
                    if memory.watched != Some(status.era) && !std::mem::replace(&mut self.asked_limits, true)
                    {
                        step.acts.push(Act::Read(self.way.clone(), Characteristic::Thresholds));
                    }
                }
                step.told.push(told);
            }
            Input::Say(message) => {
                self.note_kept(&message);
                queue(&mut self.outbox, message);
                step.acts.extend(self.write(now));
            }
            Input::Done(Doing::Write(_)) => {
                match self.writing.take() {
                    Some(ToMonitor::Initialise(_)) => {
                        self.asked_who = true;
                        step.acts.push(Act::Read(self.way.clone(), Characteristic::Identity));
                    }
                    // What it has of them it says itself.
                    Some(ToMonitor::Thresholds(_)) => {
                        step.acts.push(Act::Read(self.way.clone(), Characteristic::Thresholds));
                    }
                    _ => {}
                }
                step.acts.extend(self.write(now));
            }
            Input::Leave if !self.leaving => {
                self.leaving = true;
                step.acts.push(Act::Disconnect(self.way.clone()));
            }
            // What its end cuts off did not fail.
            Input::Failed(..) if self.leaving => {}
            // The monitor knows us and does not do this: that is its answer, and the link goes on.
            Input::Failed(
                what @ (Doing::Write(_) | Doing::Read(Characteristic::Thresholds)),
                Failure::Att(code),
            ) if !NOT_ENCRYPTED.contains(&code) => {
                step.told.push(Told::Refused { what, code });
                if matches!(what, Doing::Write(_)) {
                    self.writing = None;
                    step.acts.extend(self.write(now));
                }
            }
            Input::Failed(what, why) => return Err(Box::new(self.fail(memory, what, why, now))),
            Input::Disconnected => {
                let trouble = (!self.leaving).then_some(Told::LinkLost(LinkTrouble::Ended));
                self.put_back(memory);
                let mut next = Next::stay(State::Resting(Resting));
                next.step.told.extend(trouble);
                return Err(Box::new(next));
            }
            _ => {}
        }
        Ok((self, step))
    }

    fn hear(&mut self, memory: &mut Memory, characteristic: Characteristic, bytes: Vec<u8>) -> Told {
        let message = match FromMonitor::decode(characteristic, &bytes) {
            Ok(message) => message,
            Err(why) => return Told::Unreadable { characteristic, why, bytes },
        };
        match message {
            FromMonitor::Identity(identity) => {
                memory.identified = identity.initialised.as_ref().map(|initialised| initialised.era);
                self.asked_who = false;
                Told::Identity(identity)
            }
            FromMonitor::Cycles(stretch) => Told::Cycles(stretch),
            FromMonitor::Alert(alert) => {
                self.alerted = self.alerted.max(Some((alert.era, alert.number)));
                Told::Alert(alert)
            }
            FromMonitor::Status(status) => {
                memory.cycles_wait = status.unacknowledged > 0;
                self.status = Some(status);
                Told::Status(status)
            }
            FromMonitor::Thresholds(thresholds) => {
                memory.watched = self.status.as_ref().map(|status| status.era);
                Told::Thresholds(thresholds)
            }
            FromMonitor::Clock { clock, time } => Told::Clock { clock, time },
        }
    }

    fn note_kept(&mut self, message: &ToMonitor) {
        match message {
            ToMonitor::Kept { era, up_to } => self.kept = Some((*era, *up_to)),
            ToMonitor::AlertsKept { era, up_to } => self.alerts_kept = Some((*era, *up_to)),
            _ => {}
        }
    }

    /// The next thing to write, unless one is being written.
    fn write(&mut self, now: Timestamp) -> Option<Act> {
        if self.writing.is_some() || self.leaving {
            return None;
        }
        let message = match self.outbox.pop_front()? {
            // However long it waited, the time that is told is the time at which it is told.
            ToMonitor::Time(_) => ToMonitor::Time(now),
            message => message,
        };
        let act = Act::Write(self.way.clone(), message.characteristic(), Zeroizing::new(message.encode()));
        self.writing = Some(message);
        Some(act)
    }

    /// Something failed that a link cannot go on after.
    fn fail(mut self, memory: &mut Memory, what: Doing, why: Failure, now: Timestamp) -> Next {
        let unencrypted = matches!(&why, Failure::Att(code) if NOT_ENCRYPTED.contains(code));
        let way = self.way.clone();
        self.put_back(memory);
        let lost = unencrypted && memory.strike(now);
        let state = if lost { State::LostBond(LostBond) } else { State::Resting(Resting) };
        let mut next = Next::stay(state).act(Act::Disconnect(way));
        next.step.told.push(Told::LinkLost(LinkTrouble::Failed { what, why }));
        if lost {
            next.step.told.push(Told::NeedsRepairing);
        }
        next
    }

    /// What was not written waits for the next link. What was being written may have arrived: it is said again only if
    /// saying it twice changes nothing.
    fn put_back(&mut self, memory: &mut Memory) {
        let twice = |message: &ToMonitor| {
            matches!(
                message,
                ToMonitor::Kept { .. } | ToMonitor::AlertsKept { .. } | ToMonitor::Thresholds(_)
            )
        };
        let unsure = self.writing.take().filter(twice);
        memory.to_say.extend(unsure.into_iter().chain(self.outbox.drain(..)));
    }
}

/// Puts something into a queue; what says "kept" takes the place of what said less, and the last limits that of earlier ones.
pub(super) fn queue(outbox: &mut VecDeque<ToMonitor>, message: ToMonitor) {
    let same = |there: &ToMonitor| match (there, &message) {
        (ToMonitor::Kept { era, .. }, ToMonitor::Kept { era: of, .. })
        | (ToMonitor::AlertsKept { era, .. }, ToMonitor::AlertsKept { era: of, .. }) => era == of,
        (ToMonitor::Time(_), ToMonitor::Time(_)) | (ToMonitor::Thresholds(_), ToMonitor::Thresholds(_)) => {
            true
        }
        _ => false,
    };
    match outbox.iter_mut().find(|there| same(there)) {
        Some(there) => *there = message,
        None => outbox.push_back(message),
    }
}
