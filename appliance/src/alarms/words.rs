//! What people are told about an alarm: how grave it is, what is wrong, what to do.

use dashboard::port::{Severity, StandingAlarm};
use domain::{AlertKind, MoldId, MonitorSerial};

use crate::plant::{AlarmKey, AlarmRecord};

/// How the serials of sensors begin.
const SENSOR: &str = "BT-";

/// How grave it is.
#[must_use]
pub const fn severity(key: &AlarmKey) -> Severity {
    match key {
        AlarmKey::StoreRefuses | AlarmKey::StoreDamaged => Severity::Critical,
        AlarmKey::ForeignStick(_) | AlarmKey::LinkLost(_) | AlarmKey::Backup | AlarmKey::DiskLow => {
            Severity::Major
        }
        AlarmKey::ResetUnconfirmed(..) | AlarmKey::DiskFilling => Severity::Minor,
        AlarmKey::BondLost(_) => Severity::Major,
        AlarmKey::SensorBattery(_) | AlarmKey::SensorSilent(_) => Severity::Minor,
        AlarmKey::Alert(_, kind) => match kind {
            AlertKind::Hot | AlertKind::Cold | AlertKind::Shock | AlertKind::Detached => Severity::Major,
            AlertKind::Slow | AlertKind::Fast | AlertKind::Unknown(_) => Severity::Minor,
        },
        AlarmKey::NotInitialised(_) => Severity::Warning,
    }
}

/// The mold it is about, if it is one; `on` tells which one a monitor is on.
#[must_use]
pub fn mold_of(key: &AlarmKey, on: impl Fn(&MonitorSerial) -> Option<MoldId>) -> Option<MoldId> {
    match key {
        AlarmKey::Alert(serial, _)
        | AlarmKey::BondLost(serial)
        | AlarmKey::SensorBattery(serial)
        | AlarmKey::SensorSilent(serial) => on(serial),
        AlarmKey::ResetUnconfirmed(mold, _) => Some(*mold),
        AlarmKey::ForeignStick(_)
        | AlarmKey::LinkLost(_)
        | AlarmKey::StoreRefuses
        | AlarmKey::StoreDamaged
        | AlarmKey::Backup
        | AlarmKey::DiskLow
        | AlarmKey::DiskFilling
        | AlarmKey::NotInitialised(_) => None,
    }
}

/// The alarm for a screen; `name` tells what people call a mold, `on` which one a monitor is on.
pub fn tell(
    alarm: &AlarmRecord,
    name: impl Fn(MoldId) -> Option<String>,
    on: impl Fn(&MonitorSerial) -> Option<MoldId>,
) -> StandingAlarm {
    let (subject, text) = match &alarm.key {
        AlarmKey::ForeignStick(link) => (
            link.to_string(),
            "Another stick or network answers here than before. Nothing is written to it. Plug the former stick \
             back in, or accept this one on the radios page."
                .to_owned(),
        ),
        AlarmKey::LinkLost(link) if link.is_bluetooth() => (
            link.to_string(),
            "The Bluetooth adapter, or the system's Bluetooth service, is gone; the monitors keep their cycles until \
             it is back. Check that the adapter is plugged in."
                .to_owned(),
        ),
        AlarmKey::LinkLost(link) => (
            link.to_string(),
            "The stick is gone or silent; the monitors keep their cycles until it is back. Check that it is \
             plugged in."
                .to_owned(),
        ),
        AlarmKey::StoreRefuses => (
            "disk".to_owned(),
            "The disk takes no more data. Monitors are not told that their cycles are kept, so that nothing is \
             lost. Free space on the disk or replace it; the box goes on by itself."
                .to_owned(),
        ),
        AlarmKey::StoreDamaged => (
            "store".to_owned(),
            "What the box keeps is out of order, and it takes no more data. Monitors are not told that their cycles \
             are kept, so that nothing is lost. Free space does not help: run platen check on the box and call for \
             service."
                .to_owned(),
        ),
        AlarmKey::Backup => (
            "backup".to_owned(),
            "There is no new backup that was tested; counting goes on. Check that the disk or share for backups is \
             there and has room. The box tries again by itself."
                .to_owned(),
        ),
        AlarmKey::DiskLow => (
            "disk".to_owned(),
            "Little room is left on the disk. The oldest raw payloads are dropped; no cycle and no count is. Free \
             space on the disk or replace it by a larger one."
                .to_owned(),
        ),
        AlarmKey::DiskFilling => (
            "disk".to_owned(),
            "The disk will be full within a month if it goes on like this. Free space on it or replace it by a \
             larger one; platen storage tells what takes it."
                .to_owned(),
        ),
        AlarmKey::ResetUnconfirmed(mold, entry) => (
            name(*mold).unwrap_or_else(|| format!("mold {mold}")),
            format!(
                "The monitor's counter began anew (ledger entry {entry}). The count went on without a loss; check \
                 the monitor and confirm the reset on the mold's page."
            ),
        ),
        AlarmKey::Alert(serial, kind) if serial.as_str().starts_with(SENSOR) => {
            (serial.to_string(), format!("The sensor says: {kind}. It is over when it says so no more for a minute."))
        }
        AlarmKey::Alert(serial, kind) => {
            (serial.to_string(), format!("The monitor alerts: {kind}. It says when that is over."))
        }
        AlarmKey::BondLost(serial) => (
            serial.to_string(),
            "The monitor needs re-pairing: it does not know the box any more, as after a change of its battery. It \
             keeps its cycles. Hold its button, then enrol it again on the radios page."
                .to_owned(),
        ),
        AlarmKey::SensorBattery(serial) => (
            serial.to_string(),
            "The battery of this sensor is nearly empty. Change it; if the sensor is encrypted and is not read \
             afterwards, save it again on the radios page."
                .to_owned(),
        ),
        AlarmKey::SensorSilent(serial) => (
            serial.to_string(),
            "This sensor says nothing. Check its battery and that it is in reach of the box. What happens meanwhile \
             is not counted, unless it counts by itself."
                .to_owned(),
        ),
        AlarmKey::NotInitialised(serial) if serial.v4_number().is_some() => (
            serial.to_string(),
            "This monitor is bonded and was never initialised for a mold, so that nothing is counted. Enrol it again \
             on the radios page and name its mold."
                .to_owned(),
        ),
        AlarmKey::NotInitialised(serial) => (
            serial.to_string(),
            "This monitor is wired to a Press Module and was never initialised for a mold, so that nothing is \
             counted. Initialise it over USB."
                .to_owned(),
        ),
    };
    // What the driver of a port says is for the log.
    let unsaid = alarm.detail.is_empty() || matches!(alarm.key, AlarmKey::LinkLost(_));
    let text = if unsaid { text } else { format!("{text} ({})", alarm.detail) };
    StandingAlarm {
        id: alarm.id,
        severity: severity(&alarm.key),
        subject,
        mold: mold_of(&alarm.key, on),
        text,
        since: alarm.raised,
    }
}
