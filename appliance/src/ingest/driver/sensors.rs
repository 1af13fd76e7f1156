//! Sensors that count for molds, and their bind keys, which are kept sealed.

use domain::BluetoothAddress;
use radio::bluetooth::SensorInUse;
use secrecy::{ExposeSecret, SecretBox};

use crate::plant::SensorRecord;
use crate::store::{Read, Store};

/// The name under which a sensor's bind key is kept: its 16 bytes.
#[must_use]
pub fn sensor_secret(address: BluetoothAddress) -> String {
    format!("sensor/{address}")
}

/// What the radio is to know of the sensors in use. One whose key is not there is not read: nobody else's word is believed in its
/// name.
///
/// # Errors
/// The store cannot be read.
pub fn in_use(store: &Store, records: &[SensorRecord]) -> Result<Vec<SensorInUse>, Read> {
    let mut sensors = Vec::new();
    for record in records.iter().filter(|record| record.stopped.is_none()) {
        let address = record.address;
        let plain = if record.sealed { store.secret(&sensor_secret(address))? } else { None };
        let key =
            plain.and_then(|plain| Some(SecretBox::new(Box::new(plain.expose_secret().try_into().ok()?))));
        if record.sealed && key.is_none() {
            tracing::error!(sensor = %address, "its bind key is not in the store: save it again");
        }
        sensors.push(SensorInUse { address, key, counter: record.counter });
    }
    Ok(sensors)
}
