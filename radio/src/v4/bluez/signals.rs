//! Signals of bluetoothd and of the bus, and what is done when bluetoothd comes.

use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use zbus::message::Type;
use zbus::zvariant::OwnedObjectPath;
use zbus::{Message, MessageStream};

use super::agent;
use super::calls::{ADAPTER, DEVICE, Interfaces, Properties};
use super::mirror::News;
use super::shared::Shared;
use crate::v4::air::Failure;

/// How long to wait before bluetoothd is asked again for what it did not do.
const AGAIN: Duration = Duration::from_secs(1);

/// Listens, before anything is asked: a signal too many does no harm, one that is missed does.
pub(super) async fn listen(shared: Arc<Shared>) -> Result<MessageStream, Failure> {
    let stream = MessageStream::from(&shared.calls.bus);
    let properties = "type='signal',sender='org.bluez',interface='org.freedesktop.DBus.Properties'";
    for rule in [
        "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged',arg0='org.bluez'".to_owned(),
        "type='signal',sender='org.bluez',interface='org.freedesktop.DBus.ObjectManager'".to_owned(),
        format!("{properties},arg0='{DEVICE}'"),
        format!("{properties},arg0='{ADAPTER}'"),
    ] {
        shared.calls.listen(&rule).await?;
    }
    Ok(stream)
}

/// Hears signals until the bus is gone. It must ask nothing of the bus itself: answers come the same way.
pub(super) async fn hear(shared: Arc<Shared>, mut signals: MessageStream) {
    let first = shared.clone();
    tokio::spawn(async move {
        if let Some(owner) = first.calls.owner().await {
            owned_by(&first, Some(owner));
        }
    });
    while let Some(Ok(message)) = signals.next().await {
        if message.message_type() == Type::Signal
            && let Some(chores) = read(&shared, &message)
        {
            chores.into_iter().for_each(|chore| see_to(&shared, chore));
        }
    }
}

/// Nothing if the signal is not for us, or says something else than it should.
fn read(shared: &Arc<Shared>, message: &Message) -> Option<Vec<News>> {
    let header = message.header();
    let (member, sender) = (header.member()?.as_str(), header.sender()?.as_str());
    let body = message.body();
    if sender == "org.freedesktop.DBus" && member == "NameOwnerChanged" {
        let (name, _, owner): (String, String, String) = body.deserialize().ok()?;
        if name == "org.bluez" {
            owned_by(shared, Some(owner).filter(|it| !it.is_empty()));
        }
        return None;
    }
    if !shared.mirror(|mirror| mirror.owner() == Some(sender)) {
        return None;
    }
    match member {
        "InterfacesAdded" => {
            let (path, interfaces): (OwnedObjectPath, Interfaces) = body.deserialize().ok()?;
            Some(shared.apply(|mirror| mirror.added(&path, &interfaces)))
        }
        "InterfacesRemoved" => {
            let (path, interfaces): (OwnedObjectPath, Vec<String>) = body.deserialize().ok()?;
            Some(shared.apply(|mirror| mirror.removed(&path, &interfaces)))
        }
        "PropertiesChanged" => {
            let path = header.path()?.as_str();
            let (interface, changed, _): (String, Properties, Vec<String>) = body.deserialize().ok()?;
            Some(shared.apply(|mirror| mirror.changed(path, &interface, &changed)))
        }
        _ => None,
    }
}

/// bluetoothd came, went, or both at once.
fn owned_by(shared: &Arc<Shared>, owner: Option<String>) {
    if shared.mirror(|mirror| mirror.owner() == owner.as_deref()) {
        return;
    }
    tracing::info!(there = owner.is_some(), "the Bluetooth service");
    shared.pairings.owned_by(owner.clone());
    let chores = shared.apply(|mirror| mirror.owned_by(owner.clone()));
    chores.into_iter().for_each(|chore| see_to(shared, chore));
    if let Some(owner) = owner {
        tokio::spawn(welcome(shared.clone(), owner));
    }
}

/// The agent first, then what there is. Tried until it is done or bluetoothd is another one.
async fn welcome(shared: Arc<Shared>, owner: String) {
    let is_it = |shared: &Shared| shared.mirror(|mirror| mirror.owner() == Some(owner.as_str()));
    while is_it(&shared) && !shared.stop.is_cancelled() {
        let tried = async {
            shared.calls.register_agent(agent::PATH, agent::CAPABILITY).await?;
            shared.calls.objects().await
        };
        match tried.await {
            Ok(objects) if is_it(&shared) => {
                let objects = objects.into_iter().map(|(path, interfaces)| (path.to_string(), interfaces));
                let chores = shared.apply(|mirror| mirror.ready(objects));
                chores.into_iter().for_each(|chore| see_to(&shared, chore));
                return;
            }
            Ok(_) => return,
            Err(error) => {
                tracing::warn!(%error, "the Bluetooth service does not take our agent yet");
                tokio::time::sleep(AGAIN).await;
            }
        }
    }
}

fn see_to(shared: &Arc<Shared>, chore: News) {
    let shared = shared.clone();
    tokio::spawn(async move {
        match chore {
            News::Gone(adapter, monitor) => {
                shared.subscribed((adapter, monitor), None);
                shared.gatt.read().await.forget((adapter, monitor));
            }
            News::AllGone => shared.gatt.read().await.forget_all(),
            News::Off(adapter) => {
                if let Err(error) = shared.calls.set(&adapter, ADAPTER, "Powered", true).await {
                    tracing::warn!(adapter, %error, "cannot switch the adapter on");
                }
            }
            News::Leftover(device) => {
                if let Err(error) = shared.calls.device(&device, "Disconnect").await {
                    tracing::debug!(device, %error, "a link from before");
                }
            }
            News::Fact(fact) => shared.tell(fact),
        }
    });
}
