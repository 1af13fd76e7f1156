//! What boxes and repeaters say to each other: tunnels, and what passes them.

use std::fmt;

use crate::open::FieldError;
use crate::open::wire::Reader;
use crate::v4::open::VERSION;
use crate::v4::sealed::MOST_ROOM;

const OPEN: u8 = VERSION << 4 | 1;
const OPENED: u8 = VERSION << 4 | 2;
const PASSED: u8 = VERSION << 4 | 3;
const CLOSED: u8 = VERSION << 4 | 4;

/// Head and tunnel in front of what passes.
pub const HEAD: usize = 5;

/// Why a tunnel is closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// It is not needed any more.
    Over,
    /// Nobody was heard of that name.
    NotHeard,
    /// There is room for no more, or somebody has a tunnel to that monitor.
    Full,
    /// The monitor, or the next repeater, could not be reached.
    NotReached,
    /// The monitor has no sealed channel.
    NotSealed,
    /// The link to it ended.
    Ended,
    /// The monitor refused a frame: the channel is over.
    Refused,
    /// More came than a repeater passes.
    TooMuch,
    /// Too many repeaters.
    TooFar,
    /// Something of a later version.
    Unknown(u8),
}

impl Why {
    const ALL: [Why; 9] = [
        Why::Over,
        Why::NotHeard,
        Why::Full,
        Why::NotReached,
        Why::NotSealed,
        Why::Ended,
        Why::Refused,
        Why::TooMuch,
        Why::TooFar,
    ];

    fn of(code: u8) -> Self {
        Why::ALL.into_iter().find(|why| why.code() == code).unwrap_or(Why::Unknown(code))
    }

    const fn code(self) -> u8 {
        match self {
            Why::Over => 0,
            Why::NotHeard => 1,
            Why::Full => 2,
            Why::NotReached => 3,
            Why::NotSealed => 4,
            Why::Ended => 5,
            Why::Refused => 6,
            Why::TooMuch => 7,
            Why::TooFar => 8,
            Why::Unknown(code) => code,
        }
    }
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Why::Over => f.write_str("it is over"),
            Why::NotHeard => f.write_str("the repeater does not hear the monitor"),
            Why::Full => f.write_str("the repeater has no room"),
            Why::NotReached => f.write_str("the repeater does not reach the monitor"),
            Why::NotSealed => f.write_str("the monitor has no sealed channel"),
            Why::Ended => f.write_str("the monitor's link ended"),
            Why::Refused => f.write_str("the monitor refused a frame"),
            Why::TooMuch => f.write_str("more came than the repeater passes"),
            Why::TooFar => f.write_str("there are too many repeaters on the way"),
            Why::Unknown(code) => write!(f, "the repeater says {code:02X}"),
        }
    }
}

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TunnelFrame {
    /// A box wants a tunnel, or a repeater wants it for a box.
    Open {
        /// Drawn by the box at random.
        tunnel: u32,
        /// The monitor, by its name in its adverts.
        id: u32,
        /// Repeaters that this came by.
        hops: u8,
        /// The box's adapter, by the last two bytes of its address.
        origin: u16,
    },
    /// The monitor is there.
    Opened {
        /// Which.
        tunnel: u32,
        /// Bytes of the longest frame that passes to the monitor.
        room: u16,
        /// Repeaters on the way to it.
        hops: u8,
    },
    /// A frame of the sealed channel.
    Passed {
        /// Which.
        tunnel: u32,
        /// As it is.
        frame: Vec<u8>,
    },
    /// The tunnel is gone, or was none.
    Closed {
        /// Which.
        tunnel: u32,
        /// Why.
        why: Why,
    },
}

impl TunnelFrame {
    /// Reads a frame that is exactly these bytes.
    pub fn decode(bytes: &[u8]) -> Result<Self, FieldError> {
        let mut reader = Reader::new(bytes);
        let head = reader.u8("head")?;
        if !(OPEN..=CLOSED).contains(&head) {
            return Err(FieldError::Value { field: "head", value: u64::from(head) });
        }
        let tunnel = reader.u32("tunnel")?;
        let frame = match head {
            OPEN => {
                let id = reader.u32("id")?;
                let hops = reader.u8("hops")?;
                TunnelFrame::Open { tunnel, id, hops, origin: reader.u16("origin")? }
            }
            OPENED => TunnelFrame::Opened { tunnel, room: reader.u16("room")?, hops: reader.u8("hops")? },
            PASSED => {
                let frame = reader.rest();
                match frame.len() {
                    0 => return Err(FieldError::Truncated { field: "frame" }),
                    length if length > MOST_ROOM => {
                        return Err(FieldError::Trailing(length - MOST_ROOM));
                    }
                    _ => TunnelFrame::Passed { tunnel, frame: frame.to_vec() },
                }
            }
            _ => TunnelFrame::Closed { tunnel, why: Why::of(reader.u8("why")?) },
        };
        reader.end()?;
        Ok(frame)
    }

    /// The one way to write it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let (head, rest) = match self {
            TunnelFrame::Open { id, hops, origin, .. } => {
                (OPEN, [&id.to_be_bytes()[..], &[*hops], &origin.to_be_bytes()].concat())
            }
            TunnelFrame::Opened { room, hops, .. } => (OPENED, [&room.to_be_bytes()[..], &[*hops]].concat()),
            TunnelFrame::Passed { frame, .. } => (PASSED, frame.clone()),
            TunnelFrame::Closed { why, .. } => (CLOSED, vec![why.code()]),
        };
        [&[head][..], &self.tunnel().to_be_bytes(), &rest].concat()
    }

    /// Which tunnel it is of.
    #[must_use]
    pub const fn tunnel(&self) -> u32 {
        match self {
            TunnelFrame::Open { tunnel, .. }
            | TunnelFrame::Opened { tunnel, .. }
            | TunnelFrame::Passed { tunnel, .. }
            | TunnelFrame::Closed { tunnel, .. } => *tunnel,
        }
    }
}
