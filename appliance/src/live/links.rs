//! Links, modules and monitors as the radios page shows them.

use dashboard::port::{LinkCondition, LinkView, ModuleView, MonitorView};
use domain::{LinkName, MoldName, Timestamp};
use radio::event::{Family, LinkState, NetworkReport, Traffic};

use crate::plant::{ModuleRecord, MonitorRecord};

/// What is known of a link but its modules.
#[derive(Debug)]
pub(super) struct LinkFacts {
    view: LinkView,
    trouble: Option<String>,
    reason: Option<String>,
    /// Something happened that people wait for.
    urgent: bool,
    /// Something that changes all the time changed.
    touched: bool,
}

impl LinkFacts {
    pub(super) fn new(name: LinkName, path: String, now: Timestamp) -> Self {
        LinkFacts {
            view: LinkView {
                name,
                path,
                condition: LinkCondition::Absent,
                detail: None,
                since: now,
                eui64: None,
                family: None,
                firmware: None,
                pan: None,
                channel: None,
                encrypted: None,
                join_open_until: None,
                frames_good: 0,
                frames_damaged: 0,
                frames_unknown: 0,
                modules: Vec::new(),
            },
            trouble: None,
            reason: None,
            urgent: false,
            touched: false,
        }
    }

    pub(super) fn state(&mut self, state: &LinkState, at: Timestamp) {
        let (condition, reason) = match state {
            LinkState::Absent => (LinkCondition::Absent, None),
            LinkState::Probing => (LinkCondition::Probing, None),
            LinkState::Up => (LinkCondition::Up, None),
            LinkState::NoNetwork => (LinkCondition::NoNetwork, None),
            LinkState::Lost { reason } => (LinkCondition::Lost, Some(reason.clone())),
            LinkState::Foreign { expected, found, reason } => {
                // The person who accepts the stick must see which one it is.
                self.view.eui64 = Some(*found);
                (LinkCondition::Foreign, Some(format!("expected {expected}, found {found}: {reason}")))
            }
        };
        if self.view.condition != condition {
            self.view.condition = condition;
            self.view.since = at;
        }
        if condition != LinkCondition::Up {
            self.view.join_open_until = None;
        }
        self.reason = reason;
        self.urgent = true;
    }

    pub(super) fn network(&mut self, report: &NetworkReport) {
        let view = &mut self.view;
        view.eui64 = Some(report.eui64);
        view.family = Some(family(report.family).to_owned());
        view.firmware = Some(format!("{:04X}", report.firmware));
        view.pan = report.pan;
        view.channel = report.channel;
        view.encrypted = Some(report.encrypted);
        view.join_open_until = report.join_open_until;
        self.trouble.clone_from(&report.trouble);
        self.urgent = true;
    }

    pub(super) fn traffic(&mut self, traffic: Traffic) {
        let view = &mut self.view;
        view.frames_good = view.frames_good.saturating_add(traffic.good);
        view.frames_damaged = view.frames_damaged.saturating_add(traffic.damaged);
        view.frames_unknown = view.frames_unknown.saturating_add(traffic.unknown);
        self.touched = true;
    }

    pub(super) fn touched(&mut self) {
        self.touched = true;
    }

    /// Whether the screens are to be told now; asking tells.
    pub(super) fn is_due(&mut self, all: bool, now: Timestamp) -> bool {
        if self.view.join_open_until.is_some_and(|until| until <= now) {
            self.view.join_open_until = None;
            self.urgent = true;
        }
        let due = self.urgent || (all && self.touched);
        if due {
            self.urgent = false;
            self.touched = false;
        }
        due
    }

    /// As shown, without modules.
    pub(super) fn view(&self, now: Timestamp) -> LinkView {
        let mut view = self.view.clone();
        view.detail = self.reason.clone().or_else(|| self.trouble.clone());
        view.join_open_until = view.join_open_until.filter(|until| *until > now);
        view
    }
}

const fn family(family: Family) -> &'static str {
    match family {
        Family::Zigbee => "ZigBee",
        Family::DigiMesh => "DigiMesh",
        Family::Transparent => "transparent",
    }
}

pub(super) fn monitor_view(record: &MonitorRecord, mold: Option<&MoldName>) -> MonitorView {
    MonitorView {
        serial: record.serial.clone(),
        generation: record.generation,
        mold: record.mold.zip(mold.cloned()),
        last_heard: record.last_heard,
        battery: record.battery,
        temperature: record.temperature,
        unacknowledged: record.unacknowledged,
    }
}

pub(super) fn module_view(
    record: &ModuleRecord,
    press: Option<&str>,
    monitors: Vec<MonitorView>,
) -> ModuleView {
    ModuleView {
        eui64: record.eui64,
        name: record.name.clone(),
        press: record.press.zip(press.map(str::to_owned)),
        rssi_dbm: record.rssi_dbm,
        last_heard: Some(record.last_heard),
        monitors,
    }
}
