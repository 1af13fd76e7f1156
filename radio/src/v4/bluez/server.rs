//! What a repeater offers to others by bluetoothd: its service, to whoever connects, and its adverts.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use domain::LinkName;
use tokio::sync::mpsc;
use zbus::connection::Builder;
use zbus::message::Header;
use zbus::zvariant::{OwnedObjectPath, OwnedValue, Value};

use super::calls::Calls;
use super::paths::{self, Place};
use super::{BluezError, Settings};
use crate::v4::Address;
use crate::v4::advert::{Ours, Repeated};
use crate::v4::air::{Failure, Way};
use crate::v4::open::{Characteristic, REPEATER_SERVICE};

/// What we offer, as one object below the other.
const ROOT: &str = "/platen/repeater";
const SERVICE: &str = "/platen/repeater/service";
const TUNNEL: &str = "/platen/repeater/service/tunnel";
const ADVERT: &str = "/platen/advert";

/// BlueZ's name of a characteristic.
const CHARACTERISTIC: &str = "org.bluez.GattCharacteristic1";
/// And of an advert.
const ADVERTISEMENT: &str = "org.bluez.LEAdvertisement1";

/// Frames of guests that wait: beyond that their writes are answered later.
const WAITING: usize = 16;

/// A frame of a guest.
pub(super) struct Written {
    pub(super) way: Way,
    pub(super) bytes: Vec<u8>,
}

/// Who may call: bluetoothd alone, and which adapter it is about.
#[derive(Default)]
struct Door {
    owner: Option<String>,
    adapter: Option<LinkName>,
}

type Shared<T> = Arc<Mutex<T>>;

fn lock<T>(shared: &Shared<T>) -> MutexGuard<'_, T> {
    shared.lock().unwrap_or_else(PoisonError::into_inner)
}

/// See the file.
pub(super) struct Server {
    calls: Calls,
    door: Shared<Door>,
    advert: Shared<Option<Repeated>>,
    /// The path of the adapter that we are offered by.
    adapter: Option<String>,
    /// The advert is registered.
    sends: bool,
}

impl Server {
    /// On a connection of its own; frames of guests come by the channel.
    pub(super) async fn new(settings: &Settings) -> Result<(Self, mpsc::Receiver<Written>), BluezError> {
        let (written, frames) = mpsc::channel(WAITING);
        let (door, advert) = (Shared::<Door>::default(), Shared::<Option<Repeated>>::default());
        let tunnel = Tunnel { written, door: door.clone() };
        let bus = Builder::system()
            .and_then(|it| it.serve_at(ROOT, zbus::fdo::ObjectManager))
            .and_then(|it| it.serve_at(SERVICE, Service))
            .and_then(|it| it.serve_at(TUNNEL, tunnel))
            .and_then(|it| it.serve_at(ADVERT, Advertisement(advert.clone())))
            .map_err(BluezError::Bus)?
            .build()
            .await
            .map_err(BluezError::Bus)?;
        let calls = Calls { bus, limit: settings.limits.call };
        Ok((Server { calls, door, advert, adapter: None, sends: false }, frames))
    }

    /// An adapter came: the service is offered by it.
    pub(super) async fn offer(&mut self, adapter: &LinkName) -> Result<(), Failure> {
        self.sends = false;
        self.adapter = None;
        let owner = self.calls.owner().await.ok_or(Failure::Vanished)?;
        let address = adapter.address().map(Address::from_be_bytes).ok_or(Failure::Vanished)?;
        let path = self.calls.adapter(address).await?.ok_or(Failure::Vanished)?;
        *lock(&self.door) = Door { owner: Some(owner), adapter: Some(adapter.clone()) };
        self.calls.register_service(&path, ROOT).await?;
        self.adapter = Some(path);
        Ok(())
    }

    /// The adapter is gone, or bluetoothd.
    pub(super) fn gone(&mut self) {
        (self.adapter, self.sends) = (None, false);
        *lock(&self.door) = Door::default();
    }

    /// Tells all guests that listen.
    pub(super) async fn tell(&self, bytes: Vec<u8>) {
        self.calls.changed(TUNNEL, CHARACTERISTIC, ("Value", Value::from(bytes))).await;
    }

