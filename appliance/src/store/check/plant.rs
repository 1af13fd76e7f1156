//! Records of the plant, of people and settings.

use std::collections::{BTreeMap, BTreeSet};

use domain::{Mold, MoldId, MonitorSerial, Press};
use redb::{ReadTransaction, ReadableTable};

use super::{CheckReport, decode_all, each};
use crate::accounts::{Attempts, Invitation, Session, User};
use crate::plant::{
    AlarmRecord, AlertMark, Assignment, Gap, ModuleRecord, MonitorRecord, NetworkRecord, RawRecord,
    SensorRecord, StorageRecord, Watched,
};
use crate::store::accounts::PlantSettings;
use crate::store::audit::{TRAIL, TrailEnd};
use crate::store::error::{Damage, Fault, Undecodable};
use crate::store::row;
use crate::store::seal::SealingKey;
use crate::store::storage::STORAGE;
use crate::store::tables::{
    ALARMS_PAST, ALARMS_STANDING, ALERT_MARKS, ASSIGNMENTS, ATTEMPTS, CODES, MODULES, MOLDS, MONITORS,
    NETWORKS, PRESSES, RAW, SECRETS, SENSORS, SESSIONS, SETTINGS, USERS, WATCHED,
};

/// What counts and history are held against.
pub(super) struct Plant {
    /// Every mold.
    pub(super) molds: BTreeMap<MoldId, Mold>,
    /// The gaps that monitors may still fill, by mold.
    pub(super) missing: BTreeMap<MoldId, Vec<Gap>>,
}

/// Checks the records.
pub(super) fn check(
    txn: &ReadTransaction,
    seal: &SealingKey,
    report: &mut CheckReport,
) -> Result<Plant, Fault> {
    let mut molds = BTreeMap::new();
    let mut names = BTreeMap::new();
    for mold in decode_all::<_, Mold>(txn, MOLDS, "molds", report)? {
        report.molds = report.molds.saturating_add(1);
        if let Some(other) = names.insert(mold.name.clone(), mold.id) {
            report.find(
                format!("mold {}", mold.id),
                format!("has the same name as mold {other}: {}", mold.name),
            );
        }
        molds.insert(mold.id, mold);
    }
    decode_all::<_, Press>(txn, PRESSES, "presses", report)?;
    decode_all::<_, ModuleRecord>(txn, MODULES, "modules", report)?;
    decode_all::<_, NetworkRecord>(txn, NETWORKS, "networks", report)?;
    settings(txn, report)?;
    decode_all::<_, User>(txn, USERS, "users", report)?;
    decode_all::<_, Session>(txn, SESSIONS, "sessions", report)?;
    decode_all::<_, Invitation>(txn, CODES, "codes", report)?;
    decode_all::<_, Attempts>(txn, ATTEMPTS, "attempts", report)?;
    each::<_, RawRecord>(&txn.open_table(RAW)?, "raw", report, |_, _| {})?;
    alarms(txn, report)?;
    decode_all::<_, AlertMark>(txn, ALERT_MARKS, "alert_marks", report)?;
    decode_all::<_, Watched>(txn, WATCHED, "watched", report)?;
    for sensor in decode_all::<_, SensorRecord>(txn, SENSORS, "sensors", report)? {
        if !molds.contains_key(&sensor.mold) {
            report.find(
                format!("sensor {}", sensor.address),
                format!("counts for mold {}, which there is not", sensor.mold),
            );
        }
    }
    secrets(txn, seal, report)?;
    let monitors = decode_all::<_, MonitorRecord>(txn, MONITORS, "monitors", report)?;
    let mut missing: BTreeMap<MoldId, Vec<Gap>> = BTreeMap::new();
    for monitor in &monitors {
        if let Some(mold) = monitor.mold.filter(|mold| !molds.contains_key(mold)) {
            report.find(
                format!("monitor {}", monitor.serial),
                format!("is on mold {mold}, which there is not"),
            );
        }
        for device in monitor.device.iter().chain(&monitor.past) {
            let known = device.gaps.first().map_or(device.count, |gap| gap.after);
            if device.kept_up_to > known {
                report.find(
                    format!("monitor {}", monitor.serial),
                    format!("is told that {} are kept, and only {known} are", device.kept_up_to),
                );
            }
            missing.entry(device.mold).or_default().extend(&device.gaps);
            overlaps(
                &format!("monitor {}", monitor.serial),
                "reading",
                &device.gaps,
                |gap| gap.after,
                report,
            );
        }
    }
    for (mold, gaps) in &missing {
        overlaps(&format!("mold {mold}"), "cycle", gaps, |gap| gap.first_ordinal, report);
    }
    let known: BTreeSet<&MonitorSerial> = monitors.iter().map(|monitor| &monitor.serial).collect();
    assignments(txn, &molds, &known, report)?;
    Ok(Plant { molds, missing })
}

