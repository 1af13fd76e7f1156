//! A stand-in for bluetoothd: it owns `org.bluez` on a bus of its own, has the objects that BlueZ 5.66 has, calls the agent
//! that registered, and goes wrong when told to. What it does follows BlueZ's documentation of `org.bluez.*` and what was
//! seen of the real one. So a box, its drivers and all, is tried on a machine without Bluetooth.

mod agents;
mod calls;
mod devices;
mod faults;
mod offers;
mod peer;
mod tree;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::StreamExt;
use tokio::sync::watch;
use zbus::message::Type;
use zbus::zvariant::OwnedObjectPath;
use zbus::{Connection, MessageStream, connection};

pub use faults::Faults;
pub use offers::{Advert, Offer};
pub use peer::{Characteristic, Pairing, Peer, SERVICES};
use tree::{Interfaces, Properties, copies, copy, object};
pub use tree::{Tree, properties, value};

use crate::v4::{Address, Uuid};

/// BlueZ's name of an adapter's interface.
pub const ADAPTER: &str = "org.bluez.Adapter1";
/// BlueZ's name of a device's interface.
pub const DEVICE: &str = "org.bluez.Device1";
/// BlueZ's name of a service's interface.
pub const SERVICE: &str = "org.bluez.GattService1";
/// BlueZ's name of a characteristic's interface.
pub const CHARACTERISTIC: &str = "org.bluez.GattCharacteristic1";

/// The agent that a program registered.
#[derive(Debug, Clone)]
pub struct Agent {
    /// Its name on the bus.
    pub owner: String,
    /// Where it is.
    pub path: OwnedObjectPath,
    /// What it can do, as `KeyboardDisplay`.
    pub capability: String,
    /// It is the one that is asked.
    pub default: bool,
}

/// What the daemon knows.
pub struct State<P> {
    /// Its objects.
    pub tree: Tree,
    /// Monitors in reach, by the path of their device.
    pub monitors: BTreeMap<String, P>,
    /// Who is asked for passkeys.
    pub agent: Option<Agent>,
    /// How often an agent was registered, over all restarts.
    pub agents: u32,
    /// What is to go wrong.
    pub faults: Faults,
    /// Who listens to which characteristic: client and path.
    pub listeners: BTreeSet<(String, String)>,
    /// Who scans on which adapter: client and path.
    pub scanners: BTreeSet<(String, String)>,
    /// Filters as they were set, by client.
    pub duplicates: BTreeSet<String>,
    /// Calls that came, `Device1.Connect`, in order.
    pub calls: Vec<String>,
    /// Clients of the GATT half.
    pub clients: BTreeSet<String>,
    /// What programs offer to guests, by adapter.
    pub offers: BTreeMap<String, Offer>,
    /// Adverts that adapters send.
    pub adverts: BTreeMap<String, Advert>,
}

impl<P> Default for State<P> {
    fn default() -> Self {
        State {
            tree: Tree::default(),
            monitors: BTreeMap::new(),
            agent: None,
            agents: 0,
            faults: Faults::default(),
            listeners: BTreeSet::new(),
            scanners: BTreeSet::new(),
            duplicates: BTreeSet::new(),
            calls: Vec::new(),
            clients: BTreeSet::new(),
            offers: BTreeMap::new(),
            adverts: BTreeMap::new(),
        }
    }
}

struct Inner<P> {
    address: String,
    keys: PathBuf,
    state: Mutex<State<P>>,
    bus: Mutex<Option<Connection>>,
    news: watch::Sender<u64>,
}

/// The daemon, and the hall around it.
pub struct Daemon<P>(Arc<Inner<P>>);

impl<P> Clone for Daemon<P> {
    fn clone(&self) -> Self {
        Daemon(Arc::clone(&self.0))
    }
}

