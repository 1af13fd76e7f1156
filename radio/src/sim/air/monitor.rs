//! One simulated V4 monitor: it counts, remembers, seals its adverts, and answers over a link as the open protocol says.

use std::collections::BTreeMap;

use domain::{AlertKind, LinkName, MoldName, Thresholds, Timestamp};

use super::sealed::Past;
use super::watching::Watching;
use crate::open::{CycleTicks, DeciCelsius, Made, Record, StretchHead, Ticks};
use crate::v4::advert::{Company, Ours, Sealer, State, Status, Waiting};
use crate::v4::air::Strength;
use crate::v4::open::{
    Alert, AlertMoment, Characteristic, FromMonitor, Handover, Identity, Initialised, LinkStatus, Refusal,
    Serial, ToMonitor,
};
use crate::v4::{Address, Key};

/// What an ATT_MTU of 247 carries.
const MTU: usize = 247;
/// For tests alone: nobody's number (see `docs/protocol/open-v4.md`).
const NOBODY: Company = Company(0xFFFF);

/// See the file.
pub struct Monitor {
    serial: Serial,
    address: Address,
    /// What its label says; none for one without a label.
    passkey: Option<u32>,
    /// None as it comes from the factory.
    record: Option<Record>,
    era: u32,
    /// Cycles that the box has not kept, and the count before the first of them.
    memory: Vec<Made>,
    before: u32,
    last_end: Option<Ticks>,
    alerts: Vec<Alert>,
    alerts_kept: u32,
    watching: Watching,
    /// Strength of the bond by adapter. One that the monitor lost is not here, and may be there.
    bonds: BTreeMap<LinkName, Strength>,
    lost_bond: bool,
    sealer: Option<Sealer>,
    /// What was handed over, for the channel past repeaters.
    pub(super) key: Option<Key>,
    /// Whether it has that channel: an older one has not.
    pub speaks_sealed: bool,
    pub(super) past: Option<Past>,
    blinked: u32,
    started: Timestamp,
    link: Option<Link>,
}

/// What a link has asked for and had.
#[derive(Debug)]
struct Link {
    adapter: LinkName,
    alerts: bool,
    cycles: bool,
    /// The last alert, and the count up to which cycles, were sent on it.
    alerted: u32,
    sent: u32,
    /// A status is owed, after everything that waits.
    owes_status: bool,
}

impl Monitor {
    /// A new one, on its mold if it has a record, which has counted nothing.
    #[must_use]
    pub fn new(
        serial: Serial,
        address: Address,
        passkey: Option<u32>,
        record: Option<Record>,
        era: u32,
        now: Timestamp,
    ) -> Self {
        Monitor {
            serial,
            address,
            passkey,
            record,
            era,
            memory: Vec::new(),
            before: 0,
            last_end: None,
            alerts: Vec::new(),
            alerts_kept: 0,
            watching: Watching::default(),
            bonds: BTreeMap::new(),
            lost_bond: false,
            sealer: None,
            key: None,
            speaks_sealed: true,
            past: None,
            blinked: 0,
            started: now,
            link: None,
        }
    }

    /// Which it is.
    #[must_use]
    pub fn serial(&self) -> Serial {
        self.serial
    }

    /// Where it is reached.
    #[must_use]
    pub fn address(&self) -> Address {
        self.address
    }

    /// Its run of counting.
    #[must_use]
    pub fn era(&self) -> u32 {
        self.era
    }

    /// What it counts for.
    #[must_use]
    pub fn mold(&self) -> Option<MoldName> {
        self.record.as_ref()?.initialisation().ok().map(|record| record.mold)
    }

    /// What it counted.
    #[must_use]
    pub fn count(&self) -> u32 {
        self.before.wrapping_add(u32::try_from(self.memory.len()).unwrap_or(u32::MAX))
    }

