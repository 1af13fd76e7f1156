//! Bluetooth of the made-up plant: a monitor for each thing that can be going on.

use super::sensors;
use dashboard::port::{AdapterView, AirView, BluetoothView, LinkCondition};
use domain::{LinkName, MoldId, MonitorSerial, Percent, Standing, Strength, Temperature, Timestamp};

const STANDINGS: [Standing; 8] = [
    Standing::Live,
    Standing::Resting,
    Standing::Draining,
    Standing::Connecting,
    Standing::LostBond,
    Standing::Gone,
    Standing::Enrolling,
    Standing::Seen,
];

pub fn view(now: Timestamp) -> BluetoothView {
    let seconds = |seconds| std::time::Duration::from_secs(seconds);
    let adapter = |number: u8, condition| AdapterView {
        name: LinkName::adapter([0, 0x1A, 0x7D, 0xDA, 0x71, number]),
        condition,
        since: now.earlier_by(seconds(7_200)),
        links: 2,
        slots: 5,
    };
    let monitor = |(number, standing): (u32, Standing)| {
        let ours = !matches!(standing, Standing::Seen | Standing::Enrolling);
        AirView {
            serial: MonitorSerial::v4(40_101 + number),
            standing,
            mold: ours.then(|| {
                (MoldId(number + 1), format!("M-{}", 1_040 + number).parse().expect("a mold's number"))
            }),
            strength: ours.then_some(if number == 1 { Strength::JustWorks } else { Strength::Passkey }),
            by: ours
                .then(|| (LinkName::adapter([0, 0x1A, 0x7D, 0xDA, 0x71, 0x13]), "the strongest".to_owned())),
            rssi_dbm: (standing != Standing::Gone).then_some(-60 - 4 * number as i16),
            heard: now.earlier_by(seconds(if standing == Standing::Gone { 4_000 } else { 3 })),
            no_passkey: false,
            says_lost: standing == Standing::LostBond,
            window_until: (standing == Standing::Enrolling).then(|| now.later_by(seconds(150))),
            refused: (standing == Standing::Seen)
                .then(|| "bond with the monitor: the monitor refused".to_owned()),
            battery: Percent::new(87),
            temperature: Some(Temperature::from_milli_celsius(41_200)),
            unacknowledged: (standing == Standing::Draining).then_some(412),
        }
    };
    BluetoothView {
        condition: LinkCondition::Up,
        detail: None,
        adapters: vec![adapter(0x13, LinkCondition::Up), adapter(0x14, LinkCondition::Lost)],
        monitors: (0..).zip(STANDINGS).map(monitor).collect(),
        sensors: sensors::view(now),
    }
}
