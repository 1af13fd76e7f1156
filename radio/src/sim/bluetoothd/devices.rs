//! Devices: seen, paired, connected, read and written.

use std::fs;
use std::path::PathBuf;

use zbus::Connection;
use zbus::zvariant::Value;

use super::calls::{Answer, Call, Refusal, arguments};
use super::tree::Properties;
use super::{
    ADAPTER, CHARACTERISTIC, DEVICE, Daemon, Faults, Interfaces, Pairing, Peer, SERVICE, State, device_path,
    object, properties, value,
};
use crate::v4::{Uuid, open};

impl<P: Peer> Daemon<P> {
    /// Puts a monitor into reach of an adapter. BlueZ knows nothing of it until it is heard.
    pub fn place(&self, adapter: &str, monitor: P) -> String {
        let path = device_path(adapter, monitor.address());
        self.state().monitors.insert(path.clone(), monitor);
        path
    }

    /// The monitor's advert is heard: an object the first time, changed properties afterwards, all in one signal.
    pub async fn hear(
        &self,
        path: &str,
        rssi: i16,
        maker: Option<(u16, &[u8])>,
        service: Option<(Uuid, &[u8])>,
    ) {
        let mut heard = properties([("RSSI", value(rssi))]);
        if let Some((company, bytes)) = maker {
            let data = std::collections::HashMap::from([(company, Value::from(bytes.to_vec()))]);
            heard.insert("ManufacturerData".to_owned(), value(data));
        }
        if let Some((uuid, bytes)) = service {
            let data = std::collections::HashMap::from([(uuid.to_string(), Value::from(bytes.to_vec()))]);
            heard.insert("ServiceData".to_owned(), value(data));
        }
        if self.state().tree.has(path) {
            self.change(path, DEVICE, heard).await;
            return;
        }
        let (adapter, address) = parts(path);
        let device = properties([
            ("Address", value(address.as_str())),
            ("AddressType", value("random")),
            ("Alias", value(address.replace(':', "-"))),
            ("Adapter", value(object(adapter).into_inner())),
            ("Paired", value(false)),
            ("Bonded", value(false)),
            ("Trusted", value(false)),
            ("Blocked", value(false)),
            ("LegacyPairing", value(false)),
            ("Connected", value(false)),
            ("ServicesResolved", value(false)),
            ("UUIDs", value(Vec::<String>::new())),
        ]);
        let mut device = device;
        device.extend(heard);
        self.add(path, Interfaces::from([(DEVICE.to_owned(), device)])).await;
    }

    /// The link is lost, by whichever side.
    pub async fn lose(&self, path: &str) {
        let adapter = adapter_name(path);
        if let Some(monitor) = self.state().monitors.get_mut(path) {
            monitor.unlinked(&adapter);
        }
        self.state().listeners.retain(|(_, it)| !it.starts_with(&format!("{path}/")));
        let characteristics: Vec<String> = {
            let state = self.state();
            let below = format!("{path}/");
            state.tree.paths().filter(|it| it.starts_with(&below)).cloned().collect()
        };
        for it in characteristics {
            if self.state().tree.is(&it, CHARACTERISTIC, "Notifying") {
                self.change(&it, CHARACTERISTIC, properties([("Notifying", value(false))])).await;
            }
        }
        let off = properties([("ServicesResolved", value(false)), ("Connected", value(false))]);
        self.change(path, DEVICE, off).await;
    }

    /// RemoveDevice: link, keys and object go.
    pub(super) async fn forget(&self, path: &str) {
        if self.state().tree.is(path, DEVICE, "Connected") {
            self.lose(path).await;
        }
        if let Some(folder) = self.info(path).parent() {
            let _ = fs::remove_dir_all(folder);
        }
        self.remove(path).await;
    }

    /// Where the bond with a device is stored.
    pub fn info(&self, path: &str) -> PathBuf {
        let (adapter, peer) = parts(path);
        let own = self.state().tree.text(adapter, ADAPTER, "Address").unwrap_or_default();
        self.0.keys.join(own).join(peer).join("info")
    }

    /// The monitor sends: a notification or an indication, which the stack confirms by itself.
    pub async fn send(&self, path: &str, uuid: Uuid, bytes: &[u8]) {
        let characteristic = characteristic_path(&self.state(), path, uuid);
        if let Some(characteristic) = characteristic {
            let news = properties([("Value", value(bytes.to_vec()))]);
            self.change(&characteristic, CHARACTERISTIC, news).await;
        }
    }

