//! Sensors of the made-up plant: used and only heard, open and encrypted, read and not.

use std::time::Duration;

use dashboard::port::{SensorUseView, SensorView};
use domain::{
    Axis, BluetoothAddress, Channel, Contact, CounterWidth, CycleRule, Edge, Measure, MoldId, Percent, Said,
    SensorFormat, SensorRule, Temperature, Timestamp, Unread,
};

fn said(object: u8, what: Measure) -> Said {
    Said { channel: Channel::new(object, 1), what }
}

fn used(mold: u32, cycles: CycleRule, has_key: bool) -> Option<SensorUseView> {
    let name = format!("M-{}", 1_003 + mold).parse().expect("a mold's number");
    let rule =
        SensorRule { cycles, temperature: Some(Channel::new(2, 1)), shock: None, silent_after_min: Some(60) };
    Some(SensorUseView { mold: (MoldId(mold), name), rule, has_key })
}

pub fn view(now: Timestamp) -> Vec<SensorView> {
    let warm = || said(2, Measure::Temperature(Temperature::from_milli_celsius(61_240)));
    let sensor = |number: u8, format, said, used| SensorView {
        address: BluetoothAddress::from_be_bytes([0xC4, 0x50, 0, 0, 0, number]),
        format: Some(format),
        sealed: false,
        said,
        unread: None,
        rssi_dbm: Some(-58 - i16::from(number)),
        heard: Some(now.earlier_by(Duration::from_secs(2 + u64::from(number)))),
        used,
    };
    let door =
        CycleRule::Contact { channel: Channel::new(0x1A, 1), edge: Edge::Closes, least_apart_ms: 1_000 };
    let count = said(0x3D, Measure::Count { count: 40_112, width: CounterWidth::Bits(16) });
    let battery = said(1, Measure::Battery(Percent::new(87).expect("a percentage")));
    let along = |axis, milli_g| said(0, Measure::Acceleration { axis, milli_g });
    vec![
        sensor(
            1,
            SensorFormat::Bthome,
            vec![battery, warm(), said(0x1A, Measure::Contact(Contact::Closed))],
            used(4, door, false),
        ),
        SensorView {
            sealed: true,
            ..sensor(
                2,
                SensorFormat::Bthome,
                vec![count],
                used(5, CycleRule::Count { channel: Channel::new(0x3D, 1) }, true),
            )
        },
        SensorView {
            sealed: true,
            unread: Some(Unread::OldCounter),
            ..sensor(
                3,
                SensorFormat::Bthome,
                Vec::new(),
                used(6, CycleRule::Count { channel: Channel::new(0x09, 1) }, true),
            )
        },
        SensorView {
            sealed: true,
            unread: Some(Unread::NoKey),
            ..sensor(4, SensorFormat::Bthome, Vec::new(), None)
        },
        sensor(
            5,
            SensorFormat::Ruuvi,
            vec![
                said(0, Measure::Temperature(Temperature::from_milli_celsius(24_300))),
                said(0, Measure::BatteryMillivolts(2_977)),
                said(0, Measure::Movements(66)),
                along(Axis::X, 4),
                along(Axis::Y, -4),
                along(Axis::Z, 1_036),
            ],
            None,
        ),
    ]
}
