//! The sealed channel: what a monitor and the box say to each other over a link that is not theirs, past repeaters that hold
//! no key. The bytes are in `docs/protocol/open-v4.md`, "The sealed channel".
//!
//! [`Frame`] as it travels, [`Message`] what is in it; [`Opening`] and [`answer`] begin a [`Channel`], in which every frame
//! has its place: one that is changed, repeated, missing or out of order ends it. [`Client`] is the box's end as a driver of
//! the radio is: acts in, facts out.

mod channel;
mod client;
mod frame;
mod message;

pub use channel::{Channel, ChannelError, Opening, answer};
pub use client::{Client, Step};
pub use frame::{Frame, LEAST_ROOM, MOST_ROOM, SALT, Salt};
pub use message::{Message, What};

#[cfg(test)]
mod tests;
