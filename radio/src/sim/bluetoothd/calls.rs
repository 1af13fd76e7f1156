//! Method calls, answered.

use zbus::message::Header;
use zbus::zvariant::{OwnedObjectPath, OwnedValue};
use zbus::{Connection, Message};

use super::offers::{ADVERTISING, GATT_MANAGER};
use super::tree::Properties;
use super::{ADAPTER, Agent, CHARACTERISTIC, DEVICE, Daemon, Peer, properties, value};

/// Why a call fails: the error's name and its text.
#[derive(Debug)]
pub struct Refusal(pub String, pub String);

impl Refusal {
    pub fn bluez(name: &str, text: &str) -> Self {
        Refusal(format!("org.bluez.Error.{name}"), text.to_owned())
    }

    pub fn unknown_object(path: &str, method: &str, interface: &str) -> Self {
        Refusal(
            "org.freedesktop.DBus.Error.UnknownObject".to_owned(),
            format!(
                "Method \"{method}\" with signature \"\" on interface \"{interface}\" doesn't exist\n on {path}"
            ),
        )
    }
}

/// What a call says.
pub struct Call<'a> {
    pub sender: String,
    pub path: String,
    pub interface: String,
    pub method: String,
    pub message: &'a Message,
}

/// What an answer holds.
pub enum Answer {
    Nothing,
    Text(String),
    Bytes(Vec<u8>),
    Value(OwnedValue),
    Properties(Properties),
    Objects(std::collections::HashMap<OwnedObjectPath, super::Interfaces>),
}

pub async fn answer<P: Peer>(daemon: Daemon<P>, bus: Connection, message: Message) {
    let header = message.header();
    let text = |of: Option<String>| of.unwrap_or_default();
    let call = Call {
        sender: text(header.sender().map(ToString::to_string)),
        path: text(header.path().map(ToString::to_string)),
        interface: text(header.interface().map(ToString::to_string)),
        method: text(header.member().map(ToString::to_string)),
        message: &message,
    };
    let short = call.interface.rsplit('.').next().unwrap_or_default();
    daemon.state().calls.push(format!("{short}.{}", call.method));
    daemon.tell();
    if [DEVICE, CHARACTERISTIC].contains(&call.interface.as_str()) {
        let slow = daemon.state().faults.slow;
        if let Some(slow) = slow {
            tokio::time::sleep(slow).await;
        }
    }
    let answer = dispatch(&daemon, &bus, &call).await;
    daemon.tell();
    // Who died meanwhile answers nobody.
    let _ = send(&bus, &header, answer).await;
}

async fn send(bus: &Connection, header: &Header<'_>, answer: Result<Answer, Refusal>) -> zbus::Result<()> {
    match answer {
        Ok(Answer::Nothing) => bus.reply(header, &()).await,
        Ok(Answer::Text(text)) => bus.reply(header, &text).await,
        Ok(Answer::Bytes(bytes)) => bus.reply(header, &bytes).await,
        Ok(Answer::Value(value)) => bus.reply(header, &(value,)).await,
        Ok(Answer::Properties(properties)) => bus.reply(header, &properties).await,
        Ok(Answer::Objects(objects)) => bus.reply(header, &objects).await,
        Err(Refusal(name, text)) => bus.reply_error(header, name.as_str(), &text).await,
    }
}

async fn dispatch<P: Peer>(daemon: &Daemon<P>, bus: &Connection, call: &Call<'_>) -> Result<Answer, Refusal> {
    let path = call.path.as_str();
    match (call.interface.as_str(), call.method.as_str()) {
        ("org.freedesktop.DBus.Introspectable", "Introspect") => {
            daemon.state().tree.introspect(path).map(Answer::Text).ok_or_else(|| missing(call))
        }
        ("org.freedesktop.DBus.ObjectManager", "GetManagedObjects") => {
            Ok(Answer::Objects(daemon.state().tree.managed()))
        }
        ("org.freedesktop.DBus.Properties", method) => property(daemon, call, method).await,
        ("org.bluez.AgentManager1", method) => agent_manager(daemon, call, method),
        (GATT_MANAGER | ADVERTISING, method) if daemon.state().tree.has(path) => {
            daemon.offer(bus, call, method).await
        }
        (ADAPTER, method) => adapter(daemon, call, method).await,
        (DEVICE, method) if daemon.state().tree.has(path) => daemon.device_call(bus, call, method).await,
        (CHARACTERISTIC, method) if daemon.state().tree.has(path) => {
            daemon.characteristic_call(call, method).await
        }
        _ => Err(missing(call)),
    }
}

