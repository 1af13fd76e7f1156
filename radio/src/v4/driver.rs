//! Drives the Bluetooth side for ever: has adapters do what the conductor wants, passes what it hears to the box and what
//! the box asks to it, and begins anew when the system's Bluetooth service is gone.
//!
//! Only here are a clock and channels touched; who has a link when is decided in [`super::conductor`], what is said on it
//! in [`super::session`].

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use domain::{Initialisation, LinkName, MonitorSerial, Timestamp};
use rand::Rng;
use secrecy::ExposeSecret;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval, sleep_until};
use tokio_util::sync::CancellationToken;

use super::air::{Act, Fact, Way};
use super::bluez;
use super::conductor::{self, Conductor, Known, Out, Said};
use super::open::{Handover, Serial, ToMonitor};
use super::sensors::Ear;
use super::session::{EnrolmentWindow, Told};
use super::{Address, Key, heard};
use crate::Clock;
use crate::bluetooth::{AirReport, Bonded, Enrolment, SensorInUse};
use crate::chain::chain;
use crate::command::{Ask, CommandId, RadioCommand};
use crate::event::{CommandDone, CommandRefused, Heard, LinkState, RadioEvent, RawHeard, Sender};
use crate::open::Record;

/// Acts on their way to the adapters, facts on their way from them.
const WAITING: usize = 256;
/// So often it is looked what is due, and how the air is told.
const TICK: Duration = Duration::from_secs(1);
/// After the service was gone it is looked for again, first after so long, at last after ten times of it.
const AGAIN: Duration = Duration::from_secs(3);
/// An adapter that the box's bonds are with and that is not there so long after the start is missed.
const MISSED: Duration = Duration::from_secs(60);
/// No window is open for longer.
const LONGEST_WINDOW: Duration = Duration::from_secs(600);

/// What the Bluetooth side is to know.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Of the adapters.
    pub bluez: bluez::Settings,
    /// Of the links.
    pub visits: conductor::Settings,
}

/// What the box keeps of Bluetooth.
#[derive(Debug, Default)]
pub struct Kept {
    /// Its monitors.
    pub bonded: Vec<Bonded>,
    /// Sensors that count for molds.
    pub sensors: Vec<SensorInUse>,
}

/// Runs until `shutdown`. Every command that carries an id is answered,
/// also while there is no adapter.
pub async fn run(
    settings: Settings,
    kept: Kept,
    events: mpsc::Sender<RadioEvent>,
    mut commands: mpsc::Receiver<RadioCommand>,
    clock: Clock,
    shutdown: CancellationToken,
) {
    let now = clock();
    let Kept { bonded, sensors } = kept;
    let missed: BTreeSet<LinkName> =
        bonded.iter().flat_map(|it| it.ways.iter().map(|(adapter, ..)| adapter.clone())).collect();
    let conductor = Conductor::new(settings.visits, bonded.into_iter().filter_map(known), now);
    let mut driver = Driver {
        conductor,
        ear: Ear::new(sensors),
        events,
        clock,
        acts: None,
        records: BTreeMap::new(),
        told: AirReport::default(),
        missed: Some((missed, Instant::now() + MISSED)),
    };
    let mut pause = AGAIN;
    // Without anyone who hears it, or after the shutdown, there is nothing left to do.
    while let Ok(why) = driver.live(&settings.bluez, &mut commands, &shutdown, &mut pause).await {
        tracing::warn!(%why, "the system's Bluetooth service is out of reach");
        let lost = LinkState::Lost { reason: why };
        if driver.tell(LinkName::bluetooth(), Heard::Link(lost)).await.is_err()
            || driver.rest(pause, &mut commands, &shutdown).await.is_err()
        {
            return;
        }
        pause = (pause * 2).min(AGAIN * 10);
    }
}

/// It is to stop.
struct Stopped;

struct Driver {
    conductor: Conductor,
    ear: Ear,
    events: mpsc::Sender<RadioEvent>,
    clock: Clock,
    /// To the adapters, while there is a service.
    acts: Option<mpsc::Sender<Act>>,
    /// What monitors are to count for once they are enrolled.
    records: BTreeMap<Serial, Record>,
    /// How the air was when it was last told.
    told: AirReport,
    /// Adapters that have not come yet since the start, and when that is said.
    missed: Option<(BTreeSet<LinkName>, Instant)>,
}

