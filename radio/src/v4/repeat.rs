//! Runs a repeater for ever: joins its machine and an adapter, and begins anew when the system's Bluetooth service is gone.

use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{MissedTickBehavior, interval, sleep};
use tokio_util::sync::CancellationToken;

use super::bluez::{self, BluezError};
use super::repeater::{Heard, RepeaterNode};
use crate::Clock;
use crate::chain::chain;

/// What waits on its way to the adapter and back.
const WAITING: usize = 256;
/// So often another advert has its turn.
const TICK: Duration = Duration::from_millis(250);
/// After the service was gone it is looked for again, first after so long, at last after ten times of it.
const AGAIN: Duration = Duration::from_secs(3);

/// Runs until `shutdown`. It keeps nothing and needs nothing but an adapter.
pub async fn repeat(settings: bluez::Settings, clock: Clock, shutdown: CancellationToken) {
    let mut pause = AGAIN;
    while !shutdown.is_cancelled() {
        match live(&settings, &clock, &shutdown, &mut pause).await {
            Ok(()) => {}
            Err(error) => {
                tracing::warn!(error = %chain(&error), "the system's Bluetooth service is out of reach");
            }
        }
        let _ = shutdown.run_until_cancelled(sleep(pause)).await;
        pause = (pause * 2).min(AGAIN * 10);
    }
}

async fn live(
    settings: &bluez::Settings,
    clock: &Clock,
    shutdown: &CancellationToken,
    pause: &mut Duration,
) -> Result<(), BluezError> {
    let (wanted, asked) = mpsc::channel(WAITING);
    let (tell, mut heard) = mpsc::channel(WAITING);
    let mut driver = tokio::spawn(bluez::repeat(settings.clone(), asked, tell, shutdown.child_token()));
    let mut node = RepeaterNode::default();
    let mut ticks = interval(TICK);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let news = tokio::select! {
            ended = &mut driver => return ended.unwrap_or(Err(BluezError::Closed)),
            Some(news) = heard.recv() => news,
            _ = ticks.tick() => Heard::Tick,
        };
        let before = node.tunnels();
        let done = node.take(news, clock());
        if node.adapter().is_some() {
            *pause = AGAIN;
        }
        if node.tunnels() != before {
            tracing::info!(tunnels = node.tunnels(), "tunnels");
        }
        for act in done {
            // It takes everything as long as it runs; its end is told above.
            let _ = wanted.send(act).await;
        }
    }
}
