//! Repeaters that are heard: the links to them, and the tunnels by them to monitors. To the conductor a repeater is an
//! adapter: what is asked of a way by it comes out as what is asked of the box's own adapters, and back.

use std::collections::BTreeMap;
use std::time::Duration;

use domain::{LinkName, Timestamp};
use zeroize::Zeroizing;

use super::Dice;
use super::backoff::Backoff;
use crate::v4::air::{Act, Doing, Fact, Failure, Way};
use crate::v4::open::Characteristic;
use crate::v4::repeater::{HEAD, MOST_TUNNELS, News, Pipe, TunnelFrame, Why};
use crate::v4::sealed::{Client, LEAST_ROOM, Opening, Salt, Step};
use crate::v4::{Address, Key};

/// Repeaters that are known at once: anyone may say that it is one.
const MOST_REPEATERS: usize = 64;
/// One that was not heard for so long is gone.
const LOST_AFTER: Duration = Duration::from_secs(90);
/// A tunnel has so long to be opened.
const OPENING: Duration = Duration::from_secs(60);
/// A repeater is asked for tunnels at most so often.
const ASKS: Duration = Duration::from_millis(1_500);
/// A link to a repeater is kept for so long after its last tunnel.
const LINGER: Duration = Duration::from_secs(5);

/// What comes of something.
#[derive(Default)]
pub(super) struct Brought {
    /// For the box's adapters.
    pub(super) acts: Vec<Act>,
    /// About ways by repeaters.
    pub(super) facts: Vec<Fact>,
}

/// What a tunnel is opened with.
pub(super) struct Wanted {
    pub(super) way: Way,
    pub(super) id: u32,
    pub(super) key: Key,
}

enum State {
    /// The repeater has no link yet.
    Waiting(Box<Begun>),
    /// It was asked.
    Asked(Box<Begun>),
    /// There is a tunnel; whether the channel in it is there, too.
    Open(Box<Client>, bool),
}

/// A channel that is to be begun as soon as it is known how much passes.
struct Begun {
    id: u32,
    key: Key,
    salt: Salt,
}

struct Tunnel {
    number: u32,
    since: Timestamp,
    state: State,
}

struct Repeater {
    address: Address,
    /// How strong each adapter heard it last, and when.
    heard: BTreeMap<LinkName, (i8, Timestamp)>,
    pipe: Option<Pipe>,
    backoff: Backoff,
    tunnels: BTreeMap<Way, Tunnel>,
    asked: Option<Timestamp>,
    /// Since when it has no tunnel.
    idle: Timestamp,
}

/// See the file.
#[derive(Default)]
pub(super) struct Repeaters(BTreeMap<LinkName, Repeater>);

impl Repeaters {
    /// A repeater was heard by an adapter; its name.
    pub(super) fn heard(&mut self, by: &Way, rssi_dbm: i8, now: Timestamp) -> Option<LinkName> {
        let name = LinkName::repeater(by.address.to_be_bytes());
        if !self.0.contains_key(&name) && self.0.len() >= MOST_REPEATERS {
            return None;
        }
        let repeater = self.0.entry(name.clone()).or_insert_with(|| Repeater {
            address: by.address,
            heard: BTreeMap::new(),
            pipe: None,
            backoff: Backoff::default(),
            tunnels: BTreeMap::new(),
            asked: None,
            idle: now,
        });
        repeater.heard.insert(by.adapter.clone(), (rssi_dbm, now));
        Some(name)
    }

    /// All that are known.
    pub(super) fn names(&self) -> impl Iterator<Item = &LinkName> {
        self.0.keys()
    }

    /// Whether it is known.
    pub(super) fn has(&self, name: &LinkName) -> bool {
        self.0.contains_key(name)
    }

    /// The box's adapter that the way to a repeater begins at, or would.
    pub(super) fn by(&self, name: &LinkName, now: Timestamp) -> Option<&LinkName> {
        let repeater = self.0.get(name)?;
        if let Some(pipe) = &repeater.pipe {
            return Some(&pipe.way().adapter);
        }
        let live = repeater.heard.iter().filter(|(_, (_, at))| now.since(*at) < LOST_AFTER);
        live.max_by_key(|(_, (dbm, _))| *dbm).map(|(adapter, _)| adapter)
    }