impl Driver {
    /// From finding the service to losing it; answers why it is lost.
    async fn live(
        &mut self,
        settings: &bluez::Settings,
        commands: &mut mpsc::Receiver<RadioCommand>,
        shutdown: &CancellationToken,
        pause: &mut Duration,
    ) -> Result<String, Stopped> {
        let (acts, asked) = mpsc::channel(WAITING);
        let (tell, mut facts) = mpsc::channel(WAITING);
        let stop = shutdown.child_token();
        let _ends = stop.clone().drop_guard();
        let mut bluez = tokio::spawn(bluez::run(settings.clone(), asked, tell, stop.clone()));
        self.acts = Some(acts);
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let why = loop {
            tokio::select! {
                () = shutdown.cancelled() => {
                    // It lets go of adapters and bus in order.
                    let _ = bluez.await;
                    return Err(Stopped);
                }
                how = &mut bluez => break how.map_or_else(|panic| chain(&panic), |how| {
                    how.map_or_else(|error| chain(&error), |()| "it ended".to_owned())
                }),
                Some(fact) = facts.recv() => {
                    if matches!(fact, Fact::Came { .. }) {
                        *pause = AGAIN;
                    }
                    self.fact(fact).await?;
                }
                Some(command) = commands.recv() => self.command(command).await?,
                _ = ticks.tick() => self.tick().await?,
            }
        };
        self.acts = None;
        let there: Vec<LinkName> = self.conductor.adapters().cloned().collect();
        for adapter in there {
            self.fact(Fact::Went { adapter }).await?;
        }
        Ok(why)
    }

    /// Waits before the next attempt; what is asked meanwhile is answered.
    async fn rest(
        &mut self,
        pause: Duration,
        commands: &mut mpsc::Receiver<RadioCommand>,
        shutdown: &CancellationToken,
    ) -> Result<(), Stopped> {
        let until = Instant::now() + pause;
        let mut ticks = interval(TICK);
        loop {
            tokio::select! {
                () = shutdown.cancelled() => return Err(Stopped),
                () = sleep_until(until) => return Ok(()),
                Some(command) = commands.recv() => self.command(command).await?,
                _ = ticks.tick() => self.tick().await?,
            }
        }
    }

    async fn fact(&mut self, fact: Fact) -> Result<(), Stopped> {
        match &fact {
            Fact::Came { adapter, .. } => {
                if let Some((missed, _)) = &mut self.missed {
                    missed.remove(adapter);
                }
                self.tell(adapter.clone(), Heard::Link(LinkState::Up)).await?;
                self.tell(LinkName::bluetooth(), Heard::Link(LinkState::Up)).await?;
            }
            Fact::Went { adapter } => {
                self.tell(adapter.clone(), unplugged()).await?;
            }
            Fact::Sensor { way, rssi_dbm, what } => {
                let heard = self.ear.hear(way.address, *rssi_dbm, what, (self.clock)());
                return match heard {
                    Some(heard) => self.tell(way.adapter.clone(), Heard::Sensor(heard)).await,
                    None => Ok(()),
                };
            }
            _ => {}
        }
        let now = (self.clock)();
        let out = self.conductor.take(fact, now, &mut dice);
        self.carry_out(out).await
    }

    async fn tick(&mut self) -> Result<(), Stopped> {
        let now = (self.clock)();
        let out = self.conductor.tick(now, &mut dice);
        self.carry_out(out).await?;
        if let Some((missed, _)) = self.missed.take_if(|(_, when)| Instant::now() >= *when) {
            for adapter in missed {
                self.tell(adapter, unplugged()).await?;
            }
        }
        let report = self.conductor.report(now);
        if report != self.told {
            self.told = report.clone();
            self.tell(LinkName::bluetooth(), Heard::Air(report)).await?;
        }
        Ok(())
    }

    async fn command(&mut self, command: RadioCommand) -> Result<(), Stopped> {
        let RadioCommand { id, what } = command;
        let outcome = match self.ask(what) {
            Ok((out, done)) => {
                self.carry_out(out).await?;
                Ok(done)
            }
            Err(why) => Err(why),
        };
        self.done(id, outcome).await
    }

    async fn done(
        &mut self,
        id: Option<CommandId>,
        outcome: Result<CommandDone, CommandRefused>,
    ) -> Result<(), Stopped> {
        match id {
            Some(id) => self.tell(LinkName::bluetooth(), Heard::Done { id, outcome }).await,
            None => Ok(()),
        }
    }

