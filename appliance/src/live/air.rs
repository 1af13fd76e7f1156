//! Bluetooth as the screens see it: what the radio reports of the air, and what is known of the monitors in it.

use std::collections::BTreeMap;

use dashboard::port::{AdapterView, AirView, BluetoothView, LinkCondition};
use domain::{LinkName, MoldName, MonitorSerial, Standing, Timestamp};
use radio::bluetooth::{AirReport, OnAir};
use radio::event::{LinkState, SensorHeard};

use super::sensors::Sensors;
use crate::plant::{MonitorRecord, SensorRecord};

/// The air as it was last reported.
#[derive(Debug)]
pub(super) struct Air {
    condition: LinkCondition,
    reason: Option<String>,
    /// Every adapter that was there since the start, and how it stands since when.
    adapters: BTreeMap<LinkName, (LinkCondition, Timestamp)>,
    report: AirReport,
    sensors: Sensors,
    /// Told at once, or with the next round.
    urgent: bool,
    touched: bool,
}

impl Air {
    pub(super) fn new() -> Self {
        Air {
            condition: LinkCondition::Absent,
            reason: None,
            adapters: BTreeMap::new(),
            report: AirReport::default(),
            sensors: Sensors::default(),
            urgent: false,
            touched: false,
        }
    }

    /// Bluetooth as a whole, or one of its adapters, is another way now.
    pub(super) fn state(&mut self, link: &LinkName, state: &LinkState, at: Timestamp) {
        let (condition, reason) = match state {
            LinkState::Up => (LinkCondition::Up, None),
            LinkState::Lost { reason } => (LinkCondition::Lost, Some(reason.clone())),
            _ => (LinkCondition::Absent, None),
        };
        self.urgent = true;
        if *link == LinkName::bluetooth() {
            (self.condition, self.reason) = (condition, reason);
            return;
        }
        let stands = self.adapters.entry(link.clone()).or_insert((condition, at));
        if stands.0 != condition {
            *stands = (condition, at);
        }
    }

    pub(super) fn report(&mut self, report: &AirReport) {
        // What a person waits for is told at once.
        let windows = |report: &AirReport| {
            let all = report.monitors.iter();
            all.map(|on| (on.serial.clone(), on.standing, on.window_until)).collect::<Vec<_>>()
        };
        self.urgent |= windows(report) != windows(&self.report);
        self.touched = true;
        self.report = report.clone();
    }

    /// A sensor said something.
    pub(super) fn sensor(&mut self, heard: &SensorHeard, at: Timestamp) {
        self.sensors.hear(heard, at);
        self.touched = true;
    }

    /// A sensor is used, or not any more.
    pub(super) fn use_sensor(&mut self, record: SensorRecord, mold: MoldName) {
        self.sensors.learn(record, mold);
        self.urgent = true;
    }

    /// Whether the screens are to be told now; asking tells.
    pub(super) fn is_due(&mut self, all: bool) -> bool {
        let due = self.urgent || (all && self.touched);
        if due {
            (self.urgent, self.touched) = (false, false);
        }
        due
    }

    pub(super) fn view(
        &self,
        records: &BTreeMap<MonitorSerial, (MonitorRecord, Option<MoldName>)>,
    ) -> BluetoothView {
        let adapter = |(name, (condition, since)): (&LinkName, &(LinkCondition, Timestamp))| {
            let there = self.report.adapters.iter().find(|there| there.name == *name);
            let number = |links: usize| u32::try_from(links).unwrap_or(u32::MAX);
            AdapterView {
                name: name.clone(),
                condition: *condition,
                since: *since,
                links: there.map_or(0, |there| number(there.links)),
                slots: there.map_or(0, |there| number(there.slots)),
            }
        };
        let mut monitors: Vec<AirView> =
            self.report.monitors.iter().map(|on| on_air(on, records.get(&on.serial))).collect();
        monitors.sort_by(|a, b| {
            (a.standing == Standing::Seen, &a.serial).cmp(&(b.standing == Standing::Seen, &b.serial))
        });
        BluetoothView {
            condition: self.condition,
            detail: self.reason.clone(),
            adapters: self.adapters.iter().map(adapter).collect(),
            monitors,
            sensors: self.sensors.view(),
        }
    }
}

fn on_air(on: &OnAir, record: Option<&(MonitorRecord, Option<MoldName>)>) -> AirView {
    let monitor = record.map(|(record, _)| record);
    AirView {
        serial: on.serial.clone(),
        standing: on.standing,
        mold: record.and_then(|(record, name)| record.mold.zip(name.clone())),
        strength: on.bonds.values().min().copied(),
        by: on.by.clone(),
        rssi_dbm: on.rssi_dbm,
        heard: on.heard,
        no_passkey: on.no_passkey,
        says_lost: on.says_lost,
        window_until: on.window_until,
        refused: on.refused.clone(),
        battery: monitor.and_then(|record| record.battery),
        temperature: monitor.and_then(|record| record.temperature),
        unacknowledged: monitor.and_then(|record| record.unacknowledged),
    }
}
