//! What the air makes up fills neither memory nor disk.

use domain::{Eui64, Initialisation};
use radio::event::{Heard, ModuleReport, Tethered};

use super::plant::{Box, Device, MODULE};
use crate::ingest::heard::MOST;

#[test]
fn no_more_molds_monitors_and_modules_are_made_up_than_a_plant_can_have() {
    let (mut plant, mut device) = (Box::new(), Device::new("V3-1", "M-1"));
    plant.tether(&device);
    let tether = device.tether();
    for number in 0..MOST + 50 {
        let serial = format!("V3-9{number}").parse().unwrap();
        let initialisation = tether
            .initialisation
            .clone()
            .map(|record| Initialisation { mold: format!("X-{number}").parse().unwrap(), ..record });
        plant.hear(Heard::Tethered(Tethered { serial, initialisation, ..tether.clone() }));
        let eui64 = Eui64::from_be_bytes((0x0013_A200_0000_0000 + number as u64).to_be_bytes());
        plant.hear(Heard::Module(ModuleReport { eui64, short: None, name: None, rssi_dbm: None }));
    }
    // Who was there before is served as before.
    device.make(3);
    plant.cycles(device.newest(3));
    let taken = plant.ingest.take(plant.now);
    assert_eq!(taken.batch.molds.len(), MOST);
    assert_eq!(taken.batch.monitors.len(), MOST);
    assert_eq!(taken.batch.modules.len(), MOST);
    assert!(taken.batch.modules.iter().any(|module| module.eui64 == MODULE));
    assert_eq!(taken.batch.cycles.first().map(|(_, cycles)| cycles.len()), Some(3));
}