    fn ask(&mut self, what: Ask) -> Result<(Out, CommandDone), CommandRefused> {
        let now = (self.clock)();
        match what {
            Ask::Enrol(enrolment) => self.enrol(enrolment, now),
            Ask::UseSensor(sensor) => {
                self.ear.attend(sensor);
                Ok((Out::default(), CommandDone::Sent))
            }
            Ask::ForgetSensor { address } => {
                self.ear.ignore(address);
                Ok((Out::default(), CommandDone::Sent))
            }
            Ask::CloseEnrolment { serial } => {
                let number = number(&serial)?;
                self.records.remove(&number);
                Ok((self.conductor.close(number, now, &mut dice), CommandDone::Sent))
            }
            Ask::Kept { serial, era, up_to, .. } => {
                let (era, up_to) = (era.unwrap_or(0), low_bits(up_to));
                self.say(&serial, ToMonitor::Kept { era, up_to }, now)
            }
            Ask::AlertsKept { serial, era, up_to } => {
                self.say(&serial, ToMonitor::AlertsKept { era, up_to }, now)
            }
            Ask::SendFrom { serial, era, after, .. } => {
                let (era, after) = (era.unwrap_or(0), low_bits(after));
                self.say(&serial, ToMonitor::SendFrom { era, after }, now)
            }
            Ask::SetTime { serial, now: time, .. } => self.say(&serial, ToMonitor::Time(time), now),
            Ask::Identify { serial, .. } => self.say(&serial, ToMonitor::Identify, now),
            Ask::Initialise { serial, record } => {
                let record = self::record(&record)?;
                self.say(&serial, ToMonitor::Initialise(record), now)
            }
            Ask::Watch { serial, thresholds } => self.say(&serial, ToMonitor::Thresholds(thresholds), now),
            Ask::OpenJoin(_)
            | Ask::CloseJoin
            | Ask::Register { .. }
            | Ask::Discover
            | Ask::Form(_)
            | Ask::Adopt { .. } => Err(CommandRefused::NotInFamily),
        }
    }

    fn enrol(&mut self, enrolment: Enrolment, now: Timestamp) -> Result<(Out, CommandDone), CommandRefused> {
        let Enrolment { serial, passkey, window, record } = enrolment;
        let number = number(&serial)?;
        let record = record.as_ref().map(self::record).transpose()?;
        self.records.remove(&number);
        self.records.extend(record.map(|record| (number, record)));
        let until = now.later_by(window.min(LONGEST_WINDOW));
        let handover = Handover { id: rand::rng().random(), key: Key::new(rand::rng().random()) };
        let window = EnrolmentWindow { passkey, until, handover };
        tracing::info!(monitor = %serial, "an enrolment window is open");
        let out = self.conductor.open(number, window, now, &mut dice);
        Ok((out, CommandDone::EnrolmentOpen(until)))
    }

    fn say(
        &mut self,
        serial: &MonitorSerial,
        message: ToMonitor,
        now: Timestamp,
    ) -> Result<(Out, CommandDone), CommandRefused> {
        let number = number(serial)?;
        let ours = self.conductor.session(number).is_some_and(|session| !session.is_stranger());
        if !ours {
            return Err(CommandRefused::NotEnrolled(serial.clone()));
        }
        Ok((self.conductor.say(number, message, now, &mut dice), CommandDone::Sent))
    }

    /// Does what comes of something, and what comes of that.
    async fn carry_out(&mut self, out: Out) -> Result<(), Stopped> {
        let mut outs = vec![out];
        while let Some(Out { acts, said }) = outs.pop() {
            for act in acts {
                // Without a service nothing is done, and its adapters are told to be gone.
                if let Some(to) = &self.acts {
                    let _ = to.send(act).await;
                }
            }
            for (serial, said) in said {
                let now = (self.clock)();
                if let Said::Told(Told::Enrolled { .. }) = &said
                    && let Some(record) = self.records.remove(&serial)
                {
                    outs.push(self.conductor.say(serial, ToMonitor::Initialise(record), now, &mut dice));
                }
                let link = self.link_of(serial);
                if let Some(what) = self.heard(serial, said, now) {
                    self.tell(link, what).await?;
                }
            }
        }
        Ok(())
    }

