//! Calls to bluetoothd, each with a time limit of ours: what libraries set is too long, or cannot be set.

use std::collections::HashMap;
use std::time::Duration;

use serde::Serialize;
use zbus::Connection;
use zbus::zvariant::{DynamicType, ObjectPath, OwnedObjectPath, OwnedValue, Value};

use super::failure;
use crate::v4::Address;
use crate::v4::air::Failure;

pub(super) const BLUEZ: &str = "org.bluez";
pub(super) const ADAPTER: &str = "org.bluez.Adapter1";
pub(super) const DEVICE: &str = "org.bluez.Device1";
const BUS: &str = "org.freedesktop.DBus";
const BUS_PATH: &str = "/org/freedesktop/DBus";
const MANAGER: &str = "org.bluez.AgentManager1";
const GATT: &str = "org.bluez.GattManager1";
const ADVERTISING: &str = "org.bluez.LEAdvertisingManager1";

/// Properties of an object's interface.
pub(super) type Properties = HashMap<String, OwnedValue>;
/// An object's interfaces.
pub(super) type Interfaces = HashMap<String, Properties>;

/// Our connection to the bus.
#[derive(Clone)]
pub(super) struct Calls {
    pub(super) bus: Connection,
    pub(super) limit: Duration,
}

impl Calls {
    async fn call<B>(
        &self,
        to: &str,
        path: &str,
        interface: &str,
        method: &str,
        body: &B,
    ) -> Result<zbus::Message, Failure>
    where
        B: Serialize + DynamicType,
    {
        let call = self.bus.call_method(Some(to), path, Some(interface), method, body);
        match tokio::time::timeout(self.limit, call).await {
            Ok(answer) => answer.map_err(|error| failure::of(&error)),
            Err(_) => Err(Failure::TimedOut),
        }
    }

    /// The same with another limit.
    pub(super) fn within(&self, limit: Duration) -> Self {
        Calls { bus: self.bus.clone(), limit }
    }

    /// Has the bus send us signals that fit a rule.
    pub(super) async fn listen(&self, rule: &str) -> Result<(), Failure> {
        self.call(BUS, BUS_PATH, BUS, "AddMatch", &rule).await.map(drop)
    }

    /// Who owns `org.bluez`; nobody when bluetoothd does not run.
    pub(super) async fn owner(&self) -> Option<String> {
        let answer = self.call(BUS, BUS_PATH, BUS, "GetNameOwner", &BLUEZ).await.ok()?;
        answer.body().deserialize().ok()
    }

    /// Makes our agent the one that is asked.
    pub(super) async fn register_agent(&self, path: &str, capability: &str) -> Result<(), Failure> {
        let agent = ObjectPath::try_from(path).map_err(|error| Failure::Other(error.to_string()))?;
        match self.call(BLUEZ, "/org/bluez", MANAGER, "RegisterAgent", &(&agent, capability)).await {
            // An earlier try got so far.
            Err(Failure::Other(text)) if text == "Already Exists" => {}
            other => drop(other?),
        }
        self.call(BLUEZ, "/org/bluez", MANAGER, "RequestDefaultAgent", &agent).await.map(drop)
    }

    /// Everything that bluetoothd knows.
    pub(super) async fn objects(&self) -> Result<HashMap<OwnedObjectPath, Interfaces>, Failure> {
        let answer =
            self.call(BLUEZ, "/", "org.freedesktop.DBus.ObjectManager", "GetManagedObjects", &()).await?;
        answer.body().deserialize().map_err(|error| Failure::Other(error.to_string()))
    }

    /// The path of the adapter with that address.
    pub(super) async fn adapter(&self, wanted: Address) -> Result<Option<String>, Failure> {
        let is = |interfaces: &Interfaces| {
            let address = interfaces.get(ADAPTER).and_then(|it| <&str>::try_from(it.get("Address")?).ok());
            address.and_then(|it| it.parse().ok()) == Some(wanted)
        };
        let objects = self.objects().await?;
        Ok(objects.into_iter().find(|(_, interfaces)| is(interfaces)).map(|(path, _)| path.to_string()))
    }

