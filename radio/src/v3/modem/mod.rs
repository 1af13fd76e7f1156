//! Requests to a stick and their answers, without I/O: what to send comes out of [`Modem::poll`], what was read goes into
//! [`Modem::hear`], and the time is an argument.
//!
//! A request is matched by its frame id and by what it asked, so that a late, doubled or foreign reply finds nothing
//! and is only counted. Ids go round, 1 to 255: one is taken again only after all the others.

mod limits;
mod node;
mod request;
mod routes;

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Duration;

use domain::Eui64;

use super::commands::{AP, KY, ND};
use super::frame::{
    ApiMode, AtCommand, AtName, AtResponse, AtStatus, DeliveryStatus, Frame, RegisterDevice, RegisterStatus,
    RemoteAtCommand, Tx, wrap,
};
use crate::event::CommandRefused;
pub use limits::Limits;
pub use node::Node;
pub(in crate::v3) use node::text as node_text;
pub use request::{Answer, Registration, Request, Ticket};
use routes::Routes;

/// Time since the link began, on a clock that never steps.
pub type Moment = Duration;

/// How long the stick itself may take.
pub const LOCAL_TIMEOUT: Duration = Duration::from_secs(3);
/// How long a radio far away may take.
pub const REMOTE_TIMEOUT: Duration = Duration::from_secs(30);

/// Transmissions whose fate is open at a time: what a stick's buffers hold with room to spare.
const TRANSMISSIONS_IN_FLIGHT: usize = 8;
/// Transmissions that wait for their turn.
const MOST_WAITING: usize = 2048;
/// Addresses remembered; far above any network.
const MOST_SHORTS: usize = 4096;
/// No radio is known by it.
const NO_SHORT: u16 = 0xFFFE;

/// What a frame turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incoming {
    /// The answer to a request.
    Answer(Ticket, Answer),
    /// Nobody asked for it: payloads, statuses.
    Unasked(Frame),
    /// A reply that matches no request: late, doubled or foreign.
    Unmatched,
}

#[derive(Debug)]
enum Kind {
    At(AtName),
    RemoteAt(Eui64, AtName),
    Transmission(Eui64),
    Registration(Eui64),
    Discovery { modules: u32 },
}

#[derive(Debug)]
struct InFlight {
    ticket: Ticket,
    kind: Kind,
    deadline: Moment,
    timeout: Duration,
}

/// See the module.
#[derive(Debug)]
pub struct Modem {
    limits: Limits,
    in_flight: BTreeMap<u8, InFlight>,
    last_id: u8,
    last_ticket: u64,
    /// To the stick itself: before anything that goes on the air.
    local: VecDeque<(Ticket, Request)>,
    /// On the air.
    air: VecDeque<(Ticket, Request)>,
    /// Goes next: its route went before it.
    ahead: Option<Frame>,
    shorts: HashMap<Eui64, u16>,
    routes: Routes,
    unmatched: u64,
}

impl Default for Modem {
    fn default() -> Self {
        Self::new(Limits::default())
    }
}

impl Modem {
    /// For a stick with these limits.
    #[must_use]
    pub fn new(limits: Limits) -> Self {
        Modem {
            limits,
            in_flight: BTreeMap::new(),
            last_id: 0,
            last_ticket: 0,
            local: VecDeque::new(),
            air: VecDeque::new(),
            ahead: None,
            shorts: HashMap::new(),
            routes: Routes::default(),
            unmatched: 0,
        }
    }

    /// The limits, to be adapted when the stick's family and settings are known.
    pub fn limits_mut(&mut self) -> &mut Limits {
        &mut self.limits
    }

    /// Whether to keep route records and give them back with each transmission.
    pub fn use_source_routes(&mut self, on: bool) {
        self.routes.enable(on);
    }