    /// Whose slot a way takes, if it can be gone now: the adapter's, also for a link to a repeater; that one's own once it has
    /// a link.
    pub(super) fn slot<'n>(&'n self, way: &'n Way, now: Timestamp) -> Option<&'n LinkName> {
        let Some(repeater) = self.0.get(&way.adapter) else { return Some(&way.adapter) };
        match &repeater.pipe {
            None if !repeater.backoff.holds(now) => self.by(&way.adapter, now),
            Some(pipe) if pipe.is_up() => Some(&way.adapter),
            _ => None,
        }
    }

    /// Whether a repeater that has a link can be asked for another tunnel, if it has room; whether it has.
    pub(super) fn is_open(&self, name: &LinkName, now: Timestamp) -> Option<bool> {
        let repeater = self.0.get(name)?;
        let opening = repeater.tunnels.values().any(|it| !matches!(it.state, State::Open(_, true)));
        let lately = repeater.asked.is_some_and(|asked| now.since(asked) < ASKS);
        let ready = repeater.pipe.as_ref().is_some_and(Pipe::is_up) && !opening && !lately;
        ready.then_some(repeater.tunnels.len() < MOST_TUNNELS)
    }

    /// An adapter came or went: nothing by it is there any more. Repeaters that no other heard.
    pub(super) fn forget(&mut self, adapter: &LinkName) -> (Brought, Vec<LinkName>) {
        let (mut out, mut unheard) = (Brought::default(), Vec::new());
        for (name, repeater) in &mut self.0 {
            repeater.heard.remove(adapter);
            if repeater.heard.is_empty() {
                unheard.push(name.clone());
            }
            if repeater.pipe.take_if(|pipe| pipe.way().adapter == *adapter).is_some() {
                repeater.end_all(&Failure::Vanished, &mut out);
            }
        }
        (out, unheard)
    }

    /// A tunnel to a monitor, and a sealed channel through it. Ends as [`Fact::Connected`] or [`Fact::Failed`].
    pub(super) fn connect(&mut self, wanted: Wanted, now: Timestamp, dice: &mut Dice<'_>) -> Brought {
        let Wanted { way, id, key } = wanted;
        let mut out = Brought::default();
        let by = self.by(&way.adapter, now).cloned();
        let (Some(by), Some(repeater)) = (by, self.0.get_mut(&way.adapter)) else {
            let why = Failure::Vanished;
            out.facts.push(Fact::Failed { way, what: Doing::Connect, why });
            return out;
        };
        let salt: u64 = u64::from(dice()) << 32 | u64::from(dice());
        let opening = Box::new(Begun { id, key, salt: salt.to_be_bytes() });
        let tunnel = Tunnel { number: dice(), since: now, state: State::Waiting(opening) };
        repeater.tunnels.insert(way, tunnel);
        let address = repeater.address;
        let pipe = repeater
            .pipe
            .get_or_insert_with(|| Pipe::new(Way { adapter: by, address }, Characteristic::Tunnel));
        out.acts.extend(pipe.open());
        repeater.ask(now, &mut out);
        out
    }

    /// Something is asked of a way by a repeater.
    pub(super) fn act(&mut self, act: Act, now: Timestamp) -> Brought {
        let mut out = Brought::default();
        let (way, doing, bytes) = match act {
            Act::Subscribe(way, on) => (way, Doing::Subscribe(on), Zeroizing::default()),
            Act::Read(way, on) => (way, Doing::Read(on), Zeroizing::default()),
            Act::Write(way, on, bytes) => (way, Doing::Write(on), bytes),
            Act::Disconnect(way) | Act::Forget(way) => {
                if let Some(repeater) = self.0.get_mut(&way.adapter) {
                    repeater.close(&way, now, &mut out);
                }
                out.facts.push(Fact::Disconnected { way });
                return out;
            }
            // Bonds are made by adapters alone.
            Act::Scan { .. } | Act::Connect(_) | Act::Pair { .. } => return out,
        };
        let Some(repeater) = self.0.get_mut(&way.adapter) else { return out };
        repeater.speak(&way, &mut out, now, |client| client.ask(doing, bytes, now));
        out
    }

