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
        AlarmKey::ResetUnconfirmed(..) | AlarmKey::DiskFilling | AlarmKey::CertificateEnding => {
            Severity::Minor
        }
        AlarmKey::BondLost(_) | AlarmKey::CertificateEnded => Severity::Major,
        AlarmKey::SensorBattery(_) | AlarmKey::SensorSilent(_) => Severity::Minor,
        AlarmKey::Alert(_, kind) => match kind {
            AlertKind::Hot | AlertKind::Cold | AlertKind::Shock | AlertKind::Detached => Severity::Major,
            AlertKind::Slow | AlertKind::Fast | AlertKind::Unknown(_) => Severity::Minor,
        },
        AlarmKey::MemoryLow => Severity::Major,
        AlarmKey::NotInitialised(_) | AlarmKey::ClockSet => Severity::Warning,
    }
}

/// Its kind, in a word for machines: add, never rename.
#[must_use]
pub const fn kind(key: &AlarmKey) -> &'static str {
    match key {
        AlarmKey::ForeignStick(_) => "foreign-stick",
        AlarmKey::LinkLost(_) => "link-lost",
        AlarmKey::StoreRefuses => "store-refuses",
        AlarmKey::ResetUnconfirmed(..) => "reset-unconfirmed",
        AlarmKey::NotInitialised(_) => "not-initialised",
        AlarmKey::StoreDamaged => "store-damaged",
        AlarmKey::Backup => "backup",
        AlarmKey::DiskLow => "disk-low",
        AlarmKey::DiskFilling => "disk-filling",
        AlarmKey::Alert(..) => "alert",
        AlarmKey::BondLost(_) => "bond-lost",
        AlarmKey::MemoryLow => "memory-low",
        AlarmKey::ClockSet => "clock-set",
        AlarmKey::CertificateEnding => "certificate-ending",
        AlarmKey::CertificateEnded => "certificate-ended",
        AlarmKey::SensorBattery(_) => "sensor-battery",
        AlarmKey::SensorSilent(_) => "sensor-silent",
    }
}

/// How grave, in a word for machines.
#[must_use]
pub const fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Warning => "warning",
        Severity::Minor => "minor",
        Severity::Major => "major",
        Severity::Critical => "critical",
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
        | AlarmKey::MemoryLow
        | AlarmKey::ClockSet
        | AlarmKey::CertificateEnding
        | AlarmKey::CertificateEnded
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
        AlarmKey::MemoryLow => (
            "memory".to_owned(),
            "The box's machine is short of memory. Counting goes on, but it may be slow, and the system may end \
             programs. Something else on this machine takes too much: end it, or give the machine more memory."
                .to_owned(),
        ),
        AlarmKey::ClockSet => (
            "clock".to_owned(),
            "The box's clock was set while it ran. No cycle is lost by that; times before it are as the clock was \
             then. If nobody set it, look after the machine's clock and its time server. It is told for a day."
                .to_owned(),
        ),
        AlarmKey::CertificateEnding => (
            "certificate".to_owned(),
            "The plant's certificate for this box ends before long; browsers will let nobody past their warning then. Bring \
             the next one under Settings, Certificate, or go back to the box's own."
                .to_owned(),
        ),
        AlarmKey::CertificateEnded => (
            "certificate".to_owned(),
            "The plant's certificate for this box has ended, and browsers warn of the box. Bring the next one under \
             Settings, Certificate, or go back to the box's own."
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
        kind: kind(&alarm.key).to_owned(),
        subject,
        mold: mold_of(&alarm.key, on),
        text,
        since: alarm.raised,
    }
}