fn settings(txn: &ReadTransaction, report: &mut CheckReport) -> Result<(), Fault> {
    for item in txn.open_table(SETTINGS)?.iter()? {
        let (key, value) = item?;
        report.values = report.values.saturating_add(1);
        let read = match key.value() {
            STORAGE => row::decode::<StorageRecord>("settings", STORAGE, value.value()).map(drop),
            TRAIL => row::decode::<TrailEnd>("settings", TRAIL, value.value()).map(drop),
            other => row::decode::<PlantSettings>("settings", other, value.value()).map(drop),
        };
        if let Err(error) = read {
            report.undecodable(&error);
        }
    }
    Ok(())
}

fn alarms(txn: &ReadTransaction, report: &mut CheckReport) -> Result<(), Fault> {
    let mut standing = BTreeMap::new();
    for alarm in decode_all::<_, AlarmRecord>(txn, ALARMS_STANDING, "alarms_standing", report)? {
        if let Some(other) = standing.insert(alarm.key.clone(), alarm.id) {
            report.find(format!("alarm {}", alarm.id), format!("stands for the same thing as alarm {other}"));
        }
        if alarm.cleared.is_some() {
            report.find(format!("alarm {}", alarm.id), "stands although it was cleared");
        }
    }
    let past = txn.open_table(ALARMS_PAST)?;
    let mut open = Vec::new();
    each::<_, AlarmRecord>(&past, "alarms_past", report, |_, alarm| {
        if alarm.cleared.is_none() {
            open.push(alarm.id);
        }
    })?;
    for id in open {
        report.find(format!("alarm {id}"), "is past although it was never cleared");
    }
    Ok(())
}

fn secrets(txn: &ReadTransaction, seal: &SealingKey, report: &mut CheckReport) -> Result<(), Fault> {
    for item in txn.open_table(SECRETS)?.iter()? {
        let (key, value) = item?;
        report.values = report.values.saturating_add(1);
        let name = key.value();
        let undecodable = |why| Undecodable { table: "secrets", key: format!("{name:?}"), why };
        match row::body(value.value()) {
            Err(why) => report.undecodable(&undecodable(why)),
            Ok(body) if seal.open(name, body).is_none() => {
                report.undecodable(&undecodable(Damage::Bytes("it does not open with the key".to_owned())));
            }
            Ok(_) => {}
        }
    }
    Ok(())
}

/// Finds gaps that are empty or run into each other.
fn overlaps(place: &str, word: &str, gaps: &[Gap], begin: impl Fn(&Gap) -> u64, report: &mut CheckReport) {
    let mut sorted: Vec<&Gap> = gaps.iter().collect();
    sorted.sort_by_key(|gap| begin(gap));
    for (gap, next) in sorted.iter().zip(sorted.iter().skip(1)) {
        if begin(gap).checked_add(gap.cycles).is_none_or(|end| end > begin(next)) {
            let what = format!("the gap at {word} {} runs into the one at {}", begin(gap), begin(next));
            report.find(place, what);
        }
    }
    if let Some(gap) = gaps.iter().find(|gap| gap.cycles == 0) {
        report.find(place, format!("the gap at {word} {} is empty", begin(gap)));
    }
}

fn assignments(
    txn: &ReadTransaction,
    molds: &BTreeMap<MoldId, Mold>,
    monitors: &BTreeSet<&MonitorSerial>,
    report: &mut CheckReport,
) -> Result<(), Fault> {
    let mut by_mold: BTreeMap<MoldId, Vec<Assignment>> = BTreeMap::new();
    for assignment in decode_all::<_, Assignment>(txn, ASSIGNMENTS, "assignments", report)? {
        by_mold.entry(assignment.mold).or_default().push(assignment);
    }
    let mut lasting: BTreeMap<MonitorSerial, MoldId> = BTreeMap::new();
    for (mold, assignments) in by_mold {
        if !molds.contains_key(&mold) {
            report.find(format!("assignments of mold {mold}"), "there is no such mold");
        }
        let count = assignments.len();
        for (place, assignment) in assignments.into_iter().enumerate() {
            let here = format!("mold {mold}, assignment {}", assignment.number);
            if usize::try_from(assignment.number) != Ok(place) {
                report.find(here.clone(), format!("number {place} is missing"));
            }
            if !monitors.contains(&assignment.monitor) {
                report.find(here.clone(), format!("there is no monitor {}", assignment.monitor));
            }
            if assignment.until.is_none() {
                if place + 1 != count {
                    report.find(here.clone(), "lasts although another one follows");
                }
                if let Some(other) = lasting.insert(assignment.monitor.clone(), mold) {
                    report.find(here, format!("monitor {} is on mold {other} too", assignment.monitor));
                }
            }
        }
    }
    Ok(())
}