    /// Cycles that it was not told to forget.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.memory.len()
    }

    /// The last alert, and the last one that it was told to forget.
    #[must_use]
    pub fn alerts(&self) -> (u32, u32) {
        (self.alerts.last().map_or(self.alerts_kept, |alert| alert.number), self.alerts_kept)
    }

    /// How often it was asked to blink.
    #[must_use]
    pub fn blinked(&self) -> u32 {
        self.blinked
    }

    /// The mold closed.
    pub fn make_cycle(&mut self, now: Timestamp, tenths: i16) {
        if self.record.is_none() {
            return;
        }
        let previous = self.last_end;
        let made = Made::new(previous, self.clock(now), DeciCelsius::new(tenths), previous.is_none());
        self.last_end = Some(made.end());
        self.memory.push(made);
        self.measure(now, AlertKind::Hot, tenths.into());
        self.measure(now, AlertKind::Cold, tenths.into());
        // Where there was no closing before there is no cycle time.
        if previous.is_some() {
            let ticks = i64::from(CycleTicks::from_cycle_time(made.cycle_time()).get());
            self.measure(now, AlertKind::Slow, ticks);
            self.measure(now, AlertKind::Fast, ticks);
        }
    }

    fn measure(&mut self, now: Timestamp, kind: AlertKind, value: i64) {
        if let Some((limit, begins)) = self.watching.measure(kind, value) {
            self.alert(now, kind, begins, (value, limit.at));
        }
    }

    /// The limits that it watches by itself.
    #[must_use]
    pub fn thresholds(&self) -> &Thresholds {
        self.watching.thresholds()
    }

    /// It became too hot.
    pub fn raise_alert(&mut self, now: Timestamp) {
        self.alert(now, AlertKind::Hot, true, (912, 850));
    }

    fn alert(&mut self, now: Timestamp, kind: AlertKind, begins: bool, (value, limit): (i64, i64)) {
        let clock = self.clock(now);
        let alert = Alert {
            era: self.era,
            number: self.alerts().0 + 1,
            moment: AlertMoment::new(clock, clock),
            count: self.count(),
            kind,
            begins,
            value,
            limit,
        };
        self.alerts.push(alert);
    }

    /// Its battery was changed, and it remembers no bond; what it counted it remembers.
    pub fn lose_bonds(&mut self) {
        self.bonds.clear();
        self.lost_bond = true;
    }

    /// The bond with an adapter.
    #[must_use]
    pub fn bond(&self, adapter: &LinkName) -> Option<Strength> {
        self.bonds.get(adapter).copied()
    }

    /// What it says to anyone now; nothing after its key's counters are used up.
    pub fn advert(&mut self) -> Option<Ours> {
        if self.bonds.is_empty() {
            return Some(Ours::Waiting(Waiting {
                serial: self.serial,
                initialised: self.record.is_some(),
                no_passkey: self.passkey.is_none(),
                lost_bond: self.lost_bond,
            }));
        }
        let mut status = Status::new(self.era, self.count(), State::Cycling);
        (status.temperature, status.battery) = (DeciCelsius::new(412), 87);
        status.alerts_wait = self.alerts().0 > self.alerts_kept;
        status.cycles_wait = !self.memory.is_empty();
        Some(Ours::Sealed(self.sealer.as_mut()?.seal(NOBODY, &status)?))
    }

    /// Bonds, if that passkey is the one on the label; how strong the bond is then.
    pub fn pair(&mut self, adapter: &LinkName, passkey: Option<u32>) -> Option<Strength> {
        let strength = match (self.passkey, passkey) {
            (Some(label), Some(typed)) if label == typed => Strength::Passkey,
            (Some(_), Some(_)) => return None,
            _ => Strength::JustWorks,
        };
        self.bonds.insert(adapter.clone(), strength);
        self.lost_bond = false;
        Some(strength)
    }

    /// The other side removed the bond: what it says here counts no more.
    pub fn unpair(&mut self, adapter: &LinkName) {
        self.bonds.remove(adapter);
    }

    /// A link is there, to an adapter or a repeater.
    pub fn link(&mut self, adapter: &LinkName) -> usize {
        self.link = Some(Link {
            adapter: adapter.clone(),
            alerts: false,
            cycles: false,
            alerted: self.alerts_kept,
            sent: self.before,
            owes_status: false,
        });
        MTU
    }

    /// The link is gone.
    pub fn unlink(&mut self) {
        self.link = None;
        self.past = None;
    }

    /// The adapter it has a link with.
    #[must_use]
    pub fn linked(&self) -> Option<&LinkName> {
        self.link.as_ref().map(|link| &link.adapter)
    }

    /// Somebody wants to be told.
    pub fn subscribe(&mut self, characteristic: Characteristic) {
        let Some(link) = &mut self.link else { return };
        match characteristic {
            Characteristic::Alerts => link.alerts = true,
            Characteristic::Cycles => (link.cycles, link.owes_status) = (true, true),
            _ => {}
        }
    }

    /// What it says to who reads a characteristic; none for one that cannot be read.
    #[must_use]
    pub fn read(&self, characteristic: Characteristic, now: Timestamp) -> Option<Vec<u8>> {
        let message = match characteristic {
            Characteristic::Identity => {
                let (era, count) = (self.era, self.count());
                let initialised = self.record.clone().map(|record| Initialised { era, count, record });
                FromMonitor::Identity(Identity { serial: self.serial, initialised })
            }
            Characteristic::Cycles => FromMonitor::Status(self.status(now)),
            Characteristic::Thresholds => FromMonitor::Thresholds(self.watching.thresholds().clone()),
            _ => return None,
        };
        Some(message.encode())
    }

    /// Takes what is written; the error it answers with when it does not.
    pub fn write(&mut self, characteristic: Characteristic, bytes: &[u8]) -> Result<(), Refusal> {
        if characteristic == Characteristic::Handover {
            let Handover { id, key } = Handover::decode(bytes).map_err(|_| Refusal::Message)?;
            let next = self.sealer.as_ref().map_or(1, Sealer::next_counter);
            self.sealer = Some(Sealer::new(key.clone(), id, next));
            self.key = Some(key);
            return Ok(());
        }
        match ToMonitor::decode(characteristic, bytes).map_err(|_| Refusal::Message)? {
            ToMonitor::Kept { era, up_to } if era == self.era => {
                let known = usize::try_from(up_to.wrapping_sub(self.before)).unwrap_or(usize::MAX);
                // More than there is, or less than is kept already, changes nothing.
                if known <= self.memory.len() {
                    self.memory.drain(..known);
                    self.before = up_to;
                }
            }
            ToMonitor::AlertsKept { era, up_to } if era == self.era && up_to <= self.alerts().0 => {
                self.alerts_kept = self.alerts_kept.max(up_to);
                self.alerts.retain(|alert| alert.number > up_to);
            }
            ToMonitor::SendFrom { era, after } if era == self.era => {
                if let Some(link) = &mut self.link {
                    link.sent = after.max(self.before);
                    link.owes_status = true;
                }
            }
            ToMonitor::Identify => self.blinked += 1,
            ToMonitor::Thresholds(thresholds) => self.watching.set(thresholds),
            ToMonitor::Initialise(_) if !self.memory.is_empty() => return Err(Refusal::Unacknowledged),
            ToMonitor::Initialise(record) => {
                self.record = Some(record);
                // Another number than any before; a real one draws it.
                self.era = self.era.wrapping_mul(0x9E37_79B1).wrapping_add(1);
                (self.before, self.last_end) = (0, None);
                self.alerts.clear();
                self.alerts_kept = 0;
            }
            _ => {}
        }
        Ok(())
    }

    /// The next thing it says by itself on its link: alerts, then cycles, then a status.
    pub fn speak(&mut self, now: Timestamp) -> Option<(Characteristic, Vec<u8>)> {
        self.speak_within(now, MTU)
    }

    /// The same, where packets carry so much.
    pub(super) fn speak_within(&mut self, now: Timestamp, mtu: usize) -> Option<(Characteristic, Vec<u8>)> {
        let (clock, count, before, era) = (self.clock(now), self.count(), self.before, self.era);
        let status = self.status(now);
        let link = self.link.as_mut()?;
        let say = |message: &FromMonitor| Some((message.characteristic(), message.encode()));
        if link.alerts
            && let Some(alert) = self.alerts.iter().find(|alert| alert.number > link.alerted)
        {
            link.alerted = alert.number;
            let moment = AlertMoment::new(clock, alert.moment.happened());
            return say(&FromMonitor::Alert(Alert { moment, ..*alert }));
        }
        if !link.cycles {
            return None;
        }
        link.sent =
            if link.sent.wrapping_sub(before) > count.wrapping_sub(before) { before } else { link.sent };
        let skipped = usize::try_from(link.sent.wrapping_sub(before)).unwrap_or(usize::MAX);
        let left = self.memory.get(skipped..).unwrap_or_default();
        let head = StretchHead { era, before: link.sent, sent: clock, from_memory: left.len() > 1 };
        if let Some(packed) = FromMonitor::pack(&head, left, mtu) {
            link.sent = packed.stretch.count();
            link.owes_status |= head.from_memory;
            return say(&FromMonitor::Cycles(packed.stretch));
        }
        std::mem::take(&mut link.owes_status).then_some(())?;
        say(&FromMonitor::Status(status))
    }

    fn status(&self, now: Timestamp) -> LinkStatus {
        let waiting = u32::try_from(self.memory.len()).unwrap_or(u32::MAX);
        LinkStatus {
            era: self.era,
            count: self.count(),
            state: State::Cycling,
            temperature: DeciCelsius::new(412),
            battery: 87,
            uptime: u32::try_from(now.since(self.started).as_secs()).unwrap_or(u32::MAX),
            stored: waiting,
            unacknowledged: waiting,
            alerts: self.alerts().0,
            next_advert: self.sealer.as_ref().map_or(0, Sealer::next_counter),
        }
    }

    fn clock(&self, now: Timestamp) -> Ticks {
        Ticks::from_millis(u64::try_from(now.since(self.started).as_millis()).unwrap_or(0))
    }
}
