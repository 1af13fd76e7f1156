//! What the box says to a monitor.

use domain::{Thresholds, Timestamp};

use crate::open::Record;

use super::identity::{read_record, write_record};
use super::{Characteristic, MessageError, VERSION, begin, kind, thresholds};

/// One message of the box. The key of a monitor's adverts is not among them: it is a [`super::Handover`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ToMonitor {
    /// A new record: a new era begins.
    Initialise(Record),
    /// Blink, so that a person finds it.
    Identify,
    /// What it alerts of from now on.
    Thresholds(Thresholds),
    /// The box has all alerts up to this number on its disk.
    AlertsKept {
        /// Which run of counting; a monitor in another one ignores the message.
        era: u32,
        /// The alert's number.
        up_to: u32,
    },
    /// The box has everything up to this count on its disk.
    Kept {
        /// Which run of counting; a monitor in another one ignores the message.
        era: u32,
        /// The monitor's counter.
        up_to: u32,
    },
    /// Send the cycles after this count from memory, oldest first, and a status after them.
    SendFrom {
        /// Which run of counting; a monitor in another one ignores the message.
        era: u32,
        /// The monitor's counter; the first cycle wanted is the next.
        after: u32,
    },
    /// The time of day. The clock that cycles are timed with is not touched by it.
    Time(Timestamp),
}

impl ToMonitor {
    /// Reads a message that is exactly these bytes and was written to that characteristic.
    pub fn decode(characteristic: Characteristic, bytes: &[u8]) -> Result<Self, MessageError> {
        let (kind, mut reader) = begin(characteristic, bytes)?;
        let message = match (characteristic, kind) {
            (Characteristic::Identity, kind::INITIALISE) => ToMonitor::Initialise(read_record(&mut reader)?),
            (Characteristic::Identity, kind::IDENTIFY) => ToMonitor::Identify,
            (Characteristic::Thresholds, kind::THRESHOLDS) => {
                ToMonitor::Thresholds(thresholds::read(&mut reader)?)
            }
            (Characteristic::Alerts, kind::ALERTS_KEPT) => {
                ToMonitor::AlertsKept { era: reader.u32("era")?, up_to: reader.u32("number")? }
            }
            (Characteristic::Memory, kind::KEPT) => {
                ToMonitor::Kept { era: reader.u32("era")?, up_to: reader.u32("count")? }
            }
            (Characteristic::Memory, kind::SEND_FROM) => {
                ToMonitor::SendFrom { era: reader.u32("era")?, after: reader.u32("count")? }
            }
            (Characteristic::Time, kind::TIME) => {
                ToMonitor::Time(Timestamp::from_millis(reader.i64("time")?))
            }
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
            ToMonitor::Initialise(record) => write_record(&mut bytes, record),
            ToMonitor::Identify => {}
            ToMonitor::Thresholds(all) => thresholds::write(all, &mut bytes),
            ToMonitor::AlertsKept { era, up_to: number }
            | ToMonitor::Kept { era, up_to: number }
            | ToMonitor::SendFrom { era, after: number } => {
                bytes.extend(era.to_be_bytes());
                bytes.extend(number.to_be_bytes());
            }
            ToMonitor::Time(now) => bytes.extend(now.as_millis().to_be_bytes()),
        }
        bytes
    }

    /// Where it is written.
    #[must_use]
    pub const fn characteristic(&self) -> Characteristic {
        match self {
            ToMonitor::Initialise(_) | ToMonitor::Identify => Characteristic::Identity,
            ToMonitor::Thresholds(_) => Characteristic::Thresholds,
            ToMonitor::AlertsKept { .. } => Characteristic::Alerts,
            ToMonitor::Kept { .. } | ToMonitor::SendFrom { .. } => Characteristic::Memory,
            ToMonitor::Time(_) => Characteristic::Time,
        }
    }

    /// Its name in logs and in the document.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            ToMonitor::Initialise(_) => "initialise",
            ToMonitor::Identify => "identify",
            ToMonitor::Thresholds(_) => "thresholds",
            ToMonitor::AlertsKept { .. } => "alerts-kept",
            ToMonitor::Kept { .. } => "kept",
            ToMonitor::SendFrom { .. } => "send-from",
            ToMonitor::Time(_) => "time",
        }
    }

    const fn kind(&self) -> u8 {
        match self {
            ToMonitor::Initialise(_) => kind::INITIALISE,
            ToMonitor::Identify => kind::IDENTIFY,
            ToMonitor::Thresholds(_) => kind::THRESHOLDS,
            ToMonitor::AlertsKept { .. } => kind::ALERTS_KEPT,
            ToMonitor::Kept { .. } => kind::KEPT,
            ToMonitor::SendFrom { .. } => kind::SEND_FROM,
            ToMonitor::Time(_) => kind::TIME,
        }
    }
}
