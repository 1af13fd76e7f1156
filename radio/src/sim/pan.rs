//! One radio network: a stick, the modules behind it, and the air between.

use std::collections::BTreeMap;

use domain::Eui64;

use super::dice::Dice;
use super::faults::{Air, Odds};
use super::monitor::{Monitor, Now};
use super::press_module::PressModule;
use super::stick::{Asked, Stick};
use crate::event::Family;
use crate::usb::codec;
use crate::v3::frame::{AtStatus, DeliveryStatus, RemoteAtCommand};
use crate::v3::profile::open::Message;

/// Between two tries of a module to join, real ms.
const JOIN_EVERY_MS: u64 = 1_000;
/// Messages one module may send before the next has its turn.
const TURN: usize = 16;

/// Something that the air owes the stick.
#[derive(Debug)]
enum Later {
    Discovered { id: u8, module: Option<usize> },
}

/// A disturbance that lasts.
#[derive(Debug, Clone, Copy)]
struct Disturbance {
    until_ms: u64,
    odds: Odds,
}

/// One radio network.
pub struct Pan {
    letter: String,
    stick: Stick,
    modules: Vec<PressModule>,
    air: Air<(usize, Vec<u8>)>,
    dice: Dice,
    later: BTreeMap<(u64, u64), Later>,
    sequence: u64,
    disturbances: Vec<Disturbance>,
    join_at: u64,
    turn: usize,
    /// Stuffed messages of the box, where there are no frames.
    stuffed: codec::Decoder,
}

impl Pan {
    /// A network of this letter; its stick has no power yet.
    #[must_use]
    pub fn new(letter: &str, stick: Stick, modules: Vec<PressModule>, seed: u64) -> Self {
        let number = u64::from_be_bytes(stick.spec().eui64.to_be_bytes());
        Pan {
            letter: letter.to_owned(),
            stick,
            modules,
            air: Air::new(Dice::new(seed, "air", number)),
            dice: Dice::new(seed, "pan", number),
            later: BTreeMap::new(),
            sequence: 0,
            disturbances: Vec::new(),
            join_at: 0,
            turn: 0,
            stuffed: codec::Decoder::new(),
        }
    }

    /// Its letter: `a`, `b`, `c`.
    #[must_use]
    pub fn letter(&self) -> &str {
        &self.letter
    }

    /// Its stick.
    #[must_use]
    pub fn stick(&self) -> &Stick {
        &self.stick
    }

    /// Its stick, to be changed.
    pub fn stick_mut(&mut self) -> &mut Stick {
        &mut self.stick
    }

    /// Its modules.
    #[must_use]
    pub fn modules(&self) -> &[PressModule] {
        &self.modules
    }

    /// Its modules, to be changed.
    pub fn modules_mut(&mut self) -> &mut [PressModule] {
        &mut self.modules
    }

    /// All modules are in the network from the beginning.
    pub fn join_all(&mut self) {
        for module in &mut self.modules {
            let short = short_address(&mut self.dice);
            module.join(short);
        }
    }

    /// Damage of this kind until then.
    pub fn disturb(&mut self, odds: Odds, until_ms: u64) {
        self.disturbances.push(Disturbance { until_ms, odds });
    }

    /// The stick is plugged in.
    pub fn power_up(&mut self, monitors: &mut [Monitor], now: Now) {
        self.stick.power_up(now.real_ms);
        for module in &self.modules {
            if let Some(monitor) = module.monitor().and_then(|index| monitors.get_mut(index)) {
                monitor.lost_touch(now);
            }
        }
    }

    /// The stick is unplugged.
    pub fn power_down(&mut self) {
        self.stick.power_down();
        self.air.settle(drop);
        self.later.clear();
    }

    /// Bytes from the box.
    pub fn receive(&mut self, bytes: &[u8], monitors: &mut [Monitor], now: Now) {
        self.stick.receive(bytes, now.real_ms);
        self.serve(monitors, now);
    }