    pub(super) async fn device_call(
        &self,
        bus: &Connection,
        call: &Call<'_>,
        method: &str,
    ) -> Result<Answer, Refusal> {
        match method {
            "Connect" => self.connect(&call.path).await?,
            "Disconnect" => self.lose(&call.path).await,
            "Pair" => self.pair(bus, call).await?,
            "CancelPairing" => return Err(Refusal::bluez("DoesNotExist", "Does Not Exist")),
            _ => return Err(Refusal::unknown_object(&call.path, method, DEVICE)),
        }
        Ok(Answer::Nothing)
    }

    async fn connect(&self, path: &str) -> Result<(), Refusal> {
        let vanishes = Faults::strikes(&mut self.state().faults.vanish_at_connect);
        if vanishes {
            self.remove(path).await;
            return Err(Refusal::unknown_object(path, "Connect", DEVICE));
        }
        let hci = adapter_name(path);
        {
            let mut state = self.state();
            if Faults::strikes(&mut state.faults.in_progress) {
                return Err(Refusal::bluez("InProgress", "br-connection-busy"));
            }
            let aborted = || Refusal::bluez("Failed", "le-connection-abort-by-local");
            if Faults::strikes(&mut state.faults.abort_by_local) {
                return Err(aborted());
            }
            let bonded = state.tree.is(path, DEVICE, "Bonded");
            let Some(monitor) = state.monitors.get(path) else {
                return Err(aborted());
            };
            // The stored key means nothing to the monitor: encryption fails, and the link with it.
            if bonded && !monitor.holds_bond(&hci) {
                return Err(aborted());
            }
        }
        self.link_up(path).await;
        Ok(())
    }

    async fn link_up(&self, path: &str) {
        if !self.state().tree.is(path, DEVICE, "Connected") {
            self.change(path, DEVICE, properties([("Connected", value(true))])).await;
        }
        let objects = gatt_objects(&self.state(), path);
        for (object, interfaces) in objects {
            if !self.state().tree.has(&object) {
                self.add(&object, interfaces).await;
            }
        }
        self.change(path, DEVICE, properties([("ServicesResolved", value(true))])).await;
        let adapter = adapter_name(path);
        if let Some(monitor) = self.state().monitors.get_mut(path) {
            monitor.linked(&adapter);
        }
    }

    async fn pair(&self, bus: &Connection, call: &Call<'_>) -> Result<(), Refusal> {
        let path = call.path.as_str();
        let failed = || Refusal::bluez("AuthenticationFailed", "Authentication Failed");
        if self.state().tree.is(path, DEVICE, "Paired") {
            return Err(Refusal::bluez("AlreadyExists", "Already Exists"));
        }
        let agent = self.state().agent.clone().ok_or_else(failed)?;
        let pairing = self.state().monitors.get(path).map(Peer::pairing).ok_or_else(failed)?;
        if !self.state().tree.is(path, DEVICE, "Connected") {
            self.change(path, DEVICE, properties([("Connected", value(true))])).await;
        }
        let keyboard = agent.capability.starts_with("Keyboard");
        let authenticated = match pairing {
            Pairing::Passkey(label) if keyboard => {
                if self.ask_passkey(bus, &agent, path).await != Some(label) {
                    self.lose(path).await;
                    return Err(failed());
                }
                3
            }
            Pairing::Passkey(_) | Pairing::JustWorks => 2,
            Pairing::Legacy => 0,
        };
        let authenticated = if self.state().faults.weak_key { authenticated.min(2) } else { authenticated };
        if let Some(monitor) = self.state().monitors.get_mut(path) {
            monitor.bonded(&adapter_name(path), authenticated == 3);
        }
        let info = self.info(path);
        let text = format!(
            "[General]\nAddressType=static\nTrusted=false\nBlocked=false\n\n[LongTermKey]\n\
             Key=00000000000000000000000000000000\nAuthenticated={authenticated}\nEncSize=16\nEDiv=0\nRand=0\n"
        );
        let written = info.parent().map_or(Ok(()), fs::create_dir_all).and_then(|()| fs::write(&info, text));
        written.map_err(|why| Refusal::bluez("Failed", &format!("write {}: {why}", info.display())))?;
        self.change(path, DEVICE, properties([("Paired", value(true)), ("Bonded", value(true))])).await;
        self.link_up(path).await;
        Ok(())
    }