    /// A fact about a link to a repeater; it comes back when it is none.
    pub(super) fn take(&mut self, fact: Fact, now: Timestamp, dice: &mut Dice<'_>) -> Result<Brought, Fact> {
        if fact.is_advert() {
            return Err(fact);
        }
        let Some(way) = fact.way() else { return Err(fact) };
        let ours = |it: &&mut Repeater| it.pipe.as_ref().is_some_and(|pipe| pipe.way() == way);
        let Some(repeater) = self.0.values_mut().find(ours) else { return Err(fact) };
        Ok(repeater.take(fact, now, dice))
    }

    /// Nothing happened but time. Names of repeaters that are gone.
    pub(super) fn tick(&mut self, now: Timestamp) -> (Brought, Vec<LinkName>) {
        let mut out = Brought::default();
        for repeater in self.0.values_mut() {
            repeater.tick(now, &mut out);
        }
        let lost = |it: &Repeater| {
            it.pipe.is_none() && it.heard.values().all(|(_, at)| now.since(*at) >= LOST_AFTER)
        };
        let gone: Vec<LinkName> =
            self.0.iter().filter(|(_, it)| lost(it)).map(|(name, _)| name.clone()).collect();
        self.0.retain(|_, it| !lost(it));
        (out, gone)
    }
}

impl Repeater {
    /// Asks for the tunnels that wait for that.
    fn ask(&mut self, now: Timestamp, out: &mut Brought) {
        let Some(pipe) = self.pipe.as_mut().filter(|pipe| pipe.is_up()) else { return };
        let [.., high, low] = pipe.way().adapter.address().unwrap_or_default();
        let origin = u16::from_be_bytes([high, low]);
        let waiting = self.tunnels.iter_mut().find(|(_, it)| matches!(it.state, State::Waiting(_)));
        let Some((way, mut tunnel)) = waiting.map(|(way, _)| way.clone()).and_then(|way| {
            let tunnel = self.tunnels.remove(&way)?;
            Some((way, tunnel))
        }) else {
            return;
        };
        if let State::Waiting(opening) = tunnel.state {
            let open = TunnelFrame::Open { tunnel: tunnel.number, id: opening.id, hops: 0, origin };
            let (_, act) = pipe.send(open.encode());
            out.acts.extend(act);
            tunnel.state = State::Asked(opening);
            tunnel.since = now;
            self.asked = Some(now);
        }
        self.tunnels.insert(way, tunnel);
    }

    fn take(&mut self, fact: Fact, now: Timestamp, dice: &mut Dice<'_>) -> Brought {
        let mut out = Brought::default();
        let Some(pipe) = &mut self.pipe else { return out };
        let (acts, news) = pipe.take(fact);
        if pipe.is_closed() {
            self.pipe = None;
        }
        out.acts.extend(acts);
        for news in news {
            match news {
                News::Up(_) => {
                    self.backoff.succeeded();
                    self.ask(now, &mut out);
                }
                News::Frame(bytes) => {
                    if let Ok(frame) = TunnelFrame::decode(&bytes) {
                        self.hear(frame, now, &mut out);
                    }
                }
                News::Ended(why) => {
                    self.backoff.failed(now, dice());
                    self.end_all(&why, &mut out);
                }
            }
        }
        out
    }

    fn hear(&mut self, frame: TunnelFrame, now: Timestamp, out: &mut Brought) {
        let number = frame.tunnel();
        let Some(way) = self.tunnels.iter().find(|(_, it)| it.number == number).map(|(way, _)| way.clone())
        else {
            // Somebody else's, or one that is over.
            return;
        };
        match frame {
            TunnelFrame::Opened { room, .. } => self.opened(&way, usize::from(room), now, out),
            TunnelFrame::Passed { frame, .. } => {
                self.speak(&way, out, now, |client| client.take(&frame, now))
            }
            TunnelFrame::Closed { why, .. } => {
                let why = match why {
                    Why::NotSealed => Failure::Missing,
                    why => Failure::Other(why.to_string()),
                };
                self.end(&way, why, out);
            }
            TunnelFrame::Open { .. } => {}
        }
    }

