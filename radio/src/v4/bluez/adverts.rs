//! Our adverts, and those of sensors, in what bluetoothd makes of adverts: a table of makers' data and one of services' data.

use std::collections::HashMap;

use zbus::zvariant::OwnedValue;

use super::calls::Properties;
use crate::v4::Uuid;
use crate::v4::advert::{AdKind, AdStructure, Advert, Company, Ours};
use crate::v4::sensors::{SensorData, bthome};

/// What of ours is in properties that changed together. bluetoothd tells a table again when one entry of it is news, so
/// that an old one may come again with it: for the receiver's window that is an advert heard twice.
pub(super) fn ours(changed: &Properties) -> Vec<Ours> {
    let services = table::<String>(changed, "ServiceData").into_iter().filter_map(|(uuid, data)| {
        let uuid: Uuid = uuid.parse().ok()?;
        find(AdKind::SERVICE_DATA_128, &[&uuid.to_le_bytes(), data.as_slice()].concat())
    });
    let makers = table::<u16>(changed, "ManufacturerData").into_iter().filter_map(|(company, data)| {
        find(AdKind::MANUFACTURER, &[&company.to_le_bytes(), data.as_slice()].concat())
    });
    services.chain(makers).collect()
}

/// What sensors say in properties that changed together.
pub(super) fn sensors(changed: &Properties) -> Vec<SensorData> {
    let services = table::<String>(changed, "ServiceData").into_iter();
    let bthome = services.filter(|(uuid, _)| uuid.parse() == Ok(bthome::SERVICE));
    let makers = table::<u16>(changed, "ManufacturerData").into_iter();
    let ruuvi = makers.filter(|(company, _)| *company == Company::RUUVI.0);
    bthome
        .map(|(_, data)| SensorData::Bthome(data))
        .chain(ruuvi.map(|(_, data)| SensorData::Ruuvi(data)))
        .collect()
}

fn find(kind: AdKind, data: &[u8]) -> Option<Ours> {
    let advert = Advert { structures: vec![AdStructure { kind, data }], zeros: 0 };
    match Ours::find(&advert)? {
        Ok(ours) => Some(ours),
        Err(error) => {
            tracing::debug!(%error, "an advert that claims to be ours");
            None
        }
    }
}

fn table<K>(changed: &Properties, name: &str) -> Vec<(K, Vec<u8>)>
where
    K: TryFrom<OwnedValue> + std::hash::Hash + Eq + zbus::zvariant::Basic,
    HashMap<K, OwnedValue>: TryFrom<OwnedValue>,
{
    let Some(value) = changed.get(name).and_then(|it| it.try_clone().ok()) else { return Vec::new() };
    let Ok(entries) = HashMap::<K, OwnedValue>::try_from(value) else { return Vec::new() };
    entries.into_iter().filter_map(|(key, data)| Some((key, Vec::try_from(data).ok()?))).collect()
}