    /// Lets time pass.
    pub fn advance(&mut self, monitors: &mut [Monitor], now: Now) {
        self.disturbances.retain(|disturbance| disturbance.until_ms > now.real_ms);
        let odds = self.odds();
        self.stick.set_line_odds(odds);
        self.stick.advance(now.real_ms);
        self.serve(monitors, now);
        self.join(now);
        while let Some(entry) = self.later.first_entry().filter(|entry| entry.key().0 <= now.real_ms) {
            match entry.remove() {
                Later::Discovered { id, module } => {
                    let node = module.and_then(|index| self.modules.get(index)).map(PressModule::node);
                    self.stick.discovered(id, node.as_ref());
                }
            }
        }
        let Pan { air, stick, modules, .. } = self;
        if odds == Odds::default() {
            air.settle(|(index, bytes)| arrive(stick, modules, index, bytes));
        }
    }

    /// When time will next bring something about, real ms.
    #[must_use]
    pub fn next_at(&self, monitors: &[Monitor]) -> Option<u64> {
        if !self.stick.is_powered() {
            return None;
        }
        let joining = self.modules.iter().any(|module| !module.is_joined()).then_some(self.join_at);
        let modules = self.modules.iter().filter_map(|module| module.speaks_at(monitors)).min();
        let later = self.later.first_key_value().map(|((at, _), _)| *at);
        let disturbed = self.disturbances.iter().map(|disturbance| disturbance.until_ms).min();
        [self.stick.next_at(), joining, modules, later, disturbed].into_iter().flatten().min()
    }

    fn odds(&self) -> Odds {
        self.disturbances.iter().fold(Odds::default(), |all, Disturbance { odds, .. }| Odds {
            drop: all.drop.max(odds.drop),
            duplicate: all.duplicate.max(odds.duplicate),
            reorder: all.reorder.max(odds.reorder),
            corrupt: all.corrupt.max(odds.corrupt),
        })
    }

    /// Has the modules speak, in turns, until the stick has this many bytes for the box or nobody has anything to say.
    pub fn fill(&mut self, monitors: &mut [Monitor], now: Now, bytes: usize) {
        if !self.stick.is_powered() || self.stick.formed().is_none() {
            return;
        }
        let odds = self.odds();
        let collector = self.stick.is_collector();
        let Pan { stick, modules, air, turn, .. } = self;
        let mut quiet = 0;
        while stick.backlog() < bytes && quiet < modules.len() {
            *turn = (*turn + 1) % modules.len().max(1);
            quiet += 1;
            let index = *turn;
            for _ in 0..TURN {
                let Some(module) = modules.get_mut(index).filter(|module| module.is_heard(now)) else {
                    break;
                };
                let Some(message) = module.next_message(monitors, now) else { break };
                if collector && module.tells_route(now) {
                    stick.hear_route(module.sender(), module.hops.clone());
                }
                let bytes = match stick.spec().family {
                    Family::Transparent => codec::encode(&message),
                    Family::Zigbee | Family::DigiMesh => message.encode(),
                };
                air.send((index, bytes), &odds, |(index, bytes)| arrive(stick, modules, index, bytes));
                quiet = 0;
            }
        }
    }

    /// What the box asked of other radios.
    fn serve(&mut self, monitors: &mut [Monitor], now: Now) {
        for asked in self.stick.take_asked() {
            match asked {
                Asked::Send { id, dest, short, data } => self.transmit(id, dest, short, &data, monitors, now),
                Asked::Remote(command) => self.remote(&command, now),
                Asked::Discover { id, name, within_ms } => self.discover(id, name.as_deref(), within_ms, now),
                Asked::Resolve { id, name } => {
                    let found = self.modules.iter().find(|m| m.is_heard(now) && m.name().as_bytes() == name);
                    let sender = found.map(PressModule::sender);
                    self.stick.resolved(id, sender);
                }
                Asked::Dissolved => self.modules.iter_mut().for_each(PressModule::leave),
            }
        }
    }

    fn find(&self, dest: Eui64, short: u16) -> Option<usize> {
        self.modules.iter().position(|module| {
            module.eui64() == dest
                || (dest == Eui64::UNKNOWN && short != 0xFFFE && module.sender().short == short)
        })
    }

