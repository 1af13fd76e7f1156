//! What is done with one monitor.

use std::time::Duration;

use zeroize::Zeroizing;

use super::bond;
use super::calls::DEVICE;
use super::paths;
use super::shared::Shared;
use crate::v4::Address;
use crate::v4::air::{Act, Doing, Fact, Failure, Passkey, Strength, Way};
use crate::v4::open::Characteristic;

/// How often bluetoothd is asked whether a link stands, should its signal have been missed.
const LOOK: Duration = Duration::from_secs(2);

/// How long a monitor is listened for that bluetoothd does not know, before it counts as not there.
const HEAR: Duration = Duration::from_secs(10);

/// Where a monitor is, looked up anew for each act: bluetoothd removes objects as it likes.
struct Target {
    adapter_path: String,
    adapter: Address,
    path: String,
}

fn find(shared: &Shared, way: &Way) -> Result<Target, Failure> {
    let (adapter_path, adapter) =
        shared.mirror(|mirror| mirror.adapter(&way.adapter)).ok_or(Failure::Vanished)?;
    let path = paths::device(&adapter_path, way.address);
    Ok(Target { adapter_path, adapter, path })
}

/// What an act does, for the fact that says it was not done.
pub(super) fn doing(act: &Act) -> Option<(Way, Doing)> {
    Some(match act {
        Act::Connect(way) => (way.clone(), Doing::Connect),
        Act::Pair { way, .. } => (way.clone(), Doing::Pair),
        Act::Subscribe(way, of) => (way.clone(), Doing::Subscribe(*of)),
        Act::Read(way, of) => (way.clone(), Doing::Read(*of)),
        Act::Write(way, of, _) => (way.clone(), Doing::Write(*of)),
        Act::Scan { .. } | Act::Disconnect(_) | Act::Forget(_) => return None,
    })
}

/// Does it, and tells how it ended.
pub(super) async fn carry_out(shared: &Shared, act: Act) {
    let doing = doing(&act);
    let limits = shared.settings.limits;
    let ended = match act {
        Act::Scan { .. } => return,
        Act::Connect(way) => connect(shared, way).await,
        // What waits for bluetoothd in there has its limit; the tidying after it must not be cut off.
        Act::Pair { way, passkey } => pair(shared, way, passkey).await,
        Act::Subscribe(way, of) => within(limits.gatt, subscribe(shared, way, of)).await,
        Act::Read(way, of) => within(limits.gatt, read(shared, way, of)).await,
        Act::Write(way, of, bytes) => within(limits.gatt, write(shared, way, of, bytes)).await,
        Act::Disconnect(way) => {
            disconnect(shared, &way).await;
            return;
        }
        Act::Forget(way) => {
            forget(shared, &way).await;
            return;
        }
    };
    match (ended, doing) {
        (Ok(Some(fact)), _) => shared.tell(fact),
        (Err(why), Some((way, what))) => {
            tracing::debug!(%way, %what, %why, "not done");
            shared.tell(Fact::Failed { way, what, why });
        }
        _ => {}
    }
}

async fn within<F>(limit: Duration, work: F) -> Result<Option<Fact>, Failure>
where
    F: Future<Output = Result<Option<Fact>, Failure>>,
{
    tokio::time::timeout(limit, work).await.unwrap_or(Err(Failure::TimedOut))
}

async fn connect(shared: &Shared, way: Way) -> Result<Option<Fact>, Failure> {
    let target = find(shared, &way)?;
    let made = within(shared.settings.limits.connect, link(shared, &way, &target)).await;
    if made.is_err() {
        shared.mirror(|mirror| mirror.give_up(&target.path));
    }
    let stands =
        || shared.mirror(|mirror| mirror.linked(&target.path)).is_some_and(|(connected, _)| connected);
    if let Err(why) = &made
        && (*why == Failure::TimedOut || stands())
    {
        // What was not told as a link must not come about later, nor stay: nobody would end it. This is waited for, lest
        // it end the next one.
        let _ = shared.calls.device(&target.path, "Disconnect").await;
    }
    made
}

async fn link(shared: &Shared, way: &Way, target: &Target) -> Result<Option<Fact>, Failure> {
    let whose = (target.adapter, way.address);
    shared.subscribed(whose, None);
    let heard = tokio::time::timeout(HEAR, shared.hear(&way.adapter, &target.path)).await;
    heard.map_err(|_| Failure::Vanished)?;
    shared.mirror(|mirror| mirror.begin_link(&target.path));
    shared.pairings.expect(&target.path);
    let limit = shared.settings.limits.connect;
    match shared.calls.within(limit).device(&target.path, "Connect").await {
        // The monitor's link came before we asked, or from before.
        Err(Failure::Other(text)) if text == "Already Connected" => {}
        other => other?,
    }
    loop {
        // The answer may be here before the signals that came ahead of it are read: even the device may be new.
        let wait = shared.until(|mirror| (mirror.linked(&target.path) == Some((true, true))).then_some(()));
        if tokio::time::timeout(LOOK, wait).await.is_ok() {
            break;
        }
        let properties = shared.calls.properties(&target.path).await?;
        shared.apply(|mirror| mirror.changed(&target.path, DEVICE, &properties));
        if shared.mirror(|mirror| mirror.linked(&target.path)).is_none_or(|(connected, _)| !connected) {
            return Err(Failure::Vanished);
        }
    }
    let mtu = shared.gatt.read().await.resolve(whose).await?;
    shared.tell_link(&target.path, way, usize::from(mtu))?;
    Ok(None)
}