    /// Takes a request, or says at once that it cannot be carried out.
    pub fn request(&mut self, now: Moment, request: Request) -> Result<Ticket, CommandRefused> {
        match &request {
            Request::At { name, parameter }
            | Request::AtQueued { name, parameter }
            | Request::RemoteAt { name, parameter, .. }
                if *name == KY && parameter.iter().all(|byte| *byte == 0) =>
            {
                return Err(CommandRefused::Limit(
                    "a link key of zeros would send the network key in the clear".to_owned(),
                ));
            }
            Request::Transmit { dest, data } => self.limits.check_payload(*dest, data.len())?,
            Request::Register(registration) => self.limits.admit_registration(now, registration)?,
            _ => {}
        }
        let queue = match request {
            Request::At { .. } | Request::AtQueued { .. } | Request::Register(_) => &mut self.local,
            Request::RemoteAt { .. } | Request::Transmit { .. } | Request::Discover { .. } => &mut self.air,
        };
        if queue.len() >= MOST_WAITING {
            return Err(CommandRefused::Limit(format!("{MOST_WAITING} messages already wait for the radio")));
        }
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        queue.push_back((ticket, request));
        Ok(ticket)
    }

    /// The next frame to send now, if the limits let one go.
    pub fn poll(&mut self, now: Moment) -> Option<Frame> {
        if let Some(frame) = self.ahead.take() {
            return Some(frame);
        }
        if let Some((_, next)) = self.local.front() {
            let id = self.free_id(next)?;
            let (ticket, request) = self.local.pop_front()?;
            return Some(self.launch(now, id, ticket, request));
        }
        if self.transmissions() >= TRANSMISSIONS_IN_FLIGHT {
            return None;
        }
        // A broadcast that has to wait holds up nobody behind it.
        let may_broadcast = self.limits.may_broadcast(now);
        let at = self.air.iter().position(|(_, request)| may_broadcast || !request.is_broadcast())?;
        let id = self.free_id(&self.air.get(at)?.1)?;
        let (ticket, request) = self.air.remove(at)?;
        if request.is_broadcast() {
            self.limits.broadcast_sent(now);
        }
        let dest = match &request {
            Request::Transmit { dest, .. } | Request::RemoteAt { dest, .. } => Some(*dest),
            _ => None,
        };
        let frame = self.launch(now, id, ticket, request);
        match dest.and_then(|dest| self.routes.due_before(dest)) {
            Some(route) => {
                self.ahead = Some(frame);
                Some(Frame::CreateSourceRoute(route))
            }
            None => Some(frame),
        }
    }

    fn transmissions(&self) -> usize {
        let on_air = |f: &&InFlight| !matches!(f.kind, Kind::At(_) | Kind::Registration(_));
        self.in_flight.values().filter(on_air).count()
    }

    fn launch(&mut self, now: Moment, id: u8, ticket: Ticket, request: Request) -> Frame {
        self.last_id = id;
        let short = |dest: &Eui64| self.shorts.get(dest).copied().unwrap_or(NO_SHORT);
        let (kind, timeout, frame) = match request {
            Request::At { name, parameter } => {
                (Kind::At(name), LOCAL_TIMEOUT, Frame::At(AtCommand { id, name, parameter }))
            }
            Request::AtQueued { name, parameter } => {
                (Kind::At(name), LOCAL_TIMEOUT, Frame::AtQueued(AtCommand { id, name, parameter }))
            }
            Request::RemoteAt { dest, name, parameter } => {
                let frame = RemoteAtCommand { id, dest, short: short(&dest), options: 0x02, name, parameter };
                (Kind::RemoteAt(dest, name), REMOTE_TIMEOUT, Frame::RemoteAt(frame))
            }
            Request::Transmit { dest, data } => {
                let frame = Tx { id, dest, short: short(&dest), radius: 0, options: 0, data };
                (Kind::Transmission(dest), REMOTE_TIMEOUT, Frame::Tx(frame))
            }
            Request::Register(Registration { device, install_code, key }) => {
                let options = u8::from(install_code);
                let frame = RegisterDevice { id, device, reserved: NO_SHORT, options, key };
                (Kind::Registration(device), LOCAL_TIMEOUT, Frame::RegisterDevice(frame))
            }
            Request::Discover { window } => {
                let name = ND;
                let frame = Frame::At(AtCommand { id, name, parameter: Vec::new() });
                (Kind::Discovery { modules: 0 }, window, frame)
            }
        };
        self.in_flight.insert(id, InFlight { ticket, kind, deadline: now + timeout, timeout });
        frame
    }

