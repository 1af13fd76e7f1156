//! A simulated repeater: the real one's machine, and what it hears; and what a dishonest one does to what passes it.

use std::collections::BTreeMap;

use crate::v4::Address;
use crate::v4::repeater::{RepeaterNode, TunnelFrame};

/// What it does to frames of the sealed channel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tampering {
    /// Changes a bit of one.
    Changes,
    /// Sends one twice.
    Replays,
    /// Sends two in the wrong order.
    Reorders,
    /// Leaves one out.
    Drops,
    /// Lets none through, and says nothing.
    Swallows,
}

/// See the file.
pub struct Repeater {
    pub(super) node: RepeaterNode,
    /// How strong it hears each monitor and each other repeater, dBm.
    pub(super) reach: BTreeMap<Address, i8>,
    /// The power is off.
    pub(super) off: bool,
    /// Who has a link with it: a box's adapter, or another repeater.
    pub(super) guests: Vec<Address>,
    /// Whom it tells what, of those.
    pub(super) listening: Vec<Address>,
    /// What it has on the air.
    pub(super) advert: Option<crate::v4::advert::Repeated>,
    /// What it does, and how many frames pass before it does it again.
    pub(super) tampering: Option<(Tampering, u32)>,
    passed: u32,
    held: Option<Vec<u8>>,
    before: Option<Vec<u8>>,
    /// All that it saw of what passed.
    pub seen: Vec<Vec<u8>>,
}

impl Repeater {
    pub(super) fn new(reach: &[(Address, i8)]) -> Self {
        Repeater {
            node: RepeaterNode::default(),
            reach: reach.iter().copied().collect(),
            off: false,
            guests: Vec::new(),
            listening: Vec::new(),
            advert: None,
            tampering: None,
            passed: 0,
            held: None,
            before: None,
            seen: Vec::new(),
        }
    }

    /// Its power is gone, or back: it remembers nothing. Who had a link with it.
    pub(super) fn switch(&mut self, on: bool) -> Vec<Address> {
        self.node = RepeaterNode::default();
        (self.off, self.advert) = (!on, None);
        self.listening.clear();
        std::mem::take(&mut self.guests)
    }

    /// A frame that is about to pass to a guest, as it goes on.
    pub(super) fn tamper(&mut self, bytes: Vec<u8>) -> Vec<Vec<u8>> {
        let Ok(TunnelFrame::Passed { tunnel, frame }) = TunnelFrame::decode(&bytes) else {
            return vec![bytes];
        };
        self.seen.push(frame.clone());
        let Some((tampering, every)) = self.tampering else { return vec![bytes] };
        self.passed += 1;
        let again = |frame: Vec<u8>| TunnelFrame::Passed { tunnel, frame }.encode();
        if let Some(held) = self.held.take() {
            return vec![bytes, held];
        }
        if tampering == Tampering::Swallows {
            return Vec::new();
        }
        let before = self.before.replace(frame.clone());
        if self.passed % every != 0 {
            return vec![bytes];
        }
        match tampering {
            Tampering::Changes => {
                let mut changed = frame;
                if let Some(last) = changed.last_mut() {
                    *last ^= 1;
                }
                vec![again(changed)]
            }
            Tampering::Replays => vec![bytes, again(before.unwrap_or(frame))],
            Tampering::Reorders => {
                self.held = Some(bytes);
                Vec::new()
            }
            Tampering::Drops | Tampering::Swallows => Vec::new(),
        }
    }
}
