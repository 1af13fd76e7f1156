//! Beginning a channel, and its frames in their order.

use zeroize::Zeroizing;

use super::frame::{LEAST_ROOM, MOST_ROOM, OVERHEAD, SEALED};
use super::message::read_part;
use super::{Frame, Message, Salt};
use crate::open::FieldError;
use crate::v4::Key;
use crate::v4::open::MAX_VALUE;

/// What the handed-over key is made into the channel's with.
const MASTER: [u8; 16] = *b"PV4 sealed link1";
/// Ends the nonce, as with adverts.
const PURPOSE: [u8; 5] = *b"PV4-2";
/// The counter of the welcome, and the first that no frame has.
const LAST: u32 = u32::MAX;

/// Who says something.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Box,
    Monitor,
}

/// Why a frame is none of a channel's. Whatever it is, the channel is over.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ChannelError {
    /// The bytes are no frame.
    #[error("read a frame of the sealed channel")]
    Frame(#[source] FieldError),
    /// It is a frame, and not its turn.
    #[error("a frame of the sealed channel came where another one belongs")]
    Turn,
    /// It was changed, repeated, left out or put elsewhere; or sealed with another key.
    #[error("the seal does not fit the key and the place")]
    Seal,
    /// The seal is good and what it holds is not.
    #[error("read what was sealed")]
    Message(#[source] FieldError),
    /// Too long to be a value of a characteristic.
    #[error("what was sealed is longer than {MAX_VALUE} bytes")]
    TooLong,
    /// It went on for longer than there are counters.
    #[error("the channel's counters are used up")]
    UsedUp,
}

fn nonce(side: Side, counter: u32) -> [u8; 13] {
    let (side, [a, b, c, d], [p, v, four, dash, two]) = (side as u8, counter.to_be_bytes(), PURPOSE);
    [side, 0, 0, 0, a, b, c, d, p, v, four, dash, two]
}

/// The key of one channel.
fn key_of(handed_over: &Key, of_box: Salt, of_monitor: Salt) -> Key {
    let mut salts = [0; 16];
    let (first, second) = salts.split_at_mut(of_box.len());
    first.copy_from_slice(&of_box);
    second.copy_from_slice(&of_monitor);
    handed_over.derive(MASTER).derive(salts)
}

fn welcome_seal(key: &Key, begin: &[u8], salt: Salt) -> Option<[u8; 8]> {
    let clear = [begin, &Frame::Welcome { salt, seal: [0; 8] }.encode()[..9]].concat();
    let seal = key.seal_long(nonce(Side::Monitor, LAST), &clear, Vec::new()).ok()?;
    seal.try_into().ok()
}

/// A channel that the box began.
pub struct Opening {
    key: Key,
    begin: Vec<u8>,
    salt: Salt,
    room: usize,
}

impl Opening {
    /// With the key that was handed over, a salt that was never used, and the bytes of the longest frame that passes the way.
    #[must_use]
    pub fn new(handed_over: Key, salt: Salt, room: usize) -> Self {
        let room = room.clamp(LEAST_ROOM, MOST_ROOM);
        let begin = Frame::Begin { salt, room: u16::try_from(room).unwrap_or(u16::MAX) }.encode();
        Opening { key: handed_over, begin, salt, room }
    }

    /// What is said to the monitor first.
    #[must_use]
    pub fn begin(&self) -> Vec<u8> {
        self.begin.clone()
    }

    /// The monitor's answer. The channel is there if it proves the key.
    pub fn welcome(&self, bytes: &[u8]) -> Result<Channel, ChannelError> {
        let Frame::Welcome { salt, seal } = Frame::decode(bytes).map_err(ChannelError::Frame)? else {
            return Err(ChannelError::Turn);
        };
        let key = key_of(&self.key, self.salt, salt);
        let clear = [&self.begin[..], bytes.get(..9).unwrap_or_default()].concat();
        key.open_long(nonce(Side::Monitor, LAST), &clear, &seal).map_err(|_| ChannelError::Seal)?;
        Ok(Channel::new(key, Side::Box, self.room))
    }
}

/// The monitor's answer to a beginning, with a salt that was never used; `most` are the bytes of the longest frame that its
/// own link carries.
pub fn answer(
    handed_over: &Key,
    begin: &[u8],
    salt: Salt,
    most: usize,
) -> Result<(Channel, Vec<u8>), ChannelError> {
    let Frame::Begin { salt: of_box, room } = Frame::decode(begin).map_err(ChannelError::Frame)? else {
        return Err(ChannelError::Turn);
    };
    let key = key_of(handed_over, of_box, salt);
    let seal = welcome_seal(&key, begin, salt).ok_or(ChannelError::Seal)?;
    let channel = Channel::new(key, Side::Monitor, usize::from(room).min(most));
    Ok((channel, Frame::Welcome { salt, seal }.encode()))
}

/// A channel under way, one end of it.
pub struct Channel {
    key: Key,
    side: Side,
    room: usize,
    /// The counters of the next frames, out and in.
    next_out: u32,
    next_in: u32,
    /// A message of which more is to come.
    begun: Option<Message>,
}

impl Channel {
    fn new(key: Key, side: Side, room: usize) -> Self {
        Channel { key, side, room: room.min(MOST_ROOM), next_out: 0, next_in: 0, begun: None }
    }

    /// The other side has proved that it holds the key: at the box from the beginning, at the monitor since the first frame.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        self.side == Side::Box || self.next_in > 0
    }

    /// Bytes of a message that fit one frame.
    #[must_use]
    pub fn fits(&self) -> usize {
        self.room.saturating_sub(OVERHEAD)
    }

    /// Seals a message, in as many frames as it needs.
    pub fn seal(&mut self, message: &Message) -> Result<Vec<Vec<u8>>, ChannelError> {
        let mut frames = Vec::new();
        for part in message.parts(self.fits() + 1) {
            let counter = self.next_out;
            if counter == LAST {
                return Err(ChannelError::UsedUp);
            }
            let sealed = self.key.seal_long(nonce(self.side, counter), &[SEALED], part);
            frames.push(Frame::Sealed(sealed.map_err(|_| ChannelError::Seal)?).encode());
            self.next_out += 1;
        }
        Ok(frames)
    }

    /// Opens the next frame; the message, when it is whole.
    pub fn open(&mut self, bytes: &[u8]) -> Result<Option<Message>, ChannelError> {
        let Frame::Sealed(sealed) = Frame::decode(bytes).map_err(ChannelError::Frame)? else {
            return Err(ChannelError::Turn);
        };
        if self.next_in == LAST {
            return Err(ChannelError::UsedUp);
        }
        let other = if self.side == Side::Box { Side::Monitor } else { Side::Box };
        let opened = self.key.open_long(nonce(other, self.next_in), &[SEALED], &sealed);
        let part = Zeroizing::new(opened.map_err(|_| ChannelError::Seal)?);
        self.next_in += 1;
        let (what, on, more, bytes) = read_part(other == Side::Box, &part).map_err(ChannelError::Message)?;
        let mut message = match self.begun.take() {
            None => Message::of(what, on),
            Some(begun) if (begun.what, begun.on) == (what, on) => begun,
            Some(_) => return Err(ChannelError::Turn),
        };
        if message.bytes.len() + bytes.len() > MAX_VALUE {
            return Err(ChannelError::TooLong);
        }
        message.bytes.extend_from_slice(bytes);
        if more {
            self.begun = Some(message);
            return Ok(None);
        }
        Ok(Some(message))
    }
}