    fn opened(&mut self, way: &Way, room: usize, now: Timestamp, out: &mut Brought) {
        let Some(Tunnel { number, since, state: State::Asked(opening) }) = self.tunnels.remove(way) else {
            return;
        };
        let room = room.min(self.pipe.as_ref().map_or(0, Pipe::room).saturating_sub(HEAD));
        if room < LEAST_ROOM {
            let why = Failure::Other(format!("only {room} bytes pass"));
            out.facts.push(Fact::Failed { way: way.clone(), what: Doing::Connect, why });
            return;
        }
        let Begun { key, salt, .. } = *opening;
        let (client, begin) = Client::new(way.clone(), Opening::new(key, salt, room), now);
        let state = State::Open(Box::new(client), false);
        self.tunnels.insert(way.clone(), Tunnel { number, since, state });
        self.pass(number, begin, out);
    }

    fn pass(&mut self, tunnel: u32, frame: Vec<u8>, out: &mut Brought) {
        let Some(pipe) = &mut self.pipe else { return };
        out.acts.extend(pipe.send(TunnelFrame::Passed { tunnel, frame }.encode()).1);
    }

    /// Has a channel do something, and ends its tunnel when the channel is over.
    fn speak(
        &mut self,
        way: &Way,
        out: &mut Brought,
        now: Timestamp,
        doing: impl FnOnce(&mut Client) -> Result<Step, Failure>,
    ) {
        let Some(tunnel) = self.tunnels.get_mut(way) else { return };
        let State::Open(client, connected) = &mut tunnel.state else { return };
        match doing(client) {
            Ok(Step { frames, facts }) => {
                *connected |= facts.iter().any(|fact| matches!(fact, Fact::Connected { .. }));
                let number = tunnel.number;
                out.facts.extend(facts);
                frames.into_iter().for_each(|frame| self.pass(number, frame, out));
            }
            Err(why) => {
                tracing::warn!(%way, %why, "a sealed channel is over");
                let told = self.fact(way, why);
                self.close(way, now, out);
                out.facts.extend(told);
            }
        }
    }

    /// What the end of a tunnel is to the session whose it is.
    fn fact(&self, way: &Way, why: Failure) -> Option<Fact> {
        let way = way.clone();
        let connected = matches!(self.tunnels.get(&way)?.state, State::Open(_, true));
        Some(if connected {
            Fact::Disconnected { way }
        } else {
            Fact::Failed { way, what: Doing::Connect, why }
        })
    }

    /// A tunnel is over, and the repeater knows it.
    fn end(&mut self, way: &Way, why: Failure, out: &mut Brought) {
        out.facts.extend(self.fact(way, why));
        self.tunnels.remove(way);
    }

    fn end_all(&mut self, why: &Failure, out: &mut Brought) {
        // What a link to a repeater says of encryption says nothing of the monitor's.
        let why = Failure::Other(format!("link to the repeater: {why}"));
        for way in self.tunnels.keys().cloned().collect::<Vec<_>>() {
            self.end(&way, why.clone(), out);
        }
    }

    /// A tunnel is not needed any more.
    fn close(&mut self, way: &Way, now: Timestamp, out: &mut Brought) {
        let Some(tunnel) = self.tunnels.remove(way) else { return };
        self.idle = now;
        if let Some(pipe) = self.pipe.as_mut().filter(|_| !matches!(tunnel.state, State::Waiting(_))) {
            let closed = TunnelFrame::Closed { tunnel: tunnel.number, why: Why::Over };
            out.acts.extend(pipe.send(closed.encode()).1);
        }
    }

    fn tick(&mut self, now: Timestamp, out: &mut Brought) {
        for way in self.tunnels.keys().cloned().collect::<Vec<_>>() {
            let Some(tunnel) = self.tunnels.get(&way) else { continue };
            if !matches!(tunnel.state, State::Open(..)) && now.since(tunnel.since) >= OPENING {
                let told = self.fact(&way, Failure::TimedOut);
                self.close(&way, now, out);
                out.facts.extend(told);
            } else {
                self.speak(&way, out, now, |client| client.tick(now));
            }
        }
        if !self.tunnels.is_empty() {
            self.idle = now;
        } else if now.since(self.idle) >= LINGER
            && let Some(pipe) = &mut self.pipe
        {
            out.acts.extend(pipe.close());
        }
    }
}
