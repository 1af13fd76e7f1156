//! What sessions and adverts say, in the words that all radios share.

use std::time::Duration;

use domain::{Generation, MonitorSerial, Percent, Temperature, Timestamp};

use super::advert::{State, Status};
use super::open::{Alert, Identity, LinkStatus};
use crate::event::{AlertHeard, Shown, StatusHeard, Tethered};
use crate::open::{COUNTER, DeciCelsius, RecordError};

pub(super) fn tethered(identity: &Identity) -> Result<Tethered, RecordError> {
    let initialised = identity.initialised.as_ref();
    Ok(Tethered {
        serial: identity.serial.monitor(),
        generation: Generation::V4,
        module: None,
        initialisation: initialised.map(|it| it.record.initialisation()).transpose()?,
        count: initialised.map_or(0, |it| u64::from(it.count)),
        width: COUNTER,
        era: initialised.map(|it| it.era),
    })
}

pub(super) fn status(serial: MonitorSerial, status: &LinkStatus) -> StatusHeard {
    StatusHeard {
        serial,
        module: None,
        count: Some(u64::from(status.count)),
        width: COUNTER,
        era: Some(status.era),
        temperature: temperature(status.temperature),
        battery: Percent::new(status.battery),
        uptime: Some(Duration::from_secs(u64::from(status.uptime))),
        unacknowledged: Some(status.unacknowledged),
        asleep: status.state == State::Asleep,
    }
}

pub(super) fn shown(serial: MonitorSerial, status: &Status) -> Shown {
    Shown {
        serial,
        count: u64::from(status.count),
        cycling: status.state == State::Cycling,
        asleep: status.state == State::Asleep,
        detached: status.state == State::Detached,
        temperature: temperature(status.temperature),
        battery: status.battery(),
    }
}

pub(super) fn alert(serial: MonitorSerial, alert: &Alert, now: Timestamp) -> AlertHeard {
    let age = alert.moment.sent().as_millis().saturating_sub(alert.moment.happened().as_millis());
    AlertHeard {
        serial,
        era: alert.era,
        number: alert.number,
        happened: now.earlier_by(Duration::from_millis(age)),
        kind: alert.kind,
        begins: alert.begins,
        value: alert.value,
        limit: alert.limit,
    }
}

fn temperature(tenths: Option<DeciCelsius>) -> Option<Temperature> {
    tenths.map(DeciCelsius::temperature)
}
