//! What programs offer by the daemon: services for whoever connects, and adverts; and guests that come, write and listen.

use std::collections::HashMap;

use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};
use zbus::{Connection, Message};

use super::calls::{Answer, Call, Refusal, arguments};
use super::tree::{Interfaces, Properties};
use super::{CHARACTERISTIC, DEVICE, Daemon, Peer, device_path, object, properties, value};
use crate::v4::{Address, Uuid};

/// BlueZ's name of what registers services.
pub const GATT_MANAGER: &str = "org.bluez.GattManager1";
/// And adverts.
pub const ADVERTISING: &str = "org.bluez.LEAdvertisingManager1";
const ADVERT: &str = "org.bluez.LEAdvertisement1";

/// What a program offers by an adapter.
#[derive(Debug)]
pub struct Offer {
    /// Its name on the bus.
    pub owner: String,
    root: String,
    /// Characteristics by path, with their UUIDs.
    pub characteristics: Vec<(String, String)>,
    /// What it told whoever listens, in order.
    pub told: Vec<Vec<u8>>,
}

/// An advert that an adapter sends.
#[derive(Debug)]
pub struct Advert {
    owner: String,
    path: String,
    /// `peripheral` is connectable.
    pub kind: String,
    /// Makers' data, by company.
    pub data: HashMap<u16, Vec<u8>>,
}

impl Advert {
    pub(super) fn owner(&self) -> &str {
        &self.owner
    }
}

fn makers(properties: &Properties) -> Option<HashMap<u16, Vec<u8>>> {
    let data = properties.get("ManufacturerData")?.try_clone().ok()?;
    let data = HashMap::<u16, OwnedValue>::try_from(data).ok()?;
    data.into_iter().map(|(company, bytes)| Some((company, Vec::try_from(bytes).ok()?))).collect()
}

impl<P: Peer> Daemon<P> {
    pub(super) async fn offer(
        &self,
        bus: &Connection,
        call: &Call<'_>,
        method: &str,
    ) -> Result<Answer, Refusal> {
        let failed = |why: zbus::Error| Refusal::bluez("Failed", &why.to_string());
        let body = call.message.body();
        let path: OwnedObjectPath = match method {
            "RegisterApplication" | "RegisterAdvertisement" => {
                let (path, _): (OwnedObjectPath, Properties) = body.deserialize().map_err(arguments)?;
                path
            }
            _ => body.deserialize().map_err(arguments)?,
        };
        let (owner, path) = (call.sender.clone(), path.to_string());
        match method {
            "RegisterApplication" => {
                let there = self
                    .state()
                    .offers
                    .get(&call.path)
                    .is_some_and(|it| it.owner == owner && it.root == path);
                if there {
                    return Err(Refusal::bluez("AlreadyExists", "Already Exists"));
                }
                let manager = Some("org.freedesktop.DBus.ObjectManager");
                let objects = bus
                    .call_method(Some(owner.as_str()), path.as_str(), manager, "GetManagedObjects", &())
                    .await;
                let objects = objects.map_err(failed)?;
                let objects: HashMap<OwnedObjectPath, Interfaces> =
                    objects.body().deserialize().map_err(arguments)?;
                let uuid = |it: &Interfaces| {
                    let uuid = it.get(CHARACTERISTIC)?.get("UUID")?;
                    <&str>::try_from(uuid).ok().map(str::to_owned)
                };
                let found = objects.iter().filter_map(|(path, it)| Some((path.to_string(), uuid(it)?)));
                let offer = Offer { owner, root: path, characteristics: found.collect(), told: Vec::new() };
                self.state().offers.insert(call.path.clone(), offer);
            }
            "RegisterAdvertisement" => {
                let properties = Some("org.freedesktop.DBus.Properties");
                let all =
                    bus.call_method(Some(owner.as_str()), path.as_str(), properties, "GetAll", &ADVERT).await;
                let all: Properties = all.map_err(failed)?.body().deserialize().map_err(arguments)?;
                let kind =
                    all.get("Type").and_then(|it| <&str>::try_from(it).ok()).unwrap_or_default().to_owned();
                let data = makers(&all).unwrap_or_default();
                self.state().adverts.insert(call.path.clone(), Advert { owner, path, kind, data });
            }
            "UnregisterAdvertisement" => {
                if self.state().adverts.remove(&call.path).is_none() {
                    return Err(Refusal::bluez("DoesNotExist", "Does Not Exist"));
                }
            }
            _ => return Err(Refusal::unknown_object(&call.path, method, &call.interface)),
        }
        Ok(Answer::Nothing)
    }

    /// A property of something offered is another one now.
    pub(super) fn offered(&self, message: &Message) {
        let header = message.header();
        let (Some(sender), Some(path)) = (header.sender(), header.path()) else { return };
        let Ok((_, changed, _)) = message.body().deserialize::<(String, Properties, Vec<String>)>() else {
            return;
        };
        let mut state = self.state();
        for offer in state.offers.values_mut().filter(|it| it.owner == sender.as_str()) {
            if offer.characteristics.iter().any(|(it, _)| it == path.as_str())
                && let Some(bytes) =
                    changed.get("Value").and_then(|it| Vec::try_from(it.try_clone().ok()?).ok())
            {
                offer.told.push(bytes);
            }
        }
        for advert in state.adverts.values_mut() {
            if advert.owner == sender.as_str()
                && advert.path == path.as_str()
                && let Some(data) = makers(&changed)
            {
                advert.data = data;
            }
        }
        drop(state);
        self.tell();
    }

    /// Somebody connects to an adapter; the path of its device.
    pub async fn guest_comes(&self, adapter: &str, guest: Address) -> String {
        let path = device_path(adapter, guest);
        let device = properties([("Address", value(guest.to_string())), ("Connected", value(true))]);
        self.add(&path, Interfaces::from([(DEVICE.to_owned(), device)])).await;
        path
    }

    /// And leaves.
    pub async fn guest_leaves(&self, path: &str) {
        self.change(path, DEVICE, properties([("Connected", value(false))])).await;
    }

    /// A guest writes to a characteristic that is offered.
    ///
    /// # Errors
    /// It is not offered, or not taken.
    pub async fn guest_writes(&self, device: &str, characteristic: Uuid, bytes: Vec<u8>) -> zbus::Result<()> {
        let uuid = characteristic.to_string();
        let found = self.state().offers.values().find_map(|offer| {
            let (path, _) = offer.characteristics.iter().find(|(_, it)| *it == uuid)?;
            Some((offer.owner.clone(), path.clone()))
        });
        let (Some((owner, path)), Some(bus)) = (found, self.bus()) else {
            return Err(zbus::Error::InterfaceNotFound);
        };
        let device = object(device);
        let options =
            HashMap::from([("device", Value::from(device.into_inner())), ("link", Value::from("LE"))]);
        let interface = Some(CHARACTERISTIC);
        bus.call_method(Some(owner.as_str()), path.as_str(), interface, "WriteValue", &(bytes, options))
            .await?;
        Ok(())
    }
}
