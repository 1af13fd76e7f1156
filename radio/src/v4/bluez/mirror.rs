//! What bluetoothd has, as its signals tell: adapters, devices, links. Pure: signals in, facts and chores out.

use std::collections::HashMap;

use domain::LinkName;
use zbus::zvariant::OwnedValue;

use super::adverts;
use super::calls::{ADAPTER, DEVICE, Interfaces, Properties};
use super::paths::{self, Place};
use crate::v4::Address;
use crate::v4::air::{Fact, Way};
use crate::v4::open::Characteristic;

/// What a change brings.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum News {
    /// Something to tell.
    Fact(Fact),
    /// A device's object is gone: what was held of it is void.
    Gone(Address, Address),
    /// All objects are gone.
    AllGone,
    /// An adapter that is off: the box wants it on.
    Off(String),
    /// A link that nobody asked for since we are here.
    Leftover(String),
}

/// Values of a link that is not told yet, for each device: beyond that they are lost, and come again on the next link.
const MOST_EARLY: usize = 1_024;

struct Adapter {
    address: Address,
    name: LinkName,
    powered: bool,
}

#[derive(Default)]
struct Device {
    rssi: Option<i8>,
    connected: bool,
    resolved: bool,
    /// A link was asked for and neither given up nor lost.
    ours: bool,
    /// The link was told as a fact.
    told: bool,
    /// What the monitor sent on a link that is not told yet: bluetoothd asks it again for what it was asked before, as
    /// soon as there is a link.
    early: Vec<Fact>,
}

/// The picture.
pub(super) struct Mirror {
    slots: usize,
    /// Adapters that are used; all if there is none in it.
    only: Vec<Address>,
    /// Links that nobody asked for are others', and are told.
    guests: bool,
    /// Who owns `org.bluez`: nobody else's signals count.
    owner: Option<String>,
    adapters: HashMap<String, Adapter>,
    devices: HashMap<String, Device>,
    /// The agent stands: from then on adapters are told.
    ready: bool,
}

/// The name of an adapter is made of its address: bonds belong to that, while `hci0` is whatever was plugged in first.
fn name(address: Address) -> LinkName {
    LinkName::adapter(address.to_be_bytes())
}

impl Mirror {
    pub(super) fn new(slots: usize) -> Self {
        let (owner, adapters, devices) = (None, HashMap::new(), HashMap::new());
        Mirror { slots, only: Vec::new(), guests: false, owner, adapters, devices, ready: false }
    }

    /// With these adapters alone, and with others' links or without.
    pub(super) fn with(self, only: Vec<Address>, guests: bool) -> Self {
        Mirror { only, guests, ..self }
    }

    pub(super) fn owner(&self) -> Option<&str> {
        self.owner.as_deref()
    }

    /// The path and the address of an adapter that is there and on.
    pub(super) fn adapter(&self, wanted: &LinkName) -> Option<(String, Address)> {
        let (path, adapter) = self.adapters.iter().find(|(_, it)| it.name == *wanted && it.powered)?;
        Some((path.clone(), adapter.address))
    }

    /// Whether a link to this monitor by this adapter was told and stands.
    pub(super) fn stands(&self, adapter: Address, monitor: Address) -> bool {
        let path = self.adapters.iter().find(|(_, it)| it.address == adapter).map(|(path, _)| path);
        path.is_some_and(|path| self.is_told(&paths::device(path, monitor)))
    }

    /// Another program owns `org.bluez`, or none: all that was is over.
    pub(super) fn owned_by(&mut self, owner: Option<String>) -> Vec<News> {
        if owner == self.owner {
            return Vec::new();
        }
        self.owner = owner;
        let mut news: Vec<News> = self
            .adapters
            .keys()
            .cloned()
            .collect::<Vec<_>>()
            .into_iter()
            .flat_map(|path| self.adapter_gone(&path))
            .collect();
        self.devices.clear();
        self.ready = false;
        news.push(News::AllGone);
        news
    }

    /// The agent stands, and these are all objects.
    pub(super) fn ready(&mut self, objects: impl IntoIterator<Item = (String, Interfaces)>) -> Vec<News> {
        let mut devices = Vec::new();
        for (path, interfaces) in objects {
            match paths::place(&path) {
                Some(Place::Adapter(_)) => drop(self.added(&path, &interfaces)),
                Some(Place::Device(..)) => devices.push((path, interfaces)),
                None => {}
            }
        }
        self.ready = true;
        let mut news: Vec<News> =
            self.adapters.iter().flat_map(|(path, it)| self.adapter_news(path, it)).collect();
        for (path, interfaces) in devices {
            news.extend(self.added(&path, &interfaces));
        }
        news
    }

