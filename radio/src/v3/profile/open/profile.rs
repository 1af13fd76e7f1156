//! Messages as what was heard, and what the box wants as messages.

use std::collections::HashMap;
use std::time::Duration;

use domain::{Eui64, Generation, Percent, Timestamp};

use super::{Assembly, DeciCelsius, DecodeError, Message, Serial, Status, Tether, Tethering, VERSION};
use crate::command::Ask;
use crate::event::{Heard, StatusHeard, Tethered};
use crate::open::COUNTER;
use crate::v3::profile::{Outgoing, Payload, PayloadKind, PayloadProfile, ProfileError};

/// A repetition of a tether message that was on its way when the monitor was unplugged arrives within this time.
const STRAGGLER: Duration = Duration::from_secs(60);

/// Far more modules than a network holds; keeps made-up addresses from filling the memory.
const MOST_MODULES: usize = 4096;

/// The open protocol as a profile of a link.
#[derive(Default)]
pub struct OpenProfile {
    plugs: HashMap<Eui64, Plug>,
}

/// What is, or last was, wired to a module.
struct Plug {
    serial: Serial,
    number: u16,
    ended: Option<Timestamp>,
    record: Assembly,
}

impl OpenProfile {
    /// Knows no module yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    fn heard(
        &mut self,
        module: Eui64,
        message: &Message,
        now: Timestamp,
    ) -> Result<Vec<Heard>, ProfileError> {
        match message {
            Message::Tether(tether) => self.tethered(module, tether, now),
            Message::Cycles(cycles) => {
                Ok(vec![Heard::Cycles(cycles.stretch.heard(cycles.serial.monitor(), Some(module)))])
            }
            Message::Status(status) => Ok(vec![Heard::Status(status_heard(module, status))]),
            Message::Untether { serial, plug } => Ok(self.untethered(module, *serial, *plug, now)),
            Message::Refused { .. }
            | Message::Kept { .. }
            | Message::SendFrom { .. }
            | Message::Time { .. }
            | Message::Identify { .. }
            | Message::Show
            | Message::Initialise(_) => Err(ProfileError::WrongWay(message.name())),
        }
    }

    fn tethered(
        &mut self,
        module: Eui64,
        tether: &Tether,
        now: Timestamp,
    ) -> Result<Vec<Heard>, ProfileError> {
        let Tether { serial, plug: number, ref state } = *tether;
        let same = |plug: &&mut Plug| plug.serial == serial && plug.number == number;
        let plug = match self.plugs.get_mut(&module).filter(same) {
            Some(Plug { ended: Some(ended), .. }) if now.since(*ended) < STRAGGLER => return Ok(Vec::new()),
            Some(plug) => {
                plug.ended = None;
                plug
            }
            None => self.plugged(module, serial, number, None),
        };
        let (era, count, initialisation) = match state {
            Tethering::Uninitialised => (None, 0, None),
            Tethering::Initialised { era, count, part } => match plug.record.add(part) {
                Ok(Some(initialisation)) => (Some(*era), u64::from(*count), Some(initialisation)),
                Ok(None) => return Ok(Vec::new()),
                Err(error) => return Err(ProfileError::Record(error)),
            },
        };
        Ok(vec![Heard::Tethered(Tethered {
            serial: serial.monitor(),
            generation: Generation::V3,
            module: Some(module),
            initialisation,
            count,
            width: COUNTER,
            era,
        })])
    }

    fn untethered(&mut self, module: Eui64, serial: Serial, number: u16, now: Timestamp) -> Vec<Heard> {
        if self.plugs.get(&module).is_some_and(|plug| (plug.serial, plug.number) != (serial, number)) {
            // The end of an earlier tethering, overtaken by the next one.
            return Vec::new();
        }
        match self.plugs.get_mut(&module) {
            Some(plug) => plug.ended = Some(now),
            None => _ = self.plugged(module, serial, number, Some(now)),
        }
        vec![Heard::Untethered { serial: serial.monitor(), module }]
    }

    fn plugged(&mut self, module: Eui64, serial: Serial, number: u16, ended: Option<Timestamp>) -> &mut Plug {
        if self.plugs.len() >= MOST_MODULES && !self.plugs.contains_key(&module) {
            self.plugs.clear();
        }
        let plug = Plug { serial, number, ended, record: Assembly::default() };
        self.plugs.entry(module).insert_entry(plug).into_mut()
    }
}

impl PayloadProfile for OpenProfile {
    fn name(&self) -> &'static str {
        "open"
    }

    fn read(&mut self, payload: &Payload<'_>, now: Timestamp) -> Option<Result<Vec<Heard>, ProfileError>> {
        let PayloadKind::Bytes(bytes) = payload.kind else { return None };
        match Message::decode(bytes) {
            Ok(message) => Some(self.heard(payload.source, &message, now)),
            Err(error) if is_ours(bytes, &error) => Some(Err(ProfileError::Open(error))),
            Err(_) => None,
        }
    }

    fn write(&self, ask: &Ask, _now: Timestamp) -> Option<Outgoing> {
        let (module, message) = message_for(ask)?;
        Some(Outgoing { module, bytes: message.encode() })
    }
}

/// A good check makes any payload ours, whatever its version; without it, its first byte must at least claim to be.
fn is_ours(bytes: &[u8], error: &DecodeError) -> bool {
    match error {
        DecodeError::TooShort(_) | DecodeError::TooLong(_) => false,
        DecodeError::Check { .. } => bytes.first().is_some_and(|header| header >> 4 == VERSION),
        DecodeError::Version(_) | DecodeError::Kind(_) | DecodeError::Field(_) => true,
    }
}

fn message_for(ask: &Ask) -> Option<(Eui64, Message)> {
    match ask {
        Ask::Kept { module, serial, era, up_to } => {
            let (serial, era, up_to) = (Serial::of(serial)?, (*era)?, u32::try_from(*up_to).ok()?);
            Some(((*module)?, Message::Kept { serial, era, up_to }))
        }
        Ask::SendFrom { module, serial, era, after } => {
            let (serial, era, after) = (Serial::of(serial)?, (*era)?, u32::try_from(*after).ok()?);
            Some(((*module)?, Message::SendFrom { serial, era, after }))
        }
        Ask::SetTime { module, serial, now } => {
            Some(((*module)?, Message::Time { serial: Serial::of(serial)?, now: *now }))
        }
        Ask::Identify { module, serial } => {
            Some(((*module)?, Message::Identify { serial: Serial::of(serial)? }))
        }
        Ask::OpenJoin(_)
        | Ask::CloseJoin
        | Ask::Register { .. }
        | Ask::Discover
        | Ask::Form(_)
        | Ask::Adopt { .. }
        | Ask::AlertsKept { .. }
        | Ask::Initialise { .. }
        | Ask::Watch { .. }
        | Ask::Enrol(_)
        | Ask::CloseEnrolment { .. }
        | Ask::UseSensor(_)
        | Ask::ForgetSensor { .. } => None,
    }
}

fn status_heard(module: Eui64, status: &Status) -> StatusHeard {
    StatusHeard {
        serial: status.serial.monitor(),
        module: Some(module),
        count: Some(u64::from(status.count)),
        width: COUNTER,
        era: Some(status.era),
        temperature: status.temperature.map(DeciCelsius::temperature),
        battery: Percent::new(status.battery),
        uptime: Some(Duration::from_secs(u64::from(status.uptime))),
        unacknowledged: Some(status.unacknowledged),
        asleep: status.asleep,
    }
}
