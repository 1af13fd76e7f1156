//! Listening for adverts, kept as it is wanted: nobody is told when it fails, so it is tried until it is done.

use std::sync::Arc;
use std::time::Duration;

use domain::LinkName;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use super::shared::Shared;
use crate::v4::air::Failure;

/// How long to wait before it is tried again.
const AGAIN: Duration = Duration::from_secs(1);

/// Keeps an adapter's scan.
pub(super) struct Keeper(watch::Sender<bool>);

impl Keeper {
    pub(super) fn new(shared: Arc<Shared>, adapter: LinkName, stop: CancellationToken) -> Self {
        let (wanted, wants) = watch::channel(false);
        tokio::spawn(stop.run_until_cancelled_owned(keep(shared, adapter, wants)));
        Keeper(wanted)
    }

    pub(super) fn want(&self, on: bool) {
        self.0.send_replace(on);
    }
}

/// Which adapter, in which life of bluetoothd, on which connection: a scan is of all three.
type Held = (String, Option<String>, u64);

async fn keep(shared: Arc<Shared>, adapter: LinkName, mut wants: watch::Receiver<bool>) {
    let mut renewed = shared.renewed.subscribe();
    let mut searches = shared.searches.subscribe();
    let mut scans: Option<Held> = None;
    loop {
        let searched = searches.borrow_and_update().contains(&adapter);
        let on = *wants.borrow_and_update() || searched;
        let connection = *renewed.borrow_and_update();
        let there =
            shared.mirror(|mirror| Some((mirror.adapter(&adapter)?, mirror.owner().map(str::to_owned))));
        let now = there.map(|((path, address), owner)| (address, (path, owner, connection)));
        // What was begun in another life is over by itself.
        scans = scans.filter(|held| now.as_ref().is_some_and(|(_, now)| now == held));
        if let Some((address, now)) = &now
            && on != scans.is_some()
        {
            let gatt = shared.gatt.read().await.clone();
            let limit = shared.settings.limits.call;
            let done = tokio::time::timeout(limit, gatt.scan(*address, on)).await;
            match done.unwrap_or(Err(Failure::TimedOut)) {
                Ok(()) => scans = on.then(|| now.clone()),
                // It scans for us already, or the kernel still does for a bluetoothd that ended: bluetoothd says the same
                // of both, and then does not scan. Whichever it is, it is begun anew.
                Err(Failure::Busy) if on => {
                    let _ = tokio::time::timeout(limit, gatt.scan(*address, false)).await;
                    tokio::time::sleep(AGAIN).await;
                    continue;
                }
                // It scans no more: as wanted.
                Err(Failure::Other(text)) if !on && text.contains("No discovery started") => scans = None,
                Err(error) => {
                    tracing::warn!(%adapter, %error, "cannot {} scanning", if on { "begin" } else { "end" });
                    tokio::time::sleep(AGAIN).await;
                    continue;
                }
            }
        }
        let seen = now.map(|(_, now)| now);
        tokio::select! {
            changed = wants.changed() => if changed.is_err() { return },
            _ = renewed.changed() => {}
            _ = searches.changed() => {}
            () = shared.until(|mirror| {
                let there = mirror.adapter(&adapter).map(|(path, _)| (path, mirror.owner().map(str::to_owned)));
                (there != seen.as_ref().map(|(path, owner, _)| (path.clone(), owner.clone()))).then_some(())
            }) => {}
        }
    }
}