    /// Offers services of ours to whoever connects to an adapter.
    pub(super) async fn register_service(&self, adapter: &str, root: &str) -> Result<(), Failure> {
        let known = |text: &str| text.contains("Already Exists");
        match self.register(adapter, GATT, "RegisterApplication", root).await {
            // Before this bluetoothd knew us already.
            Err(Failure::Other(text)) if known(&text) => Ok(()),
            other => other,
        }
    }

    /// Has an adapter send an advert of ours.
    pub(super) async fn register_advert(&self, adapter: &str, advert: &str) -> Result<(), Failure> {
        self.register(adapter, ADVERTISING, "RegisterAdvertisement", advert).await
    }

    async fn register(
        &self,
        adapter: &str,
        interface: &str,
        method: &str,
        what: &str,
    ) -> Result<(), Failure> {
        let what = ObjectPath::try_from(what).map_err(|error| Failure::Other(error.to_string()))?;
        let options = HashMap::<&str, Value<'_>>::new();
        self.call(BLUEZ, adapter, interface, method, &(what, options)).await.map(drop)
    }

    /// No more of it.
    pub(super) async fn unregister_advert(&self, adapter: &str, advert: &str) -> Result<(), Failure> {
        let advert = ObjectPath::try_from(advert).map_err(|error| Failure::Other(error.to_string()))?;
        self.call(BLUEZ, adapter, ADVERTISING, "UnregisterAdvertisement", &advert).await.map(drop)
    }

    /// Tells bluetoothd that a property of an object of ours is another one now.
    pub(super) async fn changed(&self, path: &str, interface: &str, (name, value): (&str, Value<'_>)) {
        let body = (interface, HashMap::from([(name, value)]), Vec::<&str>::new());
        let properties = "org.freedesktop.DBus.Properties";
        let sent = self.bus.emit_signal(Some(BLUEZ), path, properties, "PropertiesChanged", &body).await;
        if let Err(error) = sent {
            tracing::warn!(%error, "tell the Bluetooth service something");
        }
    }

    /// A method of a device without arguments: Connect, Pair, CancelPairing, Disconnect.
    pub(super) async fn device(&self, path: &str, method: &str) -> Result<(), Failure> {
        self.call(BLUEZ, path, DEVICE, method, &()).await.map(drop)
    }

    /// Removes a device: its link, its bond, its object.
    pub(super) async fn remove(&self, adapter: &str, device: &str) -> Result<(), Failure> {
        let device = ObjectPath::try_from(device).map_err(|error| Failure::Other(error.to_string()))?;
        self.call(BLUEZ, adapter, ADAPTER, "RemoveDevice", &device).await.map(drop)
    }

    /// Sets a property that is a truth.
    pub(super) async fn set(&self, path: &str, interface: &str, name: &str, on: bool) -> Result<(), Failure> {
        let body = (interface, name, Value::from(on));
        self.call(BLUEZ, path, "org.freedesktop.DBus.Properties", "Set", &body).await.map(drop)
    }

    /// All properties of a device.
    pub(super) async fn properties(&self, path: &str) -> Result<Properties, Failure> {
        let answer = self.call(BLUEZ, path, "org.freedesktop.DBus.Properties", "GetAll", &DEVICE).await?;
        answer.body().deserialize().map_err(|error| Failure::Other(error.to_string()))
    }

    /// Match rules that the bus holds for all connections of this process; nothing where the bus does not tell.
    pub(super) async fn match_rules(&self) -> Option<usize> {
        let answer = self.call(BUS, BUS_PATH, BUS, "ListNames", &()).await.ok()?;
        let names: Vec<String> = answer.body().deserialize().ok()?;
        let mut rules = 0;
        let mut told = false;
        for name in names.iter().filter(|name| name.starts_with(':')) {
            let Ok(answer) = self.call(BUS, BUS_PATH, BUS, "GetConnectionUnixProcessID", name).await else {
                continue;
            };
            if answer.body().deserialize::<u32>().ok() != Some(std::process::id()) {
                continue;
            }
            let stats = "org.freedesktop.DBus.Debug.Stats";
            let Ok(answer) = self.call(BUS, BUS_PATH, stats, "GetConnectionStats", name).await else {
                continue;
            };
            let table: Properties = answer.body().deserialize().ok()?;
            let held = table.get("MatchRules").and_then(|it| u32::try_from(it).ok())?;
            rules += usize::try_from(held).ok()?;
            told = true;
        }
        told.then_some(rules)
    }
}
