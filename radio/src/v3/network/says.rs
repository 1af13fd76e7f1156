//! What a stick says unasked.

use std::time::Duration;

use super::job::Job;
use super::{Network, Now, Phase};
use crate::v3::commands::NJ;
use crate::v3::frame::{Frame, ModemStatus};
use crate::v3::modem::node_text;

/// A conflict about the network's id is told once and over in a moment; people are to see it nevertheless.
const CONFLICT_STANDS: Duration = Duration::from_secs(600);

impl Network {
    pub(super) fn unasked(&mut self, now: Now, frame: Frame) {
        match frame {
            Frame::ModemStatus(status) | Frame::ExtendedModemStatus { status, .. } => {
                tracing::info!(code = status.code(), %status, "modem status");
                self.stick_says(now, status);
            }
            Frame::Rx(_)
            | Frame::ExplicitRx(_)
            | Frame::IoSample(_)
            | Frame::SensorRead(_)
            | Frame::RawIoSample(_) => self.payload(now, frame),
            Frame::NodeIdentification(node) => {
                let name = node_text(&node.name);
                self.module(now, node.remote, Some(node.remote_short), Some(name), None);
            }
            Frame::FrameError(code) => tracing::warn!(code, "the stick could not read a frame"),
            Frame::Unknown { kind, data } => tracing::debug!(kind, length = data.len(), "unknown frame type"),
            _ => {}
        }
    }

    fn stick_says(&mut self, now: Now, status: ModemStatus) {
        match status {
            // What was set and not saved is gone.
            ModemStatus::HardwareReset | ModemStatus::WatchdogReset => self.question(now),
            ModemStatus::CoordinatorStarted => {
                self.started = true;
                self.inspect_again();
            }
            ModemStatus::JoinWindowClosed => {
                self.join_until = None;
                // NJ keeps its value, and whatever is saved next would save it too.
                if self.phase == Phase::Trusted
                    && self.facts.number(NJ).is_some_and(|seconds| seconds != 0)
                    && !self.all_jobs().any(Job::sets_join_window)
                {
                    self.jobs.push_back(Job::close_join(None));
                }
                self.report();
            }
            ModemStatus::PanIdConflict
            | ModemStatus::CoordinatorChangedPanId
            | ModemStatus::RouterPanIdChanged => {
                self.conflict = Some((status, now.moment + CONFLICT_STANDS));
                self.report();
                self.inspect_again();
            }
            ModemStatus::Joined
            | ModemStatus::Disassociated
            | ModemStatus::JoinWindowOpened
            | ModemStatus::NetworkWatchdog => self.inspect_again(),
            _ => {}
        }
    }

    /// Something about the network changed: look again, once, when there is time.
    pub(super) fn inspect_again(&mut self) {
        let looked_at_anyway = self.all_jobs().any(Job::inspects);
        if let Some(family) = self.facts.family()
            && matches!(self.phase, Phase::Trusted | Phase::Foreign)
            && !looked_at_anyway
        {
            self.jobs.push_back(Job::inspect(family, self.has_network()));
        }
    }

    /// What is wrong with the network, for people.
    pub(super) fn trouble(&self) -> Option<String> {
        self.facts.trouble().or_else(|| self.conflict.map(|(status, _)| status.to_string()))
    }
}