    fn adapter_news(&self, path: &str, adapter: &Adapter) -> Option<News> {
        let came = Fact::Came { adapter: adapter.name.clone(), slots: self.slots };
        self.ready.then(|| if adapter.powered { News::Fact(came) } else { News::Off(path.to_owned()) })
    }

    /// Objects appeared.
    pub(super) fn added(&mut self, path: &str, interfaces: &Interfaces) -> Vec<News> {
        match paths::place(path) {
            Some(Place::Adapter(_)) => {
                let Some(properties) = interfaces.get(ADAPTER) else { return Vec::new() };
                let address = properties.get("Address").and_then(|it| <&str>::try_from(it).ok());
                let address = address.and_then(|it| it.parse().ok());
                let used = |it: &Address| self.only.is_empty() || self.only.contains(it);
                let Some(address) = address.filter(used) else { return Vec::new() };
                let name = name(address);
                let adapter = Adapter { address, name, powered: is(properties, "Powered").unwrap_or(false) };
                let news = self.adapter_news(path, &adapter);
                self.adapters.insert(path.to_owned(), adapter);
                news.into_iter().collect()
            }
            Some(Place::Device(..)) => {
                let Some(properties) = interfaces.get(DEVICE) else { return Vec::new() };
                self.devices.entry(path.to_owned()).or_default();
                self.device_changed(path, properties)
            }
            None => Vec::new(),
        }
    }

    /// Properties changed.
    pub(super) fn changed(&mut self, path: &str, interface: &str, changed: &Properties) -> Vec<News> {
        match interface {
            DEVICE => self.device_changed(path, changed),
            ADAPTER => self.adapter_changed(path, changed),
            _ => Vec::new(),
        }
    }

    fn adapter_changed(&mut self, path: &str, changed: &Properties) -> Vec<News> {
        let Some(powered) = is(changed, "Powered") else { return Vec::new() };
        let Some(adapter) = self.adapters.get_mut(path) else { return Vec::new() };
        match (std::mem::replace(&mut adapter.powered, powered), powered) {
            (false, true) => {
                self.adapters.get(path).and_then(|it| self.adapter_news(path, it)).into_iter().collect()
            }
            (true, false) => {
                let mut news = self.links_end(path);
                if let (true, Some(adapter)) = (self.ready, self.adapters.get(path)) {
                    news.push(News::Fact(Fact::Went { adapter: adapter.name.clone() }));
                    news.push(News::Off(path.to_owned()));
                }
                news
            }
            _ => Vec::new(),
        }
    }

    fn device_changed(&mut self, path: &str, changed: &Properties) -> Vec<News> {
        let Some(way) = self.way(path) else { return Vec::new() };
        let Some(device) = self.devices.get_mut(path) else { return Vec::new() };
        let mut news = Vec::new();
        if let Some(rssi) = changed.get("RSSI").and_then(|it| i16::try_from(it).ok()) {
            device.rssi = i8::try_from(rssi).ok();
        }
        device.resolved = is(changed, "ServicesResolved").unwrap_or(device.resolved);
        let (was, was_ours) = (device.connected, device.ours);
        device.connected = is(changed, "Connected").unwrap_or(was);
        if device.connected && !was && !device.ours && self.ready {
            // bluetoothd may learn of a link from before only after it told what there is. Nobody would end it, and a
            // monitor with a link sends no adverts.
            news.push(if self.guests {
                News::Fact(Fact::Guest { way: way.clone(), there: true })
            } else {
                News::Leftover(path.to_owned())
            });
        }
        if self.guests && was && !device.connected && !was_ours {
            news.push(News::Fact(Fact::Guest { way: way.clone(), there: false }));
        }
        device.ours &= device.connected || !was;
        if !device.connected && std::mem::take(&mut device.told) {
            news.push(News::Fact(Fact::Disconnected { way: way.clone() }));
        }
        // Without a strength an advert was not heard: the object was read from the disk.
        if let Some(rssi_dbm) = device.rssi.filter(|_| self.ready) {
            let heard = adverts::ours(changed).into_iter();
            news.extend(heard.map(|what| News::Fact(Fact::Advert { way: way.clone(), rssi_dbm, what })));
            let heard = adverts::sensors(changed).into_iter();
            news.extend(heard.map(|what| News::Fact(Fact::Sensor { way: way.clone(), rssi_dbm, what })));
        }
        news
    }

    /// Objects went.
    pub(super) fn removed(&mut self, path: &str, interfaces: &[String]) -> Vec<News> {
        let has = |name: &str| interfaces.iter().any(|it| it == name);
        match paths::place(path) {
            Some(Place::Adapter(_)) if has(ADAPTER) => self.adapter_gone(path),
            Some(Place::Device(..)) if has(DEVICE) => self.device_gone(path),
            _ => Vec::new(),
        }
    }

