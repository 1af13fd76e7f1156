//! The hourly round of the box.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use domain::Timestamp;
use tokio_util::sync::CancellationToken;

use super::{plan, remember};
use crate::clock::Clock;
use crate::ingest::Handle;
use crate::live::Live;
use crate::plant::{AlarmKey, Retention, StorageDay, StorageRecord};
use crate::store::{Shed, Store};
use crate::telemetry::Chain;

const HOUR: Duration = Duration::from_secs(3_600);

/// Looks after the storage, at once and then every hour, until told to stop; what is under way then ends within a moment.
pub async fn run(
    retention: Retention,
    store: Store,
    clock: Arc<dyn Clock>,
    alarms: Handle,
    live: Arc<Live>,
    until: CancellationToken,
) {
    let mut upkeep = Upkeep { retention, store, until: until.clone(), retired_before: None };
    loop {
        let now = clock.now();
        let working = tokio::task::spawn_blocking(move || {
            let told = upkeep.round(now);
            (upkeep, told)
        });
        let told = match working.await {
            Ok((back, told)) => {
                upkeep = back;
                told
            }
            Err(panic) => {
                tracing::error!(why = %Chain(&panic), "looking after the storage broke down and is given up");
                return;
            }
        };
        live.storage_changed();
        for (key, why) in told
            .into_iter()
            .flat_map(|told| [(AlarmKey::DiskLow, told.low), (AlarmKey::DiskFilling, told.filling)])
        {
            if until.run_until_cancelled(alarms.alarm(key, why)).await.is_none() {
                return;
            }
        }
        if until.run_until_cancelled(tokio::time::sleep(HOUR)).await.is_none() {
            return;
        }
    }
}

struct Upkeep {
    retention: Retention,
    store: Store,
    until: CancellationToken,
    /// Up to when history was retired since the start: that moves once a day.
    retired_before: Option<Timestamp>,
}

/// What people are told; `None` for what is in order.
struct Told {
    low: Option<String>,
    filling: Option<String>,
}

impl Upkeep {
    fn round(&mut self, now: Timestamp) -> Option<Told> {
        let room = match self.store.room() {
            Ok(room) => room,
            Err(error) => {
                warn("the room on the disk cannot be measured", &error);
                return None;
            }
        };
        let today = now.utc_day();
        let before = self.store.storage().unwrap_or_else(|error| {
            warn("what was remembered of the storage cannot be read; it begins anew", &error);
            None
        });
        let mut record = StorageRecord {
            retention: self.retention,
            days: before.map(|record| record.days).unwrap_or_default(),
        };
        remember(&mut record.days, StorageDay { day: today, used: room.used, free: room.free });
        if let Err(error) = self.store.put_storage(&record) {
            warn("the room that is taken is not remembered", &error);
        }
        let plan = plan(&record, &room, today);
        if let Some(before) = plan.retire_before.filter(|before| self.retired_before < Some(*before)) {
            self.retire(before);
        }
        if let Some(age) = plan.raw_frames {
            self.shed(Shed::Older(age));
        }
        if let Some(why) = &plan.low {
            tracing::warn!(why, "too little room is left on the disk: the oldest raw payloads go");
            self.shed(Shed::Quarter);
        }
        Some(Told { low: plan.low, filling: plan.filling })
    }

    fn retire(&mut self, before: Timestamp) {
        match self.store.retire(before, || !self.until.is_cancelled()) {
            Ok(retired) => {
                self.retired_before = Some(before);
                if retired.chunks > 0 {
                    tracing::info!(retired.cycles, "history was retired; the sums of its days stay");
                }
            }
            Err(error) => warn("history could not be retired; it is tried again", &error),
        }
    }

    fn shed(&self, which: Shed) {
        match self.store.shed_raw(which, || !self.until.is_cancelled()) {
            Ok(0) => {}
            Ok(payloads) => tracing::info!(payloads, "raw payloads were dropped"),
            Err(error) => warn("raw payloads could not be dropped; it is tried again", &error),
        }
    }
}

fn warn(what: &str, why: &(dyn Error + 'static)) {
    tracing::warn!(why = %Chain(why), "{what}");
}
