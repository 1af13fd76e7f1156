//! A simulated monitor's end of the sealed channel: what is said to it past repeaters, and what it says.

use domain::Timestamp;

use super::Monitor;
use crate::v4::open::{Characteristic, Refusal};
use crate::v4::sealed::{Channel, Frame, MOST_ROOM, Message, Salt, What, answer};

/// A channel on the link that it has.
pub(super) struct Past {
    channel: Channel,
    /// An indication is not confirmed yet.
    unconfirmed: bool,
}

impl Monitor {
    /// Takes a frame that is written to the sealed characteristic; frames that it notifies then.
    ///
    /// # Errors
    /// The frame is none that a channel goes on with: there is none any more.
    pub fn sealed(&mut self, bytes: &[u8], salt: Salt, now: Timestamp) -> Result<Vec<Vec<u8>>, Refusal> {
        let frames = self.frames(bytes, salt, now);
        if frames.is_none() {
            self.past = None;
        }
        frames.ok_or(Refusal::Channel)
    }

    fn frames(&mut self, bytes: &[u8], salt: Salt, now: Timestamp) -> Option<Vec<Vec<u8>>> {
        if !self.speaks_sealed {
            return None;
        }
        if let Ok(Frame::Begin { .. }) = Frame::decode(bytes) {
            let (channel, welcome) = answer(self.key.as_ref()?, bytes, salt, MOST_ROOM).ok()?;
            self.past = Some(Past { channel, unconfirmed: false });
            return Some(vec![welcome]);
        }
        let Some(asked) = self.past.as_mut()?.channel.open(bytes).ok()? else { return Some(Vec::new()) };
        let Message { what, on, bytes } = asked;
        let said = match what {
            What::Subscribe => {
                self.subscribe(on);
                Message::of(What::Done, on)
            }
            What::Read => match self.read(on, now) {
                Some(bytes) => Message::with(What::Value, on, bytes),
                None => Message::with(What::Refused, on, vec![Refusal::Message.code()]),
            },
            What::Write => match self.write(on, &bytes) {
                Ok(()) => Message::of(What::Done, on),
                Err(refusal) => Message::with(What::Refused, on, vec![refusal.code()]),
            },
            What::Confirm => {
                self.past.as_mut()?.unconfirmed = false;
                return Some(Vec::new());
            }
            _ => return None,
        };
        self.past.as_mut()?.channel.seal(&said).ok()
    }

    /// The next thing it says by itself in its channel.
    pub fn speak_sealed(&mut self, now: Timestamp) -> Option<Vec<Vec<u8>>> {
        let fits =
            self.past.as_ref().filter(|past| past.channel.is_proven() && !past.unconfirmed)?.channel.fits();
        let (on, bytes) = self.speak_within(now, fits + 3)?;
        let past = self.past.as_mut()?;
        past.unconfirmed = on == Characteristic::Alerts;
        let what = if past.unconfirmed { What::Indicate } else { What::Notify };
        past.channel.seal(&Message::with(what, on, bytes)).ok()
    }
}