async fn pair(shared: &Shared, way: Way, passkey: Option<Passkey>) -> Result<Option<Fact>, Failure> {
    let target = find(shared, &way)?;
    let wanted = if passkey.is_some() { Strength::Passkey } else { Strength::JustWorks };
    let door = shared.pairings.open(&target.path, passkey);
    if let Err(why) = shared.calls.within(shared.settings.limits.pair).device(&target.path, "Pair").await {
        if why == Failure::TimedOut {
            // Else it might still come about, with nobody to judge it; or it did just now.
            let _ = shared.calls.device(&target.path, "CancelPairing").await;
            let properties = shared.calls.properties(&target.path).await.unwrap_or_default();
            if properties.get("Bonded").is_some_and(|it| bool::try_from(it).unwrap_or(true)) {
                let _ = shared.calls.remove(&target.adapter_path, &target.path).await;
            }
        }
        return Err(why);
    }
    let answered = door.answered();
    drop(door);
    let stored = bond::stored(&shared.settings.bonds, target.adapter, way.address).await;
    let strength = bond::strength(answered, stored);
    if strength < wanted {
        tracing::warn!(%way, ?strength, "a bond that is weaker than was asked for");
    } else {
        // Spares bluetoothd asking the agent later on; what is weaker is to be removed and gets no trust.
        if let Err(why) = shared.calls.set(&target.path, DEVICE, "Trusted", true).await {
            tracing::warn!(%way, %why, "the bond stands, and is not trusted");
        }
        if let Err(error) = bond::keep(&shared.settings.bonds, target.adapter, way.address).await {
            tracing::warn!(%way, %error, "a power cut in the next moments may cost the bond");
        }
    }
    Ok(Some(Fact::Paired { way, strength }))
}

async fn subscribe(shared: &Shared, way: Way, of: Characteristic) -> Result<Option<Fact>, Failure> {
    let whose = (find(shared, &way)?.adapter, way.address);
    let gatt = shared.gatt.read().await;
    gatt.subscribe(whose, of.uuid()).await?;
    shared.subscribed(whose, Some(of));
    Ok(Some(Fact::Done { way, what: Doing::Subscribe(of) }))
}

async fn read(shared: &Shared, way: Way, of: Characteristic) -> Result<Option<Fact>, Failure> {
    let whose = (find(shared, &way)?.adapter, way.address);
    let bytes = shared.gatt.read().await.read(whose, of.uuid()).await?;
    Ok(Some(Fact::Value { way, characteristic: of, bytes }))
}

async fn write(
    shared: &Shared,
    way: Way,
    of: Characteristic,
    bytes: Zeroizing<Vec<u8>>,
) -> Result<Option<Fact>, Failure> {
    let whose = (find(shared, &way)?.adapter, way.address);
    shared.gatt.read().await.write(whose, of.uuid(), bytes).await?;
    Ok(Some(Fact::Done { way, what: Doing::Write(of) }))
}

/// Ends the link. That takes bluetoothd two seconds.
async fn disconnect(shared: &Shared, way: &Way) {
    let Ok(target) = find(shared, way) else {
        // The adapter is gone, and the end of its links was told with it; of one that was none it is told now.
        shared.tell(Fact::Disconnected { way: way.clone() });
        return;
    };
    let stood = shared.mirror(|mirror| mirror.is_told(&target.path));
    if let Err(why) = shared.calls.device(&target.path, "Disconnect").await {
        tracing::debug!(%way, %why, "disconnect");
    }
    // The answer may be here before the signal: the end of this link would be taken for the end of the next one.
    let over = shared
        .until(|mirror| mirror.linked(&target.path).is_none_or(|(connected, _)| !connected).then_some(()));
    let _ = tokio::time::timeout(LOOK, over).await;
    // Told once: by the signal, if it came already, else here.
    shared.mirror(|mirror| {
        if mirror.tell_end(&target.path) || !stood {
            shared.tell(Fact::Disconnected { way: way.clone() });
        }
    });
}

async fn forget(shared: &Shared, way: &Way) {
    let Ok(target) = find(shared, way) else { return };
    match shared.calls.remove(&target.adapter_path, &target.path).await {
        Ok(()) => {
            tracing::info!(%way, "the bond is removed");
            // The answer may be here before the signal: what is still in the picture is no device that one can connect to.
            let gone = shared.until(|mirror| mirror.linked(&target.path).is_none().then_some(()));
            let _ = tokio::time::timeout(LOOK, gone).await;
        }
        // It was not there: as wanted.
        Err(Failure::Vanished) => {}
        Err(why) => tracing::error!(%way, %why, "the bond is not removed"),
    }
}
