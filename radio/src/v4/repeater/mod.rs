//! A repeater: it passes on adverts of monitors, and tunnels to them, and holds no key. Everything is told in: what is
//! heard, what guests write, the time; everything to do comes out. Nothing of it survives a restart.
//!
//! Guests are boxes and other repeaters that have a link with it; anyone may be one. So everything has its limit: tunnels,
//! what waits in them, how much passes, how often one is asked for, how long a guest stays that has none.

mod frame;
mod passing;
mod pipe;
mod tunnel;

use std::collections::BTreeMap;
use std::time::Duration;

use domain::{LinkName, Timestamp};

pub use frame::{HEAD, TunnelFrame, Why};
pub use passing::Next;
use passing::Passing;
pub use pipe::{News, Pipe};
use tunnel::Tunnel;

use super::Address;
use super::advert::{MOST_HOPS, Ours, Repeated};
use super::air::{Act, Fact, Failure, Way};
use super::open::Characteristic;
use super::sealed::LEAST_ROOM;

/// Tunnels at once.
pub const MOST_TUNNELS: usize = 4;
/// Guests that are known at once.
const MOST_GUESTS: usize = 16;
/// A guest that has no tunnel for so long is asked to go.
const IDLE_GUEST: Duration = Duration::from_secs(30);
/// A guest asks for a tunnel at most so often.
const ASKS: Duration = Duration::from_secs(1);

/// What a repeater is told.
#[derive(Debug)]
pub enum Heard {
    /// By its adapter, as a box would be.
    Fact(Fact),
    /// A guest has a link.
    Came(Way),
    /// It has none any more.
    Left(Way),
    /// A guest wrote a frame.
    Written(Way, Vec<u8>),
    /// Nothing, but time; some times a second.
    Tick,
}

/// What it is to do.
#[derive(Debug)]
pub enum Do {
    /// By its adapter.
    Act(Act),
    /// Tell all guests a frame; whose tunnel it is not passes over it.
    Tell(Vec<u8>),
    /// Send this advert until the next one, or none.
    Send(Option<Repeated>),
}

struct Guest {
    /// Since when it has no tunnel.
    idle: Timestamp,
    /// When it last asked for one.
    asked: Option<Timestamp>,
}

/// See the file.
#[derive(Default)]
pub struct RepeaterNode {
    adapter: Option<(LinkName, Address)>,
    passing: Passing,
    guests: BTreeMap<Way, Guest>,
    tunnels: Vec<Tunnel>,
    /// Links to monitors and to other repeaters.
    pipes: BTreeMap<Way, Pipe>,
}

impl RepeaterNode {
    /// The adapter it works with, once it is there.
    #[must_use]
    pub fn adapter(&self) -> Option<&LinkName> {
        self.adapter.as_ref().map(|(name, _)| name)
    }

    /// Tunnels that there are.
    #[must_use]
    pub fn tunnels(&self) -> usize {
        self.tunnels.len()
    }

    /// Something happened.
    pub fn take(&mut self, heard: Heard, now: Timestamp) -> Vec<Do> {
        let mut out = Vec::new();
        match heard {
            Heard::Fact(fact) => self.fact(fact, now, &mut out),
            Heard::Came(way) => self.came(way, now),
            Heard::Left(way) => {
                self.guests.remove(&way);
                let gone: Vec<u32> =
                    self.tunnels.iter().filter(|it| it.guest == way).map(|it| it.number).collect();
                gone.into_iter().for_each(|number| self.end(number, None, &mut out));
            }
            Heard::Written(way, bytes) => {
                self.came(way.clone(), now);
                if let Ok(frame) = TunnelFrame::decode(&bytes) {
                    self.written(&way, frame, bytes, now, &mut out);
                }
            }
            Heard::Tick => self.tick(now, &mut out),
        }
        out
    }

    fn came(&mut self, way: Way, now: Timestamp) {
        if self.guests.len() < MOST_GUESTS {
            self.guests.entry(way).or_insert(Guest { idle: now, asked: None });
        }
    }

    fn fact(&mut self, fact: Fact, now: Timestamp, out: &mut Vec<Do>) {
        match fact {
            Fact::Came { adapter, .. } if self.adapter.as_ref().is_none_or(|(name, _)| *name == adapter) => {
                self.begin_anew();
                if let Some(address) = adapter.address() {
                    self.adapter = Some((adapter.clone(), Address::from_be_bytes(address)));
                    out.push(Do::Act(Act::Scan { adapter, on: true }));
                }
            }
            Fact::Went { adapter } if self.adapter() == Some(&adapter) => {
                self.begin_anew();
                self.adapter = None;
            }
            Fact::Came { .. } | Fact::Went { .. } => {}
            Fact::Advert { way, rssi_dbm, what } => {
                let Some((name, own)) = &self.adapter else { return };
                match what {
                    _ if *name != way.adapter => {}
                    Ours::Sealed(sealed) => self.passing.heard(sealed, way.address, rssi_dbm, *own, now),
                    Ours::Repeated(repeated) => self.passing.heard_repeated(repeated, way.address, now),
                    // Whoever waits to be enrolled is to be near an adapter of the box.
                    Ours::Waiting(_) => {}
                }
            }
            fact => self.pipe_fact(fact, now, out),
        }
    }