    /// The next id that is not in flight. A change of framing (AP) needs one with which neither the request nor its
    /// answer has a byte to escape, so that both framings read it.
    fn free_id(&self, request: &Request) -> Option<u8> {
        let framing = matches!(request, Request::At { name, .. } if *name == AP);
        let same = |frame: Frame| {
            let data = frame.encode();
            wrap(&data, ApiMode::Plain) == wrap(&data, ApiMode::Escaped)
        };
        let reads_both_ways = |id: u8| match request {
            Request::At { name, parameter } => {
                let question = AtCommand { id, name: *name, parameter: parameter.clone() };
                let answer = |value: &[u8]| {
                    let value = value.to_vec();
                    same(Frame::AtResponse(AtResponse { id, name: *name, status: 0.into(), value }))
                };
                same(Frame::At(question)) && answer(&[]) && answer(&[1]) && answer(&[2])
            }
            _ => true,
        };
        (1..=u8::MAX)
            .map(|step| self.last_id.checked_add(step).unwrap_or_else(|| self.last_id.wrapping_add(step) + 1))
            .find(|id| !self.in_flight.contains_key(id) && (!framing || reads_both_ways(*id)))
    }

    /// Finds out what a frame is, and learns addresses and routes from it.
    pub fn hear(&mut self, frame: Frame) -> Incoming {
        self.learn(&frame);
        match frame {
            Frame::AtResponse(response) => self.at_response(response),
            Frame::RemoteAtResponse(response) => {
                let fits = |kind: &Kind| matches!(kind, Kind::RemoteAt(dest, name) if *name == response.name && *dest == response.source);
                match self.end(response.id, fits) {
                    Some(f) => Incoming::Answer(f.ticket, Answer::RemoteAt(response)),
                    None => self.unmatched(),
                }
            }
            Frame::TxStatus(status) => self.tx_status(status.id, status.delivery, Some(status.short)),
            Frame::RawTxStatus { id, status } => self.tx_status(id, status, None),
            Frame::RegisterStatus { id, status } => {
                match self.end(id, |kind| matches!(kind, Kind::Registration(_))) {
                    Some(InFlight { ticket, kind: Kind::Registration(device), .. }) => {
                        if status != RegisterStatus::Success {
                            self.limits.registration_over(device);
                        }
                        Incoming::Answer(ticket, Answer::Registered(status))
                    }
                    _ => self.unmatched(),
                }
            }
            frame => Incoming::Unasked(frame),
        }
    }

    fn at_response(&mut self, response: AtResponse) -> Incoming {
        if let Some(InFlight { ticket, kind: Kind::Discovery { modules }, .. }) =
            self.in_flight.get_mut(&response.id)
            && response.name == ND
        {
            let ticket = *ticket;
            if response.status == AtStatus::Ok && !response.value.is_empty() {
                let Some(node) = Node::parse(&response.value) else { return self.unmatched() };
                *modules += 1;
                remember(&mut self.shorts, node.eui64, node.short);
                return Incoming::Answer(ticket, Answer::Node(node));
            }
            // An empty answer ends a discovery; a refusal is passed on as it came.
            let modules = *modules;
            self.in_flight.remove(&response.id);
            let end = match response.status {
                AtStatus::Ok => Answer::Discovered { modules },
                _ => Answer::At(response),
            };
            return Incoming::Answer(ticket, end);
        }
        match self.end(response.id, |kind| matches!(kind, Kind::At(name) if *name == response.name)) {
            Some(f) => Incoming::Answer(f.ticket, Answer::At(response)),
            None => self.unmatched(),
        }
    }

    fn tx_status(&mut self, id: u8, delivery: DeliveryStatus, short: Option<u16>) -> Incoming {
        match self.end(id, |kind| matches!(kind, Kind::Transmission(_))) {
            Some(InFlight { ticket, kind: Kind::Transmission(dest), .. }) => {
                match short {
                    Some(short) if is_delivered(delivery) => remember(&mut self.shorts, dest, short),
                    _ if is_delivered(delivery) => {}
                    // The way or the address may have changed: find both anew.
                    _ => {
                        self.shorts.remove(&dest);
                        self.routes.forget(dest);
                    }
                }
                Incoming::Answer(ticket, Answer::Sent(delivery))
            }
            _ => self.unmatched(),
        }
    }