    fn adapter_gone(&mut self, path: &str) -> Vec<News> {
        let below: Vec<String> = self.below(path);
        let mut news: Vec<News> = below.iter().flat_map(|it| self.device_gone(it)).collect();
        if let Some(adapter) = self.adapters.remove(path).filter(|it| it.powered && self.ready) {
            news.push(News::Fact(Fact::Went { adapter: adapter.name }));
        }
        news
    }

    fn links_end(&mut self, adapter: &str) -> Vec<News> {
        let off = Properties::from([("Connected".to_owned(), OwnedValue::from(false))]);
        self.below(adapter).iter().flat_map(|path| self.device_changed(path, &off)).collect()
    }

    fn below(&self, adapter: &str) -> Vec<String> {
        let is = |path: &&String| matches!(paths::place(path), Some(Place::Device(of, _)) if of == adapter);
        self.devices.keys().filter(is).cloned().collect()
    }

    fn device_gone(&mut self, path: &str) -> Vec<News> {
        let way = self.way(path);
        let Some(device) = self.devices.remove(path) else { return Vec::new() };
        let mut news = Vec::new();
        if let (true, true, Some(way)) = (self.guests, device.connected && !device.ours, way.clone()) {
            news.push(News::Fact(Fact::Guest { way, there: false }));
        }
        if let Some(Place::Device(adapter, monitor)) = paths::place(path)
            && let Some(adapter) = self.adapters.get(adapter)
        {
            news.push(News::Gone(adapter.address, monitor));
        }
        if let (true, Some(way)) = (device.told, way) {
            news.push(News::Fact(Fact::Disconnected { way }));
        }
        news
    }

    fn way(&self, path: &str) -> Option<Way> {
        let Some(Place::Device(adapter, address)) = paths::place(path) else { return None };
        Some(Way { adapter: self.adapters.get(adapter)?.name.clone(), address })
    }

    /// Whether the link stands and its services are found; nothing if there is no such device.
    pub(super) fn linked(&self, path: &str) -> Option<(bool, bool)> {
        self.devices.get(path).map(|it| (it.connected, it.resolved))
    }

    /// A link is about to be made: what the one before it sent late is not of this one.
    pub(super) fn begin_link(&mut self, path: &str) {
        if let Some(device) = self.devices.get_mut(path) {
            device.early.clear();
            device.ours = true;
        }
    }

    /// It did not come about.
    pub(super) fn give_up(&mut self, path: &str) {
        if let Some(device) = self.devices.get_mut(path) {
            device.ours = false;
        }
    }

    /// The link is told, if it still stands; returns what came ahead of it, which is told behind it.
    pub(super) fn tell_link(&mut self, path: &str) -> Option<Vec<Fact>> {
        let device = self.devices.get_mut(path).filter(|it| it.connected)?;
        device.told = true;
        Some(std::mem::take(&mut device.early))
    }

    /// A monitor sent something by itself: it is told, unless its link is to be told before.
    pub(super) fn value(
        &mut self,
        adapter: Address,
        monitor: Address,
        characteristic: Characteristic,
        bytes: Vec<u8>,
    ) -> Option<Fact> {
        let (path, name) =
            self.adapters.iter().find(|(_, it)| it.address == adapter).map(|(path, it)| (path, &it.name))?;
        let path = paths::device(path, monitor);
        let value =
            Fact::Value { way: Way { adapter: name.clone(), address: monitor }, characteristic, bytes };
        let device = self.devices.get_mut(&path)?;
        if device.told {
            return Some(value);
        }
        if device.early.len() < MOST_EARLY {
            device.early.push(value);
        }
        None
    }

    /// Whether the link was told.
    pub(super) fn is_told(&self, path: &str) -> bool {
        self.devices.get(path).is_some_and(|it| it.told)
    }

    /// The end of the link is told, whatever the signals say. Whether it was told before.
    pub(super) fn tell_end(&mut self, path: &str) -> bool {
        self.devices.get_mut(path).is_some_and(|it| std::mem::take(&mut it.told))
    }
}

fn is(properties: &Properties, name: &str) -> Option<bool> {
    properties.get(name).and_then(|it| bool::try_from(it).ok())
}

#[cfg(test)]
mod tests {
    use zbus::zvariant::Value;

    use super::*;

    const ADAPTER_PATH: &str = "/org/bluez/hci0";

    fn truth(name: &str, is: bool) -> Properties {
        Properties::from([(name.to_owned(), OwnedValue::from(is))])
    }