    /// Sends this advert from now on, or none.
    pub(super) async fn send(&mut self, advert: Option<Repeated>) -> Result<(), Failure> {
        let Some(adapter) = self.adapter.clone() else { return Ok(()) };
        let before = std::mem::replace(&mut *lock(&self.advert), advert);
        match (self.sends, advert) {
            (false, None) => Ok(()),
            (false, Some(_)) => {
                self.calls.register_advert(&adapter, ADVERT).await?;
                self.sends = true;
                Ok(())
            }
            (true, Some(advert)) => {
                if before != Some(advert) {
                    let data = ("ManufacturerData", Value::from(data(&advert)));
                    self.calls.changed(ADVERT, ADVERTISEMENT, data).await;
                }
                Ok(())
            }
            (true, None) => {
                self.sends = false;
                self.calls.unregister_advert(&adapter, ADVERT).await
            }
        }
    }
}

/// As BlueZ takes it: by company, what stands behind its number.
fn data(advert: &Repeated) -> HashMap<u16, Value<'static>> {
    // Length, type and company stand in front.
    let bytes = Ours::Repeated(*advert).encode().unwrap_or_default();
    let data = bytes.get(4..).unwrap_or_default().to_vec();
    HashMap::from([(advert.sealed.company.0, Value::from(data))])
}

struct Service;

#[zbus::interface(name = "org.bluez.GattService1")]
impl Service {
    #[zbus(property, name = "UUID")]
    fn uuid(&self) -> String {
        REPEATER_SERVICE.to_string()
    }

    #[zbus(property)]
    fn primary(&self) -> bool {
        true
    }
}

/// What a guest is answered that does what it must not.
#[derive(Debug, zbus::DBusError)]
#[zbus(prefix = "org.bluez.Error")]
enum Refusal {
    #[zbus(error)]
    ZBus(zbus::Error),
    NotPermitted(String),
    InvalidOffset(String),
}

struct Tunnel {
    written: mpsc::Sender<Written>,
    door: Shared<Door>,
}

#[zbus::interface(name = "org.bluez.GattCharacteristic1")]
impl Tunnel {
    #[zbus(property, name = "UUID")]
    fn uuid(&self) -> String {
        Characteristic::Tunnel.uuid().to_string()
    }

    #[zbus(property)]
    fn service(&self) -> OwnedObjectPath {
        OwnedObjectPath::try_from(SERVICE).unwrap_or_default()
    }

    #[zbus(property)]
    fn flags(&self) -> Vec<String> {
        ["write", "notify"].map(str::to_owned).to_vec()
    }

    async fn write_value(
        &self,
        value: Vec<u8>,
        options: HashMap<String, OwnedValue>,
        #[zbus(header)] header: Header<'_>,
    ) -> Result<(), Refusal> {
        let text = |name: &str| options.get(name).and_then(|it| String::try_from(it.try_clone().ok()?).ok());
        let path = options
            .get("device")
            .and_then(|it| OwnedObjectPath::try_from(it.try_clone().ok()?).ok().map(|path| path.to_string()));
        let from = path.or_else(|| text("device"));
        let adapter = {
            let door = lock(&self.door);
            let asks = header.sender().map(ToString::to_string);
            door.adapter.clone().filter(|_| asks.is_some() && asks == door.owner)
        };
        let (Some(adapter), Some(Place::Device(_, address))) =
            (adapter, from.as_deref().and_then(paths::place))
        else {
            return Err(Refusal::NotPermitted("nobody is known to write this".to_owned()));
        };
        if options.get("offset").is_some_and(|it| u16::try_from(it).unwrap_or(1) != 0) {
            return Err(Refusal::InvalidOffset("a frame is written whole".to_owned()));
        }
        // A long write is announced first; what is written follows.
        if options.get("prepare-authorize").is_some_and(|it| bool::try_from(it).unwrap_or(false)) {
            return Ok(());
        }
        // The receiver ends only with the repeater.
        let _ = self.written.send(Written { way: Way { adapter, address }, bytes: value }).await;
        Ok(())
    }

    // bluetoothd keeps who listens.
    fn start_notify(&self) {}

    fn stop_notify(&self) {}
}

struct Advertisement(Shared<Option<Repeated>>);

#[zbus::interface(name = "org.bluez.LEAdvertisement1")]
impl Advertisement {
    /// Connectable: who hears it may ask for a tunnel.
    #[zbus(property, name = "Type")]
    fn kind(&self) -> String {
        "peripheral".to_owned()
    }

    #[zbus(property)]
    fn manufacturer_data(&self) -> HashMap<u16, Value<'static>> {
        lock(&self.0).as_ref().map(data).unwrap_or_default()
    }

    /// Milliseconds; a BlueZ that does not take it has its own.
    #[zbus(property)]
    fn min_interval(&self) -> u32 {
        100
    }

    #[zbus(property)]
    fn max_interval(&self) -> u32 {
        150
    }

    fn release(&self) {}
}