    fn transmit(&mut self, id: u8, dest: Eui64, short: u16, data: &[u8], monitors: &mut [Monitor], now: Now) {
        let odds = self.odds();
        if self.stick.spec().family == Family::Transparent {
            let messages = self.stuffed.push(data);
            for message in messages.into_iter().flatten() {
                self.broadcast(&message, monitors, now);
            }
            return;
        }
        let message = Message::decode(data).ok();
        if dest == Eui64::BROADCAST || (dest == Eui64::UNKNOWN && short >= 0xFFFC && short != 0xFFFE) {
            if let Some(message) = &message {
                self.broadcast(message, monitors, now);
            }
            return self.stick.sent(id, 0xFFFE, DeliveryStatus::Success);
        }
        let lost = self.dice.happens(odds.drop);
        let Some(module) = self.find(dest, short).and_then(|index| self.modules.get(index)) else {
            return self.stick.sent(id, 0xFFFE, DeliveryStatus::AddressNotFound);
        };
        let short = module.sender().short;
        if !module.is_heard(now) || lost {
            return self.stick.sent(id, short, DeliveryStatus::NetworkAckFailure);
        }
        if let Some(message) = &message {
            module.hear(message, monitors, now);
        }
        self.stick.sent(id, short, DeliveryStatus::Success);
    }

    fn broadcast(&mut self, message: &Message, monitors: &mut [Monitor], now: Now) {
        for module in self.modules.iter().filter(|module| module.is_heard(now)) {
            module.hear(message, monitors, now);
        }
    }

    fn remote(&mut self, command: &RemoteAtCommand, now: Now) {
        let RemoteAtCommand { id, dest, short, name, ref parameter, .. } = *command;
        if dest == Eui64::BROADCAST {
            let Pan { modules, stick, .. } = self;
            for module in modules.iter_mut().filter(|module| module.is_heard(now)) {
                let outcome = module.obey(name, parameter);
                stick.remote_answered(id, module.sender(), name, outcome);
            }
            return;
        }
        let found = self.find(dest, short).and_then(|index| self.modules.get_mut(index));
        let (sender, outcome) = match found {
            Some(module) if module.is_heard(now) => (module.sender(), module.obey(name, parameter)),
            _ => (super::stick::Sender { eui64: dest, short }, Err(AtStatus::TxFailure)),
        };
        self.stick.remote_answered(id, sender, name, outcome);
    }

    /// Modules answer at a moment of their own, so that they do not all speak at once.
    fn discover(&mut self, id: u8, name: Option<&[u8]>, within_ms: u64, now: Now) {
        for index in 0..self.modules.len() {
            let asked = self.modules.get(index).is_some_and(|module| {
                module.is_heard(now) && name.is_none_or(|name| module.name().as_bytes() == name)
            });
            if asked {
                let after = self.dice.whole(50, (within_ms * 3 / 4).max(50));
                self.owe(now.real_ms.saturating_add(after), Later::Discovered { id, module: Some(index) });
            }
        }
        self.owe(now.real_ms.saturating_add(within_ms), Later::Discovered { id, module: None });
    }

    fn owe(&mut self, at: u64, later: Later) {
        self.sequence += 1;
        self.later.insert((at, self.sequence), later);
    }

    fn join(&mut self, now: Now) {
        if now.real_ms < self.join_at || !self.stick.is_powered() {
            return;
        }
        self.join_at = now.real_ms.saturating_add(JOIN_EVERY_MS);
        let key = self.stick.link_key();
        // Where there is no coordinator, whoever has the network's id and key is in it.
        let free = self.stick.spec().family != Family::Zigbee;
        for index in 0..self.modules.len() {
            let Some(module) = self.modules.get_mut(index).filter(|module| !module.is_joined()) else {
                continue;
            };
            let credential = module.credential(key);
            let eui64 = module.eui64();
            if !free && !self.stick.admits(eui64, &credential) {
                continue;
            }
            let short = if free { 0xFFFE } else { short_address(&mut self.dice) };
            module.join(short);
            let node = module.node();
            self.stick.admitted(eui64);
            if !free {
                self.stick.hear_joined(&node);
            }
        }
    }
}

fn arrive(stick: &mut Stick, modules: &[PressModule], index: usize, bytes: Vec<u8>) {
    if let Some(module) = modules.get(index) {
        stick.hear(module.sender(), bytes);
    }
}

/// Not 0, the coordinator's, nor one of the reserved ones at the top.
fn short_address(dice: &mut Dice) -> u16 {
    u16::try_from(dice.whole(1, 0xFFF0)).unwrap_or(1)
}