    fn with_an_adapter(address: Address) -> Mirror {
        let mut properties = truth("Powered", true);
        let text = OwnedValue::try_from(Value::from(address.to_string())).unwrap();
        properties.insert("Address".to_owned(), text);
        let mut mirror = Mirror::new(5);
        mirror.added(ADAPTER_PATH, &Interfaces::from([(ADAPTER.to_owned(), properties)]));
        mirror
    }

    #[test]
    fn a_link_that_nobody_asked_for_is_ended_whenever_it_is_seen() {
        let monitor = Address::from_be_bytes([0xF0, 0, 0, 0, 0, 1]);
        let mut mirror = with_an_adapter(Address::from_be_bytes([0, 0x1A, 0x7D, 0xDA, 0x71, 0x13]));
        let path = paths::device(ADAPTER_PATH, monitor);
        let device = |is| Interfaces::from([(DEVICE.to_owned(), truth("Connected", is))]);
        let leftover = || News::Leftover(path.clone());
        assert!(mirror.ready([(path.clone(), device(true))]).contains(&leftover()), "there when we come");
        mirror.changed(&path, DEVICE, &truth("Connected", false));
        assert_eq!(mirror.changed(&path, DEVICE, &truth("Connected", true)), [leftover()], "seen later");
        mirror.changed(&path, DEVICE, &truth("Connected", false));
        mirror.begin_link(&path);
        assert_eq!(mirror.changed(&path, DEVICE, &truth("Connected", true)), [], "ours");
        mirror.changed(&path, DEVICE, &truth("Connected", false));
        assert_eq!(
            mirror.changed(&path, DEVICE, &truth("Connected", true)),
            [leftover()],
            "ours was lost before"
        );
    }

    #[test]
    fn a_repeater_is_told_of_guests_and_uses_no_other_adapter_than_it_may() {
        let (own, guest) = (Address::from_be_bytes([1; 6]), Address::from_be_bytes([0xF0, 0, 0, 0, 0, 1]));
        let mut mirror = with_an_adapter(own).with(Vec::new(), true);
        let path = paths::device(ADAPTER_PATH, guest);
        let way = Way { adapter: name(own), address: guest };
        let told = |there| [News::Fact(Fact::Guest { way: way.clone(), there })];
        mirror.ready([(path.clone(), Interfaces::from([(DEVICE.to_owned(), Properties::new())]))]);
        assert_eq!(mirror.changed(&path, DEVICE, &truth("Connected", true)), told(true));
        assert_eq!(mirror.changed(&path, DEVICE, &truth("Connected", false)), told(false));
        mirror.changed(&path, DEVICE, &truth("Connected", true));
        let gone = mirror.removed(&path, &[DEVICE.to_owned()]);
        assert!(gone.contains(&told(false)[0]), "{gone:?}");
        let mut mirror = Mirror::new(5).with(vec![guest], false);
        let text = OwnedValue::try_from(Value::from(own.to_string())).unwrap();
        let mut properties = truth("Powered", true);
        properties.insert("Address".to_owned(), text);
        mirror.added(ADAPTER_PATH, &Interfaces::from([(ADAPTER.to_owned(), properties)]));
        assert_eq!(mirror.ready([]), []);
        assert_eq!(mirror.adapter(&name(own)), None);
    }

    #[test]
    fn what_a_monitor_sends_ahead_of_its_link_is_told_behind_it() {
        let (adapter, monitor) = (
            Address::from_be_bytes([0, 0x1A, 0x7D, 0xDA, 0x71, 0x13]),
            Address::from_be_bytes([0xF0, 0, 0, 0, 0, 1]),
        );
        let mut mirror = with_an_adapter(adapter);
        let path = paths::device(ADAPTER_PATH, monitor);
        mirror.added(&path, &Interfaces::from([(DEVICE.to_owned(), Properties::new())]));
        let send =
            |mirror: &mut Mirror, byte| mirror.value(adapter, monitor, Characteristic::Cycles, vec![byte]);
        let bytes = |fact: Fact| if let Fact::Value { bytes, .. } = fact { bytes } else { Vec::new() };

        assert_eq!(send(&mut mirror, 1), None, "late, of a link before");
        mirror.begin_link(&path);
        assert_eq!(send(&mut mirror, 2), None, "even before the signal that the link stands");
        assert_eq!(mirror.tell_link(&path), None, "it does not stand");
        mirror.changed(&path, DEVICE, &truth("Connected", true));
        assert_eq!(send(&mut mirror, 3), None);
        let early = mirror.tell_link(&path).unwrap().into_iter().map(bytes).collect::<Vec<_>>();
        assert_eq!(early, [[2], [3]]);
        assert_eq!(send(&mut mirror, 4).map(bytes), Some(vec![4]));
    }
}