    fn end(&mut self, id: u8, fits: impl Fn(&Kind) -> bool) -> Option<InFlight> {
        if fits(&self.in_flight.get(&id)?.kind) { self.in_flight.remove(&id) } else { None }
    }

    fn unmatched(&mut self) -> Incoming {
        self.unmatched += 1;
        Incoming::Unmatched
    }

    fn learn(&mut self, frame: &Frame) {
        let (eui64, short) = match frame {
            Frame::Rx(f) => (f.source, f.short),
            Frame::ExplicitRx(f) => (f.source, f.short),
            Frame::IoSample(f) => (f.source, f.short),
            Frame::RemoteAtResponse(f) => (f.source, f.short),
            Frame::NodeIdentification(f) => (f.remote, f.remote_short),
            Frame::RouteRecord(f) => {
                self.routes.record(f);
                (f.source, f.short)
            }
            _ => return,
        };
        self.limits.registration_over(eui64);
        remember(&mut self.shorts, eui64, short);
    }

    /// The 16-bit address a radio was last heard with.
    #[must_use]
    pub fn short_of(&self, eui64: Eui64) -> Option<u16> {
        self.shorts.get(&eui64).copied()
    }

    /// When to call [`Modem::expire`] and [`Modem::poll`] next, if nothing is heard before.
    #[must_use]
    pub fn next_deadline(&self, now: Moment) -> Option<Moment> {
        let first = self.in_flight.values().map(|f| f.deadline).min();
        let next_broadcast = self.limits.next_broadcast().filter(|at| *at > now);
        let waiting = next_broadcast.filter(|_| self.air.iter().any(|(_, request)| request.is_broadcast()));
        [first, waiting].into_iter().flatten().min()
    }

    /// The requests whose time is over.
    pub fn expire(&mut self, now: Moment) -> Vec<(Ticket, Answer)> {
        let over: Vec<u8> =
            self.in_flight.iter().filter(|(_, f)| f.deadline <= now).map(|(id, _)| *id).collect();
        over.into_iter()
            .filter_map(|id| self.in_flight.remove(&id))
            .map(|f| match f.kind {
                // Some firmware sends no empty answer at the end.
                Kind::Discovery { modules } => (f.ticket, Answer::Discovered { modules }),
                Kind::Registration(device) => {
                    self.limits.registration_over(device);
                    (f.ticket, Answer::TimedOut(f.timeout))
                }
                _ => (f.ticket, Answer::TimedOut(f.timeout)),
            })
            .collect()
    }

    /// Another stick or another network: addresses and ways of the one before lead nowhere.
    pub fn forget_network(&mut self) {
        self.shorts.clear();
        self.routes.forget_all();
        self.limits.forget_registrations();
    }

    /// The line is gone: everything asked and not answered has failed.
    pub fn lose(&mut self) -> Vec<Ticket> {
        self.ahead = None;
        self.routes.stick_forgot();
        let mut lost: Vec<Ticket> =
            std::mem::take(&mut self.in_flight).into_values().map(|f| f.ticket).collect();
        lost.extend(self.local.drain(..).chain(self.air.drain(..)).map(|(ticket, _)| ticket));
        lost.sort_unstable();
        lost
    }

    /// Replies that matched no request, since this was last asked.
    pub fn take_unmatched(&mut self) -> u64 {
        std::mem::take(&mut self.unmatched)
    }
}

/// Whether a transmission counts as done: besides success, what was sent to ourselves, and a broadcast that only
/// lacks the end-to-end encryption that broadcasts cannot have.
#[must_use]
pub fn is_delivered(delivery: DeliveryStatus) -> bool {
    matches!(
        delivery,
        DeliveryStatus::Success | DeliveryStatus::SelfAddressed | DeliveryStatus::BroadcastWithAps
    )
}

fn remember(shorts: &mut HashMap<Eui64, u16>, eui64: Eui64, short: u16) {
    if short != NO_SHORT
        && eui64 != Eui64::UNKNOWN
        && (shorts.len() < MOST_SHORTS || shorts.contains_key(&eui64))
    {
        shorts.insert(eui64, short);
    }
}

#[cfg(test)]
mod tests;
