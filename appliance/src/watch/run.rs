//! Looks at the machine now and then.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::machine::memory;
use super::rules::{Clocks, low_memory};
use crate::clock::Clock;
use crate::ingest::Handle;
use crate::plant::AlarmKey;

/// Memory goes fast.
const ROUND: Duration = Duration::from_secs(10);

/// Watches memory and clock until told to stop.
pub async fn run(clock: Arc<dyn Clock>, alarms: Handle, until: CancellationToken) {
    let started = Instant::now();
    let mut clocks = Clocks::default();
    let (mut told_low, mut told_set) = (None, None);
    let mut first = true;
    loop {
        let low: Option<String> = memory().and_then(|memory| low_memory(&memory, told_low.is_some()));
        let stepped = clocks.look(clock.now(), started.elapsed());
        for (key, before, now) in
            [(AlarmKey::MemoryLow, &mut told_low, low), (AlarmKey::ClockSet, &mut told_set, stepped)]
        {
            // How much is left changes with every look: only that there is little, or enough again, is news.
            let news = match key {
                AlarmKey::MemoryLow => before.is_some() != now.is_some(),
                _ => *before != now,
            };
            *before = now.clone();
            // One may stand from before the box was started.
            if (news || first) && until.run_until_cancelled(alarms.alarm(key, now)).await.is_none() {
                return;
            }
        }
        first = false;
        if until.run_until_cancelled(tokio::time::sleep(ROUND)).await.is_none() {
            return;
        }
    }
}