    pub(super) async fn characteristic_call(&self, call: &Call<'_>, method: &str) -> Result<Answer, Refusal> {
        let path = call.path.as_str();
        let device: String = path.split('/').take(5).collect::<Vec<_>>().join("/");
        let uuid: Uuid = {
            let state = self.state();
            if !state.tree.is(&device, DEVICE, "Connected") {
                return Err(Refusal::bluez("Failed", "Not connected"));
            }
            let uuid = state.tree.text(path, CHARACTERISTIC, "UUID").and_then(|uuid| uuid.parse().ok());
            let uuid = uuid.ok_or_else(|| Refusal::unknown_object(path, method, CHARACTERISTIC))?;
            // Every characteristic wants a link that is encrypted with the bond's key, but the one that needs none.
            if !state.tree.is(&device, DEVICE, "Bonded") && uuid != open::Characteristic::Sealed.uuid() {
                return Err(Refusal::bluez("NotPermitted", "Not paired"));
            }
            uuid
        };
        let body = call.message.body();
        match method {
            "ReadValue" => {
                let bytes = self.state().monitors.get_mut(&device).and_then(|it| it.read(uuid));
                bytes.map(Answer::Bytes).ok_or_else(|| Refusal::bluez("NotPermitted", "Read not permitted"))
            }
            "WriteValue" => {
                let (bytes, _): (Vec<u8>, Properties) = body.deserialize().map_err(arguments)?;
                let mut state = self.state();
                let monitor = state.monitors.get_mut(&device);
                let monitor = monitor.ok_or_else(|| Refusal::bluez("Failed", "Not connected"))?;
                monitor.write(uuid, bytes).map_err(|code| {
                    Refusal::bluez("Failed", &format!("Operation failed with ATT error: {code:#04x}"))
                })?;
                Ok(Answer::Nothing)
            }
            "StartNotify" => {
                let new = self.state().listeners.insert((call.sender.clone(), path.to_owned()));
                if !new {
                    return Err(Refusal::bluez("InProgress", "In Progress"));
                }
                self.state().clients.insert(call.sender.clone());
                self.change(path, CHARACTERISTIC, properties([("Notifying", value(true))])).await;
                if let Some(monitor) = self.state().monitors.get_mut(&device) {
                    monitor.listened(uuid);
                }
                Ok(Answer::Nothing)
            }
            "StopNotify" => {
                if !self.state().listeners.remove(&(call.sender.clone(), path.to_owned())) {
                    return Err(Refusal::bluez("Failed", "No notify session started"));
                }
                Ok(Answer::Nothing)
            }
            _ => Err(Refusal::unknown_object(path, method, CHARACTERISTIC)),
        }
    }
}

fn adapter_name(path: &str) -> String {
    path.split('/').nth(3).unwrap_or_default().to_owned()
}

/// The adapter's path and the device's address, by the device's path.
fn parts(path: &str) -> (&str, String) {
    let (adapter, last) = path.rsplit_once('/').unwrap_or_default();
    (adapter, last.trim_start_matches("dev_").replace('_', ":"))
}

fn characteristic_path<P: Peer>(state: &State<P>, device: &str, uuid: Uuid) -> Option<String> {
    let (below, uuid) = (format!("{device}/"), uuid.to_string());
    let is = |path: &&String| {
        path.starts_with(&below) && state.tree.text(path, CHARACTERISTIC, "UUID").as_ref() == Some(&uuid)
    };
    state.tree.paths().find(is).cloned()
}

/// Services before their characteristics.
fn gatt_objects<P: Peer>(state: &State<P>, device: &str) -> Vec<(String, Interfaces)> {
    let Some(monitor) = state.monitors.get(device) else { return Vec::new() };
    let at = |path: &str| value(object(path).into_inner());
    let mut services: Vec<Uuid> = Vec::new();
    let mut objects = Vec::new();
    for (number, characteristic) in (1..).zip(monitor.characteristics()) {
        let place = services.iter().position(|it| *it == characteristic.service).unwrap_or_else(|| {
            services.push(characteristic.service);
            services.len() - 1
        });
        let service = format!("{device}/service{:04x}", 0x10 * (place + 1));
        if !objects.iter().any(|(path, _)| *path == service) {
            let table = properties([
                ("UUID", value(characteristic.service.to_string())),
                ("Device", at(device)),
                ("Primary", value(true)),
                ("Includes", value(Vec::<zbus::zvariant::ObjectPath<'_>>::new())),
            ]);
            objects.push((service.clone(), Interfaces::from([(SERVICE.to_owned(), table)])));
        }
        let table = properties([
            ("UUID", value(characteristic.uuid.to_string())),
            ("Service", at(&service)),
            ("Value", value(Vec::<u8>::new())),
            ("Notifying", value(false)),
            ("Flags", value(characteristic.flags.iter().map(|it| (*it).to_owned()).collect::<Vec<String>>())),
            ("MTU", value(517_u16)),
        ]);
        let path = format!("{service}/char{number:04x}");
        objects.push((path, Interfaces::from([(CHARACTERISTIC.to_owned(), table)])));
    }
    objects
}