/// What was sent with a call is not what belongs there.
pub fn arguments(why: zbus::Error) -> Refusal {
    Refusal("org.freedesktop.DBus.Error.InvalidArgs".to_owned(), why.to_string())
}

fn missing(call: &Call<'_>) -> Refusal {
    Refusal::unknown_object(&call.path, &call.method, &call.interface)
}

async fn property<P: Peer>(daemon: &Daemon<P>, call: &Call<'_>, method: &str) -> Result<Answer, Refusal> {
    let body = call.message.body();
    match method {
        "Get" => {
            let (interface, name): (String, String) = body.deserialize().map_err(arguments)?;
            let state = daemon.state();
            if !state.tree.has(&call.path) {
                return Err(missing(call));
            }
            state.tree.get(&call.path, &interface, &name).map(Answer::Value).ok_or_else(|| {
                Refusal(
                    "org.freedesktop.DBus.Error.InvalidArgs".to_owned(),
                    format!("No such property '{name}'"),
                )
            })
        }
        "GetAll" => {
            let interface: String = body.deserialize().map_err(arguments)?;
            let state = daemon.state();
            let interfaces = state.tree.interfaces(&call.path).ok_or_else(|| missing(call))?;
            Ok(Answer::Properties(interfaces.get(&interface).map(super::copy).unwrap_or_default()))
        }
        _ => {
            let (interface, name, new): (String, String, OwnedValue) =
                body.deserialize().map_err(arguments)?;
            if !daemon.state().tree.has(&call.path) {
                return Err(missing(call));
            }
            daemon.change(&call.path, &interface, properties([(name.as_str(), new)])).await;
            Ok(Answer::Nothing)
        }
    }
}

fn agent_manager<P: Peer>(daemon: &Daemon<P>, call: &Call<'_>, method: &str) -> Result<Answer, Refusal> {
    let body = call.message.body();
    let mut state = daemon.state();
    match method {
        "RegisterAgent" => {
            let (path, capability): (OwnedObjectPath, String) = body.deserialize().map_err(arguments)?;
            if state.agent.is_some() {
                return Err(Refusal::bluez("AlreadyExists", "Already Exists"));
            }
            state.agents += 1;
            state.agent = Some(Agent { owner: call.sender.clone(), path, capability, default: false });
        }
        "RequestDefaultAgent" => match state.agent.as_mut() {
            Some(agent) => agent.default = true,
            None => return Err(Refusal::bluez("DoesNotExist", "Does Not Exist")),
        },
        _ => state.agent = None,
    }
    Ok(Answer::Nothing)
}

async fn adapter<P: Peer>(daemon: &Daemon<P>, call: &Call<'_>, method: &str) -> Result<Answer, Refusal> {
    if !daemon.state().tree.has(&call.path) {
        return Err(missing(call));
    }
    let key = (call.sender.clone(), call.path.clone());
    match method {
        "SetDiscoveryFilter" => {
            let filter: Properties = call.message.body().deserialize().map_err(arguments)?;
            let duplicates =
                filter.get("DuplicateData").is_some_and(|it| bool::try_from(it).unwrap_or_default());
            let mut state = daemon.state();
            if duplicates {
                state.duplicates.insert(call.sender.clone());
            } else {
                state.duplicates.remove(&call.sender);
            }
        }
        "StartDiscovery" => {
            if !daemon.state().tree.is(&call.path, ADAPTER, "Powered") {
                return Err(Refusal::bluez("NotReady", "Resource Not Ready"));
            }
            if !daemon.state().scanners.insert(key) {
                return Err(Refusal::bluez("InProgress", "Operation already in progress"));
            }
            daemon.change(&call.path, ADAPTER, properties([("Discovering", value(true))])).await;
        }
        "StopDiscovery" => {
            if !daemon.state().scanners.remove(&key) {
                return Err(Refusal::bluez("Failed", "No discovery started"));
            }
            let scanned = daemon.state().scanners.iter().any(|(_, path)| *path == call.path);
            daemon.change(&call.path, ADAPTER, properties([("Discovering", value(scanned))])).await;
        }
        "RemoveDevice" => {
            let device: OwnedObjectPath = call.message.body().deserialize().map_err(arguments)?;
            if !daemon.state().tree.has(&device) {
                return Err(Refusal::bluez("DoesNotExist", "Does Not Exist"));
            }
            daemon.forget(&device).await;
        }
        _ => return Err(missing(call)),
    }
    Ok(Answer::Nothing)
}
