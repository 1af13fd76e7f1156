//! One tunnel: whose it is, where it leads, how much passes.

use std::time::Duration;

use domain::Timestamp;

use super::frame::TunnelFrame;
use crate::v4::air::Way;
use crate::v4::sealed::MOST_ROOM;

/// It has so long to be opened.
const OPENING: Duration = Duration::from_secs(60);
/// One that nothing passes for so long is over.
const UNUSED: Duration = Duration::from_secs(180);
/// Frames that pass at once, both ways together, and how many more each second.
const BURST: u32 = 2_000;
const EACH_SECOND: u32 = 500;

/// See the file.
pub(super) struct Tunnel {
    pub(super) number: u32,
    pub(super) id: u32,
    pub(super) guest: Way,
    /// The link that it goes on by.
    pub(super) down: Way,
    /// What the next repeater is asked; none where the monitor is next.
    pub(super) onward: Option<Vec<u8>>,
    pub(super) open: bool,
    used: Timestamp,
    left: u32,
}

impl Tunnel {
    pub(super) fn new(
        number: u32,
        id: u32,
        guest: Way,
        down: Way,
        onward: Option<Vec<u8>>,
        now: Timestamp,
    ) -> Self {
        Tunnel { number, id, guest, down, onward, open: false, used: now, left: BURST }
    }

    /// What its guest is told when it is open.
    pub(super) fn opened(&self, room: usize, hops: u8) -> Vec<u8> {
        let room = u16::try_from(room.min(MOST_ROOM)).unwrap_or(u16::MAX);
        TunnelFrame::Opened { tunnel: self.number, room, hops }.encode()
    }

    /// Another frame is to pass; whether it may.
    pub(super) fn passes(&mut self, now: Timestamp) -> bool {
        let passed = u32::try_from(now.since(self.used).as_millis()).unwrap_or(u32::MAX);
        let more = passed.saturating_mul(EACH_SECOND) / 1_000;
        if more > 0 {
            self.left = self.left.saturating_add(more).min(BURST);
            self.used = now;
        }
        let Some(left) = self.left.checked_sub(1) else { return false };
        self.left = left;
        true
    }

    /// It did not come about in time, or nobody used it for long.
    pub(super) fn is_late(&self, now: Timestamp) -> bool {
        now.since(self.used) >= if self.open { UNUSED } else { OPENING }
    }
}