impl<P: Peer> Daemon<P> {
    /// Not running yet. `address` is the bus's, `keys` is where it stores bonds, as `/var/lib/bluetooth`.
    #[must_use]
    pub fn new(address: &str, keys: &Path) -> Self {
        Daemon(Arc::new(Inner {
            address: address.to_owned(),
            keys: keys.to_owned(),
            state: Mutex::default(),
            bus: Mutex::default(),
            news: watch::Sender::new(0),
        }))
    }

    /// What it knows, to be looked at and to be changed.
    pub fn state(&self) -> MutexGuard<'_, State<P>> {
        self.0.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn bus(&self) -> Option<Connection> {
        self.0.bus.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Starts, with the objects it has by now.
    ///
    /// # Errors
    /// The bus is not there, or somebody has its name already.
    pub async fn start(&self) -> zbus::Result<()> {
        let bus = connection::Builder::address(self.0.address.as_str())?.build().await?;
        let mut calls = MessageStream::from(&bus);
        *self.0.bus.lock().unwrap_or_else(PoisonError::into_inner) = Some(bus.clone());
        let daemon = self.clone();
        let connection = bus.clone();
        tokio::spawn(async move {
            while let Some(Ok(message)) = calls.next().await {
                if message.message_type() == Type::MethodCall {
                    tokio::spawn(calls::answer(daemon.clone(), connection.clone(), message));
                } else if message.message_type() == Type::Signal {
                    let changed = message.header().member().is_some_and(|it| it == "PropertiesChanged");
                    if changed { daemon.offered(&message) } else { daemon.client_left(&message) }
                }
            }
        });
        let rule = "type='signal',sender='org.freedesktop.DBus',member='NameOwnerChanged'";
        bus.call_method(
            Some("org.freedesktop.DBus"),
            "/org/freedesktop/DBus",
            Some("org.freedesktop.DBus"),
            "AddMatch",
            &rule,
        )
        .await?;
        bus.request_name("org.bluez").await
    }

    /// A client that goes takes what it asked for along.
    fn client_left(&self, message: &zbus::Message) {
        let Ok((name, _, new)) = message.body().deserialize::<(String, String, String)>() else { return };
        if new.is_empty() {
            let mut state = self.state();
            state.listeners.retain(|(client, _)| *client != name);
            state.scanners.retain(|(client, _)| *client != name);
            state.clients.remove(&name);
            state.offers.retain(|_, offer| offer.owner != name);
            state.adverts.retain(|_, advert| advert.owner() != name);
            drop(state);
            self.tell();
        }
    }

    /// Dies: the name and all objects go at once, links end, and what is on the disk stays.
    pub async fn die(&self) {
        let bus = self.0.bus.lock().unwrap_or_else(PoisonError::into_inner).take();
        {
            let mut state = self.state();
            let adapters: Vec<(String, Interfaces)> = state
                .tree
                .paths()
                .filter(|path| path.matches('/').count() == 3)
                .map(|path| (path.clone(), state.tree.interfaces(path).map(copies).unwrap_or_default()))
                .collect();
            // What it reads from its disk when it comes back: adapters, and devices with a bond.
            let bonded: Vec<(String, Interfaces)> = state
                .monitors
                .keys()
                .filter(|path| state.tree.is(path, DEVICE, "Bonded"))
                .map(|path| (path.clone(), state.tree.interfaces(path).map(copies).unwrap_or_default()))
                .collect();
            state.tree.clear();
            for (path, interfaces) in adapters.into_iter().chain(bonded) {
                state.tree.insert(&path, interfaces);
                let off = properties([("Connected", value(false)), ("ServicesResolved", value(false))]);
                state.tree.set(&path, DEVICE, &off);
                state.tree.set(&path, ADAPTER, &properties([("Discovering", value(false))]));
            }
            state.agent = None;
            state.listeners.clear();
            state.scanners.clear();
            state.duplicates.clear();
            state.offers.clear();
            state.adverts.clear();
        }
        if let Some(bus) = bus {
            let _ = bus.close().await;
        }
    }

    /// Waits until the state is as wanted; for ever, if it never is.
    pub async fn until(&self, mut holds: impl FnMut(&State<P>) -> bool) {
        let mut news = self.0.news.subscribe();
        loop {
            news.borrow_and_update();
            if holds(&self.state()) || news.changed().await.is_err() {
                return;
            }
        }
    }

    fn tell(&self) {
        self.0.news.send_modify(|n| *n += 1);
    }

    /// Puts an object on the bus and says so, as ObjectManager does.
    pub async fn add(&self, path: &str, interfaces: Interfaces) {
        self.state().tree.insert(path, copies(&interfaces));
        if let Some(bus) = self.bus() {
            let body = (object(path), interfaces);
            let manager = "org.freedesktop.DBus.ObjectManager";
            let _ = bus.emit_signal(None::<&str>, "/", manager, "InterfacesAdded", &body).await;
        }
        self.tell();
    }

    /// Takes an object and what is below it away and says so.
    pub async fn remove(&self, path: &str) {
        let gone = self.state().tree.remove(path);
        if let Some(bus) = self.bus() {
            for (path, interfaces) in gone {
                let body = (object(&path), interfaces);
                let manager = "org.freedesktop.DBus.ObjectManager";
                let _ = bus.emit_signal(None::<&str>, "/", manager, "InterfacesRemoved", &body).await;
            }
        }
        self.tell();
    }

    /// Changes properties and says so in one signal.
    pub async fn change(&self, path: &str, interface: &str, changes: Properties) {
        self.state().tree.set(path, interface, &changes);
        self.signal(path, interface, changes).await;
        self.tell();
    }

    async fn signal(&self, path: &str, interface: &str, changes: Properties) {
        if let Some(bus) = self.bus() {
            let body = (interface, changes, Vec::<String>::new());
            let name = "org.freedesktop.DBus.Properties";
            let _ = bus.emit_signal(None::<&str>, path, name, "PropertiesChanged", &body).await;
        }
    }

    /// An adapter is plugged in.
    pub async fn plug(&self, name: &str, address: Address) {
        let adapter = properties([
            ("Address", value(address.to_string())),
            ("AddressType", value("public")),
            ("Name", value("box")),
            ("Alias", value("box")),
            ("Class", value(0_u32)),
            ("Powered", value(true)),
            ("Discoverable", value(false)),
            ("DiscoverableTimeout", value(180_u32)),
            ("Pairable", value(true)),
            ("PairableTimeout", value(0_u32)),
            ("Discovering", value(false)),
            ("UUIDs", value(Vec::<String>::new())),
            ("Modalias", value("usb:v1D6Bp0246d0542")),
        ]);
        self.add(&format!("/org/bluez/{name}"), Interfaces::from([(ADAPTER.to_owned(), adapter)])).await;
    }

    /// An adapter is unplugged, its devices with it. Bonds stay on the disk.
    pub async fn unplug(&self, name: &str) {
        let path = format!("/org/bluez/{name}");
        self.state().scanners.retain(|(_, adapter)| *adapter != path);
        self.remove(&path).await;
    }

    /// Whether the monitor's characteristic is listened to.
    #[must_use]
    pub fn listens(state: &State<P>, device: &str, uuid: Uuid) -> bool {
        state.listeners.iter().any(|(_, path)| {
            path.starts_with(&format!("{device}/"))
                && state.tree.text(path, CHARACTERISTIC, "UUID") == Some(uuid.to_string())
        })
    }

    /// Counts calls of one method.
    #[must_use]
    pub fn called(&self, method: &str) -> usize {
        self.state().calls.iter().filter(|it| *it == method).count()
    }
}

/// The path of a monitor's device.
pub fn device_path(adapter: &str, monitor: Address) -> String {
    format!("/org/bluez/{adapter}/dev_{}", monitor.to_string().replace(':', "_"))
}
