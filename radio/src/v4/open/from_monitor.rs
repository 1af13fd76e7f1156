//! What a monitor says.

use domain::{Thresholds, Timestamp};

use crate::open::wire::Reader;
use crate::open::{FieldError, Made, PackedStretch, Stretch, StretchHead, Ticks};

use super::{
    Alert, Characteristic, Identity, LinkStatus, MAX_MESSAGE, MessageError, VERSION, begin, kind, thresholds,
};

/// One message of a monitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum FromMonitor {
    /// Who it is.
    Identity(Identity),
    /// Cycles, live or from memory.
    Cycles(Stretch),
    /// How it is.
    Status(LinkStatus),
    /// What it alerts of.
    Thresholds(Thresholds),
    /// Something to be told before everything else.
    Alert(Alert),
    /// Its clocks.
    Clock {
        /// The one that cycles are timed with.
        clock: Ticks,
        /// What it takes for the time of day; `None` if nobody told it since it started.
        time: Option<Timestamp>,
    },
}

/// The head before it.
const HEAD: usize = 1;

impl FromMonitor {
    /// Reads a message that is exactly these bytes and came on that characteristic.
    pub fn decode(characteristic: Characteristic, bytes: &[u8]) -> Result<Self, MessageError> {
        let (kind, mut reader) = begin(characteristic, bytes)?;
        let message = match (characteristic, kind) {
            (Characteristic::Identity, kind::IDENTITY) => FromMonitor::Identity(Identity::read(&mut reader)?),
            (Characteristic::Cycles, kind::CYCLES) => {
                FromMonitor::Cycles(Stretch::read(&mut reader, MAX_MESSAGE - HEAD)?)
            }
            (Characteristic::Cycles, kind::STATUS) => FromMonitor::Status(LinkStatus::read(&mut reader)?),
            (Characteristic::Thresholds, kind::THRESHOLDS) => {
                FromMonitor::Thresholds(thresholds::read(&mut reader)?)
            }
            (Characteristic::Alerts, kind::ALERT) => FromMonitor::Alert(Alert::read(&mut reader)?),
            (Characteristic::Time, kind::CLOCK) => read_clock(&mut reader)?,
            _ => return Err(MessageError::Kind { kind, characteristic: characteristic.name() }),
        };
        reader.end()?;
        Ok(message)
    }

    /// The one way to write it.
    #[must_use]
    pub fn encode(&self) -> Vec<u8> {
        let mut bytes = vec![VERSION << 4 | self.kind()];
        match self {
            FromMonitor::Identity(identity) => identity.write(&mut bytes),
            FromMonitor::Cycles(stretch) => stretch.write(&mut bytes),
            FromMonitor::Status(status) => status.write(&mut bytes),
            FromMonitor::Thresholds(all) => thresholds::write(all, &mut bytes),
            FromMonitor::Alert(alert) => alert.write(&mut bytes),
            FromMonitor::Clock { clock, time } => {
                bytes.extend(clock.get().to_be_bytes().iter().skip(3));
                bytes.push(u8::from(time.is_some()));
                bytes.extend(time.iter().flat_map(|time| time.as_millis().to_be_bytes()));
            }
        }
        bytes
    }

    /// Takes as many cycles from the front as fit a message on a link with that ATT_MTU; `None` when there is none to
    /// take.
    #[must_use]
    pub fn pack(head: &StretchHead, made: &[Made], mtu: usize) -> Option<PackedStretch> {
        // Three bytes of a packet are ATT's own (Core, volume 3, part F, 3.4.7.1).
        Stretch::pack(head, made, mtu.saturating_sub(3).min(MAX_MESSAGE).saturating_sub(HEAD))
    }

    /// Where it is said.
    #[must_use]
    pub const fn characteristic(&self) -> Characteristic {
        match self {
            FromMonitor::Identity(_) => Characteristic::Identity,
            FromMonitor::Cycles(_) | FromMonitor::Status(_) => Characteristic::Cycles,
            FromMonitor::Thresholds(_) => Characteristic::Thresholds,
            FromMonitor::Alert(_) => Characteristic::Alerts,
            FromMonitor::Clock { .. } => Characteristic::Time,
        }
    }

    /// Its name in logs and in the document.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            FromMonitor::Identity(_) => "identity",
            FromMonitor::Cycles(_) => "cycles",
            FromMonitor::Status(_) => "status",
            FromMonitor::Thresholds(_) => "thresholds",
            FromMonitor::Alert(_) => "alert",
            FromMonitor::Clock { .. } => "clock",
        }
    }

    const fn kind(&self) -> u8 {
        match self {
            FromMonitor::Identity(_) => kind::IDENTITY,
            FromMonitor::Cycles(_) => kind::CYCLES,
            FromMonitor::Status(_) => kind::STATUS,
            FromMonitor::Thresholds(_) => kind::THRESHOLDS,
            FromMonitor::Alert(_) => kind::ALERT,
            FromMonitor::Clock { .. } => kind::CLOCK,
        }
    }
}

fn read_clock(reader: &mut Reader<'_>) -> Result<FromMonitor, FieldError> {
    let clock = Ticks::new(reader.u40("clock")?);
    let time = match reader.u8("flags")? {
        0 => None,
        1 => Some(Timestamp::from_millis(reader.i64("time")?)),
        other => return Err(FieldError::Value { field: "flags", value: u64::from(other) }),
    };
    Ok(FromMonitor::Clock { clock, time })
}