    fn begin_anew(&mut self) {
        self.passing.clear();
        self.guests.clear();
        self.tunnels.clear();
        self.pipes.clear();
    }

    fn pipe_fact(&mut self, fact: Fact, now: Timestamp, out: &mut Vec<Do>) {
        let Some(way) = fact.way().cloned() else { return };
        let Some(pipe) = self.pipes.get_mut(&way) else { return };
        let (acts, news) = pipe.take(fact);
        out.extend(acts.into_iter().map(Do::Act));
        for news in news {
            match news {
                News::Up(room) => self.up(&way, room, out),
                News::Frame(bytes) => self.came_back(&way, bytes, now, out),
                News::Ended(why) => {
                    let why = match why {
                        Failure::Missing => Why::NotSealed,
                        Failure::Att(_) => Why::Refused,
                        _ => Why::Ended,
                    };
                    let all: Vec<(u32, bool)> = self
                        .tunnels
                        .iter()
                        .filter(|it| it.down == way)
                        .map(|it| (it.number, it.open))
                        .collect();
                    for (number, open) in all {
                        let why = if !open && why == Why::Ended { Why::NotReached } else { why };
                        self.end(number, Some(why), out);
                    }
                }
            }
        }
        if self.pipes.get(&way).is_some_and(Pipe::is_closed) {
            self.pipes.remove(&way);
        }
    }

    /// A link that tunnels wait for is there.
    fn up(&mut self, way: &Way, room: usize, out: &mut Vec<Do>) {
        let waiting: Vec<u32> =
            self.tunnels.iter().filter(|it| it.down == *way && !it.open).map(|it| it.number).collect();
        for number in waiting {
            let Some(tunnel) = self.tunnels.iter_mut().find(|it| it.number == number) else { continue };
            if let Some(open) = tunnel.onward.clone() {
                self.send(way, open, number, out);
                continue;
            }
            if room < LEAST_ROOM {
                self.end(number, Some(Why::NotSealed), out);
                continue;
            }
            tunnel.open = true;
            out.push(Do::Tell(tunnel.opened(room, 1)));
        }
    }

    /// A frame came from a monitor, or from the next repeater.
    fn came_back(&mut self, way: &Way, bytes: Vec<u8>, now: Timestamp, out: &mut Vec<Do>) {
        let direct = self.tunnels.iter_mut().find(|it| it.down == *way && it.onward.is_none());
        if let Some(tunnel) = direct {
            if !tunnel.open {
                return;
            }
            let number = tunnel.number;
            if tunnel.passes(now) {
                out.push(Do::Tell(TunnelFrame::Passed { tunnel: number, frame: bytes }.encode()));
            } else {
                self.end(number, Some(Why::TooMuch), out);
            }
            return;
        }
        let Ok(frame) = TunnelFrame::decode(&bytes) else { return };
        let number = frame.tunnel();
        let Some(tunnel) = self.tunnels.iter_mut().find(|it| it.down == *way && it.number == number) else {
            // Of somebody else.
            return;
        };
        let room = self.pipes.get(way).map_or(0, Pipe::room).saturating_sub(HEAD);
        match frame {
            TunnelFrame::Opened { room: beyond, hops, .. } if !tunnel.open => {
                tunnel.open = true;
                let room = room.min(usize::from(beyond));
                out.push(Do::Tell(tunnel.opened(room, hops.saturating_add(1))));
            }
            TunnelFrame::Passed { .. } if tunnel.open => {
                if tunnel.passes(now) {
                    out.push(Do::Tell(bytes));
                } else {
                    self.end(number, Some(Why::TooMuch), out);
                }
            }
            TunnelFrame::Closed { why, .. } => self.end(number, Some(why), out),
            _ => {}
        }
    }

    fn written(
        &mut self,
        guest: &Way,
        frame: TunnelFrame,
        bytes: Vec<u8>,
        now: Timestamp,
        out: &mut Vec<Do>,
    ) {
        let number = frame.tunnel();
        match frame {
            TunnelFrame::Open { tunnel, id, hops, origin } => {
                // One that is there is asked for again on a way that leads back to here.
                if let Err(why) = self.open(guest, (tunnel, id, hops, origin), now, out) {
                    out.push(Do::Tell(TunnelFrame::Closed { tunnel, why }.encode()));
                }
            }
            TunnelFrame::Passed { frame, .. } => {
                let found = self.tunnels.iter_mut().find(|it| it.number == number && it.guest == *guest);
                let Some(tunnel) = found.filter(|it| it.open) else { return };
                let (way, passes) = (tunnel.down.clone(), tunnel.passes(now));
                let down = if tunnel.onward.is_some() { bytes } else { frame };
                if passes {
                    self.send(&way, down, number, out);
                } else {
                    self.end(number, Some(Why::TooMuch), out);
                }
            }
            TunnelFrame::Closed { .. } => {
                if self.tunnels.iter().any(|it| it.number == number && it.guest == *guest) {
                    self.end(number, None, out);
                }
            }
            TunnelFrame::Opened { .. } => {}
        }
    }