    /// The adapter that a monitor is heard by.
    fn link_of(&self, serial: Serial) -> LinkName {
        let session = self.conductor.session(serial);
        let way = session.and_then(|session| session.way());
        let way = way.or_else(|| self.conductor.choice(serial).map(|choice| &choice.way));
        way.map_or_else(LinkName::bluetooth, |way| way.adapter.clone())
    }

    /// What is told, in the words that all radios share; what is only for the log goes there.
    fn heard(&mut self, serial: Serial, said: Said, now: Timestamp) -> Option<Heard> {
        let monitor = serial.monitor();
        let told = match said {
            Said::Advert(status) => return Some(Heard::Shown(heard::shown(monitor, &status))),
            Said::Told(told) => told,
        };
        match told {
            Told::Identity(identity) => match heard::tethered(&identity) {
                Ok(tethered) => return Some(Heard::Tethered(tethered)),
                Err(error) => tracing::warn!(%monitor, error = %chain(&error), "its record cannot be read"),
            },
            Told::Cycles(stretch) => return Some(Heard::Cycles(stretch.heard(monitor, None))),
            Told::Status(status) => return Some(Heard::Status(heard::status(monitor, &status))),
            Told::Alert(alert) => return Some(Heard::Alert(heard::alert(monitor, &alert, now))),
            Told::Enrolled { way, strength } => {
                tracing::info!(%monitor, %way, %strength, "enrolled");
                return self.conductor.bonded(serial).map(Heard::Bonded);
            }
            Told::NotEnrolled(why) => {
                self.records.remove(&serial);
                tracing::warn!(%monitor, %why, "not enrolled");
            }
            Told::WeakBond { found, least } => {
                tracing::warn!(%monitor, %found, %least, "a bond was too weak and was removed");
            }
            Told::NeedsRepairing => return Some(Heard::BondLost { serial: monitor }),
            Told::Gone => tracing::info!(%monitor, "not heard any more"),
            Told::Back => tracing::info!(%monitor, "heard again"),
            Told::Refused { what, code } => tracing::warn!(%monitor, %what, code, "it refused"),
            Told::Thresholds(thresholds) => {
                return Some(Heard::Thresholds { serial: monitor, thresholds });
            }
            Told::Clock { clock, time } => tracing::debug!(%monitor, ?clock, ?time, "its clocks"),
            Told::LinkLost(why) => tracing::debug!(%monitor, %why, "link lost"),
            Told::Unreadable { characteristic, why, bytes } => {
                let why = format!("{}: {}", characteristic.name(), chain(&why));
                let session = self.conductor.session(serial)?;
                let from = Sender::Bluetooth(session.way()?.address.to_be_bytes());
                return Some(Heard::Raw(RawHeard { from, payload: bytes, read_as: Err(why) }));
            }
        }
        None
    }

    async fn tell(&mut self, link: LinkName, what: Heard) -> Result<(), Stopped> {
        let event = RadioEvent { link, heard_at: (self.clock)(), what };
        self.events.send(event).await.map_err(|_| Stopped)
    }
}

/// What the box keeps, for the conductor. A serial that is none of this protocol's is none of ours.
fn known(bonded: Bonded) -> Option<Known> {
    let ways = bonded.ways.into_iter();
    let ways = ways.map(|(adapter, address, strength)| {
        (Way { adapter, address: Address::from_be_bytes(address) }, strength)
    });
    Some(Known {
        serial: Serial::of(&bonded.serial)?,
        bonds: ways.collect(),
        id: bonded.id,
        key: Key::new(*bonded.key.expose_secret()),
        window: super::advert::Window::default(),
    })
}

fn unplugged() -> Heard {
    Heard::Link(LinkState::Lost { reason: "it is not plugged in".to_owned() })
}

fn number(serial: &MonitorSerial) -> Result<Serial, CommandRefused> {
    Serial::of(serial).ok_or_else(|| CommandRefused::NoSuchMonitor(serial.clone()))
}

fn record(initialisation: &Initialisation) -> Result<Record, CommandRefused> {
    Record::new(initialisation).map_err(|error| CommandRefused::Record(chain(&error)))
}

/// A reading as the monitor shows it: its counter has 32 bits.
fn low_bits(reading: u64) -> u32 {
    reading as u32
}

fn dice() -> u32 {
    rand::rng().random()
}