    fn open(
        &mut self,
        guest: &Way,
        (number, id, hops, origin): (u32, u32, u8, u16),
        now: Timestamp,
        out: &mut Vec<Do>,
    ) -> Result<(), Why> {
        let asker = self.guests.get_mut(guest).ok_or(Why::Full)?;
        if asker.asked.replace(now).is_some_and(|before| now.since(before) < ASKS) {
            return Err(Why::TooMuch);
        }
        let own = self.adapter.as_ref().map(|(name, _)| name.clone()).ok_or(Why::NotReached)?;
        let (next, beyond) = self.passing.next(id, now).ok_or(Why::NotHeard)?;
        if hops.saturating_add(beyond) >= MOST_HOPS {
            return Err(Why::TooFar);
        }
        let taken = self.tunnels.iter().any(|it| it.number == number || it.id == id);
        if taken || self.tunnels.len() >= MOST_TUNNELS {
            return Err(Why::Full);
        }
        let (address, on, onward) = match next {
            Next::Monitor(address) => (address, Characteristic::Sealed, None),
            Next::Repeater(address) => {
                let open = TunnelFrame::Open { tunnel: number, id, hops: hops + 1, origin };
                (address, Characteristic::Tunnel, Some(open.encode()))
            }
        };
        let down = Way { adapter: own, address };
        // The way back to who asks is no way to the monitor.
        if down == *guest {
            return Err(Why::NotHeard);
        }
        // An adapter makes one link at a time.
        let making = self.pipes.iter().any(|(way, pipe)| pipe.is_connecting() && *way != down);
        let pipe = self.pipes.entry(down.clone()).or_insert_with(|| Pipe::new(down.clone(), on));
        if making || pipe.is_ending() {
            return Err(Why::Full);
        }
        out.extend(pipe.open().map(Do::Act));
        let up = pipe.is_up();
        self.tunnels.push(Tunnel::new(number, id, guest.clone(), down.clone(), onward.clone(), now));
        if let (true, Some(open)) = (up, onward) {
            self.send(&down, open, number, out);
        }
        Ok(())
    }

    fn send(&mut self, way: &Way, frame: Vec<u8>, number: u32, out: &mut Vec<Do>) {
        let Some(pipe) = self.pipes.get_mut(way) else { return };
        let (taken, act) = pipe.send(frame);
        out.extend(act.map(Do::Act));
        if !taken {
            self.end(number, Some(Why::TooMuch), out);
        }
    }

    /// A tunnel is over; `told` to its guest, unless it knows.
    fn end(&mut self, number: u32, told: Option<Why>, out: &mut Vec<Do>) {
        let Some(place) = self.tunnels.iter().position(|it| it.number == number) else { return };
        let tunnel = self.tunnels.swap_remove(place);
        if let Some(why) = told {
            out.push(Do::Tell(TunnelFrame::Closed { tunnel: number, why }.encode()));
        }
        let others = self.tunnels.iter().any(|it| it.down == tunnel.down);
        let Some(pipe) = self.pipes.get_mut(&tunnel.down) else { return };
        if others {
            // The next repeater has to be told; else it learns it from the end of the link.
            let closed = TunnelFrame::Closed { tunnel: number, why: Why::Over }.encode();
            out.extend(pipe.send(closed).1.map(Do::Act));
        } else {
            out.extend(pipe.close().map(Do::Act));
        }
    }

    fn tick(&mut self, now: Timestamp, out: &mut Vec<Do>) {
        let late: Vec<u32> = self.tunnels.iter().filter(|it| it.is_late(now)).map(|it| it.number).collect();
        for number in late {
            self.end(number, Some(Why::NotReached), out);
        }
        for (way, guest) in &mut self.guests {
            if self.tunnels.iter().any(|it| it.guest == *way) {
                guest.idle = now;
            } else if now.since(guest.idle) >= IDLE_GUEST {
                // Once in a while, should the adapter not have done it.
                guest.idle = now;
                out.push(Do::Act(Act::Disconnect(way.clone())));
            }
        }
        if self.adapter.is_some()
            && let Some(advert) = self.passing.turn(now)
        {
            out.push(Do::Send(advert));
        }
    }
}

#[cfg(test)]
mod tests;
